"""How the training of networks ended, where it did not end as it should. The definitions are ours."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from infoplane.derived import ends, scores

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr

GAIN = 0.05  # in accuracy or R², below which a network has learned nothing


def diverged(training: xr.Dataset) -> xr.DataArray:
    """Whether the loss of each network stopped being finite, (variant, seed)."""
    return training["diverged_epoch"].notnull()


def unmeasured(measured: xr.Dataset) -> xr.DataArray:
    """Whether each network has no value at the last epoch of a group of the summary, (variant, seed)."""
    last = measured.isel(epoch=-1)
    own = [values for values in last.data_vars.values() if {"variant", "seed"} <= set(values.dims)]
    there = [values.notnull().any(set(values.dims) - {"variant", "seed"}) for values in own]
    return ~reduce(or_, there).transpose("variant", "seed")


def lost(measured: xr.Dataset, training: xr.Dataset | None) -> xr.DataArray:
    """Whether no network of a variant was left at its last epoch, which need not be that of others, (variant).

    That is, all diverged, or have no value at the last epoch at which their loss is known; or, where nothing is known
    of their training, at the last epoch of all.

    Parameters
    ----------
    measured
        A group of the summary.
    training
        Its group ``/training``, of the same variants and seeds.
    """
    if training is None:
        return unmeasured(measured).all("seed")
    there = reduce(
        or_, (ends.known(values) for values in measured.values() if {"variant", "epoch"} <= set(values.dims))
    )
    trained = ends.known(training["loss"]).reindex(epoch=measured["epoch"].values, fill_value=False)
    epoch = measured["epoch"]
    silent = epoch.where(trained).max("epoch") > epoch.where(there).max("epoch").fillna(-1)
    return (diverged(training).all("seed") | silent).reset_coords(drop=True)


def unlearned(training: xr.Dataset) -> xr.DataArray:
    """Whether each network trained to its end and learned nothing, (variant, seed).

    That is, at its last epoch it is right on the test split less than 5 percentage points more often than untrained;
    or it explains less than 5 % more of the variance of its targets than untrained, or than their mean does.
    """
    score = scores.score(training).sel(split="test", drop=True)
    last = score["epoch"].where(score.notnull()).max("epoch")  # a training may be shorter than others
    gained = score.where(score["epoch"] == last).max("epoch") - score.sel(epoch=0, drop=True).clip(min=0)
    return ((gained < GAIN) & ~diverged(training)).transpose("variant", "seed")
