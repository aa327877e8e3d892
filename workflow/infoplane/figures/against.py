"""Quantities of feature maps against the number of filters, and against the epoch, with controls in grey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from infoplane.figures import seeds, select, style
from infoplane.figures.epochs import EpochScale
from infoplane.figures.labels import End

CONTROLS: dict[str, style.Look] = {
    "shuffled samples": {"color": style.FAINT, "linestyle": style.DASHES[2], "linewidth": 0.7, "markersize": 2.4},
    "untrained": {"color": style.GREY, "linewidth": 0.6, "markersize": 2.4},
}
_EDGE = 1.25  # room left and right of the smallest and largest number of maps, as a factor
_ASIDE = 0.012  # of the axis: between hues of one number of maps, so that no point hides another
_CLOSEST = 0.09  # of the axis: tick labels nearer than this would touch


@dataclass(frozen=True)
class Hue:
    """One value of the swept key that colour and marker tell apart."""

    colour: str
    marker: style.Marker


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


def filters(axes: Axes, of_layer: pd.DataFrame, quantities: Sequence[Quantity], hues: Mapping[str, Hue]) -> None:
    """Draw the last epoch against the number of maps; a line only where every number occurs once."""
    widths = np.unique(of_layer["channels"]).tolist()
    start, end = widths[0] / _EDGE, widths[-1] * _EDGE
    for (kind, rows), (place, (value, hue)), quantity in product(
        _kinds(of_layer).items(), enumerate(hues.items()), quantities
    ):
        aside = (end / start) ** (_ASIDE * (place - (len(hues) - 1) / 2))
        points = rows[rows["hue"] == value].sort_values("channels")
        look = {"linestyle": quantity.dash, "zorder": 2, **quantity.look(hue, CONTROLS.get(kind, {}))}
        if not points["channels"].is_unique:
            look["linestyle"] = "none"
        seeds.bars(axes, points.assign(place=points["channels"] * aside), "place", quantity.column, **look)
    _count_maps(axes, widths, start, end)


def epochs(
    axes: Axes,
    of_layer: pd.DataFrame,
    quantities: Sequence[Quantity],
    hues: Mapping[str, Hue],
    names: Mapping[str, str],
    width: float,
) -> list[End]:
    """Draw every variant against the epoch; return where the lines of the first quantity end, to be named there.

    The width is about that of the panel, in millimetres.
    """
    measured = of_layer[of_layer["control"] == "none"]
    scale = EpochScale.of(measured["epoch"])
    placed = of_layer.assign(place=scale.position(of_layer["epoch"]))
    scale.put_on(axes, width)
    ends = []
    for (variant, rows), quantity in product(placed.groupby("variant", sort=False), quantities):
        hue = hues[rows["hue"].iloc[0]]
        line = seeds.means(rows[rows["control"] == "none"]).dropna(subset=[quantity.column])
        seeds.band(axes, line, "place", quantity.column, hue.colour)
        axes.plot(*_points(line, quantity), color=hue.colour, linestyle=quantity.dash, linewidth=0.9)
        axes.plot(*_points(line.tail(1), quantity), **quantity.look(hue, {}))
        shuffled = rows[rows["control"] == "shuffled_samples"]
        axes.plot(*_points(shuffled, quantity), **quantity.look(hue, CONTROLS["shuffled samples"]))
        if quantity is quantities[0] and not line.empty:
            x, y = _points(line.tail(1), quantity)
            ends.append(End(float(x[0]), float(y[0]), names[str(variant)], hue.colour))
    return ends


def _points(rows: pd.DataFrame, quantity: Quantity) -> tuple[style.Floats, style.Floats]:
    return rows["place"].to_numpy(), rows[quantity.column].to_numpy()


def _kinds(of_layer: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Controls and trained networks in the order in which they are drawn, the measurement on top."""
    measured = of_layer[of_layer["control"] == "none"]
    return {
        "shuffled samples": of_layer[of_layer["control"] == "shuffled_samples"],
        "untrained": measured[measured["epoch"] == 0],
        "trained": select.last_epochs(measured),
    }


def _count_maps(axes: Axes, widths: Sequence[float], start: float, end: float) -> None:
    """Make the number of maps the horizontal axis, in octaves, with a tick at every number that has room."""
    kept = [widths[0]]
    for width in widths[1:]:
        if width / kept[-1] > (end / start) ** _CLOSEST:
            kept.append(width)
    axes.set_xscale("log", base=2)
    axes.set_xlim(start, end)
    axes.xaxis.set_major_locator(FixedLocator(kept))
    axes.xaxis.set_major_formatter(FixedFormatter([f"{width:g}" for width in kept]))
    axes.xaxis.set_minor_locator(NullLocator())
