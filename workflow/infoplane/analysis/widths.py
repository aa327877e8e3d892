"""Widths of Gaussian kernels by the rules of an experiment, one of which follows a network along its epochs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from infoplane.analysis import views
from infoplane.analysis.views import Array, Measured, Method, View
from infoplane.measures import gram

Smoothed = Mapping[tuple[int, float, str], Tensor]  # by seed, epoch and layer, or "input": (P, C)


def standardises(rule: Mapping[str, Any]) -> bool:
    """Whether a rule is for variables whose features are standardised over the samples of a probe batch."""
    return bool(rule["rule"] == "tapia_estevez")


def by_rule(distances: Tensor, dimension: int, rule: Mapping[str, Any]) -> Tensor:
    """Widths for squared distances (P, C, n, n) of variables of some dimension, (P, C), by a rule without labels."""
    match rule["rule"]:
        case "median":
            return gram.median_bandwidth(distances, scale=rule["scale"])
        case "silverman":
            width = gram.silverman_bandwidth(distances.shape[-1], dimension, scale=rule["scale"])
        case "tapia_estevez":
            width = gram.tapia_estevez_bandwidth(distances.shape[-1], dimension, scale=rule["scale"])
        case _:
            width = rule["width"]
    return distances.new_full(distances.shape[:2], width)


def aligned(distances: Tensor, labels: Tensor, rule: Mapping[str, Any]) -> Tensor:
    """Widths for squared distances (P, C, n, n) by alignment with Gram matrices of labels (P, n, n), (P, C)."""
    grid = {"count": rule["candidates"], "least": rule["least"], "reach": rule["reach"]}
    candidates = gram.alignment_candidates(distances, **grid)
    return gram.aligned_bandwidth(distances, labels[:, None], candidates=candidates)


def smoothed(
    tree: xr.DataTree,
    decays: Mapping[str, float],
    alone: Callable[[View], Measured],
    *,
    layers: Sequence[str],
    facts: Any,
    work: Path,
) -> Smoothed:
    """Widths as exponential moving averages over the updates of a network (Wickstrøm et al. 2023).

    Parameters
    ----------
    tree
        An opened activation store.
    decays
        The factor β per update of each layer, or of the input, that has one.
    alone
        From a view to the width of each of these by that view alone, (P, C).
    layers
        To be read from the store.
    facts
        What these widths depend on beside the view.
    work
        Folder for what has been measured already.
    """
    if not decays:
        return {}
    method = Method(alone, variables=("activation", "squared_distance"), facts=lambda _: facts)
    found = views.measure_each(tree, method, layers=list(layers), work=work)
    seeds, epochs, steps = (tree.dataset[name].values.tolist() for name in ("seed", "epoch", "step"))
    return {
        (seed, epoch, name): own
        for name, values in found.items()
        for seed, of_seed in zip(seeds, values, strict=True)
        for epoch, own in zip(epochs, _averaged(of_seed, decays[name], steps), strict=False)
    }


def _averaged(values: Array, decay: float, steps: Sequence[int]) -> Tensor:
    """The average at every epoch (E, …) before the one at which a network diverged."""
    lost = np.isnan(values.reshape(len(values), -1)).any(1)
    kept = torch.from_numpy(values[: int(lost.argmax())] if lost.any() else values)
    if not len(kept):
        return torch.empty(0)
    return gram.exponential_moving_average(kept, decay=decay, iterations=steps[: len(kept)])
