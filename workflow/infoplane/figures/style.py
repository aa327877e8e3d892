"""How every figure looks: sizes, fonts, palettes and markers, and the settings that make files repeatable.

Lengths in this package are millimetres on a figure whose smallest text has 7 pt. A `Style` with another size of text
magnifies the whole, so that all lengths go with the text: what a page of 180 mm is at 7 pt, one of 140 mm is at 9 pt.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import TextPath
from numpy.typing import NDArray

log = logging.getLogger(__name__)
MM = 1 / 25.4  # inches
TEXT_HEIGHT = 2.9  # of one line of the smallest text, mm
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


SHIPPED = "DejaVu Sans"  # with matplotlib, so that every machine draws the same
_CHARACTER = 1.36  # mean width of one character of the smallest text of that font, mm
_SAMPLE = "Mutual information I(X; T) of layer conv1 [bits], 3 seeds (0 to 2), n = 100"


@dataclass(frozen=True)
class Style:
    """What an experiment may choose of the look of its figures; `of` makes one of the key ``style``.

    Parameters
    ----------
    width
        Which of the two widths figures have, that which they need by default, or one for all of them, mm.
    column, page
        Widths of a figure that one panel fills, and of any other, mm.
    font
        Family of all text.
    font_size
        Of the smallest text, pt; all lengths go with it.
    epochs, layers, groups
        Palettes of epochs, of what else has an order, such as layers, and of what has none; the last by name or as
        colours.
    """

    width: Literal["fitting", "column", "page"] | float = "fitting"
    column: float = 85.0
    page: float = 180.0
    font: str = SHIPPED
    font_size: float = SMALL
    epochs: str = "cividis"
    layers: str = "viridis"
    groups: str | tuple[str, ...] = "colorblind"

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Style:
        """Return the style that the key ``style`` asks for, checked and complete."""
        chosen: dict[str, Any] = {**settings, **settings["palette"]}
        del chosen["palette"]
        if isinstance(chosen["groups"], list):
            chosen["groups"] = tuple(chosen["groups"])
        return cls(**chosen)

    @property
    def magnified(self) -> float:
        """How many times as large all is as with text of 7 pt."""
        return self.font_size / SMALL


_used: ContextVar[Style] = ContextVar("style", default=Style())  # noqa: B039 (it is frozen)


@contextmanager
def using(chosen: Style) -> Iterator[None]:
    """Everything drawn or saved inside has this style."""
    token = _used.set(chosen)
    try:
        yield
    finally:
        _used.reset(token)


def column() -> float:
    """Width of a figure that one panel fills, mm at 7 pt."""
    return _width("column")


def page() -> float:
    """Width of a figure that needs more, mm at 7 pt."""
    return _width("page")


def _width(wanted: Literal["column", "page"]) -> float:
    used = _used.get()
    chosen = wanted if used.width == "fitting" else used.width
    width: float = getattr(used, chosen) if isinstance(chosen, str) else chosen
    return width / used.magnified


def inches(length: float) -> float:
    """Return a length in mm at 7 pt as inches on the figure."""
    return length * MM * _used.get().magnified


def points(size: float) -> float:
    """Return a size in pt beside text of 7 pt as that on the figure."""
    return size * _used.get().magnified


def character() -> float:
    """Mean width of one character of the smallest text, mm at 7 pt."""
    return _CHARACTER * _relative_width(_used.get().font)


def family() -> str:
    """Return the family of all text: the one that is asked for, or the one that ships where there is no such font."""
    return _found(_used.get().font)


@cache
def _found(font: str) -> str:
    try:
        return str(get_font(findfont(FontProperties(family=font), fallback_to_default=False)).family_name)
    except ValueError:
        log.warning(
            "font %r is not installed here; figures are drawn in %s. Install it, or name another", font, SHIPPED
        )
        return SHIPPED


@cache
def _relative_width(font: str) -> float:
    """How wide a text is beside the same one in the font that ships."""
    own, shipped = (
        TextPath((0, 0), _SAMPLE, size=SMALL, prop=FontProperties(family=each)).get_extents().width
        for each in (_found(font), SHIPPED)
    )
    return float(own / shipped)


@contextmanager
def applied() -> Iterator[None]:
    """Everything drawn or saved inside has the look of the style in use; settings outside are left as they were."""
    small, normal = points(SMALL), points(NORMAL)
    settings: dict[Any, Any] = {
        "font.family": list(dict.fromkeys([family(), SHIPPED])),  # the second for signs that the first lacks
        "font.size": small,
        "axes.labelsize": normal,
        "axes.titlesize": normal,
        "figure.labelsize": normal,
        "axes.titlelocation": "left",
        "axes.linewidth": 0.6,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "xtick.labelsize": small,
        "ytick.labelsize": small,
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
        "legend.fontsize": small,
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
    groups = _used.get().groups
    return list(sns.color_palette(groups if isinstance(groups, str) else list(groups), count).as_hex())


def over_time() -> Colormap:
    """The palette of the epochs without its palest tenth, which would vanish on paper."""
    return LinearSegmentedColormap.from_list("epochs", mpl.colormaps[_used.get().epochs](np.linspace(0, 0.9, 256)))


def sequence(count: int) -> list[tuple[float, ...]]:
    """Colours for ordered things, dark to light, so that the order survives in grey; the lightest can still be read.

    By default others than those of the epochs, and with more hues, so that eight of them can be told apart.
    """
    colours = mpl.colormaps[_used.get().layers](np.linspace(0, 0.82, max(count, 2)))[:count]
    return [tuple(colour) for colour in colours]


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
