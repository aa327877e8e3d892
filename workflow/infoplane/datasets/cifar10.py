"""CIFAR-10: 32 × 32 colour images of ten classes, read out of the archive that its author published.

Source: Krizhevsky, "Learning multiple layers of features from tiny images", technical report, 2009. The archive holds
pickles, which can run any code when they are read. So nothing is unpacked to the disk, and nothing in a pickle is
constructed but lists, dictionaries, bytes and numbers: what asks for NumPy gets `_Recorded`.
"""

import gzip
import io
import pickle
import reprlib
import tarfile
from pathlib import Path
from typing import Any

import numpy as np

from infoplane.datasets.content import Array, Arrays, Description, Page
from infoplane.datasets.originals import Original, combined, fetch
from infoplane.errors import DataError

_FOLDER = "cifar-10-batches-py"
_TRAIN = tuple(f"{_FOLDER}/data_batch_{number}" for number in range(1, 6))
_TEST = f"{_FOLDER}/test_batch"
_BATCH = 10_000
_CLASSES = 10
_IMAGE = (3, 32, 32)
_PIXELS = 3 * 32 * 32
_FILES = 8  # the six batches, batches.meta and readme.html
_NUMPY = {("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype")}


def read_archive(path: Path, *, batch: int = _BATCH) -> Arrays:
    """Read the six batches of the archive, safely for whatever it holds.

    Parameters
    ----------
    path
        ``cifar-10-python.tar.gz``, or an archive laid out like it.
    batch
        Number of images in each of its six batches; no more than they can take is decompressed.

    Returns
    -------
    Arrays
        Images uint8, (n, 3, 32, 32); labels int64, (n,): five batches to train on, one to test on.

    Raises
    ------
    DataError
        If it is no such archive, is damaged, or holds a member, a size or an object that does not belong there.
    """
    try:
        with gzip.open(path) as stream:
            members = _members(stream, largest=batch * (_PIXELS + 64) + 4096)
        batches = {name: _batch(name, content, batch) for name, content in members.items()}
    except Exception as error:  # gzip and tarfile raise nearly anything where headers are damaged
        raise DataError(f"{path} is not the archive of CIFAR-10: {error}. Replace it by the original.") from error
    train = [batches[name] for name in _TRAIN]
    images, labels = (np.concatenate(parts) for parts in zip(*train, strict=True))
    return Arrays(images, labels, *batches[_TEST])


class _Refused(Exception):  # noqa: N818
    """Something that does not belong into the archive."""


class _Bounded:
    """A stream that refuses to give more than `limit` bytes, so that a small file cannot fill the memory."""

    def __init__(self, stream: io.BufferedIOBase, limit: int) -> None:
        self._stream, self._left = stream, limit

    def read(self, size: int) -> bytes:
        content = self._stream.read(size)
        self._left -= len(content)
        if self._left < 0:
            raise _Refused("it decompresses to more than it should hold")
        return content


class _Recorded:
    """Stands for each object of NumPy that a pickle asks for: keeps what it is given, and does nothing."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Unpickler(pickle._Unpickler):  # the one in C reserves memory for whatever index a pickle may name
    def find_class(self, module: str, name: str) -> type[_Recorded]:
        if (module, name) not in _NUMPY:
            raise _Refused(f"a pickle in it asks for {module}.{name}")
        return _Recorded


def _members(stream: io.BufferedIOBase, *, largest: int) -> dict[str, bytes]:
    """Contents of the six batches by name; any member that the original archive cannot have is refused."""
    wanted, found = {*_TRAIN, _TEST}, dict[str, bytes]()
    bounded = _Bounded(stream, _FILES * (largest + 4096) + tarfile.RECORDSIZE)
    with tarfile.open(fileobj=bounded, mode="r|") as archive:  # type: ignore[call-overload]
        for member in archive:
            _check_member(member, largest)
            if member.name in found:
                raise _Refused(f"it holds {member.name} twice")
            if member.name in wanted:
                found[member.name] = archive.extractfile(member).read()
    if missing := sorted(wanted - found.keys()):
        raise _Refused(f"it lacks {', '.join(missing)}")
    return found


def _check_member(member: tarfile.TarInfo, largest: int) -> None:
    folder, _, name = member.name.partition("/")
    if folder != _FOLDER or "/" in name or name == "..":
        raise _Refused(f"it holds {member.name!r}, which is no file of the folder {_FOLDER}")
    if not (member.isreg() if name else member.isdir()):
        raise _Refused(f"{member.name} in it is no regular file")
    if member.size > largest:
        raise _Refused(f"{member.name} in it has {member.size} bytes, more than {largest}")


def _batch(name: str, content: bytes, count: int) -> tuple[Array, Array]:
    """Images and labels of one pickled batch."""
    try:
        # Python 2 wrote it: its strings are bytes
        entries = _Unpickler(io.BytesIO(content), encoding="bytes").load()
        return _images(entries[b"data"], count), _labels(entries[b"labels"], count)
    except _Refused as error:
        raise _Refused(f"{name}: {error}") from error
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise _Refused(f"{name} is no batch of {count} images ({type(error).__name__}: {error})") from error


def _images(recorded: _Recorded, count: int) -> Array:
    _, shape, dtype, by_columns, content = recorded.state
    found, expected = (dtype.arguments[0], shape), (b"u1", (count, _PIXELS))
    if found != expected:
        raise _Refused(f"data have type and shape {reprlib.repr(found)}, expected {expected}")
    flat = np.frombuffer(content, np.uint8).reshape(shape, order="F" if by_columns else "C")
    return flat.reshape(count, *_IMAGE)


def _labels(labels: list[int], count: int) -> Array:
    if len(labels) != count or any(type(label) is not int or not 0 <= label < _CLASSES for label in labels):
        raise _Refused(f"labels are not {count} integers from 0 to {_CLASSES - 1}")
    return np.array(labels, dtype=np.int64)


_ARCHIVE = Original(
    "cifar10",
    "cifar-10-python.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
)


def _read() -> Arrays:
    return read_archive(*fetch([_ARCHIVE]))


CIFAR10 = Page(
    Description("cifar10", _IMAGE, _CLASSES, {"train": 5 * _BATCH, "test": _BATCH}, combined([_ARCHIVE])), _read
)
