"""Converged layers against the information-bottleneck curve, with the slope and the residual of each.

Figure 6 of Shwartz-Ziv and Tishby 2017 (arXiv 1703.00810): where the layers of trained networks lie in the information
plane, and the β* at which each is nearest to an optimal encoder, whose slope on the curve is 1/β*. What the paper does
not show: the residual, that is how far from optimal it still is, and shuffled samples in grey.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from infoplane.figures import absent, canvas, seeds, select, style
from infoplane.figures.betas import BetaScale
from infoplane.figures.canvas import Canvas
from infoplane.figures.choices import Measured
from infoplane.figures.notes import Notes
from infoplane.figures.variants import titles

READING = "mean ± 1 standard deviation over seeds, of β* median and quartiles; small dots: each seed"
_X, _Y, _BETA = "bottleneck_information_input", "bottleneck_information_target", "bottleneck_beta"
_RESIDUAL, _FLOOR = "bottleneck_residual", "bottleneck_residual_floor"
_CURVE, _BOUND = ["curve_information_input", "curve_information_target"], "curve_bound"
_QUARTILES = {f"{_BETA}_lower_quartile": 0.25, f"{_BETA}_median": 0.5, f"{_BETA}_upper_quartile": 0.75}
_SHUFFLED = "shuffled_samples"

_ROWS, _ROW = 210.0, 44.0  # height of all rows together and of one of them at most, mm
_WIDTHS, _BESIDE = (
    (80.0, 32.0, 32.0),
    36.0,
)  # of the panels side by side and of all beside them, mm, on a page of 180 mm
_ABREAST = 130.0  # mm, the least width of a page on which they are
_TANGENT = 9.0  # its length, mm
_CROWDED = 0.3  # of a range: where all layers are nearer to its end, the axis begins below them, and not at 0
_LOOKS: dict[str, style.Look] = {
    "bottleneck curve": {"color": "#0072b2", "linewidth": 1.2, "zorder": 1.5},
    "I(X; Y)": {"color": style.GREY, "linewidth": 0.8, "linestyle": style.DASHES[1], "zorder": 0.5},
    "slope 1/β*": {"color": style.INK, "linewidth": 1.4, "zorder": 2.5},
    "floor of the residual": {
        "color": style.ORANGE,
        "marker": "_",
        "markersize": 5,
        "markeredgewidth": 1.2,
        "linestyle": "none",
    },
    "shuffled samples": {"color": style.FAINT, "marker": "o", "markersize": 2.4, "linestyle": "none", "zorder": 0.8},
}


def table(summary: xr.DataTree, options: Measured) -> pd.DataFrame:
    """Every layer of every seed at the last epoch with its fit, what they come to over seeds, and the curve.

    Quartiles of β* are values of seeds, so that they exist where some are infinite.
    """
    data = select.group(summary, "bottleneck", options)
    measured = data.sel(control=[kind for kind in ("none", _SHUFFLED) if kind in data["control"]])
    lost = select.lost(summary, "bottleneck", options)
    points = select.last_epochs(select.rows(measured, [_X, _Y, _BETA, _RESIDUAL, _FLOOR]), lost)
    if points.empty and not lost:
        return points
    place = ["variant", "control", "layer"]
    by_layer = points.groupby(place, sort=False)[_BETA]
    quartiles = pd.DataFrame({name: by_layer.quantile(at, interpolation="lower") for name, at in _QUARTILES.items()})
    means = select.mean(points.drop(columns=_BETA), [_X, _Y, _RESIDUAL, _FLOOR]).join(quartiles, on=place)
    each = points.assign(seed=points["seed"].astype(str), seeds=1)
    bounds = data[_BOUND].mean(["seed", "epoch"]).to_series()
    whole = pd.concat([each, means], ignore_index=True)
    fits = absent.added(whole, measured, lost, [_X, _Y, _RESIDUAL, _FLOOR])
    found = pd.concat([fits, _curves(data, fits)], ignore_index=True)
    return found.assign(**{_BOUND: found["variant"].map(bounds)})


def _curves(data: xr.Dataset, points: pd.DataFrame) -> pd.DataFrame:
    """The curve of each variant that has points, mean over the seeds that have samples of their own."""
    rows = data[_CURVE].mean(["seed", "epoch"]).to_dataframe().dropna(subset=_CURVE).reset_index()
    drawn = rows[rows["variant"].isin(points["variant"].unique())]
    columns = ["variant", *select.swept(data), "estimator", "split", "beta", *_CURVE]
    return drawn[[name for name in columns if name in drawn.columns]].assign(seed=select.MEAN)


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a row per variant: the plane with the curve, β* of every layer, and its residual."""
    names, looks = titles(table, notes.keys), style.in_depth(notes.layers, table["layer"])
    panel = min(_ROW, _ROWS / len(names))
    key = [_key(table), [canvas.handle(layer, linestyle="none", **look) for layer, look in looks.items()]]
    abreast = style.page() >= _ABREAST
    rows = [panel] * (len(names) if abreast else 3 * len(names))
    page = Canvas.blank(width=style.page(), height=sum(rows) + 12, notes=notes, key=key)
    if abreast:
        grid = page.grid(rows, 3, sharex="col", sharey="col", widths=_WIDTHS)
    else:
        grid = page.grid(rows, 1, sharex="none", sharey="none").reshape(-1, 3)
    scale = BetaScale.of(table.loc[table["control"] == "none", [_BETA, *_QUARTILES]].to_numpy())
    for row, (variant, text) in zip(grid, names.items(), strict=True):
        _set_axes(row, table, scale, panel - 10)
        shown = table[table["variant"] == variant]
        row[0].set_title(canvas.title(text, style.page() - 20))
        for axes, label in zip(row, (notes.labels[_Y], "β*", "Residual [bits]"), strict=True):
            axes.set_ylabel(canvas.title(label, panel - 8))
        _draw_plane(row[0], shown, looks, panel - 10)
        absent.said(row[0], shown, [_X, _Y])
        measured = shown[shown["control"] == "none"]
        _draw_betas(row[1], measured, looks, scale)
        _draw_residuals(row[2], measured, looks)
    grid[-1][0].set_xlabel(notes.labels[_X])
    for axes in grid[-1 if abreast else slice(None), 1:].flat:
        _name_layers(axes, list(looks))
    return page.figure


def _widths() -> tuple[float, ...]:
    """About how wide the panels are, mm: side by side, or each as wide as the page."""
    width = style.page()
    shares = _WIDTHS if width >= _ABREAST else [sum(_WIDTHS)] * 3
    return tuple(share * (width - _BESIDE) / sum(_WIDTHS) for share in shares)


def _key(table: pd.DataFrame) -> list[Line2D]:
    shuffled = (table["control"] == _SHUFFLED).any()
    return [canvas.handle(name, **look) for name, look in _LOOKS.items() if shuffled or name != "shuffled samples"]


def _set_axes(panels: Sequence[Axes], table: pd.DataFrame, scale: BetaScale, height: float) -> None:
    """Ranges and ticks, which all variants share, for panels of about this height in millimetres."""
    plane, betas, residuals = panels
    for axis, columns in (("x", [_X, _CURVE[0]]), ("y", [_Y, _CURVE[1], _BOUND])):
        values = table[columns].to_numpy()
        known = values[np.isfinite(values)]
        low, high = known.min(initial=0.0), known.max() if known.size else 1.0
        lowest = table[columns[0]].min()
        if high - lowest < _CROWDED * (high - low):
            low = lowest - (high - lowest) / 2
        margin = (0.05 if axis == "x" else 0.15) * (high - low or 1.0)  # slopes need head-room
        getattr(plane, f"set_{axis}lim")(low - margin, high + margin)
    plane.xaxis.set_major_locator(MaxNLocator(6))
    scale.put_on(betas, height)
    drawn = table.loc[table["control"] == "none", _RESIDUAL]
    low, high = min(0.0, drawn.min()), max(0.0, drawn.max())
    residuals.set_ylim(low - 0.05 * (high - low or 1.0), high + 0.08 * (high - low or 1.0))
    for axes in (plane, residuals):
        axes.yaxis.set_major_locator(MaxNLocator(max(2, min(5, int(height / 6)))))


def _name_layers(axes: Axes, layers: Sequence[str]) -> None:
    """Put the layers on a horizontal axis: upright where they would touch, and left to the key where even so."""
    width = _widths()[1]
    room = len(layers) * style.TEXT_HEIGHT <= width
    upright = len(layers) * (max(map(len, layers)) + 1.5) * style.character() > width
    axes.set_xticks(range(len(layers)), layers if room else [""] * len(layers))
    axes.set_xlim(-0.6, len(layers) - 0.4)
    axes.tick_params(axis="x", rotation=90 if upright else 0)


def _draw_plane(axes: Axes, shown: pd.DataFrame, looks: Mapping[str, style.Look], height: float) -> None:
    curve = shown.dropna(subset=_CURVE).sort_values("beta")
    x, y = (np.append(0.0, curve[name].to_numpy()) for name in _CURVE)
    axes.plot(x, y, **_LOOKS["bottleneck curve"])
    axes.axhline(float(shown[_BOUND].iloc[0]), **_LOOKS["I(X; Y)"])
    shuffled = seeds.means(shown[shown["control"] == _SHUFFLED])
    axes.plot(shuffled[_X].to_numpy(), shuffled[_Y].to_numpy(), **_LOOKS["shuffled samples"])
    measured = shown[shown["control"] == "none"]
    for layer, look in looks.items():
        rows = measured[measured["layer"] == layer]
        each, mean = rows[rows["seed"] != select.MEAN], seeds.means(rows)
        if mean.empty:
            continue
        axes.plot(each[_X].to_numpy(), each[_Y].to_numpy(), linestyle="none", markersize=1.4, alpha=0.6, **look)
        across, up = (mean[name + select.SPREAD].fillna(0.0).to_numpy() for name in (_X, _Y))
        point = float(mean[_X].iloc[0]), float(mean[_Y].iloc[0])
        look = {**look, "markeredgecolor": style.INK, "linestyle": "none", "zorder": 3}
        axes.errorbar(*point, xerr=across, yerr=up, elinewidth=0.7, **look)
        _draw_tangent(axes, point, float(mean[f"{_BETA}_median"].iloc[0]), height)


def _draw_tangent(axes: Axes, point: tuple[float, float], beta: float, height: float) -> None:
    """Draw a short line of slope 1/β*: level where β* is infinite, upright where it is 0."""
    per_x, per_y = _widths()[0] / np.ptp(axes.get_xlim()), height / np.ptp(axes.get_ylim())  # mm in a bit
    across, up = (1.0, 0.0) if np.isinf(beta) else (beta * per_x, per_y)
    half = _TANGENT / 2 / np.hypot(across, up)
    step = np.array([across / per_x, up / per_y]) * half
    ends = np.stack([point - step, point + step])
    axes.plot(ends[:, 0], ends[:, 1], **_LOOKS["slope 1/β*"])


def _draw_betas(axes: Axes, measured: pd.DataFrame, looks: Mapping[str, style.Look], scale: BetaScale) -> None:
    for place, (layer, look) in enumerate(looks.items()):
        rows = measured[measured["layer"] == layer]
        each, mean = rows[rows["seed"] != select.MEAN], seeds.means(rows)
        _dots(axes, place, scale.position(each[_BETA]), look)
        low, middle, high = (scale.position(mean[name]) for name in _QUARTILES)
        axes.vlines(np.full(len(middle), place), low, high, color=look["color"], linewidth=0.7)
        axes.plot(np.full(len(middle), place), middle, markeredgecolor=style.INK, linestyle="none", **look)


def _draw_residuals(axes: Axes, measured: pd.DataFrame, looks: Mapping[str, style.Look]) -> None:
    for place, (layer, look) in enumerate(looks.items()):
        rows = measured[measured["layer"] == layer]
        each, mean = rows[rows["seed"] != select.MEAN], seeds.means(rows).assign(place=place)
        _dots(axes, place, each[_RESIDUAL].to_numpy(), look)
        seeds.bars(axes, mean, "place", _RESIDUAL, markeredgecolor=style.INK, linestyle="none", **look)
        axes.plot(mean["place"].to_numpy(), mean[_FLOOR].to_numpy(), **_LOOKS["floor of the residual"])


def _dots(axes: Axes, place: int, values: style.Floats, look: style.Look) -> None:
    """Draw every seed, a little aside of the bar."""
    axes.plot(np.full(len(values), place - 0.28), values, linestyle="none", markersize=1.4, alpha=0.6, **look)
