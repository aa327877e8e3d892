"""The information bottleneck of discrete variables: its curve, and the point of it that a layer's encoder is nearest.

T is made from X alone, Y – X – T, by an encoder p(t|x). The curve is the largest I(T;Y) for each I(X;T), reached at a
slope of 1/β by an encoder that minimises I(X;T) − β I(T;Y) (Tishby, Pereira, Bialek 1999). β is a ratio
of informations and has no unit.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from infoplane.measures import checks

# Conditional distributions that round to the same multiple of this are one. Merging costs its square in bits.
_INPUT_GRID, _SYMBOL_GRID = 1e-12, 1e-7

# Symbols of a fit are one where their log p(y|t) round to the same multiple of this (nats), since divergences take the
# logarithm, in which 1e-13 and 1e-18 are far apart.
_LOG_GRID = 1e-12

# This part of every warm start is p(t): a p(y|t) of 0 would keep a symbol apart from all others at any β.
_SMOOTHING = 1e-3

# The least probability, so that a symbol which dies out leaves no 0/0 and no log 0 behind.
_FLOOR = 1e-100

# Stands for infinity in products with 0; times the least probability it still exceeds every finite divergence.
_HUGE = 1e200

# Differences of divergences (nats) that count as 0: rounding of sums over inputs.
_FLAT = 1e-12

_LN2 = math.log(2)


class Curve(NamedTuple):
    """The information-bottleneck curve at m values of β; every entry is (m).

    - `betas`: β, as given.
    - `information_input`: I(X;T), bits.
    - `information_target`: I(T;Y), bits.
    - `converged`: whether the iteration at this β met the tolerance.
    """

    betas: Tensor
    information_input: Tensor
    information_target: Tensor
    converged: Tensor


class Fit(NamedTuple):
    """The β* at which an encoder is nearest to its bottleneck-optimal form, and what is left; each is ().

    - `beta`: β*, from 0 to inf.
    - `divergence`: the residual E_x KL(p(t|x) ‖ p_β*(t|x)), bits; 0 for an encoder on the curve.
    """

    beta: Tensor
    divergence: Tensor


class Layer(NamedTuple):
    """A layer that is a function of its input: where it lies in the information plane, and its fit; each is ().

    - `information_input`: I(X;T), bits.
    - `information_target`: I(T;Y), bits.
    - `beta`, `divergence`: as of `Fit`.
    - `floor`: I(X;T | p(y|x)), bits; no encoder that sees p(y|x) alone has a smaller divergence.
    """

    information_input: Tensor
    information_target: Tensor
    beta: Tensor
    divergence: Tensor
    floor: Tensor


def curve(
    joint: Tensor, *, betas: Sequence[float] | Tensor, tolerance: float = 1e-10, iterations: int = 10_000
) -> Curve:
    """The information-bottleneck curve of p(x, y), by Blahut–Arimoto iteration with reverse annealing.

    At each β, from the largest to the smallest, p(t|x) ∝ p(t) exp(−β KL(p(y|x) ‖ p(y|t))) is iterated with the p(t)
    and p(y|t) that follow from it (Tishby, Pereira, Bialek 1999), from the encoder of the β before; at first each
    input has a symbol of its own. Steps are extrapolated (Varadhan and Roland 2008), and one that does not lower the
    functional is taken back. Inputs with equal p(y|x) are one input, which changes neither information, and so are
    symbols with equal p(y|t).

    The iteration finds stationary points. Every encoder found, and the constant one, is then a candidate at every
    β, so that the points are monotone in β and lie on a concave curve. They can be reached, and so never lie above the
    true curve. For a Y that X determines the curve is the segment I(T;Y) = I(X;T), of which only the ends are found.

    Parameters
    ----------
    joint
        p(x, y), (|X|, |Y|), sum 1.
    betas
        (m), above 0, in any order. At or below 1 the curve is at its origin.
    tolerance
        At convergence an extrapolated step lowers I(X;T) − β I(T;Y) by less than this times 1 + β, bits.
    iterations
        The most evaluations of the self-consistent equations at one β. A second-order transition of the curve lies
        near a β that does not converge; its points are still reachable ones.

    Returns
    -------
    Curve
        Of tensors (m), float64 and bool, in the order of `betas`.

    Raises
    ------
    ValueError
        If `joint` is not a matrix of finite probabilities with sum 1; if `betas` is not one-dimensional; or if one of
        them, `tolerance` or `iterations` is not above 0 and finite.
    """
    joint = checks.distribution(joint, "joint", shape="(|X|, |Y|)", over=(0, 1))
    slopes = checks.positive_tensor(betas, "betas", device=joint.device)
    if slopes.ndim != 1 or len(slopes) == 0:
        raise ValueError(f"betas must have shape (m) with m > 0, got {tuple(slopes.shape)}")
    checks.positive([tolerance], "tolerance")
    checks.positive([iterations], "iterations")
    joint = merge(joint)
    encoder = torch.eye(len(joint), dtype=torch.float64, device=joint.device)
    points, converged = slopes.new_zeros(1 + len(slopes), 2), torch.zeros_like(slopes, dtype=torch.bool)
    for i in slopes.argsort(descending=True).tolist():
        beta = slopes[i].item()
        room = tolerance * (1 + beta) * _LN2
        encoder, converged[i] = _optimise(_smooth(encoder, joint), joint, beta, room=room, iterations=iterations)
        encoder = _distinct(encoder, joint)
        points[i + 1] = torch.stack(_informations(encoder, joint))
    best = (points[:, 0] - slopes[:, None] * points[:, 1]).argmin(-1)
    best[slopes <= 1] = 0  # the origin, as I(T;Y) ≤ I(X;T), whatever the rounding where they are equal
    information_input, information_target = (points[best] / _LN2).unbind(-1)
    return Curve(slopes, information_input, information_target, converged)


def fit(joint: Tensor, encoder: Tensor) -> Fit:
    """The β* of a layer: that of the bottleneck-optimal encoder nearest to its own.

    With the p(t) and p(y|t) of the encoder itself, p_β(t|x) = p(t) exp(−β KL(p(y|x) ‖ p(y|t))) / Z(x, β), and β* is the
    argmin over β ≥ 0 of E_x KL(p(t|x) ‖ p_β(t|x)) (Shwartz-Ziv and Tishby 2017, eq. 12). The divergence
    is convex in β, so its slope is bisected. Agreement is partly built in, as the layer's own p(t) and p(y|t) are put
    to use: read the residual with β*.

    Open in the paper, and chosen here: where the divergence does not depend on β, β* is 0, the least that serves; an
    encoder that gives every input only symbols nearest to it has β* = inf, and as residual the limit.

    Parameters
    ----------
    joint
        p(x, y), (|X|, |Y|), sum 1.
    encoder
        p(t|x), (|X|, |T|), each row of sum 1; of a binned layer a 1 per row.

    Returns
    -------
    Fit
        Of tensors (), float64.

    Raises
    ------
    ValueError
        If `joint` or `encoder` is not a matrix of finite probabilities with the right sums, or they do not share |X|
        and a device.
    """
    joint = checks.distribution(joint, "joint", shape="(|X|, |Y|)", over=(0, 1))
    encoder = checks.distribution(encoder, "encoder", shape="(|X|, |T|)", over=(1,))
    if len(encoder) != len(joint) or encoder.device != joint.device:
        raise ValueError(
            f"encoder must have a row for each of the {len(joint)} inputs of joint on {joint.device}, "
            f"got {tuple(encoder.shape)} on {encoder.device}"
        )
    return _fitted(_fit_problem(joint, encoder.mT @ joint, _informations(encoder, joint)[0]))


def layer(joint: Tensor, states: Tensor) -> Layer:
    """The place and the `fit` of a layer that is a function of its input, without a matrix of |X| × |T| numbers.

    Of a function of X, I(X;T) = H(T). Inputs of equal p(y|x) have the same p_β(t|x), whatever their states, so the
    divergence (Shwartz-Ziv and Tishby 2017, eq. 12) is the sum of two: that of the encoder in which they are one input,
    and I(X;T | p(y|x)), on which β has no influence. Both encoders have the same β*.

    Parameters
    ----------
    joint
        p(x, y), (|X|, |Y|), sum 1.
    states
        The state T of each input as an integer, (|X|), such as `infoplane.measures.binning.states` gives.

    Returns
    -------
    Layer
        Of tensors (), float64.

    Raises
    ------
    ValueError
        If `joint` is no matrix of finite probabilities with sum 1, or `states` are no integers, one for each input.
    """
    joint = checks.distribution(joint, "joint", shape="(|X|, |Y|)", over=(0, 1))
    states = checks.classes_of(joint, states, "states")
    possible = joint.sum(-1) > 0
    joint, states = joint[possible], torch.unique(states[possible], return_inverse=True)[1]
    group = _groups(_conditional(joint), _INPUT_GRID)
    both = torch.unique(group * len(states) + states, return_inverse=True)[1]
    symbols = _summed(joint, states)
    entropy = _entropy(symbols)
    found = _fitted(_fit_problem(joint, symbols, entropy))
    floor = _entropy(_summed(joint, both)) - _entropy(_summed(joint, group))
    return Layer(entropy / _LN2, _information(symbols) / _LN2, *found, floor / _LN2)


def merge(joint: Tensor, *, grid: float = _INPUT_GRID) -> Tensor:
    """p(x, y), (|X|, |Y|), with inputs of equal p(y|x) summed, and without those and the outcomes of probability 0."""
    joint = _possible(joint)
    return _summed(joint, _groups(_conditional(joint), grid))


def _possible(joint: Tensor) -> Tensor:
    """A joint distribution without the rows and columns of probability 0."""
    return joint[joint.sum(-1) > 0][:, joint.sum(0) > 0]


def _conditional(joint: Tensor) -> Tensor:
    """p(y|x), (|X|, |Y|)."""
    return joint / joint.sum(-1, keepdim=True)


def _groups(rows: Tensor, grid: float) -> Tensor:
    """The group (|X|) of each row of (|X|, |Y|), of those that are equal on a grid."""
    group: Tensor = torch.unique((rows / grid).round(), dim=0, return_inverse=True)[1]
    return group


def _summed(joint: Tensor, group: Tensor) -> Tensor:
    """Rows of a joint distribution (|X|, |Y|), summed over each group."""
    return joint.new_zeros(int(group.max()) + 1, joint.shape[1]).index_add_(0, group, joint)


def _entropy(joint: Tensor) -> Tensor:
    """The entropy of the first variable of a joint distribution, nats."""
    entropy: Tensor = torch.special.entr(joint.sum(-1)).sum()
    return entropy


def _informations(encoder: Tensor, joint: Tensor) -> tuple[Tensor, Tensor]:
    """I(X;T) and I(T;Y) of an encoder (|X|, |T|), nats."""
    return _information(encoder * joint.sum(-1, keepdim=True)), _information(encoder.mT @ joint)


def _information(joint: Tensor) -> Tensor:
    """The mutual information of a joint distribution of two variables, nats: Σ p(a, b) ln p(a, b) / (p(a) p(b))."""
    product = joint.sum(-1, keepdim=True) * joint.sum(-2, keepdim=True)
    return (torch.xlogy(joint, joint) - torch.xlogy(joint, product)).sum()


def _smooth(encoder: Tensor, joint: Tensor) -> Tensor:
    """The logarithm of p(t|x) with a small part of p(t) in it."""
    return torch.lerp(encoder, joint.sum(-1) @ encoder, _SMOOTHING).log()


def _optimise(log_encoder: Tensor, joint: Tensor, beta: float, *, room: float, iterations: int) -> tuple[Tensor, bool]:
    """The encoder at which the self-consistent iteration ends, and whether it converged.

    Each round makes two steps and extrapolates their logarithms by the quotient of the first and second differences
    (SQUAREM, scheme S3), which saves most of the steps near transitions.
    """
    lowest, used = float("inf"), 0
    while used < iterations:
        first, _ = _step(log_encoder, joint, beta)
        second, functional = _step(first, joint, beta)
        far = _extrapolate(log_encoder, first, second, joint.sum(-1))
        log_encoder, reached = _step(far, joint, beta)
        used += 3
        if not reached <= functional:
            log_encoder, reached = second, functional
        if lowest - reached <= room:
            return log_encoder.exp(), True
        lowest = reached
    return log_encoder.exp(), False


def _step(log_encoder: Tensor, joint: Tensor, beta: float) -> tuple[Tensor, float]:
    """The next log p(t|x), and I(X;T) + β H(Y|T) (nats) of the one before or less: −E_x log Z(x).

    The entropy of p(y|x) is the same for all t, so the divergence in the exponent may lack it.
    """
    encoder = log_encoder.exp().clamp(min=_FLOOR)
    source = joint.sum(-1, keepdim=True)
    symbols = (source.mT @ encoder).squeeze(0)
    decoder = (encoder.mT @ joint / symbols[:, None]).clamp(min=_FLOOR)
    weights = torch.addmm(symbols.log(), joint / source, decoder.log().mT, alpha=beta)
    log_sums = torch.logsumexp(weights, -1, keepdim=True)
    return weights - log_sums, -(source.mT @ log_sums).item()


def _extrapolate(start: Tensor, first: Tensor, second: Tensor, source: Tensor) -> Tensor:
    """A log p(t|x) beyond two steps; the second one itself where they do not slow down."""
    change = first - start
    bend = second - first - change
    weight = source[:, None] * second.exp()
    ratio = ((weight * change.square()).sum() / (weight * bend.square()).sum()).sqrt()
    length = torch.nan_to_num(ratio, nan=1.0, posinf=1.0).clamp(min=1)
    return torch.log_softmax(start + 2 * length * change + length.square() * bend, -1)


def _distinct(encoder: Tensor, joint: Tensor) -> Tensor:
    """An encoder (|X|, |T|) without symbols that never occur, and with those of equal p(y|t) summed."""
    encoder = encoder[:, joint.sum(-1) @ encoder > _INPUT_GRID]
    group = _groups(_conditional(encoder.mT @ joint), _SYMBOL_GRID)
    merged = encoder.new_zeros(len(encoder), int(group.max()) + 1).index_add_(1, group, encoder)
    return merged / merged.sum(-1, keepdim=True)


class _FitProblem(NamedTuple):
    """What the divergence of a fit depends on, after merging inputs of equal p(y|x) and symbols of equal p(y|t).

    - `information`: I(X;T) before the merging, nats.
    - `source`, `symbols`: p(x), (|X|), and p(t), (|T|).
    - `lost`: the mean of KL(p(y|x) ‖ p(y|t)) under the encoder, nats.
    - `distances`: KL(p(y|x) ‖ p(y|t)), (|X|, |T|), nats.
    """

    information: Tensor
    source: Tensor
    symbols: Tensor
    lost: Tensor
    distances: Tensor


def _fitted(problem: _FitProblem) -> Fit:
    """The fit of a problem."""
    beta = _least_divergent(problem)
    return Fit(problem.lost.new_tensor(beta), problem.lost.new_tensor(_divergence(problem, beta) / _LN2))


def _fit_problem(joint: Tensor, symbols: Tensor, information: Tensor) -> _FitProblem:
    """The problem of p(x, y), (|X|, |Y|), of p(t, y), (|T|, |Y|), and of I(X;T), nats."""
    inputs, symbols = merge(joint), _possible(symbols)
    symbols = _summed(symbols, _groups(_conditional(symbols).log(), _LOG_GRID))
    # E KL(p(y|x) ‖ p(y|t)) = H(Y|T) − H(Y|X) = I(X;Y) − I(T;Y), as Y – X – T.
    lost = _information(inputs) - _information(symbols)
    return _FitProblem(information, inputs.sum(-1), symbols.sum(-1), lost, _divergences(inputs, symbols))


def _divergences(inputs: Tensor, symbols: Tensor) -> Tensor:
    """KL(p(y|x) ‖ p(y|t)), nats, of every row of (|X|, |Y|) from every row of (|T|, |Y|); inf where a p(y|t) lacks."""
    given_input, given_symbol = _conditional(inputs), _conditional(symbols)
    logs = given_symbol.log().clamp(min=-_HUGE)  # finite, as the product has 0 · log 0 in it
    distances = (-torch.special.entr(given_input).sum(-1, keepdim=True) - given_input @ logs.mT).clamp(min=0)
    return torch.where(distances < _FLOOR * _HUGE, distances, torch.inf)


def _least_divergent(problem: _FitProblem) -> float:
    """The least β at which the divergence of a fit is least."""
    if _slope(problem, 0) >= -_FLAT:
        return 0
    if (problem.lost - problem.source @ problem.distances.amin(-1)).item() <= _FLAT:
        return torch.inf
    low, high = 0.0, 1.0
    while _slope(problem, high) < 0:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if _slope(problem, middle) < 0 else (low, middle)
    return high


def _slope(problem: _FitProblem, beta: float) -> float:
    """The derivative of `_divergence` by β, nats: the mean distance of the encoder, less that of p_β(t|x)."""
    weights = torch.softmax(_log_weights(problem, beta), -1)
    finite = torch.where(weights > 0, problem.distances, 0.0)
    return (problem.lost - problem.source @ (weights * finite).sum(-1)).item()


def _divergence(problem: _FitProblem, beta: float) -> float:
    """E_x KL(p(t|x) ‖ p_β(t|x)), nats, for β from 0, as the limit from above, to inf."""
    if beta == torch.inf:
        nearest = problem.distances <= problem.distances.amin(-1, keepdim=True) + _FLAT
        return (problem.information + problem.source @ (nearest * problem.symbols).sum(-1).log()).item()
    log_sums = torch.logsumexp(_log_weights(problem, beta), -1)
    return (problem.information + beta * problem.lost + problem.source @ log_sums).item()


def _log_weights(problem: _FitProblem, beta: float) -> Tensor:
    """Logarithms of p(t) exp(−β KL(p(y|x) ‖ p(y|t))), (|X|, |T|); −inf where the divergence is inf, whatever β."""
    return problem.symbols.log() - (beta * problem.distances).nan_to_num(nan=torch.inf, posinf=torch.inf)
