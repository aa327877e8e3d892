"""Where early stopping would have ended the paths of the information plane.

Figure 1 of Wickstrøm et al. 2019 (arXiv 1909.11396), who mark it for several numbers of epochs without improvement, and
draw a path solid while it fits and dotted while it compresses. Where the one ends they do not say, as far as we know;
here it is where I(X; T) of the mean path is greatest. Every layer has a panel with ranges of its own, where theirs has
an enlarged part for the first four.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from infoplane.derived import stopping
from infoplane.figures import mutual, plane, seeds
from infoplane.figures.choices import Stopped
from infoplane.figures.notes import Notes

READING = plane.READING
_PEAK = "peak_of_input_layer [epochs]"
_COLUMN, _UNIT = "stop_patience_", " [epochs]"


def table(summary: xr.DataTree, options: Stopped) -> pd.DataFrame:
    """Both mutual informations of every layer and epoch, their limits, their peak, and the median stop by patience.

    A network that never stops counts as later than all others, so that a median may be NaN.
    """
    points = seeds.drawn(mutual.points(summary, options), [mutual.X, mutual.Y])
    found = mutual.with_limits(points, summary, options).join(_peaks(points), on=["variant", "layer"])
    accuracy = summary["training"].to_dataset()["accuracy"].sel(variant=list(options.variants or ()), split="test")
    return found.join(
        pd.DataFrame({f"{_COLUMN}{patience}{_UNIT}": _median(accuracy, patience) for patience in options.patience}),
        on="variant",
    )


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a panel per layer, with a mark where the mean path would have ended."""
    columns = [str(column) for column in table.columns if str(column).startswith(_COLUMN)]
    marks = {column: f"stop, patience {column.removeprefix(_COLUMN).removesuffix(_UNIT)}" for column in columns}
    phrase = (
        "stop: first checkpoint after as many as the patience without a better accuracy on the test split; median over "
        "seeds, none where most never stop"
    )
    turns = (_PEAK, "to the peak of I(X; T)", "after it")
    return plane.by_layer(table, mutual.plane(notes, marks, turns), replace(notes, foot=(*notes.foot, phrase)))


def _peaks(points: pd.DataFrame) -> pd.Series[float]:
    """Epoch at which the mean path of every variant's layers is furthest right."""
    means = seeds.means(points)
    furthest = means.loc[means.groupby(["variant", "layer"], observed=True)[mutual.X].idxmax()]
    return furthest.set_index(["variant", "layer"])["epoch"].rename(_PEAK)


def _median(accuracy: xr.DataArray, patience: int) -> pd.Series[float]:
    epochs = stopping.stop(accuracy, patience).transpose("variant", "seed")
    # One of the seeds' own epochs, not halfway between two: between an epoch and never there is no middle.
    middle = np.quantile(epochs.fillna(np.inf), 0.5, axis=1, method="inverted_cdf")
    return pd.Series(middle, index=epochs["variant"].to_numpy()).replace(np.inf, np.nan)
