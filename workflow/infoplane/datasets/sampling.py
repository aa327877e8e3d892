"""Drawing a part of the samples."""

import numpy as np
import numpy.typing as npt

from infoplane.errors import ConfigError

_STREAM = 0x737562736574  # "subset" in ASCII: keeps these draws apart from others made of the same seed


def subset(size: int, *, seed: int, limit: int | None = None, fraction: float | None = None) -> npt.NDArray[np.int64]:
    """Draw samples without replacement: the first of a permutation that only the size and the seed determine.

    So the subsets of one seed are nested: a smaller one is contained in a larger one.

    Parameters
    ----------
    size
        Number of samples to draw from.
    seed
        Seed of ``np.random.default_rng([seed, 0x737562736574])``, at least 0.
    limit
        Draw at most this many, at least 1; more than there are means all.
    fraction
        Draw this part, above 0 and up to 1, rounded to whole samples, at least one. With a limit, the smaller of the
        two; with neither, all.

    Returns
    -------
    ndarray
        Indices in rising order, int64.

    Raises
    ------
    ConfigError
        If size, seed, limit or fraction is out of its range.
    """
    _check(size, seed, limit, fraction)
    order = np.random.default_rng([seed, _STREAM]).permutation(size)
    count = size if fraction is None else max(1, round(fraction * size))
    return np.sort(order[: count if limit is None else min(count, limit)]).astype(np.int64)


def _check(size: int, seed: int, limit: int | None, fraction: float | None) -> None:
    if size < 1:
        raise ConfigError(f"size {size}: there are no samples to draw from; accepted: at least 1")
    if seed < 0:
        raise ConfigError(f"seed {seed}: accepted: at least 0")
    if limit is not None and limit < 1:
        raise ConfigError(f"limit {limit}: accepted: at least 1 sample")
    if fraction is not None and not 0 < fraction <= 1:
        raise ConfigError(f"fraction {fraction}: accepted: above 0 and up to 1")
