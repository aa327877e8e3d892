"""A fully connected network."""

from collections.abc import Sequence
from math import prod

from torch import nn

from infoplane.models.chain import Chain, Normalised
from infoplane.models.layers import normalisation


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
    batch_normalisation
        Where hidden layers are normalised (Ioffe and Szegedy 2015), if at all: false, ``before`` the nonlinearity, so
        that what the normalisation gives is the pre-activation, or ``after`` it, so that it is the activation.

    Raises
    ------
    ValueError
        If an option is out of range.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        hidden: Sequence[int] = (64, 32),
        activation: str = "tanh",
        batch_normalisation: Normalised = False,
    ) -> None:
        super().__init__()
        normalised = normalisation("batch_normalisation", batch_normalisation)
        self.add_module("flatten", nn.Flatten())
        self.add_head(prod(shape), classes, hidden=hidden, activation=activation, normalised=normalised)
