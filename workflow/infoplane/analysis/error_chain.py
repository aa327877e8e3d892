"""Mutual information between the error at the output and the error at every layer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from torch import Tensor

from infoplane.analysis import controls, views
from infoplane.analysis.kernels import Kernel, Kernels
from infoplane.analysis.views import LayerView, Measured, Method, View
from infoplane.measures import renyi
from infoplane.schema import estimates


def error_chain(
    tree: xr.DataTree, estimator: Mapping[str, Any], *, control: Sequence[str], work: Path, code: str
) -> xr.Dataset:
    """Measure a run: I(δ_K; δ_k) in bits, with δ_k the back-propagated error at layer k and K the output.

    Yu et al. 2021, section on the second data-processing inequality. That the values fall from the output to the
    first layer is an observation and no theorem: δ_(k−1) depends on the activations of layer k−1 too.

    Parameters
    ----------
    tree, estimator, control, work, code
        As in `infoplane.analysis.information.information`.

    Returns
    -------
    xarray.Dataset
        The group ``/error_chain`` of the data model, for one run and one estimator.
    """
    names = controls.names(control)
    layers = views.layer_names(tree)
    kernels = Kernels(estimator, {})  # the rules for errors smooth nothing
    method = Method(
        lambda view: _measure(view, kernels, names),
        variables=("error", "error_squared_distance"),
        facts=lambda _: ["error_chain", dict(estimator), names, code],
    )
    found = views.measure_each(tree, method, layers=layers, work=work)
    return views.labelled("error_chain", found, tree, layers, control=names, estimator=estimates(estimator))


def _measure(view: View, kernels: Kernels, names: Sequence[str]) -> Measured:
    errors = [kernels.of(view, layer, "error") for layer in view.layers]
    output = errors[-1].joint()
    rows = [
        [
            _of_control(name, view, layer, kernel, output, kernels.estimator["alpha"])
            for layer, kernel in zip(view.layers, errors, strict=True)
        ]
        for name in names
    ]
    found = {
        "mutual_information_error": np.array(rows),
        "error_bandwidth": np.stack([kernel.bandwidth.numpy() for kernel in errors]),
        "error_median_distance": np.stack([kernel.median_distance.numpy() for kernel in errors]),
    }
    return {name: values[np.newaxis] for name, values in found.items()}


def _of_control(name: str, view: View, layer: LayerView, kernel: Kernel, output: Tensor, alpha: float) -> np.ndarray:
    """I(δ_K; δ_k) of one layer under one control, (P,)."""
    if name == controls.PERMUTED:  # the errors were made with the true labels
        return np.full(len(output), np.nan)
    if name == controls.SHUFFLED:
        kernel = replace(kernel, maps=controls.shuffled(kernel.maps, seed=view.seed, depth=layer.depth))
    found: np.ndarray = renyi.mutual_information(output, kernel.joint(), alpha=alpha).numpy()
    return found
