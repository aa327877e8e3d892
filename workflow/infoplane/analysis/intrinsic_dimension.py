"""How many dimensions the samples of a data set have, whatever network looks at them and through whatever kernel.

Two estimates of the library scikit-dimension, both from the distances of samples to their nearest neighbours. Samples
are taken as points of a manifold of dimension d, whose density is the same as far as these neighbours:

- TwoNN (Facco et al. 2017, doi 10.1038/s41598-017-11873-y): the ratio μ of the distances to the second and the first
  neighbour has the distribution F(μ) = 1 − μ^(−d), and d is the slope of a line through the origin that is fitted to
  −ln(1 − F) against ln μ, without the largest tenth of the ratios.
- Maximum likelihood (Levina and Bickel 2005, NIPS 17): of one sample, m = (k − 1) / Σ_j ln(T_k / T_j), where T_j is the
  distance to its j-th neighbour, j < k = 20. Of all samples, d is the inverse of the mean of 1/m, as MacKay and
  Ghahramani have it in their comment on that paper (2005); the library calls that ``comb="mle"``.

When not to believe them. Both are too low where samples are few for their dimension: neighbours are then so far away
that the manifold ends or bends in between. Of 15,000 samples of the data set `manifold`, whose dimension is exact,
three subsets of 5,000 give

| dimension | TwoNN | maximum likelihood |
|---|---|---|
| 2 | 2.00 to 2.03 | 1.97 to 1.99 |
| 4 | 3.89 to 3.92 | 3.79 to 3.81 |
| 8 | 7.13 to 7.62 | 7.22 to 7.28 |
| 16 | 13.6 to 13.9 | 13.6 to 13.6 |

so that agreement, between subsets or methods, says nothing of this bias. Noise has as many dimensions as a sample has
numbers, and makes both too high where it reaches as far as neighbours do: 11.9 and 6.5 for dimension 4, at a standard
deviation of 5 % of the range. Samples on a grid, such as patterns of bits, lie on no manifold. And one number stands
for all samples, though those of different classes may lie on manifolds of different dimensions.
"""

import logging
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from skdim.id import MLE, TwoNN

from infoplane import labels
from infoplane.measures import gram

log = logging.getLogger(__name__)
NEIGHBOURS = 20
_SUBSETS, _SIZE, _SEED = 3, 5000, 0
_Floats = npt.NDArray[np.float64]


def intrinsic_dimension(x: npt.NDArray[Any]) -> xr.Dataset:
    """Estimate the dimension of samples, three times over, from three disjoint subsets.

    A sample that is there several times counts once, since neighbours at no distance have no ratio of distances. What
    is left is shuffled (``np.random.default_rng(0)``: the seed is ours), and each subset gets a third, at most 5,000.

    Parameters
    ----------
    x
        Samples (n, …), floating point and finite; flattened, and in float64 from there on.

    Returns
    -------
    xarray.Dataset
        The group ``/intrinsic_dimension`` of the data model, for one data set: a pure number for every method and
        subset (the `repetition`). NaN, with a warning in the log, where a subset has no more than 20 samples, and where
        neighbours are all equally far.
    """
    flat = x.reshape(len(x), -1)
    estimates = [_estimates(flat[chosen]) for chosen in _subsets(_distinct(flat))]
    coords = {"method": list(estimates[0]), "repetition": np.arange(_SUBSETS)}
    values = np.array([list(each.values()) for each in estimates]).T
    return labels.label("intrinsic_dimension", {"intrinsic_dimension": values}, coords)


def two_nn(distances: _Floats) -> float:
    """Dimension by the ratio of the distances to the first two neighbours; not a finite number above 0 on a grid.

    Parameters
    ----------
    distances
        Of every sample to its neighbours, ascending and above 0, (n, k), k ≥ 2.
    """
    return float(TwoNN(dist=True).fit(distances[:, :2]).dimension_)


def maximum_likelihood(distances: _Floats) -> float:
    """Dimension by the likelihood of the distances to all k neighbours; as `two_nn` otherwise."""
    with np.errstate(divide="ignore"):  # neighbours that are all equally far
        # With neighbours that are known, the library does no more than count its first argument.
        found = MLE().fit(distances, precomputed_knn_arrays=(distances, None), n_neighbors=NEIGHBOURS, comb="mle")
    return float(found.dimension_)


def neighbours(x: _Floats) -> _Floats:
    """Distances of every sample of x (n, d) to its 20 nearest neighbours, ascending, (n, 20); n > 20."""
    samples = torch.from_numpy(x)
    nearest = gram.squared_distances(samples).fill_diagonal_(torch.inf).topk(NEIGHBOURS, largest=False).indices
    # Anew from their differences: products round to 0 where samples nearly agree.
    distances = [torch.linalg.vector_norm(samples[each] - samples, dim=1) for each in nearest.T]
    return torch.stack(distances, dim=1).sort(dim=1).values.numpy()


def _estimates(x: npt.NDArray[Any]) -> dict[str, float]:
    """By the name of the method, of one subset (n, d)."""
    methods = {"two_nn": two_nn, "maximum_likelihood": maximum_likelihood}
    if len(x) <= NEIGHBOURS:
        log.warning("a subset of %d different samples has no dimension; more than %d are needed", len(x), NEIGHBOURS)
        return dict.fromkeys(methods, np.nan)
    distances = neighbours(x.astype(np.float64))
    return {name: _known(name, method(distances)) for name, method in methods.items()}


def _known(name: str, value: float) -> float:
    """A dimension, or NaN in place of what is none."""
    if 0 < value < np.inf:
        return value
    log.warning("%s: neighbours are all equally far, as on a grid, which says nothing of a dimension", name)
    return np.nan


def _distinct(x: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Indices of samples (n, d) of which no two are equal."""
    found = {sample.tobytes(): index for index, sample in enumerate(x + 0)}  # -0 + 0 is 0, so that both are one
    if len(found) < len(x):
        log.info("%d of %d samples are there several times and count once", len(x) - len(found), len(x))
    return np.array(list(found.values()))


def _subsets(indices: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Disjoint random subsets of them, (3, size)."""
    size = min(_SIZE, len(indices) // _SUBSETS)
    order = np.random.default_rng(_SEED).permutation(indices)
    return order[: _SUBSETS * size].reshape(_SUBSETS, size)
