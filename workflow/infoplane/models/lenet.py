"""LeNet-5: two convolutions with pooling, then fully connected layers (LeCun et al. 1998, section II.B)."""

from collections.abc import Sequence

import torch
from torch import nn

from infoplane.models.chain import Chain
from infoplane.models.layers import positive, probability, switch, whole
from infoplane.schema import CONVOLUTIONAL


class LeNet(Chain):
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
        channels = shape[0]
        for index, maps in enumerate(positive("filters", filters), start=1):
            normalisation = nn.BatchNorm2d(maps) if normalised else None
            convolution = nn.Conv2d(channels, maps, side, padding=border)
            self.add_layer(f"conv{index}", CONVOLUTIONAL, convolution, activation, normalisation)
            self.add_module(f"pool{index}", nn.MaxPool2d(2))
            channels = maps
        self.add_module("flatten", nn.Flatten())
        features = _features(self, shape)
        self.add_head(features, classes, hidden=hidden, activation=activation, normalised=normalised, dropout=left_out)


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
