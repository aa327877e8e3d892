"""LeNet-5: two convolutions with pooling, then fully connected layers (LeCun et al. 1998, section II.B)."""

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from infoplane.models.layers import Layer, nonlinearity, positive, probability, switch, whole
from infoplane.schema import CONVOLUTIONAL, FULLY_CONNECTED, OUTPUT


class LeNet(nn.Module):
    """Convolutions ``conv1``, ``conv2``, … with pooling, fully connected ``fc1``, ``fc2``, …, and ``output``.

    Parameters
    ----------
    shape
        Of one image, (channel, height, width).
    classes
        Number of outputs.
    filters
        Feature maps of each convolution.
    hidden
        Units of each hidden fully connected layer.
    kernel_size
        Side of the filters, in pixels.
    padding
        Zeros around the image at each side, in pixels.
    activation
        ``relu``, ``sigmoid`` or ``tanh``.
    batch_normalisation
        Whether hidden layers are normalised before their nonlinearity (Ioffe and Szegedy 2015); their pre-activation is
        then what the normalisation gives.
    dropout
        Probability with which a unit of a hidden fully connected layer is left out of a step of training.

    Raises
    ------
    ValueError
        If the inputs are no images, or too small for the filters and the pooling, or an option is out of range.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        filters: Sequence[int] = (6, 16),
        hidden: Sequence[int] = (120, 84),
        kernel_size: int = 5,
        padding: int = 0,
        activation: str = "relu",
        batch_normalisation: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if len(shape) != 3:
            raise ValueError(f"inputs have shape {shape}; accepted: images (channel, height, width)")
        side, border = whole("kernel_size", kernel_size, least=1), whole("padding", padding, least=0)
        normalised = switch("batch_normalisation", batch_normalisation)
        left_out = probability("dropout", dropout)
        layers = []
        channels = shape[0]
        stages: OrderedDict[str, nn.Module] = OrderedDict()
        for index, maps in enumerate(positive("filters", filters), start=1):
            name = f"conv{index}"
            weighted = nn.Conv2d(channels, maps, side, padding=border)
            stages[name] = _stage(weighted, nn.BatchNorm2d(maps) if normalised else None, activation)
            stages[f"pool{index}"] = nn.MaxPool2d(2)
            layers.append(Layer(name, CONVOLUTIONAL, f"{name}.activation", f"{name}.weighted"))
            channels = maps
        stages["flatten"] = nn.Flatten()
        features = _features(nn.Sequential(stages), shape)
        for index, units in enumerate(positive("hidden", hidden), start=1):
            name = f"fc{index}"
            dense = nn.Linear(features, units)
            stages[name] = _stage(dense, nn.BatchNorm1d(units) if normalised else None, activation)
            if left_out:
                stages[f"dropout{index}"] = nn.Dropout(left_out)
            layers.append(Layer(name, FULLY_CONNECTED, f"{name}.activation", f"{name}.weighted"))
            features = units
        stages["output"] = nn.Linear(features, classes)
        layers.append(Layer("output", OUTPUT, "output", "output"))
        for name, stage in stages.items():
            self.add_module(name, stage)
        self.layers = tuple(layers)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (n, classes) of images (n, channel, height, width)."""
        for stage in self.children():
            inputs = stage(inputs)
        return inputs


def _stage(weighted: nn.Module, normalisation: nn.Module | None, activation: str) -> nn.Sequential:
    linear = weighted if normalisation is None else nn.Sequential(weighted, normalisation)
    return nn.Sequential(OrderedDict(weighted=linear, activation=nonlinearity(activation)))


def _features(stages: nn.Module, shape: tuple[int, ...]) -> int:
    """Length of the vector that the convolutions make of one image."""
    try:
        with torch.no_grad():  # in evaluation mode, so that no normalisation takes note of it
            return int(stages.eval()(torch.zeros(1, *shape)).shape[1])
    except RuntimeError as error:
        raise ValueError(
            f"images of {shape[1]} × {shape[2]} are too small for the filters and the pooling ({error})"
        ) from error
    finally:
        stages.train()
