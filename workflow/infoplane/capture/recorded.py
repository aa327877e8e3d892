"""A run that was looked at while it trained, as a capture."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from infoplane.capture.run import Capture, Captured, Recipe, Slab
from infoplane.schema import INPUT
from infoplane.training import checkpoints

Moment = Mapping[str, Any]


def recorded_run(
    recipe: Recipe,
    data: Mapping[str, tuple[np.ndarray, np.ndarray]],
    classes: int,
    trained: Mapping[str, np.ndarray],
    *,
    checkpoints: Path,
    where: torch.device,
    soft: Mapping[str, np.ndarray] | None = None,
) -> Captured:
    """Gather what `infoplane.capture.Moments` saw of the networks of a run while they trained.

    Parameters
    ----------
    recipe, data, classes, trained, checkpoints, where, soft
        As in `infoplane.capture.capture_run`.
    """
    shape = data["train"][0].shape[1:]
    seen = _Seen(checkpoints, recipe)
    splits = recipe.probe["splits"]
    index = np.stack([[seen.sample_index(place, step) for step in seen.epochs] for place in range(len(recipe.seeds))])
    known = {"target": {split: targets for split, (_, targets) in data.items()}} | (
        {"target_probability": soft} if soft else {}
    )
    return Captured(
        {
            "sample_index": index,
            **{
                name: np.stack([arrays[split][index[:, :, row]] for row, split in enumerate(splits)], axis=2)
                for name, arrays in known.items()
            },
        },
        {
            "seed": trained["seed"],
            "epoch": list(seen.epochs.values()),
            "step": list(seen.epochs),
            "probe_batch": np.arange(len(splits)),
            "split": ("probe_batch", list(splits)),
            "sample": np.arange(recipe.probe["size"]),
        },
        ("seed", "epoch"),
        {
            INPUT: {"kind": INPUT, "depth": 0, "channels": 1, "dimension": int(np.prod(shape))},
            **Capture(recipe, shape, classes, where=where).described(),
        },
        seen.slabs(),
    )


class _Seen:
    """Moments of the networks of a run.

    Parameters
    ----------
    folder
        Of the published checkpoints.
    recipe
        Of the capture.
    """

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        self._size = recipe.probe["size"]
        self._paths = [checkpoints.moments(folder / checkpoints.folder_name([seed])) for seed in recipe.seeds]
        found = {step: path for own in self._paths for step, path in own.items()}
        self.epochs = {step: checkpoints.load(found[step])["epoch"] for step in sorted(found)}
        self._any = checkpoints.load(next(iter(found.values())))

    def sample_index(self, place: int, step: int) -> np.ndarray:
        """Samples (P, n) that a network was looked at on; any, where it had diverged."""
        found: np.ndarray = self._moment(place, step)["sample_index"].numpy()
        return found

    def slabs(self) -> Iterator[Slab]:
        """Every network (outer loop) at every moment (inner loop), NaN where it had diverged."""
        for place, own in enumerate(self._paths):
            for index, step in enumerate(self.epochs):
                distances = self._moment(place, step)["squared_distance"]
                yield (
                    place,
                    index,
                    {
                        name: {"squared_distance": self._matrices(each if step in own else each * torch.nan)}
                        for name, each in distances.items()
                    },
                )

    def _moment(self, place: int, step: int) -> Moment:
        return checkpoints.load(self._paths[place][step]) if step in self._paths[place] else self._any

    def _matrices(self, pairs: Tensor) -> np.ndarray:
        """Upper triangles (P, n, n[, C]) from pairs i < j, (P, pairs[, C])."""
        if pairs.isnan().any():
            return np.full((len(pairs), self._size, self._size, *pairs.shape[2:]), np.nan)
        matrices = np.zeros((len(pairs), self._size, self._size, *pairs.shape[2:]))
        rows, columns = np.triu_indices(self._size, 1)
        matrices[:, rows, columns] = pairs.numpy()
        return matrices
