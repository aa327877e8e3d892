"""How much of the gradient the mini-batches agree on, layer by layer: with the transition from drift to diffusion.

Figure 4 of Shwartz-Ziv and Tishby 2017 (arXiv 1703.00810): the norm of the mean gradient over mini-batches and that of
its standard deviation, both divided by the norm of the weights. How the transition is found is ours.
"""

from __future__ import annotations

from math import ceil

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from infoplane.figures import canvas, norms, scales, select, style, transitions
from infoplane.figures.canvas import Canvas
from infoplane.figures.choices import Options
from infoplane.figures.epochs import EpochScale
from infoplane.figures.notes import Notes
from infoplane.figures.variants import titles

READING = "lines: mean over seeds, norms of a layer over the norm of its weights; shaded: quartiles of the transition"
_RELATIVE = {  # the columns drawn, and the norm that each divides
    "gradient_mean_norm_over_weights": "gradient_mean_norm",
    "gradient_std_norm_over_weights": "gradient_std_norm",
}
_LINE: style.Look = {"color": style.GREY, "linewidth": 1.8, "alpha": 0.7, "zorder": 0.6}


def table(summary: xr.DataTree, options: Options) -> pd.DataFrame:
    """Both norms of every layer and epoch over the norm of the weights, as means over seeds, and the transition."""
    data = select.group(summary, "training", options)
    weights = data["weight_norm"].where(data["weight_norm"] > 0)  # a layer without weights has no gradient either
    relative = data.assign({name: data[norm] / weights for name, norm in _RELATIVE.items()})
    found = select.mean(select.rows(relative, list(_RELATIVE)), list(_RELATIVE))
    return found.join(transitions.of_variants(summary, options), on="variant")


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a panel per variant, both axes logarithmic, with the transition in grey."""
    names, looks = titles(table, notes.keys), style.in_depth(notes.layers, table["layer"])
    columns = canvas.fitting(2 if len(names) in {2, 4} else min(len(names), 3))
    width = style.column() if columns == 1 else style.page()
    room = (width - 14) / columns
    texts = {variant: canvas.title(text, room - 4) for variant, text in names.items()}
    panel = (50.0 if columns < 3 else 44.0) + 3.3 * (max(map(canvas.lines, texts.values())) - 1)
    page = Canvas.blank(
        width=width,
        height=panel * ceil(len(names) / columns) + 6,
        notes=transitions.noted(notes, table),
        key=[[*norms.kinds(), *_key(table)], norms.places(looks)],
    )
    panels = page.panels(len(names), columns)
    scale = EpochScale.of(table["epoch"])
    placed = table.assign(place=scale.position(table["epoch"]))
    scales.logarithmic(panels, table[list(_RELATIVE)].to_numpy())
    for axes, (variant, text) in zip(panels, texts.items(), strict=True):
        axes.set_title(text)
        scale.put_on(axes, room - 12)
        shown = placed[placed["variant"] == variant]
        _draw_transition(axes, shown.iloc[0])
        norms.draw(axes, shown, looks, list(_RELATIVE))
    page.label("Epoch", "Norm over that of the weights")
    return page.figure


def _draw_transition(axes: Axes, variant: pd.Series[float]) -> None:
    """Draw the median as a line, and the quartiles as a band to the end of the axis where the upper one is never."""
    median, (lower, upper) = variant[transitions.MEDIAN], variant[transitions.QUARTILES]
    if pd.notna(median):
        axes.axvspan(lower, axes.get_xlim()[1] if pd.isna(upper) else upper, color=style.GREY, alpha=0.2, linewidth=0)
        axes.axvline(median, **_LINE)


def _key(table: pd.DataFrame) -> list[Line2D]:
    return [canvas.handle(transitions.NAME, **_LINE)] if table[transitions.MEDIAN].notna().any() else []
