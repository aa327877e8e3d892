"""A plane of two information quantities, and trajectories in it: shared by every kind of information plane."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import ceil

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from infoplane.figures import canvas, labels, paths, seeds, select, style
from infoplane.figures.canvas import Canvas
from infoplane.figures.epochs import EpochScale
from infoplane.figures.frame import Frame, Plane
from infoplane.figures.labels import End
from infoplane.figures.notes import Notes
from infoplane.figures.variants import titles

READING = "thick: mean over seeds"
_MOST_ROWS = 9  # of panels of layers, if every variant begins a row
_LAYERS_ABREAST, _MANY_ABREAST = 5, 8  # panels of layers in a row, and where the rows would be more than that
_BROAD, _SLIM = 36.0, 22.0  # least widths of these panels, mm
_WIDE = 44.0  # of a panel with room for more than two ticks, mm
_ROWS = 215.0  # height of all rows of them at most, mm
_Place = tuple[str, str]  # variant and layer
_CONTROLS: dict[str, tuple[str, style.Look]] = {
    "shuffled_samples": (
        "shuffled samples",
        {"color": style.FAINT, "linewidth": 0.7, "marker": "o", "markersize": 1.6, "zorder": 0.8},
    )
}


def draw(table: pd.DataFrame, plane: Plane, notes: Notes) -> Figure:
    """Draw a panel per variant, a trajectory per layer, the epoch as colour."""
    looks = style.in_depth(notes.layers, table["layer"])
    frame, scale = Frame.of(table, plane), EpochScale.of(table["epoch"])
    key = [*paths.key(table, plane, notes.end), *frame.key()]
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
    narrow: float | None = None,
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
        Width of the page of a lone variant, mm; that of a column by default.
    """
    names = titles(table, notes.keys)
    columns = _columns(len(names))
    width = style.page() if columns > 1 else narrow or style.column()
    texts = {variant: canvas.title(text, (width - 30) / columns - 4) for variant, text in names.items()}
    height = max(_height(len(names)), room) + 3.3 * (max(map(canvas.lines, texts.values())) - 1)
    page = Canvas.blank(width=width, height=height * ceil(len(names) / columns) + 6 + above, notes=notes, key=key)
    panels = dict(zip(names, page.panels(len(names), columns), strict=True))
    first = next(iter(panels.values()))
    first.xaxis.set_major_locator(MaxNLocator(4 if width > _WIDE * columns else 2))
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
    rows, in_a_row = canvas.stacked(len(names), 33.0 * len(planes))
    columns = in_a_row * len(planes)
    panel = max(44.0 if in_a_row == 1 else 33.0, 3.2 * len(looks) + 14)
    width = style.page() / columns
    texts = {variant: canvas.title(text, width * len(planes) - 15) for variant, text in names.items()}
    height = panel + 3.3 * (max(map(canvas.lines, texts.values())) - 1)
    below = [canvas.title(plane.x_label, width - (25 if width > 60 else 14)) for plane in planes]
    frames = [Frame.of(table, plane) for plane in planes]
    controls = [
        canvas.handle(name, **look) for kind, (name, look) in _CONTROLS.items() if (table["control"] == kind).any()
    ]
    lines = {entry.get_label(): entry for frame in frames for entry in frame.key()}
    key = [*paths.ends(notes.end), *lines.values(), *controls]
    page = Canvas.blank(
        width=style.page(),
        height=height * rows + 2 + 3.3 * max(map(canvas.lines, below)),
        notes=_noted(notes, table),
        key=[key],
    )
    scale = EpochScale.of(table["epoch"])
    panels = page.panels(len(names) * len(planes), columns, sharex="col", sharey="col")
    if width < _WIDE:
        for axes in panels[: len(planes)]:
            axes.xaxis.set_major_locator(MaxNLocator(2))
    for index, (variant, text) in enumerate(texts.items()):
        own = panels[index * len(planes) : (index + 1) * len(planes)]
        own[0].set_title(text)
        shown = table[table["variant"] == variant]
        for axes, frame, label in zip(own, frames, below, strict=True):
            axes.set_ylabel(canvas.title(frame.plane.y_label, panel - 10))
            frame.put_on(axes, shown)
            _draw_panel(axes, shown, frame, scale, looks, panel - 12)
            if index >= len(names) - in_a_row:
                axes.set_xlabel(label)
    page.colour_bar(panels, scale)
    return page.figure


def by_layer(table: pd.DataFrame, plane: Plane, notes: Notes) -> Figure:
    """Draw every layer of every variant in a panel of its own, with ranges of its own, variant after variant."""
    names = titles(table, notes.keys)
    looks = style.in_depth(notes.layers, table["layer"])
    shown = {
        (variant, layer): own
        for variant in names
        for layer in looks
        if not (own := table[(table["variant"] == variant) & (table["layer"] == layer)]).empty
    }
    whole = Frame.of(table, plane).limits  # names of all lines together, so that panels with some of them share a key
    x_limits, y_limits = (
        {column: whole.get(column, name) for column, name in limits.items()}
        for limits in (plane.x_limits, plane.y_limits)
    )
    plane = replace(plane, x_limits=x_limits, y_limits=y_limits)
    frames = {place: Frame.of(own, plane) for place, own in shown.items()}
    lines = {entry.get_label(): entry for frame in frames.values() for entry in frame.key()}
    key = [*paths.key(table, plane, notes.end), *lines.values()]
    order, columns = _in_rows(names, looks, shown)
    width = (style.page() - 30) / columns
    heads = {place: _head(names, order, index, columns, width) for index, place in enumerate(order) if place}
    rows = ceil(len(order) / columns)
    above = 3.3 * rows * max(map(canvas.lines, heads.values()))
    panel = min(30.0, max(15.0, (_ROWS - above) / rows))
    page = Canvas.blank(width=style.page(), height=panel * rows + above + 6, notes=_noted(notes, table), key=[key])
    panels = page.panels(len(order), columns, sharex="none", sharey="none")
    scale = EpochScale.of(table["epoch"])
    for place, axes in zip(order, panels, strict=True):
        if place is None:
            axes.remove()
            continue
        axes.set_title(heads[place])
        axes.xaxis.set_major_locator(MaxNLocator(3 if width > _SLIM else 2))
        axes.yaxis.set_major_locator(MaxNLocator(4 if panel > 25 else 2))
        frames[place].put_on(axes, shown[place])
        paths.draw(axes, shown[place], plane, scale, looks[place[1]]["marker"])
    page.label(plane.x_label, plane.y_label)
    page.colour_bar([axes for place, axes in zip(order, panels, strict=True) if place], scale)
    return page.figure


def _in_rows(
    variants: Collection[str], layers: Collection[str], shown: Collection[_Place]
) -> tuple[list[_Place | None], int]:
    """Panels in the order in which they stand, and how many stand in a row.

    A variant begins a row, and where it lacks a layer there is a gap, None; so many that they would not fit a page
    stand one after another.
    """
    deep = ceil(len(layers) / canvas.fitting(_LAYERS_ABREAST, _BROAD))
    across = ceil(len(layers) / deep)
    if len(variants) * deep > _MOST_ROWS:
        return list(shown), canvas.fitting(_MANY_ABREAST, _SLIM)
    gaps = [""] * (across * deep - len(layers))
    places = product(variants, [*layers, *gaps])
    return [place if place in shown else None for place in places], across


def _head(names: Mapping[str, str], order: Sequence[_Place | None], index: int, columns: int, width: float) -> str:
    """Title of a panel: its layer, below the name of the variant over its first panel and the one beside that."""
    place = order[index]
    assert place
    variant, layer = place
    row_ends = (index + 1) % columns == 0
    beside = None if row_ends or index + 1 == len(order) else order[index + 1]
    first = not any(before and before[0] == variant for before in order[:index])
    wide = width * (2 if beside and beside[0] == variant else 1) - 6
    name = canvas.title(names[variant], wide) if first else ""
    return "\n".join(filter(None, (name, canvas.title(layer, width - 6))))


def _noted(notes: Notes, table: pd.DataFrame) -> Notes:
    """Say at the foot what shows the spread over seeds: their own lines, or bars where they are too many for that.

    Of a single seed there is no mean, and nothing to say.
    """
    if len({*table["seed"]} - {select.MEAN}) == 1:
        rest = (phrase.replace(READING, "").removeprefix("; ") for phrase in notes.foot)
        return replace(notes, foot=tuple(filter(None, rest)))
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
    return canvas.fitting(min(count, 2 if count in {2, 4} else 3 if count <= 9 else 4))


def _draw_layers(
    axes: Axes, shown: pd.DataFrame, plane: Plane, scale: EpochScale, looks: Mapping[str, style.Look], height: float
) -> None:
    drawn = {
        layer: paths.draw(axes, shown[shown["layer"] == layer], plane, scale, look["marker"])
        for layer, look in looks.items()
    }
    ends = [End(float(last[plane.x]), float(last[plane.y]), layer) for layer, last in drawn.items() if last is not None]
    labels.beside(axes, ends, height)
