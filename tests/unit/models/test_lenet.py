"""LeNet against arithmetic done by hand, and its layers against what they say of themselves."""

import pytest
import torch
from torch import nn

from infoplane.models.lenet import LeNet


def test_layers_come_in_network_order_with_their_kinds() -> None:
    network = LeNet((1, 28, 28), 10)
    assert [(layer.name, layer.kind) for layer in network.layers] == [
        ("conv1", "convolutional"),
        ("conv2", "convolutional"),
        ("fc1", "fully_connected"),
        ("fc2", "fully_connected"),
        ("output", "output"),
    ]


def test_has_as_many_weights_as_lecun_et_al_on_padded_digits() -> None:
    """C1, C3 (fully connected to S2), C5, F6 and the output: 156 + 2416 + 48120 + 10164 + 850."""
    network = LeNet((1, 28, 28), 10, padding=2)
    network_of_1998 = LeNet((1, 32, 32), 10)
    assert sum(weights.numel() for weights in network_of_1998.parameters()) == 61706
    assert sum(weights.numel() for weights in network.parameters()) == 156 + 2416 + (16 * 7 * 7 + 1) * 120 + 10164 + 850


def test_output_of_weights_that_are_all_one() -> None:
    """An image of ones: 4 a pixel after a 2 × 2 filter, twice that in a unit over two of three maps, and so on."""
    network = LeNet((1, 5, 5), 2, filters=[3], hidden=[2], kernel_size=2)
    for name, weights in network.named_parameters():
        nn.init.constant_(weights, 0.0 if name.endswith("bias") else 1.0)
    with torch.no_grad():
        logits = network(torch.ones(1, 1, 5, 5))
    # 4 × 4 pixels of 4 in 3 maps; 2 × 2 after pooling: 12 features of 4; hidden 48; output 2 × 48
    assert logits.tolist() == [[96.0, 96.0]]


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_activation_is_read_after_the_nonlinearity_and_before_pooling(activation: str) -> None:
    network = LeNet((1, 8, 8), 3, filters=[2], hidden=[4], kernel_size=3, padding=1, activation=activation)
    found: dict[str, torch.Tensor] = {}
    for layer in network.layers:
        for path in (layer.activation, layer.preactivation):
            network.get_submodule(path).register_forward_hook(
                lambda _, __, output, path=path: found.__setitem__(path, output.detach())
            )
    network(torch.randn(5, 1, 8, 8))
    conv1, fc1, output = network.layers
    nonlinear = getattr(torch, activation)
    assert found[conv1.activation].shape == (5, 2, 8, 8)
    assert torch.equal(found[conv1.activation], nonlinear(found[conv1.preactivation]))
    assert torch.equal(found[fc1.activation], nonlinear(found[fc1.preactivation]))
    assert output.activation == output.preactivation


def test_batch_normalisation_is_part_of_the_preactivation() -> None:
    """Of each map and unit: mean 0 and variance 1 over a batch in training; making the network leaves no trace."""
    network = LeNet((1, 8, 8), 3, filters=[2], hidden=[4], kernel_size=3, batch_normalisation="before")
    assert {name: value.unique().tolist() for name, value in network.named_buffers() if "running_mean" in name} == {
        "conv1.weighted.1.running_mean": [0.0],
        "fc1.weighted.1.running_mean": [0.0],
    }
    found: list[torch.Tensor] = []
    for layer in network.layers[:2]:
        network.get_submodule(layer.preactivation).register_forward_hook(lambda _, __, out: found.append(out.detach()))
    network(3 + torch.randn(50, 1, 8, 8))
    for values, dims in zip(found, ([0, 2, 3], [0]), strict=True):
        torch.testing.assert_close(values.mean(dims), torch.zeros(values.shape[1]), rtol=0, atol=1e-5)
        assert (values.var(dims, correction=0) < 1 + 1e-5).all()
        assert (values.var(dims, correction=0) > 0.9).all()


def test_dropout_leaves_units_out_in_training_alone() -> None:
    network = LeNet((1, 8, 8), 3, filters=[2], hidden=[400], kernel_size=3, dropout=0.25)
    plain = LeNet((1, 8, 8), 3, filters=[2], hidden=[400], kernel_size=3)
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
        ((64,), {}, r"^inputs have shape \(64,\); accepted: images \(channel, height, width\)$"),
        ((1, 8, 8), {}, r"^images of 8 × 8 are too small for the filters and the pooling \(.*Kernel size: \(5 x 5\)"),
        ((1, 8, 8), {"kernel_size": 9}, r"^images of 8 × 8 are too small .*Kernel size: \(9 x 9\)"),
        ((1, 1, 1), {"kernel_size": 1}, r"^images of 1 × 1 are too small .*Output size is too small"),
        ((1, 28, 28), {"kernel_size": 0}, r"^kernel_size is 0; accepted: a whole number ≥ 1$"),
        ((1, 28, 28), {"kernel_size": [3, 3]}, r"^kernel_size is \[3, 3\]; accepted: a whole number ≥ 1$"),
        ((1, 28, 28), {"padding": -1}, r"^padding is -1; accepted: a whole number ≥ 0$"),
        ((1, 28, 28), {"padding": "same"}, r"^padding is 'same'; accepted: a whole number ≥ 0$"),
        ((1, 28, 28), {"filters": [6, 0]}, r"^filters is \[6, 0\]; accepted: a list of whole numbers > 0$"),
        ((1, 28, 28), {"batch_normalisation": 1}, r"^batch_normalisation is 1; accepted: false, 'before' or 'after'$"),
        ((1, 28, 28), {"dropout": 1}, r"^dropout is 1; accepted: a number ≥ 0 and < 1$"),
        ((1, 28, 28), {"dropout": "half"}, r"^dropout is 'half'; accepted: a number ≥ 0 and < 1$"),
        ((1, 28, 28), {"hidden": 84}, r"^hidden is 84; accepted: a list of whole numbers > 0$"),
        ((1, 28, 28), {"activation": "swish"}, r"^activation is 'swish'; accepted: relu, sigmoid, tanh$"),
    ],
)
def test_what_cannot_be_built_is_refused(shape: tuple[int, ...], options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LeNet(shape, 10, **options)  # type: ignore[arg-type]
