"""From an estimator's settings to Gram matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
import xarray as xr
from torch import Tensor
from torch.nn.functional import one_hot

from infoplane.analysis import controls, widths
from infoplane.analysis.views import LayerView, Measured, View, samples
from infoplane.analysis.widths import Smoothed
from infoplane.measures import gram, renyi
from infoplane.schema import INPUT

# Of continuous targets: the median heuristic, so that I(T; Y) is the same in any unit of the targets.
TARGET_BANDWIDTH = {"rule": "median", "scale": 1.0}


@dataclass(frozen=True)
class Kernel:
    """Gram matrices of a variable, and what is worth knowing of them.

    Parameters
    ----------
    maps
        (P, C, n, n), unit trace, one per feature map.
    bandwidth, median_distance
        (P,), of the kernel and between samples; medians over all feature maps.
    """

    maps: Tensor
    bandwidth: Tensor
    median_distance: Tensor

    def joint(self) -> Tensor:
        """The Gram matrix of all feature maps as one variable, (P, n, n)."""
        return self.maps[:, 0] if self.maps.shape[1] == 1 else renyi.joint(self.maps)


@dataclass(frozen=True)
class Kernels:
    """How an estimator makes Gram matrices of what a view holds.

    Parameters
    ----------
    estimator
        As the experiment has it.
    smoothed
        Widths that follow a network along its epochs, where the estimator has such.
    """

    estimator: Mapping[str, Any]
    smoothed: Smoothed

    @classmethod
    def along(
        cls, tree: xr.DataTree, estimator: Mapping[str, Any], *, layers: Sequence[str], code: str, work: Path
    ) -> Self:
        """The kernels of an estimator for the networks of a run.

        Parameters
        ----------
        tree
            An opened activation store.
        estimator, code, work
            As in `infoplane.analysis.information.information`.
        layers
            That are measured.
        """
        plain = cls(estimator, {})
        rules = {INPUT: plain.rule(INPUT)} | dict.fromkeys(layers, plain.rule("activation"))
        decays = {name: rule["smoothing"] for name, rule in rules.items() if rule.get("smoothing")}

        def alone(view: View) -> Measured:
            return {each.name: plain.width(view, each).numpy() for each in view.variables() if each.name in decays}

        facts = ["widths", dict(estimator), code]
        return cls(estimator, widths.smoothed(tree, decays, alone, layers=layers, facts=facts, work=work / "widths"))

    def facts(self, view: View) -> list[Any]:
        """What the kernels of a view depend on beside the view and the estimator."""
        known = {each.name: self._known(view, each) for each in view.variables()}
        return [[name, width.tolist()] for name, width in known.items() if width is not None]

    def rule(self, what: str) -> Mapping[str, Any]:
        """The rule for the width of ``input``, ``activation`` or ``error``."""
        key = {INPUT: "input_bandwidth", "error": "error_bandwidth"}.get(what, "bandwidth")
        found: Mapping[str, Any] = self.estimator.get(key, self.estimator["bandwidth"])
        return found

    def target(self, view: View, *, permuted: bool = False) -> Tensor:
        """Gram matrices of the targets (P, n, n), as they are or permuted.

        The kernel of classes and of sets of labels is the estimator's `label_kernel`; that of continuous targets is
        Gaussian, of the width `target_bandwidth`.
        """
        values = view.targets[:, : samples(view, self.estimator)]
        if permuted:
            values = controls.permuted(values, seed=view.seed)
        rule = self.estimator["label_kernel"]
        if values.is_floating_point():
            rule, vectors = self.estimator.get("target_bandwidth", TARGET_BANDWIDTH), values
            if widths.standardises(rule):
                vectors = gram.standardise(values, batch_dims=1)
        elif rule == "indicator":
            return gram.labels(values) if values.ndim == 2 else gram.label_sets(values)
        else:
            vectors = (one_hot(values, num_classes=view.classes) if values.ndim == 2 else values).double()
        distances = gram.squared_distances(vectors, batch_dims=1)[:, None]
        return _gaussian(distances, widths.by_rule(distances, vectors.shape[-1], rule)).joint()

    def of(self, view: View, variable: LayerView, what: str = "activation") -> Kernel:
        """Gram matrices of the input, or of a layer: one per feature map if the estimator is multivariate."""
        known = self._known(view, variable) if what == "activation" else None
        width = self.width(view, variable, what) if known is None else known
        return _gaussian(self._distances(view, variable, what), width)

    def width(self, view: View, variable: LayerView, what: str = "activation") -> Tensor:
        """Widths (P, C) by the view alone."""
        distances = self._distances(view, variable, what)
        rule = self._rule(variable, what)
        if rule["rule"] == "alignment":
            return widths.aligned(distances, self.target(view), rule)
        return widths.by_rule(distances, variable.dimension // distances.shape[1], rule)

    def _rule(self, variable: LayerView, what: str) -> Mapping[str, Any]:
        return self.rule(INPUT if variable.kind == INPUT else what)

    def _known(self, view: View, variable: LayerView) -> Tensor | None:
        return self.smoothed.get((view.seed, view.epoch, variable.name))

    def _distances(self, view: View, variable: LayerView, what: str) -> Tensor:
        maps, n = self.estimator["joint"] == "multivariate", samples(view, self.estimator)
        standardised = widths.standardises(self._rule(variable, what))
        return variable.squared_distances(what, maps=maps, n=n, standardised=standardised)


def _gaussian(distances: Tensor, width: Tensor) -> Kernel:
    """A Gaussian kernel of widths (P, C) on squared distances (P, C, n, n)."""
    n = distances.shape[-1]
    rows, columns = torch.triu_indices(n, n, offset=1).unbind()
    median = distances[..., rows, columns].sqrt().flatten(1).median(1).values
    return Kernel(gram.gaussian_from_distances(distances, bandwidth=width), width.median(1).values, median)
