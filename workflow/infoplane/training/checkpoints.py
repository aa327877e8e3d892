"""Checkpoints: weights at the scheduled steps, and what a killed training needs to go on.

Files of one block of networks lie in one folder, by step: ``step-000000042.pt`` holds the weights and what was
measured with them, ``step-000000042.state.pt`` all that training needs, and ``moment-000000042.pt`` what was seen of a
network while it trained, if anything was. Each has its SHA-256 beside it.
"""

import io
import logging
import shutil
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import torch

from infoplane import files
from infoplane.errors import StoreError

log = logging.getLogger(__name__)


def folder_name(seeds: Sequence[int]) -> str:
    """Folder of the networks that are trained together."""
    return f"seed-{seeds[0]}" if len(seeds) == 1 else f"seeds-{seeds[0]}-to-{seeds[-1]}"


def weights_path(folder: Path, step: int) -> Path:
    """Where the weights of a step are."""
    return folder / f"step-{step:09d}.pt"


def moment_path(folder: Path, step: int) -> Path:
    """Where lies what was seen of a network at a step, while it trained."""
    return folder / f"moment-{step:09d}.pt"


def moments(folder: Path) -> dict[int, Path]:
    """Where lies what was seen of a network while it trained, by step."""
    return {int(path.stem.removeprefix("moment-")): path for path in sorted(folder.glob("moment-*.pt"))}


def save_weights(folder: Path, step: int, content: dict[str, Any]) -> None:
    """Write the weights of a scheduled step."""
    _save(weights_path(folder, step), content)


def save_moment(folder: Path, step: int, content: dict[str, Any]) -> None:
    """Write what was seen of a network at a step, while it trained."""
    _save(moment_path(folder, step), content)


def save_state(folder: Path, step: int, content: dict[str, Any]) -> None:
    """Write a state from which training can go on; older ones make room, but one stays in reserve."""
    _save(_state_path(folder, step), content)
    for old in _steps_with_state(folder)[2:]:
        _remove(_state_path(folder, old))


def load(path: Path) -> dict[str, Any]:
    """Read a file of a checkpoint, after comparing it with its checksum; nothing in it is executed.

    Raises
    ------
    StoreError
        If the file is missing or damaged.
    """
    way_out = files.way_out(path.parent.parent, "train")
    stream = io.BytesIO(files.read_checked(path, way_out))
    try:
        content: dict[str, Any] = torch.load(stream, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a payload that it refuses
        raise StoreError(f"{path}: refused by torch.load ({error}). {way_out}") from error
    return content


def latest(
    folder: Path, *, scheduled: Sequence[int], looked_at: Collection[int] = ()
) -> tuple[int, dict[str, Any]] | None:
    """The last state from which training can go on, if there is one; damaged files are named and removed.

    Parameters
    ----------
    folder
        Where the block's checkpoints are.
    scheduled
        Steps whose weights are wanted: a state counts only if all of those before it are there.
    looked_at
        Steps at which a network is looked at while it trains: what was seen before a state must be there too.

    Returns
    -------
    tuple or None
        Step and state.
    """
    needed = [(step, weights_path(folder, step)) for step in scheduled]
    needed += [(step, moment_path(folder, step)) for step in looked_at]
    for _, path in needed:
        if path.exists():
            _sound(path)
    missing = min((step for step, path in needed if not path.exists()), default=None)
    for step in _steps_with_state(folder):
        state = _sound(_state_path(folder, step))
        if state and (missing is None or step <= missing):
            return step, state
    return None


def publish(source: Path, target: Path, names: Iterable[str]) -> None:
    """Put files of checkpoints, with their checksums, into another folder, as links where the disk has them."""
    target.mkdir(parents=True)
    for name in names:
        for path in (source / name, files.checksum_path(source / name)):
            try:
                (target / path.name).hardlink_to(path)
            except OSError:
                shutil.copyfile(path, target / path.name)


def _save(path: Path, content: dict[str, Any]) -> None:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    files.write_checked(path, buffer.getvalue())


def _sound(path: Path) -> dict[str, Any] | None:
    try:
        return load(path)
    except StoreError as error:
        fault = str(error).partition(" Delete ")[0]
        log.warning("%s This one was removed now, and training goes on from before it.", fault)
        _remove(path)
        return None


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    files.checksum_path(path).unlink(missing_ok=True)


def _state_path(folder: Path, step: int) -> Path:
    return folder / f"step-{step:09d}.state.pt"


def _steps_with_state(folder: Path) -> list[int]:
    """Steps that have a state, last first."""
    names = (path.name for path in folder.glob("step-*.state.pt"))
    return sorted((int(name[5:14]) for name in names), reverse=True)
