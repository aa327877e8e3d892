"""Networks in training: one alone, or the seeds of a block as one vectorised ensemble.

Both say and do the same: whatever has a leading dimension has it over seeds.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from infoplane.errors import ConfigError
from infoplane.training.objectives import Objective
from infoplane.training.stacked import stacked

State = dict[str, Tensor]
_CLASSES = Objective()


class Trainee(Protocol):
    """What the loop trains: S networks of the same shape."""

    optimiser: torch.optim.Optimizer
    objective: Objective

    def step(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Update once on mini-batches (S, b, …) and (S, b[, …]); the losses before (S,)."""

    def logits(self, inputs: Tensor) -> Tensor:
        """Outputs (S, b, outputs) of inputs (S, b, …), in evaluation mode."""

    def gradients(self, inputs: Tensor, targets: Tensor) -> State:
        """Gradient of the mean loss by parameter, each (S, …), in evaluation mode."""

    def parameters(self) -> State:
        """Parameters, each (S, …)."""

    def state(self) -> State:
        """Parameters and buffers, each (S, …)."""

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take parameters and buffers from `state`."""


class Single:
    """One network, S = 1.

    Parameters
    ----------
    network
        On its device and in its precision.
    settings
        The experiment's `training`.
    objective
        What it is trained for.
    """

    def __init__(self, network: nn.Module, settings: Mapping[str, Any], objective: Objective = _CLASSES) -> None:
        self._network, self.objective = network, objective
        self.optimiser = make_optimiser(list(network.parameters()), settings)

    def step(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """See `Trainee`."""
        self._network.train()
        self.optimiser.zero_grad()
        loss = self.objective.mean_loss(self._network(inputs[0]), targets[0])
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        return loss.detach()[None]

    @torch.no_grad()
    def logits(self, inputs: Tensor) -> Tensor:
        """See `Trainee`."""
        outputs: Tensor = self._network.eval()(inputs[0])
        return outputs[None]

    def gradients(self, inputs: Tensor, targets: Tensor) -> State:
        """See `Trainee`."""
        parameters = {name: value for name, value in self._network.named_parameters() if value.requires_grad}
        loss = self.objective.mean_loss(self._network.eval()(inputs[0]), targets[0])
        gradients = torch.autograd.grad(loss, list(parameters.values()), materialize_grads=True)
        return {name: gradient[None] for name, gradient in zip(parameters, gradients, strict=True)}

    def parameters(self) -> State:
        """See `Trainee`."""
        return {name: value.detach()[None] for name, value in self._network.named_parameters()}

    def state(self) -> State:
        """See `Trainee`."""
        return {name: value.detach()[None].clone() for name, value in self._network.state_dict().items()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """See `Trainee`."""
        self._network.load_state_dict({name: value[0] for name, value in state.items()})


class Ensemble:
    """S networks as stacked parameters, trained by one vectorised step.

    Parameters
    ----------
    networks
        On one device, in one precision, without buffers.
    settings
        The experiment's `training`.
    objective
        What they are trained for.

    Raises
    ------
    ConfigError
        If the networks have buffers (batch normalisation), which no vectorised step can update.
    """

    def __init__(
        self, networks: Sequence[nn.Module], settings: Mapping[str, Any], objective: Objective = _CLASSES
    ) -> None:
        if buffers := [name for name, _ in networks[0].named_buffers()]:
            raise ConfigError(
                f"training.ensemble: the network has buffers ({', '.join(buffers)}), which an ensemble cannot train; "
                "set training.ensemble to false"
            )
        self._stack, self.objective = stacked(networks), objective
        self.optimiser = make_optimiser(list(self._stack.parameters.values()), settings)

    def step(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """See `Trainee`."""
        self._stack.module.train()
        self.optimiser.zero_grad()
        losses = self._losses(inputs, targets)
        losses.sum().backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        return losses.detach()

    @torch.no_grad()
    def logits(self, inputs: Tensor) -> Tensor:
        """See `Trainee`."""
        self._stack.module.eval()
        return self._stack.logits(inputs)

    def gradients(self, inputs: Tensor, targets: Tensor) -> State:
        """See `Trainee`."""
        self._stack.module.eval()
        parameters = {name: value for name, value in self._stack.parameters.items() if value.requires_grad}
        # a network's loss depends on no other's parameters, so the gradient of the sum is each one's own
        total = self._losses(inputs, targets).sum()
        gradients = torch.autograd.grad(total, list(parameters.values()), materialize_grads=True)
        return dict(zip(parameters, gradients, strict=True))

    def parameters(self) -> State:
        """See `Trainee`."""
        return {name: value.detach() for name, value in self._stack.parameters.items()}

    def state(self) -> State:
        """See `Trainee`."""
        return {name: value.detach().clone() for name, value in self._stack.parameters.items()}

    @torch.no_grad()
    def restore(self, state: Mapping[str, Tensor]) -> None:
        """See `Trainee`."""
        for name, value in self._stack.parameters.items():
            value.copy_(state[name])

    def _losses(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Mean loss of each network, (S,)."""
        return self.objective.losses(self._stack.logits(inputs), targets).mean(1)


def make_optimiser(parameters: list[Tensor], settings: Mapping[str, Any]) -> torch.optim.Optimizer:
    """The optimiser that the experiment's `training` asks for.

    Works element by element, so that stacked parameters are updated as those of each network alone.
    """
    rate, decay = settings["learning_rate"], settings["weight_decay"]
    if settings["optimiser"] == "adam":
        return torch.optim.Adam(parameters, lr=rate, weight_decay=decay, fused=True)
    return torch.optim.SGD(parameters, lr=rate, momentum=settings["momentum"], weight_decay=decay, fused=True)
