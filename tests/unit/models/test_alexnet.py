"""AlexNet's small relative against arithmetic done by hand, and its layers against what they say of themselves."""

import pytest
import torch
from torch import nn

from infoplane.models.alexnet import AlexNet


def test_four_convolutions_and_three_fully_connected_layers_come_in_network_order() -> None:
    network = AlexNet((3, 32, 32), 10)
    assert [(layer.name, layer.kind) for layer in network.layers] == [
        ("conv1", "convolutional"),
        ("conv2", "convolutional"),
        ("conv3", "convolutional"),
        ("conv4", "convolutional"),
        ("fc1", "fully_connected"),
        ("fc2", "fully_connected"),
        ("output", "output"),
    ]


@pytest.mark.parametrize(
    ("filters", "sides", "pooled"),
    [
        ([], [], []),
        ([2], [16], ["pool1"]),
        ([2, 3], [16, 8], ["pool1", "pool2"]),
        ([2, 3, 4], [16, 8, 4], ["pool1", "pool2", "pool3"]),
        ([2, 3, 4, 5, 6], [16, 8, 4, 4, 4], ["pool1", "pool2", "pool5"]),
    ],
)
def test_pools_after_the_first_second_and_last_convolution(
    filters: list[int], sides: list[int], pooled: list[str]
) -> None:
    """Convolutions keep the size of the image, so that sides halve at every pooling alone."""
    network = AlexNet((1, 16, 16), 3, filters=filters, hidden=[4])
    found: list[tuple[int, ...]] = []
    convolutions = [layer for layer in network.layers if layer.kind == "convolutional"]
    for layer in convolutions:
        network.get_submodule(layer.activation).register_forward_hook(lambda _, __, out: found.append(tuple(out.shape)))
    assert network(torch.zeros(2, 1, 16, 16)).shape == (2, 3)
    assert found == [(2, maps, side, side) for maps, side in zip(filters, sides, strict=True)]
    assert [name for name, _ in network.named_children() if name.startswith("pool")] == pooled


def test_last_kernel_size_holds_for_all_convolutions_that_follow() -> None:
    network = AlexNet((1, 16, 16), 3, filters=[1, 1, 1, 1], hidden=[], kernel_sizes=[7, 3])
    assert [tuple(module.weight.shape[2:]) for module in network.modules() if isinstance(module, nn.Conv2d)] == [
        (7, 7),
        (3, 3),
        (3, 3),
        (3, 3),
    ]


def test_output_of_weights_that_are_all_one() -> None:
    """3 × 3 sums of ones: 9 in the middle of a large image, but 4 at each corner of one of 2 × 2 pixels.

    Of 4 × 4 pixels, the four blocks that are pooled hold a 9 each; in the 2 × 2 pixels that are left, a filter over two
    maps sees 4 pixels of both, so 72 everywhere, and one pixel is left of each of three maps; hidden 3 × 72, output
    twice that.
    """
    network = AlexNet((1, 4, 4), 2, filters=[2, 3], hidden=[2], kernel_sizes=[3])
    for name, weights in network.named_parameters():
        nn.init.constant_(weights, 0.0 if name.endswith("bias") else 1.0)
    with torch.no_grad():
        logits = network(torch.ones(1, 1, 4, 4))
    assert logits.tolist() == [[432.0, 432.0]]


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_activation_is_read_after_the_nonlinearity_and_before_pooling(activation: str) -> None:
    network = AlexNet((3, 8, 8), 3, filters=[2], hidden=[4], activation=activation)
    found: dict[str, torch.Tensor] = {}
    for layer in network.layers:
        for path in (layer.activation, layer.preactivation):
            network.get_submodule(path).register_forward_hook(
                lambda _, __, output, path=path: found.__setitem__(path, output.detach())
            )
    network(torch.randn(5, 3, 8, 8))
    conv1, fc1, output = network.layers
    nonlinear = getattr(torch, activation)
    assert found[conv1.activation].shape == (5, 2, 8, 8)
    assert torch.equal(found[conv1.activation], nonlinear(found[conv1.preactivation]))
    assert torch.equal(found[fc1.activation], nonlinear(found[fc1.preactivation]))
    assert output.activation == output.preactivation


def test_dropout_leaves_units_out_in_training_alone() -> None:
    network = AlexNet((1, 8, 8), 3, filters=[2], hidden=[400], dropout=0.25)
    plain = AlexNet((1, 8, 8), 3, filters=[2], hidden=[400])
    plain.load_state_dict(network.state_dict())
    images = torch.randn(20, 1, 8, 8)
    assert torch.equal(network.eval()(images), plain.eval()(images))
    found: list[torch.Tensor] = []
    network.get_submodule("dropout1").register_forward_hook(lambda _, inputs, out: found.extend([inputs[0], out]))
    network.train()(images)
    before, after = found
    assert ((after == 0) & (before != 0)).sum() / (before != 0).sum() == pytest.approx(0.25, abs=0.05)


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((3072,), {}, r"^inputs have shape \(3072,\); accepted: images \(channel, height, width\)$"),
        ((3, 7, 32), {}, r"^images of 7 × 32 are too small for the pooling; accepted: sides of at least 8$"),
        (
            (3, 32, 1),
            {"filters": [6]},
            r"^images of 32 × 1 are too small for the pooling; accepted: sides of at least 2$",
        ),
        (
            (3, 32, 32),
            {"kernel_sizes": [5, 4]},
            r"^kernel_sizes is \[5, 4\]; accepted: a list of odd numbers, at least one$",
        ),
        ((3, 32, 32), {"kernel_sizes": []}, r"^kernel_sizes is \[\]; accepted: a list of odd numbers, at least one$"),
        ((3, 32, 32), {"kernel_sizes": 3}, r"^kernel_sizes is 3; accepted: a list of whole numbers > 0$"),
        ((3, 32, 32), {"filters": [6, 0]}, r"^filters is \[6, 0\]; accepted: a list of whole numbers > 0$"),
        ((3, 32, 32), {"hidden": 84}, r"^hidden is 84; accepted: a list of whole numbers > 0$"),
        ((3, 32, 32), {"dropout": 1}, r"^dropout is 1; accepted: a number ≥ 0 and < 1$"),
        ((3, 32, 32), {"activation": "swish"}, r"^activation is 'swish'; accepted: relu, sigmoid, tanh$"),
    ],
)
def test_what_cannot_be_built_is_refused(shape: tuple[int, ...], options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AlexNet(shape, 10, **options)  # type: ignore[arg-type]
