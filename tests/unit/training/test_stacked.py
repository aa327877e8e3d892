"""Networks stacked into one give what each gives alone, whether as matrices or vectorised."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from infoplane.models.mlp import MLP
from infoplane.training.stacked import stacked

SHAPE = (2, 3)


class Skips(nn.Module):
    """A forward pass of its own: no chain."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), nn.Linear(6, 2)

    def forward(self, inputs):
        hidden = self.first(inputs) + inputs
        return self.second(hidden.flatten(1))


NETWORKS = {
    "mlp": (lambda: MLP(SHAPE, 2, hidden=[5, 4]), True),
    "no bias": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(6, 4, bias=False), nn.ReLU(), nn.Linear(4, 2)), True),
    "nested": (
        lambda: nn.Sequential(
            OrderedDict(start=nn.Sequential(nn.Flatten()), end=nn.Sequential(nn.Linear(6, 2), nn.Sigmoid()))
        ),
        True,
    ),
    "images": (
        lambda: nn.Sequential(nn.Unflatten(1, (1, 2)), nn.Conv2d(1, 3, 2), nn.Flatten(), nn.Linear(6, 2)),
        False,
    ),
    "flattened late": (lambda: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Flatten(), nn.Linear(8, 2)), False),
    "flattened in part": (lambda: nn.Sequential(nn.Flatten(2), nn.Linear(3, 4), nn.Flatten(), nn.Linear(8, 2)), False),
    "own way": (Skips, False),
}


def made(name, count=3):
    make, matrices = NETWORKS[name]
    torch.manual_seed(1)
    return [make().double() for _ in range(count)], matrices


@pytest.mark.parametrize("name", NETWORKS)
def test_logits_and_gradients_are_those_of_each_network(name):
    networks, _ = made(name)
    stack = stacked(networks)
    inputs = torch.randn(3, 7, *SHAPE, dtype=torch.float64)
    logits = stack.logits(inputs)
    assert logits.shape == (3, 7, 2)
    logits.square().sum().backward()
    for index, network in enumerate(networks):
        own = network(inputs[index])
        torch.testing.assert_close(logits[index], own, rtol=0, atol=1e-14)
        own.square().sum().backward()
        for path, parameter in network.named_parameters():
            torch.testing.assert_close(stack.parameters[path].grad[index], parameter.grad, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", NETWORKS)
def test_only_fully_connected_networks_become_matrices(name):
    """The products of matrices read what the optimiser changes in place."""
    networks, matrices = made(name)
    stack = stacked(networks)
    linear = [module for module in stack.module.modules() if isinstance(module, nn.Linear)]
    assert (not linear) == matrices
    inputs = torch.randn(3, 7, *SHAPE, dtype=torch.float64)
    before = stack.logits(inputs)
    with torch.no_grad():
        for value in stack.parameters.values():
            value.zero_()
    after = stack.logits(inputs)
    assert not torch.equal(before, after)
    assert after.std().item() == 0


def test_the_networks_themselves_stay_as_they_are():
    networks, _ = made("mlp")
    inputs = torch.randn(7, *SHAPE, dtype=torch.float64)
    before = networks[0](inputs)
    stack = stacked(networks)
    with torch.no_grad():
        stack.parameters["output.bias"].add_(1)
    assert torch.equal(networks[0](inputs), before)


@pytest.mark.parametrize("flattened_first", [True, False])
def test_dropout_follows_the_mode_and_differs_between_networks(flattened_first):
    stages = [nn.Flatten(), nn.Dropout(0.5)] if flattened_first else [nn.Dropout(0.5), nn.Flatten()]
    stack = stacked([nn.Sequential(*stages, nn.Linear(6, 2))] * 2)
    inputs = torch.ones(2, 9, *SHAPE)
    stack.module.eval()
    assert torch.equal(*stack.logits(inputs))
    stack.module.train()
    assert not torch.equal(*stack.logits(inputs))
