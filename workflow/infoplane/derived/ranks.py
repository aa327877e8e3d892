"""Correlation of ranks."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


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


def _centred(values: Array) -> Array:
    """Ranks (n,) of values (n,), less their mean."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    mean_ranks = np.cumsum(counts) - (counts - 1) / 2
    centred: Array = mean_ranks[place] - (len(values) + 1) / 2
    return centred
