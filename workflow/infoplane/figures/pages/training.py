"""Training: loss and score on both splits, and whether the gradient still agrees with itself.

The gradients as in figure 4 of Shwartz-Ziv and Tishby 2017 (arXiv 1703.00810), there relative to the weights: the
norm of the mean over mini-batches (drift) against that of the standard deviation (diffusion), layer by layer.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from infoplane.derived import scores
from infoplane.figures import canvas, norms, scales, seeds, select, style
from infoplane.figures.canvas import Blocks, Canvas
from infoplane.figures.choices import Options
from infoplane.figures.epochs import EpochScale
from infoplane.figures.notes import Notes
from infoplane.figures.variants import titles
from infoplane.schema import SCORES

READING = "thick: mean over seeds, thin: each seed (of the gradients, the mean alone)"
_GRADIENTS = ("gradient_mean_norm", "gradient_std_norm")
_CROSS: style.Look = {"marker": "X", "markersize": 5, "markerfacecolor": "white", "markeredgecolor": style.INK}


def table(summary: xr.DataTree, options: Options) -> pd.DataFrame:
    """Loss and score of every split and seed, gradients of every layer, and when a seed diverged."""
    data = select.group(summary, "training", options)
    names = ["loss", *scores.names(data)]
    curves = select.with_mean(select.rows(data, names), names)
    diverged = data["diverged_epoch"].to_series().rename("diverged_epoch").reset_index().astype({"seed": str})
    gradients = select.mean(select.rows(data, list(_GRADIENTS)), list(_GRADIENTS))
    return pd.concat([curves.merge(diverged, how="left", on=["variant", "seed"]), gradients], ignore_index=True)


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw panels per variant against a logarithmic epoch: loss, accuracy or R², gradient norms."""
    curves = ["loss", *(name for name in SCORES if name in table)]
    columns = len(curves) + 1
    names = _counted(titles(table, notes.keys), table)
    looks = style.in_depth(notes.layers, table["layer"])
    blocks = Blocks.of(len(names), columns, abreast=2 if len(names) > 6 else 1)
    room = (style.page() - 12) / blocks.abreast
    texts = {variant: canvas.title(text, room - 5) for variant, text in names.items()}
    headings = [
        canvas.title(name, room / blocks.across - 10)
        for name in (*(notes.labels[name] for name in curves), "Gradient norm")
    ]
    above = 3.3 * max(map(canvas.lines, texts.values()))
    height = blocks.rows * (27 * blocks.deep + above) + 20
    page = Canvas.blank(width=style.page(), height=height, notes=notes, key=_key(table, looks))
    panels = page.panels(len(names) * columns, blocks.columns, sharey="none")
    by_curve = {name: panels[place::columns] for place, name in enumerate(curves)}
    gradients = panels[columns - 1 :: columns]
    scale = EpochScale.of(table["epoch"])
    placed = table.assign(place=scale.position(table["epoch"]))
    for place, variant in enumerate(names):
        shown = placed[placed["variant"] == variant]
        for name, own in by_curve.items():
            _draw_curves(own[place], shown, name)
        norms.draw(gradients[place], shown, looks, _GRADIENTS)
    scales.logarithmic(by_curve["loss"], table["loss"].to_numpy())
    scales.logarithmic(gradients, table[list(_GRADIENTS)].to_numpy())
    for name in curves[1:]:
        scales.linear(by_curve[name], table[name].to_numpy())
    blocks.title(panels, list(texts.values()), [headings] * len(texts))
    scale.put_on(panels[0], room / blocks.across - 12)
    page.label("Epoch")
    return page.figure


def _counted(names: Mapping[str, str], table: pd.DataFrame) -> dict[str, str]:
    """Add to a variant's name how many of its seeds diverged."""
    found = {}
    for variant, text in names.items():
        runs = table[(table["variant"] == variant) & (table["seed"] != select.MEAN)].drop_duplicates("seed")
        count = int(runs["diverged_epoch"].notna().sum())
        note = f"{count} of {len(runs)} seeds diverged" if count else ""
        found[variant] = f"{text} ({note})" if text and note else text or note
    return found


def _draw_curves(axes: Axes, shown: pd.DataFrame, name: str) -> None:
    curves = shown[shown["layer"].isna()]
    for split, look in _looks(curves).items():
        of_split = curves[curves["split"] == split]
        seeds.each(axes, of_split, "place", name, look["color"])
        mean = seeds.means(of_split)
        axes.plot(mean["place"].to_numpy(), mean[name].to_numpy(), **look)
    ends = curves[curves["diverged_epoch"].notna()].groupby(["seed", "split"]).tail(1)
    axes.plot(ends["place"].to_numpy(), ends[name].to_numpy(), linestyle="none", zorder=4, **_CROSS)


def _looks(table: pd.DataFrame) -> dict[str, style.Look]:
    splits = table["split"].dropna().unique()
    colours = style.categories(len(splits))
    return {
        str(split): {"color": colour, "linestyle": dash}
        for split, colour, dash in zip(splits, colours, style.DASHES, strict=False)
    }


def _key(table: pd.DataFrame, looks: Mapping[str, style.Look]) -> list[list[Line2D]]:
    splits = [canvas.handle(split, **look) for split, look in _looks(table).items()]
    crossed = canvas.handle("seed diverges", linestyle="none", **_CROSS)
    diverged = [crossed] if table["diverged_epoch"].notna().any() else []
    groups = [[*splits, *diverged, *norms.kinds()], norms.places(looks)]
    return [group for group in groups if group]
