"""The course of a quantity of every layer over the epochs, beside that of the input: a line per layer."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

import pandas as pd
from matplotlib.figure import Figure

from infoplane.figures import canvas, labels, scales, seeds, select, style
from infoplane.figures.canvas import Canvas
from infoplane.figures.epochs import EpochScale
from infoplane.figures.labels import End
from infoplane.figures.notes import Notes
from infoplane.figures.variants import titles

ACTIVATIONS = "activations"
_DASHES: Mapping[str, style.Dash] = {ACTIVATIONS: style.DASHES[0], "errors": style.DASHES[1]}


def draw(table: pd.DataFrame, notes: Notes, quantity: str, label: str, *, one: str = "") -> Figure:
    """Draw a panel per variant on a logarithmic scale, a line per layer.

    Parameters
    ----------
    table
        With the quantity of layers, of what in the column ``of``, and that of the input in a column with ``_input``
        behind its name.
    notes
        Of the figure.
    quantity
        Column of the table.
    label
        Of the vertical axis.
    one
        What it means to be 1, if that is to be drawn.
    """
    names, layers = titles(table, notes.keys), select.in_order(table["layer"], notes.layers)
    columns = canvas.fitting(min(len(names), 3))
    width = style.column() if columns == 1 else style.page()
    texts = {variant: canvas.title(text, (width - 12) / columns - 16) for variant, text in names.items()}
    panel = max(38.0, style.TEXT_HEIGHT * len(layers) + 12) + 3.3 * (max(map(canvas.lines, texts.values())) - 1)
    key = [
        canvas.handle(what, color=style.INK, linestyle=dash)
        for what, dash in _DASHES.items()
        if (table["of"] == what).any()
    ]
    key.append(canvas.handle("input", color=style.GREY, linestyle=style.DASHES[2]))
    key += [canvas.handle(one, color=style.FAINT, linewidth=0.6)] if one else []
    page = Canvas.blank(width=width, height=panel * ceil(len(names) / columns) + 6, notes=notes, key=[key])
    panels = page.panels(len(names), columns)
    colours = dict(zip(layers, style.categories(len(layers)), strict=True))
    scale = EpochScale.of(table["epoch"])
    scales.logarithmic(panels, table[[quantity, f"{quantity}_input"]].to_numpy())
    for axes, (variant, text) in zip(panels, texts.items(), strict=True):
        axes.set_title(text)
        scale.put_on(axes, (width - 12) / columns - 22)
        shown = table[table["variant"] == variant]
        shown = shown.assign(place=scale.position(shown["epoch"]))
        ends = []
        for (layer, what), rows in shown.groupby(["layer", "of"], sort=False):
            colour = colours[str(layer)]
            seeds.each(axes, rows, "place", quantity, colour)
            mean = seeds.means(rows)
            axes.plot(mean["place"].to_numpy(), mean[quantity].to_numpy(), color=colour, linestyle=_DASHES[str(what)])
            above = mean[mean[quantity] > 0]
            if what == ACTIVATIONS and not above.empty:
                ends.append(End(float(above["place"].iloc[-1]), float(above[quantity].iloc[-1]), str(layer), colour))
        of_input = float(shown[f"{quantity}_input"].iloc[0])
        axes.axhline(of_input, color=style.GREY, linestyle=style.DASHES[2], zorder=0.6)
        if one:
            axes.axhline(1.0, color=style.FAINT, linewidth=0.6, zorder=0.5)
        labels.beside(axes, ends, panel - 12)
    page.label("Epoch", label)
    return page.figure
