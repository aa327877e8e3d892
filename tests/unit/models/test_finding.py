"""Layers of any network: found by name, and joined as the numbers flow."""

import pytest
import torch
from torch import nn
from torch.nn.functional import relu

from infoplane import models
from infoplane.errors import ConfigError
from infoplane.models import finding, graph

IMAGES = torch.zeros(2, 3, 16, 16)


class Block(nn.Module):
    """Of a residual network as they are commonly written: one nonlinearity, which works in place and runs twice."""

    def __init__(self, channels, maps, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, maps, 3, stride, 1, bias=False), nn.BatchNorm2d(maps)
        self.conv2, self.bn2 = nn.Conv2d(maps, maps, 3, 1, 1, bias=False), nn.BatchNorm2d(maps)
        self.relu = nn.ReLU(inplace=True)
        self.down = nn.Conv2d(channels, maps, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x):
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += self.down(x)
        return self.relu(out)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=True))
        self.layers = nn.Sequential(Block(4, 4, 1), Block(4, 6, 2))  # a name that is taken by no tuple of Layer
        self.head = nn.Linear(6, 5)

    def forward(self, x):
        return self.head(self.layers(self.stem(x)).mean((2, 3)))


class Branched(nn.Module):
    """Two branches beside each other from one stem, joined in the end; one of them stops the gradient."""

    def __init__(self):
        super().__init__()
        self.stem, self.left, self.right = nn.Linear(6, 5), nn.Linear(5, 4), nn.Linear(5, 4)
        self.act, self.one, self.other, self.joint = nn.Tanh(), nn.ReLU(), nn.GELU(), nn.Sigmoid()
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        stem = self.act(self.stem(x))
        one, other = self.one(self.left(stem)), self.other(self.right(stem.detach()))
        return self.head(self.joint(torch.cat([one, other], 1))) * 2


def summary(layers):
    return {layer.name: layer.inputs for layer in layers}


class TestFound:
    def test_a_chain(self):
        network = nn.Sequential(nn.Flatten(), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3))
        layers = finding.find(network, torch.zeros(2, 6))
        assert summary(layers) == {"2": ("input",), "4": ("2",), "output": ("4",)}
        assert [layer.parameters for layer in layers] == [(f"{place}.bias", f"{place}.weight") for place in (1, 3, 5)]
        assert [(layer.activation, layer.preactivation) for layer in layers] == [("2", None), ("4", None), ("5", "5")]

    def test_skip_connections_and_a_module_that_runs_twice(self):
        layers = finding.find(Residual(), IMAGES)
        assert summary(layers) == {
            "stem.1": ("input",),
            "layers.0.relu": ("stem.1",),
            "layers.0.relu-2": ("stem.1", "layers.0.relu"),
            "layers.1.relu": ("layers.0.relu-2",),
            "layers.1.relu-2": ("layers.0.relu-2", "layers.1.relu"),
            "output": ("layers.1.relu-2",),
        }
        assert graph.markov_pairs(layers)[2] == ("stem.1", "layers.0.relu-2")
        assert layers[4].owns("layers.1.down.weight")
        assert not layers[3].owns("layers.1.down.weight")
        assert [layer.kind for layer in layers] == ["convolutional"] * 5 + ["output"]

    def test_branches(self):
        """Neither branch is a function of the other; detaching hides nothing."""
        layers = finding.find(Branched(), torch.zeros(2, 6))
        assert summary(layers) == {
            "act": ("input",),
            "one": ("act",),
            "other": ("act",),
            "joint": ("one", "other"),
            "output": ("joint",),
        }
        assert graph.dominators(layers)["joint"] == "act"
        assert layers[-1].activation == ""  # no module gives the doubled logits

    @pytest.mark.parametrize("name", models.names())
    def test_registered_networks_as_they_describe_themselves(self, name):
        network = models.make({"name": name}, (3, 32, 32), 3 * 32 * 32)  # what an autoencoder gives, and others can
        described = models.layers_of(network)
        paths = [layer.activation for layer in described]
        found = finding.find(network, torch.zeros(2, 3, 32, 32), paths)
        names = dict(zip([layer.name for layer in found], [layer.name for layer in described], strict=True))
        nearest = {names.get(a, a): names.get(b, b) for a, b in graph.dominators(found).items()}
        assert nearest == graph.dominators(described)
        assert [layer.kind for layer in found] == [layer.kind for layer in described]
        for parameter, _ in network.named_parameters():
            after = "batch_normalisation" in parameter
            assert after or [a.owns(parameter) for a in found] == [b.owns(parameter) for b in described]

    def test_patterns(self):
        network = Residual()
        assert list(summary(finding.find(network, IMAGES, ["layers.?.conv[12]", "head"]))) == [
            "layers.0.conv1",
            "layers.0.conv2",
            "layers.1.conv1",
            "layers.1.conv2",
            "output",
        ]
        assert list(summary(finding.find(network, IMAGES, ["*relu-2"]))) == [
            "layers.0.relu-2",
            "layers.1.relu-2",
            "output",
        ]
        found = finding.find(network, IMAGES, ["layers.1", "output"])
        assert summary(found) == {"layers.1": ("input",), "output": ("layers.1",)}
        assert [layer.name for layer in graph.chosen(found, ["layers.1"])] == ["layers.1"]
        assert [layer.name for layer in graph.chosen(finding.find(network, IMAGES), ["*relu-2"])] == [
            "layers.0.relu-2",
            "layers.1.relu-2",
        ]

    def test_what_is_written_in_place_is_followed(self):
        class InPlace(nn.Module):
            def __init__(self):
                super().__init__()
                self.one, self.other, self.head = nn.Tanh(), nn.Tanh(), nn.Linear(4, 3)

            def forward(self, x):
                room = torch.zeros_like(x)
                room[:, :2] += self.one(x[:, :2])
                room[:, 2:].copy_(self.other(x[:, 2:]))
                return self.head(relu(room))

        assert summary(finding.find(InPlace(), torch.zeros(2, 4)))["output"] == ("one", "other")

    def test_the_network_is_left_as_it_was(self):
        network = Residual().train()
        network.stem.eval()
        state = {name: value.clone() for name, value in network.state_dict().items()}
        torch.manual_seed(1)
        finding.find(network, IMAGES)
        drawn = torch.rand(1)
        torch.manual_seed(1)
        assert drawn == torch.rand(1)
        assert (network.training, network.stem.training, network.layers.training) == (True, False, True)
        assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
        assert not [hook for module in network.modules() for hook in module._forward_hooks]


class Sequence(nn.Module):
    def __init__(self, returned):
        super().__init__()
        self.rnn, self.unused, self.head = nn.LSTM(4, 5), nn.ReLU(), nn.Linear(4, 3)
        self.returned = returned

    def forward(self, x):
        self.rnn(x[None])
        return self.returned(self.head(x))


@pytest.mark.parametrize(
    ("patterns", "returned", "message"),
    [
        (["conv*"], None, r"^module 'conv\*' is not known; accepted: rnn, unused, head$"),
        (["hed"], None, r"^module 'hed' is not known; did you mean 'head'\? accepted: rnn, unused, head$"),
        (["unused"], None, r"^module 'unused' does not run in a forward pass; choose one that does$"),
        (["rnn"], None, r"^module 'rnn' returns a tuple for 2 samples; accepted as a layer: one that returns a tensor"),
        (["head"], lambda x: (x, x), r"^the network returns a tuple; accepted: logits, a tensor \(n, classes\)$"),
        (["head"], lambda x: x[0], r"^the network returns a tensor of shape \(3,\); accepted: logits"),
    ],
)
def test_what_is_no_layer_is_refused(patterns, returned, message):
    network = Sequence(returned or (lambda x: x))
    with pytest.raises(ConfigError, match=message):
        finding.find(network, torch.zeros(2, 4), patterns)
    assert not [hook for module in network.modules() for hook in module._forward_hooks]
