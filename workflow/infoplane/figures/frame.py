"""The plane of two quantities, the range that its panels show, and the lines around what they draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from infoplane.figures import canvas, select, style

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
    turns
        Column that holds the epoch from which on a mean path is dotted, with the names in the key of what is before and
        after; none by default.
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
    turns: tuple[str, str, str] | None = None


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


def _range(table: pd.DataFrame, quantity: str, limits: Mapping[str, str]) -> tuple[float, float]:
    """Hold every trajectory with its spread, and each limit that is not far beyond."""
    spread = table.get(quantity + select.SPREAD, pd.Series(0.0, table.index)).fillna(0.0)
    low, high = float((table[quantity] - spread).min()), float((table[quantity] + spread).max())
    reach = low + _NEAR * (high - low)
    high = max([high, *(at for column in limits if (at := float(table[column].max())) < reach)])
    margin = 0.04 * (high - low or 1.0)
    return (low - margin, high + margin) if np.isfinite(margin) else (0.0, 1.0)  # nothing is there


def _seen(
    table: pd.DataFrame, plane: Plane, x_range: tuple[float, float], y_range: tuple[float, float]
) -> dict[str, str]:
    """Return the names in the key of the limits that can be seen, by column; entropies look alike and share one."""
    ends = ((plane.x_limits, x_range[1]), (plane.y_limits, y_range[1]))
    seen = {column: name for limits, end in ends for column, name in limits.items() if table[column].min() < end}
    shared = ", ".join(dict.fromkeys(name for column, name in seen.items() if _is_entropy(column)))
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
