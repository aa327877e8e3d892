"""Norms of the gradient against the epoch, two lines per layer, for the figures of training and of gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from infoplane.figures import canvas, seeds, style

_NAMES = ("gradient's mean", "gradient's s.d.")
_DASHES = (style.DASHES[0], style.DASHES[2])


def draw(axes: Axes, shown: pd.DataFrame, looks: Mapping[str, style.Look], columns: Sequence[str]) -> None:
    """Draw the mean over seeds of two columns, that of the gradient's mean and that of its standard deviation.

    The rows have their place on the axis of epochs in the column ``place``.
    """
    for index, (layer, look) in enumerate(looks.items()):
        of_layer = seeds.means(shown[shown["layer"] == layer])
        every = max(len(of_layer) // 4, 1)
        start = index * every // len(looks)  # so that the markers of layers on one line do not coincide
        for name, dash in zip(columns, _DASHES, strict=True):
            place, norm = of_layer["place"].to_numpy(), of_layer[name].to_numpy()
            axes.plot(place, norm, linestyle=dash, markevery=(start, every), markersize=2.8, linewidth=0.9, **look)


def kinds() -> list[Line2D]:
    """Return the entries of the key for the two lines of a layer."""
    named = zip(_NAMES, _DASHES, strict=True)
    return [canvas.handle(name, color=style.INK, linestyle=dash, linewidth=0.9) for name, dash in named]


def places(looks: Mapping[str, style.Look]) -> list[Line2D]:
    """Return the entries of the key for the layers."""
    return [canvas.handle(layer, linewidth=0.9, **look) for layer, look in looks.items()]
