"""How weights start: their spread by scheme, on layers with enough of them."""

from copy import deepcopy
from math import sqrt

import pytest
import torch
from torch import nn

from infoplane.training.initialisation import initialise

# The convolution has fan-in 16 · 25 and fan-out 40 · 25, the fully connected layer 300 and 100.
FANS = [(400, 1000), (300, 100)]
SPREAD = {
    "xavier_uniform": lambda fan_in, fan_out: sqrt(2 / (fan_in + fan_out)),
    "xavier_normal": lambda fan_in, fan_out: sqrt(2 / (fan_in + fan_out)),
    "kaiming_uniform": lambda fan_in, _: sqrt(2 / fan_in),
    "kaiming_normal": lambda fan_in, _: sqrt(2 / fan_in),
    # 0.8796: the standard deviation of a standard normal that is cut at 2
    "truncated_normal": lambda fan_in, _: 0.8796 / sqrt(fan_in),
}
# Largest weight ÷ standard deviation: √3 of a uniform distribution, 2/0.8796 of one cut at 2, beyond 3.5 of a normal.
LARGEST = {
    "xavier_uniform": (1.72, 1.74),
    "xavier_normal": (3.5, 7),
    "kaiming_uniform": (1.72, 1.74),
    "kaiming_normal": (3.5, 7),
    "truncated_normal": (2.24, 2.29),
}


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(16, 40, 5), nn.ReLU(), nn.Sequential(nn.Linear(300, 100), nn.Linear(100, 3, False)))


def drawn(scheme, gain):
    made = network()
    initialise(made, {"scheme": scheme, "gain": gain})
    return made[0], made[2][0]


@pytest.mark.parametrize("gain", [1.0, 4.0])
@pytest.mark.parametrize("scheme", SPREAD)
def test_spread(scheme, gain):
    """16,000 and 30,000 weights: the standard deviation is known to 0.6 % and 0.4 %."""
    for layer, fans in zip(drawn(scheme, gain), FANS, strict=True):
        spread = layer.weight.std().item()
        assert spread == pytest.approx(gain * SPREAD[scheme](*fans), rel=0.02)
        assert abs(layer.weight.mean().item()) < 0.02 * spread
        low, high = LARGEST[scheme]
        assert low < layer.weight.abs().max().item() / spread < high


@pytest.mark.parametrize("scheme", SPREAD)
def test_biases_start_at_zero(scheme):
    for layer in drawn(scheme, 2.0):
        assert layer.bias.abs().max().item() == 0


@pytest.mark.parametrize("scheme", SPREAD)
def test_the_gain_is_a_factor_and_the_seed_decides_the_rest(scheme):
    for one, other in zip(drawn(scheme, 1.0), drawn(scheme, 4.0), strict=True):
        torch.testing.assert_close(4 * one.weight, other.weight, rtol=1e-5, atol=0)


def test_default_is_what_the_network_made_of_itself():
    made = network()
    before = deepcopy(made.state_dict())
    initialise(made, {"scheme": "default", "gain": 3.0})
    for name, value in made.state_dict().items():
        assert torch.equal(value, before[name])


def test_an_unknown_scheme_is_refused():
    with pytest.raises(ValueError, match="init scheme is 'xavier'"):
        initialise(network(), {"scheme": "xavier", "gain": 1.0})
