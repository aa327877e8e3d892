"""Curves of the training: loss, accuracy, and the gradients' signal-to-noise ratio."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from infoplane.derived import phases
from infoplane.figures import select
from infoplane.figures.choices import Options
from infoplane.figures.notes import label

_GROUP = "training"
_NORMS = ("gradient_mean_norm", "gradient_std_norm")
RATIO = "signal_to_noise"
_SHORT = {"loss": "Loss", "accuracy": "Accuracy", RATIO: "Signal/noise"}  # where there is little room
_CURVES = {  # and what to say where there is none
    "loss": "curve of the loss: it was not recorded",
    "accuracy": "curve of the accuracy: it was not recorded",
    RATIO: "signal-to-noise ratio of the gradients: those of several mini-batches were not recorded",
}


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
        of the ``variants`` its ``seeds`` and curves: ``loss`` and ``accuracy``, (split, seed, epoch), and
        ``signal_to_noise``, (1, seed, epoch), which has no split. Then the sentences.
    """
    if _GROUP not in summary.children:
        return None, ["No curves of the training: the summary has no group 'training'."]
    whole = summary[_GROUP].to_dataset()
    every = Options(variants=tuple(whole["variant"].values), layers=tuple(whole["layer"].values))
    data = select.group(summary, _GROUP, every)
    curves = {name: data[name] for name in ("loss", "accuracy") if name in data}
    labels = {name: label(select.variable(summary, name)) for name in curves}
    if set(_NORMS) <= set(data.data_vars):
        curves[RATIO] = phases.signal_to_noise(data).expand_dims("split").where(lambda ratio: np.isfinite(ratio))
        labels[RATIO] = "Gradient, signal / noise"
    there = {name: values for name, values in curves.items() if bool(values.notnull().any())}
    absent = [f"No {what}." for name, what in _CURVES.items() if name not in there]
    return {
        "epochs": data["epoch"].values.tolist(),
        "splits": [str(split) for split in data["split"].values],
        "labels": {name: labels[name] for name in there},
        "short": {name: _SHORT[name] for name in there},
        "variants": {
            str(variant): {
                "seeds": data["seed"].values.tolist(),
                **{
                    name: values.sel(variant=variant).transpose("split", "seed", "epoch").values
                    for name, values in there.items()
                },
            }
            for variant in data["variant"].values
        },
    }, absent
