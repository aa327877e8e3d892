"""What is recorded at a checkpoint, against plain reimplementations."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import nn

from infoplane.models.layers import Layer
from infoplane.models.mlp import MLP
from infoplane.training import statistics
from infoplane.training.networks import Ensemble, Single

SETTINGS = {"optimiser": "sgd", "learning_rate": 0.1, "momentum": 0.0, "weight_decay": 0.0}
RANDOM = np.random.default_rng(4)


def networks(count):
    torch.manual_seed(1)
    return [MLP((7,), 3, hidden=(5, 4), activation="tanh").double() for _ in range(count)]


def trainee(made):
    return Single(made[0], SETTINGS) if len(made) == 1 else Ensemble(made, SETTINGS)


def samples(count, size):
    return torch.from_numpy(RANDOM.random((count, size, 7))), torch.from_numpy(RANDOM.integers(0, 3, (count, size)))


def softmax(logits):
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def gradients(network, inputs, targets):
    """Gradient of the mean loss by parameter, on a copy."""
    own = deepcopy(network)
    nn.CrossEntropyLoss()(own(inputs), targets).backward()
    return {name: value.grad.numpy() for name, value in own.named_parameters()}


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("at_once", [1000, 7])
def test_loss_and_score(monkeypatch, count, at_once):
    """The mean of −ln p of the true class, and how often it is the most probable."""
    monkeypatch.setattr(statistics, "_SAMPLES_AT_ONCE", at_once)
    made, (inputs, targets) = networks(count), samples(count, 40)
    loss, accuracy = statistics.loss_and_score(trainee(made), inputs, targets)
    for index, network in enumerate(made):
        probabilities, wanted = softmax(network(inputs[index]).detach().numpy()), targets[index].numpy()
        assert loss[index].item() == pytest.approx(-np.log(probabilities[np.arange(40), wanted]).mean(), abs=1e-12)
        assert accuracy[index].item() == pytest.approx((probabilities.argmax(1) == wanted).mean(), abs=1e-7)


@pytest.mark.parametrize("count", [1, 3])
def test_gradient_norms(count):
    """‖mean‖ and ‖standard deviation‖ over mini-batches, all parameters of a layer together."""
    made = networks(count)
    batches = [samples(count, 10) for _ in range(6)]
    mean, spread = statistics.gradient_norms(trainee(made), batches, made[0].layers)
    for index, network in enumerate(made):
        found = [gradients(network, inputs[index], targets[index]) for inputs, targets in batches]
        for column, layer in enumerate(made[0].layers):
            own = np.stack(
                [
                    np.concatenate([each[f"{layer.preactivation}.{kind}"].ravel() for kind in ("weight", "bias")])
                    for each in found
                ]
            )
            assert mean[index, column].item() == pytest.approx(np.linalg.norm(own.mean(0)), rel=1e-10)
            assert spread[index, column].item() == pytest.approx(np.linalg.norm(own.std(0)), rel=1e-10)


def test_the_spread_of_equal_batches_is_zero():
    made, batch = networks(1), samples(1, 10)
    _, spread = statistics.gradient_norms(trainee(made), [batch] * 5, made[0].layers)
    assert spread.abs().max().item() < 1e-15


@pytest.mark.parametrize("count", [1, 3])
def test_measuring_changes_nothing(count):
    made = networks(count)
    looked_at = trainee(made)
    before = looked_at.state()
    statistics.gradient_norms(looked_at, [samples(count, 10)], made[0].layers)
    statistics.loss_and_score(looked_at, *samples(count, 10))
    for name, value in looked_at.state().items():
        assert torch.equal(value, before[name])


class TestNorms:
    def test_by_hand(self):
        state = {"a.weight": torch.tensor([[[3.0, 4.0]]]), "a.bias": torch.tensor([[12.0]]), "ab.weight": torch.ones(1)}
        layers = [Layer("one", "fully_connected", "x", "a"), Layer("two", "fully_connected", "x", "ab")]
        assert statistics.norms(state, layers).tolist() == [[13.0, 1.0]]

    def test_a_layer_without_parameters_has_norm_zero(self):
        layers = [Layer("sum", "fully_connected", "x", "nowhere")]
        assert statistics.norms({"a": torch.ones(2, 3)}, layers).tolist() == [[0.0], [0.0]]

    def test_buffers_do_not_count(self):
        """A pre-activation that is read behind batch normalisation has two parameters and three buffers."""
        network = nn.Sequential(nn.Linear(4, 9), nn.BatchNorm1d(9))
        looked_at = Single(network, SETTINGS)
        layers = [Layer("fc1", "fully_connected", "1", "1")]
        assert statistics.norms(looked_at.parameters(), layers).tolist() == [[3.0]]

    def test_frozen_parameters_have_a_norm_but_no_gradient(self):
        torch.manual_seed(0)
        network = nn.Sequential(nn.Linear(7, 3))
        network[0].bias.requires_grad_(False)
        looked_at, layers = Single(network.double(), SETTINGS), [Layer("output", "output", "0", "0")]
        mean, _ = statistics.gradient_norms(looked_at, [samples(1, 10)], layers)
        weight, bias = (value.norm().item() for value in (network[0].weight, network[0].bias))
        assert statistics.norms(looked_at.parameters(), layers).item() == pytest.approx(np.hypot(weight, bias))
        assert list(looked_at.gradients(*samples(1, 10))) == ["0.weight"]
        assert mean.item() > 0
