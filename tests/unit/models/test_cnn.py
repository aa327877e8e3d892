"""A convolutional network with pooling and normalisation as chosen, and VGG-16, against arithmetic done by hand."""

import pytest
import torch

from infoplane.models.cnn import CNN
from infoplane.models.vgg16 import VGG16

DIGITS, COLOURS = (1, 28, 28), (3, 32, 32)
NARROW = (2, 2, 3, 3, 4, 4, 4, 5, 5, 5, 5, 5, 5)


def outputs(network: torch.nn.Module, images: torch.Tensor) -> dict[str, torch.Tensor]:
    """What every module gives, by its path."""
    found: dict[str, torch.Tensor] = {}
    for path, module in network.named_modules():
        module.register_forward_hook(lambda _, __, out, path=path: found.__setitem__(path, out.detach()))
    network(images)
    return found


def test_sizes_of_the_network_for_digits() -> None:
    """Images of 28, 26, 24 and after pooling 12, 10 and after pooling 5 pixels a side: 16 × 25 = 400 numbers."""
    network = CNN(DIGITS, 10)
    weights = [(1 * 9 + 1) * 4, (4 * 9 + 1) * 8, (8 * 9 + 1) * 16, 401 * 256, 257 * 10]
    assert sum(parameter.numel() for parameter in network.parameters()) == sum(weights)
    found = outputs(network, torch.randn(3, *DIGITS))
    shapes = {layer.name: tuple(found[layer.activation].shape[1:]) for layer in network.layers}
    assert shapes == {"conv1": (4, 26, 26), "conv2": (8, 24, 24), "conv3": (16, 10, 10), "fc1": (256,), "output": (10,)}


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_normalised_after_the_nonlinearity_activations_are_what_is_normalised(activation: str) -> None:
    network = CNN((1, 12, 12), 3, hidden=[5], activation=activation, batch_normalisation="after")
    found = outputs(network, 2 + torch.randn(40, 1, 12, 12))
    for layer, dims in zip(network.layers[:-1], ([0, 2, 3],) * 3 + ([0],), strict=True):
        nonlinear = getattr(torch, activation)(found[layer.preactivation])
        mean, variance = nonlinear.mean(dims, keepdim=True), nonlinear.var(dims, keepdim=True, correction=0)
        wanted = (nonlinear - mean) / (variance + 1e-5).sqrt()
        torch.testing.assert_close(found[layer.activation], wanted, rtol=1e-4, atol=1e-5)


def test_normalised_before_the_nonlinearity_pre_activations_are_what_is_normalised() -> None:
    network = CNN((1, 12, 12), 3, hidden=[5], batch_normalisation="before")
    found = outputs(network, 2 + torch.randn(40, 1, 12, 12))
    for layer in network.layers[:-1]:
        assert torch.equal(found[layer.activation], found[layer.preactivation].relu())
        assert abs(found[layer.preactivation].mean().item()) < 1e-5


def test_sizes_of_vgg16() -> None:
    """13 convolutions with biases, two numbers a map for their normalisation, and 512-4096-4096-10."""
    filters = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
    network = VGG16(COLOURS, 10)
    maps = zip((3, *filters), filters, strict=False)
    weights = sum((9 * before + 1) * after + 2 * after for before, after in maps)
    weights += 513 * 4096 + 4097 * 4096 + 4097 * 10
    assert sum(parameter.numel() for parameter in network.parameters()) == weights


def test_vgg16_halves_the_image_five_times_behind_what_is_read() -> None:
    network = VGG16(COLOURS, 10, filters=NARROW, hidden=[7, 6])
    found = outputs(network.eval(), torch.randn(2, *COLOURS))
    names = [f"conv{index}" for index in range(1, 14)]
    assert [layer.name for layer in network.layers] == [*names, "fc1", "fc2", "output"]
    sides = [tuple(found[layer.activation].shape[1:]) for layer in network.layers[:13]]
    expected = [32] * 2 + [16] * 2 + [8] * 3 + [4] * 3 + [2] * 3
    assert sides == [(maps, side, side) for maps, side in zip(NARROW, expected, strict=True)]
    assert found["flatten"].shape == (2, 5)


def test_vgg16_has_dropout_between_its_fully_connected_layers_and_no_normalisation_there() -> None:
    network = VGG16(COLOURS, 10, filters=NARROW, hidden=[7, 6])
    kinds = [type(module).__name__ for path, module in network.named_modules() if path.startswith(("fc", "dropout"))]
    assert kinds.count("Dropout") == 2
    assert "BatchNorm1d" not in kinds
    assert [type(module).__name__ for module in network.modules()].count("BatchNorm2d") == 13


@pytest.mark.parametrize(
    ("make", "shape", "options", "message"),
    [
        (CNN, (64,), {}, r"^inputs have shape \(64,\); accepted: images \(channel, height, width\)$"),
        (CNN, DIGITS, {"pooled": [4]}, r"^pooled has 4; accepted: numbers of convolutions, from 1 to 3$"),
        (CNN, DIGITS, {"pooled": 2}, r"^pooled is 2; accepted: a list of whole numbers > 0$"),
        (
            CNN,
            DIGITS,
            {"batch_normalisation": True},
            r"^batch_normalisation is True; accepted: false, 'before' or 'after'$",
        ),
        (VGG16, (3, 16, 16), {"filters": NARROW}, r"^images of 16 × 16 are too small for the filters and the pooling"),
        (VGG16, COLOURS, {"filters": [64, 64]}, r"^filters has 2 numbers; accepted: 13, one for each convolution$"),
        (VGG16, COLOURS, {"filters": NARROW, "dropout": 1}, r"^dropout is 1; accepted: a number ≥ 0 and < 1$"),
    ],
)
def test_what_cannot_be_built_is_refused(make, shape, options, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        make(shape, 10, **options)
