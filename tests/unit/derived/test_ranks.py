"""Rank correlation, against SciPy's and where it is known."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from infoplane.derived import ranks

NAN = np.nan


@pytest.mark.parametrize("n", [4, 30, 500])
@pytest.mark.parametrize("ties", [False, True])
def test_is_that_of_scipy(n, ties):
    random = np.random.default_rng(n)
    one, other = random.integers(3, size=(2, n)) if ties else random.normal(size=(2, n))
    assert ranks.correlation(one, other) == pytest.approx(spearmanr(one, other).statistic, abs=1e-14)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([1, 2, 3, 4], [0.1, 10, 20, 1000], 1),
        ([1, 2, 3, 4], [9, 7, 0, -5], -1),
        ([1, 2, 3], [5, 9, 5], 0),
        ([1, 2, 3], [8, 8, 9], np.sqrt(0.75)),  # ranks 1.5, 1.5, 3
        ([1, 2, 3], [1, 2, np.inf], 1),
    ],
    ids=["same order", "reverse order", "none", "ties have mean ranks", "infinity is the last"],
)
def test_is_known(one, other, expected):
    found = ranks.correlation(np.array(one), np.array(other))
    assert found == (expected if expected in {-1, 0, 1} else pytest.approx(expected))
    assert ranks.correlation(np.array(other), np.array(one)) == found


@pytest.mark.parametrize(
    "values",
    [[2, 2, 2], [1, NAN, 3], [NAN, NAN, NAN]],
    ids=["all equal", "one missing", "all missing"],
)
def test_there_is_none(values):
    order = np.arange(3.0)
    assert np.isnan(ranks.correlation(np.array(values), order))
    assert np.isnan(ranks.correlation(order, np.array(values)))


@pytest.mark.parametrize("n", [0, 1])
def test_of_fewer_than_two_pairs_there_is_none(n):
    assert np.isnan(ranks.correlation(np.arange(float(n)), np.arange(float(n))))


def test_its_interval_is_that_of_drawn_pairs():
    random = np.random.default_rng(1)
    one = random.normal(size=40)
    other = one + random.normal(size=40)
    draws = np.random.default_rng(0).integers(40, size=(999, 40))
    expected = np.quantile([spearmanr(one[each], other[each]).statistic for each in draws], [0.025, 0.975])
    np.testing.assert_allclose(ranks.interval(one, other), expected, atol=1e-12)
    assert ranks.interval(one, 3 * one) == (1, 1)
    for missing in (np.empty(0), np.full(4, NAN)):
        assert np.isnan(ranks.interval(missing, missing)).all()


def _distances(points):
    return abs(points[:, None] - points)


def test_over_pairs_every_pair_counts_once():
    random = np.random.default_rng(2)
    one, other = _distances(random.normal(size=9)), _distances(random.normal(size=9))
    upper = np.triu_indices(9, 1)
    assert ranks.correlation_over_pairs(one, other) == pytest.approx(spearmanr(one[upper], other[upper]).statistic)
    one[3] = one[:, 3] = NAN  # a point that is missing leaves the other pairs
    known = np.isfinite(one[upper])
    expected = spearmanr(one[upper][known], other[upper][known]).statistic
    assert ranks.correlation_over_pairs(one, other) == pytest.approx(expected)


def test_the_interval_over_pairs_draws_points():
    """Distances of two unrelated sets of points; drawing pairs as if they were apart would be far too sure."""
    random = np.random.default_rng(3)
    one, other = _distances(random.normal(size=12)), _distances(random.normal(size=12))
    upper = np.triu_indices(12, 1)
    low, high = ranks.interval_over_pairs(one, other)
    assert low < ranks.correlation_over_pairs(one, other) < high
    surer = ranks.interval(one[upper], other[upper])
    assert high - low > 1.2 * (surer[1] - surer[0])
    assert ranks.interval_over_pairs(one, 2 * one) == (1, 1)


def test_of_fewer_than_three_pairs_there_is_none():
    two = _distances(np.arange(2.0))
    assert np.isnan(ranks.correlation_over_pairs(two, two))
    assert np.isnan(ranks.interval_over_pairs(two, two)).all()
