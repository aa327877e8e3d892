"""Networks whose stages follow one another: what LeNet's, AlexNet's and fully connected networks share."""

from collections import OrderedDict
from collections.abc import Sequence

from torch import Tensor, nn

from infoplane.models.layers import Layer, nonlinearity, positive
from infoplane.schema import FULLY_CONNECTED, OUTPUT


class Chain(nn.Module):
    """A chain of stages, run in the order in which they are added.

    Attributes
    ----------
    layers : tuple of Layer
        Of its stages those that have weights, in the same order.
    """

    layers: tuple[Layer, ...] = ()

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (n, classes) of inputs (n, …)."""
        for stage in self.children():
            inputs = stage(inputs)
        return inputs

    def add_layer(
        self, name: str, kind: str, weighted: nn.Module, activation: str, normalisation: nn.Module | None = None
    ) -> None:
        """Add a stage with weights and its nonlinearity; what a normalisation gives is then its pre-activation."""
        linear = weighted if normalisation is None else nn.Sequential(weighted, normalisation)
        self.add_module(name, nn.Sequential(OrderedDict(weighted=linear, activation=nonlinearity(activation))))
        self.layers = (*self.layers, Layer(name, kind, f"{name}.activation", f"{name}.weighted"))

    def add_head(
        self,
        features: int,
        classes: int,
        *,
        hidden: Sequence[int],
        activation: str,
        normalised: bool = False,
        dropout: float = 0.0,
    ) -> None:
        """Add hidden fully connected layers ``fc1``, ``fc2``, … and ``output``, on vectors of some length."""
        for index, units in enumerate(positive("hidden", hidden), start=1):
            normalisation = nn.BatchNorm1d(units) if normalised else None
            self.add_layer(f"fc{index}", FULLY_CONNECTED, nn.Linear(features, units), activation, normalisation)
            if dropout:
                self.add_module(f"dropout{index}", nn.Dropout(dropout))
            features = units
        self.add_module("output", nn.Linear(features, classes))
        self.layers = (*self.layers, Layer("output", OUTPUT, "output", "output"))
