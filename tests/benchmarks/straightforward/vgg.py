"""Layers of a large network with aligned kernel widths, written plainly: one kernel matrix per candidate width."""

import torch
from torch import Tensor


def entropies(layers: list[Tensor], inputs: Tensor, targets: Tensor, *, count: int, alpha: float) -> Tensor:
    """S(T), S(X, T) and S(T, Y), bits, (layers, 3), with the best aligned of `count` widths per layer."""
    y = (targets[:, None] == targets).double() / len(targets)
    x = _kernel(_distances(inputs), 8.0)
    rows = []
    for layer in layers:
        distances = _distances(layer)
        widths = torch.linspace(0.1, 10 * distances.mean().item(), count, dtype=torch.float64) / 2**0.5
        alignments = [(_kernel(distances, width) * y).sum() / _kernel(distances, width).norm() for width in widths]
        t = _kernel(distances, widths[int(torch.stack(alignments).argmax())])
        rows.append([_entropy(t, alpha), _entropy(x * t, alpha), _entropy(t * y, alpha)])
    return torch.tensor(rows, dtype=torch.float64)


def _distances(x: Tensor) -> Tensor:
    x = x.flatten(1).double()
    return torch.cdist(x, x)


def _kernel(distances: Tensor, sigma: float | Tensor) -> Tensor:
    return torch.exp(-distances.square() / (2 * sigma**2)) / len(distances)


def _entropy(gram: Tensor, alpha: float) -> float:
    eigenvalues = torch.linalg.eigvalsh(gram / gram.trace()).clamp(min=0)
    return (eigenvalues.pow(alpha).sum().log2() / (1 - alpha)).item()
