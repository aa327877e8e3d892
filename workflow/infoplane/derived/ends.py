"""Where curves over the epochs end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr


def last_epoch(values: xr.DataArray) -> xr.DataArray:
    """The last epoch of each variant at which any of its values (variant, …, epoch) is known, (variant)."""
    others = [dim for dim in values.dims if dim not in {"variant", "epoch"}]
    return values["epoch"].where(values.notnull().any(others)).max("epoch")


def at_the_end(values: xr.DataArray) -> xr.DataArray:
    """Values (variant, …, epoch) of each variant at its own last epoch, which need not be that of others, (variant, …).

    NaN for a network that has none there, as it diverged.
    """
    return values.where(values["epoch"] == last_epoch(values)).max("epoch")
