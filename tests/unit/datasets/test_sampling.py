from itertools import pairwise

import numpy as np
import pytest

from infoplane.datasets import subset
from infoplane.errors import ConfigError


def test_draws_sorted_distinct_indices_and_repeats_them() -> None:
    drawn = subset(100, seed=3, limit=20)
    assert drawn.dtype == np.int64
    assert len(drawn) == 20
    assert (np.diff(drawn) > 0).all()
    assert set(drawn) <= set(range(100))
    np.testing.assert_array_equal(drawn, subset(100, seed=3, limit=20))


def test_draws_the_documented_stream() -> None:
    """Changing the stream would silently change the training samples of every published run."""
    expected = np.random.default_rng([7, int.from_bytes(b"subset")]).permutation(50)[:5]
    np.testing.assert_array_equal(subset(50, seed=7, limit=5), np.sort(expected))
    assert subset(50, seed=7, limit=5).tolist() == [11, 23, 31, 47, 49]


def test_seeds_draw_different_samples() -> None:
    assert set(subset(1000, seed=0, limit=100)) != set(subset(1000, seed=1, limit=100))


def test_smaller_subsets_of_a_seed_lie_in_larger_ones() -> None:
    fractions = [0.01, 0.1, 0.35, 0.8, 1.0]
    drawn = [set(subset(997, seed=5, fraction=fraction)) for fraction in fractions]
    assert [len(indices) for indices in drawn] == [10, 100, 349, 798, 997]
    assert all(small < large for small, large in pairwise(drawn))
    assert set(subset(997, seed=5, limit=50)) < drawn[1]


def test_without_limit_or_with_a_large_one_takes_all() -> None:
    assert subset(5, seed=0).tolist() == [0, 1, 2, 3, 4]
    assert subset(5, seed=0, limit=6).tolist() == [0, 1, 2, 3, 4]


def test_limit_and_fraction_together_take_the_smaller() -> None:
    assert len(subset(100, seed=0, limit=30, fraction=0.5)) == 30
    assert len(subset(100, seed=0, limit=70, fraction=0.5)) == 50


def test_a_tiny_fraction_still_draws_one_sample() -> None:
    assert len(subset(10, seed=0, fraction=1e-6)) == 1


def test_draws_evenly() -> None:
    """Each of 20 samples is in a fifth of the draws, to within 5 standard deviations of a binomial count."""
    counts = np.bincount(np.concatenate([subset(20, seed=seed, limit=4) for seed in range(1000)]), minlength=20)
    assert abs(counts - 200).max() < 5 * np.sqrt(1000 * 0.2 * 0.8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 0, "seed": 0}, r"size 0: .*accepted: at least 1"),
        ({"size": 5, "seed": -1}, r"seed -1: accepted: at least 0"),
        ({"size": 5, "seed": 0, "limit": 0}, r"limit 0: accepted: at least 1 sample"),
        ({"size": 5, "seed": 0, "fraction": 0.0}, r"fraction 0\.0: accepted: above 0 and up to 1"),
        ({"size": 5, "seed": 0, "fraction": 1.5}, r"fraction 1\.5"),
        ({"size": 5, "seed": 0, "fraction": float("nan")}, r"fraction nan"),
    ],
)
def test_refuses_what_is_out_of_range(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        subset(**arguments)
