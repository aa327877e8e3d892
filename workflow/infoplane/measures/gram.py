"""Gram matrices of unit trace, the one form in which samples enter the matrix-based entropies.

Kernels are normalised to k(x, x) = 1 and then divided by n (Sánchez Giraldo et al. 2015), so A_ij = K_ij / n, tr A = 1
and every diagonal entry is 1/n. The width σ means exp(−‖x − x′‖² / (2σ²)), with the factor 2, everywhere in this
project.
"""

import itertools
import math

import torch
from torch import Tensor
from torch.nn import functional

from infoplane.measures import checks
from infoplane.measures.bandwidths import (
    aligned_bandwidth,
    alignment_candidates,
    exponential_moving_average,
    median_bandwidth,
    silverman_bandwidth,
    standardise,
    tapia_estevez_bandwidth,
)

__all__ = [
    "aligned_bandwidth",
    "alignment_candidates",
    "classes",
    "drop_negligible",
    "exponential_moving_average",
    "gaussian",
    "gaussian_from_distances",
    "label_sets",
    "labels",
    "median_bandwidth",
    "silverman_bandwidth",
    "squared_distances",
    "standardise",
    "tapia_estevez_bandwidth",
]

# An entry counts as nothing below this fraction of the smallest diagonal entry: see `drop_negligible`.
_NEGLIGIBLE = 1e-40

# No exponent below this leads to an entry that counts. Where exp(x) underflows, processors are 50 times slower.
_NEGLIGIBLE_EXPONENT = -100

# Room for the rounding of 1/n, and of products and quotients of such entries.
_INDICATOR_TOLERANCE = 1e-12

# Values are brought to float64 and centred this many bytes at a time, so that a wide layer is never copied whole: on a
# processor what stays in its cache, elsewhere what keeps it busy.
_BLOCK_BYTES = {"cpu": 2**23}
_DEVICE_BLOCK_BYTES = 2**28

# Rows are multiplied in at most so many bands, and in none of fewer rows: thinner products run at half the speed.
_BANDS = 8
_BAND_ROWS = {"cpu": 128}
_DEVICE_BAND_ROWS = 1024


def squared_distances(x: Tensor, *, batch_dims: int = 0) -> Tensor:
    """Squared Euclidean distances between the samples, ‖x_i − x_j‖².

    Computed as ‖x_i‖² + ‖x_j‖² − 2 x_i·x_j on centred float64 data, for i > j: some more than half of a matrix product,
    never an n × n × d array. The absolute error is a few units of rounding of the largest ‖x_i − mean‖².

    Parameters
    ----------
    x
        (*batch, n, *features), floating point or integer; any number of feature dimensions, or none.
    batch_dims
        How many leading dimensions are batch.

    Returns
    -------
    Tensor
        (*batch, n, n), float64, in squared units of `x`: symmetric, not negative, exactly 0 on the diagonal.

    Raises
    ------
    ValueError
        If `x` is empty, complex, not finite, so large that squares overflow, or has too few dimensions.
    """
    lower = _inner_products(checks.samples(x, "x", batch_dims=batch_dims))
    norms = lower.diagonal(dim1=-2, dim2=-1).clone()
    if not math.isfinite(4 * norms.amax().item()):  # no squared distance is above four times the largest norm
        checks.finite(x, "x")
        raise ValueError(f"x must have squares within float64, got entries up to {x.abs().max().item():.3g}")
    torch.sub(norms[..., :, None], lower, alpha=2, out=lower)
    lower.add_(norms[..., None, :]).clamp_(min=0).tril_(-1)
    return lower + lower.mT


def _inner_products(x: Tensor) -> Tensor:
    """Inner products of the centred rows of x (*batch, n, d): (*batch, n, n), on and below the diagonal at least."""
    n, d = x.shape[-2:]
    inner = x.new_zeros(*x.shape[:-1], n, dtype=torch.float64)
    entries = max(n, _BLOCK_BYTES.get(x.device.type, _DEVICE_BLOCK_BYTES) // 8)
    count, width = max(1, entries // (n * d)), entries // n
    # All blocks go through one piece of memory: to be given a new one for each would take longer than to fill it.
    room = x.new_empty(min(entries, x.numel()), dtype=torch.float64)
    stacks, sums = x[None], inner[None]
    for place in itertools.product(*map(range, stacks.shape[:-3])):
        matrices, products = stacks[place], sums[place]
        for start, first in itertools.product(range(0, len(matrices), count), range(0, d, width)):
            block = matrices[start : start + count, :, first : first + width]
            values = room[: block.numel()].view(block.shape).copy_(block)
            values -= values.mean(-2, keepdim=True)
            _add_products(values, products[start : start + count])
    return inner


def _add_products(rows: Tensor, inner: Tensor) -> None:
    """Add the inner products of rows (m, n, d) to (m, n, n), on and below the diagonal at least, band by band."""
    n = rows.shape[-2]
    least = _BAND_ROWS.get(rows.device.type, _DEVICE_BAND_ROWS)
    height = math.ceil(n / min(_BANDS, max(1, n // least)))
    for start in range(0, n, height):
        stop = start + height
        inner[:, start:stop, :stop].baddbmm_(rows[:, start:stop], rows[:, :stop].mT)


def gaussian(x: Tensor, *, bandwidth: float | Tensor, batch_dims: int = 0) -> Tensor:
    """Gram matrix of the Gaussian kernel, A_ij = exp(−‖x_i − x_j‖² / (2σ²)) / n.

    Parameters
    ----------
    x
        (*batch, n, *features), floating point or integer.
    bandwidth
        σ, in units of `x`: a number, or a tensor that broadcasts with the batch.
    batch_dims
        How many leading dimensions are batch.

    Returns
    -------
    Tensor
        (*batch, n, n), float64, unit trace; all ones over n where all samples are equal.

    Raises
    ------
    ValueError
        As `squared_distances` and `gaussian_from_distances`.
    """
    return _gaussian(squared_distances(x, batch_dims=batch_dims), bandwidth)


def gaussian_from_distances(squared_distances: Tensor, *, bandwidth: float | Tensor) -> Tensor:
    """Gram matrix of the Gaussian kernel from squared distances, A_ij = exp(−d²_ij / (2σ²)) / n.

    Parameters
    ----------
    squared_distances
        (*batch, n, n), symmetric, not negative, 0 on the diagonal.
    bandwidth
        σ, in the unit of the distances: a number, or a tensor that broadcasts with the batch (and may extend it: m
        candidates on one matrix give (m, n, n)).

    Returns
    -------
    Tensor
        (*batch, n, n), float64, unit trace. Entries below 1e-40 / n are exactly 0: see `drop_negligible`.

    Raises
    ------
    ValueError
        If the distances are not square, finite, symmetric, at least 0 and 0 on the diagonal; or if a bandwidth is not
        above 0 and finite, or does not broadcast.
    """
    return _gaussian(checks.squared_distances(squared_distances, "squared_distances"), bandwidth)


def _gaussian(squared_distances: Tensor, bandwidth: float | Tensor) -> Tensor:
    """As `gaussian_from_distances`, for distances that need no check."""
    sigma = checks.positive_tensor(bandwidth, "bandwidth", device=squared_distances.device)
    checks.broadcasting(sigma, "bandwidth", batch=squared_distances.shape[:-2])
    # The limit of a tiny σ is the identity: an infinite rate would make 0 · inf of the diagonal.
    rate = (0.5 / sigma.square()).clamp(max=torch.finfo(torch.float64).max)
    kernel = (-rate[..., None, None] * squared_distances).clamp_(min=_NEGLIGIBLE_EXPONENT).exp_()
    return functional.threshold(kernel, _NEGLIGIBLE, 0.0, inplace=True).div_(squared_distances.shape[-1])


def drop_negligible(gram: Tensor) -> Tensor:
    """The Gram matrices (*batch, n, n), which need no check, with every entry set to 0 that cannot matter.

    Products of tiny entries become denormal numbers, on which processors are some 50 times slower, in a Hadamard
    product as in an eigensolver. Dropped are the entries E with |E_ij| < 1e-40 · min_k A_kk. As min_k A_kk ≤ 1/n, the
    Frobenius norm of E is below 1e-40, and by Weyl's inequality no eigenvalue moves further: the solver's own
    rounding, eps · λ_max ≥ eps / n, is 10²⁰ times that at n = 10⁴. The same holds of every Hadamard
    product with further Gram matrices, as |B_ij| ≤ √(B_ii B_jj) keeps the entry's ratio to the diagonal from rising.
    """
    smallest = gram.diagonal(dim1=-2, dim2=-1).amin().item()
    return functional.hardshrink(gram, _NEGLIGIBLE * max(smallest, 0.0))


def labels(y: Tensor) -> Tensor:
    """Gram matrix of the indicator kernel, A_ij = [y_i = y_j] / n.

    Its eigenvalues are the class frequencies, so its entropy is the Rényi entropy of those.

    Parameters
    ----------
    y
        (*batch, n), classes as integers (or booleans).

    Returns
    -------
    Tensor
        (*batch, n, n), float64, unit trace.

    Raises
    ------
    ValueError
        If `y` is not of an integer type, or has no dimension.
    """
    y = checks.classes(y, "y")
    return (y[..., :, None] == y[..., None, :]).double().div_(y.shape[-1])


def label_sets(y: Tensor) -> Tensor:
    """Gram matrix of the Jaccard similarity of sets of labels, A_ij = |Y_i ∩ Y_j| / |Y_i ∪ Y_j| / n.

    It is positive definite, strictly so on sets that differ (Gower 1971; Bouchard, Jousselme and Doré 2013), so that
    the entropy tells any two distributions over sets apart. Two empty sets are alike, and an empty one is like no
    other. Where every sample has one label it is the indicator, the Gram matrix of `labels`, entry by entry.

    Parameters
    ----------
    y
        (*batch, n, k), 1 for each of k labels that a sample has and 0 for the others, as integers (or booleans).

    Returns
    -------
    Tensor
        (*batch, n, n), float64, unit trace.

    Raises
    ------
    ValueError
        If `y` is not of an integer type, has fewer than two dimensions, or holds other numbers than 0 and 1.
    """
    y = checks.label_sets(y, "y").double()
    shared = y @ y.mT
    sizes = y.sum(-1)
    united = sizes[..., :, None] + sizes[..., None, :] - shared
    return torch.where(united > 0, shared / united.clamp(min=1), 1.0).div_(y.shape[-2])


def classes(gram: Tensor) -> Tensor:
    """The inverse of `labels`: the class of each sample, where a Gram matrix is that of an indicator.

    Parameters
    ----------
    gram
        (*batch, n, n), float64, unit trace; not checked.

    Returns
    -------
    Tensor
        (*batch, n), int64: the index of the first sample of the same class; −1 throughout where the entries are not
        0 and 1/n (to 1e-12) in consistent blocks.
    """
    found = gram.new_full(gram.shape[:-1], -1, dtype=torch.int64)
    # The first row tells nearly every other matrix from an indicator, at 1/n of the cost.
    plausible = _is_indicator(gram[..., 0, :], n=gram.shape[-1]).all(-1)
    if plausible.any():
        found[plausible] = _classes_by_row(gram[plausible])
    return found


def _is_indicator(entries: Tensor, *, n: int) -> Tensor:
    """Whether each entry is 0 or 1/n."""
    return (entries == 0) | ((n * entries - 1).abs() <= _INDICATOR_TOLERANCE)


def _classes_by_row(gram: Tensor) -> Tensor:
    """As `classes`, from all entries of (m, n, n)."""
    together = gram > 0
    first = together.to(torch.uint8).argmax(-1)
    consistent = together == (first[:, :, None] == first[:, None, :])
    exact = (consistent & _is_indicator(gram, n=gram.shape[-1])).all(-1).all(-1)
    return torch.where(exact[:, None], first, -1)
