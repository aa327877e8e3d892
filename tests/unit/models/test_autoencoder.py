"""An autoencoder: its layers and their pairs, what it gives back, and what it learns."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from infoplane import datasets
from infoplane.models import graph
from infoplane.models.autoencoder import Autoencoder
from infoplane.training.initialisation import initialise

ENCODERS, DECODERS = [f"encoder{k}" for k in (1, 2, 3)], [f"decoder{k}" for k in (3, 2, 1)]
NAMES = [*ENCODERS, "code", *DECODERS, "output"]


def test_widths_of_the_layers_by_default_and_back() -> None:
    network = Autoencoder((1, 28, 28), 784, code=6)
    assert [layer.name for layer in network.layers] == NAMES
    assert [layer.kind for layer in network.layers] == ["fully_connected"] * 7 + ["output"]
    weights = [module.weight for module in network.modules() if isinstance(module, nn.Linear)]
    widths = [784, 1000, 500, 250, 6, 250, 500, 1000, 784]
    assert [tuple(each.shape) for each in weights] == [(after, before) for before, after in pairwise(widths)]


def test_symmetric_layers_are_pairs_of_one_width_outermost_first() -> None:
    network = Autoencoder((12,), 12, hidden=[9, 7, 5], code=2)
    assert network.pairs == (("encoder1", "decoder1"), ("encoder2", "decoder2"), ("encoder3", "decoder3"))
    found = activations(network, torch.rand(3, 12))
    assert [found[first].shape == found[second].shape for first, second in network.pairs] == [True] * 3
    assert [found[name].shape[1] for name in NAMES] == [9, 7, 5, 2, 5, 7, 9, 12]


def test_layers_are_a_chain() -> None:
    layers = Autoencoder((12,), 12, hidden=[9, 7, 5], code=2).layers
    assert graph.markov_pairs(layers) == list(pairwise(["input", *NAMES]))
    assert graph.edges(layers) == []


def test_images_come_back_flat_within_the_range_of_the_output() -> None:
    network = Autoencoder((1, 4, 4), 16, hidden=[8], code=3, activation="relu", output_activation="tanh")
    images = torch.randn(5, 1, 4, 4)
    found = activations(network, images)
    assert torch.equal(found["output"], network(images))
    assert found["output"].shape == (5, 16)
    for name in ("encoder1", "code", "decoder1"):
        torch.testing.assert_close(found[name], network.get_submodule(f"{name}.weighted")(found[before(name)]).relu())
    torch.testing.assert_close(found["output"], network.get_submodule("output.weighted")(found["decoder1"]).tanh())


def test_every_layer_is_a_sigmoid_by_default() -> None:
    network = Autoencoder((4,), 4, hidden=[3], code=2)
    assert [type(network.get_submodule(layer.activation)) for layer in network.layers] == [nn.Sigmoid] * 4


@pytest.mark.parametrize(
    ("outputs", "options", "message"),
    [
        (64, {"hidden": []}, r"^hidden is \[\]; accepted: units of at least one layer on either side of the code$"),
        (10, {}, r"^the targets ask for 10 outputs, and an input has 64 numbers, .*`target: input` in `dataset`$"),
        (64, {"code": 0}, r"^code is 0; accepted: a whole number ≥ 1$"),
        (64, {"hidden": 9}, r"^hidden is 9; accepted: a list of whole numbers > 0$"),
        (64, {"activation": "identity"}, r"^activation is 'identity'; accepted: relu, sigmoid, tanh$"),
        (64, {"output_activation": None}, r"^activation is None; accepted: relu, sigmoid, tanh$"),
    ],
)
def test_what_cannot_be_built_is_refused(outputs: int, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Autoencoder((1, 8, 8), outputs, **options)  # type: ignore[arg-type]


def test_it_learns_more_of_digits_than_their_mean() -> None:
    data = datasets.load({"name": "digits", "target": "input"})
    torch.manual_seed(0)
    network = Autoencoder(data.description.shape, data.description.classes, hidden=[32], code=8)
    initialise(network, {"scheme": "xavier_uniform", "gain": 4.0})
    optimiser = torch.optim.Adam(network.parameters(), lr=0.02)
    mean = data.train.targets.mean(0)
    for _ in range(6):
        for inputs, targets in zip(data.train.inputs.split(64), data.train.targets.split(64), strict=True):
            optimiser.zero_grad()
            nn.functional.mse_loss(network(inputs), targets).backward()
            optimiser.step()
    with torch.no_grad():
        loss = (network(data.test.inputs) - data.test.targets).square().mean()
    assert loss < 0.7 * (data.test.targets - mean).square().mean()


def activations(network: Autoencoder, inputs: torch.Tensor) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = {}
    for layer in network.layers:

        def keep(_module: nn.Module, _inputs: object, output: torch.Tensor, name: str = layer.name) -> None:
            found[name] = output.detach()

        network.get_submodule(layer.activation).register_forward_hook(keep)
    with torch.no_grad():
        found["input"] = inputs.flatten(1)
        network(inputs)
    return found


def before(name: str) -> str:
    return {"encoder1": "input", "code": "encoder1", "decoder1": "code"}[name]
