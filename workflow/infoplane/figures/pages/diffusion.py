"""How far the weights have moved: since the start of training, and since a later epoch.

Shwartz-Ziv and Tishby 2017 (arXiv 1703.00810) describe training as a drift of the weights that gives way to their
diffusion. The distance from where it started grows with the time in a steady drift, and with its root in a Wiener
process; so the slope in logarithms tells them apart, if it is read from the beginning of the phase. Noise in a valley
that holds the weights back gives smaller slopes still, and a drift that slows down gives any.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from infoplane.derived import phases
from infoplane.figures import canvas, scales, seeds, select, style
from infoplane.figures.canvas import Blocks, Canvas
from infoplane.figures.choices import Diffusion
from infoplane.figures.epochs import EpochScale
from infoplane.figures.notes import Notes
from infoplane.figures.variants import titles

READING = (
    "thick: mean over seeds, thin: each seed; slopes: least squares of the logarithms, a point per checkpoint, mean "
    "± 1 standard deviation over seeds; of the first start up to the second"
)
_DISTANCE = "weight_displacement"
_SINCE, _ELAPSED = "since [epochs]", "elapsed [epochs]"
_GUIDES = {1.0: ("slope 1 (drift)", style.DASHES[1]), 0.5: ("slope 1/2 (Wiener process)", style.DASHES[2])}


def table(summary: xr.DataTree, options: Diffusion) -> pd.DataFrame:
    """Displacement of every seed since both starts, and the slope that was fitted to it, from `fitted` points.

    A variant without a checkpoint after the second start has rows of the first alone.
    """
    paths = _paths(select.group(summary, "weights", options)[_DISTANCE], options.since)
    drawn = [moved for rows in paths if not (moved := rows[rows[_DISTANCE] > 0]).empty]
    if not drawn:
        return pd.DataFrame()
    moved = pd.concat(drawn, ignore_index=True)
    points = select.with_mean(moved, [_DISTANCE])
    return points.merge(_slopes(moved[moved["fitted"]]), how="left", on=["variant", _SINCE, "seed"])


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a panel per variant and start, all with the same axes."""
    names = titles(table, notes.keys)
    starts = 2 if (table[_SINCE] > 0).any() else 1
    blocks = Blocks.of(len(names), starts, abreast=2 if len(names) > 6 or (starts == 1 and len(names) > 1) else 1)
    width = style.column() if blocks.columns == 1 else style.page()
    room = (width - 12) / blocks.columns
    texts = {variant: canvas.title(text, room * blocks.across - 5) for variant, text in names.items()}
    lines = 1 + max(map(canvas.lines, texts.values()))
    rows = blocks.rows * blocks.deep
    height = rows * ((44.0 if rows < 3 else 30.0) + 3.3 * (lines - 1)) + 8
    key = [canvas.handle(name, color=style.GREY, linestyle=dash, linewidth=0.8) for name, dash in _GUIDES.values()]
    page = Canvas.blank(width=width, height=height, notes=notes, key=[key])
    panels = page.panels(len(names) * starts, blocks.columns)
    scale = EpochScale.of(table[_ELAPSED])
    scales.logarithmic(panels, table[_DISTANCE].to_numpy())
    headings = []
    for index, variant in enumerate(names):
        shown = table[table["variant"] == variant]
        parts = [shown[shown[_SINCE] == 0], shown[shown[_SINCE] > 0]][:starts]
        headings.append([_heading(part) for part in parts])
        for axes, part in zip(panels[index * starts :], parts, strict=False):
            scale.put_on(axes, room - 12)
            _draw_panel(axes, part)
    blocks.title(panels, list(texts.values()), headings)
    page.label("Epochs since then", notes.labels[_DISTANCE])
    return page.figure


def _paths(displacement: xr.DataArray, since: float) -> Iterator[pd.DataFrame]:
    """Rows of every variant since either start; the points up to the second are those that the first is fitted to."""
    for variant in displacement["variant"].to_numpy():
        own = displacement.sel(variant=[variant]).dropna("epoch", how="all").dropna("other_epoch", how="all")
        epochs = own["epoch"].to_numpy()
        later = epochs[(epochs >= since) & (epochs > 0)][:1]
        for start in np.append(epochs[:1], later):
            path = own.sel(other_epoch=start, drop=True).sel(epoch=epochs[epochs > start])
            rows = select.rows(path.to_dataset(), [_DISTANCE])
            up_to = later[0] if start == 0 and later.size else np.inf
            yield rows.assign(**{_SINCE: start, _ELAPSED: rows["epoch"] - start, "fitted": rows["epoch"] <= up_to})


def _slopes(fitted: pd.DataFrame) -> pd.DataFrame:
    """Slope of every seed since either start, with the mean over seeds and its spread."""
    by = ["variant", _SINCE]
    each = pd.DataFrame(
        [
            (*place, phases.slope(path[_ELAPSED].to_numpy(), path[_DISTANCE].to_numpy()))
            for place, path in fitted.astype({"seed": str}).groupby([*by, "seed"])
        ],
        columns=[*by, "seed", "slope"],
    )
    grouped = each.groupby(by)["slope"]
    mean = pd.concat([grouped.mean(), grouped.std().rename(f"slope{select.SPREAD}")], axis=1)
    return pd.concat([each, mean.reset_index().assign(seed=select.MEAN)])


def _heading(part: pd.DataFrame) -> str:
    """From where it is measured; nothing for a panel without a point."""
    if part.empty:
        return ""
    start = part[_SINCE].iloc[0]
    return f"since epoch {start:.0f}" if start >= 10 else f"since epoch {start:.3g}" if start else "since the start"


def _draw_panel(axes: Axes, part: pd.DataFrame) -> None:
    mean = seeds.means(part)
    if mean.empty:
        axes.text(0.5, 0.5, "no checkpoint", transform=axes.transAxes, ha="center", color=style.MUTED)
        return
    seeds.each(axes, part, _ELAPSED, _DISTANCE)
    axes.plot(mean[_ELAPSED].to_numpy(), mean[_DISTANCE].to_numpy(), color=style.INK)
    fitted = mean[mean["fitted"]]
    if len(fitted) >= phases.FEWEST:
        _draw_guides(axes, np.log(fitted[[_ELAPSED, _DISTANCE]].to_numpy()))
    if not mean["fitted"].all():
        axes.axvline(fitted[_ELAPSED].max(), color=style.FAINT, linewidth=0.6, zorder=0.5)
    slope, spread = mean["slope"].iloc[0], mean[f"slope{select.SPREAD}"].iloc[0]
    if np.isfinite(slope):
        text = f"slope {slope:.2f}" + (f" ± {spread:.2f}" if np.isfinite(spread) else "")
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
        axes.text(0.98, 0.04, text, transform=axes.transAxes, ha="right", bbox=paper)


def _draw_guides(axes: Axes, fitted: style.Floats) -> None:
    """Draw the lines of both slopes, through the middle of the points (n, 2) that the slope is fitted to."""
    middle = fitted.mean(axis=0)
    ends = np.array([fitted[0, 0], fitted[-1, 0]])
    for slope, (_, dash) in _GUIDES.items():
        heights = np.exp(middle[1] + slope * (ends - middle[0]))
        axes.plot(np.exp(ends), heights, color=style.GREY, linestyle=dash, linewidth=0.8, zorder=0.8)
