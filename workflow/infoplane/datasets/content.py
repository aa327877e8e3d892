"""What a data set is: its description, its arrays as they are read, and its tensors as they are used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy.typing as npt

from infoplane.targets import CLASSES

if TYPE_CHECKING:
    import torch

Array = npt.NDArray[Any]


class Arrays(NamedTuple):
    """The four arrays of a data set, named as in a ``.npz`` file."""

    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array


@dataclass(frozen=True)
class Description:
    """What is known of a data set without its samples.

    Parameters
    ----------
    name
        The registered name, the stem of the file, or the name of the factory's function.
    shape
        Shape of one sample: (channel, height, width) for images, (d,) for vectors.
    classes
        Number of classes; targets are 0 to classes − 1. Of sets of labels, how many labels there are; of continuous
        targets, their dimension. So many outputs a network has.
    sizes
        Number of samples of ``train`` and of ``test``.
    checksum
        SHA-256 that identifies the content, in hexadecimal digits.
    targets
        Their kind, as `infoplane.targets` has it.
    """

    name: str
    shape: tuple[int, ...]
    classes: int
    sizes: Mapping[str, int]
    checksum: str
    targets: str = CLASSES


@dataclass(frozen=True, eq=False)
class Split:
    """The samples to train on, or those to test on.

    Parameters
    ----------
    inputs
        float32, (n, channel, height, width) or (n, d).
    targets
        Classes int64 (n,), sets of labels int64 (n, k), or continuous float32 (n, d).
    target_probability
        p(y|x) where more is known of it than the targets, float64, (n, classes), each row of sum 1.
    """

    inputs: torch.Tensor
    targets: torch.Tensor
    target_probability: torch.Tensor | None = None


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set in memory."""

    train: Split
    test: Split
    description: Description


@dataclass(frozen=True)
class Page:
    """A registered data set: what is known of it beforehand, and how its arrays are read.

    Parameters
    ----------
    description
        What is known of it.
    read
        Its arrays.
    soft
        p(y|x) of the samples of ``train`` and of ``test``, each (n, classes), where it has one of its own.
    """

    description: Description
    read: Callable[[], Arrays]
    soft: Callable[[], tuple[Array, Array]] | None = None


def dataset(description: Description, arrays: Arrays, soft: tuple[Array, Array] | None = None) -> Dataset:
    """The tensors of arrays that `arrays.prepared` returned, with p(y|x) of both splits if there is one."""
    import torch  # seconds to import, and the workflow is planned without it

    x_train, y_train, x_test, y_test = map(torch.from_numpy, arrays)
    p_train, p_test = map(torch.from_numpy, soft) if soft else (None, None)
    return Dataset(Split(x_train, y_train, p_train), Split(x_test, y_test, p_test), description)
