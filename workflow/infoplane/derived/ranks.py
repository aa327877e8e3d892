"""Correlation of ranks, and how sure it is."""

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Interval = tuple[float, float]
LEVEL = 0.95
_RESAMPLES = 999
_FEWEST = 3  # pairs of a correlation


def correlation(one: Array, other: Array) -> float:
    """Spearman's rank correlation (Spearman 1904): the correlation of the ranks of two kinds of values.

    With centred ranks a, b it is a·b / √(a·a b·b). Equal values share the mean of their ranks. Ranks are halves of
    whole numbers, so that no correlation is exactly 0, and the same order, or its reverse, exactly ±1.

    Parameters
    ----------
    one, other
        Values in pairs, (n,) each.

    Returns
    -------
    float
        From -1 to 1; NaN where a value is missing, or all of one kind are equal.
    """
    if np.isnan(one).any() or np.isnan(other).any():
        return float("nan")
    a, b = _centred(one), _centred(other)
    spread = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / spread if spread else float("nan")


def interval(one: Array, other: Array) -> Interval:
    """95 % interval of their rank correlation by the percentile bootstrap (Efron 1979).

    Parameters
    ----------
    one, other
        Values in pairs, (n,) each; the pairs are drawn.

    Returns
    -------
    tuple
        Lower and upper end; NaN where there is no correlation.
    """
    return _interval(len(one), lambda drawn: correlation(one[drawn], other[drawn]))


def correlation_over_pairs(one: Array, other: Array) -> float:
    """Rank correlation of two kinds of distances, (n, n) each and symmetric, every pair once; NaN for under three."""
    return _over_pairs(one, other, np.arange(len(one)))


def interval_over_pairs(one: Array, other: Array) -> Interval:
    """Its 95 % interval; not the pairs are drawn, which share points, but the n points, and with them their pairs.

    A point that is drawn twice is no pair with itself.
    """
    return _interval(len(one), lambda drawn: _over_pairs(one, other, drawn))


def _over_pairs(one: Array, other: Array, points: Array) -> float:
    first, second = np.triu_indices(len(points), 1)
    first, second = points[first], points[second]
    known = (first != second) & np.isfinite(one[first, second]) & np.isfinite(other[first, second])
    if known.sum() < _FEWEST:
        return float("nan")
    return correlation(one[first, second][known], other[first, second][known])


def _interval(count: int, of: Callable[[Array], float]) -> Interval:
    drawn = np.random.default_rng(0).integers(count, size=(_RESAMPLES, count)) if count else np.empty((0, 0), int)
    found = np.array([of(each) for each in drawn])
    if not np.isfinite(found).any():
        return float("nan"), float("nan")
    low, high = np.nanquantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _centred(values: Array) -> Array:
    """Ranks (n,) of values (n,), less their mean."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    mean_ranks = np.cumsum(counts) - (counts - 1) / 2
    centred: Array = mean_ranks[place] - (len(values) + 1) / 2
    return centred
