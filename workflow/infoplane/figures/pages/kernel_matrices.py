"""Kernel matrices of the layers of one network, for estimators that make them in different ways.

Figure 2 of Wickstrøm et al. 2019 (arXiv 1909.11396), of which we recall that the product of a kernel for each feature
map is nearly the identity there, and that one kernel on the whole tensor keeps the classes apart.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product, zip_longest

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from infoplane.errors import DataError
from infoplane.figures import canvas, select, style
from infoplane.figures.canvas import Canvas
from infoplane.figures.choices import Matrices
from infoplane.figures.notes import Notes

READING = (
    "samples in the order of their classes, which the ticks part; above each the mean k(x, x′) within | between these"
)
_ABREAST = 8  # layers
_KERNEL, _CLASS = "kernel", "sample_class"
_WITHIN, _BETWEEN, _SAMPLES = "kernel_mean_within_classes", "kernel_mean_between_classes", "samples"
_NORM = PowerNorm(0.5, 0, 1)  # most pairs of samples are less alike than 0.2
_PLACE, _CLASSES = ["sample", "other_sample"], ["class", "other_class"]


def table(summary: xr.DataTree, options: Matrices) -> pd.DataFrame:
    """k(x, x′) of every two samples x, x′ of the first probe batch, for one network, with their classes.

    A network is that of the first variant and the first seed that did not diverge; samples are thinned out evenly.
    """
    data = select.group(summary, "kernel_matrices", replace(options, variants=(options.variants or ())[:1]))
    networks = _known(data.isel(variant=[0]), "seed")
    if not networks.sizes["seed"]:
        raise DataError("figure 'kernel_matrices': no network of this variant has kernel matrices; choose another one")
    looks = _known(networks.isel(seed=0), "epoch")
    whole = _known(_known(looks.isel(epoch=-1 if options.stage == "trained" else 0), "sample"), "other_sample")
    n = whole.sizes["sample"]
    drawn = np.unique(np.linspace(0, n - 1, min(n, options.samples)).round().astype(int))
    kernel = whole[_KERNEL].isel(dict.fromkeys(_PLACE, drawn))
    rows = kernel.where(kernel["sample"] <= kernel["other_sample"]).to_dataframe().dropna(subset=_KERNEL).reset_index()
    classes = whole[_CLASS].isel(variant=0).to_series()
    same = whole[_CLASS] == whole[_CLASS].rename(sample="other_sample")
    apart = whole["sample"] != whole["other_sample"]
    pairs = {_WITHIN: same & apart, _BETWEEN: ~same}
    means = xr.Dataset({name: whole[_KERNEL].where(those).mean(_PLACE) for name, those in pairs.items()}).to_dataframe()
    of_samples = {column: rows[dim].map(classes) for dim, column in zip(_PLACE, _CLASSES, strict=True)}
    places = ["variant", *select.swept(data), "estimator", "split", "layer", "epoch", "seed", *_PLACE]
    found = rows[[*places, _KERNEL]].assign(**of_samples, samples=n)
    return found.join(means[list(pairs)], on=list(map(str, means.index.names)))


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a row of matrices per estimator, a column per layer."""
    estimators, layers = list(dict.fromkeys(table["estimator"])), select.in_order(table["layer"], notes.layers)
    epoch, seed = table["epoch"].iloc[0], table["seed"].iloc[0]
    drawn, samples, split = table["sample"].nunique(), table[_SAMPLES].iloc[0], table["split"].iloc[0]
    phrase = f"drawn: seed {seed} at epoch {epoch:g}, {drawn} of {samples:g} samples of the {split} probe"
    notes = replace(notes, foot=(*notes.foot, phrase))
    across = canvas.fitting(min(len(layers), _ABREAST), 17.0)
    width = style.column() if across <= 2 else style.page()
    side = min(30.0, (width - 45) / across)
    blocks = [layers[start : start + across] for start in range(0, len(layers), across)]
    rows = list(product(blocks, estimators))
    page = Canvas.blank(width=width, height=(side + 9) * len(rows) + 4, notes=notes, key=[])
    grid = page.grid([1] * len(rows), across, sharex="all", sharey="all")
    for panels, (block, estimator) in zip(grid, rows, strict=True):
        panels[0].set_ylabel(canvas.title(estimator.replace("_", " "), side))
        for axes, layer in zip_longest(panels, block):
            if layer is None:
                axes.remove()
                continue
            shown = table[(table["estimator"] == estimator) & (table["layer"] == layer)]
            _draw_panel(axes, shown, f"{layer}\n" if estimator == estimators[0] else "")
    bar = page.body.colorbar(
        ScalarMappable(_NORM, style.over_time()),
        ax=[axes for axes in grid.flat if axes.figure],
        pad=0.02,
        aspect=40,
    )
    bar.set_label("k(x, x′)")
    bar.outline.set_visible(False)
    return page.figure


def _draw_panel(axes: Axes, shown: pd.DataFrame, name: str) -> None:
    upper = shown.pivot_table(_KERNEL, "sample", "other_sample").to_numpy()
    matrix = np.where(np.isnan(upper), upper.T, upper)
    axes.imshow(matrix, cmap=style.over_time(), norm=_NORM, interpolation="nearest", aspect="equal")
    classes = shown.drop_duplicates("other_sample").sort_values("other_sample")["other_class"].to_numpy()
    parted = np.flatnonzero(np.diff(classes)) + 0.5
    axes.set_xticks(parted, [""] * len(parted))
    axes.set_yticks(parted, [""] * len(parted))
    axes.tick_params(length=1.5, width=0.4)
    axes.set_title(f"{name}{shown[_WITHIN].iloc[0]:.2g} | {shown[_BETWEEN].iloc[0]:.2g}")


def _known(data: xr.Dataset, dim: str) -> xr.Dataset:
    """Leave out the places along a dimension at which there is no kernel."""
    return data.dropna(dim, how="all", subset=[_KERNEL])
