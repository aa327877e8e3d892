"""The moving average of an experiment, over which its figures and claims look at what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xarray as xr


def length(experiment: Mapping[str, Any]) -> int:
    """Epochs over which an experiment averages; 1 where it does not."""
    return int(experiment.get("moving_average", 1))


def averaged(data: xr.Dataset, epochs: int) -> xr.Dataset:
    """What was measured on mini-batches, averaged over each epoch and those before it; at the first, over fewer.

    Parameters
    ----------
    data
        A group of the summary. What has no probe batches, as the loss, is left as it is.
    epochs
        How many to average over. Where a network has no value, as it diverged, it gets none.
    """
    if epochs == 1 or "epoch" not in data.dims or "probe_batch" not in data.dims:
        return data
    moved = {name: values for name, values in data.items() if {"epoch", "probe_batch"} <= set(values.dims)}
    return data.assign(
        {
            name: values.rolling(epoch=epochs, min_periods=1).mean().where(values.notnull()).assign_attrs(values.attrs)
            for name, values in moved.items()
        }
    )
