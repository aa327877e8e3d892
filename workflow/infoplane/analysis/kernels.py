"""From an estimator's settings to Gram matrices."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from infoplane.analysis import controls
from infoplane.analysis.views import LayerView, View, samples
from infoplane.measures import gram, renyi


@dataclass(frozen=True)
class Kernel:
    """Gram matrices of a variable, and what is worth knowing of them.

    Parameters
    ----------
    maps
        (P, C, n, n), unit trace, one per feature map.
    bandwidth, median_distance
        (P,), of the kernel and between samples; the median over all feature maps.
    """

    maps: Tensor
    bandwidth: Tensor
    median_distance: Tensor

    def joint(self) -> Tensor:
        """The Gram matrix of all feature maps as one variable, (P, n, n)."""
        return self.maps[:, 0] if self.maps.shape[1] == 1 else renyi.joint(self.maps)


def of_input(view: View, estimator: Mapping[str, Any]) -> Kernel:
    """Gram matrices of the inputs."""
    values = view.inputs[:, : samples(view, estimator)]
    distances = gram.squared_distances(values, batch_dims=1)[:, None]
    return _gaussian(distances, values[0, 0].numel(), estimator["bandwidth"])


def of_target(view: View, estimator: Mapping[str, Any], *, permuted: bool = False) -> Tensor:
    """Gram matrices of the targets (P, n, n), as they are or permuted."""
    values = view.targets[:, : samples(view, estimator)]
    if permuted:
        values = controls.permuted(values, seed=view.seed)
    if estimator["label_kernel"] == "indicator":
        return gram.labels(values)
    vectors = one_hot(values, num_classes=view.classes).double()
    distances = gram.squared_distances(vectors, batch_dims=1)[:, None]
    return _gaussian(distances, vectors.shape[-1], estimator["label_kernel"]).joint()


def of_layer(view: View, layer: LayerView, estimator: Mapping[str, Any], what: str = "activation") -> Kernel:
    """Gram matrices of a layer's activations or errors: one per feature map if the estimator is multivariate."""
    maps = estimator["joint"] == "multivariate"
    distances = layer.squared_distances(what, maps=maps, n=samples(view, estimator))
    rule = estimator["error_bandwidth" if what == "error" else "bandwidth"]
    return _gaussian(distances, layer.dimension // distances.shape[1], rule)


def _gaussian(distances: Tensor, dimension: int, rule: Mapping[str, Any]) -> Kernel:
    """A Gaussian kernel on squared distances (P, C, n, n) of variables of some dimension."""
    n = distances.shape[-1]
    width = gram.silverman_bandwidth(n, dimension, scale=rule["scale"])
    rows, columns = torch.triu_indices(n, n, offset=1).unbind()
    median = distances[..., rows, columns].sqrt().flatten(1).median(1).values
    return Kernel(
        gram.gaussian_from_distances(distances, bandwidth=width),
        torch.full_like(median, width),
        median,
    )
