"""Variables of known information, against closed forms and against one another."""

import math

import numpy as np
import pytest
import torch

from infoplane.measures import binning, kde, known


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(3)


def gaussian_information(x: np.ndarray, t: np.ndarray) -> float:
    """I(X; T) of Gaussian variables, from the covariance of their draws, bits."""
    joint = np.linalg.slogdet(np.cov(np.hstack([x, t]).T)).logabsdet
    apart = sum(np.linalg.slogdet(np.atleast_2d(np.cov(each.T))).logabsdet for each in (x, t))
    return float((apart - joint) / 2 / math.log(2))


@pytest.mark.parametrize("information", [0.0, 0.5, 3.0, 8.0])
@pytest.mark.parametrize(("first", "second"), [(1, 1), (4, 4), (2, 5), (6, 3)])
def test_the_covariance_of_a_gaussian_pair_tells_its_information(random, information, first, second) -> None:
    """The bias of this estimate is some first·second / n bits, 0.001 here, its spread 0.02 at most."""
    x, t = known.gaussian_pair(20_000, first, second, information=information, random=random)
    assert x.shape == (20_000, first)
    assert t.shape == (20_000, second)
    assert gaussian_information(x, t) == pytest.approx(information, abs=0.06)
    assert [x.std(), t.std()] == pytest.approx([1, 1], abs=0.03)


def test_a_pair_of_no_information_is_independent(random) -> None:
    x, t = known.gaussian_pair(50_000, 1, 1, information=0, random=random)
    assert np.corrcoef(x[:, 0], t[:, 0])[0, 1] == pytest.approx(0, abs=0.02)


def test_the_coordinates_that_are_correlated_lie_anywhere(random) -> None:
    x, t = known.gaussian_pair(2_000, 1, 50, information=5, random=random)
    told = np.abs(np.corrcoef(x[:, 0], t.T)[0, 1:]) > 0.5
    assert told.sum() == 1
    assert told.argmax() > 0


@pytest.mark.parametrize("information", [0.5, 2.0, 4.0])
def test_bounds_of_the_noise_bracket_a_noisy_source(random, information) -> None:
    """The Kolchinsky–Tracey bounds hold for the draws as a mixture; in one dimension 2,000 of them fill it well."""
    source = known.noisy_source(2_000, 1, information=information, noise_variance=0.1, random=random)
    found = kde.mutual_information(
        torch.from_numpy(source), torch.zeros(2_000, dtype=torch.int64), noise_variance=0.1
    ).with_input
    assert float(found.lower) - 0.05 < information < float(found.upper) + 0.05


@pytest.mark.parametrize("information", [0, 1, 3, 5])
def test_bins_tell_the_points_apart(random, information) -> None:
    """The plug-in entropy of m points lacks (m − 1) / (2 n ln 2) bits: 0.006 of 32 points and 4,000 samples."""
    values = known.scattered_points(4_000, 5, information=information, low=-1, high=1, random=random)
    edges = binning.fixed_edges(31, low=-1, high=1)
    found = binning.mutual_information(torch.from_numpy(values), torch.zeros(4_000, dtype=torch.int64), edges=edges)
    assert float(found.with_input) == pytest.approx(information, abs=0.02)


def test_two_centres_on_a_line_are_a_binary_channel(random) -> None:
    """I(T; Y) of ±1 in noise of variance 1 is 0.486 bits (numerical integration)."""
    t = np.linspace(-9, 9, 200_001)
    density = np.exp(-((t - 1) ** 2) / 2) / math.sqrt(2 * math.pi)
    expected = 1 - float(np.sum(density * np.log2(1 + np.exp(-2 * t))) * (t[1] - t[0]))
    assert expected == pytest.approx(0.486, abs=5e-4)
    found = known.information_of_mixture(np.array([[-1.0], [1.0]]), random)
    assert found == pytest.approx(expected, abs=0.015)


@pytest.mark.parametrize("dimension", [1, 2, 30])
@pytest.mark.parametrize("information", [0.0, 0.7, 1.9])
def test_a_mixture_has_the_information_that_is_asked_for(random, dimension, information) -> None:
    """Computed anew from the centres of the draw's classes, which 30,000 samples tell to 0.01."""
    values, targets = known.labelled_mixture(30_000, dimension, 4, information=information, random=random)
    centres = np.stack([values[targets == label].mean(0) for label in range(4)])
    centres -= centres.mean(0)
    assert known.information_of_mixture(centres, random) == pytest.approx(information, abs=0.04)
    within = np.concatenate([values[targets == label] - centres[label] for label in range(4)])
    assert within.var(0) == pytest.approx(np.ones(dimension), abs=0.06)


def test_what_cannot_be() -> None:
    random = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"information is -1; accepted: at least 0 bits"):
        known.gaussian_pair(3, 1, 1, information=-1, random=random)
    with pytest.raises(ValueError, match=r"information is 1.0; accepted: from 0 to below log2 of 2 classes"):
        known.labelled_mixture(3, 1, 2, information=1.0, random=random)
