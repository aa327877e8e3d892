"""Where early stopping would have ended the paths of the information plane, a panel for each layer.

Figure 1 of Wickstrøm et al. 2019 (arXiv 1909.11396), as recalled, which marks it on the paths of a small network for
several values of the patience. What they count the patience in is open; here it is checkpoints.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from infoplane.derived import scores, stopping
from infoplane.figures import mutual, plane, seeds
from infoplane.figures.choices import Stopped
from infoplane.figures.notes import Notes
from infoplane.schema import ACCURACY, DETERMINATION

READING = plane.READING
_COLUMN, _UNIT = "stop_patience_", " [epochs]"


def table(summary: xr.DataTree, options: Stopped) -> pd.DataFrame:
    """Both mutual informations of every layer and epoch, their limits, their peak, and the median stop by patience.

    A network that never stops counts as later than all others, so that a median may be NaN.
    """
    points = seeds.drawn(mutual.points(summary, options), [mutual.X, mutual.Y])
    found = mutual.with_peaks(mutual.with_limits(points, summary, options))
    score = scores.score(summary["training"].to_dataset()).sel(variant=list(options.variants or ()), split="test")
    return found.join(
        pd.DataFrame({f"{_COLUMN}{patience}{_UNIT}": _median(score, patience) for patience in options.patience}),
        on="variant",
    )


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a panel per layer, with a mark where the mean path would have ended."""
    columns = [str(column) for column in table.columns if str(column).startswith(_COLUMN)]
    marks = {column: f"stop, patience {column.removeprefix(_COLUMN).removesuffix(_UNIT)}" for column in columns}
    known = {ACCURACY: "accuracy", DETERMINATION: "R²"}
    better = " or ".join(word for name, word in known.items() if name in notes.labels)
    phrase = (
        "stop: first checkpoint after as many as the patience without a better {} on the test split; median over "
        "seeds, none where most never stop"
    )
    spanned = mutual.plane(notes, marks, mutual.TURNS)
    return plane.by_layer(table, spanned, replace(notes, foot=(*notes.foot, phrase.format(better))))


def _median(score: xr.DataArray, patience: int) -> pd.Series[float]:
    epochs = stopping.stop(score, patience).transpose("variant", "seed")
    # One of the seeds' own epochs, not halfway between two: between an epoch and never there is no middle.
    middle = np.quantile(epochs.fillna(np.inf), 0.5, axis=1, method="inverted_cdf")
    return pd.Series(middle, index=epochs["variant"].to_numpy()).replace(np.inf, np.nan)
