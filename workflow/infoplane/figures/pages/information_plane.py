"""The information plane: how much each layer knows about the input and about the target, epoch by epoch.

Figures 3, 5 and 8 of Shwartz-Ziv and Tishby 2017 (arXiv 1703.00810), with the transition from drift to diffusion on
every path; figure 6 (upper row) of Yu et al. 2021 (arXiv 1804.06537); figures 3 to 5 of Wickstrøm et al. 2019
(arXiv 1909.11396).
"""

from __future__ import annotations

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from infoplane.figures import mutual, plane, seeds, transitions
from infoplane.figures.choices import Paths
from infoplane.figures.frame import Plane
from infoplane.figures.notes import Notes

READING = plane.READING


def table(summary: xr.DataTree, options: Paths, most: float = seeds.MOST) -> pd.DataFrame:
    """Both mutual informations of every layer and epoch, their limits, and the transition where it was recorded."""
    points = seeds.drawn(mutual.points(summary, options), [mutual.X, mutual.Y], most)
    found = mutual.with_limits(points, summary, options)
    if not options.transition or "training" not in summary.children:
        return found
    return found.join(transitions.of_variants(summary, options), on="variant")


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a panel per variant, with S(X), S(Y), log₂ n and the bisector."""
    marks = {transitions.MEDIAN: transitions.NAME} if transitions.MEDIAN in table else {}
    return plane.draw(table, mutual.plane(notes, marks), transitions.noted(notes, table))


def spanned(notes: Notes) -> Plane:
    """Return the plane in which an animation shows the table."""
    return mutual.plane(notes)
