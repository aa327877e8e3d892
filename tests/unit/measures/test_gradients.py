"""Signal and noise of gradients by hand, against NumPy and against the statistics of training."""

import math
import re

import numpy as np
import pytest
import torch
from torch import nn

from infoplane.measures import gradients
from infoplane.models.layers import Layer
from infoplane.training import statistics
from infoplane.training.networks import Single


def test_by_hand():
    """Gradients (3, 4) ± (1, 1): mean of norm 5, deviations 1 and 1."""
    found = gradients.signal_to_noise(torch.tensor([[4.0, 5.0], [2.0, 3.0]]))
    assert found.mean_norm.item() == pytest.approx(5, abs=1e-15)
    assert found.std_norm.item() == pytest.approx(math.sqrt(2), abs=1e-15)
    assert found.ratio.item() == pytest.approx(5 / math.sqrt(2), abs=1e-15)


def test_against_numpy_for_batches():
    x = torch.randn(2, 3, 7, 11, generator=torch.Generator().manual_seed(0))
    found = gradients.signal_to_noise(x)
    expected = x.double().numpy()
    signal, noise = np.linalg.norm(expected.mean(-2), axis=-1), np.linalg.norm(expected.std(-2), axis=-1)
    for value, wanted in zip(found, (signal, noise, signal / noise), strict=True):
        np.testing.assert_allclose(value.numpy(), wanted, rtol=1e-13)


def test_the_norm_of_the_weights_cancels_from_the_ratio():
    x = torch.randn(5, 9, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    one, other = gradients.signal_to_noise(x), gradients.signal_to_noise(x / 8)
    assert other.mean_norm.item() == pytest.approx(one.mean_norm.item() / 8, rel=1e-15)
    assert other.ratio.item() == pytest.approx(one.ratio.item(), rel=1e-15)


def test_without_noise_and_without_anything():
    found = gradients.signal_to_noise(torch.stack([torch.ones(4, 3), torch.zeros(4, 3)]))
    assert found.ratio[0] == math.inf
    assert found.ratio[1].isnan()


def test_is_what_training_records():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 3)).double()
    trainee = Single(network, {"optimiser": "sgd", "learning_rate": 0.1, "momentum": 0.0, "weight_decay": 0.0})
    batches = [(torch.randn(1, 10, 4).double(), torch.randint(0, 3, (1, 10))) for _ in range(6)]
    mean, spread = statistics.gradient_norms(trainee, batches, [Layer("output", "output", "0", "0")])
    stacked = [torch.cat([each.flatten() for each in trainee.gradients(*batch).values()]) for batch in batches]
    found = gradients.signal_to_noise(torch.stack(stacked))
    assert found.mean_norm.item() == pytest.approx(mean.item(), rel=1e-12)
    assert found.std_norm.item() == pytest.approx(spread.item(), rel=1e-12)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.ones(1, 5), "gradients must have shape (*batch, B, parameters) with B of 2 or more, got (1, 5)"),
        (torch.ones(5), "gradients must have shape (*batch, B, parameters) with B of 2 or more, got (5,)"),
        (torch.tensor([[1.0], [math.nan]]), "gradients must be finite, got nan at [1, 0]"),
    ],
)
def test_complaints(x, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        gradients.signal_to_noise(x)


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_of_every_size(size):
    """The squares of these would leave the range of floating point."""
    found = gradients.signal_to_noise(size * torch.tensor([[1.0, 0.0], [3.0, 0.0]], dtype=torch.float64))
    assert found.mean_norm.item() == pytest.approx(2 * size)
    assert found.std_norm.item() == pytest.approx(size)
    assert found.ratio.item() == pytest.approx(2)
