"""A plane of two information quantities, and trajectories in it: shared by every kind of information plane."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle
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

READING = "thick: mean over seeds"
_CONTROLS: dict[str, tuple[str, style.Look]] = {
    "shuffled_samples": (
        "shuffled samples",
        {"color": style.FAINT, "linewidth": 0.7, "marker": "o", "markersize": 1.6, "zorder": 0.8},
    )
}
_MARK: style.Look = {
    "markersize": 4.2,
    "markeredgewidth": 1.2,
    "color": style.GREEN,
    "linestyle": "none",
    "zorder": 5,
}
_MARKS: tuple[style.Marker, ...] = ("x", "+", "1", (6, 2, 0), (5, 2, 0))  # of several things to mark
_NEAR = 1.5  # times the length of the trajectories: as far as a limit may stretch an axis


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
    marks
        Columns that hold an epoch to mark on the mean paths, with the name of each in the key.
    """

    x: str
    y: str
    x_label: str
    y_label: str
    x_limits: Mapping[str, str] = field(default_factory=dict)
    y_limits: Mapping[str, str] = field(default_factory=dict)
    bisector: bool = False
    zero: bool = False
    marks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Frame:
    """What a plane has around its points: the range that holds them all, and the lines that can be seen in it.

    Parameters
    ----------
    plane
        What is drawn.
    x_range, y_range
        From where to where.
    limits
        Names in the key of the limits that can be seen, by their columns.
    lines
        Looks of the lines, by their name in the key.
    """

    plane: Plane
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    limits: Mapping[str, str]
    lines: Mapping[str, style.Look]

    @classmethod
    def of(cls, table: pd.DataFrame, plane: Plane) -> Frame:
        """Return the frame of all points of a table."""
        x_range, y_range = _range(table, plane.x, plane.x_limits), _range(table, plane.y, plane.y_limits)
        limits = _seen(table, plane, x_range, y_range)
        return cls(plane, x_range, y_range, limits, _lines(plane, limits, x_range, y_range))

    def key(self) -> list[Line2D]:
        """Return the entries of the key."""
        return [canvas.handle(name, **look) for name, look in self.lines.items()]

    def put_on(self, axes: Axes, shown: pd.DataFrame) -> None:
        """Set the range of a panel, and draw the lines for the variant that it shows."""
        axes.set(xlim=self.x_range, ylim=self.y_range)
        for name, x, y in self.around(shown):
            if x is not None:
                axes.axvline(x, **self.lines[name])
            elif y is not None:
                axes.axhline(y, **self.lines[name])
            else:
                axes.axline((0, 0), slope=1, **self.lines[name])

    def around(self, shown: pd.DataFrame) -> Iterator[tuple[str, float | None, float | None]]:
        """Give the lines around a variant: the name of each, and its x or its y; the bisector has neither."""
        for column, name in self.limits.items():
            at = float(shown[column].mean())
            yield (name, at, None) if column in self.plane.x_limits else (name, None, at)
        if "x = y" in self.lines:
            yield "x = y", None, None
        if "zero" in self.lines:
            yield from (("zero", 0.0, None), ("zero", None, 0.0))


def draw(table: pd.DataFrame, plane: Plane, notes: Notes) -> Figure:
    """Draw a panel per variant, a trajectory per layer, the epoch as colour."""
    looks = style.in_depth(notes.layers, table["layer"])
    frame, scale = Frame.of(table, plane), EpochScale.of(table["epoch"])
    key = [*_ends(), *_marks(table, plane), *frame.key()]
    room = 3.2 * len(looks) + 14
    page, panels = sheet(table, frame, _noted(notes, table), [key], room=room)
    height = max(_height(len(panels)), room) - 12
    for variant, axes in panels.items():
        _draw_panel(axes, table[table["variant"] == variant], frame, scale, looks, height)
    page.colour_bar(list(panels.values()), scale)
    return page.figure


def sheet(
    table: pd.DataFrame,
    frame: Frame,
    notes: Notes,
    key: Sequence[Sequence[Line2D]],
    *,
    room: float = 0.0,
    above: float = 0.0,
    narrow: float = style.COLUMN,
) -> tuple[Canvas, dict[str, Axes]]:
    """Lay out a page with a panel per variant, in the frame's ranges and between its lines.

    Parameters
    ----------
    table, frame, notes, key
        What is drawn, and what stands around it.
    room
        Least height of a panel, mm.
    above
        Height to leave over all panels, mm.
    narrow
        Width of the page of a lone variant, mm.
    """
    names = titles(table, notes.keys)
    columns = _columns(len(names))
    width = narrow if columns == 1 else style.PAGE
    texts = {variant: canvas.title(text, (width - 30) / columns - 4) for variant, text in names.items()}
    height = max(_height(len(names)), room) + 3.3 * (max(map(canvas.lines, texts.values())) - 1)
    page = Canvas.blank(width=width, height=height * ceil(len(names) / columns) + 6 + above, notes=notes, key=key)
    panels = dict(zip(names, page.panels(len(names), columns), strict=True))
    first = next(iter(panels.values()))
    first.xaxis.set_major_locator(MaxNLocator(4))
    first.yaxis.set_major_locator(MaxNLocator(5))
    for variant, axes in panels.items():
        axes.set_title(texts[variant])
        frame.put_on(axes, table[table["variant"] == variant])
    page.label(frame.plane.x_label, frame.plane.y_label)
    return page, panels


def abreast(table: pd.DataFrame, planes: Sequence[Plane], notes: Notes) -> Figure:
    """Draw every variant in all planes, side by side; paths of a control in grey, if the table has its rows."""
    looks = style.in_depth(notes.layers, table["layer"])
    names = titles(table, notes.keys)
    rows, in_a_row = canvas.stacked(len(names))
    columns = in_a_row * len(planes)
    panel = max(44.0 if in_a_row == 1 else 33.0, 3.2 * len(looks) + 14)
    width = style.PAGE / columns
    texts = {variant: canvas.title(text, width * len(planes) - 15) for variant, text in names.items()}
    height = panel + 3.3 * (max(map(canvas.lines, texts.values())) - 1)
    frames = [Frame.of(table, plane) for plane in planes]
    controls = [
        canvas.handle(name, **look) for kind, (name, look) in _CONTROLS.items() if (table["control"] == kind).any()
    ]
    lines = {entry.get_label(): entry for frame in frames for entry in frame.key()}
    key = [*_ends(), *lines.values(), *controls]
    page = Canvas.blank(width=style.PAGE, height=height * rows + 6, notes=_noted(notes, table), key=[key])
    scale = EpochScale.of(table["epoch"])
    panels = page.panels(len(names) * len(planes), columns, sharex="col", sharey="col")
    for index, (variant, text) in enumerate(texts.items()):
        own = panels[index * len(planes) : (index + 1) * len(planes)]
        own[0].set_title(text)
        shown = table[table["variant"] == variant]
        for axes, frame in zip(own, frames, strict=True):
            axes.set_ylabel(canvas.title(frame.plane.y_label, panel - 10))
            frame.put_on(axes, shown)
            _draw_panel(axes, shown, frame, scale, looks, panel - 12)
            if index >= len(names) - in_a_row:
                axes.set_xlabel(canvas.title(frame.plane.x_label, width - (25 if in_a_row == 1 else 14)))
    page.colour_bar(panels, scale)
    return page.figure


def _noted(notes: Notes, table: pd.DataFrame) -> Notes:
    """Say at the foot what shows the spread over seeds: their own lines, or bars where they are too many for that."""
    spread = "thin: each seed" if (table["seed"] != select.MEAN).any() else "bars: ± 1 standard deviation"
    return replace(notes, foot=tuple(phrase.replace(READING, f"{READING}; {spread}") for phrase in notes.foot))


def _draw_panel(
    axes: Axes, shown: pd.DataFrame, frame: Frame, scale: EpochScale, looks: Mapping[str, style.Look], height: float
) -> None:
    for kind, (_, look) in _CONTROLS.items():
        for _, path in seeds.means(shown[shown["control"] == kind]).groupby("layer", sort=False):
            axes.plot(path[frame.plane.x].to_numpy(), path[frame.plane.y].to_numpy(), **look)
    _draw_layers(axes, shown[shown["control"] == "none"], frame.plane, scale, looks, height)


def _height(count: int) -> float:
    """Return the height of a row of panels, mm, by their number."""
    return {1: 52.0, 2: 52.0, 4: 40.0}.get(_columns(count), 44.0)


def _columns(count: int) -> int:
    return min(count, 2 if count in {2, 4} else 3 if count <= 9 else 4)


def _range(table: pd.DataFrame, quantity: str, limits: Mapping[str, str]) -> tuple[float, float]:
    """Hold every trajectory with its spread, and each limit that is not far beyond."""
    spread = table.get(quantity + select.SPREAD, pd.Series(0.0, table.index)).fillna(0.0)
    low, high = float((table[quantity] - spread).min()), float((table[quantity] + spread).max())
    reach = low + _NEAR * (high - low)
    high = max([high, *(at for column in limits if (at := float(table[column].max())) < reach)])
    margin = 0.04 * (high - low or 1.0)
    return low - margin, high + margin


def _seen(
    table: pd.DataFrame, plane: Plane, x_range: tuple[float, float], y_range: tuple[float, float]
) -> dict[str, str]:
    """Return the names in the key of the limits that can be seen, by column; entropies look alike and share one."""
    ends = ((plane.x_limits, x_range[1]), (plane.y_limits, y_range[1]))
    seen = {column: name for limits, end in ends for column, name in limits.items() if table[column].min() < end}
    shared = ", ".join(name for column, name in seen.items() if _is_entropy(column))
    return {column: shared if _is_entropy(column) else name for column, name in seen.items()}


def _is_entropy(column: str) -> bool:
    return column.startswith("entropy")


def _lines(
    plane: Plane, limits: Mapping[str, str], x_range: tuple[float, float], y_range: tuple[float, float]
) -> dict[str, style.Look]:
    """Return the names of the lines that can be seen, and their looks."""
    grey: style.Look = {"color": style.GREY, "linewidth": 0.8, "zorder": 0.5}
    looks = {
        name: {**grey, "linestyle": style.DASHES[1 if _is_entropy(column) else 2]} for column, name in limits.items()
    }
    pale: style.Look = {"color": style.FAINT, "linewidth": 0.6, "zorder": 0.5}
    if plane.bisector and max(x_range[0], y_range[0]) < min(x_range[1], y_range[1]):
        looks["x = y"] = pale
    if plane.zero and min(x_range[0], y_range[0]) < 0:
        looks["zero"] = {**pale, "linestyle": style.DASHES[-1]}
    return looks


def _ends() -> list[Line2D]:
    return [
        canvas.handle("first epoch", marker="o", color=style.INK, markerfacecolor="white", linestyle="none"),
        canvas.handle("last epoch", marker="o", color=style.INK, linestyle="none"),
    ]


def _marks(table: pd.DataFrame, plane: Plane) -> list[Line2D]:
    return [
        canvas.handle(name, marker=marker, **_MARK)
        for (column, name), marker in zip(plane.marks.items(), cycle(_MARKS), strict=False)
        if table[column].notna().any()
    ]


def _draw_layers(
    axes: Axes, shown: pd.DataFrame, plane: Plane, scale: EpochScale, looks: Mapping[str, style.Look], height: float
) -> None:
    ends = []
    for layer, look in looks.items():
        of_layer = shown[shown["layer"] == layer]
        seeds.each(axes, of_layer, plane.x, plane.y)
        mean = seeds.means(of_layer)
        if len(mean) == len(of_layer):
            _spread(axes, mean.tail(1), plane)
        if not mean.empty:
            _trajectory(axes, mean[[plane.x, plane.y]].to_numpy(), scale, mean["epoch"], look["marker"])
            _mark(axes, mean, plane)
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
