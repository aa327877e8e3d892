"""Several networks of one shape as one: parameters (S, …) and inputs (S, b, …) in, logits (S, b, classes) out.

Any network is vectorised over its parameters. Fully connected ones, of which ensembles are usually made, become
products of stacked matrices instead, with a sample in a column: small layers are then wide, and take half the time.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from infoplane.models.chain import Chain
from infoplane.models.layers import ACTIVATIONS

_BY_ELEMENT = (*ACTIVATIONS.values(), nn.Dropout)
_IN_SEQUENCE = (Chain.forward, nn.Sequential.forward)


@dataclass(frozen=True)
class Stack:
    """S networks as one.

    Parameters
    ----------
    module
        Whose mode, training or evaluation, `logits` runs in.
    parameters
        By the names of one network, each (S, …).
    logits
        Of inputs (S, b, …), (S, b, classes).
    """

    module: nn.Module
    parameters: dict[str, Tensor]
    logits: Callable[[Tensor], Tensor]


def stacked(networks: Sequence[nn.Module]) -> Stack:
    """Copies of networks of one shape, without buffers, as one."""
    parameters: dict[str, Tensor] = stack_module_state(list(networks))[0]
    module = deepcopy(networks[0])
    if _is_fully_connected(module):
        return Stack(module, parameters, _with_matrices(module, parameters))

    def run(parameters: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
        outputs: Tensor = functional_call(module, dict(parameters), (inputs,))
        return outputs

    vectorised = vmap(run, randomness="different")
    return Stack(module, parameters, lambda inputs: vectorised(parameters, inputs))


class _Linear(nn.Module):
    """A linear layer with weights (S, o, i) and biases (S, o)."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.weight, self.bias = weight, bias

    def forward(self, inputs: Tensor) -> Tensor:
        outputs = torch.bmm(self.weight, inputs.mT)
        return (outputs if self.bias is None else outputs + self.bias[..., None]).mT


def _is_fully_connected(network: nn.Module) -> bool:
    """Whether it flattens its inputs, and then is linear layers and functions of each element, one after another."""
    stages = [module for module in network.modules() if type(module).forward not in _IN_SEQUENCE]
    return _is_flatten(stages[0]) and all(type(stage) in (nn.Linear, *_BY_ELEMENT) for stage in stages[1:])


def _is_flatten(module: nn.Module) -> bool:
    return type(module) is nn.Flatten and (module.start_dim, module.end_dim) == (1, -1)


def _with_matrices(module: nn.Module, parameters: Mapping[str, Tensor]) -> nn.Module:
    """The network with its stages replaced by those of stacked parameters."""
    for path, stage in list(module.named_modules()):
        if _is_flatten(stage):
            module.set_submodule(path, nn.Flatten(start_dim=2))
        elif type(stage) is nn.Linear:
            module.set_submodule(path, _Linear(parameters[f"{path}.weight"], parameters.get(f"{path}.bias")))
    return module
