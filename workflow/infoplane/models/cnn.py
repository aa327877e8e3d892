"""A convolutional network whose pooling and normalisation are chosen."""

from collections.abc import Sequence

from infoplane.models.chain import Chain, Normalised
from infoplane.models.layers import normalisation, positive, probability, whole


class CNN(Chain):
    """Convolutions ``conv1``, ``conv2``, …, some pooled, fully connected ``fc1``, ``fc2``, …, and ``output``.

    The defaults are the network for MNIST of Wickstrøm et al. 2023, as their code has it, but for its normalisation.

    Parameters
    ----------
    shape
        Of one image, (channel, height, width).
    classes
        Number of outputs.
    filters
        Feature maps of each convolution.
    pooled
        Numbers of the convolutions, from 1, that 2 × 2 max pooling follows.
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
        filters: Sequence[int] = (4, 8, 16),
        pooled: Sequence[int] = (2, 3),
        hidden: Sequence[int] = (256,),
        kernel_size: int = 3,
        padding: int = 0,
        activation: str = "relu",
        batch_normalisation: Normalised = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        side, border = whole("kernel_size", kernel_size, least=1), whole("padding", padding, least=0)
        counts, normalised = positive("filters", filters), normalisation("batch_normalisation", batch_normalisation)
        chosen, left_out = positive("pooled", pooled), probability("dropout", dropout)
        if beyond := [number for number in chosen if number > len(counts)]:
            raise ValueError(f"pooled has {beyond[0]}; accepted: numbers of convolutions, from 1 to {len(counts)}")
        features = self.add_convolutions(
            shape,
            counts,
            kernel_size=side,
            padding=border,
            pooled=chosen,
            activation=activation,
            normalised=normalised,
        )
        self.add_head(features, classes, hidden=hidden, activation=activation, normalised=normalised, dropout=left_out)
