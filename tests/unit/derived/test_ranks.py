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
