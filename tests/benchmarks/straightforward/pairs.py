"""Feature maps in pairs, written plainly: every pair by itself, and every information from its three entropies."""

import math
from itertools import combinations

import torch
from torch import Tensor


def information(maps: Tensor, inputs: Tensor, targets: Tensor, *, sigmas: tuple[float, float], alpha: float) -> Tensor:
    """I(X; T_i), I(X; T_j), I(X; {T_i, T_j}) and the same with Y, bits, (pairs, 6), of maps (C, n, d).

    sigmas: kernel widths of a map and of the inputs (n, d).
    """
    return torch.tensor(
        [_pair(maps[i], maps[j], inputs, targets, sigmas, alpha) for i, j in combinations(range(len(maps)), 2)],
        dtype=torch.float64,
    )


def _pair(
    first: Tensor, second: Tensor, inputs: Tensor, targets: Tensor, sigmas: tuple[float, float], alpha: float
) -> list[float]:
    a, b = gaussian(first, sigmas[0]), gaussian(second, sigmas[0])
    x = gaussian(inputs, sigmas[1])
    y = (targets[:, None] == targets).double() / len(targets)
    both = hadamard(a, b)
    return [mutual_information(one, other, alpha) for other in (x, y) for one in (a, b, both)]


def gaussian(x: Tensor, sigma: float) -> Tensor:
    """Unit-trace Gram matrix of exp(−d²/(2σ²))."""
    x = x.double()
    return torch.exp(-torch.cdist(x, x).square() / (2 * sigma**2)) / len(x)


def hadamard(a: Tensor, b: Tensor) -> Tensor:
    """Their product, of unit trace."""
    product = a * b
    return product / product.trace()


def entropy(gram: Tensor, alpha: float) -> float:
    """S_α, bits."""
    eigenvalues = torch.linalg.eigh(gram)[0].clamp(min=0)
    return math.log2(eigenvalues.pow(alpha).sum().item()) / (1 - alpha)


def mutual_information(a: Tensor, b: Tensor, alpha: float) -> float:
    """I_α, bits, from three entropies."""
    return entropy(a, alpha) + entropy(b, alpha) - entropy(hadamard(a, b), alpha)
