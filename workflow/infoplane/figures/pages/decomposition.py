"""What many feature maps know together, and how much of it they share, against the number of filters.

Figures 4 and 5 of Yu et al. 2021 (arXiv 1804.06537): the multivariate mutual information of each convolution under
its bound, and the redundancy-synergy trade-off with the weighted non-redundant information as percentages of each
pair's joint information, which add up to 100 %. Beside them in grey what the paper does not show: the untrained
network, and shuffled samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import ceil
from typing import NamedTuple

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from infoplane.errors import ConfigError
from infoplane.figures import against, canvas, labels, select, style, variants
from infoplane.figures.against import Hue, Quantity
from infoplane.figures.canvas import Canvas
from infoplane.figures.choices import Decomposition
from infoplane.figures.labels import End
from infoplane.figures.notes import Notes
from infoplane.schema import COORDINATES

READING = "points and lines: mean over seeds; bars and bands: ± 1 standard deviation"
_TOGETHER = "multivariate_mutual_information"
_REDUNDANT = "redundancy_synergy_tradeoff_percent"
_UNIQUE = "weighted_nonredundant_information_percent"
_BITS = (Quantity(_TOGETHER),)
_SHARES = (Quantity(_REDUNDANT, "redundancy − synergy (RST)"), Quantity(_UNIQUE, "non-redundant (WNI)", filled=False))
_SYMBOLS = {"input": "X", "target": "Y"}


def table(summary: xr.DataTree, options: Decomposition) -> pd.DataFrame:
    """Three quantities of every convolution, trained at every epoch and shuffled at the last, and their bound.

    Raises
    ------
    ConfigError
        If no chosen layer is a convolution, or `hue` is no swept key.
    """
    columns = [_TOGETHER, _REDUNDANT, _UNIQUE, "pairs_excluded"]
    data = select.group(summary, "decomposition", options).sel(about=options.about)
    found = select.rows(data, columns).query("kind == 'convolutional'")
    if found.empty:
        raise ConfigError(
            f"figure 'decomposition' needs a convolutional layer, and none of {', '.join(options.layers or ())} is "
            "one; leave this figure out"
        )
    shuffled = select.last_epochs(found[found["control"] == "shuffled_samples"])
    averaged = select.mean(pd.concat([found[found["control"] == "none"], shuffled]), columns)
    bound = f"entropy_{options.about}"
    entropy = select.group(summary, "information", options)[bound].mean(["seed", "epoch"]).to_series()
    return averaged.assign(
        about=options.about,
        hue=averaged["variant"].map(variants.labels(found, _hue_keys(found, options.hue))),
        **{bound: averaged["variant"].map(entropy)},
    )


def _hue_keys(table: pd.DataFrame, wanted: str | None) -> list[str]:
    """Return the keys to tell apart: the one asked for, else those that vary between variants of equal filters."""
    if wanted is not None:
        if wanted not in select.swept(table):
            known = ", ".join(select.swept(table)) or "nothing: the experiment has no sweep"
            raise ConfigError(f"figure 'decomposition': option 'hue' {wanted!r} is no swept key; choose from {known}")
        return [wanted]
    widths = table.drop_duplicates(["variant", "layer"]).groupby("variant", sort=False)["channels"].agg(tuple)
    widened = table.assign(filters=table["variant"].map(widths))
    return [key for key in variants.differing(table) if variants.varies(widened, key, within="filters")]


class _Row(NamedTuple):
    """One row of panels: what is on its horizontal axis, what it draws, and its height in millimetres."""

    axis: str
    quantities: tuple[Quantity, ...]
    height: float


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a column of panels per convolution: against its filters where those were swept, and against the epoch."""
    layers = select.in_order(table["layer"], notes.layers)
    hues, names = _hues(table), _names(table)
    swept = variants.varies(table, "channels", within="layer")
    columns = min(len(layers), 3 if len(layers) <= 6 else 4 if len(names) > 1 else 5)
    blocks = ceil(len(layers) / columns)
    rows = _rows(len(names), 38.0 if blocks < 3 else 32.0, swept=swept)
    heights = [row.height for row in rows] * blocks
    page = Canvas.blank(
        width=style.COLUMN if columns == 1 else style.PAGE,
        height=sum(heights) + 6,
        notes=_with_excluded(notes, table),
        key=_key(table, hues, swept=swept),
    )
    grid = page.grid(heights, columns, sharex="none", sharey="row")
    ends: dict[Axes, list[End]] = {}
    for index, layer in enumerate(layers):
        block, column = divmod(index, columns)
        panels = grid[block * len(rows) : (block + 1) * len(rows), column]
        panels[0].set_title(layer)
        ends |= _draw_layer(panels, table[table["layer"] == layer], rows, hues, names, (style.PAGE - 20) / columns - 15)
        if column == 0:
            for axes, row in zip(panels, rows, strict=True):
                axes.set_ylabel(canvas.title(_y_label(table, row.quantities, notes), 28))
    for axes, found in ends.items():  # only now are the shared axes final
        labels.beside(axes, found, rows[-1].height - 14)
    for spare in grid[-len(rows) :, len(layers) - (blocks - 1) * columns :].flat:
        spare.remove()
    return page.figure


def _rows(count: int, low: float, *, swept: bool) -> list[_Row]:
    high = max(low, style.TEXT_HEIGHT * count + 14)  # room for the names of all variants, one under another
    axes = [("filters", low), ("epochs", high)] if swept else [("epochs", high)]
    rows = [_Row(axis, quantities, height) for axis, height in axes for quantities in (_BITS, _SHARES)]
    # The shares add up to 100 %: both are drawn once, and lines of many variants over epochs are crowded enough.
    return [*rows[:-1], rows[-1]._replace(quantities=_SHARES[:1])] if swept else rows


def _draw_layer(
    panels: Iterable[Axes],
    of_layer: pd.DataFrame,
    rows: Sequence[_Row],
    hues: Mapping[str, Hue],
    names: Mapping[str, str],
    width: float,
) -> dict[Axes, list[End]]:
    """Draw the panels of one layer; return the ends of lines that are still to be named."""
    ends = {}
    for axes, row in zip(panels, rows, strict=True):
        if row.axis == "filters":
            against.filters(axes, of_layer, row.quantities, hues)
        else:
            ends[axes] = against.epochs(axes, of_layer, row.quantities, hues, names, width)
        _draw_limits(axes, of_layer, row.quantities)
        if row.quantities is not _BITS:  # the lower of two panels over the same axis
            axes.set_xlabel(COORDINATES["channels" if row.axis == "filters" else "epoch"].long_name)
    return ends


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


def _draw_limits(axes: Axes, of_layer: pd.DataFrame, quantities: Sequence[Quantity]) -> None:
    if quantities is not _BITS:
        for share in (0, 100):
            axes.axhline(share, color=style.GREY, linewidth=0.5, zorder=0.5)
        return
    for bound in of_layer[f"entropy_{of_layer['about'].iloc[0]}"].round(6).unique():
        axes.axhline(bound, color=style.GREY, linestyle=style.DASHES[1], linewidth=0.8, zorder=0.5)


def _y_label(table: pd.DataFrame, quantities: Sequence[Quantity], notes: Notes) -> str:
    symbol = _SYMBOLS[table["about"].iloc[0]]
    if quantities is not _BITS:
        share = "Share" if len(quantities) > 1 else "RST share"
        return f"{share} of a pair's information about {symbol} [%]"
    name, _, unit = notes.labels[_TOGETHER].partition(" [")
    return f"{name} about {symbol} [{unit}"


def _with_excluded(notes: Notes, table: pd.DataFrame) -> Notes:
    """Say at the foot when pairs that know next to nothing were left out of the percentages."""
    most = table["pairs_excluded"].max()
    if not most > 0:
        return notes
    return replace(
        notes, foot=(*notes.foot, f"pairs of maps with at most 1e-6 bits left out: up to {most:.2g} a layer")
    )


def _key(table: pd.DataFrame, hues: Mapping[str, Hue], *, swept: bool) -> list[list[Line2D]]:
    named = [
        canvas.handle(value, color=hue.colour, marker=hue.marker, linestyle="none")
        for value, hue in hues.items()
        if value
    ]
    drawn = {"untrained": swept, "shuffled samples": (table["control"] == "shuffled_samples").any()}
    controls = [canvas.handle(name, marker="o", **look) for name, look in against.CONTROLS.items() if drawn[name]]
    bound = f"S({_SYMBOLS[table['about'].iloc[0]]})"
    limit = canvas.handle(bound, color=style.GREY, linestyle=style.DASHES[1], linewidth=0.8)
    shares = [
        canvas.handle(share.name, linestyle=share.dash, **share.look(Hue(style.INK, "o"), {})) for share in _SHARES
    ]
    return [[*named, *controls, limit], shares]
