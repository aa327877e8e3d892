"""What a network says of itself: its layers in canonical order, and where each of them is read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, cast

from torch import Tensor, nn

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}


@dataclass(frozen=True)
class Layer:
    """One layer, as results name it.

    Parameters
    ----------
    name
        The same in every store and figure.
    kind
        A kind of `infoplane.schema`: whether its activation has feature maps, or is one vector; the output is read
        after a softmax.
    activation
        Path of the module whose output is the activation: after the nonlinearity, and a normalisation behind it, before
        pooling.
    preactivation
        Path of the module whose output is the pre-activation. None: it is what the module of the activation is given.
    inputs
        Names of all layers that feed it, each before it in the network; ``input`` is the network's own. None: the layer
        just before it, or the network's input, so that layers are a chain unless they say otherwise.
    parameters
        Names of the layer's own parameters. None: those of the module at `preactivation`.
    call
        Of a module that runs several times in a forward pass, which of these is the layer, from 0. None: the last.
    """

    name: str
    kind: str
    activation: str
    preactivation: str | None
    inputs: tuple[str, ...] | None = None
    parameters: tuple[str, ...] | None = None
    call: int | None = None

    def owns(self, parameter: str) -> bool:
        """Whether a parameter of the network, by its name, is the layer's own."""
        if self.parameters is not None:
            return parameter in self.parameters
        return self.preactivation is not None and parameter.startswith(f"{self.preactivation}.")


class Network(Protocol):
    """A `torch.nn.Module`; `infoplane.models.layers_of` has its layers."""

    def __call__(self, inputs: Tensor) -> Tensor:
        """Logits (n, classes) of inputs (n, …)."""

    def get_submodule(self, target: str) -> nn.Module:
        """The module at a path."""

    def modules(self) -> Iterator[nn.Module]:
        """Every module of the network."""


def nonlinearity(name: str) -> nn.Module:
    """An activation function by name.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise ValueError(f"activation is {name!r}; accepted: {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]()


def image(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Check that inputs are images (channel, height, width).

    Raises
    ------
    ValueError
        If they have another number of dimensions.
    """
    if len(shape) != 3:
        raise ValueError(f"inputs have shape {shape}; accepted: images (channel, height, width)")
    channels, height, width = shape
    return channels, height, width


def positive(name: str, values: object) -> tuple[int, ...]:
    """Check a list of sizes.

    Raises
    ------
    ValueError
        If it is anything but a list of whole numbers above zero.
    """
    if not isinstance(values, list | tuple) or not all(_is_whole(each, least=1) for each in values):
        raise ValueError(f"{name} is {values!r}; accepted: a list of whole numbers > 0")
    return tuple(values)


def whole(name: str, value: object, *, least: int) -> int:
    """Check a size.

    Raises
    ------
    ValueError
        If it is anything but a whole number of at least `least`.
    """
    if not _is_whole(value, least=least):
        raise ValueError(f"{name} is {value!r}; accepted: a whole number ≥ {least}")
    return cast(int, value)


def normalisation(name: str, value: object) -> Literal[False, "before", "after"]:
    """Check where a hidden layer is normalised: before its nonlinearity, after it, or not at all.

    Raises
    ------
    ValueError
        If it is another word.
    """
    if value is False or value == "before" or value == "after":
        return value
    raise ValueError(f"{name} is {value!r}; accepted: false, 'before' or 'after'")


def probability(name: str, value: object) -> float:
    """Check a probability below 1.

    Raises
    ------
    ValueError
        If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise ValueError(f"{name} is {value!r}; accepted: a number ≥ 0 and < 1")
    return float(value)


def _is_whole(value: object, *, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value < 2**31
