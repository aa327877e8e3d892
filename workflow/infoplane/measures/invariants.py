"""Shannon invariants of many feature maps (Gutknecht et al. 2025).

Averages over all atoms of a decomposition that come out alike whatever redundancy is chosen, as they need informations
only: of each map, of all maps, and of all maps but one. Defined for Shannon's information, and here for the
matrix-based one: what is said of their range holds at α = 1.
"""

import itertools
from typing import NamedTuple

import torch
from torch import Tensor

from infoplane.measures import checks, gram, products, spectrum
from infoplane.measures.pid import MEMORY, NEGLIGIBLE_INFORMATION
from infoplane.measures.products import Joints


class Degrees(NamedTuple):
    """What C feature maps tell about a target, and how it is spread over them; every entry is (*batch).

    - `multivariate_mutual_information`: I(X; {T^1, …, T^C}), bits.
    - `redundancy`: average degree of redundancy, Σ_i I(X; T^i) over it: in how many maps a bit is found alone.
    - `vulnerability`: average degree of vulnerability, Σ_i I(X; T^i | all others) over it: how many maps each lose a
      bit when they are lost.

    At α = 1 both degrees are between 0 and C. They are NaN where all maps together tell no more than 1e-6 bits.
    """

    multivariate_mutual_information: Tensor
    redundancy: Tensor
    vulnerability: Tensor


def degrees(maps: Tensor, target: Tensor, *, alpha: float = 1.01, memory: int = MEMORY) -> Degrees:
    """The average degrees of redundancy and of vulnerability of feature maps about a target.

    Two bits of the target, each known to one map, give 1 and 1; a copy in each of C maps gives C and 0; an exclusive or
    of two maps gives 0 and 2. The cost is some 4 C spectra, as all joints that lack one map come from 3 C products.

    Parameters
    ----------
    maps
        (*batch, C, n, n): a Gram matrix of unit trace per feature map.
    target
        (*batch, n, n): the Gram matrix of the input or of the labels. Its batch shape may be shorter, or have ones.
    alpha
        The order, above 0.
    memory
        Bytes of working memory, about, beside the arguments, the results, and one copy of the maps of one batch entry.

    Returns
    -------
    Degrees
        Of tensors (*batch).

    Raises
    ------
    ValueError
        As `pid.pairwise`.
    """
    alpha = checks.order(alpha)
    checks.positive([memory], "memory")
    maps = checks.maps(maps, "maps")
    (target,) = checks.targets({"target": target}, maps=maps)
    batch, n = maps.shape[:-3], maps.shape[-1]
    targets = target.expand(*batch, n, n)
    found = maps.new_empty(*batch, 3)
    for place in itertools.product(*map(range, batch)):
        found[place] = _degrees(maps[place], targets[place], alpha=alpha, memory=memory)
    return Degrees(*found.unbind(-1))


def _degrees(maps: Tensor, target: Tensor, *, alpha: float, memory: int) -> Tensor:
    """The entries of `Degrees`, (3), for maps (C, n, n) and a target (n, n)."""
    others, joint = _joints(maps)
    kinds = (maps, others, joint[None])
    single, rest, whole = (_information(grams, target, alpha=alpha, memory=memory) for grams in kinds)
    total = whole[0]
    sums = torch.stack([single.sum(), (total - rest).sum()])
    return torch.cat([whole, torch.where(total > NEGLIGIBLE_INFORMATION, sums / total, torch.nan)])


def _joints(maps: Tensor) -> tuple[Tensor, Tensor]:
    """The joint Gram matrix of all maps (C, n, n) but one, for each, (C, n, n), and of all, (n, n).

    Those of the maps after each one are built from the last map on, and then multiplied by those of the maps before.
    """
    n = maps.shape[-1]
    others = torch.empty_like(maps)
    others[-1] = 1 / n  # the joint of no maps, a constant
    for i in range(len(maps) - 1, 0, -1):
        others[i - 1] = _times(others[i], maps[i])
    before = torch.full_like(maps[0], 1 / n)
    for i, own in enumerate(maps):
        others[i] = _times(before, others[i])
        before = _times(before, own)
    return others, before


def _times(a: Tensor, b: Tensor) -> Tensor:
    """The joint Gram matrix of two, without entries that cannot matter."""
    return gram.drop_negligible(products.product([a, b]))


def _information(grams: Tensor, target: Tensor, *, alpha: float, memory: int) -> Tensor:
    """I(target; each of grams (m, n, n)), (m), bits."""
    each = torch.arange(len(grams), device=grams.device)
    alone = Joints(grams, each[:, None], target.new_empty(0, *target.shape), torch.zeros_like(each))
    own, both = (
        spectrum.joint_bits(joints, alpha=alpha, memory=memory)
        for joints in (alone, alone._replace(targets=target[None]))
    )
    return spectrum.bits(target, alpha=alpha) + own - both
