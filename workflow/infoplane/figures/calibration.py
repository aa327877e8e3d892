"""What estimators answer to variables whose information is known: a panel for each estimator and layer."""

from __future__ import annotations

from collections.abc import Mapping
from math import log2
from typing import Any

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from infoplane.figures import canvas, notes, style
from infoplane.figures.canvas import Canvas
from infoplane.figures.notes import Notes
from infoplane.schema import estimates

READING = {
    "input": "lines: mean over repetitions, band: from the least answer to the greatest; grey: the same with samples "
    "shuffled, where the truth is 0",
    "target": "lines: mean over repetitions, band: from the least answer to the greatest; grey: the same with labels "
    "permuted, where the truth is 0",
}
_LABELS = {"input": ("True I(X; T) [bits]", "Estimate [bits]"), "target": ("True I(T; Y) [bits]", "Estimate [bits]")}
_ROW = 34.0  # height of a panel, mm
_EXACT: style.Look = {"color": style.FAINT, "linewidth": 0.6, "zorder": 0.5}
_CEILING: style.Look = {"color": style.GREY, "linewidth": 0.8, "linestyle": style.DASHES[2], "zorder": 0.5}
_ANSWERS: style.Look = {"color": style.categories(1)[0], "marker": "o", "markersize": 2.4}
_CONTROL: style.Look = {"color": style.FAINT, "marker": "s", "markersize": 4.0, "linewidth": 2.6, "zorder": 1.5}


def table(data: xr.Dataset) -> pd.DataFrame:
    """Every answer, a row each, with the truth and what it is an answer of; of one side of a calibration."""
    rows = data["estimate"].to_dataframe().reset_index()
    order = ["estimator", "layer", "kind", "channels", "dimension", "control", "truth", "repetition", "estimate"]
    return rows[order]


def with_units(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with units in the header."""
    return table.rename(columns={"truth": "truth [bits]", "estimate": "estimate [bits]"})


def ceiling(about: Mapping[str, Any], estimate: str, side: str, classes: int) -> float:
    """The most bits that there are: log₂ n for the samples that an estimator uses, or log₂ of the number of classes."""
    settings = next(each for each in about["estimators"] if estimate in estimates(each))
    return log2(classes) if side == "target" else log2(settings.get("probe_size") or about["probe"]["size"])


def draw(table: pd.DataFrame, side: str, about: Mapping[str, Any], design: Mapping[str, Any]) -> Figure:
    """Draw the answers of one side: a row per estimate, a column per layer.

    Parameters
    ----------
    table
        Of that side.
    side
        ``input`` or ``target``.
    about
        The experiment as resolved.
    design
        Parameters of the calibration.
    """
    rows, columns = (list(dict.fromkeys(table[name])) for name in ("estimator", "layer"))
    most = "log₂ n" if side == "input" else "log₂ of the number of classes"
    key = [
        canvas.handle("answers", **_ANSWERS),
        canvas.handle("shuffled samples" if side == "input" else "permuted labels", **_CONTROL),
        canvas.handle("truth", **_EXACT),
        canvas.handle(most, **_CEILING),
    ]
    width = style.page() if len(columns) > 2 else style.column()
    room = (width - 14) / len(columns)
    heads = [canvas.title(_head(table[table["layer"] == layer]), room - 1) for layer in columns]
    height = _ROW * len(rows) + 3.3 * max(map(canvas.lines, heads)) + 6
    with style.applied():
        page = Canvas.blank(width=width, height=height, notes=_notes(side, about, design), key=[key])
        grid = page.grid([1] * len(rows), len(columns), sharex="all", sharey="row")
        for row, estimate in zip(grid, rows, strict=True):
            limit = ceiling(about, estimate, side, design["classes"])
            for axes, layer in zip(row, columns, strict=True):
                _panel(axes, table[(table["estimator"] == estimate) & (table["layer"] == layer)], limit)
            row[0].set_ylabel(canvas.title(str(estimate), _ROW - 6))
        for axes, head in zip(grid[0], heads, strict=True):
            axes.set_title(head)
        x, y = _LABELS[side]
        page.label(x, y)
        return canvas.settled(page.figure)


def _head(shown: pd.DataFrame) -> str:
    """A layer with what it is made of, unless its name says it."""
    layer, channels, dimension = (shown[name].iloc[0] for name in ("layer", "channels", "dimension"))
    if str(layer).startswith(f"{dimension} dimension"):
        return str(layer)
    made = f"{channels} maps of {dimension // channels}" if channels > 1 else f"{dimension} units"
    return f"{layer}, {made}"


def _panel(axes: Axes, shown: pd.DataFrame, limit: float) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    for control, look in (("none", _ANSWERS), (None, _CONTROL)):
        of_control = shown[shown["control"] == control] if control else shown[shown["control"] != "none"]
        grouped = of_control.groupby("truth")["estimate"]
        truths = grouped.mean().index.to_numpy()
        axes.fill_between(
            truths, grouped.min().to_numpy(), grouped.max().to_numpy(), color=look["color"], alpha=0.2, linewidth=0
        )
        axes.plot(truths, grouped.mean().to_numpy(), **look)
    axes.axline((0, 0), slope=1, **_EXACT)
    axes.axhline(limit, **_CEILING)
    axes.set_ylim(
        bottom=min(0.0, float(shown["estimate"].min())), top=1.08 * max(limit, float(shown["estimate"].max()))
    )


def _notes(side: str, about: Mapping[str, Any], design: Mapping[str, Any]) -> Notes:
    kinds = {each["kind"] for each in about["estimators"]}
    designs = {
        "renyi": "renyi: Gaussian variables of the dimensions of input and layer, as far apart as those are",
        "kde": "kde: Gaussian layers in the estimator’s noise",
        "binning": "binning: equally likely points",
    }
    drawn = (
        [text for kind, text in designs.items() if kind in kinds]
        if side == "input"
        else ["Gaussians around a centre for each label"]
    )
    n = about["probe"]["size"]
    foot = (
        f"{about['name']}, variant {design['variant']}",
        *drawn,
        f"n = {n} or as the estimator has it",
        f"{design['repetitions']} repetitions, seed {design['seed']}",
        READING[side],
        *(["PREVIEW"] if about.get("preview") else []),
    )
    return notes.Notes(tuple(foot), bool(about.get("preview")), (), {}, ())
