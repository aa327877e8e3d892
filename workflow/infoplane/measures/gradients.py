"""How much of a gradient is common to all mini-batches, and how much differs between them.

Figure 4 of Shwartz-Ziv and Tishby 2017.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from infoplane.measures import checks


class SignalToNoise(NamedTuple):
    """Drift and diffusion of stochastic gradient descent in one layer; every entry is (*batch).

    With g_b the gradient on mini-batch b, in the unit of the gradient:

    - `mean_norm`: m = ‖mean_b g_b‖.
    - `std_norm`: s = √(trace of the covariance of g_b over b), the norm of the standard deviations.
    - `ratio`: m / s, without unit; inf where all mini-batches agree, NaN where every gradient is 0.
    """

    mean_norm: Tensor
    std_norm: Tensor
    ratio: Tensor


def signal_to_noise(gradients: Tensor) -> SignalToNoise:
    """Norms of the mean and of the standard deviation of a gradient over mini-batches, and their ratio.

    The standard deviation is that of the mini-batches at hand, Σ_b (g_b − m)² / B, as in the statistics of training.
    Shwartz-Ziv and Tishby 2017, Fig. 4, divide both norms by that of the weights, which leaves the ratio as it is;
    m / s is that of Saxe et al. 2018.

    Parameters
    ----------
    gradients
        (*batch, B, parameters): the gradient with respect to all parameters of a layer on each of B ≥ 2 mini-batches.

    Returns
    -------
    SignalToNoise
        Of tensors (*batch), float64.

    Raises
    ------
    ValueError
        If `gradients` has fewer than two dimensions, fewer than two mini-batches, or is not finite.
    """
    x = checks.tensor(gradients, "gradients")
    if x.ndim < 2 or x.shape[-2] < 2:
        raise ValueError(f"gradients must have shape (*batch, B, parameters) with B of 2 or more, got {tuple(x.shape)}")
    checks.finite(x, "gradients")
    # In units of the largest entry, whose square stays within the range of floating point.
    unit = x.double().abs().amax((-2, -1), keepdim=True).clamp(min=torch.finfo(torch.float64).tiny)
    spread, mean = torch.std_mean(x.double() / unit, dim=-2, correction=0)
    signal, noise = torch.linalg.vector_norm(mean, dim=-1), torch.linalg.vector_norm(spread, dim=-1)
    unit = unit[..., 0, 0]
    return SignalToNoise(signal * unit, noise * unit, signal / noise)
