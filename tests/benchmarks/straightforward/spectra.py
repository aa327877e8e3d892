"""Entropies of many Gram matrices, written plainly: batched eigenvalues, one thread in each of two workers."""

from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor


def entropies(grams: Tensor, *, alpha: float, workers: int) -> Tensor:
    """S_α, bits, (m), of Gram matrices (m, n, n)."""
    with ThreadPoolExecutor(workers) as pool:
        return torch.cat(list(pool.map(lambda some: _entropies(some, alpha), grams.chunk(workers))))


def _entropies(grams: Tensor, alpha: float) -> Tensor:
    eigenvalues = torch.linalg.eigvalsh(grams).clamp(min=0)
    return eigenvalues.pow(alpha).sum(-1).log2() / (1 - alpha)
