"""A smooth manifold whose dimension is known, generated: random cosines of points of a cube.

Ours: Yu and Príncipe 2019 take synthetic manifolds of known dimension too, but which ones we do not know.

With k the `dimension` and D the `ambient` one, a sample is the point u of the cube [0, 1]^k, drawn uniformly, at

    x_j = ½ + ½ cos(ω_j · u + b_j),   j = 1 … D,

where ω_j, of k entries, are drawn from a normal distribution of standard deviation π/√k, so that the phase has the same
spread for any k, and b_j uniformly from [0, 2π). They are drawn once for a data set. So x is in [0, 1]^D, the range of
a sigmoid, and spans more dimensions than k: linearly, 23 for 99 % of the variance at k = 4. Noise, where there is any,
is normal, independent for each of the D numbers, and cut where it would leave [0, 1].

For D ≥ 2k + 1, which is asked for, the map is an embedding of the cube for almost every draw, and the dimension of its
image exactly k:

- Its Jacobian, with rows −½ sin(ω_j · u + b_j) ω_j, has rank k at every u. A sine is 0 on parallel hyperplanes, of
  which no more than k of different j meet in one point, so that at least D − k ≥ k rows are not 0; and any k of the ω_j
  are linearly independent.
- It is injective. Equal cosines at u and u′ mean ω_j · (u − u′) or ω_j · (u + u′) + 2b_j in 2πℤ for every j:
  D equations for the 2k unknowns, which have no solution but u = u′.

With noise the dimension of the data is D, and k what is left of it at distances beyond the noise.

`train` has as many samples as are asked for and `test` a fifth of that, of points of its own. Targets are the points u,
continuous; with `target: input` they are the samples themselves.
"""

import hashlib
import math
from functools import partial

import numpy as np
import numpy.typing as npt

from infoplane.datasets.content import Arrays, Description, Page
from infoplane.targets import CONTINUOUS

NAME = "manifold"
_TEST_EVERY = 5
_COSINES, _POINTS, _NOISE = 1, 2, 3  # streams of random numbers that never meet
_Floats = npt.NDArray[np.float64]


def page(*, dimension: int = 4, ambient: int = 100, samples: int = 5000, noise: float = 0.0, seed: int = 0) -> Page:
    """A manifold, as this module says.

    Parameters
    ----------
    dimension
        Of the manifold, k, at least 1.
    ambient
        Of the space that it lies in, D, at least 2k + 1.
    samples
        Of ``train``, at least 5.
    noise
        Standard deviation of the noise, in the unit of x, whose range is 1.
    seed
        Of the cosines, the points and the noise.

    Raises
    ------
    ValueError
        If an option is out of range.
    """
    _check_whole("dimension", dimension, least=1)
    _check_whole("ambient", ambient, least=2 * dimension + 1)
    _check_whole("samples", samples, least=_TEST_EVERY)
    _check_whole("seed", seed, least=0)
    if isinstance(noise, bool) or not isinstance(noise, int | float) or not 0 <= noise < math.inf:
        raise ValueError(f"noise is {noise!r}; accepted: a number ≥ 0")
    sizes = {"train": samples, "test": samples // _TEST_EVERY}
    # All that is drawn follows from these, but for last bits, which differ between machines.
    chosen = f"{NAME} {dimension} {ambient} {samples} {float(noise)} {seed}"
    checksum = hashlib.sha256(chosen.encode()).hexdigest()
    description = Description(NAME, (ambient,), dimension, sizes, checksum, CONTINUOUS)
    return Page(description, partial(_read, description, noise, seed))


def embedded(points: _Floats, *, ambient: int, seed: int) -> _Floats:
    """The samples (n, D), without noise, at points (n, k) of the cube."""
    random = np.random.default_rng([seed, _COSINES])
    k = points.shape[1]
    frequencies = random.normal(0, np.pi / math.sqrt(k), (k, ambient))
    phases: _Floats = points @ frequencies + random.uniform(0, 2 * np.pi, ambient)
    return 0.5 + 0.5 * np.cos(phases)


def _read(description: Description, noise: float, seed: int) -> Arrays:
    random, around = (np.random.default_rng([seed, stream]) for stream in (_POINTS, _NOISE))
    (ambient,), splits = description.shape, []
    for size in description.sizes.values():
        points = random.uniform(size=(size, description.classes))
        samples = embedded(points, ambient=ambient, seed=seed)
        if noise:
            samples = np.clip(samples + around.normal(0, noise, samples.shape), 0, 1)
        splits += [samples.astype(np.float32), points.astype(np.float32)]
    return Arrays(*splits)


def _check_whole(name: str, value: object, *, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} is {value!r}; accepted: a whole number ≥ {least}")
