"""Networks whose stages follow one another: what LeNet's, VGG's and fully connected networks share."""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from infoplane.models.layers import Layer, image, nonlinearity, positive
from infoplane.schema import CONVOLUTIONAL, FULLY_CONNECTED, OUTPUT

Normalised = Literal[False, "before", "after"]


class Chain(nn.Module):
    """A chain of stages, run in the order in which they are added.

    Attributes
    ----------
    layers : tuple of Layer
        Those of its stages, in the same order.
    """

    layers: tuple[Layer, ...] = ()

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (n, classes) of inputs (n, …)."""
        for stage in self.children():
            inputs = stage(inputs)
        return inputs

    def add_layer(
        self,
        name: str,
        kind: str,
        weighted: nn.Module,
        activation: str,
        *,
        before: nn.Module | None = None,
        after: nn.Module | None = None,
    ) -> None:
        """Add a stage with weights and its nonlinearity, and what is to come before or after this one.

        What comes before it gives the layer's pre-activation, and what comes after it the layer's activation.
        """
        linear = weighted if before is None else nn.Sequential(weighted, before)
        nonlinear = nonlinearity(activation) if after is None else nn.Sequential(nonlinearity(activation), after)
        self.add_module(name, nn.Sequential(OrderedDict(weighted=linear, activation=nonlinear)))
        self.layers = (*self.layers, Layer(name, kind, f"{name}.activation", f"{name}.weighted"))

    def add_convolutions(
        self,
        shape: tuple[int, ...],
        filters: Sequence[int],
        *,
        kernel_size: int,
        padding: int,
        pooled: Collection[int],
        activation: str,
        normalised: Normalised = False,
    ) -> int:
        """Add convolutions ``conv1``, ``conv2``, …, some of them with 2 × 2 max pooling, and flatten what they give.

        Parameters
        ----------
        shape
            Of one image, (channel, height, width).
        filters
            Feature maps of each convolution.
        kernel_size, padding
            Side of the filters, and zeros around the image at each side, in pixels.
        pooled
            Numbers of the convolutions that are pooled, from 1.
        activation
            Name of the nonlinearity.
        normalised
            Where each map is normalised over a mini-batch: before the nonlinearity, after it, or not at all.

        Returns
        -------
        int
            Length of the vector that is made of one image.

        Raises
        ------
        ValueError
            If the inputs are no images, or too small.
        """
        channels, _, _ = image(shape)
        for index, maps in enumerate(filters, start=1):
            convolution = nn.Conv2d(channels, maps, kernel_size, padding=padding)
            placed = _placed(normalised, nn.BatchNorm2d(maps))
            self.add_layer(f"conv{index}", CONVOLUTIONAL, convolution, activation, **placed)
            if index in pooled:
                self.add_module(f"pool{index}", nn.MaxPool2d(2))
            channels = maps
        self.add_module("flatten", nn.Flatten())
        return _features(self, shape)

    def add_head(
        self,
        features: int,
        classes: int,
        *,
        hidden: Sequence[int],
        activation: str,
        normalised: Normalised = False,
        dropout: float = 0.0,
    ) -> None:
        """Add hidden fully connected layers ``fc1``, ``fc2``, … and ``output``, on vectors of some length."""
        for index, units in enumerate(positive("hidden", hidden), start=1):
            placed = _placed(normalised, nn.BatchNorm1d(units))
            self.add_layer(f"fc{index}", FULLY_CONNECTED, nn.Linear(features, units), activation, **placed)
            if dropout:
                self.add_module(f"dropout{index}", nn.Dropout(dropout))
            features = units
        self.add_module("output", nn.Linear(features, classes))
        self.layers = (*self.layers, Layer("output", OUTPUT, "output", "output"))


def _placed(normalised: Normalised, by: nn.Module) -> dict[str, nn.Module]:
    """A normalisation at its place in a layer, for `Chain.add_layer`."""
    return {normalised: by} if normalised else {}


def _features(stages: nn.Module, shape: tuple[int, ...]) -> int:
    """Length of the vector that the stages make of one image."""
    try:
        with torch.no_grad():  # in evaluation mode, so that no normalisation takes note of it
            return int(stages.eval()(torch.zeros(1, *shape)).shape[1])
    except RuntimeError as error:
        raise ValueError(
            f"images of {shape[1]} × {shape[2]} are too small for the filters and the pooling ({error})"
        ) from error
    finally:
        stages.train()
