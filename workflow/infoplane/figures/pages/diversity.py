"""How far apart the final weights of two seeds are, against how far apart their information planes are.

Shwartz-Ziv and Tishby 2017 (arXiv 1703.00810) call the networks at the end of training many and diverse; how near they
come to one another in the plane, this figure sets against it. Hidden units can change places, and of odd nonlinearities
sign, without changing what a network computes; so the distance of the weights stands here before and after the units
of the two networks are matched, where they can be. Pairs share seeds: it is seeds that the interval of a correlation
draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from infoplane.derived import diversity, ranks
from infoplane.figures import canvas, select, style
from infoplane.figures.canvas import Canvas
from infoplane.figures.choices import Measured
from infoplane.figures.notes import Notes
from infoplane.figures.variants import titles

READING = "a dot: two seeds at the last epoch; ρ: Spearman's rank correlation over pairs, 95 % interval"
_PLANE = "information_distance [bits]"
_DOT: style.Look = {"markersize": 2.6, "markeredgewidth": 0.5}
_KINDS: dict[str, tuple[str, style.Look]] = {
    "weight_distance": ("as trained", {"marker": "o", "color": style.GREY, "markerfacecolor": "white", **_DOT}),
    "weight_distance_matched": ("units matched", {"marker": "s", "color": style.INK, **_DOT}),
}
_RHO = {kind: f"rank_correlation_of_{kind}" for kind in _KINDS}
_ENDS = ("_lower", "_upper")  # behind a correlation's name: its interval
_MANY = 300  # pairs, from which on dots are small and let others through
_SMALL: style.Look = {"markersize": 1.5, "markeredgewidth": 0.3, "alpha": 0.5}


def table(summary: xr.DataTree, options: Measured) -> pd.DataFrame:
    """Distances of every pair of seeds, with their rank correlation; a variant without a pair has a row without any.

    The distance of two planes is √(mean over layers of ΔI(X; T)² + ΔI(T; Y)²) at the last epoch.
    """
    planes = select.group(summary, "information", options)[diversity.COORDINATES].sel(control="none")
    apart = select.group(summary, "weights", options)[list(_KINDS)]
    names = ["variant", *select.swept(apart)]
    found = []
    for variant in apart["variant"].to_numpy():
        own = apart.sel(variant=[variant]).assign({_PLANE: diversity.plane_distance(planes.sel(variant=variant))})
        rows = own.to_dataframe().reset_index()[[*names, "seed", "other_seed", *_KINDS, _PLANE]]
        pairs = rows[rows["seed"] < rows["other_seed"]].dropna(subset=[_PLANE, "weight_distance"])
        if pairs.empty:
            pairs = rows.head(1).assign(**dict.fromkeys([*_KINDS, _PLANE], np.nan))
        found.append(pairs.assign(**_correlations(own.isel(variant=0))))
    every = pd.concat(found, ignore_index=True).astype({"seed": str, "other_seed": str})
    every.insert(len(names), "estimator", options.estimator)
    every.insert(len(names) + 1, "split", options.split)
    return every


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a panel per variant."""
    names = titles(table, notes.keys)
    columns = canvas.fitting(min(len(names), 2 if len(names) == 4 else 3 if len(names) <= 9 else 4))
    width = style.column() if columns == 1 else style.page()
    room = (width - 12) / columns
    kinds = [kind for kind in _KINDS if kind == "weight_distance" or table[kind].notna().any()]
    texts = {variant: canvas.title(text, room - 5) for variant, text in names.items()}
    panel = 44.0 + 3.3 * max(map(canvas.lines, texts.values()))
    key = [canvas.handle(_KINDS[kind][0], linestyle="none", **_KINDS[kind][1]) for kind in kinds]
    page = Canvas.blank(width=width, height=panel * ceil(len(names) / columns) + 6, notes=notes, key=[key])
    panels = page.panels(len(names), columns)
    panels[0].xaxis.set_major_locator(MaxNLocator(4))
    panels[0].yaxis.set_major_locator(MaxNLocator(5))
    pairs = {variant: table[table["variant"] == variant] for variant in names}
    said = {variant: _correlated(own, kinds, room - 14) for variant, own in pairs.items()}
    high, above = table[_PLANE].max(), max(map(canvas.lines, said.values()))
    panels[0].set_ylim(0, (1.1 + 0.1 * above) * high if high > 0 else 1.0)  # room for what is said above the dots
    for axes, (variant, text) in zip(panels, texts.items(), strict=True):
        axes.set_title(text)
        _draw_pairs(axes, pairs[variant], kinds)
        axes.text(0.03, 0.97, said[variant], transform=axes.transAxes, va="top")
    page.label("Distance of the final weights and biases", "Distance of the planes [bits]")
    return page.figure


def _correlations(own: xr.Dataset) -> dict[str, float]:
    """Rank correlation of both distances of one variant with that of the planes, and the ends of its interval."""
    found: dict[str, float] = {}
    planes = own[_PLANE].transpose("seed", "other_seed").values
    for kind, name in _RHO.items():
        apart = own[kind].transpose("seed", "other_seed").values
        found[name] = ranks.correlation_over_pairs(apart, planes)
        found |= zip((name + end for end in _ENDS), ranks.interval_over_pairs(apart, planes), strict=True)
    return found


def _correlated(pairs: pd.DataFrame, kinds: Sequence[str], width: float) -> str:
    """The correlations of one variant, in lines of at most so many millimetres."""
    if pairs[_PLANE].isna().all():
        return "no pair of seeds"
    said = []
    for kind in kinds:
        rho, low, high = (float(pairs[_RHO[kind] + end].iloc[0]) for end in ("", *_ENDS))
        text = f"ρ = {rho:.2f} ({low:.2f} to {high:.2f}) {_KINDS[kind][0]}".replace("-", "−")
        said += [canvas.title(text, width)] if np.isfinite(rho) else []
    return "\n".join(said)


def _draw_pairs(axes: Axes, pairs: pd.DataFrame, kinds: Sequence[str]) -> None:
    size = _SMALL if len(pairs) >= _MANY else {}
    for kind in kinds:
        look = {**_KINDS[kind][1], **size}
        axes.plot(pairs[kind].to_numpy(), pairs[_PLANE].to_numpy(), linestyle="none", **look)
