"""The information plane at every point of a grid of settings: small multiples, a panel per point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from infoplane import grid
from infoplane.figures import canvas, mutual, notes, paths, seeds, select, style
from infoplane.figures.canvas import Canvas
from infoplane.figures.choices import Measured
from infoplane.figures.epochs import EpochScale
from infoplane.figures.frame import Frame
from infoplane.figures.notes import Notes
from infoplane.figures.page import Page
from infoplane.schema import estimates

READING = "bold: the experiment’s own settings, and those named here; thick: mean over seeds, thin: each seed"
_PAGE = Page("sensitivity", "the information plane at every point of a grid", needs=("information",), options=Measured)
_ABREAST = 5  # panels
_ROW, _ROWS = 36.0, 225.0  # height of a row of panels, and of all at most, mm
_POINT = ["base", "point", "own"]


@dataclass(frozen=True)
class Block:
    """Panels of one estimator that share their ranges, as rows of points."""

    base: str
    rows: Sequence[Sequence[str]]


def table(summary: xr.DataTree) -> pd.DataFrame:
    """Both mutual informations of every layer, epoch and seed of the first variant, at every point, with their limits.

    Parameters
    ----------
    summary
        Of a grid: its experiment says by ``grid`` what each of its estimators varies.
    """
    about = notes.experiment(summary)
    parts = [
        _points(summary, name).assign(
            base=point["base"] + name.removeprefix(point["name"]), point=name, own=point["own"]
        )
        for point, settings in zip(about["grid"], about["estimators"], strict=True)
        for name in estimates(settings)
    ]
    whole = pd.concat(parts, ignore_index=True)
    return whole[_POINT + [name for name in whole.columns if name not in _POINT]]


def draw(table: pd.DataFrame, summary: xr.DataTree) -> Figure:
    """Draw a panel per point, points of one estimator in the same ranges, those of the experiment with a bold title."""
    about, own = notes.experiment(summary), table.loc[table["own"], "point"]
    options = _options(summary, str((own if len(own) else table["point"]).iloc[0]))
    said = notes.gather(summary, _PAGE, options, READING)
    choices = {
        name: point["choices"]
        for point, settings in zip(about["grid"], about["estimators"], strict=True)
        for name in estimates(settings)
    }
    blocks = [
        Block(str(base), _rows({name: choices[name] for name in dict.fromkeys(shown["point"])}))
        for base, shown in table.groupby("base", sort=False)
    ]
    with style.applied():
        return canvas.settled(_drawn(table, blocks, choices, said))


def with_units(table: pd.DataFrame, summary: xr.DataTree) -> pd.DataFrame:
    """Return the table with units in the header, as the figure's file has it."""
    return select.with_units(table, summary)


def _points(summary: xr.DataTree, estimate: str) -> pd.DataFrame:
    options = _options(summary, estimate)
    found = seeds.drawn(mutual.points(summary, options), [mutual.X, mutual.Y])
    return mutual.with_limits(found, summary, options)


def _options(summary: xr.DataTree, estimate: str) -> Measured:
    """One estimate of the first variant, on the first probe."""
    first = str(summary["information"].to_dataset()["variant"].values[0])
    chosen = select.resolve(summary, _PAGE, Measured(estimator=estimate, variants=(first,)))
    assert isinstance(chosen, Measured)
    return chosen


def _rows(choices: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """Points in rows, so that as many whole axes as fit lie abreast, the longest first."""
    values = {
        axis: list(dict.fromkeys(each[axis] for each in choices.values())) for axis in next(iter(choices.values()))
    }
    abreast: list[str] = []
    columns = 1
    for axis in sorted(values, key=lambda axis: -len(values[axis])):
        if columns * len(values[axis]) <= _ABREAST:
            columns *= len(values[axis])
            abreast.append(axis)
    down = [axis for axis in values if axis not in abreast]

    def place(name: str) -> list[Any]:
        return [sorted(values[axis]).index(choices[name][axis]) for axis in [*down, *abreast]]

    ordered = sorted(choices, key=place)
    columns = columns if columns > 1 else min(len(ordered), _ABREAST)
    return [ordered[start : start + columns] for start in range(0, len(ordered), columns)]


def _drawn(table: pd.DataFrame, blocks: Sequence[Block], choices: Mapping[str, Any], said: Notes) -> Figure:
    looks = style.in_depth(said.layers, table["layer"])
    frames = {block.base: Frame.of(table[table["base"] == block.base], mutual.plane(said)) for block in blocks}
    lines = {entry.get_label(): entry for frame in frames.values() for entry in frame.key()}
    markers = [
        canvas.handle(layer, marker=look["marker"], color=style.INK, linestyle="none") for layer, look in looks.items()
    ]
    columns = max(len(row) for block in blocks for row in block.rows)
    count = sum(len(block.rows) for block in blocks)
    width = style.column() if columns == 1 else style.page()
    room = (width - 30) / columns
    key = [[*paths.ends(said.end), *lines.values()], markers]
    page = Canvas.blank(width=width, height=min(_ROW * count, _ROWS) + 6, notes=said, key=key)
    panels = page.grid([1] * count, columns, sharex="none", sharey="none")
    scale, used = EpochScale.of(table["epoch"]), []
    rows = iter(panels)
    for block in blocks:
        for index, (names, own) in enumerate(zip(block.rows, rows, strict=False)):
            for axes in own[len(names) :]:
                axes.remove()
            for name, axes in zip(names, own, strict=False):
                shown = table[table["point"] == name]
                head = [block.base] if len(blocks) > 1 or not choices[name] else []
                text = ", ".join([*head, *([grid.words(choices[name])] if choices[name] else [])])
                axes.set_title(canvas.title(text, room - 2), weight="bold" if shown["own"].iloc[0] else "normal")
                _panel(axes, shown, frames[block.base], scale, looks)
                axes.tick_params(labelleft=axes is own[0], labelbottom=index == len(block.rows) - 1)
                used.append(axes)
    page.label(frames[blocks[0].base].plane.x_label, frames[blocks[0].base].plane.y_label)
    page.colour_bar(used, scale)
    return page.figure


def _panel(axes: Axes, shown: pd.DataFrame, frame: Frame, scale: EpochScale, looks: Mapping[str, style.Look]) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    frame.put_on(axes, shown)
    for layer, look in looks.items():
        paths.draw(axes, shown[shown["layer"] == layer], frame.plane, scale, look["marker"])
