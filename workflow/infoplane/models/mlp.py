"""A fully connected network."""

from collections import OrderedDict
from collections.abc import Sequence
from math import prod

from torch import Tensor, nn

from infoplane.models.layers import Layer, nonlinearity, positive
from infoplane.schema import FULLY_CONNECTED, OUTPUT


class MLP(nn.Module):
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
        layers = []
        features = prod(shape)
        self.flatten = nn.Flatten()
        for index, units in enumerate(positive("hidden", hidden), start=1):
            name = f"fc{index}"
            stage = OrderedDict(weighted=nn.Linear(features, units), activation=nonlinearity(activation))
            self.add_module(name, nn.Sequential(stage))
            layers.append(Layer(name, FULLY_CONNECTED, f"{name}.activation", f"{name}.weighted"))
            features = units
        self.output = nn.Linear(features, classes)
        self.layers = (*layers, Layer("output", OUTPUT, "output", "output"))

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (n, classes) of inputs (n, …)."""
        for stage in self.children():
            inputs = stage(inputs)
        return inputs
