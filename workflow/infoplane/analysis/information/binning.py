"""Entropies of layers whose units are binned (Shwartz-Ziv and Tishby 2017)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from infoplane import store
from infoplane.analysis import views
from infoplane.analysis.information import deterministic
from infoplane.analysis.information.deterministic import Informations
from infoplane.analysis.views import LayerView, Measured, Method, View
from infoplane.measures import binning

Ends = tuple[float, float]  # the least and the greatest value
Ranges = Mapping[tuple[int, str], Ends]  # by seed and layer


def method(tree: xr.DataTree, estimator: Mapping[str, Any], names: Sequence[str], *, code: str) -> Method:
    """Measure views by the joint histogram of the units of a layer, activations or net inputs as the estimator says.

    A layer T is a function of X, so S(X, T) = S(X) and I(X; T) = S(T), which shuffled samples leave as it is unless the
    maps of a convolution come apart. Edges are given; or they divide the range of all units of a layer at all epochs of
    one network (Saxe et al. 2018); or they hold equally many values of a layer at one epoch.
    """
    read = estimator["read"]
    ranges = _ranges(tree, read) if estimator["edges"]["rule"] == "range" else {}
    return Method(
        lambda view: _measure(view, estimator, names, ranges),
        variables=(read,),
        facts=["binning", dict(estimator), names, code, [[*place, *ends] for place, ends in ranges.items()]],
    )


def _ranges(tree: xr.DataTree, read: str) -> Ranges:
    """Range of a layer's values over all epochs of a network, up to that at which it diverged."""
    found = {}
    for place, seed in enumerate(tree.dataset["seed"].values.tolist()):
        for name in views.layer_names(tree):
            whole = tree[name].dataset[read].isel(seed=place)
            low, high = zip(*(_ends(whole.isel(epoch=epoch)) for epoch in range(tree.sizes["epoch"])), strict=True)
            found[seed, name] = float(np.fmin.reduce(low)), float(np.fmax.reduce(high))
    return found


def _ends(slab: xr.DataArray) -> Ends:
    values = store.read(slab)
    return float(values.min()), float(values.max())


def _measure(view: View, estimator: Mapping[str, Any], names: Sequence[str], ranges: Ranges) -> Measured:
    def informations(layer: LayerView, values: Tensor, targets: Tensor) -> Informations:
        edges = _edges(values, estimator["edges"], ranges.get((view.seed, layer.name)))
        found = binning.mutual_information(values, targets, edges=edges, batch_dims=1)
        return found.with_input[None], found.with_target[None]

    found = deterministic.measured(view, estimator, names, informations, read=estimator["read"])
    inputs, targets = (found[name][:, None, None] for name in ("entropy_input", "entropy_target"))
    layers, with_target = (found[f"mutual_information_{name}"] for name in ("input_layer", "layer_target"))
    known = np.where(np.isnan(layers), layers[:, :1], layers)  # permuted labels leave S(T) as it is
    return {
        **found,
        "entropy_layer": layers,
        "joint_entropy_input_layer": inputs + 0 * layers,
        "joint_entropy_layer_target": known + targets - with_target,
    }


def _edges(values: Tensor, settings: Mapping[str, Any], ends: Ends | None) -> Tensor:
    """Edges for a layer's values (P, n, …)."""
    match settings["rule"]:
        case "fixed":
            return binning.fixed_edges(settings["count"], low=settings["low"], high=settings["high"])
        case "equal_width":
            return binning.equal_width_edges(settings["bins"], low=settings["low"], high=settings["high"])
        case "equal_count":
            return binning.equal_count_edges(values, settings["bins"], batch_dims=1)
        case _:
            return binning.range_edges(torch.tensor(ends)[:, None], settings["bins"])
