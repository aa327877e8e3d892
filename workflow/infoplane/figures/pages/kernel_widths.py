"""How wide every kernel was for its data: the median distance between samples over the bandwidth.

Far below 1 all samples look alike and every entropy is near 0; far above 1 no two do and it is near log₂ n. Where the
ratio moves during training, so does the entropy, whatever the network learns. A bandwidth of Silverman's rule follows
neither the scale of the activations nor that of the errors.
"""

from __future__ import annotations

from math import ceil

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from infoplane.figures import canvas, labels, scales, seeds, select, style
from infoplane.figures.canvas import Canvas
from infoplane.figures.choices import Measured
from infoplane.figures.epochs import EpochScale
from infoplane.figures.labels import End
from infoplane.figures.notes import Notes
from infoplane.figures.variants import titles

READING = "lines: mean over seeds, thin: each seed; a line leaves the panel where all samples are alike, at 0"
_RATIO = "median_distance_over_bandwidth"
_OF: dict[str, tuple[str, str, str, style.Dash]] = {  # group, distance, bandwidth, and the line that draws it
    "activations": ("information", "median_distance", "bandwidth", style.DASHES[0]),
    "errors": ("error_chain", "error_median_distance", "error_bandwidth", style.DASHES[1]),
}


def table(summary: xr.DataTree, options: Measured) -> pd.DataFrame:
    """The ratio for every layer's activations, its errors where they were measured, and for the input."""
    found = []
    for what, (group, distance, width, _) in _OF.items():
        if group in summary.children:
            data = select.group(summary, group, options)
            found.append(select.rows(_ratio(data, distance, width), [_RATIO]).assign(of=what))
    information = select.group(summary, "information", options)
    of_input = _ratio(information, "median_distance_input", "bandwidth_input")[_RATIO].mean(["seed", "epoch"])
    points = select.with_mean(pd.concat(found, ignore_index=True), [_RATIO])
    return points.assign(**{f"{_RATIO}_input": points["variant"].map(of_input.to_series())})


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a panel per variant: the ratio against the epoch, a line per layer."""
    names, layers = titles(table, notes.keys), select.in_order(table["layer"], notes.layers)
    columns = min(len(names), 3)
    width = style.COLUMN if columns == 1 else style.PAGE
    texts = {variant: canvas.title(text, (width - 12) / columns - 16) for variant, text in names.items()}
    panel = max(38.0, style.TEXT_HEIGHT * len(layers) + 12) + 3.3 * (max(map(canvas.lines, texts.values())) - 1)
    kinds = [
        canvas.handle(what, color=style.INK, linestyle=dash)
        for what, (*_, dash) in _OF.items()
        if (table["of"] == what).any()
    ]
    of_input = canvas.handle("input", color=style.GREY, linestyle=style.DASHES[2])
    one = canvas.handle("distance = bandwidth", color=style.FAINT, linewidth=0.6)
    page = Canvas.blank(
        width=width, height=panel * ceil(len(names) / columns) + 6, notes=notes, key=[[*kinds, of_input, one]]
    )
    panels = page.panels(len(names), columns)
    colours = dict(zip(layers, style.categories(len(layers)), strict=True))
    scale = EpochScale.of(table["epoch"])
    scales.logarithmic(panels, table[[_RATIO, f"{_RATIO}_input"]].to_numpy())
    for axes, (variant, text) in zip(panels, texts.items(), strict=True):
        axes.set_title(text)
        scale.put_on(axes, (width - 12) / columns - 22)
        shown = table[table["variant"] == variant]
        shown = shown.assign(place=scale.position(shown["epoch"]))
        ends = []
        for (layer, what), rows in shown.groupby(["layer", "of"], sort=False):
            colour = colours[str(layer)]
            seeds.each(axes, rows, "place", _RATIO, colour)
            mean = seeds.means(rows)
            axes.plot(mean["place"].to_numpy(), mean[_RATIO].to_numpy(), color=colour, linestyle=_OF[str(what)][-1])
            above = mean[mean[_RATIO] > 0]
            if what == "activations" and not above.empty:
                ends.append(End(float(above["place"].iloc[-1]), float(above[_RATIO].iloc[-1]), str(layer), colour))
        axes.axhline(float(shown[f"{_RATIO}_input"].iloc[0]), color=style.GREY, linestyle=style.DASHES[2], zorder=0.6)
        axes.axhline(1.0, color=style.FAINT, linewidth=0.6, zorder=0.5)
        labels.beside(axes, ends, panel - 12)
    page.label("Epoch", "Median distance / bandwidth")
    return page.figure


def _ratio(data: xr.Dataset, distance: str, width: str) -> xr.Dataset:
    """Return the ratio, averaged over probe batches already, of the networks themselves; NaN without a bandwidth."""
    return (data[distance] / data[width].where(data[width] > 0)).rename(_RATIO).to_dataset()
