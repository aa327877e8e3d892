"""The information plane with a panel for each layer, where the paths of several layers would lie on one another.

Figures 3 to 6 of Wickstrøm et al. 2019 (arXiv 1909.11396), as recalled, whose layers are near one another. A path is
solid as far as it fits and dotted where it compresses: up to the greatest I(X; T) of its mean, and after it.
"""

from __future__ import annotations

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from infoplane.figures import mutual, plane, seeds
from infoplane.figures.choices import Measured
from infoplane.figures.notes import Notes

READING = plane.READING


def table(summary: xr.DataTree, options: Measured) -> pd.DataFrame:
    """Both mutual informations of every layer and epoch, their limits, and the epoch of the peak of I(X; T)."""
    points = seeds.drawn(mutual.points(summary, options), [mutual.X, mutual.Y])
    return mutual.with_peaks(mutual.with_limits(points, summary, options))


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a panel per layer of every variant, with S(X), S(Y), log₂ n and the bisector where they are near."""
    return plane.by_layer(table, mutual.plane(notes, turns=mutual.TURNS), notes)
