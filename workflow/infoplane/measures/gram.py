"""Gram matrices of unit trace, the one form in which samples enter the matrix-based entropies.

Kernels are normalised to k(x, x) = 1 and then divided by n (PAPERS.md 0.1), so A_ij = K_ij / n, tr A = 1 and every
diagonal entry is 1/n. The width σ means exp(−‖x − x′‖² / (2σ²)), with the factor 2, everywhere in this project.
"""

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
    "labels",
    "median_bandwidth",
    "silverman_bandwidth",
    "squared_distances",
    "standardise",
    "tapia_estevez_bandwidth",
]

# An entry counts as nothing below this fraction of the smallest diagonal entry: see `drop_negligible`.
_NEGLIGIBLE = 1e-40

# Room for the rounding of 1/n, and of products and quotients of such entries.
_INDICATOR_TOLERANCE = 1e-12

# Features are brought to float64 this many bytes at a time, so that a wide layer is never copied whole.
_FEATURE_BYTES = 2**25


def squared_distances(x: Tensor, *, batch_dims: int = 0) -> Tensor:
    """Squared Euclidean distances between the samples, ‖x_i − x_j‖².

    Computed as ‖x_i‖² + ‖x_j‖² − 2 x_i·x_j on centred float64 data: a matrix product, never an n × n × d array. The
    absolute error is a few units of rounding of the largest ‖x_i − mean‖².

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
    inner = _inner_products(checks.samples(x, "x", batch_dims=batch_dims))
    norms = inner.diagonal(dim1=-2, dim2=-1)
    if not torch.isfinite(norms).all():
        checks.finite(x, "x")
        raise ValueError(f"x must have squares within float64, got entries up to {x.abs().max().item():.3g}")
    half = 0.5 * (norms[..., :, None] + norms[..., None, :]) - inner
    # A blocked matrix product need not round x_i·x_j and x_j·x_i alike: the sum with its mirror image does.
    distances = (half + half.mT).clamp_(min=0)
    distances.diagonal(dim1=-2, dim2=-1).zero_()
    return distances


def _inner_products(x: Tensor) -> Tensor:
    """Inner products (*batch, n, n) of the centred rows of x (*batch, n, d), a block of features at a time."""
    n = x.shape[-2]
    inner = x.new_zeros(*x.shape[:-1], n, dtype=torch.float64)
    width = max(1, _FEATURE_BYTES * x.shape[-1] // (8 * x.numel()))
    for block in torch.split(x, width, dim=-1):
        values = block.double()
        centred = values - values.mean(-2, keepdim=True)
        inner += centred @ centred.mT
    return inner


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
    sigma = torch.as_tensor(bandwidth, dtype=torch.float64, device=squared_distances.device).detach()
    checks.positive(sigma.flatten().tolist(), "bandwidth")
    checks.broadcasting(sigma, "bandwidth", batch=squared_distances.shape[:-2])
    # The limit of a tiny σ is the identity: an infinite rate would make 0 · inf of the diagonal.
    rate = (0.5 / sigma.square()).clamp(max=torch.finfo(torch.float64).max)
    kernel = (-rate[..., None, None] * squared_distances).exp_()
    return functional.threshold(kernel, _NEGLIGIBLE, 0.0, inplace=True).div_(squared_distances.shape[-1])


def drop_negligible(gram: Tensor) -> Tensor:
    """The Gram matrices (*batch, n, n) with every entry set to 0 that cannot matter.

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


def classes(gram: Tensor) -> Tensor:
    """The inverse of `labels`: the class of each sample, where a Gram matrix is that of an indicator.

    Parameters
    ----------
    gram
        (*batch, n, n), float64, unit trace.

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


def silverman_bandwidth(n: int, d: int, *, scale: float) -> float:
    """Silverman's rule, σ = h · n^(−1/(4+d)) (PAPERS.md 0.1, paper 1).

    Parameters
    ----------
    n
        Number of samples.
    d
        Dimension of the variable; of one feature map for a convolutional layer.
    scale
        h, in the unit of the data.

    Returns
    -------
    float
        σ, in the unit of the data. For images it is nearly h whatever the data: it does not adapt to their scale.

    Raises
    ------
    ValueError
        If an argument is not above 0 and finite.
    """
    checks.positive([n], "n")
    checks.positive([d], "d")
    checks.positive([scale], "scale")
    return scale * math.pow(n, -1 / (4 + d))
