"""Partial information decomposition over the feature maps of every convolution."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr

from infoplane.analysis import controls, kernels, views
from infoplane.analysis.kernels import Kernel
from infoplane.analysis.views import LayerView, Measured, View
from infoplane.measures import pid
from infoplane.schema import CONVOLUTIONAL

ABOUT = ["input", "target"]


def decomposition(
    tree: xr.DataTree, estimator: Mapping[str, Any], *, control: Sequence[str], work: Path, code: str
) -> xr.Dataset:
    """Measure a run: what pairs of feature maps tell about input and target, in bits and per cent.

    Multivariate mutual information, redundancy-synergy trade-off and weighted non-redundant information of Yu et
    al. 2021, section III-B; see `infoplane.measures.pid`.

    Parameters
    ----------
    tree, estimator, control, work, code
        As in `infoplane.analysis.information.information`; the estimator is multivariate.

    Returns
    -------
    xarray.Dataset
        The group ``/decomposition`` of the data model, for one run and one estimator; its layers are the
        convolutions.
    """
    names = controls.names(control)
    layers = [name for name in views.layer_names(tree) if tree[name].attrs["kind"] == CONVOLUTIONAL]
    found = views.measure_each(
        tree,
        lambda view: _measure(view, estimator, names),
        layers=layers,
        variables=["activation", "squared_distance"],
        work=work,
        facts=["decomposition", dict(estimator), names, code],
    )
    return views.labelled("decomposition", found, tree, layers, control=names, about=ABOUT)


def _measure(view: View, estimator: Mapping[str, Any], names: Sequence[str]) -> Measured:
    kernels_of = [kernels.of_layer(view, layer, estimator) for layer in view.layers]
    batches = len(view.targets)
    found = {
        name: np.full((len(names), len(view.layers), len(ABOUT), batches), np.nan) for name in pid.Decomposition._fields
    }
    for row, name in enumerate(names):
        for column, (layer, kernel) in enumerate(zip(view.layers, kernels_of, strict=True)):
            for field, values in _of_control(name, view, layer, kernel, estimator).items():
                found[field][row, column] = values
    return found


def _of_control(
    name: str, view: View, layer: LayerView, kernel: Kernel, estimator: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    """Quantities of one layer under one control, each (input and target, P)."""
    inputs = kernels.of_input(view, estimator).joint()
    if name == controls.SHUFFLED:
        kernel = replace(kernel, maps=controls.shuffled(kernel.maps, seed=view.seed, depth=layer.depth))
    if name == controls.PERMUTED:
        targets = kernels.of_target(view, estimator, permuted=True)
        (about_target,) = pid.pairwise_many(kernel.maps, [targets], alpha=estimator["alpha"])
        nothing = torch.full_like(about_target.multivariate_mutual_information, torch.nan)
        return {field: torch.stack([nothing, values]).numpy() for field, values in about_target._asdict().items()}
    targets = kernels.of_target(view, estimator)
    both = pid.pairwise_many(kernel.maps, [inputs, targets], alpha=estimator["alpha"])
    return {field: torch.stack([getattr(each, field) for each in both]).numpy() for field in both[0]._fields}
