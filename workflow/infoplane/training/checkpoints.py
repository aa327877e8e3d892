"""Checkpoints: weights at the scheduled steps, and what a killed training needs to go on.

Files of one block of networks lie in one folder, by step: ``step-000000042.pt`` holds the weights and what was
measured with them, ``step-000000042.state.pt`` all that training needs. Each has its SHA-256 beside it.
"""

import io
import logging
import shutil
from collections.abc import Iterable, Sequence
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


def save_weights(folder: Path, step: int, content: dict[str, Any]) -> None:
    """Write the weights of a scheduled step."""
    _save(weights_path(folder, step), content)


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
    stream = io.BytesIO(files.read_checked(path))
    try:
        content: dict[str, Any] = torch.load(stream, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a payload that it refuses
        raise StoreError(f"{path}: refused by torch.load ({error}). {files.way_out(path.parent.parent)}") from error
    return content


def latest(folder: Path, *, scheduled: Sequence[int]) -> tuple[int, dict[str, Any]] | None:
    """The last state from which training can go on, if there is one; damaged files are named and removed.

    Parameters
    ----------
    folder
        Where the block's checkpoints are.
    scheduled
        Steps whose weights are wanted: a state counts only if all of those up to it are there.

    Returns
    -------
    tuple or None
        Step and state.
    """
    for step in scheduled:
        if weights_path(folder, step).exists():
            _sound(weights_path(folder, step))
    for step in _steps_with_state(folder):
        state = _sound(_state_path(folder, step))
        if state and all(weights_path(folder, each).exists() for each in scheduled if each <= step):
            return step, state
    return None


def publish(source: Path, target: Path, steps: Iterable[int]) -> None:
    """Put the weights of some steps, with their checksums, into another folder, as links where the disk has them."""
    target.mkdir(parents=True)
    for step in steps:
        path = weights_path(source, step)
        for each in (path, files.checksum_path(path)):
            try:
                (target / each.name).hardlink_to(each)
            except OSError:
                shutil.copyfile(each, target / each.name)


def _save(path: Path, content: dict[str, Any]) -> None:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    files.write_checked(path, buffer.getvalue())


def _sound(path: Path) -> dict[str, Any] | None:
    try:
        return load(path)
    except StoreError as error:
        log.warning(
            "%s This one was removed now, and training goes on from before it.",
            str(error).removesuffix(" Delete it and run again."),
        )
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
