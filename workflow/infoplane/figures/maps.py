"""Pages of quantities of feature maps: against the number of filters where it was swept, and against the epoch.

Shared by every figure that asks what many feature maps know together. Beside the trained networks stand, in grey and
in the same axes, what no finding can do without: the untrained network, and feature maps whose samples are shuffled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from infoplane.errors import ConfigError
from infoplane.figures import against, canvas, labels, select, style, variants
from infoplane.figures.against import Hue, Quantity
from infoplane.figures.canvas import Canvas
from infoplane.figures.choices import Maps
from infoplane.figures.labels import End
from infoplane.figures.notes import Notes
from infoplane.schema import ACCURACY, CONVOLUTIONAL, COORDINATES, SCORES

_PANEL = 35.0  # mm, the least width of a panel without the names beside it
READING = (
    "points and lines: mean over seeds; bars and bands: ± 1 standard deviation; "
    "against the epoch: the layer's own sweep, if it has one"
)
SYMBOLS = {"input": "X", "target": "Y"}


@dataclass(frozen=True)
class Strip:
    """What one row of panels draws.

    Parameters
    ----------
    quantities
        Drawn together against the number of filters, and one by one against the epoch.
    labels
        Label of the vertical axis for all of them together, then for each of them alone.
    limits
        Grey lines: numbers, against the filters alone, where there is room, or columns of the table with a value per
        variant.
    """

    quantities: tuple[Quantity, ...]
    labels: tuple[str, ...]
    limits: tuple[str | float, ...] = ()


def table(name: str, summary: xr.DataTree, options: Maps, columns: Sequence[str]) -> pd.DataFrame:
    """Quantities of every convolution, trained at every epoch and shuffled at the last, as means over seeds.

    The column ``hue`` holds what colour tells apart, ``series`` what is fixed while the maps of this layer vary.

    Raises
    ------
    ConfigError
        If no chosen layer is a convolution, or `hue` is no swept key.
    """
    data = select.group(summary, "decomposition", options).sel(about=options.about)
    found = select.rows(data, columns).query(f"kind == {CONVOLUTIONAL!r}")
    if found.empty:
        raise ConfigError(
            f"figure {name!r} needs a convolutional layer, and none of {', '.join(options.layers or ())} is one; "
            "leave this figure out"
        )
    lost = select.lost(summary, "decomposition", options)
    shuffled = select.last_epochs(found[found["control"] == "shuffled_samples"], lost)
    averaged = select.mean(pd.concat([found[found["control"] == "none"], shuffled]), columns)
    averaged = averaged.assign(**{against.END: averaged.index.isin(select.last_epochs(averaged, lost).index)})
    widths = _widths(summary["decomposition"].to_dataset())
    differing = variants.labels(found, _differing(found, widths))
    hues = differing if options.hue is None else variants.labels(found, [variants.swept_key(name, found, options.hue)])
    fixed = [
        _others(widths.loc[variant], layer, differing[variant])
        for variant, layer in zip(averaged["variant"], averaged["layer"], strict=True)
    ]
    return _joined(averaged.assign(about=options.about, hue=averaged["variant"].map(hues), series=fixed))


def _joined(rows: pd.DataFrame) -> pd.DataFrame:
    """Take all of a hue as one series where no maps vary by themselves, but every variant has a number of its own."""
    by_hue = [rows["layer"], rows["hue"]]
    alone = (
        rows.groupby(["layer", "hue", "series"])["channels"].transform("nunique").groupby(by_hue).transform("max") == 1
    )
    counts = rows.groupby(["layer", "hue"])
    distinct = counts["variant"].transform("nunique") == counts["channels"].transform("nunique")
    return rows.assign(series=rows["series"].mask(alone & distinct, rows["hue"]))


def _widths(data: xr.Dataset) -> pd.DataFrame:
    """Numbers of maps by variant and layer; NaN for what is no convolution."""
    counts = data["channels"].where(data["kind"] == CONVOLUTIONAL).transpose("variant", "layer")
    return pd.DataFrame(counts.to_numpy(), index=counts["variant"].to_numpy(), columns=counts["layer"].to_numpy())


def _others(widths: pd.Series[float], layer: str, differing: str) -> str:
    fixed = [f"{width:g} in {other}" for other, width in widths.dropna().items() if other != layer]
    return ", ".join([*fixed, *filter(None, [differing])])


def _differing(found: pd.DataFrame, widths: pd.DataFrame) -> list[str]:
    """Return the swept keys that vary between variants of equal filters."""
    filters = widths.fillna(0).apply(tuple, axis="columns")
    widened = found.assign(filters=found["variant"].map(filters))
    return [key for key in variants.differing(found) if variants.varies(widened, key, within="filters")]


class _Row(NamedTuple):
    """One row of panels: what is on its horizontal axis, what it draws, and its height in millimetres."""

    axis: str
    quantities: tuple[Quantity, ...]
    label: str
    limits: tuple[str | float, ...]
    height: float


def draw(table: pd.DataFrame, strips: Sequence[Strip], notes: Notes, key: Iterable[Line2D] = ()) -> Figure:
    """Draw a column of panels per convolution: against its filters where those were swept, and against the epoch.

    Parameters
    ----------
    table
        From `table`, with the columns that the strips draw; names of lines tell the score, if it is there.
    strips
        Rows of panels, in both blocks.
    notes
        What stands under the figure.
    key
        Entries of the key for what the strips draw.
    """
    layers = select.in_order(table["layer"], notes.layers)
    hues = _hues(table)
    lines = {layer: _lines(table[table["layer"] == layer], hues) for layer in layers}
    swept = variants.varies(table, "channels", within="layer")
    longest = max(len(line.name) for of_layer in lines.values() for line in of_layer.values())
    columns = canvas.fitting(min(len(layers), 3 if len(layers) <= 6 else 5), _PANEL + longest * style.character())
    blocks = ceil(len(layers) / columns)
    across = style.column() if columns == 1 else style.page()
    rows = _rows(strips, max(map(len, lines.values())), 38.0 if blocks < 3 else 32.0, swept=swept)
    heights = [row.height for row in rows] * blocks
    page = Canvas.blank(
        width=across,
        height=sum(heights) + 6,
        notes=notes,
        key=[group for group in (_key(table, hues, swept=swept), list(key)) if group],
    )
    grid = page.grid(heights, columns, sharex="none", sharey="row")
    ends: dict[Axes, tuple[list[End], float]] = {}
    for index, layer in enumerate(layers):
        block, column = divmod(index, columns)
        panels = grid[block * len(rows) : (block + 1) * len(rows), column]
        panels[0].set_title(layer)
        of_layer, width = _shown(table[table["layer"] == layer]), (across - 20) / columns - 15
        for axes, row in zip(panels, rows, strict=True):
            if row.axis == "filters":
                against.filters(axes, of_layer, row.quantities, hues, width)
            else:
                drawn = of_layer[of_layer["variant"].isin(lines[layer])]
                ends[axes] = against.epochs(axes, drawn, row.quantities[0], lines[layer], width), row.height
            _draw_limits(axes, of_layer, row.limits)
            if column == 0:
                axes.set_ylabel(canvas.title(row.label, row.height - 10))
        _name_axes(panels, rows)
    for axes, (found, height) in ends.items():  # only now are the shared axes final
        labels.beside(axes, found, height - 14)
    for spare in grid[-len(rows) :, len(layers) - (blocks - 1) * columns :].flat:
        spare.remove()
    return page.figure


def with_excluded(notes: Notes, table: pd.DataFrame) -> Notes:
    """Say at the foot when pairs that know next to nothing were left out of the percentages."""
    most = table["pairs_excluded"].max()
    if not most > 0:
        return notes
    channels = table["channels"].to_numpy()[table["pairs_excluded"].argmax()]
    count = f"{most:,.0f}" if most >= 10 else f"{most:.2g}"
    phrase = (
        f"pairs of maps with at most 1e-6 bits left out: up to {count} of {channels * (channels - 1) / 2:,.0f} in a "
        "layer, on average; a pair of a constant map and another has RST 0 %"
    )
    return replace(notes, foot=(*notes.foot, phrase))


def _rows(strips: Sequence[Strip], names: int, low: float, *, swept: bool) -> list[_Row]:
    high = max(low, style.TEXT_HEIGHT * names + 14)  # room for the names of the lines, one under another
    over_filters = [_Row("filters", strip.quantities, strip.labels[0], strip.limits, low) for strip in strips]
    over_epochs = [
        _Row("epochs", (quantity,), label, tuple(each for each in strip.limits if isinstance(each, str)), high)
        for strip in strips
        for quantity, label in zip(strip.quantities, strip.labels[-len(strip.quantities) :], strict=True)
    ]
    return [*(over_filters if swept else []), *over_epochs]


def _shown(of_layer: pd.DataFrame) -> pd.DataFrame:
    """Return what is worth a point: of each hue the series in which this layer's maps vary, or all if none does."""
    varies = _varies(of_layer)
    return of_layer[varies | ~varies.groupby(of_layer["hue"]).transform("any")]


def _varies(of_layer: pd.DataFrame) -> pd.Series[bool]:
    return of_layer.groupby(["hue", "series"])["channels"].transform("nunique") > 1


def _lines(of_layer: pd.DataFrame, hues: Mapping[str, Hue]) -> dict[str, against.Line]:
    """Name and look of the lines over epochs, by variant: those of the layer's own sweep, all if it has none.

    Lines of one hue take their colour from the number of maps, dark to light.
    """
    each = of_layer.drop_duplicates("variant").set_index("variant")
    in_sweep = _varies(each)
    chosen = each[in_sweep] if in_sweep.any() else each
    names = _names(of_layer[of_layer["variant"].isin(chosen.index)])
    for score in (score for score in SCORES if score in of_layer):
        ends = of_layer[(of_layer["control"] == "none") & of_layer[against.END]].set_index("variant")[score].dropna()
        told = {name: f"{100 * end:.1f} %" if score == ACCURACY else f"R² {end:.2f}" for name, end in ends.items()}
        names |= {variant: f"{names[variant]} ({told[variant]})".strip() for variant in names if variant in told}
    counts = np.unique(chosen["channels"]).tolist()
    ordered = chosen["hue"].nunique() == 1 < len(counts) and chosen["channels"].is_unique
    shades = dict(zip(counts, style.sequence(len(counts)), strict=True))
    return {
        str(variant): against.Line(
            names[str(variant)],
            replace(hues[row["hue"]], colour=shades[row["channels"]]) if ordered else hues[row["hue"]],
        )
        for variant, row in chosen.iterrows()
    }


def _hues(table: pd.DataFrame) -> dict[str, Hue]:
    values = list(dict.fromkeys(table["hue"]))
    colours = style.categories(len(values))
    return {value: Hue(colours[index], style.marker(index)) for index, value in enumerate(values)}


def _names(table: pd.DataFrame) -> dict[str, str]:
    """Name every variant by what its hue does not tell, short enough for the end of a line."""
    differing = variants.differing(table)
    rest = [key for key in differing if variants.varies(table, "hue", within=key)]
    each = table.drop_duplicates("variant").set_index("variant")[rest or differing].astype(str)
    return {str(variant): ", ".join(row) for variant, row in zip(each.index, each.to_numpy(), strict=True)}


def _draw_limits(axes: Axes, of_layer: pd.DataFrame, limits: Sequence[str | float]) -> None:
    for limit in limits:
        if isinstance(limit, str):
            for bound in of_layer[limit].dropna().round(6).unique():
                axes.axhline(bound, color=style.GREY, linestyle=style.DASHES[1], linewidth=0.8, zorder=0.5)
        else:
            axes.axhline(limit, color=style.GREY, linewidth=0.5, zorder=0.5)


def _name_axes(panels: Iterable[Axes], rows: Sequence[_Row]) -> None:
    """Name the horizontal axis under the last of neighbouring panels that have the same one."""
    for place, (axes, row) in enumerate(zip(panels, rows, strict=True)):
        if place + 1 == len(rows) or rows[place + 1].axis != row.axis:
            axes.set_xlabel(COORDINATES["channels" if row.axis == "filters" else "epoch"].long_name)


def _key(table: pd.DataFrame, hues: Mapping[str, Hue], *, swept: bool) -> list[Line2D]:
    named = [
        canvas.handle(value, color=hue.colour, marker=hue.marker, linestyle="none")
        for value, hue in hues.items()
        if value
    ]
    drawn = {"untrained": swept, "shuffled samples": (table["control"] == "shuffled_samples").any()}
    controls = [canvas.handle(name, marker="o", **look) for name, look in against.CONTROLS.items() if drawn[name]]
    return [*named, *controls]
