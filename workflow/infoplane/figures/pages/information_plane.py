"""The information plane: how much each layer knows about the input and about the target, epoch by epoch.

Figure 6 (upper row) of Yu et al. 2021 (arXiv 1804.06537), and figures 3 to 5 of Wickstrøm et al. 2019
(arXiv 1909.11396).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from infoplane.figures import plane, select
from infoplane.figures.choices import Measured
from infoplane.figures.notes import Notes, samples

READING = plane.READING
_X, _Y = "mutual_information_input_layer", "mutual_information_layer_target"
_LOG2_N = "log2_n [bits]"


def table(summary: xr.DataTree, options: Measured) -> pd.DataFrame:
    """Both mutual informations of every layer, epoch and seed, their means, and the limits S(X), S(Y) and log₂ n."""
    data = select.group(summary, "information", options).sel(control=["none"])
    limits = data[["entropy_input", "entropy_target"]].mean(["seed", "epoch"]).to_dataframe()
    points = select.with_mean(select.rows(data, [_X, _Y]), [_X, _Y])
    found = points.join(limits[["entropy_input", "entropy_target"]], on="variant")
    return found.assign(**{_LOG2_N: np.log2(samples(summary, options))})


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a panel per variant, with S(X), S(Y), log₂ n and the bisector."""
    return plane.draw(
        table,
        plane.Plane(
            _X,
            _Y,
            f"Mutual information {notes.labels[_X]}",
            f"Mutual information {notes.labels[_Y]}",
            x_limits={"entropy_input": "S(X), S(Y)", _LOG2_N: "log₂ n"},
            y_limits={"entropy_target": "S(X), S(Y)"},
            bisector=True,
        ),
        notes,
    )
