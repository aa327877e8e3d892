"""The information-bottleneck curve of a data set, and how far the layers of trained networks are from it."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from infoplane.analysis import bins, controls, views
from infoplane.analysis.bins import Ranges
from infoplane.analysis.information import deterministic
from infoplane.analysis.views import LayerView, Measured, Method, View
from infoplane.measures import binning
from infoplane.measures import bottleneck as measures
from infoplane.schema import estimates

# Of the curve: up to β = 1 it is at its origin, and a thousand leaves little of I(X;Y) out.
BETAS = (1 + np.geomspace(1e-3, 1e3, 49)).tolist()

_OF_LAYER = {  # variables of the data model by the fields of `measures.Layer`
    "bottleneck_information_input": "information_input",
    "bottleneck_information_target": "information_target",
    "bottleneck_beta": "beta",
    "bottleneck_residual": "divergence",
    "bottleneck_residual_floor": "floor",
}


def bottleneck(
    tree: xr.DataTree, estimator: Mapping[str, Any], *, control: Sequence[str], work: Path, code: str
) -> xr.Dataset:
    """Measure the ends of a run: I(X;T), I(T;Y), β* and the residual of every layer, and the curve of p(x, y).

    The ends are the first epoch, of untrained networks, and the last.

    T is the state of a binned layer, and the samples of a probe batch are equally probable inputs with the p(y|x) of
    the data set. β* and the residual are those of `infoplane.measures.bottleneck.fit` (Shwartz-Ziv and Tishby 2017,
    eq. 12 and figure 6). For hard labels the curve is a segment, and β* is 0 or 1.

    Parameters
    ----------
    tree, estimator, control, work, code
        As in `infoplane.analysis.information.information`; the estimator is of kind ``binning``.

    Returns
    -------
    xarray.Dataset
        The group ``/bottleneck`` of the data model, for one run and one estimator.
    """
    names, layers = controls.names(control), views.layer_names(tree)
    ranges, ends = bins.ranges(tree, estimator), tree.isel(epoch=sorted({0, tree.sizes["epoch"] - 1}))
    method = Method(
        lambda view: _measure(view, estimator, names, ranges),
        variables=(estimator["read"],),
        facts=lambda _: ["bottleneck", dict(estimator), names, code, bins.facts(ranges)],
    )
    found = views.measure_each(ends, method, layers=layers, work=work)
    coords = {"control": names, "estimator": estimates(estimator), "beta": BETAS}
    return views.labelled("bottleneck", found, ends, layers, **coords)


def _measure(view: View, estimator: Mapping[str, Any], names: Sequence[str], ranges: Ranges) -> Measured:
    probability = view.target_probability[:, : views.samples(view, estimator)]
    rows = [[_fits(view, layer, probability, estimator, name, ranges) for layer in view.layers] for name in names]
    found = {
        name: np.array([[getattr(fit, field) for fit in row] for row in rows]) for name, field in _OF_LAYER.items()
    }
    found["bottleneck_information_input"][[name == controls.PERMUTED for name in names]] = np.nan  # as it was
    curves = [_curve(_hashable(measures.merge(_joint(batch)))) for batch in probability]
    found |= {name: np.stack([each[name] for each in curves], axis=-1) for name in curves[0]}
    return {name: values[np.newaxis] for name, values in found.items()}


def _fits(
    view: View, layer: LayerView, probability: Tensor, estimator: Mapping[str, Any], control: str, ranges: Ranges
) -> measures.Layer:
    """The fits of a layer under a control, each field (P)."""
    values = deterministic.values(view, layer, estimator["read"], probability.shape[1], control)
    edges = bins.edges(values, estimator["edges"], ranges.get((view.seed, layer.name)))
    states = binning.states(values, edges=edges, batch_dims=1)
    if control == controls.PERMUTED:
        probability = controls.permuted(probability, seed=view.seed)
    fits = [measures.layer(_joint(batch), own) for batch, own in zip(probability, states, strict=True)]
    return measures.Layer(*map(torch.stack, zip(*fits, strict=True)))


def _joint(probability: Tensor) -> Tensor:
    """p(x, y) of equally probable samples, from p(y|x), (n, classes)."""
    return probability / len(probability)


def _hashable(joint: Tensor) -> tuple[tuple[float, ...], ...]:
    return tuple(map(tuple, joint.tolist()))


@lru_cache(maxsize=64)  # most networks are looked at on the same samples
def _curve(joint: tuple[tuple[float, ...], ...]) -> Measured:
    """The curve of p(x, y), and I(X;Y)."""
    p = torch.tensor(joint, dtype=torch.float64)
    found = measures.curve(p, betas=BETAS)
    whole = measures.layer(p, torch.arange(len(p)))
    return {
        "curve_information_input": found.information_input.numpy(),
        "curve_information_target": found.information_target.numpy(),
        "curve_converged": found.converged.double().numpy(),
        "curve_bound": whole.information_target.numpy(),
    }
