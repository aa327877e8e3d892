"""Pairwise decomposition of the information in the feature maps of a layer (Yu et al. 2021).

The four atoms of two maps, I(X; {Ti, Tj}) = Syn + Rdn + Unq(Ti) + Unq(Tj), have three measurements and cannot be
identified; the averages over pairs of Rdn − Syn and of Unq + Unq + 2 Syn can. Atoms are offered only under a redundancy
that is chosen by name.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from infoplane.measures import checks, spectrum
from infoplane.measures.products import Joints

# Pairs with no more information than this (bits) are left out of the percentages: 0/0 for dead maps.
NEGLIGIBLE_INFORMATION = 1e-6

# Working memory for products of Gram matrices, in bytes.
MEMORY = 2**26


class Decomposition(NamedTuple):
    """What C feature maps tell about a target; every entry is (*batch).

    With I_i = I(X; T^i) and I_ij = I(X; {T^i, T^j}), means over all pairs i < j:

    - `multivariate_mutual_information`: I(X; {T^1, …, T^C}), bits.
    - `redundancy_synergy_tradeoff`: mean of I_i + I_j − I_ij, bits; above 0 redundancy, below 0 synergy prevails.
    - `weighted_nonredundant_information`: mean of 2 I_ij − I_i − I_j, bits.
    - `redundancy_synergy_tradeoff_percent`, `weighted_nonredundant_information_percent`: the means of the same terms
      divided by I_ij, in %, over the pairs with I_ij > 1e-6 bits; they sum to 100.
    - `pairs_excluded`: how many pairs the percentages leave out.

    A single map has no pair: its means and percentages are NaN. So are percentages with every pair left out.
    """

    multivariate_mutual_information: Tensor
    redundancy_synergy_tradeoff: Tensor
    weighted_nonredundant_information: Tensor
    redundancy_synergy_tradeoff_percent: Tensor
    weighted_nonredundant_information_percent: Tensor
    pairs_excluded: Tensor


def pairwise(maps: Tensor, target: Tensor, *, alpha: float = 1.01, memory: int = MEMORY) -> Decomposition:
    """Decompose what feature maps tell about one target (Yu et al. 2021, section III-B).

    Parameters
    ----------
    maps
        (*batch, C, n, n): a Gram matrix of unit trace per feature map.
    target
        (*batch, n, n): the Gram matrix of the input or of the labels. Its batch shape may be shorter, or have ones,
        where entries share a target.
    alpha
        The order, above 0. At 1 the weighted non-redundant information is never negative; away from 1 it can be.
    memory
        Bytes of working memory, about, beside the arguments and the results.

    Returns
    -------
    Decomposition
        Of tensors (*batch).

    Raises
    ------
    ValueError
        If a matrix is not square, finite, symmetric, of unit trace and with a positive diagonal; if `maps` has fewer
        than three dimensions; if the target does not broadcast to the batch of the maps; if `alpha` or `memory` is
        not above 0.
    """
    return _pairwise(maps, {"target": target}, alpha=alpha, memory=memory)[0]


def pairwise_many(
    maps: Tensor, targets: Sequence[Tensor], *, alpha: float = 1.01, memory: int = MEMORY
) -> list[Decomposition]:
    """Decompose what feature maps tell about each of several targets, as `pairwise`.

    The entropies of the maps and of their pairs are computed once for all targets.

    Parameters
    ----------
    maps
        (*batch, C, n, n), as in `pairwise`.
    targets
        Each (*batch, n, n), as in `pairwise`.
    alpha
        The order, above 0.
    memory
        Bytes of working memory, about.

    Returns
    -------
    list of Decomposition
        One per target.

    Raises
    ------
    ValueError
        As `pairwise`.
    """
    named = {f"targets[{i}]": target for i, target in enumerate(targets)}
    return _pairwise(maps, named, alpha=alpha, memory=memory)


class MinimumMutualInformationAtoms(NamedTuple):
    """The four atoms of every pair of maps i < j, in the order of `torch.combinations`; every entry is (*batch, pairs).

    They are what the choice Rdn = min(I_i, I_j) makes of them, in bits:

    - `redundant`: min(I_i, I_j), what either map tells.
    - `unique_first`, `unique_second`: I_i and I_j less that; one of the two is 0.
    - `synergistic`: I_ij − max(I_i, I_j), what only both together tell.
    """

    redundant: Tensor
    unique_first: Tensor
    unique_second: Tensor
    synergistic: Tensor


def minimum_mutual_information_atoms(
    maps: Tensor, target: Tensor, *, alpha: float = 1.01, memory: int = MEMORY
) -> MinimumMutualInformationAtoms:
    """The atoms of all pairs of maps under the minimum-mutual-information redundancy (Barrett 2015).

    Three measurements do not determine four atoms: these are one choice among several. It looks at amounts alone, so
    that two independent bits of the target, each known to one map, count as redundant and synergistic, not as unique.

    Parameters
    ----------
    maps
        (*batch, C, n, n): a Gram matrix of unit trace per feature map.
    target
        (*batch, n, n): the Gram matrix of the input or of the labels. Its batch shape may be shorter, or have ones.
    alpha
        The order, above 0. At 1 no atom is negative; away from 1 the synergy can be, and all are kept with their sign.
    memory
        Bytes of working memory, about, beside the arguments and the results.

    Returns
    -------
    MinimumMutualInformationAtoms
        Of tensors (*batch, C(C−1)/2), whose sum is I(X; {T^i, T^j}).

    Raises
    ------
    ValueError
        As `pairwise`.
    """
    maps = checks.maps(maps, "maps")
    index = torch.arange(maps.shape[-3], device=maps.device)
    pairs = torch.combinations(index)
    [single], [pair] = _checked_information(
        maps, {"target": target}, (index[:, None], pairs), alpha=alpha, memory=memory
    )
    first, second = (single[:, some] for some in pairs.unbind(-1))
    redundant = torch.minimum(first, second)
    atoms = redundant, first - redundant, second - redundant, pair - torch.maximum(first, second)
    return MinimumMutualInformationAtoms(*(atom.reshape(*maps.shape[:-3], -1) for atom in atoms))


def _pairwise(maps: Tensor, targets: Mapping[str, Tensor], *, alpha: float, memory: int) -> list[Decomposition]:
    """As `pairwise_many`, with the names that messages give the targets."""
    maps = checks.maps(maps, "maps")
    index = torch.arange(maps.shape[-3], device=maps.device)
    subsets = (index[:, None], torch.combinations(index), index[None, :])
    single, pair, whole = _checked_information(maps, targets, subsets, alpha=alpha, memory=memory)
    return [_decompose(*parts, maps.shape[:-3]) for parts in zip(single, pair, whole, strict=True)]


def _checked_information(
    maps: Tensor, targets: Mapping[str, Tensor], subsets: Sequence[Tensor], *, alpha: float, memory: int
) -> list[list[Tensor]]:
    """`_information` of checked maps (*batch, C, n, n), for each kind of subsets, about targets yet to be checked."""
    alpha = checks.order(alpha)
    checks.positive([memory], "memory")
    about = [_target(gram, maps.shape[:-3], alpha=alpha) for gram in checks.targets(targets, maps=maps)]
    flat = maps.reshape(-1, *maps.shape[-3:])
    return [_information(flat, some, about, alpha=alpha, memory=memory) for some in subsets]


class _Target(NamedTuple):
    """A target of B sets of maps: its Gram matrices (G, n, n), their entropies (G), and which is whose (B)."""

    grams: Tensor
    bits: Tensor
    about: Tensor


def _target(gram: Tensor, batch: torch.Size, *, alpha: float) -> _Target:
    """All that is needed of a target (*batch or shorter, n, n), without a copy for each set of maps."""
    grams = gram.reshape(-1, *gram.shape[-2:])
    about = torch.arange(len(grams), device=gram.device).reshape(gram.shape[:-2]).expand(batch).reshape(-1)
    return _Target(grams, spectrum.bits(grams, alpha=alpha), about)


def _information(
    maps: Tensor, subsets: Tensor, targets: Sequence[_Target], *, alpha: float, memory: int
) -> list[Tensor]:
    """I(target; the maps of each subset), (B, M) per target, for maps (B, C, n, n) and subsets (M, s) of their indices.

    Neither all pairs nor all their products are ever in memory.
    """
    (sets, count, n), total = maps.shape[:3], len(subsets)
    first = count * torch.arange(sets, device=maps.device)
    chosen = (first[:, None, None] + subsets).flatten(0, 1)

    def bits(targets: Tensor, about: Tensor) -> Tensor:
        joints = Joints(maps.flatten(0, 1), chosen, targets, about.repeat_interleave(total))
        return spectrum.joint_bits(joints, alpha=alpha, memory=memory).reshape(sets, total)

    own = bits(maps.new_empty(0, n, n), torch.zeros_like(first))
    return [target.bits[target.about, None] + own - bits(target.grams, target.about) for target in targets]


def _decompose(single: Tensor, pair: Tensor, whole: Tensor, batch: torch.Size) -> Decomposition:
    """From I_i (B, C), I_ij (B, pairs i < j) and the information of all maps (B, 1)."""
    first, second = torch.combinations(torch.arange(single.shape[-1], device=single.device)).unbind(-1)
    both = single[:, first] + single[:, second]
    tradeoff, nonredundant = both - pair, 2 * pair - both
    counted = pair > NEGLIGIBLE_INFORMATION
    parts = (
        whole.squeeze(-1),
        tradeoff.mean(-1),
        nonredundant.mean(-1),
        _mean_percent(tradeoff, pair, counted),
        _mean_percent(nonredundant, pair, counted),
        counted.logical_not().sum(-1),
    )
    return Decomposition(*(part.reshape(batch) for part in parts))


def _mean_percent(part: Tensor, whole: Tensor, counted: Tensor) -> Tensor:
    """Mean of part / whole over the counted pairs, in %; NaN where none counts."""
    return 100 * torch.where(counted, part / whole, torch.nan).nanmean(-1)
