"""Entropies from spectra: the one place where eigenvalues, and functionals of them, are computed.

Two engines serve. torch's eigensolver serves every order, size and device; `lanes` finds the same entropies without
eigenvalues, several times faster where many matrices wait on a processor and α is just above 1: to 1e-12 bits, for
matrices whose eigenvalues are not further below 0 than float64 rounds them.

Callers have checked their arguments: Gram matrices are (*batch, n, n), float64, symmetric and of unit trace.
"""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from infoplane.measures import lanes
from infoplane.measures.gram import classes, drop_negligible
from infoplane.measures.products import Joints

# Matrices are solved so many bytes at a time: on a processor what stays in its cache, elsewhere what keeps it busy.
_CHUNK_BYTES = {"cpu": 2**23}
_DEVICE_CHUNK_BYTES = 2**28

# Batches for the lanes engine: fewer matrices do not fill its lanes, and seldom repay the second that loading it takes;
# for larger ones it is not known to be faster.
_LANES_COUNT = 16
_LANES_SIZE = 512

# Factors whose product cannot underflow: each has a diagonal near 1/n and no entry below 1e-40 / n.
_LANES_FACTORS = 4

# Matrices alive at once for each product of Gram matrices: factors, products, and the solver's copies.
_COPIES = 8


def bits(gram: Tensor, *, alpha: float, blocks: Tensor | None = None) -> Tensor:
    """Rényi's entropy S_α of the spectrum of Gram matrices.

    Parameters
    ----------
    gram
        (*batch, n, n).
    alpha
        The order, above 0; 2 takes no eigenvalues.
    blocks
        (*batch, n), where known: a class of each sample such that entries between different classes are 0. The
        spectrum is then the union of the spectra of the blocks, for about 1/classes² of the work. One class for all
        samples says nothing.

    Returns
    -------
    Tensor
        (*batch), bits.
    """
    if alpha == 2:
        return _purity_bits(gram)
    if _fills_lanes(gram, gram.shape[:-2].numel(), alpha=alpha):
        return _bits_by_lanes(gram, alpha=alpha, blocks=blocks)
    return bits_of(eigenvalues(gram, blocks=blocks), alpha=alpha)


def joint_bits(joints: Joints, *, alpha: float, memory: int) -> Tensor:
    """Rényi's entropy S_α of many joint variables, whose Gram matrices are never in memory all at once.

    Parameters
    ----------
    joints
        M of them.
    alpha
        The order, above 0.
    memory
        Bytes of working memory, about.

    Returns
    -------
    Tensor
        (M), bits.
    """
    maps, subsets, targets, _ = joints
    factors = subsets.shape[-1] + min(len(targets), 1)
    if factors <= _LANES_FACTORS and _fills_lanes(maps, len(subsets), alpha=alpha):
        return _joint_bits_by_lanes(joints, alpha=alpha)
    blocks, found = joints.blocks(), maps.new_empty(len(subsets))
    size = max(1, int(memory // (_COPIES * 8 * maps[0].numel())))
    for start in range(0, len(found), size):
        some = joints.part(slice(start, start + size))
        found[start : start + size] = bits(some.grams(), alpha=alpha, blocks=blocks[some.about])
    return found


def _fills_lanes(gram: Tensor, count: int, *, alpha: float) -> bool:
    """Whether the lanes engine is the faster one for so many matrices like those of `gram` (*batch, n, n)."""
    first, last = lanes.ORDERS
    enough = gram.shape[-1] <= _LANES_SIZE and count >= _LANES_COUNT
    return enough and first <= alpha <= last and gram.device.type == "cpu" and lanes.available()


def _joint_bits_by_lanes(joints: Joints, *, alpha: float) -> Tensor:
    """As `joint_bits`, with products that the engine makes where it wants them, block by block."""
    scale = joints.traces().reciprocal()
    sums = torch.zeros_like(scale)
    for target, members in _members_by_size(joints.blocks()):
        own, block = (joints.about[:, None] == target).nonzero().unbind(-1)
        sums.index_add_(0, own, lanes.joint_power_sums(joints, scale, own, members, block, alpha=alpha))
    return _bits_of_sums(sums, alpha=alpha)


def _bits_by_lanes(gram: Tensor, *, alpha: float, blocks: Tensor | None) -> Tensor:
    """As `bits`, with no eigenvalue of any matrix but those of indicators."""
    matrices, partitions = _flat(gram, blocks)
    own = classes(matrices)
    solved = own[:, 0] < 0
    result = gram.new_empty(len(matrices))
    result[~solved] = bits_of(_frequencies(own[~solved]), alpha=alpha)
    if solved.all():
        result = _solve_by_lanes(matrices, partitions, alpha=alpha)
    elif solved.any():
        result[solved] = _solve_by_lanes(matrices[solved], partitions[solved], alpha=alpha)
    return result.reshape(gram.shape[:-2])


def _solve_by_lanes(gram: Tensor, blocks: Tensor, *, alpha: float) -> Tensor:
    """Bits (m) of (m, n, n) by blocks (m, n), whose sums add up to those of their matrix."""

    def solver(matrices: Tensor) -> Tensor:
        sums = matrices.new_zeros(matrices.shape[:-1])
        sums[:, 0] = lanes.power_sums(matrices, alpha=alpha)
        return sums

    return _bits_of_sums(_by_blocks(solver, gram, blocks).sum(-1), alpha=alpha)


def _bits_of_sums(sums: Tensor, *, alpha: float) -> Tensor:
    """S_α = −log2(1 + (α−1) Σ (λ^α − λ)/(α−1)) / (α−1), where Σ λ = 1, from the sums of spectra."""
    nats = sums if alpha == 1 else ((alpha - 1) * sums).log1p() / (alpha - 1)
    return (-nats / math.log(2)).clamp_(min=0)  # as in exact arithmetic


def _purity_bits(gram: Tensor) -> Tensor:
    """S_2 = −log2 tr A² = −2 log2 ‖A‖_F."""
    rows = torch.linalg.vector_norm(gram, dim=-1)  # row by row, as one long sum is 20 times less accurate
    norm: Tensor = torch.linalg.vector_norm(rows, dim=-1)
    return 2 * norm.clamp(max=1).reciprocal().log2()  # ‖A‖_F ≤ tr A = 1, whatever the rounding


def bits_of(eigenvalues: Tensor, *, alpha: float) -> Tensor:
    """Rényi's entropy of spectra (*batch, n) that sum to 1, in bits.

    S_α = −log2 m + log1p(Σ λ · expm1((α−1) · ln(λ/m))) / ((1−α) · ln 2) over λ > 0, with m the largest λ: exact where
    Σ λ = 1, as it is here. The usual form, log2 Σ λ^α / (1−α), magnifies the rounding of Σ λ by 1/|1−α|; this one
    does not, is continuous in α through 1, and the division by m keeps the sum from cancelling for large α. Its terms
    have one sign, so S ≥ 0 holds in floating point too.
    """
    largest = eigenvalues.amax(-1, keepdim=True)
    logs = torch.where(eigenvalues > 0, eigenvalues / largest, 1.0).log_()
    minimal = largest.squeeze(-1).reciprocal().log2()
    if alpha == math.inf:
        return minimal
    if alpha == 1:
        return minimal - (eigenvalues * logs).sum(-1) / math.log(2)
    return minimal + (eigenvalues * torch.expm1((alpha - 1) * logs)).sum(-1).log1p() / ((1 - alpha) * math.log(2))


def eigenvalues(gram: Tensor, *, blocks: Tensor | None = None) -> Tensor:
    """Eigenvalues (*batch, n) of Gram matrices (*batch, n, n), in no order, within [0, 1] as in exact arithmetic.

    Those of indicators are counted, not solved for. `blocks` is as in `bits`.
    """
    matrices, partitions = _flat(gram, blocks)
    n = gram.shape[-1]
    size = max(1, _CHUNK_BYTES.get(gram.device.type, _DEVICE_CHUNK_BYTES) // (8 * n * n))
    chunks = zip(torch.split(matrices, size), torch.split(partitions, size), strict=True)
    return torch.cat([_eigenvalues(*chunk) for chunk in chunks]).clamp_(0, 1).reshape(gram.shape[:-1])


def _flat(gram: Tensor, blocks: Tensor | None) -> tuple[Tensor, Tensor]:
    """Gram matrices (m, n, n) and their blocks (m, n), without further batch dimensions: one block if none is known."""
    n = gram.shape[-1]
    matrices = gram.reshape(-1, n, n)
    known = gram.new_zeros(len(matrices), n, dtype=torch.int64) if blocks is None else blocks.reshape(-1, n)
    return matrices, known


def _eigenvalues(gram: Tensor, blocks: Tensor) -> Tensor:
    """As `eigenvalues`, without the rounding put right, for (m, n, n) and (m, n)."""
    own = classes(gram)
    solved = own[:, 0] < 0
    if solved.all():
        return _by_blocks(_eigvalsh, gram, blocks)
    spectra = _frequencies(own.clamp(min=0))
    if solved.any():
        spectra[solved] = _by_blocks(_eigvalsh, gram[solved], blocks[solved])
    return spectra


def _frequencies(classes: Tensor) -> Tensor:
    """Frequencies (m, n) of the classes 0 ≤ c < n of (m, n) samples."""
    counts = torch.zeros_like(classes, dtype=torch.float64)
    return counts.scatter_add_(-1, classes, torch.ones_like(counts)).div_(classes.shape[-1])


def _eigvalsh(matrices: Tensor) -> Tensor:
    """Eigenvalues (m, n) of (m, n, n)."""
    found: Tensor = torch.linalg.eigvalsh(drop_negligible(matrices))
    return found


def _by_blocks(solver: Callable[[Tensor], Tensor], gram: Tensor, blocks: Tensor) -> Tensor:
    """What a solver, (k, s, s) → (k, s), finds for (m, n, n) by blocks (m, n): those of equal size of all together."""
    if (blocks == blocks[:, :1]).all():
        return solver(gram)
    found = gram.new_empty(blocks.shape)
    for matrix, members in _members_by_size(blocks):
        found[matrix[:, None], members] = solver(_block(gram, matrix, members))
    return found


def _block(gram: Tensor, matrix: Tensor, members: Tensor) -> Tensor:
    """Blocks (k, s, s): entries between the members (k, s) of the matrices (k) of (m, n, n).

    As `gram[matrix, members, members]` with dimensions added, four times faster.
    """
    n = gram.shape[-1]
    rows = (matrix[:, None] * n + members) * n
    entries = rows[:, :, None] + members[:, None, :]
    return gram.reshape(-1).index_select(0, entries.flatten()).reshape(entries.shape)


def _members_by_size(blocks: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """For each size s that a class of blocks (m, n) has: the matrices (k) with such a class and its members (k, s)."""
    n = blocks.shape[-1]
    classes, order = blocks.sort(-1)
    begins = torch.ones_like(classes, dtype=torch.bool)
    begins[:, 1:] = classes[:, 1:] != classes[:, :-1]
    start = begins.flatten().nonzero().squeeze(-1)
    sizes = start.diff(append=start.new_tensor([blocks.numel()]))
    for size in set(sizes.tolist()):
        first = start[sizes == size]
        yield first // n, order.flatten()[first[:, None] + torch.arange(size, device=blocks.device)]
