"""Looking at a network once, on one probe batch: what is kept of each layer, and how layers are described."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from infoplane import pairs
from infoplane.capture.hooks import Hooks, errors, squared_distances
from infoplane.models import graph
from infoplane.models.layers import Layer
from infoplane.schema import CONVOLUTIONAL
from infoplane.training.objectives import Objective

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Kept:
    """What is kept of a layer.

    Parameters
    ----------
    store
        ``raw``, ``distances`` or ``smaller``, as an experiment has it.
    errors
        Whether back-propagated errors are wanted.
    maps
        Whether distances are wanted for every feature map, rather than for all of a layer's together.
    preactivations
        Whether net inputs are wanted, always as they are.
    """

    store: str = "raw"
    errors: bool = True
    maps: bool = True
    preactivations: bool = False


def look(
    network: nn.Module, layers: Sequence[Layer], inputs: Tensor, targets: Tensor, kept: Kept, *, objective: Objective
) -> dict[str, Arrays]:
    """Arrays (n, …) by layer and variable.

    Parameters
    ----------
    network
        In evaluation mode.
    layers
        To look at.
    inputs, targets
        (n, …) and (n[, …]), on the network's device, the inputs in its precision.
    kept
        What is kept.
    objective
        What the network is trained for.
    """
    with torch.set_grad_enabled(kept.errors), Hooks(network, layers, objective=objective) as hooks:
        # the clone is no leaf, so that a network may work on it in place; whole numbers have no gradient
        logits = network(inputs.detach().requires_grad_(kept.errors and inputs.is_floating_point()).clone())
        deltas = errors(objective.losses(logits, targets), hooks) if kept.errors else {}
    found: dict[str, Arrays] = {}
    for layer in layers:
        found[layer.name] = _kept("activation", "squared_distance", hooks.activations[layer.name], layer, kept)
        if deltas:
            found[layer.name] |= _kept("error", "error_squared_distance", deltas[layer.name], layer, kept)
        if kept.preactivations:
            found[layer.name]["preactivation"] = hooks.preactivations[layer.name].detach().cpu().numpy()
    return found


def described(
    network: nn.Module, every: Sequence[Layer], layers: Sequence[Layer], inputs: Tensor
) -> dict[str, dict[str, Any]]:
    """Attributes of each layer: kind, depth, feature maps, numbers per sample, and its place in the graph.

    Of the layers that are looked at, `inputs` feed it, and `dominator` is its immediate dominator; the first of two
    symmetric layers has the second as its `counterpart`.

    Parameters
    ----------
    network
        In evaluation mode.
    every
        All layers of the network.
    layers
        Those that are looked at.
    inputs
        Of any sample, (1, …).
    """
    with torch.no_grad(), Hooks(network, layers) as hooks:
        network(inputs)
    shapes = {name: values.shape[1:] for name, values in hooks.activations.items()}
    joined = graph.among(every, shapes)
    counterparts = pairs.counterparts(pairs.of_network(network), [layer.name for layer in layers])
    feeding, dominators = graph.predecessors(joined), graph.dominators(joined)
    return {
        layer.name: {
            "kind": layer.kind,
            "depth": every.index(layer) + 1,
            "channels": shapes[layer.name][0] if layer.kind == CONVOLUTIONAL else 1,
            "dimension": shapes[layer.name].numel(),
            "inputs": list(feeding[layer.name]),
            "dominator": dominators[layer.name],
            **({pairs.COUNTERPART: counterparts[layer.name]} if layer.name in counterparts else {}),
        }
        for layer in layers
    }


def _kept(raw: str, distances: str, values: Tensor, layer: Layer, kept: Kept) -> Arrays:
    values = values.detach()
    maps = kept.maps and layer.kind == CONVOLUTIONAL
    n, count = len(values), values.shape[1] if maps else 1
    smaller = count * n * (n - 1) // 2 * 8 < values.numel() * values.element_size()
    if kept.store == "raw" or (kept.store == "smaller" and not smaller):
        return {raw: (values.float() if values.dtype in {torch.bfloat16, torch.float16} else values).cpu().numpy()}
    upper = torch.triu(squared_distances(values, maps=maps)).cpu().numpy()
    return {distances: np.moveaxis(upper, 0, -1) if maps else upper}
