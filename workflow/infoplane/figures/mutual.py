"""The two coordinates of the information plane, what bounds them, and the plane that they span."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from infoplane.figures import seeds, select
from infoplane.figures.choices import Measured
from infoplane.figures.frame import Plane
from infoplane.figures.notes import Notes, samples

X, Y = "mutual_information_input_layer", "mutual_information_layer_target"
PEAK = "peak_of_input_layer [epochs]"
TURNS = (PEAK, "to the peak of I(X; T)", "after it")
_ENTROPIES = ["entropy_input", "entropy_target"]
_LOG2_N = "log2_n [bits]"


def points(summary: xr.DataTree, options: Measured) -> pd.DataFrame:
    """Both mutual informations of every layer, epoch and seed of the networks themselves, without controls."""
    return select.rows(of_networks(summary, options), [X, Y])


def of_networks(summary: xr.DataTree, options: Measured) -> xr.Dataset:
    """What was measured of the networks themselves, without controls."""
    return select.group(summary, "information", options).sel(control=["none"])


def with_limits(table: pd.DataFrame, summary: xr.DataTree, options: Measured) -> pd.DataFrame:
    """Add the limits S(X) and S(Y) of each variant, and log₂ n."""
    data = select.group(summary, "information", options)
    limits = data[_ENTROPIES].mean(["seed", "epoch"]).to_dataframe()
    return table.join(limits[_ENTROPIES], on="variant").assign(**{_LOG2_N: np.log2(samples(summary, options))})


def with_peaks(table: pd.DataFrame) -> pd.DataFrame:
    """Add the epoch at which the mean path of every variant's layers is furthest right."""
    means = seeds.means(table)
    furthest = means.loc[means.groupby(["variant", "layer"], observed=True)[X].idxmax()]
    return table.join(furthest.set_index(["variant", "layer"])["epoch"].rename(PEAK), on=["variant", "layer"])


def plane(notes: Notes, marks: Mapping[str, str] | None = None, turns: tuple[str, str, str] | None = None) -> Plane:
    """Return the information plane with S(X), S(Y), log₂ n and the bisector; epochs to mark, and where paths turn."""
    return Plane(
        X,
        Y,
        f"Mutual information {notes.labels[X]}",
        f"Mutual information {notes.labels[Y]}",
        x_limits={"entropy_input": "S(X)", _LOG2_N: "log₂ n"},
        y_limits={"entropy_target": "S(Y)"},
        bisector=True,
        marks=marks or {},
        turns=turns,
    )
