"""The width of every layer's kernel over the epochs.

Figure 8 of Wickstrøm et al. 2019 (arXiv 1909.11396), whose kernel is exp(−d²/s²): its widths are √2 times ours.
"""

from __future__ import annotations

from math import sqrt

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from infoplane.figures import courses, select
from infoplane.figures.choices import Widths
from infoplane.figures.notes import Notes

READING = "lines: mean over seeds, thin: each seed"
_OURS, _PAPERS = "bandwidth", "bandwidth_times_sqrt2"  # σ of exp(−d²/(2σ²)), and s of exp(−d²/s²)
_LABELS = {_OURS: "Kernel width σ, of exp(−d²/(2σ²))", _PAPERS: "Kernel width s, of exp(−d²/s²)"}


def table(summary: xr.DataTree, options: Widths) -> pd.DataFrame:
    """The width for every layer's activations, and for the input, in the convention asked for."""
    data = select.group(summary, "information", options, smooth=False)
    name, factor = (_OURS, 1.0) if options.convention == "2σ²" else (_PAPERS, sqrt(2))
    points = select.rows((factor * data["bandwidth"]).rename(name).to_dataset(), [name]).assign(of=courses.ACTIVATIONS)
    of_input = (factor * data["bandwidth_input"]).mean(["seed", "epoch"]).to_series()
    return select.with_mean(points, [name]).assign(**{f"{name}_input": lambda rows: rows["variant"].map(of_input)})


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a panel per variant: the width against the epoch, a line per layer."""
    name = _PAPERS if _PAPERS in table else _OURS
    return courses.draw(table, notes, name, _LABELS[name])
