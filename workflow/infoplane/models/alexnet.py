"""AlexNet made small: convolutions, of which some are pooled, then fully connected layers.

Which of them are pooled is as in Krizhevsky, Sutskever and Hinton 2012, section 3.5. Ours, for images of about 32 × 32
pixels: the sizes, the padding, pooling windows that do not overlap, and neither strides nor response normalisation.
"""

from collections.abc import Sequence

from torch import nn

from infoplane.models.chain import Chain
from infoplane.models.layers import image, positive, probability
from infoplane.schema import CONVOLUTIONAL


class AlexNet(Chain):
    """Convolutions ``conv1``, ``conv2``, …, fully connected ``fc1``, ``fc2``, …, and ``output``.

    Zeros around the image keep its size in every convolution; 2 × 2 max pooling after the first, the second and the
    last one halves it.

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
    kernel_sizes
        Side of the filters of the first convolution, the second, …, in pixels, odd; the last one given holds for all
        convolutions that follow.
    activation
        ``relu``, ``sigmoid`` or ``tanh``.
    dropout
        Probability with which a unit of a hidden fully connected layer is left out of a step of training.

    Raises
    ------
    ValueError
        If the inputs are no images, or too small for the pooling, or an option is out of range.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        filters: Sequence[int] = (16, 32, 32, 32),
        hidden: Sequence[int] = (128, 64),
        kernel_sizes: Sequence[int] = (5, 5, 3),
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        features, height, width = image(shape)
        counts, sides, left_out = positive("filters", filters), _odd(kernel_sizes), probability("dropout", dropout)
        pooled = {1, 2, len(counts)} & set(range(1, len(counts) + 1))
        smallest = 2 ** len(pooled)
        if min(height, width) < smallest:
            raise ValueError(
                f"images of {height} × {width} are too small for the pooling; accepted: sides of at least {smallest}"
            )
        for index, maps in enumerate(counts, start=1):
            side = sides[min(index, len(sides)) - 1]
            self.add_layer(
                f"conv{index}", CONVOLUTIONAL, nn.Conv2d(features, maps, side, padding=side // 2), activation
            )
            if index in pooled:
                self.add_module(f"pool{index}", nn.MaxPool2d(2))
            features = maps
        self.add_module("flatten", nn.Flatten())
        features *= (height // smallest) * (width // smallest)
        self.add_head(features, classes, hidden=hidden, activation=activation, dropout=left_out)


def _odd(sides: Sequence[int]) -> tuple[int, ...]:
    """Sides of filters that have a pixel at their centre, so that padding by half of them keeps the image's size."""
    found = positive("kernel_sizes", sides)
    if not found or any(side % 2 == 0 for side in found):
        raise ValueError(f"kernel_sizes is {sides!r}; accepted: a list of odd numbers, at least one")
    return found
