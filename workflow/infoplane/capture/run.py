"""Capture of a run: every network at every checkpoint, on the probe."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from infoplane import models
from infoplane.capture import looking, probe
from infoplane.capture.looking import Arrays, Kept
from infoplane.capture.probe import Probe
from infoplane.models import graph
from infoplane.models.layers import Layer
from infoplane.targets import kind
from infoplane.training import checkpoints as weights_of
from infoplane.training.objectives import Objective
from infoplane.training.recipe import BaseRecipe
from infoplane.training.run import blocks_of

log = logging.getLogger(__name__)
_SECONDS_BETWEEN_MESSAGES = 10
Slab = tuple[int, int, dict[str, Arrays]]


@dataclass(frozen=True)
class Recipe(BaseRecipe):
    """All that decides what a capture comes to, but for weights and data.

    Parameters
    ----------
    model
        As the experiment has it.
    seeds
        Of the networks.
    ensemble
        Whether they were trained as one.
    dtype
        ``float32`` or ``float64``, as they were trained.
    probe
        As the experiment has it.
    store
        ``raw``, ``distances`` or ``smaller``, as the experiment has it.
    errors
        Whether back-propagated errors are wanted.
    maps
        Whether distances are wanted for every feature map, rather than for all of a layer's together.
    preactivations
        Whether net inputs are wanted, always as they are.
    loss
        That the errors are of, as the experiment has it; by default that of the kind of the targets.
    """

    model: Mapping[str, Any]
    seeds: Sequence[int]
    ensemble: bool
    dtype: str
    probe: Mapping[str, Any]
    store: str
    errors: bool
    maps: bool
    preactivations: bool = False
    loss: str | None = None


@dataclass(frozen=True)
class Captured:
    """A capture on its way: what is known beforehand, and slabs that are made when they are asked for.

    Parameters
    ----------
    arrays, coords
        Of the root of the activation store, by the names of the data model.
    leading
        Dimensions of the arrays ahead of the data model's: the seed, where the networks have samples of their own.
    layers
        Attributes of each layer.
    slabs
        Index of the seed, index of the epoch, and arrays (P, n, …) by layer and variable.
    """

    arrays: dict[str, np.ndarray]
    coords: dict[str, Any]
    leading: tuple[str, ...]
    layers: dict[str, dict[str, Any]]
    slabs: Iterator[Slab]


def capture_run(
    recipe: Recipe,
    data: Mapping[str, tuple[np.ndarray, np.ndarray]],
    classes: int,
    trained: Mapping[str, np.ndarray],
    *,
    checkpoints: Path,
    where: torch.device,
    soft: Mapping[str, np.ndarray] | None = None,
) -> Captured:
    """Look at every network of a run at every checkpoint.

    Parameters
    ----------
    recipe
        What to capture.
    data
        Inputs (n, …) and targets of each split, as `infoplane.targets` has them.
    classes
        Number of outputs.
    trained
        Of the run's training: its epochs and steps, what each network was trained on, and its loss, which is NaN
        where it had diverged.
    checkpoints
        Published weights of the run.
    where
        The device.
    soft
        p(y|x), (n, classes), of each split, where more is known of it than the targets.
    """
    inputs, targets = ({split: pair[part] for split, pair in data.items()} for part in (0, 1))
    drawn = probe.draw(recipe.probe, {split: len(each) for split, each in targets.items()}, trained["train_index"])
    looking = Capture(recipe, inputs["train"].shape[1:], classes, where=where)
    places = range(len(recipe.seeds))
    gathered = {
        "input": [drawn.gathered(inputs, place) for place in places],
        "target": [drawn.gathered(targets, place) for place in places],
        "sample_index": list(drawn.sample_index),
        **({"target_probability": [drawn.gathered(soft, place) for place in places]} if soft else {}),
    }
    shared = probe.all_equal(gathered["sample_index"])
    batches, size = drawn.sample_index.shape[1:]
    return Captured(
        {name: each[0] if shared else np.stack(each) for name, each in gathered.items()},
        {
            **{name: trained[name] for name in ("seed", "epoch", "step")},
            "probe_batch": np.arange(batches),
            "split": ("probe_batch", list(drawn.split)),
            "sample": np.arange(size),
        },
        () if shared else ("seed",),
        looking.described(),
        looking.slabs(
            inputs,
            targets,
            drawn,
            folder=checkpoints,
            steps=trained["step"].tolist(),
            masked=np.isnan(trained["loss"][:, :, 0]),
        ),
    )


class Capture:
    """A run's networks, ready to be looked at.

    Parameters
    ----------
    recipe
        What to capture.
    shape, classes
        Of one input, and number of classes.
    where
        The device.
    """

    def __init__(self, recipe: Recipe, shape: tuple[int, ...], classes: int, *, where: torch.device) -> None:
        self._recipe, self._shape, self._where = recipe, shape, where
        self._kept = Kept(recipe.store, recipe.errors, recipe.maps, recipe.preactivations)
        network: Any = models.make(recipe.model, shape, classes, folder=recipe.folder)
        self._network: nn.Module = network.to(where, getattr(torch, recipe.dtype)).eval()
        self._all: list[Layer] = list(models.layers_of(network))
        self.layers: list[Layer] = graph.chosen(self._all, recipe.model.get("layers", ()))
        if recipe.errors and self._all[-1] not in self.layers:
            self.layers.append(self._all[-1])  # the error chain starts there

    def described(self) -> dict[str, dict[str, Any]]:
        """Attributes of each layer: kind, depth, feature maps, numbers per sample, and its place in the graph.

        Of the layers that are looked at, `inputs` feed it, and `dominator` is its immediate dominator.
        """
        zeros = torch.zeros(1, *self._shape, device=self._where, dtype=getattr(torch, self._recipe.dtype))
        return looking.described(self._network, self._all, self.layers, zeros)

    def slabs(
        self,
        inputs: Mapping[str, np.ndarray],
        targets: Mapping[str, np.ndarray],
        drawn: Probe,
        *,
        folder: Path,
        steps: Sequence[int],
        masked: np.ndarray,
    ) -> Iterator[Slab]:
        """Look at every network (outer loop) at every step (inner loop).

        Parameters
        ----------
        inputs, targets
            Of each split, (n, …) and (n[, …]).
        drawn
            The samples to look at.
        folder
            Published checkpoints of the run.
        steps
            Of the checkpoints.
        masked
            Where a network had diverged, (S, E): its arrays are NaN there.

        Yields
        ------
        tuple
            Index of the seed, index of the step, and arrays (P, n, …) by layer and variable.
        """
        said = time.monotonic()
        objective = Objective(kind(targets["train"]), self._recipe.loss)
        blank: dict[str, Arrays] | None = None
        for place, seed in enumerate(self._recipe.seeds):
            own_inputs = torch.from_numpy(drawn.gathered(inputs, place))
            own_targets = torch.from_numpy(drawn.gathered(targets, place))
            for index, step in enumerate(steps):
                if not masked[place, index]:
                    self._load(folder, seed, step)
                    arrays = self._look(own_inputs, own_targets, objective)
                    blank = blank or _nan_like(arrays)
                elif blank is None:
                    blank = arrays = _nan_like(self._look(own_inputs, own_targets, objective))
                else:
                    arrays = blank
                yield place, index, arrays
                if time.monotonic() - said > _SECONDS_BETWEEN_MESSAGES:
                    said = time.monotonic()
                    log.info("seed %d: checkpoint %d of %d", seed, index + 1, len(steps))

    def _load(self, folder: Path, seed: int, step: int) -> None:
        block = next(each for each in blocks_of(self._recipe.seeds, ensemble=self._recipe.ensemble) if seed in each)
        path = weights_of.weights_path(folder / weights_of.folder_name(block), step)
        weights: Mapping[str, Tensor] = weights_of.load(path)["weights"]
        own = {name: value[block.index(seed)] for name, value in weights.items()}
        self._network.load_state_dict(own)

    def _look(self, inputs: Tensor, targets: Tensor, objective: Objective) -> dict[str, Arrays]:
        """Arrays by layer, stacked over probe batches."""
        batches = [self._look_once(*pair, objective) for pair in zip(inputs, targets, strict=True)]
        return {
            layer: {name: np.stack([batch[layer][name] for batch in batches]) for name in arrays}
            for layer, arrays in batches[0].items()
        }

    def _look_once(self, inputs: Tensor, targets: Tensor, objective: Objective) -> dict[str, Arrays]:
        inputs = inputs.to(self._where, getattr(torch, self._recipe.dtype))
        own = targets.to(self._where)
        return looking.look(self._network, self.layers, inputs, own, self._kept, objective=objective)


def _nan_like(arrays: Mapping[str, Arrays]) -> dict[str, Arrays]:
    return {
        layer: {name: np.full_like(values, np.nan) for name, values in own.items()} for layer, own in arrays.items()
    }
