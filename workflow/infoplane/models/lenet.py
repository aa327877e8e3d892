"""LeNet-5: two convolutions with pooling, then fully connected layers (LeCun et al. 1998, section II.B)."""

from collections.abc import Sequence

from infoplane.models.chain import Normalised
from infoplane.models.cnn import CNN
from infoplane.models.layers import positive


class LeNet(CNN):
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
        Where hidden layers are normalised (Ioffe and Szegedy 2015), if at all: false, ``before`` the nonlinearity, so
        that what the normalisation gives is the pre-activation, or ``after`` it, so that it is the activation.
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
        batch_normalisation: Normalised = False,
        dropout: float = 0.0,
    ) -> None:
        counts = positive("filters", filters)
        super().__init__(
            shape,
            classes,
            filters=counts,
            pooled=tuple(range(1, len(counts) + 1)),
            hidden=hidden,
            kernel_size=kernel_size,
            padding=padding,
            activation=activation,
            batch_normalisation=batch_normalisation,
            dropout=dropout,
        )
