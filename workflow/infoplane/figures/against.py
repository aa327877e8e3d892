"""Quantities of feature maps against the number of filters, and against the epoch, with controls in grey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from infoplane.figures import scales, seeds, style
from infoplane.figures.epochs import EpochScale
from infoplane.figures.labels import End

CONTROLS: dict[str, style.Look] = {
    "shuffled samples": {"color": style.FAINT, "linestyle": style.DASHES[2], "linewidth": 0.7, "markersize": 2.4},
    "untrained": {"color": style.GREY, "linestyle": style.DASHES[0], "linewidth": 0.6, "markersize": 2.4},
}
END = "at_the_end"  # column: whether a row is of its variant’s last epoch
_EDGE = 1.25  # room left and right of the smallest and largest number of maps, as a factor
_ASIDE = 0.012  # of the axis: between hues of one number of maps, so that no point hides another


@dataclass(frozen=True)
class Hue:
    """One value of the swept key that colour and marker tell apart."""

    colour: str
    marker: style.Marker


class Line(NamedTuple):
    """One variant over the epochs: its name at the end, and its look."""

    name: str
    hue: Hue


@dataclass(frozen=True)
class Quantity:
    """A column of the table, and how it is told from the other in its panel."""

    column: str
    name: str = ""
    filled: bool = True

    def look(self, hue: Hue, control: style.Look) -> style.Look:
        """Return the look of its points for one hue; a control is grey, small, and behind."""
        behind = {"zorder": 1.5} if control else {}
        colour = control.get("color", hue.colour)
        face = colour if self.filled else "white"
        return {**control, **behind, "color": colour, "marker": hue.marker, "markerfacecolor": face}

    @property
    def dash(self) -> style.Dash:
        """Return the style of its lines."""
        return style.DASHES[0 if self.filled else 1]


def filters(
    axes: Axes, of_layer: pd.DataFrame, quantities: Sequence[Quantity], hues: Mapping[str, Hue], width: float
) -> None:
    """Draw the last epoch against the number of maps, a line for each series of them.

    The width is about that of the panel, in millimetres.
    """
    widths = np.unique(of_layer["channels"]).tolist()
    start, end = widths[0] / _EDGE, widths[-1] * _EDGE
    places = {hue: (end / start) ** (_ASIDE * (place - (len(hues) - 1) / 2)) for place, hue in enumerate(hues)}
    for kind, rows in _kinds(of_layer).items():
        for ((value, _), points), quantity in product(rows.groupby(["hue", "series"], sort=False), quantities):
            line = points.sort_values("channels")
            hue, aside = hues[str(value)], places[str(value)]
            look = {"linestyle": quantity.dash, "zorder": 2, **quantity.look(hue, CONTROLS.get(kind, {}))}
            seeds.bars(axes, line.assign(place=line["channels"] * aside), "place", quantity.column, **look)
    scales.counted(axes, widths, (start, end), width)


def epochs(
    axes: Axes, of_layer: pd.DataFrame, quantity: Quantity, lines: Mapping[str, Line], width: float
) -> list[End]:
    """Draw variants against the epoch, shuffled samples at the last; return where the lines end, to be named there.

    The width is about that of the panel, in millimetres.
    """
    scale = EpochScale.of(of_layer.loc[of_layer["control"] == "none", "epoch"])
    placed = of_layer.assign(place=scale.position(of_layer["epoch"]))
    scale.put_on(axes, width)
    ends = []
    for variant, rows in placed.groupby("variant", sort=False):
        name, hue = lines[str(variant)]
        measured = seeds.means(rows[rows["control"] == "none"]).dropna(subset=[quantity.column])
        seeds.band(axes, measured, "place", quantity.column, hue.colour)
        axes.plot(*_points(measured, quantity), color=hue.colour, linestyle=quantity.dash, linewidth=0.9)
        axes.plot(*_points(measured.tail(1), quantity), **quantity.look(hue, {}))
        shuffled = rows[rows["control"] == "shuffled_samples"]
        axes.plot(*_points(shuffled, quantity), **quantity.look(hue, CONTROLS["shuffled samples"]))
        if not measured.empty:
            x, y = _points(measured.tail(1), quantity)
            ends.append(End(float(x[0]), float(y[0]), name, hue.colour))
    return ends


def _points(rows: pd.DataFrame, quantity: Quantity) -> tuple[style.Floats, style.Floats]:
    return rows["place"].to_numpy(), rows[quantity.column].to_numpy()


def _kinds(of_layer: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Controls and trained networks in the order in which they are drawn, the measurement on top."""
    measured = of_layer[of_layer["control"] == "none"]
    return {
        "shuffled samples": of_layer[of_layer["control"] == "shuffled_samples"],
        "untrained": measured[measured["epoch"] == 0],
        "trained": measured[measured[END]],
    }
