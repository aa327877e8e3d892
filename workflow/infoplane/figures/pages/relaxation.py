"""How long each layer takes to know what it will know about the target, against how much the layer before compresses.

Equation 11 of Shwartz-Ziv and Tishby 2017 (arXiv 1703.00810) compares exp(Σ_k ΔI_k) with Σ_k exp(ΔI_k): the time to
relax is taken to be exponential in the compression ΔI, and layers that share it to need far less time than one layer.
The paper draws no figure of it and measures neither quantity. This one is ours: a layer has relaxed when I(T; Y) has a
share of its final value, ΔI is the fall of I(X; T) from its peak until then, and what the text says of a layer that
starts from a compressed one becomes the relaxation of each layer against the ΔI of the layer before it.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil, log10

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from infoplane.derived import phases
from infoplane.figures import canvas, select, style
from infoplane.figures.canvas import Canvas
from infoplane.figures.choices import Relaxed
from infoplane.figures.epochs import EpochScale
from infoplane.figures.notes import Notes
from infoplane.figures.variants import titles

READING = "large: median over seeds with quartiles, small: each seed; the first layer has none before it"
_MEDIAN = "median"  # in the column `seed`
_X, _Y = "compression_before [bits]", "relaxation [epochs]"
_ENDS = ("_lower", "_upper")  # behind a quantity's name, ahead of its unit: its quartiles over seeds


def table(summary: xr.DataTree, options: Relaxed) -> pd.DataFrame:
    """Relaxation of every layer but the first, and compression of the layer before it, by seed and in the median."""
    layers = tuple(str(layer) for layer in summary["information"]["layer"].to_numpy())
    every = replace(options, layers=layers)  # the layer before one that is drawn need not be drawn
    data = select.group(summary, "information", every).sel(control=["none"])
    relaxed = phases.relaxation(data, share=options.share)
    found = data[[]].assign({_X: phases.compression_before(data, relaxed), _Y: relaxed})
    points = select.rows(found, [_X, _Y]).dropna(subset=[_X, _Y])
    drawn = points[points["layer"].isin(options.layers or ())].astype({"seed": str})
    return pd.concat([drawn, _medians(drawn)], ignore_index=True).assign(share=options.share)


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a panel per variant, the relaxation on a logarithmic axis, a colour and a marker per layer."""
    names, looks = titles(table, notes.keys), style.in_depth(notes.layers, table["layer"])
    columns = canvas.fitting(2 if len(names) in {2, 4} else min(len(names), 3))
    width = style.column() if columns == 1 else style.page()
    texts = {variant: canvas.title(text, (width - 14) / columns - 4) for variant, text in names.items()}
    panel = (50.0 if columns < 3 else 44.0) + 3.3 * (max(map(canvas.lines, texts.values())) - 1)
    key = [canvas.handle(layer, linestyle="none", **look) for layer, look in looks.items()]
    page = Canvas.blank(width=width, height=panel * ceil(len(names) / columns) + 6, notes=notes, key=[key])
    panels = page.panels(len(names), columns)
    scale = EpochScale.of([*table[_Y], _decade(table[_Y].max())])
    panels[0].xaxis.set_major_locator(MaxNLocator(4))
    for axes, (variant, text) in zip(panels, texts.items(), strict=True):
        axes.set_title(text)
        scale.put_on(axes, panel - 14, which="y")
        shown = table[table["variant"] == variant]
        for layer, look in looks.items():
            _draw_layer(axes, shown[shown["layer"] == layer], scale, look)
    share = 100 * table["share"].iloc[0]
    page.label("Fall of I(X; T) of the layer before until then [bits]", f"Epochs to {share:g} % of the final I(T; Y)")
    return page.figure


def _decade(epoch: float) -> float:
    """The first power of ten from an epoch on, where an axis ends well; 1 for an early one."""
    return float(10 ** ceil(log10(epoch))) if epoch > 1 else 1.0


def _medians(points: pd.DataFrame) -> pd.DataFrame:
    """Median and quartiles over seeds of both quantities; epochs that span decades have no mean worth showing."""
    by = [name for name in points.columns if name not in {"seed", _X, _Y}]
    grouped = points.groupby(by, sort=False, dropna=False)[[_X, _Y]]
    lower, upper = (
        grouped.quantile(level).rename(columns={name: _quartile(name, end) for name in (_X, _Y)})
        for level, end in zip((0.25, 0.75), _ENDS, strict=True)
    )
    return pd.concat([grouped.median(), lower, upper], axis=1).reset_index().assign(seed=_MEDIAN)


def _quartile(name: str, end: str) -> str:
    return name.replace(" [", f"{end} [")


def _draw_layer(axes: Axes, shown: pd.DataFrame, scale: EpochScale, look: style.Look) -> None:
    seeds, median = shown[shown["seed"] != _MEDIAN], shown[shown["seed"] == _MEDIAN]
    axes.plot(
        seeds[_X].to_numpy(), scale.position(seeds[_Y]), linestyle="none", markersize=1.8, alpha=0.4, zorder=1, **look
    )
    for _, point in median.iterrows():
        x, y = point[_X], scale.position([point[_Y]])[0]
        across = [point[_quartile(_X, end)] for end in _ENDS]
        up = scale.position([point[_quartile(_Y, end)] for end in _ENDS])
        axes.plot(across, [y, y], color=look["color"], linewidth=0.7, zorder=2)
        axes.plot([x, x], up, color=look["color"], linewidth=0.7, zorder=2)
        axes.plot(x, y, markeredgecolor=style.INK, zorder=3, **look)
