"""Looking at networks while they train: squared distances on the mini-batch at hand, and no activations kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from infoplane.capture.hooks import Hooks, squared_distances
from infoplane.models import graph
from infoplane.models.layers import Layer
from infoplane.schema import CONVOLUTIONAL, INPUT
from infoplane.targets import CLASSES, kind
from infoplane.training.objectives import Objective

_TEST = 13  # stream of random numbers


@dataclass(frozen=True)
class Moments:
    """When networks in training are looked at, on what, and where; see `infoplane.training.run.Witness`.

    Of the training split they see the first samples of the mini-batch that comes next, of the test split samples that
    are drawn for every moment anew, the same for all networks.

    Parameters
    ----------
    every
        Updates between two moments.
    splits, size, seed
        Of the experiment's `probe`.
    layers
        Names or patterns of those to look at; all if there are none.
    maps
        Whether distances are wanted for every feature map.
    test
        Inputs of the test split, (n, …).
    targets
        The kind of the networks' targets, which says what their output is read as.
    """

    every: int
    splits: Sequence[str]
    size: int
    seed: int
    layers: Sequence[str]
    maps: bool
    test: np.ndarray
    targets: str = CLASSES

    @classmethod
    def of(cls, settings: Mapping[str, Any] | None, test: tuple[np.ndarray, np.ndarray]) -> Moments | None:
        """Moments as the parameters of a job have them; None if networks are looked at when they are trained."""
        inputs, targets = test
        return cls(**settings, test=inputs, targets=kind(targets)) if settings else None

    def look(
        self, network: nn.Module, layers: Sequence[Layer], *, step: int, inputs: Tensor, indices: np.ndarray
    ) -> dict[str, Any]:
        """See `infoplane.training.run.Witness`."""
        chosen = graph.chosen(layers, self.layers)
        index = {"train": indices[: self.size], "test": self._drawn(step)}
        seen = {"train": inputs[: self.size], "test": torch.from_numpy(self.test[index["test"]]).to(inputs)}
        found = [self._distances(network.eval(), chosen, seen[split]) for split in self.splits]
        return {
            "sample_index": torch.from_numpy(np.stack([index[split] for split in self.splits])),
            "squared_distance": {name: torch.stack([each[name] for each in found]) for name in found[0]},
        }

    def _drawn(self, step: int) -> np.ndarray:
        random = np.random.default_rng([self.seed, _TEST, step])
        return random.choice(len(self.test), self.size, replace=False)

    @torch.no_grad()
    def _distances(self, network: nn.Module, layers: Sequence[Layer], inputs: Tensor) -> dict[str, Tensor]:
        """Squared distances of the pairs i < j, (pairs[, C]), of the input and of every layer."""
        with Hooks(network, layers, objective=Objective(self.targets)) as hooks:
            network(inputs)
        maps = [layer.name for layer in layers if self.maps and layer.kind == CONVOLUTIONAL]
        found = {INPUT: squared_distances(inputs), **hooks.squared_distances(maps=maps)}
        rows, columns = np.triu_indices(len(inputs), 1)
        return {name: each[..., rows, columns].movedim(-1, 0).cpu() for name, each in found.items()}
