"""What a result is held against: the same quantities where there is nothing to be found.

``shuffled_samples`` permutes the samples of every feature map by itself: each keeps its own spectrum, and loses its
relation to the input, to the target and to the other maps. ``permuted_labels`` permutes the targets. A quantity that
a control leaves as it is has NaN there. The untrained network, the third control, is epoch 0 of every run.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

NONE, SHUFFLED, PERMUTED = "none", "shuffled_samples", "permuted_labels"
_SAMPLES, _LABELS = 21, 22  # streams of random numbers that never meet


def shuffled(maps: Tensor, *, seed: int, depth: int) -> Tensor:
    """Gram matrices (P, C, n, n) with the samples of each permuted by itself.

    Parameters
    ----------
    maps
        Gram matrices.
    seed, depth
        Of the network and of the layer; they fix the permutations, which are the same at every epoch.
    """
    rows = _orders(*maps.shape[:3], seed=seed, depth=depth)[..., None].expand_as(maps)
    return maps.gather(-2, rows).gather(-1, rows.mT)


def shuffled_values(values: Tensor, *, channels: int, seed: int, depth: int) -> Tensor:
    """Values (P, n, …) of a layer with the samples of each feature map permuted by itself, as `shuffled` does.

    Parameters
    ----------
    values
        Of the layer.
    channels
        Its feature maps, the first of the further dimensions; 1 if it has none.
    seed, depth
        As in `shuffled`.
    """
    batches, n = values.shape[:2]
    maps = values.reshape(batches, n, channels, -1)
    orders = _orders(batches, channels, n, seed=seed, depth=depth).mT
    return maps.gather(1, orders[..., None].expand_as(maps)).reshape(values.shape)


def _orders(batches: int, channels: int, n: int, *, seed: int, depth: int) -> Tensor:
    """Permutations of n samples, (P, C, n)."""
    random = np.random.default_rng([seed, _SAMPLES, depth])
    return torch.from_numpy(random.permuted(np.tile(np.arange(n), (batches, channels, 1)), axis=-1))


def permuted(targets: Tensor, *, seed: int) -> Tensor:
    """Targets (P, n, …), permuted within each probe batch: their entropy stays."""
    order = np.random.default_rng([seed, _LABELS]).permuted(
        np.tile(np.arange(targets.shape[1]), (targets.shape[0], 1)), axis=1
    )
    return targets.take_along_dim(torch.from_numpy(order).reshape(*order.shape, *[1] * (targets.ndim - 2)), 1)


def names(controls: Sequence[str]) -> list[str]:
    """The networks as they are, and their controls."""
    return [NONE, *controls]
