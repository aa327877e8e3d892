"""ResNet-20 for images of about 32 × 32 pixels.

K. He, X. Zhang, S. Ren, J. Sun. Deep Residual Learning for Image Recognition. CVPR 2016, section 4.2. Shortcuts are
their option A, which has no parameters: where a block has more maps than the one before, the others are zeros.
"""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import product

from torch import Tensor, nn
from torch.nn.functional import pad

from infoplane.models.chain import Chain
from infoplane.models.layers import Layer, image, nonlinearity, positive, whole
from infoplane.schema import CONVOLUTIONAL

_STAGES = 3


class ResNet20(Chain):
    """Convolutions ``conv1`` to ``conv19`` and ``output``; from ``conv2`` on, two convolutions are a residual block.

    The second of a block is read after the addition: its pre-activation is the sum of what the block computes and what
    goes round it. Convolutions have filters of 3 × 3 pixels and no biases, and are normalised over a mini-batch (Ioffe
    and Szegedy 2015) before the addition and the nonlinearity. Stages two and three begin with a stride of 2, which
    halves the image. The output sees the mean of each map.

    Parameters
    ----------
    shape
        Of one image, (channel, height, width).
    classes
        Number of outputs.
    filters
        Feature maps of the convolutions of each of the three stages.
    blocks
        Of each stage; N blocks make 6 N + 2 layers.
    activation
        ``relu``, ``sigmoid`` or ``tanh``.

    Raises
    ------
    ValueError
        If the inputs are no images, or an option is out of range.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        filters: Sequence[int] = (16, 32, 64),
        blocks: int = 3,
        activation: str = "relu",
    ) -> None:
        super().__init__()
        channels, _, _ = image(shape)
        counts, repeated = positive("filters", filters), whole("blocks", blocks, least=1)
        if len(counts) != _STAGES or list(counts) != sorted(counts):
            raise ValueError(
                f"filters is {filters!r}; accepted: {_STAGES} numbers, none below the one before it, as shortcuts only "
                "add maps"
            )
        first = nn.Conv2d(channels, counts[0], 3, padding=1, bias=False)
        self.add_layer("conv1", CONVOLUTIONAL, first, activation, before=nn.BatchNorm2d(counts[0]))
        channels = counts[0]
        for stage, place in product(range(_STAGES), range(repeated)):
            self._add_block(channels, counts[stage], stride=2 if stage > 0 and place == 0 else 1, activation=activation)
            channels = counts[stage]
        self.add_module("pool", nn.AdaptiveAvgPool2d(1))
        self.add_module("flatten", nn.Flatten())
        self.add_head(channels, classes, hidden=(), activation=activation)

    def _add_block(self, channels: int, maps: int, *, stride: int, activation: str) -> None:
        around, count = self.layers[-1].name, len(self.layers)
        block, first, second = f"block{(count + 1) // 2}", f"conv{count + 1}", f"conv{count + 2}"
        self.add_module(block, _Block(channels, maps, stride, activation))
        self.layers = (
            *self.layers,
            Layer(first, CONVOLUTIONAL, f"{block}.first.activation", f"{block}.first.weighted"),
            Layer(second, CONVOLUTIONAL, f"{block}.activation", f"{block}.second", inputs=(around, first)),
        )


class _Block(nn.Module):
    """Two convolutions, and the nonlinearity of their sum with what they were given."""

    def __init__(self, channels: int, maps: int, stride: int, activation: str) -> None:
        super().__init__()
        weighted = _normalised(channels, maps, stride)
        self.first = nn.Sequential(OrderedDict(weighted=weighted, activation=nonlinearity(activation)))
        self.second = _Sum(_normalised(maps, maps, 1), maps, stride)
        self.activation = nonlinearity(activation)

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.activation(self.second(self.first(inputs), inputs))
        return outputs


class _Sum(nn.Module):
    """A convolution, and the addition behind it: a module, so that the sum can be read."""

    def __init__(self, weighted: nn.Module, maps: int, stride: int) -> None:
        super().__init__()
        self.weighted, self._maps, self._stride = weighted, maps, stride

    def forward(self, inner: Tensor, around: Tensor) -> Tensor:
        outputs: Tensor = self.weighted(inner) + shortcut(around, maps=self._maps, stride=self._stride)
        return outputs


def shortcut(inputs: Tensor, *, maps: int, stride: int) -> Tensor:
    """Every so many pixels of images (n, channel, height, width), with maps of zeros behind their own."""
    return pad(inputs[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, maps - inputs.shape[1]))


def _normalised(channels: int, maps: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(channels, maps, 3, stride=stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(maps))
