"""Information between the symmetric layers of a network, from input and output inwards, at three stages of training.

Yu and Príncipe 2019 (arXiv 1804.00057), their second property. Along X → T_1 → … → Z → … → T_1′ → X′ the inner of two
pairs lies within the outer one, so that I(X; X′) ≤ I(T_1; T_1′) ≤ …, and none is above S(Z): a theorem of Shannon
information, not of its estimates. The direction is derived, not taken from the paper's text.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from infoplane.figures import absent, canvas, labels, seeds, select, style
from infoplane.figures.against import CONTROLS
from infoplane.figures.canvas import Canvas
from infoplane.figures.choices import Measured
from infoplane.figures.notes import Notes
from infoplane.figures.variants import titles
from infoplane.schema import INPUT

READING = "thick: mean over seeds, bands: ± 1 standard deviation, thin: each seed"
STAGES = ("untrained", "half-way", "at the end")
_PAIR = "mutual_information_pair"
_SHUFFLED = "shuffled_samples"
_CONTROL: style.Look = {**CONTROLS["shuffled samples"], "marker": "o"}


def table(summary: xr.DataTree, options: Measured) -> pd.DataFrame:
    """I(T_k; T_k′) of all pairs whose layers are drawn at three stages, and at the last one of shuffled samples."""
    data = select.group(summary, "layer_pairs", options)
    kinds = [kind for kind in ("none", _SHUFFLED) if kind in data["control"]]
    lost = select.lost(summary, "layer_pairs", options)
    rows = _stages(select.rows(data.sel(control=kinds), [_PAIR]), lost)
    layers = options.layers or ()
    there = rows["first"].isin([INPUT, *layers]) & rows["second"].isin(layers)
    drawn = (rows["control"] == "none") | (rows["stage"] == STAGES[-1])
    found = seeds.drawn(rows[there & drawn], [_PAIR])
    own = data.sel(pair=rows.loc[there, "pair"].unique())
    return absent.added(found, own, lost, [_PAIR], stage=STAGES[-1])


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a panel per variant: a line per stage over the pairs, outermost first, and shuffled samples in grey."""
    names = titles(table, notes.keys)
    pairs = [pair.replace(", ", "\n") for pair in table["pair"].unique()]
    places = {pair: place for place, pair in enumerate(table["pair"].unique())}
    columns = canvas.fitting(min(len(names), 3))
    width = style.column() if columns == 1 else style.page()
    texts = {variant: canvas.title(text, (width - 12) / columns - 4) for variant, text in names.items()}
    rows = ceil(len(names) / columns)
    height = (46.0 if rows < 4 else 42.0) + 3.3 * (max(map(canvas.lines, texts.values())) - 1)
    notes = absent.noted(notes, table[table["stage"] == STAGES[-1]], [_PAIR])
    page = Canvas.blank(width=width, height=height * rows + 14, notes=notes, key=[_key(table)])
    panels = page.panels(len(names), columns)
    for axes, (variant, text) in zip(panels, texts.items(), strict=True):
        axes.set_title(text)
        shown = table[table["variant"] == variant]
        _draw_panel(axes, shown.assign(place=shown["pair"].map(places)))
    labels.below(panels, pairs, (width - 12) / columns)
    page.label("Pair of layers, outermost first", "Mutual information [bits]")
    return page.figure


def _stages(rows: pd.DataFrame, lost: Sequence[str]) -> pd.DataFrame:
    """Keep three epochs of every variant: 0, the last unless it is lost, and one half-way there if it is neither."""
    later = rows[rows["epoch"] > 0]
    last = select.last_epochs(later, lost)
    whole = later.groupby("variant")["epoch"].transform("max").mask(later["variant"].isin(lost), later["epoch"].max())
    distance = (later["epoch"] - whole / 2).abs()
    nearest = later[distance == distance.groupby(later["variant"]).transform("min")]
    middle = nearest[nearest["epoch"] == nearest.groupby("variant")["epoch"].transform("min")]
    chosen = (rows[rows["epoch"] == 0], middle.drop(last.index, errors="ignore"), last)
    return pd.concat([part.assign(stage=stage) for stage, part in zip(STAGES, chosen, strict=True)])


def _looks() -> dict[str, style.Look]:
    looks = zip(STAGES, style.sequence(len(STAGES)), ("o", "s", "^"), strict=True)
    return {stage: {"color": colour, "marker": marker} for stage, colour, marker in looks}


def _draw_panel(axes: Axes, shown: pd.DataFrame) -> None:
    measured, shuffled = (shown[shown["control"] == kind] for kind in ("none", _SHUFFLED))
    mean = seeds.means(shuffled)
    axes.plot(mean["place"].to_numpy(), mean[_PAIR].to_numpy(), **_CONTROL)
    for stage, look in _looks().items():
        own = measured[measured["stage"] == stage]
        seeds.each(axes, own, "place", _PAIR, look["color"])
        mean = seeds.means(own).sort_values("place")
        seeds.band(axes, mean, "place", _PAIR, look["color"])
        axes.plot(mean["place"].to_numpy(), mean[_PAIR].to_numpy(), **look)


def _key(table: pd.DataFrame) -> list[Line2D]:
    """Name the stages that are drawn, each with its epoch where that is the same of all variants."""
    measured = table[table["control"] == "none"]
    epochs = {stage: own["epoch"].unique() for stage, own in measured.groupby("stage", sort=False)}
    named = {
        stage: f"{stage} (epoch {epochs[stage][0]:.3g})" if len(epochs[stage]) == 1 and stage != STAGES[0] else stage
        for stage in STAGES
        if stage in epochs
    }
    entries = [canvas.handle(named[stage], **look) for stage, look in _looks().items() if stage in named]
    shuffled = canvas.handle("shuffled samples, at the end", **_CONTROL)
    return [*entries, *([shuffled] if (table["control"] == _SHUFFLED).any() else [])]
