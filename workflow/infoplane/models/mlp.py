"""A fully connected network."""

from collections.abc import Sequence
from math import prod

from torch import nn

from infoplane.models.chain import Chain


class MLP(Chain):
    """Fully connected layers ``fc1``, ``fc2``, … and ``output``.

    Parameters
    ----------
    shape
        Of one input; an image is flattened.
    classes
        Number of outputs.
    hidden
        Units of each hidden layer.
    activation
        ``relu``, ``sigmoid`` or ``tanh``.
    """

    def __init__(
        self, shape: tuple[int, ...], classes: int, *, hidden: Sequence[int] = (64, 32), activation: str = "tanh"
    ) -> None:
        super().__init__()
        self.add_module("flatten", nn.Flatten())
        self.add_head(prod(shape), classes, hidden=hidden, activation=activation)
