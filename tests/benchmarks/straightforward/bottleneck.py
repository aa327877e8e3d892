"""The information-bottleneck curve as one would write it from the formula: one β at a time, from random starts."""

import torch
from torch import Tensor


def curve(
    joint: Tensor, betas: Tensor, *, symbols: int, tolerance: float = 1e-10, iterations: int = 10_000, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """I(X;T) and I(T;Y), bits, each (m), for a joint (|X|, |Y|), betas (m) and an alphabet of T of so many symbols."""
    random = torch.Generator().manual_seed(seed)
    points = [_point(joint, beta, symbols, tolerance, iterations, random) for beta in betas.tolist()]
    from_input, to_target = zip(*points, strict=True)
    return torch.tensor(from_input, dtype=torch.float64), torch.tensor(to_target, dtype=torch.float64)


def _point(
    joint: Tensor, beta: float, symbols: int, tolerance: float, iterations: int, random: torch.Generator
) -> tuple[float, float]:
    """The two informations at which the self-consistent equations end, from one random encoder."""
    joint = joint.double()
    p_x = joint.sum(1)
    p_y_given_x = joint / p_x[:, None]
    encoder = torch.rand(len(joint), symbols, generator=random, dtype=torch.float64)
    encoder /= encoder.sum(1, keepdim=True)
    functional = torch.inf
    for _ in range(iterations):
        p_t = p_x @ encoder
        p_y_given_t = encoder.T @ joint / p_t[:, None].clamp(min=1e-300)
        own = torch.special.entr(p_y_given_x).sum(1)
        divergence = -own[:, None] - p_y_given_x @ p_y_given_t.clamp(min=1e-300).log().T
        encoder = p_t * torch.exp(-beta * divergence)
        encoder /= encoder.sum(1, keepdim=True)
        from_input, to_target = _information(p_x[:, None] * encoder), _information(encoder.T @ joint)
        before, functional = functional, from_input - beta * to_target
        if before - functional <= tolerance * (1 + beta):
            break
    return from_input, to_target


def _information(joint: Tensor) -> float:
    """The mutual information of a joint distribution of two variables, bits."""
    product = joint.sum(1, keepdim=True) * joint.sum(0)
    return float((torch.xlogy(joint, joint) - torch.xlogy(joint, product)).sum() / torch.log(torch.tensor(2.0)))
