"""Where the layers of the trained networks lie in the information plane, a line for every value of a swept key.

Figure 7 of Shwartz-Ziv and Tishby 2017 (arXiv 1703.00810), where the key is the share of the patterns to train on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from infoplane.figures import absent, canvas, mutual, seeds, select, style, variants
from infoplane.figures.canvas import Canvas
from infoplane.figures.choices import Compared
from infoplane.figures.frame import Frame
from infoplane.figures.notes import Notes

READING = (
    "a line: the layers of one network from the input to the output, mean over seeds; bars: ± 1 standard deviation"
)


def table(summary: xr.DataTree, options: Compared) -> pd.DataFrame:
    """Both mutual informations of every layer at the last epoch, as means over seeds.

    The column ``hue`` holds what colour tells apart, ``panel`` what else the variants differ in.

    Raises
    ------
    ConfigError
        If `hue` is no swept key.
    """
    points, quantities = mutual.points(summary, options), [mutual.X, mutual.Y]
    lost = select.lost(summary, "information", options)
    there = select.mean(select.last_epochs(points, lost), quantities)
    found = absent.added(there, mutual.of_networks(summary, options), lost, quantities)
    differing = variants.differing(found)
    hue = [variants.swept_key("final_layers", found, options.hue)] if options.hue else differing[:1]
    names = {"hue": hue, "panel": [key for key in differing if key not in hue]}
    named = {column: found["variant"].map(variants.labels(found, keys)) for column, keys in names.items()}
    return mutual.with_limits(found.assign(**named), summary, options)


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a panel for each combination of the other swept keys, a line per variant."""
    panels_of, looks = list(dict.fromkeys(table["panel"])), style.in_depth(notes.layers, table["layer"])
    colours = _colours(list(dict.fromkeys(table["hue"])))
    columns = canvas.fitting(min(len(panels_of), 2 if len(panels_of) in {2, 4} else 3))
    width = style.column() if columns == 1 else style.page()
    texts = [canvas.title(text, (width - 14) / columns - 4) for text in panels_of]
    panel = (60.0 if columns < 3 else 48.0) + 3.3 * (max(map(canvas.lines, texts)) - 1)
    frame = Frame.of(table, mutual.plane(notes))
    markers = {layer: look["marker"] for layer, look in looks.items()}  # the colour tells the networks apart
    places = [
        canvas.handle(layer, marker=marker, color=style.INK, linestyle="none") for layer, marker in markers.items()
    ]
    hues = [canvas.handle(hue, color=colour) for hue, colour in colours.items() if hue]
    key = [group for group in (hues, places, frame.key()) if group]
    notes = absent.noted(notes, table, [mutual.X, mutual.Y])
    page = Canvas.blank(width=width, height=panel * ceil(len(texts) / columns) + 6, notes=notes, key=key)
    grid = page.panels(len(texts), columns)
    grid[0].xaxis.set_major_locator(MaxNLocator(4))
    grid[0].yaxis.set_major_locator(MaxNLocator(5))
    for axes, of_panel, text in zip(grid, panels_of, texts, strict=True):
        axes.set_title(text)
        shown = table[table["panel"] == of_panel]
        frame.put_on(axes, shown)
        for _, network in shown.groupby("variant", sort=False):
            _draw_network(axes, network.sort_values("depth"), markers, colours[network["hue"].iloc[0]])
        absent.said(axes, shown, [mutual.X, mutual.Y])
    page.label(frame.plane.x_label, frame.plane.y_label)
    return page.figure


def _draw_network(
    axes: Axes, network: pd.DataFrame, markers: Mapping[str, style.Marker], colour: tuple[float, ...] | str
) -> None:
    seeds.bars(
        axes, network, mutual.X, mutual.Y, xerr=network[mutual.X + select.SPREAD], color=colour, linewidth=0.9, zorder=2
    )
    for x, y, layer in zip(network[mutual.X], network[mutual.Y], network["layer"], strict=True):
        axes.plot(x, y, marker=markers[layer], color=colour, zorder=3)


def _colours(hues: Sequence[str]) -> Mapping[str, tuple[float, ...] | str]:
    """Numbers in their order from dark to light, names in distinct colours."""
    numbers = {hue: float(value) for hue in hues if _is_number(value := hue.rpartition(" ")[2])}
    if len(numbers) < len(hues):
        return dict(zip(hues, style.categories(len(hues)), strict=True))
    ordered = sorted(hues, key=lambda hue: numbers[hue])
    return dict(zip(ordered, style.sequence(len(ordered)), strict=True))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
