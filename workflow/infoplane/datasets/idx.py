"""MNIST and Fashion-MNIST: 28 × 28 grey images of ten classes, in the four IDX files that their authors published.

MNIST: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", Proc. IEEE 86(11),
1998. Fashion-MNIST: Xiao, Rasul and Vollgraf, arXiv:1708.07747, 2017; it has the names and shapes of MNIST's files.
"""

import gzip
import math
import struct
import zlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from infoplane.datasets.content import Arrays, Description, Page
from infoplane.datasets.originals import Original, combined, fetch
from infoplane.errors import DataError

_SHAPES = {
    "train-images-idx3-ubyte.gz": (60_000, 28, 28),
    "train-labels-idx1-ubyte.gz": (60_000,),
    "t10k-images-idx3-ubyte.gz": (10_000, 28, 28),
    "t10k-labels-idx1-ubyte.gz": (10_000,),
}
_UNSIGNED_BYTES = 0x08  # the third byte of an IDX file: the type of its numbers; the fourth: how many dimensions


def read_idx(path: Path, *, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Read one gzip-compressed IDX file of unsigned bytes, safely for whatever bytes it holds.

    Parameters
    ----------
    path
        The file.
    shape
        What its header has to say; no more than such a file holds is decompressed.

    Returns
    -------
    ndarray
        uint8, of that shape, read-only.

    Raises
    ------
    DataError
        If it is no gzip file, is damaged, or differs in magic number, dimensions or length.
    """
    header = struct.pack(f">HBB{len(shape)}I", 0, _UNSIGNED_BYTES, len(shape), *shape)
    size = len(header) + math.prod(shape)
    content = _decompressed(path, limit=size + 1)
    if content[:4] != header[:4]:
        raise DataError(_fault(path, f"magic number {content[:4].hex()}, expected {header[:4].hex()}"))
    if content[: len(header)] != header:
        raise DataError(_fault(path, f"dimensions {_dimensions(content, len(shape))}, expected {shape}"))
    if len(content) != size:
        found = f"more than {size}" if len(content) > size else f"only {len(content)} of {size}"
        raise DataError(_fault(path, f"{found} bytes"))
    return np.frombuffer(content, np.uint8, offset=len(header)).reshape(shape)


def _decompressed(path: Path, *, limit: int) -> bytes:
    try:
        with gzip.open(path) as file:
            return file.read(limit)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(_fault(path, str(error))) from error


def _dimensions(content: bytes, count: int) -> tuple[int, ...]:
    complete = min(count, (len(content) - 4) // 4)
    return struct.unpack_from(f">{complete}I", content, 4)


def _fault(path: Path, reason: str) -> str:
    return f"{path} is not the IDX file that it should be: {reason}. Replace it by the original."


def _read(files: Sequence[Original]) -> Arrays:
    paths = fetch(files)
    return Arrays(*(read_idx(path, shape=shape) for path, shape in zip(paths, _SHAPES.values(), strict=True)))


def _page(name: str, *, url: str, checksums: Sequence[str]) -> Page:
    files = [Original(name, file, url + file, sha256) for file, sha256 in zip(_SHAPES, checksums, strict=True)]
    sizes = {"train": 60_000, "test": 10_000}
    return Page(Description(name, (1, 28, 28), 10, sizes, combined(files)), partial(_read, files))


MNIST = _page(
    "mnist",
    url="https://storage.googleapis.com/cvdf-datasets/mnist/",  # the authors' own site no longer serves them
    checksums=(
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
)

FASHION_MNIST = _page(
    "fashion_mnist",
    url="https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    checksums=(
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
)
