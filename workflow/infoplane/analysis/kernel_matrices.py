"""The kernel matrices of layers themselves, untrained and at the last epoch, samples in the order of their classes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr

from infoplane.analysis import views
from infoplane.analysis.kernels import Kernels
from infoplane.analysis.views import Measured, Method, View
from infoplane.schema import estimates


def kernel_matrices(
    tree: xr.DataTree, estimator: Mapping[str, Any], *, work: Path, code: str, **_: Sequence[str]
) -> xr.Dataset:
    """Keep what the entropies of a run are made of: k(x, x′) of every layer at the first epoch and at the last.

    Parameters
    ----------
    tree, estimator, work, code
        As in `infoplane.analysis.information.information`; the estimator is of kind ``renyi``. There are no controls.

    Returns
    -------
    xarray.Dataset
        The group ``/kernel_matrices`` of the data model, for one run and one estimator.
    """
    layers = views.layer_names(tree)
    kernels = Kernels.along(tree, estimator, layers=layers, code=code, work=work)
    ends = tree.isel(epoch=sorted({0, tree.sizes["epoch"] - 1}))
    method = Method(
        lambda view: _measure(view, kernels),
        variables=("activation", "squared_distance"),
        facts=lambda view: ["kernel_matrices", dict(estimator), code, kernels.facts(view)],
    )
    found = views.measure_each(ends, method, layers=layers, work=work)
    samples = np.arange(estimator.get("probe_size", tree.sizes["sample"]))
    names = estimates(estimator)
    return views.labelled("kernel_matrices", found, ends, layers, estimator=names, sample=samples, other_sample=samples)


def _measure(view: View, kernels: Kernels) -> Measured:
    n = views.samples(view, kernels.estimator)
    order = view.states[:, :n].sort(stable=True)
    rows = torch.arange(len(order.indices))[:, None, None]
    places = rows, order.indices[:, :, None], order.indices[:, None, :]
    matrices = torch.stack([n * kernels.of(view, layer).joint()[places] for layer in view.layers])
    return {
        "kernel": matrices.movedim(1, -1)[None].numpy(),
        "sample_class": order.values.double().T.numpy(),
    }
