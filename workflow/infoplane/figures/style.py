"""How every figure looks: sizes, fonts, palettes and markers, and the settings that make files repeatable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.colors import Colormap, LinearSegmentedColormap
from numpy.typing import NDArray

MM = 1 / 25.4  # inches
COLUMN, PAGE = 85.0, 180.0  # widths of a printed column and of a page, mm
TEXT_HEIGHT = 2.9  # of one line of the smallest text, mm
CHARACTER = 1.36  # mean width of one character of the smallest text, mm
SMALL, NORMAL = 7.0, 8.0  # pt

Marker = str | tuple[int, int, int]
Dash = str | tuple[int, tuple[float, ...]]
Look = dict[str, Any]  # keywords of a line
Floats = NDArray[np.float64]

INK, MUTED, GREY, FAINT = "0.15", "0.35", "0.5", "0.7"
WARNING = "#a63603"
ORANGE = "#d55e00"  # what stands beside layers and is none of them
GREEN = "#007a5a"  # what is marked on a path of `over_time`, which has no green
MARKERS: tuple[Marker, ...] = (
    "o",
    "s",
    "^",
    "D",
    "v",
    "P",
    "X",
    "<",
    ">",
    "p",
    "*",
    "d",
    "h",
    (4, 1, 0),
    "8",
    (3, 1, 0),
)
DASHES: tuple[Dash, ...] = ("-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)))


@contextmanager
def applied() -> Iterator[None]:
    """Everything drawn or saved inside has the project's look; settings outside are left as they were."""
    settings: dict[Any, Any] = {
        "font.family": ["DejaVu Sans"],  # ships with matplotlib, so that every machine draws the same
        "font.size": SMALL,
        "axes.labelsize": NORMAL,
        "axes.titlesize": NORMAL,
        "figure.labelsize": NORMAL,
        "axes.titlelocation": "left",
        "axes.linewidth": 0.6,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "xtick.labelsize": SMALL,
        "ytick.labelsize": SMALL,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "xtick.minor.width": 0.4,
        "ytick.minor.width": 0.4,
        "xtick.major.size": 2.5,
        "ytick.major.size": 2.5,
        "xtick.minor.size": 1.5,
        "ytick.minor.size": 1.5,
        "lines.linewidth": 1.2,
        "lines.markersize": 3.6,
        "lines.markeredgewidth": 0.7,
        "legend.fontsize": SMALL,
        "legend.frameon": False,
        "legend.handlelength": 2.2,
        "legend.columnspacing": 1.4,
        "legend.labelspacing": 0.3,
        "svg.fonttype": "none",  # text stays text
        "svg.hashsalt": "infoplane",  # the same figure gives the same file
        "pdf.fonttype": 42,
        "figure.dpi": 300,
    }
    with sns.axes_style("ticks"), mpl.rc_context(settings):
        yield


def categories(count: int) -> list[str]:
    """Distinct colours for unordered things; they repeat after ten, where the marker goes on telling them apart."""
    return list(sns.color_palette("colorblind", count).as_hex())


def over_time() -> Colormap:
    """Cividis without its palest tenth, which would vanish on paper."""
    return LinearSegmentedColormap.from_list("epochs", mpl.colormaps["cividis"](np.linspace(0, 0.9, 256)))


def sequence(count: int) -> list[tuple[float, ...]]:
    """Colours for ordered things, dark to light, so that the order survives in grey; the lightest can still be read.

    Others than those of the epochs, and with more hues, so that eight of them can be told apart.
    """
    return [tuple(colour) for colour in mpl.colormaps["viridis"](np.linspace(0, 0.82, max(count, 2)))[:count]]


def in_depth(layers: Sequence[str], drawn: Iterable[object] | None = None) -> dict[str, Look]:
    """Colours and markers of layers in network order, dark to light from the input on.

    Those of a layer hang on its place among all layers, even where not all are drawn, so that it looks the same in
    every figure.
    """
    present = set(layers if drawn is None else drawn)
    return {
        layer: {"color": colour, "marker": marker(index)}
        for index, (layer, colour) in enumerate(zip(layers, sequence(len(layers)), strict=True))
        if layer in present
    }


def marker(index: int) -> Marker:
    """Return the marker of the thing at this place in its order."""
    return MARKERS[index % len(MARKERS)]
