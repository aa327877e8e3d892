"""Bounds on the information in layers with Gaussian noise (Kolchinsky and Tracey 2017)."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import xarray as xr
from torch import Tensor

from infoplane.analysis.information import deterministic
from infoplane.analysis.information.deterministic import Informations
from infoplane.analysis.views import LayerView, Measured, Method, View
from infoplane.measures import kde


def method(_: xr.DataTree, estimator: Mapping[str, Any], names: Sequence[str], *, code: str) -> Method:
    """Measure views by the upper and the lower bound on I(X; T) and I(T; Y), with T the layer and Gaussian noise.

    Both bounds of I(T; Y) are bounds: each takes opposite ones of S(T) and S(T | Y). The entropies of a noisy layer are
    differential and depend on its units, so they are left out.
    """
    return Method(
        lambda view: _measure(view, estimator, names),
        variables=("activation",),
        facts=["kde", dict(estimator), names, code],
    )


def _measure(view: View, estimator: Mapping[str, Any], names: Sequence[str]) -> Measured:
    def informations(_: LayerView, values: Tensor, targets: Tensor) -> Informations:
        variance = estimator["noise_variance"]
        found = kde.mutual_information(values, targets, noise_variance=variance, batch_dims=1)
        with_input, with_target = found.with_input, found.with_target
        return torch.stack([with_input.upper, with_input.lower]), torch.stack([with_target.upper, with_target.lower])

    return deterministic.measured(view, estimator, names, informations, read="activation")
