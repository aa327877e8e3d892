"""How large a network is; makes it once, and lets one sample pass, which loads torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from infoplane import files, models
from infoplane.capture import looking
from infoplane.config import Settings
from infoplane.models import graph


@dataclass(frozen=True)
class Size:
    """How large a network is.

    Parameters
    ----------
    parameters
        Numbers in its weights.
    operations
        Multiplications of a weight with a value while one sample passes.
    layers
        Of each layer that is looked at: its feature maps (1 where it has none), and its numbers per sample.
    """

    parameters: int
    operations: int
    layers: tuple[tuple[int, int], ...]

    @property
    def numbers(self) -> int:
        """Numbers per sample, of all layers."""
        return sum(each for _, each in self.layers)


_known: dict[str, Size] = {}


def size(model: Settings, shape: tuple[int, ...], classes: int, *, folder: Path) -> Size:
    """Measure a network as an experiment describes it.

    Parameters
    ----------
    model
        The experiment's `model`.
    shape, classes
        Of its data.
    folder
        Where relative paths start.

    Raises
    ------
    ConfigError
        If it cannot be made.
    """
    key = files.digest([model, list(shape), classes, str(folder)])
    if key not in _known:
        network: Any = models.make(model, shape, classes, folder=folder)
        _known[key] = _measured(network, shape, model.get("layers", ()))
    return _known[key]


def _measured(network: Any, shape: tuple[int, ...], patterns: Any) -> Size:
    operations: list[int] = []

    def count(module: nn.Module, _: Any, output: Any) -> None:
        weight = getattr(module, "weight", None)
        if isinstance(weight, Tensor) and weight.ndim > 1 and isinstance(output, Tensor):
            outputs = output.shape[-1] if isinstance(module, nn.Linear) else output.shape[1]
            operations.append(weight.numel() * (output[0].numel() // outputs))

    every = models.layers_of(network)
    layers = graph.chosen(every, patterns) if patterns else every
    handles = [module.register_forward_hook(count) for module in network.modules()]
    try:
        kind = next((each.dtype for each in network.parameters() if each.is_floating_point()), torch.float32)
        found = looking.described(network.eval(), every, layers, torch.zeros(1, *shape, dtype=kind))
    finally:
        for handle in handles:
            handle.remove()
    return Size(
        sum(each.numel() for each in network.parameters()),
        sum(operations),
        tuple((each["channels"], each["dimension"]) for each in found.values()),
    )
