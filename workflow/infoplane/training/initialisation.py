"""How weights start."""

from collections.abc import Mapping
from math import sqrt
from typing import Any

import torch
from torch import Tensor, nn


def initialise(network: nn.Module, init: Mapping[str, Any]) -> None:
    """Draw the weights of every convolution and fully connected layer anew, and set their biases to zero.

    Parameters
    ----------
    network
        Changed in place, unless the scheme is ``default``.
    init
        `scheme` and `gain`, a factor on the scheme's own standard deviation. Sources: Xavier, Glorot and
        Bengio 2010; Kaiming, He et al. 2015; ``truncated_normal`` has standard deviation 1/√fan_in, cut at 2.
    """
    if init["scheme"] == "default":
        return
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            _draw(module.weight, init["scheme"], init["gain"])
            if module.bias is not None:
                nn.init.zeros_(module.bias)


@torch.no_grad()
def _draw(weight: Tensor, scheme: str, gain: float) -> None:
    match scheme:
        case "xavier_uniform":
            nn.init.xavier_uniform_(weight, gain=gain)
        case "xavier_normal":
            nn.init.xavier_normal_(weight, gain=gain)
        case "kaiming_uniform":
            nn.init.kaiming_uniform_(weight, nonlinearity="relu").mul_(gain)
        case "kaiming_normal":
            nn.init.kaiming_normal_(weight, nonlinearity="relu").mul_(gain)
        case "truncated_normal":
            std = gain / sqrt(weight[0].numel())
            nn.init.trunc_normal_(weight, std=std, a=-2 * std, b=2 * std)
        case _:
            raise ValueError(f"init scheme is {scheme!r}")
