"""Weights that were trained elsewhere, read from their files; nothing in them is executed."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from infoplane.errors import StoreError, raise_all

_WITHIN = ("state_dict", "model_state_dict", "model")  # where training scripts put a state dict among other things
_SHOWN = 3  # names that a message tells of each kind


def read(path: Path, like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state of one network, each (1, …).

    Parameters
    ----------
    path
        A state dict as `torch.save` writes it, alone or within a mapping as ``state_dict``, ``model_state_dict`` or
        ``model``; or a ``.safetensors`` file.
    like
        The state of a network, whose names, shapes (1, …) and types it must have or take.

    Raises
    ------
    StoreError
        If the file cannot be read, holds code or no state dict, or one of another network.
    """
    found = _safe(path) if path.suffix == ".safetensors" else _unpickled(path)
    raise_all(_faults(found, like), heading=f"{path}: is not of this network", error=StoreError)
    return {name: found[name][None].to(value.dtype) for name, value in like.items()}


def _unpickled(path: Path) -> Mapping[str, Tensor]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error}). Name files that are there.") from error
    except Exception as error:  # torch raises many kinds for what it refuses
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StoreError(
            f"{path}: is damaged, or holds Python objects, which could run code and are not loaded ({reason}). Save "
            "the weights alone: torch.save(model.state_dict(), path)"
        ) from error
    inner: Any = next((content[name] for name in _WITHIN if isinstance(content, Mapping) and name in content), content)
    if not isinstance(inner, Mapping) or not all(isinstance(each, Tensor) for each in inner.values()):
        raise StoreError(f"{path}: holds a {type(inner).__name__} that is no state dict; save model.state_dict()")
    return inner


def _safe(path: Path) -> Mapping[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        found: Mapping[str, Tensor] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise StoreError(f"{path}: cannot be read ({error}). Save it again, or leave it out.") from error
    return found


def _faults(found: Mapping[str, Tensor], like: Mapping[str, Tensor]) -> Iterator[str]:
    if missing := [name for name in like if name not in found]:
        yield f"it lacks {_some(missing)}"
    if unknown := [name for name in found if name not in like]:
        yield f"it has {_some(unknown)}, which the network has not"
    if shapes := [
        f"{name} of shape {tuple(found[name].shape)} in place of {tuple(value.shape[1:])}"
        for name, value in like.items()
        if name in found and found[name].shape != value.shape[1:]
    ]:
        yield f"it has {_some(shapes)}"


def _some(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
