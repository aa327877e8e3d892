"""Seeds as thin, faint lines, their mean strong, its spread as bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from infoplane.figures import select, style

MOST = 10  # seeds that are drawn as lines of their own; of more, the mean and its spread are


def drawn(points: pd.DataFrame, variables: Sequence[str], most: float = MOST) -> pd.DataFrame:
    """Return every seed and their mean, or the mean alone where there are more seeds than so many."""
    few = points["seed"].nunique() <= most
    return select.with_mean(points, variables) if few else select.mean(points, variables)


def each(axes: Axes, table: pd.DataFrame, x: str, y: str, colour: str = style.GREY) -> None:
    """Draw every seed of one thing as a thin line, in the order of the table."""
    for _, seed in table[table["seed"] != select.MEAN].groupby("seed", sort=False):
        axes.plot(seed[x].to_numpy(), seed[y].to_numpy(), color=colour, alpha=0.6, linewidth=0.4, zorder=1)


def means(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the mean over seeds."""
    return table[table["seed"] == select.MEAN]


def bars(axes: Axes, table: pd.DataFrame, x: str, y: str, **look: Any) -> None:
    """Draw the mean over seeds with bars of one standard deviation; a lone seed has none."""
    spread = table[y + select.SPREAD].to_numpy()
    error = None if np.isnan(spread).all() else spread
    axes.errorbar(table[x].to_numpy(), table[y].to_numpy(), yerr=error, elinewidth=0.7, capsize=0, **look)


def band(axes: Axes, table: pd.DataFrame, x: str, y: str, colour: str) -> None:
    """Shade one standard deviation around the mean over seeds."""
    middle, spread = table[y].to_numpy(), table[y + select.SPREAD].fillna(0.0).to_numpy()
    axes.fill_between(table[x].to_numpy(), middle - spread, middle + spread, color=colour, alpha=0.15, linewidth=0)
