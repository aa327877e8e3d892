"""Curves of the training: loss, accuracy, and the gradients' signal-to-noise ratio."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from infoplane.derived import phases, scores
from infoplane.figures import select
from infoplane.figures.choices import Options
from infoplane.figures.notes import label
from infoplane.schema import ACCURACY, DETERMINATION

_GROUP = "training"
RATIO = "signal_to_noise"
_SHORT = {"loss": "Loss", ACCURACY: "Accuracy", DETERMINATION: "R²", RATIO: "Signal/noise"}  # in little room


def of(summary: xr.DataTree) -> tuple[dict[str, Any] | None, list[str]]:
    """The curves of every network, and a sentence for each that there is not.

    Parameters
    ----------
    summary
        Of an experiment.

    Returns
    -------
    tuple
        Nothing, or the ``epochs``, the ``splits``, the ``labels`` of the curves that there are, in order, and for each
        of the ``variants`` its ``seeds`` and curves: ``loss`` and a score, (split, seed, epoch), and
        ``signal_to_noise``, (1, seed, epoch), which has no split, and is infinite where all mini-batches agree. Then
        the sentences.
    """
    if _GROUP not in summary.children:
        return None, ["No curves of the training: the summary has no group 'training'."]
    whole = summary[_GROUP].to_dataset()
    every = Options(variants=tuple(whole["variant"].values), layers=tuple(whole["layer"].values))
    data = select.group(summary, _GROUP, every)
    curves = {name: data[name] for name in ("loss", *scores.names(data))}
    labels = {name: label(select.variable(summary, name)) for name in curves}
    ratio = phases.signal_to_noise(data).expand_dims("split")
    absent = ["No signal-to-noise ratio of the gradients: those of several mini-batches were not recorded."]
    if bool(np.isfinite(ratio).any()):
        curves[RATIO], labels[RATIO], absent = ratio, "Gradient, signal / noise", []
    return {
        "epochs": data["epoch"].values.tolist(),
        "splits": [str(split) for split in data["split"].values],
        "labels": labels,
        "short": {name: _SHORT[name] for name in curves},
        "variants": {
            str(variant): {
                "seeds": data["seed"].values.tolist(),
                **{
                    name: values.sel(variant=variant).transpose("split", "seed", "epoch").values
                    for name, values in curves.items()
                },
            }
            for variant in data["variant"].values
        },
    }, absent
