"""ResNet-20 against arithmetic done by hand and against its blocks written out."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from infoplane.capture.hooks import Hooks, errors
from infoplane.models.resnet20 import ResNet20, shortcut

COLOURS = (3, 32, 32)
NONLINEAR = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}


def disturbed(network: ResNet20) -> ResNet20:
    """The same network with random scales, shifts and running statistics, in float64."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values in (module.weight, module.running_var):
                assert values is not None
                nn.init.uniform_(values, 0.5, 2)
            for values in (module.bias, module.running_mean):
                assert values is not None
                nn.init.normal_(values)
    return network.double()


def written_out(
    network: ResNet20, images: torch.Tensor, *, blocks: int, activation: str
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Pre-activations and activations of every layer, from the parameters in the order in which the layers come."""
    own = list(network.state_dict().values())  # six of each convolution: its weights, and those of its normalisation
    before, after = {}, {}

    def normalised(values: torch.Tensor, number: int, stride: int) -> torch.Tensor:
        weight, scale, shift, mean, variance, _ = own[6 * (number - 1) : 6 * number]
        mean, deviation = mean.view(-1, 1, 1), (variance + 1e-5).sqrt().view(-1, 1, 1)
        found = functional.conv2d(values, weight, stride=stride, padding=1)
        return scale.view(-1, 1, 1) * (found - mean) / deviation + shift.view(-1, 1, 1)

    before["conv1"] = normalised(images, 1, 1)
    values = after["conv1"] = NONLINEAR[activation](before["conv1"])
    for block in range(3 * blocks):
        stride = 2 if block in (blocks, 2 * blocks) else 1
        first, second = f"conv{2 * block + 2}", f"conv{2 * block + 3}"
        before[first] = normalised(values, 2 * block + 2, stride)
        after[first] = NONLINEAR[activation](before[first])
        inner = normalised(after[first], 2 * block + 3, 1)
        around = torch.zeros_like(inner)
        around[:, : values.shape[1]] = values[..., ::stride, ::stride]
        before[second] = inner + around
        values = after[second] = NONLINEAR[activation](before[second])
    before["output"] = functional.linear(values.mean((2, 3)), *own[-2:])
    after["output"] = torch.softmax(before["output"], 1)
    return before, after


def test_has_as_many_weights_as_he_et_al() -> None:
    """Table 6: 0.27 million. Of each convolution its filters, and a scale and a shift of each of its maps."""
    maps = [16] * 7 + [32] * 6 + [64] * 6
    convolutions = sum(9 * before * after + 2 * after for before, after in zip([3, *maps], maps, strict=False))
    network = ResNet20(COLOURS, 10)
    assert sum(parameter.numel() for parameter in network.parameters()) == convolutions + 65 * 10 == 269_722


def test_nineteen_convolutions_halve_the_image_twice() -> None:
    network = ResNet20(COLOURS, 10)
    names = [f"conv{index}" for index in range(1, 20)]
    assert [layer.name for layer in network.layers] == [*names, "output"]
    assert [layer.kind for layer in network.layers] == ["convolutional"] * 19 + ["output"]
    with Hooks(network, network.layers) as recorder:
        network(torch.randn(2, *COLOURS))
    expected = [(16, 32, 32)] * 7 + [(32, 16, 16)] * 6 + [(64, 8, 8)] * 6 + [(10,)]
    for kept in (recorder.activations, recorder.preactivations):
        assert [tuple(kept[layer.name].shape[1:]) for layer in network.layers] == expected


@pytest.mark.parametrize(("activation", "blocks", "shape"), [("relu", 2, (1, 9, 7)), ("tanh", 1, (2, 8, 8))])
def test_layers_are_what_the_blocks_come_to(activation: str, blocks: int, shape: tuple[int, ...]) -> None:
    """With the errors that reach them; also where maps are not twice as many as before, or sides are odd."""
    network = disturbed(ResNet20(shape, 3, filters=(2, 5, 5), blocks=blocks, activation=activation)).eval()
    images = torch.randn(4, *shape, dtype=torch.float64)
    with Hooks(network, network.layers) as recorder:
        logits = network(images)
    before, after = written_out(network, images.requires_grad_(), blocks=blocks, activation=activation)
    assert [*after] == [layer.name for layer in network.layers]
    deltas = errors(logits.square().sum(1), recorder)
    expected = torch.autograd.grad(before["output"].square().sum(), list(before.values()))
    for name, delta in zip(after, expected, strict=True):
        torch.testing.assert_close(recorder.preactivations[name], before[name])
        torch.testing.assert_close(recorder.activations[name], after[name])
        torch.testing.assert_close(deltas[name], delta)


def test_shortcut_keeps_every_other_pixel_and_adds_maps_of_zeros() -> None:
    image = torch.tensor([[[[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]]])
    assert shortcut(image, maps=2, stride=2).tolist() == [[[[1, 3], [7, 9]], [[0, 0], [0, 0]]]]
    assert torch.equal(shortcut(image, maps=1, stride=1), image)


def test_without_its_convolutions_a_block_is_the_identity() -> None:
    """Then the first layer of a block knows nothing of the input and the second all that the block was given.

    So data processing fails between the two, which is why it is no theorem there.
    """
    network = ResNet20((1, 8, 8), 3, filters=(4, 4, 4), blocks=2)
    for name, weights in network.named_parameters():
        if name.startswith("block") and weights.ndim == 4:
            nn.init.zeros_(weights)
    with Hooks(network.eval(), network.layers) as recorder:
        network(torch.randn(5, 1, 8, 8))
    found = recorder.activations
    for first, second, around, stride in [
        ("conv2", "conv3", "conv1", 1),
        ("conv4", "conv5", "conv3", 1),
        ("conv6", "conv7", "conv5", 2),
        ("conv10", "conv11", "conv9", 2),
    ]:
        assert torch.equal(found[second], found[around][..., ::stride, ::stride])
        assert found[second].std(0).max() > 0
        assert not found[first].any()


def test_norms_of_a_layer_are_over_its_own_parameters() -> None:
    """Each parameter stands under the pre-activation of one layer alone."""
    network = ResNet20(COLOURS, 10, filters=(2, 3, 4))
    for name, _ in network.named_parameters():
        assert sum(name.startswith(f"{layer.preactivation}.") for layer in network.layers) == 1
    for layer in network.layers[:-1]:
        kinds = [type(module).__name__ for module in network.get_submodule(layer.preactivation).modules()]
        assert kinds.count("Conv2d") == kinds.count("BatchNorm2d") == 1


def test_a_network_of_more_blocks_is_deeper() -> None:
    """He et al.: n = 9 blocks in each stage are ResNet-56."""
    assert len(ResNet20(COLOURS, 10, filters=(1, 1, 1), blocks=9).layers) == 56


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((3072,), {}, r"^inputs have shape \(3072,\); accepted: images \(channel, height, width\)$"),
        (COLOURS, {"filters": (16, 32)}, r"^filters is \(16, 32\); accepted: 3 numbers, none below the one before it"),
        (COLOURS, {"filters": [16, 8, 8]}, r"^filters is \[16, 8, 8\]; accepted: 3 numbers, none below the one before"),
        (COLOURS, {"filters": (16, 32, 0)}, r"^filters is \(16, 32, 0\); accepted: a list of whole numbers > 0$"),
        (COLOURS, {"blocks": 0}, r"^blocks is 0; accepted: a whole number ≥ 1$"),
        (COLOURS, {"activation": "swish"}, r"^activation is 'swish'; accepted: relu, sigmoid, tanh$"),
    ],
)
def test_what_cannot_be_built_is_refused(shape: tuple[int, ...], options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ResNet20(shape, 10, **options)  # type: ignore[arg-type]
