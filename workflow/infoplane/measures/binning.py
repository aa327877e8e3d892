"""Information in layers whose units are binned (Shwartz-Ziv and Tishby 2017).

K ascending edges cut the line into K + 1 bins: below the first edge, [e_k, e_{k+1}), and from the last edge on. A value
equal to an edge is in the bin above it, nothing lies outside, and equal edges enclose an empty bin. The state T of a
layer is the tuple of bins of its units. Samples have equal weights and each is an input X of its own, so T is a
function of X and I(X; T) = H(T), log2 n at most.

Edges have shape (K,), (units, K) or (*batch, units, K), and broadcast: one unit where all share their edges.

Two engines count states, with entropies that differ by rounding alone, 1e-14 bits or so: `histogram`, where it is
available and there is much to do on a CPU, and sorting in torch.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from infoplane.measures import checks, histogram

# Activations for `histogram`: fewer seldom repay the second that loading it takes.
_MANY = 2**16

# Values are binned so many at a time: on a processor what stays in its cache, elsewhere what keeps it busy.
_CHUNK = {"cpu": 2**16}
_DEVICE_CHUNK = 2**24

# Where more edges than this share a cell of the grid over them, a binary search is faster.
_MOST_STEPS = 6

# The largest code of a state.
_LARGEST = 2**63 - 1


class MutualInformation(NamedTuple):
    """What a binned layer tells about its input and its target, each (*batch), bits.

    - `with_input`: I(X; T) = H(T).
    - `with_target`: I(T; Y) = H(T) + H(Y) − H(T, Y).
    """

    with_input: Tensor
    with_target: Tensor


def mutual_information(
    activations: Tensor, targets: Tensor, *, edges: Tensor, batch_dims: int = 0
) -> MutualInformation:
    """I(X; T) and I(T; Y) of a binned layer T (Shwartz-Ziv and Tishby 2017).

    Parameters
    ----------
    activations
        (*batch, n, *features), floating point or integer.
    targets
        (n,) or any shape that broadcasts to (*batch, n): classes as integers.
    edges
        (K,), or any shape that broadcasts to (*batch, units, K), with features flattened to units: ascending.
    batch_dims
        How many leading dimensions of the activations are batch.

    Returns
    -------
    MutualInformation
        Of tensors (*batch), float64, bits.

    Raises
    ------
    ValueError
        If activations or edges are not finite, edges do not ascend, targets are no integers, or shapes do not
        broadcast.
    """
    x, edges = _checked(activations, edges, batch_dims=batch_dims)
    checks.classes_of(x, targets, "targets")
    y = torch.unique(targets, return_inverse=True)[1]
    layer, both = _entropies(activations, x, y, edges)
    return MutualInformation(layer, layer + _entropy_of_classes(y) - both)


def entropy(activations: Tensor, *, edges: Tensor, batch_dims: int = 0) -> Tensor:
    """H(T) of a binned layer T: Shannon's entropy of the joint histogram of its units.

    Parameters
    ----------
    activations, edges, batch_dims
        As in `mutual_information`.

    Returns
    -------
    Tensor
        (*batch), float64, bits.

    Raises
    ------
    ValueError
        As `mutual_information`.
    """
    x, edges = _checked(activations, edges, batch_dims=batch_dims)
    return _entropies(activations, x, torch.zeros(x.shape[-2], dtype=torch.int64, device=x.device), edges)[0]


def states(activations: Tensor, *, edges: Tensor, batch_dims: int = 0) -> Tensor:
    """The state T of a binned layer on each sample, as a number.

    Parameters
    ----------
    activations, edges, batch_dims
        As in `mutual_information`.

    Returns
    -------
    Tensor
        (*batch, n), int64: from 0 up without gaps, in the lexicographic order of the bins of the units; equal within a
        batch entry if and only if all units are in equal bins.

    Raises
    ------
    ValueError
        As `mutual_information`.
    """
    x, edges = _checked(activations, edges, batch_dims=batch_dims)
    checks.finite(activations, "activations")
    return torch.cat([_ranks(codes) for _, codes in _codes(x, edges)]).reshape(x.shape[:-1])


def fixed_edges(count: int, *, low: float, high: float) -> Tensor:
    """Evenly spaced edges from `low` to `high`, both included.

    30 edges from −1 to 1 are those of Shwartz-Ziv and Tishby 2017 for tanh units: 29 intervals, and
    exactly 1 in a bin of its own.

    Parameters
    ----------
    count
        How many edges, 2 or more.
    low, high
        The first and the last edge, in the unit of the activations.

    Returns
    -------
    Tensor
        (count), float64.

    Raises
    ------
    ValueError
        If `count` is below 2, or `low` is not below `high`, or one of them is not finite.
    """
    checks.at_least(count, "count", least=2)
    if not -math.inf < low < high < math.inf:
        raise ValueError(f"low must be below high and both finite, got low={low} and high={high}")
    if high - low == math.inf:
        raise ValueError(f"low and high must be a finite distance apart, got low={low} and high={high}")
    return torch.from_numpy(np.linspace(low, high, count))


def equal_width_edges(bins: int, *, low: float, high: float) -> Tensor:
    """The edges between bins of equal width from `low` to `high`, the outermost of which take what lies outside too.

    30 bins from −1 to 1 are those of Saxe et al. 2018 for tanh units: exactly 1 is in the last of them.

    Parameters
    ----------
    bins
        How many bins, 2 or more.
    low, high
        Where the first bin begins and the last one ends, in the unit of the activations.

    Returns
    -------
    Tensor
        (bins − 1), float64.

    Raises
    ------
    ValueError
        If `bins` is below 2, or as `fixed_edges`.
    """
    checks.at_least(bins, "bins", least=2)
    return fixed_edges(bins + 1, low=low, high=high)[1:-1]


def range_edges(activations: Tensor, bins: int, *, per_unit: bool = False, batch_dims: int = 0) -> Tensor:
    """The edges between bins of equal width from the least to the greatest activation, for units without bounds.

    Saxe et al. 2018 take 100 bins for ReLU units, with one range for all units of all epochs: to share a range between
    batch entries, leave them out of `batch_dims`.

    Parameters
    ----------
    activations
        (*batch, n, *features), floating point or integer.
    bins
        How many bins, 2 or more.
    per_unit
        Whether each unit has a range of its own; else a layer has one.
    batch_dims
        How many leading dimensions of the activations are batch.

    Returns
    -------
    Tensor
        (*batch, units, bins − 1), float64, with units 1 for a layer. The smallest activation is in the first bin and
        the greatest in the last; where all are equal, so are the edges, and all are in one bin.

    Raises
    ------
    ValueError
        If activations are not finite or `bins` is below 2.
    """
    values = _pooled(activations, bins, per_unit=per_unit, batch_dims=batch_dims).double()
    low, high = values.amin(-1, keepdim=True), values.amax(-1, keepdim=True)
    checks.finite(high - low, "the range of activations")
    return low + (high - low) * (torch.arange(1, bins, dtype=torch.float64, device=low.device) / bins)


def equal_count_edges(activations: Tensor, bins: int, *, per_unit: bool = False, batch_dims: int = 0) -> Tensor:
    """The edges between bins that hold equally many activations.

    Of m activations in ascending order, the k-th edge is number ⌊k m / bins⌋, counted from 0, so that without ties the
    counts of two bins differ by 1 at most. Ties stay together, in the bin that begins with them: the silent half of
    a ReLU layer fills one bin and leaves those below it empty.

    Parameters
    ----------
    activations, bins, per_unit, batch_dims
        As in `range_edges`.

    Returns
    -------
    Tensor
        (*batch, units, bins − 1), float64, with units 1 for a layer.

    Raises
    ------
    ValueError
        As `range_edges`.
    """
    values = _pooled(activations, bins, per_unit=per_unit, batch_dims=batch_dims).sort(-1).values
    first = torch.arange(1, bins, device=values.device) * values.shape[-1] // bins
    return values[..., first].double()


def _pooled(activations: Tensor, bins: int, *, per_unit: bool, batch_dims: int) -> Tensor:
    """The activations (*batch, units, m) that share edges, checked together with the number of bins."""
    checks.at_least(bins, "bins", least=2)
    x = checks.samples(activations, "activations", batch_dims=batch_dims)
    checks.finite(activations, "activations")
    return x.mT if per_unit else x.flatten(-2)[..., None, :]


def _checked(activations: Tensor, edges: Tensor, *, batch_dims: int) -> tuple[Tensor, Tensor]:
    """Activations (*batch, n, d), finite or not, and edges (entries, units, K) with ones where they are shared."""
    x = checks.samples(activations, "activations", batch_dims=batch_dims)
    edges = checks.ascending(edges, "edges").to(x.device)
    *batch, _, d = x.shape
    units, count = (1, *edges.shape)[-2:]
    checks.expanded(edges, "edges", shape=torch.Size([*batch, d, count]))
    if math.prod(edges.shape[:-2]) > 1:
        edges = edges.expand(*batch, units, count)
    return x, edges.reshape(-1, units, count)


def _entropies(activations: Tensor, x: Tensor, y: Tensor, edges: Tensor) -> tuple[Tensor, Tensor]:
    """H(T) and H(T, Y), (*batch), bits, of activations as `_checked` returns them, x and edges, if finite.

    For classes y from 0 up without gaps, which broadcast to (*batch, n).
    """
    bits = None
    if x.device.type == "cpu" and x.numel() >= _MANY and histogram.available():
        bits = histogram.entropies(x, y, edges=edges, terms=_terms(x.shape[-2], x.device))
    if bits is None:
        checks.finite(activations, "activations")
        bits = _by_sorting(x, y, edges)
    layer, both = bits.unbind(-1)
    return layer.reshape(x.shape[:-2]), both.reshape(x.shape[:-2])


def _by_sorting(x: Tensor, y: Tensor, edges: Tensor) -> Tensor:
    """H(T) and H(T, Y) of each batch entry, (entries, 2), bits, of activations and classes as in `_entropies`."""
    digits = int(y.max()).bit_length()
    samples = y.expand(x.shape[:-1]).reshape(-1, x.shape[-2])
    parts = []
    for entries, codes in _codes(x, edges, largest=_LARGEST >> digits):
        joint = _sorted((codes << digits).add_(samples[entries]))
        parts.append(torch.stack([_bits(joint >> digits), _bits(joint)], dim=-1))
    return torch.cat(parts)


def _entropy_of_classes(y: Tensor) -> Tensor:
    """H(Y), (*batch), bits, of classes from 0 up, (*batch, n)."""
    counts = torch.zeros(*y.shape[:-1], int(y.max()) + 1, dtype=torch.int64, device=y.device)
    counts.scatter_add_(-1, y, torch.ones_like(y))
    return _terms(y.shape[-1], y.device)[counts].sum(-1)


def _codes(x: Tensor, edges: Tensor, *, largest: int = _LARGEST) -> Iterator[tuple[slice, Tensor]]:
    """Codes of the states, some batch entries (as a slice of all) at a time: (b, n), int64, from 0 to below `largest`.

    For activations (*batch, n, d) and edges as `_checked` returns them.
    """
    n, d = x.shape[-2:]
    flat = x.reshape(-1, n, d)
    size = max(1, _CHUNK.get(x.device.type, _DEVICE_CHUNK) // n)
    for start in range(0, len(flat), size):
        entries = slice(start, min(start + size, len(flat)))
        yield entries, _codes_of(flat[entries], edges if len(edges) == 1 else edges[entries], largest=largest)


def _codes_of(x: Tensor, edges: Tensor, *, largest: int) -> Tensor:
    """As `_codes`, for activations (b, n, d) and edges (b, d, K), with ones where they are shared.

    A code is a number whose digits are the bins of the units. When the next digit could make it too large, codes give
    way to their ranks, which tell the same states apart; and when every sample has a rank of its own, no further unit
    can tell more.
    """
    (b, n, d), base = x.shape, edges.shape[-1] + 1
    codes, span = torch.zeros(b, n, dtype=torch.int64, device=x.device), 1
    for unit in range(d):
        if span > largest // base:
            codes, span = _ranks(codes), n
            if (codes.amax(-1) == n - 1).all():
                break
        own = edges[:, unit % edges.shape[1]]
        codes.mul_(base).add_(_bins(x[..., unit].double().contiguous(), own))
        span *= base
    return codes


def _bins(values: Tensor, edges: Tensor) -> Tensor:
    """How many edges (b or 1, K) each value (b, n) reaches, (b, n), int32.

    A uniform grid of cells over the edges tells how many edges lie in the cells before that of a value; a comparison
    for each edge in its own cell does the rest. This is exact: cell numbers do not fall when values rise, whatever
    the rounding, so an edge in an earlier cell is below the value and one in a later cell above it. (Equal edges may
    differ as −0 and 0 do, which would make the rate of their grid negative.)
    """
    rows, count = edges.shape
    low, cells = edges[:, :1], 2 * count
    rate = (cells / (edges[:, -1:] - low).abs()).clamp(max=torch.finfo(torch.float64).max)
    cell, cells_of_edges = (((x - low) * rate).clamp_(0, cells - 1).int() for x in (values, edges))
    every = torch.arange(cells, dtype=torch.int32, device=edges.device).repeat(rows, 1)
    before = torch.searchsorted(cells_of_edges, every)
    most = int(before.diff(append=torch.full_like(before[:, :1], count)).amax())
    if most > _MOST_STEPS:
        return torch.searchsorted(edges.expand(len(values), -1).contiguous(), values, right=True, out_int32=True)
    row = torch.arange(rows, dtype=torch.int32, device=edges.device)[:, None]
    ends = torch.cat([edges, torch.full_like(low, math.inf)], dim=-1).flatten()
    position = (before.int() + row * (count + 1)).flatten().index_select(0, (cell + row * cells).flatten())
    for _ in range(most):
        position += values.flatten() >= ends.index_select(0, position)
    return position.reshape(values.shape) - row * (count + 1)


def _ranks(codes: Tensor) -> Tensor:
    """The codes (b, n) numbered from 0 up in their order, entry by entry."""
    ordered, place = codes.sort(-1)
    rises = torch.zeros_like(codes)
    rises[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    return torch.empty_like(codes).scatter_(-1, place, rises.cumsum(-1))


def _sorted(codes: Tensor) -> Tensor:
    """The codes (b, n) in ascending order; numpy sorts integers several times as fast as torch does on a processor."""
    if codes.device.type == "cpu":
        return torch.from_numpy(np.sort(codes.numpy(), axis=-1))
    return codes.sort(-1).values


def _bits(ordered: Tensor) -> Tensor:
    """Shannon's entropy (b) of the frequencies of equal codes (b, n) in ascending order, bits."""
    b, n = ordered.shape
    last = torch.ones_like(ordered, dtype=torch.bool)
    last[:, :-1] = ordered[:, 1:] != ordered[:, :-1]
    ends = last.flatten().nonzero().squeeze(-1)
    # Every entry ends with the end of a run, so lengths never reach from one entry into the next.
    lengths = ends.diff(prepend=ends.new_tensor([-1]))
    terms = torch.zeros(b * n, dtype=torch.float64, device=ordered.device)
    terms[ends] = _terms(n, ordered.device).index_select(0, lengths)
    return terms.reshape(b, n).sum(-1)


def _terms(n: int, device: torch.device) -> Tensor:
    """What a state of each count from 0 to n adds to an entropy, −(count / n) log2(count / n), (n + 1)."""
    frequencies = torch.arange(n + 1, dtype=torch.float64, device=device) / n
    # Only 0 is below 1 / n, and its term is 0 whatever stands for its logarithm.
    return -frequencies * frequencies.clamp(min=1 / n).log2()
