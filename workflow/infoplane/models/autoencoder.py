"""A stacked autoencoder: fully connected layers that narrow to a code, and the same widths back to the input.

Widths are those of Yu and Príncipe 2019 for MNIST, 784-1000-500-250-K-250-500-1000-784, as recalled. Ours: the sigmoid
in every layer, the code and the output among them (which activation the paper has is uncertain, and a sigmoid has the
range of pixels), weights that encoder and decoder do not share, and training end to end, not layer by layer.
"""

from collections.abc import Sequence
from math import prod

from torch import nn

from infoplane.models.chain import Chain
from infoplane.models.layers import positive, whole
from infoplane.schema import FULLY_CONNECTED, OUTPUT
from infoplane.targets import CONTINUOUS


class Autoencoder(Chain):
    """Layers ``encoder1``, ``encoder2``, …, ``code``, …, ``decoder2``, ``decoder1`` and ``output``.

    ``decoderk`` has the width of ``encoderk``, and ``output`` that of the input.

    Parameters
    ----------
    shape
        Of one input; an image is flattened.
    outputs
        Numbers of a target, as many as an input has.
    hidden
        Units of ``encoder1``, ``encoder2``, ….
    code
        Units of the code, K.
    activation
        Of all layers but the output: ``relu``, ``sigmoid`` or ``tanh``.
    output_activation
        Of the output, likewise; its range should be that of the inputs.

    Attributes
    ----------
    pairs : tuple of (str, str)
        Names of the layers that are symmetric, (``encoderk``, ``decoderk``), outermost first.
    targets : str
        The kind of targets that it is for, as `infoplane.targets` has it.

    Raises
    ------
    ValueError
        If the targets have not as many numbers as the input, an option is out of range, or there are no hidden layers,
        of which alone some can be symmetric.
    """

    targets = CONTINUOUS

    def __init__(
        self,
        shape: tuple[int, ...],
        outputs: int,
        *,
        hidden: Sequence[int] = (1000, 500, 250),
        code: int = 36,
        activation: str = "sigmoid",
        output_activation: str = "sigmoid",
    ) -> None:
        super().__init__()
        size, widths = prod(shape), positive("hidden", hidden)
        if outputs != size:
            raise ValueError(
                f"the targets ask for {outputs} outputs, and an input has {size} numbers, which it gives back; "
                "accepted: as many, as with `target: input` in `dataset`"
            )
        if not widths:
            raise ValueError("hidden is []; accepted: units of at least one layer on either side of the code")
        encoders, decoders = ([f"{half}{k}" for k in range(1, len(widths) + 1)] for half in ("encoder", "decoder"))
        self.pairs = tuple(zip(encoders, decoders, strict=True))
        self.add_module("flatten", nn.Flatten())
        features = size
        for name, units in zip(
            [*encoders, "code", *reversed(decoders)],
            [*widths, whole("code", code, least=1), *reversed(widths)],
            strict=True,
        ):
            self.add_layer(name, FULLY_CONNECTED, nn.Linear(features, units), activation)
            features = units
        self.add_layer("output", OUTPUT, nn.Linear(features, size), output_activation)
