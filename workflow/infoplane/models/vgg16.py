"""VGG-16 for images of about 32 × 32 pixels (Simonyan and Zisserman 2015, configuration D).

The thirteen convolutions, and after which of them the image is halved, are theirs. Normalised before the nonlinearity
(Ioffe and Szegedy 2015), and with dropout between the fully connected layers, it is the network for CIFAR-10 of
Wickstrøm et al. 2023 as their code has it.
"""

from collections.abc import Sequence

from infoplane.models.chain import Chain, Normalised
from infoplane.models.layers import normalisation, positive, probability

_CONVOLUTIONS = 13
_POOLED = (2, 4, 7, 10, 13)


class VGG16(Chain):
    """Convolutions ``conv1`` to ``conv13``, fully connected ``fc1`` and ``fc2``, and ``output``.

    Convolutions have filters of 3 × 3 pixels and keep the size of the image; five times 2 × 2 max pooling halves it.

    Parameters
    ----------
    shape
        Of one image, (channel, height, width).
    classes
        Number of outputs.
    filters
        Feature maps of each of the thirteen convolutions.
    hidden
        Units of each hidden fully connected layer.
    activation
        ``relu``, ``sigmoid`` or ``tanh``.
    batch_normalisation
        Where convolutions are normalised, if at all: false, ``before`` the nonlinearity, so that what the normalisation
        gives is the pre-activation, or ``after`` it, so that it is the activation.
    dropout
        Probability with which a unit of a hidden fully connected layer is left out of a step of training.

    Raises
    ------
    ValueError
        If the inputs are no images, or have sides below 32 pixels, or an option is out of range.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        filters: Sequence[int] = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512),
        hidden: Sequence[int] = (4096, 4096),
        activation: str = "relu",
        batch_normalisation: Normalised = "before",
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        counts, left_out = positive("filters", filters), probability("dropout", dropout)
        if len(counts) != _CONVOLUTIONS:
            raise ValueError(f"filters has {len(counts)} numbers; accepted: {_CONVOLUTIONS}, one for each convolution")
        features = self.add_convolutions(
            shape,
            counts,
            kernel_size=3,
            padding=1,
            pooled=_POOLED,
            activation=activation,
            normalised=normalisation("batch_normalisation", batch_normalisation),
        )
        self.add_head(features, classes, hidden=hidden, activation=activation, dropout=left_out)
