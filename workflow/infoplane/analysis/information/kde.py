"""Information in layers with Gaussian noise, from bounds on entropies (Kolchinsky and Tracey 2017)."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from infoplane.analysis.information import deterministic
from infoplane.analysis.information.deterministic import Informations
from infoplane.analysis.information.task import Task
from infoplane.analysis.views import LayerView, Measured, Method, View
from infoplane.measures import kde


def method(task: Task) -> Method:
    """Measure views by the upper and the lower bound on I(X; T), and as much of I(T; Y), with T the layer and noise.

    I(T; Y) = S(T) − S(T | Y) is of two upper bounds, or of two lower ones, which is itself no bound; from opposite ones
    it would be, but wider than all that a label can tell. The entropies of a noisy layer are differential and depend on
    its units, so they are left out.
    """
    return Method(
        lambda view: _measure(view, task.estimator, task.names),
        variables=("activation",),
        facts=lambda _: task.facts("kde"),
    )


def _measure(view: View, estimator: Mapping[str, Any], names: Sequence[str]) -> Measured:
    def informations(_: LayerView, values: Tensor, targets: Tensor) -> Informations:
        variance = estimator["noise_variance"]
        found = kde.mutual_information(values, targets, noise_variance=variance, batch_dims=1)
        with_input, with_target = found.with_input, found.with_target_estimates
        return (
            torch.stack([with_input.upper, with_input.lower]),
            torch.stack([with_target.kullback_leibler, with_target.bhattacharyya]),
        )

    return deterministic.measured(view, estimator, names, informations, read="activation")
