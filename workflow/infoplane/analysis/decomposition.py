"""Partial information decomposition over the feature maps of every convolution."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from infoplane.analysis import controls, views
from infoplane.analysis.kernels import Kernel, Kernels
from infoplane.analysis.views import LayerView, Measured, Method, View
from infoplane.measures import invariants, pid
from infoplane.schema import CONVOLUTIONAL, DECOMPOSITION, estimates

ABOUT = ["input", "target"]
_DEGREES = ("redundancy", "vulnerability")


def decomposition(
    tree: xr.DataTree, estimator: Mapping[str, Any], *, control: Sequence[str], work: Path, code: str
) -> xr.Dataset:
    """Measure a run: what feature maps tell about input and target, alone, in pairs, together, and all but one.

    Multivariate mutual information, redundancy-synergy trade-off and weighted non-redundant information of Yu et
    al. 2021, section III-B, and the average degrees of redundancy and of vulnerability of Gutknecht et al. 2025; see
    `infoplane.measures.pid` and `infoplane.measures.invariants`.

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
    kernels = Kernels.along(tree, estimator, layers=layers, code=code, work=work)
    method = Method(
        lambda view: _measure(view, kernels, names),
        variables=("activation", "squared_distance"),
        facts=lambda view: ["decomposition", dict(estimator), names, code, kernels.facts(view)],
    )
    found = views.measure_each(tree, method, layers=layers, work=work)
    return views.labelled(
        "decomposition", found, tree, layers, control=names, estimator=estimates(estimator), about=ABOUT
    )


def _measure(view: View, kernels: Kernels, names: Sequence[str]) -> Measured:
    by_layer = [kernels.of(view, layer) for layer in view.layers]
    shape = 1, len(names), len(view.layers), len(ABOUT), len(view.targets)
    found = {name: np.full(shape, np.nan) for name in DECOMPOSITION}
    for row, name in enumerate(names):
        for column, (layer, kernel) in enumerate(zip(view.layers, by_layer, strict=True)):
            for about, quantities in _of_control(name, view, layer, kernel, kernels).items():
                for field, values in quantities.items():
                    found[field][0, row, column, ABOUT.index(about)] = values
    return found


def _of_control(
    name: str, view: View, layer: LayerView, kernel: Kernel, kernels: Kernels
) -> dict[str, dict[str, np.ndarray]]:
    """Quantities of one layer under one control, each (P), by what they are about."""
    if name == controls.SHUFFLED:
        kernel = replace(kernel, maps=controls.shuffled(kernel.maps, seed=view.seed, depth=layer.depth))
    targets = {"target": kernels.target(view, permuted=name == controls.PERMUTED)}
    if name != controls.PERMUTED:  # which leaves the input as it is
        targets = {"input": kernels.of(view, view.input).joint(), **targets}
    alpha = kernels.estimator["alpha"]
    pairs = pid.pairwise_many(kernel.maps, list(targets.values()), alpha=alpha)
    return {
        about: {
            **_arrays(pair),
            **{f"degree_of_{field}": values for field, values in _arrays(degrees).items() if field in _DEGREES},
        }
        for (about, gram), pair in zip(targets.items(), pairs, strict=True)
        for degrees in [invariants.degrees(kernel.maps, gram, alpha=alpha)]
    }


def _arrays(quantities: pid.Decomposition | invariants.Degrees) -> dict[str, np.ndarray]:
    return {field: values.numpy() for field, values in quantities._asdict().items()}
