"""The probe: the samples on which networks are looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from infoplane.errors import ConfigError

_STREAMS = {"train": 11, "test": 12}  # streams of random numbers, one per split


@dataclass(frozen=True)
class Probe:
    """Probe batches of all splits, one after the other.

    Parameters
    ----------
    sample_index
        In its split, (S, P, n) for S networks, P probe batches and n samples.
    split
        Of each probe batch, (P,).
    """

    sample_index: np.ndarray
    split: tuple[str, ...]

    def gathered(self, arrays: Mapping[str, np.ndarray], seed: int) -> np.ndarray:
        """Values of arrays (one per split) at the samples of one network, (P, n, …)."""
        own = zip(self.split, self.sample_index[seed], strict=True)
        return np.stack([arrays[split][indices] for split, indices in own])


def draw(settings: Mapping[str, Any], sizes: Mapping[str, int], train_index: np.ndarray) -> Probe:
    """Draw probe batches without repetition.

    The draw depends on the probe's own seed, so that all networks are looked at on the same samples; a network
    that was trained on a part of the data is looked at on samples of that part.

    Parameters
    ----------
    settings
        The experiment's `probe`.
    sizes
        Samples of each split.
    train_index
        Samples that each network was trained on, (S, m).

    Raises
    ------
    ConfigError
        If the probe is larger than a split.
    """
    count, size = settings["batches"], settings["size"]
    parts = []
    for split in settings["splits"]:
        order = np.random.default_rng([settings["seed"], _STREAMS[split]]).permutation(sizes[split])
        own = (
            train_index
            if split == "train"
            else np.broadcast_to(np.arange(sizes[split]), (len(train_index), sizes[split]))
        )
        if own.shape[1] < count * size:
            raise ConfigError(
                f"probe takes {count} × {size} = {count * size} samples of split {split!r}, which has {own.shape[1]} "
                "to draw from; make probe.size or probe.batches smaller"
            )
        chosen = np.stack([order[np.isin(order, each)][: count * size] for each in own])
        parts.append(chosen.reshape(len(own), count, size))
    splits = tuple(split for split in settings["splits"] for _ in range(count))
    return Probe(np.concatenate(parts, axis=1), splits)


def all_equal(arrays: list[np.ndarray]) -> bool:
    """Whether all networks are looked at on the same samples."""
    return all(np.array_equal(each, arrays[0]) for each in arrays)
