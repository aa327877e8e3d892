"""Information in binned layers, written plainly: one layer of one network at one epoch at a time."""

from collections import Counter
from collections.abc import Hashable, Iterable

import numpy as np
from numpy.typing import NDArray


def by_dictionary(activations: NDArray, targets: NDArray, edges: NDArray) -> tuple[float, float]:
    """I(X; T) and I(T; Y), bits, of activations (n, d), by the bytes of each sample's bins as keys of dictionaries."""
    states = [np.digitize(sample, edges).tobytes() for sample in activations]
    joint = list(zip(states, targets.tolist(), strict=True))
    layer, target, both = (_entropy_of_counts(some) for some in (states, targets.tolist(), joint))
    return layer, layer + target - both


def _entropy_of_counts(keys: Iterable[Hashable]) -> float:
    counts = np.array(list(Counter(keys).values()))
    return _entropy(counts)


def by_unique(activations: NDArray, targets: NDArray, edges: NDArray) -> tuple[float, float]:
    """I(X; T) and I(T; Y), bits, of activations (n, d), by the distinct rows of the table of bins."""
    bins = np.digitize(activations, edges)
    tables = (bins, targets[:, None], np.column_stack([bins, targets]))
    layer, target, both = (_entropy(np.unique(table, axis=0, return_counts=True)[1]) for table in tables)
    return layer, layer + target - both


def by_state(activations: NDArray, targets: NDArray, edges: NDArray) -> tuple[float, float]:
    """I(X; T) and I(T; Y), bits, of activations (n, d), as H(Y) − Σ_t p(t) H(Y | t) with a search for each state t."""
    states = [sample.tobytes() for sample in np.digitize(activations, edges)]
    counts = Counter(states)
    numbers = {state: number for number, state in enumerate(counts)}
    numbered = np.array([numbers[state] for state in states])
    conditional = 0.0
    for state, count in counts.items():
        own = targets[numbered == numbers[state]]
        conditional += count / len(states) * _entropy(np.unique(own, return_counts=True)[1])
    layer = _entropy(np.array(list(counts.values())))
    return layer, _entropy(np.unique(targets, return_counts=True)[1]) - conditional


def _entropy(counts: NDArray) -> float:
    p = counts / counts.sum()
    return float(-(p * np.log2(p)).sum())
