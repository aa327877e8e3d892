"""Matrix-based Rényi entropies of layers (Sánchez Giraldo, Rao and Príncipe 2015)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from infoplane.analysis import controls, kernels
from infoplane.analysis.kernels import Kernel
from infoplane.analysis.views import LayerView, Measured, Method, View
from infoplane.measures import renyi

_OF_LAYER = (
    "entropy_layer",
    "joint_entropy_input_layer",
    "joint_entropy_layer_target",
    "mutual_information_input_layer",
    "mutual_information_layer_target",
)


def method(_: xr.DataTree, estimator: Mapping[str, Any], names: Sequence[str], *, code: str) -> Method:
    """Measure views by the Gram matrices of input, layer and target.

    The feature maps of a convolution are one variable through the product of a kernel for each, or one kernel on all of
    them, as the estimator says (Yu et al. 2021; Wickstrøm et al. 2023).
    """
    return Method(
        lambda view: _measure(view, estimator, names),
        variables=("activation", "squared_distance"),
        facts=["information", dict(estimator), names, code],
    )


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
    found = {
        **{name: values.numpy() for name, values in entropies.items()},
        "bandwidth_input": inputs.bandwidth.numpy(),
        "median_distance_input": inputs.median_distance.numpy(),
        "bandwidth": np.stack([kernel.bandwidth.numpy() for kernel in by_layer]),
        "median_distance": np.stack([kernel.median_distance.numpy() for kernel in by_layer]),
        **{name: np.stack([[cell[name].numpy() for cell in row] for row in rows]) for name in _OF_LAYER},
    }
    return {name: values[np.newaxis] for name, values in found.items()}


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
