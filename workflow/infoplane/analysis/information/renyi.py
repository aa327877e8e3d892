"""Matrix-based Rényi entropies of layers (Sánchez Giraldo, Rao and Príncipe 2015)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from infoplane.analysis import controls
from infoplane.analysis.information.task import Task
from infoplane.analysis.kernels import Kernel, Kernels
from infoplane.analysis.views import Measured, Method, View
from infoplane.measures import renyi

_BYTES = 2**27  # of the Gram matrices of layers that are measured together
_OF_LAYER = (
    "entropy_layer",
    "joint_entropy_input_layer",
    "joint_entropy_layer_target",
    "mutual_information_input_layer",
    "mutual_information_layer_target",
)


def method(task: Task) -> Method:
    """Measure views by the Gram matrices of input, layer and target.

    The feature maps of a convolution are one variable through the product of a kernel for each, or one kernel on all of
    them, as the estimator says (Yu et al. 2021; Wickstrøm et al. 2023).
    """
    kernels = Kernels.along(task.tree, task.estimator, layers=task.layers, code=task.code, work=task.work)
    return Method(
        lambda view: _measure(view, kernels, task.names),
        variables=("activation", "squared_distance"),
        facts=lambda view: [*task.facts("renyi"), kernels.facts(view)],
    )


def _measure(view: View, kernels: Kernels, names: Sequence[str]) -> Measured:
    alpha = kernels.estimator["alpha"]
    inputs, targets = kernels.of(view, view.input), kernels.target(view)
    entropies = {
        "entropy_input": renyi.entropy(inputs.joint(), alpha=alpha),
        "entropy_target": renyi.entropy(targets, alpha=alpha),
    }
    by_layer = [kernels.of(view, layer) for layer in view.layers]
    rows = [_of_control(name, view, by_layer, inputs.joint(), targets, entropies, kernels) for name in names]
    found = {
        **{name: values.numpy() for name, values in entropies.items()},
        "bandwidth_input": inputs.bandwidth.numpy(),
        "median_distance_input": inputs.median_distance.numpy(),
        "bandwidth": np.stack([kernel.bandwidth.numpy() for kernel in by_layer]),
        "median_distance": np.stack([kernel.median_distance.numpy() for kernel in by_layer]),
        **{name: np.stack([row[name].numpy() for row in rows]) for name in _OF_LAYER},
    }
    return {name: values[np.newaxis] for name, values in found.items()}


def _of_control(
    name: str,
    view: View,
    by_layer: Sequence[Kernel],
    inputs: Tensor,
    targets: Tensor,
    entropies: Mapping[str, Tensor],
    kernels: Kernels,
) -> dict[str, Tensor]:
    """Quantities of all layers under one control, each (L, P)."""
    if name == controls.SHUFFLED:
        by_layer = [
            replace(kernel, maps=controls.shuffled(kernel.maps, seed=view.seed, depth=layer.depth))
            for kernel, layer in zip(by_layer, view.layers, strict=True)
        ]
    if name == controls.PERMUTED:
        targets = kernels.target(view, permuted=True)
    together = max(1, _BYTES // (8 * inputs.numel()))
    lots = [by_layer[start : start + together] for start in range(0, len(by_layer), together)]
    own = [_entropies(lot, inputs, targets, alpha=kernels.estimator["alpha"]) for lot in lots]
    entropy, with_input, with_target = (torch.cat(values) for values in zip(*own, strict=True))
    if name == controls.PERMUTED:
        with_input = torch.full_like(with_input, torch.nan)
    return {
        "entropy_layer": torch.full_like(entropy, torch.nan) if name == controls.PERMUTED else entropy,
        "joint_entropy_input_layer": with_input,
        "joint_entropy_layer_target": with_target,
        "mutual_information_input_layer": entropies["entropy_input"] + entropy - with_input,
        "mutual_information_layer_target": entropies["entropy_target"] + entropy - with_target,
    }


def _entropies(
    by_layer: Sequence[Kernel], inputs: Tensor, targets: Tensor, *, alpha: float
) -> tuple[Tensor, Tensor, Tensor]:
    """S(T), S(X, T) and S(T, Y), each (L, P), of several layers in one call each, where small matrices cost least."""
    joint = torch.stack([kernel.joint() for kernel in by_layer])
    return (
        renyi.entropy(joint, alpha=alpha),
        renyi.joint_entropy(inputs, joint, alpha=alpha),
        renyi.joint_entropy(joint, targets, alpha=alpha),
    )
