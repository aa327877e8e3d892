"""Snapshots of the information plane: where the layers of every network lie at a few epochs.

Figure 2 of Shwartz-Ziv and Tishby 2017 (arXiv 1703.00810): the untrained networks, and after 400 and 9,000 epochs.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from infoplane.figures import canvas, mutual, style
from infoplane.figures.canvas import Blocks, Canvas
from infoplane.figures.choices import Snapshots
from infoplane.figures.frame import Frame
from infoplane.figures.notes import Notes
from infoplane.figures.variants import titles

READING = "a mark: one layer of one network"
_WANTED = "wanted_epoch [epochs]"
_DOT: style.Look = {"markersize": 3.2, "markeredgewidth": 0.3, "markeredgecolor": "white", "linestyle": "none"}
_PANELS = {1: 46.0, 2: 28.0}  # mm, the height of a row by the variants in it


def table(summary: xr.DataTree, options: Snapshots) -> pd.DataFrame:
    """Both mutual informations of every layer and seed at the epochs asked for, or the nearest that are there."""
    found = mutual.points(summary, options).astype({"seed": str})
    shots = [_nearest(found, epoch).assign(**{_WANTED: epoch}) for epoch in sorted(options.epochs)]
    once = pd.concat(shots, ignore_index=True).drop_duplicates(["variant", "layer", "epoch", "seed"])
    return mutual.with_limits(once, summary, options)


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a panel per variant and epoch, a mark per layer and network."""
    names = titles(table, notes.keys)
    wanted = sorted(table[_WANTED].unique())
    blocks = Blocks.of(len(names), len(wanted), abreast=canvas.stacked(len(names))[1])
    texts = {variant: canvas.title(text, (style.page() - 12) / blocks.abreast) for variant, text in names.items()}
    row = _PANELS[blocks.abreast] * blocks.deep + 3.3 * max(map(canvas.lines, texts.values()))
    height = blocks.rows * row + 6
    looks = {layer: {**_DOT, **look} for layer, look in style.in_depth(notes.layers, table["layer"]).items()}
    frame = Frame.of(table, mutual.plane(notes))
    key = [[canvas.handle(layer, **look) for layer, look in looks.items()], frame.key()]
    page = Canvas.blank(width=style.page(), height=height, notes=notes, key=[group for group in key if group])
    panels = page.panels(len(names) * len(wanted), blocks.columns)
    panels[0].xaxis.set_major_locator(MaxNLocator(4))
    panels[0].yaxis.set_major_locator(MaxNLocator(5))
    for axes, (variant, epoch) in zip(panels, product(names, wanted), strict=True):
        of_variant = table[table["variant"] == variant]
        frame.put_on(axes, of_variant)
        _draw_panel(axes, of_variant[of_variant[_WANTED] == epoch], looks)
    headings = [[_when(table, variant, epoch) for epoch in wanted] for variant in names]
    blocks.title(panels, list(texts.values()), headings)
    page.label(frame.plane.x_label, frame.plane.y_label)
    return page.figure


def _nearest(found: pd.DataFrame, epoch: float) -> pd.DataFrame:
    """Keep of every variant the epoch nearest to this one, the untrained network only where it was asked for."""
    there = found[found["epoch"] > 0] if epoch > 0 else found
    nearest = (there["epoch"] - epoch).abs().groupby(there["variant"]).idxmin()
    return there[there["epoch"] == there["variant"].map(there.loc[nearest].set_index("variant")["epoch"])]


def _draw_panel(axes: Axes, shown: pd.DataFrame, looks: Mapping[str, style.Look]) -> None:
    for layer, look in looks.items():
        of_layer = shown[shown["layer"] == layer]
        axes.plot(of_layer[mutual.X].to_numpy(), of_layer[mutual.Y].to_numpy(), **look)


def _when(table: pd.DataFrame, variant: str, wanted: float) -> str:
    """Name the epoch that a panel shows; none where a training has ended before, or no network was left."""
    epochs = table.loc[(table["variant"] == variant) & (table[_WANTED] == wanted), "epoch"]
    if epochs.empty:
        return "no network so late"
    return "untrained" if epochs.iloc[0] == 0 else f"epoch {epochs.iloc[0]:g}"
