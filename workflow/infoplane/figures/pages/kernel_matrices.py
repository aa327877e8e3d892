"""Kernel matrices of the layers of one network, for estimators that make them in different ways.

Figure 2 of Wickstrøm et al. 2019 (arXiv 1909.11396): the product of a kernel for each feature map is nearly the
identity, and one kernel on the whole tensor shows the classes.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product, zip_longest

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from infoplane.errors import DataError
from infoplane.figures import canvas, select, style
from infoplane.figures.canvas import Canvas
from infoplane.figures.choices import Matrices
from infoplane.figures.notes import Notes

READING = "samples in the order of their classes, which the ticks part; above each the mean of k(x, x′) of two samples"
_ABREAST = 8  # layers
_KERNEL, _CLASS, _MEAN = "kernel", "sample_class", "kernel_off_diagonal_mean"
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
    mean = whole[_KERNEL].where(whole["sample"] != whole["other_sample"]).mean(_PLACE).to_series().rename(_MEAN)
    of_samples = {column: rows[dim].map(classes) for dim, column in zip(_PLACE, _CLASSES, strict=True)}
    places = ["variant", *select.swept(data), "estimator", "layer", "epoch", "seed", *_PLACE]
    return rows[[*places, _KERNEL]].assign(**of_samples).join(mean, on=list(map(str, mean.index.names)))


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a row of matrices per estimator, a column per layer."""
    estimators, layers = list(dict.fromkeys(table["estimator"])), select.in_order(table["layer"], notes.layers)
    epoch, seed = table["epoch"].iloc[0], table["seed"].iloc[0]
    notes = replace(notes, foot=(*notes.foot, f"drawn: seed {seed} at epoch {epoch:g}"))
    across = min(len(layers), _ABREAST)
    width = style.COLUMN if across <= 2 else style.PAGE
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
        ScalarMappable(Normalize(0, 1), style.over_time()),
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
    axes.imshow(matrix, cmap=style.over_time(), norm=Normalize(0, 1), interpolation="nearest", aspect="equal")
    classes = shown.drop_duplicates("other_sample").sort_values("other_sample")["other_class"].to_numpy()
    parted = np.flatnonzero(np.diff(classes)) + 0.5
    axes.set_xticks(parted, [""] * len(parted))
    axes.set_yticks(parted, [""] * len(parted))
    axes.tick_params(length=1.5, width=0.4)
    axes.set_title(f"{name}{shown[_MEAN].iloc[0]:.2g}")


def _known(data: xr.Dataset, dim: str) -> xr.Dataset:
    """Leave out the places along a dimension at which there is no kernel."""
    return data.dropna(dim, how="all", subset=[_KERNEL])
