"""How wide every kernel was for its data: the median distance between samples over the bandwidth.

Far below 1 all samples look alike and every entropy is near 0; far above 1 no two do and it is near log₂ n. Where the
ratio moves during training, so does the entropy, whatever the network learns. A bandwidth of Silverman's rule follows
neither the scale of the activations nor that of the errors.
"""

from __future__ import annotations

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from infoplane.figures import courses, select
from infoplane.figures.choices import Measured
from infoplane.figures.notes import Notes

READING = "lines: mean over seeds, thin: each seed; a line leaves the panel where all samples are alike, at 0"
_RATIO = "median_distance_over_bandwidth"
_OF = {  # group, distance and bandwidth
    courses.ACTIVATIONS: ("information", "median_distance", "bandwidth"),
    "errors": ("error_chain", "error_median_distance", "error_bandwidth"),
}


def table(summary: xr.DataTree, options: Measured) -> pd.DataFrame:
    """The ratio for every layer's activations, its errors where they were measured, and for the input."""
    found = []
    for what, (group, distance, width) in _OF.items():
        if group in summary.children:
            data = select.group(summary, group, options)
            found.append(select.rows(_ratio(data, distance, width), [_RATIO]).assign(of=what))
    information = select.group(summary, "information", options)
    of_input = _ratio(information, "median_distance_input", "bandwidth_input")[_RATIO].mean(["seed", "epoch"])
    points = select.with_mean(pd.concat(found, ignore_index=True), [_RATIO])
    return points.assign(**{f"{_RATIO}_input": points["variant"].map(of_input.to_series())})


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a panel per variant: the ratio against the epoch, a line per layer."""
    return courses.draw(table, notes, _RATIO, "Median distance / σ", one="distance = σ")


def _ratio(data: xr.Dataset, distance: str, width: str) -> xr.Dataset:
    """Return the ratio, averaged over probe batches already, of the networks themselves; NaN without a bandwidth."""
    return (data[distance] / data[width].where(data[width] > 0)).rename(_RATIO).to_dataset()
