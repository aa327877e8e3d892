"""By how much information about the input falls from each layer to the next, in the mean over the epochs.

Figure 7 of Wickstrøm et al. 2019 (arXiv 1909.11396). A fall agrees with data processing, which is a theorem of Shannon
information, not of its estimates, and of the pairs alone of which the first sees all that the second does: where a skip
connection goes round a layer, there is none of it and the layer that it feeds.
"""

from __future__ import annotations

from math import ceil

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from infoplane.derived import chains
from infoplane.figures import canvas, seeds, select, style
from infoplane.figures.canvas import Canvas
from infoplane.figures.choices import Measured
from infoplane.figures.notes import Notes
from infoplane.figures.variants import titles

READING = "points: mean over seeds ± 1 standard deviation, small: each seed"
_I, _FALL = "mutual_information_input_layer", "mutual_information_input_layer_fall"
_ALL, _UNTRAINED = "mean over epochs", "untrained"
_THEOREM, _BYPASSED = "theorem", "bypassed"
_LOOKS: dict[str, style.Look] = {
    _UNTRAINED: {"color": style.GREY, "marker": "o", "markerfacecolor": "white", "linestyle": "none"},
    _ALL: {"color": style.INK, "marker": "o", "linestyle": "none"},
}
_PARTED: style.Look = {"color": style.GREY, "linestyle": style.DASHES[2], "linewidth": 0.8, "zorder": 0.5}


def table(summary: xr.DataTree, options: Measured) -> pd.DataFrame:
    """The fall of every pair of layers, in the mean over epochs and of the untrained network."""
    data = select.group(summary, "information", options, smooth=False).sel(control="none", drop=True)
    values = data[_I].where(data["kind"] != "")
    stages = {_ALL: values.mean("epoch"), _UNTRAINED: values.sel(epoch=0, drop=True)}
    swept = select.swept(data)
    labels = data["variant"].to_dataframe("shown")[swept]
    kinds = {_THEOREM: chains.markov_pairs, _BYPASSED: chains.bypassed}
    found = [
        _rows(chains.falls(of_stage, variant, pairs(data, variant))).assign(variant=variant, stage=stage, pairs=kind)
        for stage, of_stage in stages.items()
        for variant in data["variant"].values.tolist()
        for kind, pairs in kinds.items()
    ]
    points = pd.concat(found, ignore_index=True)
    return _with_mean(points.join(labels, on="variant"), swept)


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a panel per variant: the fall on every pair of layers, untrained and in the mean, over a line at 0.

    Pairs without a theorem come last, beyond a line.
    """
    names = titles(table, notes.keys)
    by_kind = {kind: list(dict.fromkeys(table.loc[table["pairs"] == kind, "pair"])) for kind in (_THEOREM, _BYPASSED)}
    pairs = [pair for each in by_kind.values() for pair in each]
    columns = 1 if len(names) == 1 or len(pairs) > 8 else canvas.fitting(2 if len(names) <= 4 else 3)
    width = style.column() if len(names) == 1 and len(pairs) <= 8 else style.page()
    texts = {variant: canvas.title(text, width / columns - 16) for variant, text in names.items()}
    written = style.character() * max(map(len, pairs))  # the names stand upright
    rows = ceil(len(names) / columns)
    height = rows * (36 + 3.3 * max(map(canvas.lines, texts.values()))) + written + 6
    key = [canvas.handle(stage, **_LOOKS[stage]) for stage in (_ALL, _UNTRAINED)]
    key += [canvas.handle("right of it: no theorem, a skip goes round", **_PARTED)] if by_kind[_BYPASSED] else []
    page = Canvas.blank(width=width, height=height, notes=notes, key=[key])
    panels = page.panels(len(names), columns)
    panels[0].set_xticks(range(len(pairs)), pairs)
    panels[0].set_xlim(-0.5, len(pairs) - 0.5)
    for axes, (variant, text) in zip(panels, texts.items(), strict=True):
        axes.set_title(text)
        # Names of pairs are tall: under the last row alone, or else a short last row parts it from the one above.
        axes.tick_params(axis="x", rotation=90, labelbottom=axes in panels[(rows - 1) * columns :])
        axes.axhline(0, color=style.FAINT, linewidth=0.6, zorder=0.5)
        if by_kind[_BYPASSED]:
            axes.axvline(len(by_kind[_THEOREM]) - 0.5, **_PARTED)
        _draw_panel(axes, table[table["variant"] == variant], pairs)
    page.label("Pair of layers", "Fall of I(X; T) [bits]")
    return page.figure


def _draw_panel(axes: Axes, shown: pd.DataFrame, pairs: list[str]) -> None:
    for stage, aside in ((_UNTRAINED, 0.18), (_ALL, -0.18)):
        rows = shown[shown["stage"] == stage]
        rows = rows.assign(place=rows["pair"].map(pairs.index) + aside)
        own = rows[rows["seed"] != select.MEAN]
        axes.plot(own["place"].to_numpy(), own[_FALL].to_numpy(), **{**_LOOKS[stage], "markersize": 1.2, "alpha": 0.6})
        seeds.bars(axes, seeds.means(rows), "place", _FALL, **_LOOKS[stage])


def _rows(falls: xr.DataArray) -> pd.DataFrame:
    return falls.to_dataframe(_FALL).dropna(subset=[_FALL]).reset_index()[["pair", "seed", _FALL]]


def _with_mean(points: pd.DataFrame, swept: list[str]) -> pd.DataFrame:
    """Add the mean over seeds; pairs and variants in the order in which they were found."""
    order = ["variant", *swept, "pair", "pairs", "stage", "seed", _FALL]
    by = ["variant", *swept, "pair", "pairs", "stage"]
    grouped = points.groupby(by, sort=False, dropna=False)[_FALL]
    means = grouped.agg(["mean", "std", "count"]).reset_index()
    means = means.rename(columns={"mean": _FALL, "std": _FALL + select.SPREAD, "count": "seeds"})
    each = points.assign(seed=points["seed"].astype(str), seeds=1, **{_FALL + select.SPREAD: np.nan})
    whole = pd.concat([each, means.assign(seed=select.MEAN)], ignore_index=True)
    return whole[[*order, _FALL + select.SPREAD, "seeds"]]
