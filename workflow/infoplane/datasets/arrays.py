"""From any four arrays to those that networks are trained on: one rule for checks, layout and scale."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from infoplane import targets
from infoplane.datasets.content import Array, Arrays, Description
from infoplane.errors import DataError, raise_all

_SMALLEST_SIDE = 5  # of an image whose channels may come last: below it, a side could as well be the channels
_LAYOUTS = (
    "(n, d), (n, height, width), (n, channel, height, width), or (n, height, width, channel) with 1 or 3 channels"
)


def check(arrays: Arrays, *, origin: str) -> None:
    """Check shapes, types and targets of four arrays; the values of the inputs are not looked at.

    Parameters
    ----------
    arrays
        Inputs of the shapes that `sample_shape` lists, uint8 or floating point. Targets (n,) or (n, 1), integers
        from 0, no more classes than samples; or (n, k), integers 0 and 1, a column for each label; or (n,) or (n, d),
        floating point and finite. Floating point that could as well be classes or labels is refused.
    origin
        What the arrays come from, for the message.

    Raises
    ------
    DataError
        One message with every fault.
    """
    raise_all(_faults(arrays), heading=f"{origin} is no usable data set", error=DataError)


def prepared(arrays: Arrays, *, origin: str) -> Arrays:
    """Check four arrays and bring them into the layout and the scale that networks are trained on.

    Parameters
    ----------
    arrays
        As for `check`. uint8 is divided by 255; floating point is taken as it is, rounded to float32.
    origin
        What the arrays come from, for the message.

    Returns
    -------
    Arrays
        New arrays: inputs float32, (n, channel, height, width) or (n, d); targets int64, (n,) or (n, k), or float32,
        (n, d).

    Raises
    ------
    DataError
        Where `check` finds a fault, or an input is not a finite number.
    """
    check(arrays, origin=origin)
    x_train, x_test = _scaled(_arranged(arrays.x_train)), _scaled(_arranged(arrays.x_test))
    faults = (*_value_faults("x_train", x_train), *_value_faults("x_test", x_test))
    raise_all(faults, heading=f"{origin} is no usable data set", error=DataError)
    return Arrays(x_train, targets.plain(arrays.y_train), x_test, targets.plain(arrays.y_test))


def describe(name: str, arrays: Arrays, *, checksum: str) -> Description:
    """Describe four checked arrays, before or after `prepared`."""
    y = targets.plain(arrays.y_train)
    of = targets.kind(y)
    classes = 1 + max(int(y.max()), int(arrays.y_test.max())) if of == targets.CLASSES else y.shape[1]
    sizes = {"train": len(arrays.x_train), "test": len(arrays.x_test)}
    return Description(name, sample_shape(arrays.x_train.shape), classes, sizes, checksum, of)


def digest(arrays: Iterable[Array]) -> str:
    """SHA-256 of the types, shapes and little-endian bytes of arrays, the same on every machine."""
    sha256 = hashlib.sha256()
    for array in arrays:
        portable = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        sha256.update(f"{portable.dtype.str} {portable.shape}\n".encode())
        sha256.update(portable.data)
    return sha256.hexdigest()


def sample_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of one sample, (channel, height, width) or (d,), from the shape of the array that holds all.

    | array | sample |
    |---|---|
    | (n, d) | (d,) |
    | (n, height, width) | (1, height, width) |
    | (n, height, width, c), c = 1 or 3, both sides at least 5 | (c, height, width) |
    | (n, channel, height, width), width neither 1 nor 3 | (channel, height, width) |

    Raises
    ------
    DataError
        For any other shape: the last axis of an image of four axes could then be its width or its channels.
    """
    match shape[1:]:
        case (d,):
            return (d,)
        case (height, width):
            return (1, height, width)
        case (height, width, 1 | 3 as channel) if min(height, width) >= _SMALLEST_SIDE:
            return (channel, height, width)
        case (_, _, 1 | 3):
            raise DataError(
                f"shape {shape} is ambiguous: its last axis could be the channels or the width; "
                "accepted where channels come last: sides of at least 5; else store vectors (n, d)"
            )
        case (channel, height, width):
            return (channel, height, width)
    raise DataError(f"shape {shape} is none of {_LAYOUTS}")


def _faults(arrays: Arrays) -> Iterator[str]:
    yield from _split_faults("train", arrays.x_train, arrays.y_train)
    yield from _split_faults("test", arrays.x_test, arrays.y_test)
    if arrays.x_train.shape[1:] != arrays.x_test.shape[1:]:
        yield f"samples of x_train {arrays.x_train.shape} and of x_test {arrays.x_test.shape} differ in shape"
    both = {"y_train": arrays.y_train, "y_test": arrays.y_test}
    yield from list(targets.faults(both)) or _class_faults(both)


def _split_faults(split: str, x: Array, y: Array) -> Iterator[str]:
    if 0 in x.shape:
        yield f"x_{split} has shape {x.shape}: it is empty"
    try:
        sample_shape(x.shape)
    except DataError as error:
        yield f"x_{split}: {error}"
    if x.dtype != np.uint8 and not np.issubdtype(x.dtype, np.floating):
        yield f"x_{split} is {x.dtype}; accepted: uint8 (0 to 255, divided by 255) or floating point (as it is)"
    if y.ndim and x.ndim and len(x) != len(y):
        yield f"x_{split} has {len(x)} samples, y_{split} {len(y)}"


def _class_faults(both: Mapping[str, Array]) -> Iterator[str]:
    samples = sum(len(y) for y in both.values())
    for name, y in both.items():
        if targets.kind(targets.plain(y)) == targets.CLASSES and (y.min() < 0 or y.max() >= samples):
            yield (
                f"{name} runs from {y.min()} to {y.max()}; accepted: integers from 0, "
                f"no more classes than the {samples} samples"
            )


def _value_faults(name: str, x: npt.NDArray[np.float32]) -> Iterator[str]:
    finite = np.isfinite(x).reshape(len(x), -1).all(axis=1)
    if not finite.all():
        yield (
            f"{name} has {np.count_nonzero(~finite)} samples with numbers that are not finite in float32, "
            f"the first at index {np.argmin(finite)}; remove or mend them"
        )


def _arranged(x: Array) -> Array:
    shape = sample_shape(x.shape)
    channels_last = x.ndim == 4 and x.shape[1:] != shape
    return np.ascontiguousarray(np.moveaxis(x, -1, 1) if channels_last else x).reshape(len(x), *shape)


def _scaled(x: Array) -> npt.NDArray[np.float32]:
    if x.dtype == np.uint8:
        return np.true_divide(x, 255, dtype=np.float32)
    with np.errstate(over="ignore"):  # a float64 that float32 cannot hold becomes inf, and is told as such
        return np.array(x, dtype=np.float32)
