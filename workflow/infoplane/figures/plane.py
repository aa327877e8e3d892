"""Trajectories in a plane of two information quantities: shared by every kind of information plane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from infoplane.figures import canvas, labels, seeds, select, style
from infoplane.figures.canvas import Canvas
from infoplane.figures.epochs import EpochScale
from infoplane.figures.labels import End
from infoplane.figures.notes import Notes
from infoplane.figures.variants import titles

READING = "thick: mean over seeds, thin: each seed"
_CONTROLS: dict[str, tuple[str, style.Look]] = {
    "shuffled_samples": (
        "shuffled samples",
        {"color": style.FAINT, "linewidth": 0.7, "marker": "o", "markersize": 1.6, "zorder": 0.8},
    )
}
_ROWS = 5  # variants below one another at most, before two come side by side
_NEAR = 1.3  # times the length of the trajectories: as far as log₂ n may stretch an axis


@dataclass(frozen=True)
class Plane:
    """Which two columns of a table span the plane, and the columns that hold its limits.

    Parameters
    ----------
    x, y
        Columns of the two quantities.
    x_label, y_label
        Labels of the axes.
    x_limits, y_limits
        Columns of vertical and horizontal lines, with the name of each in the key.
    bisector, zero
        Whether to draw the line x = y, and the two axes of signed quantities.
    """

    x: str
    y: str
    x_label: str
    y_label: str
    x_limits: Mapping[str, str] = field(default_factory=dict)
    y_limits: Mapping[str, str] = field(default_factory=dict)
    bisector: bool = False
    zero: bool = False


def draw(table: pd.DataFrame, plane: Plane, notes: Notes) -> Figure:
    """Draw a panel per variant, a trajectory per layer, the epoch as colour."""
    layers = select.in_order(table["layer"], notes.layers)
    names = titles(table, notes.keys)
    columns = _columns(len(names))
    width = style.COLUMN if columns == 1 else style.PAGE
    texts = {variant: canvas.title(text, (width - 30) / columns - 4) for variant, text in names.items()}
    panel = max({1: 52.0, 2: 52.0, 4: 40.0}.get(columns, 44.0), 3.2 * len(layers) + 14)
    height = panel + 3.3 * (max(map(canvas.lines, texts.values())) - 1)
    x_range, y_range = _range(table, plane.x, plane.x_limits), _range(table, plane.y, plane.y_limits)
    lines = _lines(table, plane, x_range, y_range)
    page = Canvas.blank(width=width, height=height * ceil(len(names) / columns) + 6, notes=notes, key=[_key(lines)])
    scale = EpochScale.of(table["epoch"])
    panels = page.panels(len(names), columns)
    panels[0].set(xlim=x_range, ylim=y_range)
    panels[0].xaxis.set_major_locator(MaxNLocator(4))
    panels[0].yaxis.set_major_locator(MaxNLocator(5))
    for axes, (variant, text) in zip(panels, texts.items(), strict=True):
        axes.set_title(text)
        _draw_panel(axes, table[table["variant"] == variant], plane, lines, scale, layers, panel - 12)
    page.label(plane.x_label, plane.y_label)
    page.colour_bar(panels, scale)
    return page.figure


def abreast(table: pd.DataFrame, planes: Sequence[Plane], notes: Notes) -> Figure:
    """Draw every variant in all planes, side by side; paths of a control in grey, if the table has its rows."""
    layers = select.in_order(table["layer"], notes.layers)
    names = titles(table, notes.keys)
    in_a_row = 2 if len(names) > _ROWS else 1
    rows, columns = ceil(len(names) / in_a_row), in_a_row * len(planes)
    panel = max(44.0 if in_a_row == 1 else 33.0, 3.2 * len(layers) + 14)
    width = style.PAGE / columns
    texts = {variant: canvas.title(text, width * len(planes) - 15) for variant, text in names.items()}
    height = panel + 3.3 * (max(map(canvas.lines, texts.values())) - 1)
    ranges = [(_range(table, plane.x, plane.x_limits), _range(table, plane.y, plane.y_limits)) for plane in planes]
    lines = [_lines(table, plane, *both) for plane, both in zip(planes, ranges, strict=True)]
    controls = [
        canvas.handle(name, **look) for kind, (name, look) in _CONTROLS.items() if (table["control"] == kind).any()
    ]
    every = {name: look for of_plane in lines for name, look in of_plane.items()}
    page = Canvas.blank(width=style.PAGE, height=height * rows + 6, notes=notes, key=[[*_key(every), *controls]])
    scale = EpochScale.of(table["epoch"])
    panels = page.panels(len(names) * len(planes), columns, sharex="col", sharey="col")
    for index, (variant, text) in enumerate(texts.items()):
        own = panels[index * len(planes) : (index + 1) * len(planes)]
        own[0].set_title(text)
        shown = table[table["variant"] == variant]
        for axes, plane, both, of_plane in zip(own, planes, ranges, lines, strict=True):
            axes.set(xlim=both[0], ylim=both[1])
            axes.set_ylabel(canvas.title(plane.y_label, panel - 10))
            _draw_panel(axes, shown, plane, of_plane, scale, layers, panel - 12)
            if index >= len(names) - in_a_row:
                axes.set_xlabel(canvas.title(plane.x_label, width - (25 if in_a_row == 1 else 14)))
    page.colour_bar(panels, scale)
    return page.figure


def _draw_panel(
    axes: Axes,
    shown: pd.DataFrame,
    plane: Plane,
    lines: Mapping[str, style.Look],
    scale: EpochScale,
    layers: list[str],
    height: float,
) -> None:
    _draw_limits(axes, shown, plane, lines)
    for kind, (_, look) in _CONTROLS.items():
        for _, path in seeds.means(shown[shown["control"] == kind]).groupby("layer", sort=False):
            axes.plot(path[plane.x].to_numpy(), path[plane.y].to_numpy(), **look)
    _draw_layers(axes, shown[shown["control"] == "none"], plane, scale, layers, height)


def _columns(count: int) -> int:
    return min(count, 2 if count in {2, 4} else 3 if count <= 9 else 4)


def _range(table: pd.DataFrame, quantity: str, limits: Mapping[str, str]) -> tuple[float, float]:
    """Hold every trajectory and the attainable bounds, and log₂ n only where it is not far beyond those."""
    low, high = float(table[quantity].min()), float(table[quantity].max())
    for column in limits:
        at = float(table[column].max())
        if column.startswith("entropy") or at - low < _NEAR * (high - low):
            high = max(high, at)
    margin = 0.04 * (high - low or 1.0)
    return low - margin, high + margin


def _lines(
    table: pd.DataFrame, plane: Plane, x_range: tuple[float, float], y_range: tuple[float, float]
) -> dict[str, style.Look]:
    """Return the names of the lines that can be seen, and their looks."""
    seen = [name for column, name in plane.x_limits.items() if table[column].min() < x_range[1]]
    seen += [name for column, name in plane.y_limits.items() if table[column].min() < y_range[1]]
    grey: style.Look = {"color": style.GREY, "linewidth": 0.8, "zorder": 0.5}
    looks = {
        name: {**grey, "linestyle": dash} for name, dash in zip(dict.fromkeys(seen), style.DASHES[1:], strict=False)
    }
    pale: style.Look = {"color": style.FAINT, "linewidth": 0.6, "zorder": 0.5}
    if plane.bisector and max(x_range[0], y_range[0]) < min(x_range[1], y_range[1]):
        looks["x = y"] = pale
    if plane.zero and min(x_range[0], y_range[0]) < 0:
        looks["zero"] = {**pale, "linestyle": style.DASHES[-1]}
    return looks


def _key(lines: Mapping[str, style.Look]) -> list[Line2D]:
    return [
        canvas.handle("first epoch", marker="o", color=style.INK, markerfacecolor="white", linestyle="none"),
        canvas.handle("last epoch", marker="o", color=style.INK, linestyle="none"),
        *(canvas.handle(name, **look) for name, look in lines.items()),
    ]


def _draw_limits(axes: Axes, shown: pd.DataFrame, plane: Plane, lines: Mapping[str, style.Look]) -> None:
    for limits, draw_line in ((plane.x_limits, axes.axvline), (plane.y_limits, axes.axhline)):
        for column, name in limits.items():
            if name in lines:
                draw_line(float(shown[column].mean()), **lines[name])
    if "x = y" in lines:
        axes.axline((0, 0), slope=1, **lines["x = y"])
    if "zero" in lines:
        axes.axvline(0, **lines["zero"])
        axes.axhline(0, **lines["zero"])


def _draw_layers(
    axes: Axes, shown: pd.DataFrame, plane: Plane, scale: EpochScale, layers: list[str], height: float
) -> None:
    ends = []
    for index, layer in enumerate(layers):
        of_layer = shown[shown["layer"] == layer]
        seeds.each(axes, of_layer, plane.x, plane.y)
        mean = seeds.means(of_layer)
        if not mean.empty:
            _trajectory(axes, mean[[plane.x, plane.y]].to_numpy(), scale, mean["epoch"], style.marker(index))
            last = mean.iloc[-1]
            ends.append(End(float(last[plane.x]), float(last[plane.y]), layer))
    labels.beside(axes, ends, height)


def _trajectory(
    axes: Axes, points: style.Floats, scale: EpochScale, epochs: pd.Series[float], marker: style.Marker
) -> None:
    colours = style.over_time()(scale.norm(scale.position(epochs)))
    segments = LineCollection(list(np.stack([points[:-1], points[1:]], axis=1)), colors=colours[1:], linewidths=1.4)
    segments.set_capstyle("round")
    axes.add_collection(segments, autolim=False)
    start, end = points[0], points[-1]
    axes.plot(*start, marker=marker, markerfacecolor="white", markeredgecolor=colours[0], zorder=3)
    axes.plot(*end, marker=marker, markerfacecolor=colours[-1], markeredgecolor=style.INK, zorder=4)
