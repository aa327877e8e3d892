"""Where curves over the epochs start and end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr


def last_epoch(values: xr.DataArray) -> xr.DataArray:
    """The last epoch of each variant at which any of its values (variant, …, epoch) is known, (variant)."""
    return values["epoch"].where(known(values)).max("epoch")


def nearest_epoch(values: xr.DataArray, epoch: float) -> xr.DataArray:
    """The epoch of training of each variant that is nearest to one, of those with any value, (variant).

    Of two that are as near the earlier one, and never epoch 0, at which nothing is trained.
    """
    epochs = values["epoch"].where(known(values) & (values["epoch"] > 0))
    distance = abs(epochs - epoch)
    return epochs.where(distance == distance.min("epoch")).min("epoch")


def at(values: xr.DataArray, epoch: float | xr.DataArray) -> xr.DataArray:
    """Values (variant, …, epoch) at an epoch, one for all or one for each variant, (variant, …).

    NaN where that epoch was not looked at: that of untrained networks, 0, need not have been.
    """
    return values.where(values["epoch"] == epoch).max("epoch")


def at_the_end(values: xr.DataArray) -> xr.DataArray:
    """Values (variant, …, epoch) of each variant at its own last epoch, which need not be that of others, (variant, …).

    NaN for a network that has none there, as it diverged.
    """
    return at(values, last_epoch(values))


def known(values: xr.DataArray) -> xr.DataArray:
    """At which epochs any value of each variant is known, (variant, epoch)."""
    return values.notnull().any(set(values.dims) - {"variant", "epoch"})
