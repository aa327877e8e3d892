"""Which codes of autoencoders turn back in the information plane, beside the intrinsic dimension of their data.

Yu and Príncipe 2019 (arXiv 1804.00057), their third property: I(X; Z) of a code that is wider than the intrinsic
dimension rises and falls again, that of a narrower one rises and stays. Tapia and Estévez 2020 (arXiv 2005.07783)
dispute it, with other kernel widths, so that every estimator of the experiment has a line. The measure of the turn is
ours: the smaller of rise and fall, as a share of the peak between them.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, NullFormatter

from infoplane.derived import autoencoders, ends, scores
from infoplane.errors import ConfigError
from infoplane.figures import canvas, mutual, notes, scales, seeds, select, style, variants
from infoplane.figures.against import CONTROLS
from infoplane.figures.canvas import Canvas
from infoplane.figures.choices import Estimated
from infoplane.figures.notes import Notes
from infoplane.schema import ACCURACY, DETERMINATION, SCORES

READING = "points and lines: mean over seeds, bars: ± 1 standard deviation, small: each seed"
_TURN = "turn_back_percent"
_WIDTH, _FAMILY = "code_width", "family"
_DIMENSION, _MEAN, _KNOWN = "intrinsic_dimension", "intrinsic_dimension_mean", "known_dimension"
_SHUFFLED = "shuffled_samples"
_LABELS = {DETERMINATION: "R², test", ACCURACY: "Accuracy, test"}
_MOST = 4  # panels side by side
_EDGE = 1.25  # room left and right of the smallest and the largest number, as a factor
_ASIDE = 0.012  # of the axis: between estimators at one width, so that no point hides another
_NAMES = {"two_nn": "TwoNN"}  # of methods, where words in place of underscores are not enough
_TOLERANCE: style.Look = {"color": style.MUTED, "linewidth": 0.6, "linestyle": style.DASHES[1]}
_TRUTH: style.Look = {"color": style.INK, "linewidth": 0.6}
_SCORE: style.Look = {"color": style.INK, "marker": "o", "markersize": 2.6, "linewidth": 0.9}


def table(summary: xr.DataTree, options: Estimated) -> pd.DataFrame:
    """How far I(X; Z) turns back by estimator, the score at the end, and the dimension by method, by width.

    Raises
    ------
    ConfigError
        If no variant has a code whose width is known.
    """
    whole = summary["layer_pairs"].to_dataset()
    every = replace(options, layers=tuple(map(str, whole["layer"].values)))  # the code need not be asked for
    pairs = select.group(summary, "layer_pairs", every)
    families = autoencoders.families(pairs, notes.experiment(summary))
    codes = autoencoders.codes(pairs)
    if not families or not codes.any():
        raise ConfigError(
            f"figure 'turn_back' needs a layer between symmetric ones whose width is known, by {autoencoders.WIDTH!r} "
            "in the sweep or in the experiment; leave this figure out"
        )
    data = select.group(summary, "information", every)
    names = [name for name in data["estimator"].values if name in pairs["estimator"].values]
    kinds = [kind for kind in ("none", _SHUFFLED) if kind in data["control"]]
    values = autoencoders.of_code(data[mutual.X].sel(estimator=names, control=kinds), codes)
    turned = _by_seed(data, _TURN, autoencoders.turn_back(values), values)
    parts = [turned, _scores(summary, every), _dimensions(summary, every)]
    found = pd.concat([part for part in parts if not part.empty], ignore_index=True)
    places = pd.DataFrame(
        {_FAMILY: family.name, _WIDTH: width} for family in families for width in family.widths
    ).set_axis([name for family in families for name in family.variants])
    known = autoencoders.known_dimension(pairs, notes.experiment(summary)).to_series()
    return found[found["variant"].isin(places.index)].join(places.assign(**{_KNOWN: known}), on="variant")


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw two panels per family of widths, one above the other: how far I(X; Z) turns back, and the score."""
    families = _titles(table, notes)
    columns = canvas.fitting(min(len(families), _MOST))
    width = style.column() if columns == 1 else style.page()
    rows, panel = ceil(len(families) / columns), (width - 14) / columns - 4
    texts = {name: canvas.title(text, panel - 6) for name, text in families.items()}
    upper, lower = (36.0, 20.0) if rows < 3 else (24.0, 14.0)
    height = rows * (upper + lower + 3.3 * max(map(canvas.lines, texts.values())) + 4) + 8
    if _DIMENSION not in table:
        notes = replace(notes, foot=(*notes.foot, "the intrinsic dimension of the data was not estimated"))
    page = Canvas.blank(width=width, height=height, notes=notes, key=_key(table))
    grid = page.grid([upper, lower] * rows, columns, sharex="all", sharey="none")
    (score,) = (name for name in SCORES if name in table)
    for place, (family, text) in enumerate(texts.items()):
        top, bottom = (grid[2 * (place // columns) + row][place % columns] for row in (0, 1))
        shown = table[table[_FAMILY] == family]
        _draw_turns(top, shown, table)
        _draw_scores(bottom, shown, score)
        for axes in (top, bottom):
            _draw_dimensions(axes, shown, methods=_methods(table))
        top.set_title(text)
        bottom.tick_params(labelbottom=True)
        if place % columns == 0:
            top.set_ylabel(canvas.title("Turn-back of I(X; Z) [% of its peak]", upper))
            bottom.set_ylabel(canvas.title(_LABELS[score], lower))
    for spare in range(len(families), rows * columns):
        for row in (0, 1):
            grid[2 * (spare // columns) + row][spare % columns].remove()
    used = [[grid[2 * (place // columns) + row][place % columns] for place in range(len(families))] for row in (0, 1)]
    _scale(used, table, score, panel - 6)
    page.label("Units of the code, K")
    return page.figure


def _by_seed(data: xr.Dataset, name: str, values: xr.DataArray, curves: xr.DataArray) -> pd.DataFrame:
    """Rows of every seed and their mean: values of networks at the last epoch of the curves that they come from."""
    rows = select.rows(data[[]].assign({name: values}), [name])
    last = ends.last_epoch(curves).to_series()
    return seeds.drawn(rows.assign(epoch=rows["variant"].map(last)), [name])


def _scores(summary: xr.DataTree, options: Estimated) -> pd.DataFrame:
    """R² of the test split at the end, or the accuracy of networks that classify."""
    training = summary["training"].to_dataset().sel(variant=list(options.variants or ()), split="test", drop=True)
    name = scores.names(training)[-1]
    values = training[name]
    return _by_seed(training, name, ends.at_the_end(values), values).assign(split="test")


def _dimensions(summary: xr.DataTree, options: Estimated) -> pd.DataFrame:
    """Every estimate of the intrinsic dimension, with the geometric mean over its repetitions, if measured."""
    if _DIMENSION not in summary.children:
        return pd.DataFrame()
    data = select.group(summary, _DIMENSION, options)
    mean = autoencoders.intrinsic_dimension(data[_DIMENSION], dims=("repetition",))
    rows = data[[_DIMENSION]].assign({_MEAN: mean}).to_dataframe().dropna(subset=[_DIMENSION]).reset_index()
    return rows[["variant", *select.swept(data), "method", "repetition", _DIMENSION, _MEAN]]


def _titles(table: pd.DataFrame, notes: Notes) -> dict[str, str]:
    """Name every family by what it has in common, as figures name variants; a lone one needs no name."""
    first = table.drop_duplicates(_FAMILY)
    keys = [key for key in notes.keys if key != autoencoders.WIDTH]
    named = variants.titles(first, keys)
    return {family: named[variant] for family, variant in zip(first[_FAMILY], first["variant"], strict=True)}


def _estimators(table: pd.DataFrame) -> dict[str, style.Look]:
    names = [str(name) for name in table["estimator"].dropna().unique()]
    return {
        name: {"color": colour, "marker": style.marker(place), "linewidth": 0.9}
        for place, (name, colour) in enumerate(zip(names, style.categories(len(names)), strict=True))
    }


def _methods(table: pd.DataFrame) -> dict[str, style.Look]:
    names = [str(name) for name in table["method"].dropna().unique()] if "method" in table else []
    looks = ((style.ORANGE, style.DASHES[1]), (style.GREEN, style.DASHES[3]))
    return {
        name: {"color": colour, "linestyle": dash, "linewidth": 0.8}
        for name, (colour, dash) in zip(names, looks, strict=False)
    }


def _draw_turns(axes: Axes, shown: pd.DataFrame, table: pd.DataFrame) -> None:
    low, high = _range(table)
    looks = _estimators(table)
    axes.axhline(autoencoders.TURN, zorder=0.6, **_TOLERANCE)
    for place, (name, look) in enumerate(looks.items()):
        aside = (high / low) ** (_ASIDE * (place - (len(looks) - 1) / 2))
        own = shown[shown["estimator"] == name]
        placed = own.assign(place=own[_WIDTH] * aside)
        control = {**CONTROLS["shuffled samples"], "marker": look["marker"], "zorder": 1.5}
        for kind, drawn in ((_SHUFFLED, control), ("none", {**look, "zorder": 2})):
            rows = placed[placed["control"] == kind]
            mean = seeds.means(rows).sort_values(_WIDTH)
            if mean.empty:
                continue
            each = rows[rows["seed"] != select.MEAN]
            faint = {"color": drawn["color"], "marker": look["marker"], "linestyle": "none"}
            axes.plot(each["place"].to_numpy(), each[_TURN].to_numpy(), markersize=1.4, alpha=0.5, zorder=1, **faint)
            seeds.bars(axes, mean, "place", _TURN, **drawn)


def _draw_scores(axes: Axes, shown: pd.DataFrame, name: str) -> None:
    rows = shown[shown[name].notna()]
    each, mean = rows[rows["seed"] != select.MEAN], seeds.means(rows).sort_values(_WIDTH)
    axes.plot(
        each[_WIDTH].to_numpy(),
        each[name].to_numpy(),
        linestyle="none",
        marker="o",
        markersize=1.4,
        alpha=0.5,
        color=style.GREY,
    )
    if not mean.empty:
        seeds.bars(axes, mean, _WIDTH, name, **_SCORE)


def _draw_dimensions(axes: Axes, shown: pd.DataFrame, *, methods: dict[str, style.Look]) -> None:
    """Draw the estimates of a family's dimension as upright lines, with their range, and the truth if it is known."""
    for name, look in methods.items():
        own = shown[shown["method"] == name]
        if own.empty:
            continue
        axes.axvspan(own[_DIMENSION].min(), own[_DIMENSION].max(), color=look["color"], alpha=0.15, linewidth=0)
        axes.axvline(own[_MEAN].iloc[0], zorder=0.8, **look)
    if shown[_KNOWN].notna().any():
        axes.axvline(shown[_KNOWN].iloc[0], zorder=0.7, **_TRUTH)


def _range(table: pd.DataFrame) -> tuple[float, float]:
    """Ends of the horizontal axis: all widths, and all dimensions."""
    values = table[[name for name in (_WIDTH, _DIMENSION, _KNOWN) if name in table]].to_numpy(dtype=float)
    return float(np.nanmin(values)) / _EDGE, float(np.nanmax(values)) * _EDGE


def _scale(used: list[list[Axes]], table: pd.DataFrame, score: str, width: float) -> None:
    """Ranges and ticks that all panels of a kind share; a small tick where the number of a width has no room."""
    upper, lower = used
    counts = sorted(table[_WIDTH].unique().tolist())
    for axes in (*upper, *lower):
        scales.counted(axes, counts, _range(table), width)
        axes.xaxis.set_minor_locator(FixedLocator(counts))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_major_locator(MaxNLocator(4))
    ends_of_bars = table[_TURN] + table[_TURN + select.SPREAD].fillna(0.0)
    scales.linear(upper, np.append(ends_of_bars.to_numpy(dtype=float), [0.0, autoencoders.TURN]))
    scales.linear(lower, table[score].to_numpy(dtype=float))


def _key(table: pd.DataFrame) -> list[list[Line2D]]:
    lines = [canvas.handle(name, **look) for name, look in _estimators(table).items()]
    if (table["control"] == _SHUFFLED).any():
        lines.append(canvas.handle("shuffled samples", **CONTROLS["shuffled samples"]))
    limits = [canvas.handle(f"{autoencoders.TURN:g} %, more of which is a turn", **_TOLERANCE)]
    limits += [
        canvas.handle(f"dimension by {_NAMES.get(name, name.replace('_', ' '))}", **look)
        for name, look in _methods(table).items()
    ]
    if table[_KNOWN].notna().any():
        limits.append(canvas.handle("known dimension", **_TRUTH))
    return [lines, limits]
