"""Edges between the bins of a layer, as an estimator of kind ``binning`` has them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from infoplane import store
from infoplane.analysis import views
from infoplane.measures import binning

Ends = tuple[float, float]  # the least and the greatest value
Ranges = Mapping[tuple[int, str], Ends]  # by seed and layer


def ranges(tree: xr.DataTree, estimator: Mapping[str, Any]) -> Ranges:
    """Range of a layer's values over all epochs of a network, up to that at which it diverged; none if not needed."""
    if estimator["edges"]["rule"] != "range":
        return {}
    found = {}
    for place, seed in enumerate(tree.dataset["seed"].values.tolist()):
        for name in views.layer_names(tree):
            whole = tree[name].dataset[estimator["read"]].isel(seed=place)
            low, high = zip(*(_ends(whole.isel(epoch=epoch)) for epoch in range(tree.sizes["epoch"])), strict=True)
            found[seed, name] = float(np.fmin.reduce(low)), float(np.fmax.reduce(high))
    return found


def facts(known: Ranges) -> list[Any]:
    """Ranges as part of what a measurement depends on."""
    return [[*place, *ends] for place, ends in known.items()]


def edges(values: Tensor, settings: Mapping[str, Any], ends: Ends | None) -> Tensor:
    """Edges for a layer's values (P, n, …), from an estimator's `edges` and, where they want it, the layer's range."""
    match settings["rule"]:
        case "fixed":
            return binning.fixed_edges(settings["count"], low=settings["low"], high=settings["high"])
        case "equal_width":
            return binning.equal_width_edges(settings["bins"], low=settings["low"], high=settings["high"])
        case "equal_count":
            return binning.equal_count_edges(values, settings["bins"], batch_dims=1)
        case _:
            return binning.range_edges(torch.tensor(ends)[:, None], settings["bins"])


def _ends(slab: xr.DataArray) -> Ends:
    values = store.read(slab)
    ends = float(values.min()), float(values.max())
    return ends if np.isfinite(ends).all() else (np.nan, np.nan)
