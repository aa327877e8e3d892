"""Paths in a plane: a line per seed, the mean over seeds in the colours of its epochs, and marks on it."""

from __future__ import annotations

from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from infoplane.figures import canvas, seeds, select, style
from infoplane.figures.epochs import EpochScale
from infoplane.figures.frame import Plane

_MARK: style.Look = {
    "markersize": 4.2,
    "markeredgewidth": 1.2,
    "color": style.GREEN,
    "linestyle": "none",
    "zorder": 5,
}
_MARKS: tuple[style.Marker, ...] = ("x", "+", "1", (6, 2, 0), (5, 2, 0))  # of several things to mark
_DOTS = 1.1  # between dots of a path, mm


def key(table: pd.DataFrame, plane: Plane, end: str) -> list[Line2D]:
    """Return the entries of the key for what stands on the paths of a table, their end by its name."""
    return [*ends(end), *_parts(plane), *_marks(table, plane)]


def draw(axes: Axes, of_layer: pd.DataFrame, plane: Plane, scale: EpochScale, marker: style.Marker) -> pd.Series | None:
    """Draw the paths of one layer, and return the row at which their mean ends; none where nothing was measured."""
    seeds.each(axes, of_layer, plane.x, plane.y)
    mean = seeds.means(of_layer)
    if len(mean) == len(of_layer):
        _spread(axes, mean.tail(1), plane)
    if mean.empty:
        return None
    turn = mean[plane.turns[0]].iloc[0] if plane.turns else np.inf
    _trajectory(axes, mean[[plane.x, plane.y]].to_numpy(), scale, mean["epoch"], marker, turn)
    _mark(axes, mean, plane)
    return mean.iloc[-1]


def ends(end: str) -> list[Line2D]:
    """Return the entries of the key for the two ends of a path, the second by its name."""
    return [
        canvas.handle("first epoch", marker="o", color=style.INK, markerfacecolor="white", linestyle="none"),
        canvas.handle(end, marker="o", color=style.INK, linestyle="none"),
    ]


def _parts(plane: Plane) -> list[Line2D]:
    """Name the parts of a path, if it turns."""
    looks = (
        (name, {"color": style.INK, "linestyle": line})
        for name, line in zip((plane.turns or ())[1:], "-:", strict=False)
    )
    return [canvas.handle(name, **look) for name, look in looks]


def _marks(table: pd.DataFrame, plane: Plane) -> list[Line2D]:
    return [
        canvas.handle(name, marker=marker, **_MARK)
        for (column, name), marker in zip(plane.marks.items(), cycle(_MARKS), strict=False)
        if table[column].notna().any()
    ]


def _trajectory(
    axes: Axes, points: style.Floats, scale: EpochScale, epochs: pd.Series[float], marker: style.Marker, turn: float
) -> None:
    """Draw a path in the colours of its epochs: a line up to an epoch, dots from there on."""
    colours = style.over_time()(scale.norm(scale.position(epochs)))
    solid = int((epochs <= turn).sum())
    line, dots = slice(0, solid), slice(max(solid - 1, 0), None)
    segments = np.stack([points[line][:-1], points[line][1:]], axis=1)
    path = LineCollection(list(segments), colors=colours[line][1:], linewidths=1.4)
    path.set_capstyle("round")
    axes.add_collection(path, autolim=False)
    if solid < len(points):
        at = _evenly(axes, points[dots])
        x, y = _between(points[dots], at).T
        axes.scatter(x, y, s=2.2, c=_between(colours[dots], at), linewidths=0, zorder=2)
    start, end = points[0], points[-1]
    axes.plot(*start, marker=marker, markerfacecolor="white", markeredgecolor=colours[0], zorder=3)
    axes.plot(*end, marker=marker, markerfacecolor=colours[-1], markeredgecolor=style.INK, zorder=4)


def _evenly(axes: Axes, points: style.Floats) -> style.Floats:
    """Places along a path of (n, 2) points, from 0 to n - 1, that are as far apart on the paper as dots are.

    A dotted line of many short segments would begin its dots anew with every segment, and so be solid.
    """
    sides = np.asarray(axes.get_window_extent().size) * 25.4 / axes.figure.dpi
    ranges = np.ptp([axes.get_xlim(), axes.get_ylim()], axis=1)
    steps = np.linalg.norm(np.diff(points, axis=0) * sides / ranges, axis=1)
    way = np.concatenate([[0.0], np.cumsum(steps)])
    return np.interp(np.arange(_DOTS / 2, way[-1], _DOTS), way, np.arange(len(points)))


def _between(values: style.Floats, at: style.Floats) -> style.Floats:
    """Values (n, c) at places between them, (k, c)."""
    whole = np.arange(len(values))
    return np.stack([np.interp(at, whole, column) for column in values.T], axis=1)


def _spread(axes: Axes, last: pd.DataFrame, plane: Plane) -> None:
    """Draw bars where a path ends, in place of the lines of many seeds."""
    x, y = plane.x, plane.y
    across, up = last[x + select.SPREAD], last[y + select.SPREAD]
    axes.errorbar(last[x], last[y], xerr=across, yerr=up, fmt="none", ecolor=style.GREY, elinewidth=0.6, zorder=1)


def _mark(axes: Axes, path: pd.DataFrame, plane: Plane) -> None:
    """Mark the point of a mean path whose epoch is nearest to each that is to be marked."""
    for epoch, marker in zip(path[list(plane.marks)].iloc[0], cycle(_MARKS), strict=False):
        if not np.isnan(epoch):
            at = path.loc[(path["epoch"] - epoch).abs().idxmin()]
            axes.plot(at[plane.x], at[plane.y], marker=marker, **_MARK)
