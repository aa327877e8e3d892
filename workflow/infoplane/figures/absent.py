"""Variants of which no network was left at their last epoch: rows without a value, and a note in the figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes

from infoplane.figures import seeds, select, style
from infoplane.figures.notes import Notes
from infoplane.figures.variants import titles

TEXT = "no network left at the end"
_LOOK: dict[str, Any] = {
    "color": style.MUTED,
    "ha": "center",
    "va": "center",
    "zorder": 5,
    "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 1.5},
}


def added(
    table: pd.DataFrame, data: xr.Dataset, lost: Sequence[str], variables: Sequence[str], **more: str
) -> pd.DataFrame:
    """Add rows of the lost variants: for each layer or pair the mean over no seed at the last epoch, which is NaN.

    Parameters
    ----------
    table
        With means over seeds.
    data
        From `select.group`, which it was made of.
    lost
        From `select.lost`.
    variables
        Of the group, that the table has.
    **more
        Other columns of these rows.
    """
    if not lost:
        return table
    own = data.sel(variant=list(lost)).isel(epoch=[-1], seed=[0])
    own = own.sel(control=["none"]) if "control" in own.dims else own
    there = own["first" if "pair" in own.dims else "kind"] != ""
    frame = own[[]].assign({name: xr.zeros_like(own[name]).where(there) for name in variables})
    blank = select.rows(frame, variables).assign(**dict.fromkeys(variables, float("nan")), seed=select.MEAN, seeds=0)
    whole = pd.concat([table, blank.assign(**more)], ignore_index=True)
    order = data["variant"].values.tolist()
    return whole.sort_values("variant", key=lambda at: at.map(order.index), kind="stable", ignore_index=True)


def noted(notes: Notes, table: pd.DataFrame, variables: Sequence[str]) -> Notes:
    """Say at the foot which variants are absent, for panels of several."""
    missing = seeds.means(table)[list(variables)].isna().all(axis="columns").groupby(table["variant"], sort=False).all()
    names = titles(table, notes.keys)
    named = "; ".join(filter(None, (names[variant] for variant in missing.index[missing])))
    return replace(notes, foot=(*notes.foot, f"{TEXT}: {named}" if named else TEXT)) if missing.any() else notes


def said(axes: Axes, shown: pd.DataFrame, variables: Sequence[str]) -> None:
    """Say in a panel that is left empty why it is."""
    if seeds.means(shown)[list(variables)].isna().all(axis=None):
        axes.text(0.5, 0.5, TEXT, transform=axes.transAxes, **_LOOK)
