"""Data sets in a ``.npz`` file with the arrays x_train, y_train, x_test and y_test."""

import math
import zipfile
import zlib
from pathlib import Path

import numpy as np

from infoplane.datasets import arrays
from infoplane.datasets.content import Array, Arrays, Description
from infoplane.datasets.originals import checksum
from infoplane.errors import DataError

_DAMAGE = (OSError, EOFError, ValueError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error)


def describe(path: Path) -> Description:
    """Describe the data set in a file, without decoding its inputs.

    Parameters
    ----------
    path
        A ``.npz`` file.

    Raises
    ------
    DataError
        If the file is missing, damaged, lacks an array, or its arrays do not fit.
    """
    sha256 = checksum(path)
    outline = _outline(path)
    arrays.check(outline, origin=str(path))
    return arrays.describe(path.stem, outline, checksum=sha256)


def read(path: Path) -> tuple[Description, Arrays]:
    """Read the data set in a file, ready to train on, with its description.

    Parameters
    ----------
    path
        A ``.npz`` file.

    Raises
    ------
    DataError
        If the file is missing, damaged, lacks an array, or its arrays do not fit.
    """
    description = describe(path)  # before any array is decoded: it finds headers that promise too much
    try:
        with np.load(path, allow_pickle=False) as file:
            content = Arrays(*(file[key] for key in Arrays._fields))
    except _DAMAGE as error:
        raise DataError(_fault(path, error)) from error
    return description, arrays.prepared(content, origin=str(path))


def _outline(path: Path) -> Arrays:
    """The targets, and for the inputs stand-ins of their shape and type that take no memory."""
    try:
        with zipfile.ZipFile(path) as archive, np.load(path, allow_pickle=False) as file:
            _check_names(path, set(file))
            headers = {key: _header(archive, key) for key in Arrays._fields}
            return Arrays(headers["x_train"], file["y_train"], headers["x_test"], file["y_test"])
    except _DAMAGE as error:
        raise DataError(_fault(path, error)) from error


def _check_names(path: Path, found: set[str]) -> None:
    if missing := [key for key in Arrays._fields if key not in found]:
        raise DataError(
            f"{path} lacks {', '.join(missing)}; it holds {', '.join(sorted(found)) or 'nothing'}. Save it with "
            f"np.savez(path, x_train=…, y_train=…, x_test=…, y_test=…)."
        )


def _header(archive: zipfile.ZipFile, key: str) -> Array:
    """One element, seen as an array of the shape and type that the header gives."""
    with archive.open(f"{key}.npy") as member:
        version = np.lib.format.read_magic(member)
        first = version == (1, 0)
        read = np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(member)
        size = archive.getinfo(f"{key}.npy").file_size - member.tell()
    if dtype.hasobject:
        raise ValueError(f"{key} holds Python objects, which are never read; accepted: numbers")
    if size != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{key} holds {size} bytes, too few or too many for {dtype} of shape {shape}")
    return np.broadcast_to(np.zeros((), dtype), shape)


def _fault(path: Path, error: Exception) -> str:
    return f"{path} is no readable .npz file: {error}. Save the four arrays with np.savez again."
