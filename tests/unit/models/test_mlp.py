"""A fully connected network against arithmetic done by hand."""

import pytest
import torch
from torch import nn

from infoplane.models.mlp import MLP


def test_layers_come_in_network_order_with_their_kinds() -> None:
    network = MLP((12,), 2, hidden=[10, 7])
    assert [(layer.name, layer.kind) for layer in network.layers] == [
        ("fc1", "fully_connected"),
        ("fc2", "fully_connected"),
        ("output", "output"),
    ]
    assert sum(weights.numel() for weights in network.parameters()) == 12 * 10 + 10 + 10 * 7 + 7 + 7 * 2 + 2


def test_output_of_integer_weights_on_a_flattened_image() -> None:
    """x = (1, 2, 3, 4); hidden relu(Σ x, −Σ x) = (10, 0); output (10, −10 + 5)."""
    network = MLP((1, 2, 2), 2, hidden=[2], activation="relu")
    weights = {
        "fc1.weighted.weight": torch.tensor([[1.0] * 4, [-1.0] * 4]),
        "fc1.weighted.bias": torch.zeros(2),
        "output.weight": torch.tensor([[1.0, 3.0], [-1.0, 7.0]]),
        "output.bias": torch.tensor([0.0, 5.0]),
    }
    network.load_state_dict(weights)
    with torch.no_grad():
        assert network(torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])).tolist() == [[10.0, -5.0]]


def test_without_hidden_layers_it_is_linear() -> None:
    network = MLP((3,), 2, hidden=[])
    assert [layer.name for layer in network.layers] == ["output"]
    inputs = torch.randn(4, 3)
    torch.testing.assert_close(network(inputs), nn.functional.linear(inputs, *network.output.parameters()))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden": [10, 0]}, r"^hidden is \[10, 0\]; accepted: a list of whole numbers > 0$"),
        ({"activation": "none"}, r"^activation is 'none'; accepted: relu, sigmoid, tanh$"),
    ],
)
def test_what_cannot_be_built_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MLP((12,), 2, **options)  # type: ignore[arg-type]


def test_normalised_after_the_nonlinearity() -> None:
    """Each unit's activation has mean 0 over a batch in training; the output is not normalised."""
    network = MLP((3,), 2, hidden=[4, 5], batch_normalisation="after")
    found: list[torch.Tensor] = []
    for layer in network.layers:
        network.get_submodule(layer.activation).register_forward_hook(lambda _, __, out: found.append(out.detach()))
    network(1 + torch.randn(60, 3))
    means = [float(values.mean(0).abs().max()) for values in found]
    assert max(means[:2]) < 1e-6
    assert means[2] > 1e-3
