"""How large the layers of a network are, without a run of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from infoplane import models
from infoplane.capture import looking
from infoplane.models import graph


def of_model(
    model: Mapping[str, Any], shape: tuple[int, ...], classes: int, *, folder: Path
) -> dict[str, dict[str, Any]]:
    """Attributes of each layer that is looked at, in network order, as an activation store has them.

    Parameters
    ----------
    model
        As the experiment has it.
    shape, classes
        Of the data set.
    folder
        Where relative paths start.
    """
    network: Any = models.make(model, shape, classes, folder=folder)
    every = models.layers_of(network)
    layers = graph.chosen(every, model.get("layers", ()))
    parameter = next(network.parameters())
    return looking.described(network.eval(), every, layers, torch.zeros(1, *shape, dtype=parameter.dtype))
