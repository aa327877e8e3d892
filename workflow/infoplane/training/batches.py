"""Which samples a network sees when: a function of its seed and of the moment alone, so that nothing needs resuming."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

_ORDER, _GRADIENT, _EVALUATION = 1, 2, 3  # streams of random numbers that never meet


class Batches:
    """Mini-batches of the training data of several networks.

    Parameters
    ----------
    inputs, targets
        The whole training split, (n, …) and (n[, …]).
    indices
        Of the samples that each network trains on, (S, m).
    seeds
        Of each network.
    size
        Samples per mini-batch; the last one of an epoch may be smaller.
    """

    def __init__(
        self, inputs: Tensor, targets: Tensor, indices: np.ndarray, seeds: Sequence[int], *, size: int
    ) -> None:
        self._inputs, self._targets, self._indices, self._seeds = inputs, targets, indices, seeds
        self._size: int = min(size, indices.shape[1])
        self._epoch, self._order = -1, indices
        self.per_epoch = -(-indices.shape[1] // self._size)

    def at(self, step: int) -> tuple[Tensor, Tensor]:
        """Inputs (S, b, …) and targets (S, b[, …]) of an update, in an order drawn anew for every epoch."""
        return self._taken(self.indices(step))

    def indices(self, step: int) -> np.ndarray:
        """Samples (S, b) of an update, by their index in the split."""
        epoch, position = divmod(step, self.per_epoch)
        if epoch != self._epoch:
            self._epoch, self._order = epoch, self._shuffled(_ORDER, epoch)
        return self._order[:, position * self._size : (position + 1) * self._size]

    def count(self, step: int) -> int:
        """Samples of an update."""
        left: int = self._indices.shape[1] - step % self.per_epoch * self._size
        return min(self._size, left)

    def for_gradients(self, step: int, *, count: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Full mini-batches for the gradient's spread at a step, without repetition: at most as many as there are."""
        drawn = self._shuffled(_GRADIENT, step)
        for start in range(0, min(count, drawn.shape[1] // self._size) * self._size, self._size):
            yield self._taken(drawn[:, start : start + self._size])

    def for_evaluation(self, *, size: int) -> tuple[Tensor, Tensor]:
        """At most `size` samples of each network's own, always the same."""
        return self._taken(self._shuffled(_EVALUATION, 0)[:, :size])

    def _shuffled(self, stream: int, moment: int) -> np.ndarray:
        return np.stack(
            [
                np.random.default_rng([seed, stream, moment]).permutation(own)
                for seed, own in zip(self._seeds, self._indices, strict=True)
            ]
        )

    def _taken(self, indices: np.ndarray) -> tuple[Tensor, Tensor]:
        chosen = torch.from_numpy(indices).to(self._inputs.device)
        inputs, targets = (each.index_select(0, chosen.flatten()) for each in (self._inputs, self._targets))
        return inputs.reshape(*chosen.shape, *inputs.shape[1:]), targets.reshape(*chosen.shape, *targets.shape[1:])
