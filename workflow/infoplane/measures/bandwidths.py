"""Widths of Gaussian kernels that are chosen from the data; `gram` offers them all.

σ means exp(−d² / (2σ²)), with the factor 2, as everywhere in this project. Distances are squared ones, those of
`gram.squared_distances`. A dead layer, all samples equal, has the all-ones kernel for any σ: each rule gives it some
σ above 0.
"""

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from infoplane.measures import checks

# Rounding of an alignment: what is not below the best one by more may still be the best.
_ROUNDING = 1e-12

# Where exp(x) or its square underflows, processors are 50 times slower: exponents end here. What is added is below
# 1e-130 per pair, beside terms of 1.
_LEAST_EXPONENT = -300


def silverman_bandwidth(n: int, d: int, *, scale: float) -> float:
    """Silverman's rule, σ = h · n^(−1/(4+d)) (as in Yu et al. 2021).

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
    _check_rule(n, d, scale)
    return scale * math.pow(n, -1 / (4 + d))


def tapia_estevez_bandwidth(n: int, d: int, *, scale: float) -> float:
    """The rule of Tapia and Estévez (2020), σ = γ √d n^(−1/(4+d)).

    Parameters
    ----------
    n
        Number of samples.
    d
        Dimension of the variable, each feature of which is standardised: see `standardise`.
    scale
        γ, of no unit.

    Returns
    -------
    float
        σ, in standard deviations of one feature.

    Raises
    ------
    ValueError
        If an argument is not above 0 and finite.
    """
    _check_rule(n, d, scale)
    return scale * math.sqrt(d) * math.pow(n, -1 / (4 + d))


def _check_rule(n: int, d: int, scale: float) -> None:
    for name, value in {"n": n, "d": d, "scale": scale}.items():
        checks.positive([value], name)


def standardise(x: Tensor, *, batch_dims: int = 0) -> Tensor:
    """Each feature with mean 0 and standard deviation 1 over the samples; 0 throughout where it is constant.

    The standard deviation is that of the n samples themselves, a divisor of n and not n − 1: a choice of this project.

    Parameters
    ----------
    x
        (*batch, n, *features), floating point or integer.
    batch_dims
        How many leading dimensions are batch.

    Returns
    -------
    Tensor
        The shape of `x`, float64.

    Raises
    ------
    ValueError
        If `x` is empty, complex, not finite, or has too few dimensions.
    """
    flat = checks.samples(x, "x", batch_dims=batch_dims).double()
    checks.finite(x, "x")
    # In units of its largest entry no feature's square leaves the range of floating point.
    flat = flat / flat.abs().amax(-2, keepdim=True).clamp(min=torch.finfo(torch.float64).tiny)
    centred = flat - flat.mean(-2, keepdim=True)
    # Equal entries have a mean that need not round to them: their deviations are no signal.
    constant = flat.amax(-2, keepdim=True) == flat.amin(-2, keepdim=True)
    deviation = centred.square().mean(-2, keepdim=True).sqrt()
    return torch.where(constant, 0.0, centred / deviation).reshape(x.shape)


def median_bandwidth(distances: Tensor, *, scale: float) -> Tensor:
    """The median heuristic, σ = scale · median of the distances between two samples.

    Where more than half of the distances are 0, the median is that of the others; where all are, σ = scale.

    Parameters
    ----------
    distances
        (*batch, n, n), squared distances, n ≥ 2.
    scale
        A factor, of no unit.

    Returns
    -------
    Tensor
        (*batch), float64, in the unit of the distances. Of an even number of distances the median is the lower of the
        two in the middle.

    Raises
    ------
    ValueError
        If the distances are not square, finite, symmetric, at least 0 and 0 on the diagonal; if there is but one
        sample; or if `scale` is not above 0 and finite.
    """
    distances = checks.squared_distances(distances, "distances")
    checks.positive([scale], "scale")
    n = distances.shape[-1]
    if n < 2:
        raise ValueError(f"distances must be those of at least 2 samples, got shape {tuple(distances.shape)}")
    pairs = _pairs(distances)
    median = pairs.median(-1).values
    positive = torch.where(pairs > 0, pairs, torch.nan).nanmedian(-1).values
    return scale * torch.where(median > 0, median, positive.nan_to_num(nan=1.0)).sqrt()


def alignment_candidates(distances: Tensor, *, count: int, least: float, reach: float) -> Tensor:
    """Equally spaced candidates for `aligned_bandwidth`, from `least` to `reach` times the mean distance.

    The mean is over all n² distances, the zeros of the diagonal included. Wickstrøm et al. 2023 take 0.1 and 10 for a
    kernel exp(−d²/σ²): divide their grid by √2. Where the mean is so small that the grid would run backwards, as it is
    0 for a dead layer, all candidates are `least`.

    Parameters
    ----------
    distances
        (*batch, n, n), squared distances.
    count
        How many candidates.
    least
        The first candidate, in the unit of the distances.
    reach
        The last candidate, in mean distances.

    Returns
    -------
    Tensor
        (*batch, count), float64, ascending.

    Raises
    ------
    ValueError
        If the distances are not square, finite, symmetric, at least 0 and 0 on the diagonal; or if another argument
        is not above 0 and finite.
    """
    distances = checks.squared_distances(distances, "distances")
    for name, value in (("count", count), ("least", least), ("reach", reach)):
        checks.positive([value], name)
    last = reach * distances.sqrt().mean((-2, -1))
    steps = torch.linspace(0, 1, count, dtype=torch.float64, device=distances.device)
    return least + (last - least).clamp(min=0)[..., None] * steps


def aligned_bandwidth(distances: Tensor, reference: Tensor, *, candidates: Tensor) -> Tensor:
    """The candidate whose Gaussian kernel is best aligned with a reference (Wickstrøm et al. 2023).

    The alignment is ⟨K, R⟩_F / (‖K‖_F ‖R‖_F), uncentred. For R ≥ 0 both ⟨K, R⟩ and ‖K‖ rise with σ, so between two
    candidates no alignment exceeds ⟨K, R⟩ of the upper one over ‖K‖ of the lower one: candidates that cannot win are
    never tried, and the result is that of trying all. One kernel is in memory at a time.

    Parameters
    ----------
    distances
        (*batch, n, n), squared distances.
    reference
        (*batch, n, n), unit trace, no entry below 0: the Gram matrix of the labels. Its batch shape may be shorter.
    candidates
        (*batch, m), σ in any order, in the unit of the distances. Its batch shape may be shorter.

    Returns
    -------
    Tensor
        (*batch), float64: one of the candidates, the least of those that are aligned alike, as all are for a dead
        layer.

    Raises
    ------
    ValueError
        If the distances are not square, finite, symmetric, at least 0 and 0 on the diagonal; if the reference is not
        square, symmetric, of unit trace and at least 0; if a candidate is not above 0 and finite; or if shapes do
        not go together.
    """
    distances = checks.squared_distances(distances, "distances")
    reference = checks.gram(reference, "reference")
    if reference.amin() < 0:
        raise ValueError(f"reference must be at least 0, got {reference.amin().item():.3g}")
    batch, n = distances.shape[:-2], distances.shape[-1]
    if reference.shape[-1] != n:
        raise ValueError(f"reference must share n = {n} with distances, got shape {tuple(reference.shape)}")
    candidates = checks.tensor(candidates, "candidates").to(distances)
    if candidates.ndim == 0:
        raise ValueError("candidates must have shape (*batch, m), got ()")
    checks.positive(candidates.flatten().tolist(), "candidates")
    references = checks.expanded(reference, "reference", shape=torch.Size([*batch, *reference.shape[-2:]]))
    grids = checks.expanded(candidates.sort(-1).values, "candidates", shape=torch.Size([*batch, candidates.shape[-1]]))
    best = distances.new_empty(batch)
    for place in itertools.product(*map(range, batch)):
        trace = references[place].diagonal().sum()
        best[place] = _best_aligned(_pairs(distances[place]), _pairs(references[place]), trace, grids[place], n)
    return best


def _pairs(matrices: Tensor) -> Tensor:
    """The entries (*batch, n (n − 1) / 2) of matrices (*batch, n, n) that belong to pairs i < j."""
    n = matrices.shape[-1]
    above = torch.ones(n, n, dtype=torch.bool, device=matrices.device).triu(1)
    # As `matrices[..., above]`, twice as fast.
    return matrices.masked_select(above).reshape(*matrices.shape[:-2], -1)


def _best_aligned(distances: Tensor, reference: Tensor, trace: Tensor, candidates: Tensor, n: int) -> Tensor:
    """The best aligned of ascending candidates (m), from the values of all pairs i < j of n samples, and tr R."""
    rates, room = -0.5 / candidates.square(), torch.empty_like(distances)

    def parts(i: int) -> tuple[float, float]:
        """⟨K, R⟩ and ‖K‖ of a candidate."""
        kernel = torch.mul(distances, rates[i], out=room).clamp_(min=_LEAST_EXPONENT).exp_()
        return (trace + 2 * (kernel @ reference)).item(), math.sqrt(n + 2 * (kernel @ kernel).item())

    last = len(candidates) - 1
    tried = {0: parts(0), last: parts(last)}
    spans = [(0, last)]
    while spans:
        best = max(product / norm for product, norm in tried.values())
        low, high = spans.pop()
        bound = tried[high][0] / tried[low][1]
        if high - low > 1 and bound >= best * (1 - _ROUNDING):
            middle = (low + high) // 2
            tried[middle] = parts(middle)
            spans += [(middle, high), (low, middle)]
    return candidates[max(sorted(tried), key=lambda i: tried[i][0] / tried[i][1])]


def exponential_moving_average(bandwidths: Tensor, *, decay: float, iterations: Sequence[int] | None = None) -> Tensor:
    """Bandwidths smoothed over iterations, s_t = β s_{t−1} + (1 − β) σ_t with s_0 = σ_0 (Wickstrøm et al. 2023).

    Where σ is known at every k-th iteration only, β^k takes the place of β, so that the memory of the average is as
    long in iterations as if it were known at each.

    Parameters
    ----------
    bandwidths
        (T, *batch): σ, iteration after iteration.
    decay
        β, at least 0 and below 1; Wickstrøm et al. take 0.9.
    iterations
        Of each, (T), ascending; 0 to T − 1 by default.

    Returns
    -------
    Tensor
        (T, *batch), float64: s.

    Raises
    ------
    ValueError
        If there are no iterations, or they do not ascend, a bandwidth is not above 0 and finite, or `decay` is out of
        its range.
    """
    bandwidths = checks.tensor(bandwidths, "bandwidths").double()
    if bandwidths.ndim == 0:
        raise ValueError("bandwidths must have shape (T, *batch), got ()")
    checks.positive(bandwidths.flatten().tolist(), "bandwidths")
    if not 0 <= decay < 1:
        raise ValueError(f"decay must be at least 0 and below 1, got {decay}")
    known = list(range(len(bandwidths))) if iterations is None else list(iterations)
    if len(known) != len(bandwidths) or any(after <= before for before, after in itertools.pairwise(known)):
        raise ValueError(f"iterations must be {len(bandwidths)} ascending numbers, got {known}")
    smooth = bandwidths.clone()
    for t in range(1, len(smooth)):
        kept = decay ** (known[t] - known[t - 1])
        smooth[t] = kept * smooth[t - 1] + (1 - kept) * bandwidths[t]
    return smooth
