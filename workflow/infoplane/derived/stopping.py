"""When early stopping would have ended a training. The definition is ours; that of Wickstrøm et al. 2023 is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr


def stop(score: xr.DataArray, patience: int) -> xr.DataArray:
    """Epoch at which each network would have stopped.

    That is the first checkpoint at which the score has been no better than before for as many checkpoints, one after
    another, as the patience says.

    Parameters
    ----------
    score
        Accuracy, or R² of continuous targets, on the test split, as there is no third one to watch, (…, epoch); NaN
        from the epoch on at which one diverged.
    patience
        Checkpoints to wait for a better one, at least 1.

    Returns
    -------
    xr.DataArray
        (…), in epochs; NaN for a network that goes on to its end.
    """
    values = score.transpose("epoch", ...).values
    epochs = score["epoch"].values
    best = np.fmax.accumulate(values, axis=0)
    better = np.concatenate([np.isfinite(values[:1]), values[1:] > best[:-1]])
    found = np.full(values.shape[1:], np.nan)
    waited = np.zeros(values.shape[1:], dtype=int)
    for epoch, row, known in zip(epochs, better, np.isfinite(values), strict=True):
        waited = np.where(row, 0, waited + 1)
        found = np.where(np.isnan(found) & known & (waited >= patience), epoch, found)
    return score.isel(epoch=0, drop=True).copy(data=found)
