"""Entropies of layers whose units are binned (Shwartz-Ziv and Tishby 2017)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from infoplane.analysis import bins
from infoplane.analysis.bins import Ranges
from infoplane.analysis.information import deterministic
from infoplane.analysis.information.deterministic import Informations
from infoplane.analysis.information.task import Task
from infoplane.analysis.views import LayerView, Measured, Method, View
from infoplane.measures import binning


def method(task: Task) -> Method:
    """Measure views by the joint histogram of the units of a layer, activations or net inputs as the estimator says.

    A layer T is a function of X, so S(X, T) = S(X) and I(X; T) = S(T), which shuffled samples leave as it is unless the
    maps of a convolution come apart. Edges are given; or they divide the range of all units of a layer at all epochs of
    one network (Saxe et al. 2018); or they hold equally many values of a layer at one epoch.
    """
    ranges = bins.ranges(task.tree, task.estimator)
    return Method(
        lambda view: _measure(view, task.estimator, task.names, ranges),
        variables=(task.estimator["read"],),
        facts=lambda _: [*task.facts("binning"), bins.facts(ranges)],
    )


def _measure(view: View, estimator: Mapping[str, Any], names: Sequence[str], ranges: Ranges) -> Measured:
    def informations(layer: LayerView, values: Tensor, targets: Tensor) -> Informations:
        edges = bins.edges(values, estimator["edges"], ranges.get((view.seed, layer.name)))
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
