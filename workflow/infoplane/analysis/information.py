"""Entropies and mutual informations of every layer with input and target."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from infoplane.analysis import controls, kernels, views
from infoplane.analysis.kernels import Kernel
from infoplane.analysis.views import LayerView, Measured, View
from infoplane.measures import renyi

_OF_LAYER = (
    "entropy_layer",
    "joint_entropy_input_layer",
    "joint_entropy_layer_target",
    "mutual_information_input_layer",
    "mutual_information_layer_target",
)


def information(
    tree: xr.DataTree, estimator: Mapping[str, Any], *, control: Sequence[str], work: Path, code: str
) -> xr.Dataset:
    """Measure a run: S(X), S(Y), S(T), S(X, T), S(T, Y), I(X; T) and I(T; Y), in bits.

    The layers of a convolution are measured through the product of one kernel per feature map, or one kernel on all
    of them, as the estimator says (Yu et al. 2021; Wickstrøm et al. 2023).

    Parameters
    ----------
    tree
        An opened activation store.
    estimator
        As the experiment has it.
    control
        Controls to measure beside the networks themselves.
    work
        Folder for what has been measured already.
    code
        Digest of the code, part of what a measurement depends on.

    Returns
    -------
    xarray.Dataset
        The group ``/information`` of the data model, for one run and one estimator.
    """
    names = controls.names(control)
    layers = views.layer_names(tree)
    found = views.measure_each(
        tree,
        lambda view: _measure(view, estimator, names),
        layers=layers,
        variables=["activation", "squared_distance"],
        work=work,
        facts=["information", dict(estimator), names, code],
    )
    return views.labelled("information", found, tree, layers, control=names)


def _measure(view: View, estimator: Mapping[str, Any], names: Sequence[str]) -> Measured:
    alpha = estimator["alpha"]
    inputs = kernels.of_input(view, estimator)
    targets = kernels.of_target(view, estimator)
    entropies = {
        "entropy_input": renyi.entropy(inputs.joint(), alpha=alpha),
        "entropy_target": renyi.entropy(targets, alpha=alpha),
    }
    by_layer = [kernels.of_layer(view, layer, estimator) for layer in view.layers]
    rows = [
        [
            _of_control(name, view, layer, kernel, inputs.joint(), targets, entropies, estimator)
            for layer, kernel in zip(view.layers, by_layer, strict=True)
        ]
        for name in names
    ]
    return {
        **{name: values.numpy() for name, values in entropies.items()},
        "bandwidth_input": inputs.bandwidth.numpy(),
        "median_distance_input": inputs.median_distance.numpy(),
        "bandwidth": np.stack([kernel.bandwidth.numpy() for kernel in by_layer]),
        "median_distance": np.stack([kernel.median_distance.numpy() for kernel in by_layer]),
        **{name: np.stack([[cell[name].numpy() for cell in row] for row in rows]) for name in _OF_LAYER},
    }


def _of_control(
    name: str,
    view: View,
    layer: LayerView,
    kernel: Kernel,
    inputs: Tensor,
    targets: Tensor,
    entropies: Mapping[str, Tensor],
    estimator: Mapping[str, Any],
) -> dict[str, Tensor]:
    """Quantities of one layer under one control, each (P,)."""
    alpha = estimator["alpha"]
    nothing = torch.full_like(entropies["entropy_input"], torch.nan)
    if name == controls.SHUFFLED:
        kernel = replace(kernel, maps=controls.shuffled(kernel.maps, seed=view.seed, depth=layer.depth))
    if name == controls.PERMUTED:
        targets = kernels.of_target(view, estimator, permuted=True)
    joint = kernel.joint()
    entropy = renyi.entropy(joint, alpha=alpha)
    with_input = nothing if name == controls.PERMUTED else renyi.joint_entropy(inputs, joint, alpha=alpha)
    with_target = renyi.joint_entropy(joint, targets, alpha=alpha)
    return {
        "entropy_layer": nothing if name == controls.PERMUTED else entropy,
        "joint_entropy_input_layer": with_input,
        "joint_entropy_layer_target": with_target,
        "mutual_information_input_layer": entropies["entropy_input"] + entropy - with_input,
        "mutual_information_layer_target": entropies["entropy_target"] + entropy - with_target,
    }
