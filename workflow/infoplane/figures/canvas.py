"""An empty page: its size in millimetres, panels that wrap, and the lines above and under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from textwrap import wrap
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from infoplane.figures import style
from infoplane.figures.epochs import EpochScale
from infoplane.figures.notes import Notes

_MARGIN = 1.5  # mm around everything
_KEY_ROW = 3.6  # mm, one row of the key
_KEY_HANDLE = 10.0  # mm, a line in the key with the space around it
_STACKED = 5  # variants below one another at most, before two come side by side
_PANEL, _NARROW = 40.0, 24.0  # mm, the least width of a panel, and of one of several that belong together
_GLUE = (" ·", " = ", " × ", " / ", "; ", "σ: ", "log₂ ", "± ")  # no line ends at these spaces
_UNBROKEN = "\N{NO-BREAK SPACE}"
PREVIEW = "PREVIEW: a short run on part of the data, to look at the figure and not at the result"


Sharing = Literal["none", "all", "row", "col"]
AxesGrid = NDArray[Any]


@dataclass(frozen=True)
class Canvas:
    """A figure of a fixed width: a key above, the body with the panels, and the notes at the foot."""

    figure: Figure
    body: SubFigure
    width: float
    height: float

    @classmethod
    def blank(cls, *, width: float, height: float, notes: Notes, key: Sequence[Sequence[Line2D]]) -> Canvas:
        """Lay out a page whose panels together are this high; sizes in mm, every group of the key on its own rows."""
        foot = wrapped(" · ".join(notes.foot), width - 2 * _MARGIN)
        heads = wrapped(PREVIEW, width - 2 * _MARGIN) if notes.preview else []
        preview = len(heads) * style.TEXT_HEIGHT + 1 if heads else 0
        top = _MARGIN + preview + sum(_rows(group, width) * _KEY_ROW for group in key) + 1
        bottom = _MARGIN + len(foot) * style.TEXT_HEIGHT * 1.1 + 1.5
        whole = top + height + bottom
        figure = Figure(figsize=(style.inches(width), style.inches(whole)), layout="constrained")
        FigureCanvasAgg(figure)
        parts = figure.subfigures(3, 1, squeeze=False, height_ratios=[top, height, bottom], hspace=0)
        head, body, under = parts[:, 0]
        left = _MARGIN / width
        if heads:
            head.text(left, 1 - _MARGIN / top, "\n".join(heads), va="top", weight="bold", color=style.WARNING)
        down = _MARGIN + preview
        for group in key:
            _draw_key(head, group, width, (left, 1 - down / top))
            down += _rows(group, width) * _KEY_ROW
        under.text(left, _MARGIN / bottom, "\n".join(foot), va="bottom", color=style.MUTED, linespacing=1.1)
        return cls(figure, body, width, height)

    def grid(
        self,
        heights: Sequence[float],
        columns: int,
        *,
        sharex: Sharing,
        sharey: Sharing,
        widths: Sequence[float] | None = None,
    ) -> AxesGrid:
        """Add rows of panels of these relative heights, and of these relative widths or equal ones."""
        grid: AxesGrid = self.body.subplots(
            len(heights),
            columns,
            sharex=sharex,
            sharey=sharey,
            squeeze=False,
            height_ratios=heights,
            width_ratios=widths,
        )
        return grid

    def panels(self, count: int, columns: int, *, sharex: Sharing = "all", sharey: Sharing = "all") -> list[Axes]:
        """Add panels that wrap after so many columns, row by row; the last row may be short."""
        grid = self.grid([1] * ceil(count / columns), columns, sharex=sharex, sharey=sharey)
        used = list(grid.flat[:count])
        for spare in grid.flat[count:]:
            spare.remove()
        for axes in used[max(count - columns, 0) :]:
            axes.tick_params(labelbottom=True)
        return used

    def label(self, x: str = "", y: str = "") -> None:
        """Label the axes that all panels share."""
        if x:
            self.body.supxlabel(title(x, self.width - 8))
        if y:
            self.body.supylabel(title(y, self.height - 14))

    def colour_bar(self, panels: Sequence[Axes], scale: EpochScale) -> None:
        """Add the colours of the epochs, right of the panels."""
        bar = self.body.colorbar(
            ScalarMappable(scale.norm, style.over_time()),
            ax=list(panels),
            aspect=40,
            pad=0.02,
            fraction=0.04,
            shrink=min(1.0, 80 / self.height),
            anchor=(0, 1),
            label="Epoch",
        )
        positions, labels = scale.ticks(min(80, self.height) - 15, which="y")
        bar.minorticks_off()
        bar.set_ticks(positions, labels=labels)
        bar.outline.set_visible(False)


@dataclass(frozen=True)
class Blocks:
    """Where blocks of panels stand, such as one for every variant.

    Parameters
    ----------
    count, size
        Number of blocks, and of panels in each.
    abreast
        Blocks side by side.
    across
        Panels of a block side by side: all of them, or a part that fills whole rows.
    """

    count: int
    size: int
    abreast: int
    across: int

    @classmethod
    def of(cls, count: int, size: int, abreast: int = 1, least: float = _NARROW) -> Blocks:
        """Lay out blocks, so many side by side if the page is wide enough for panels of this least width, mm."""
        fit = fitting(abreast * size, least)
        across = max(columns for columns in range(1, min(size, fit) + 1) if size % columns == 0)
        return cls(count, size, abreast if fit == abreast * size else 1, across)

    @property
    def columns(self) -> int:
        """Panels side by side."""
        return self.abreast * self.across

    @property
    def rows(self) -> int:
        """Rows of blocks."""
        return ceil(self.count / self.abreast)

    @property
    def deep(self) -> int:
        """Rows of panels in a block."""
        return self.size // self.across

    def title(self, panels: Sequence[Axes], texts: Sequence[str], headings: Sequence[Sequence[str]]) -> None:
        """Title each block by its text, over its first panel and beyond, and each panel by its heading.

        A heading that the panel above has too is left out.
        """
        for block, (text, own) in enumerate(zip(texts, headings, strict=True)):
            alike = self.deep == 1 and block >= self.abreast
            above = headings[block - self.abreast] if alike else [""] * self.size
            shown = ["" if list(above) == list(own) else heading for heading in own]
            for place, (axes, heading) in enumerate(zip(panels[block * self.size :], shown, strict=False)):
                axes.set_title("\n".join(filter(None, [text if place == 0 else "", heading])))


def settled(figure: Figure) -> Figure:
    """Lay a figure out once and for all, so that every format and every run has the same layout to the bit."""
    for axes in figure.findobj(Axes):
        # Else their number, and their look, hang on the settings of whoever saves the figure.
        axes.tick_params(labelsize=style.points(style.SMALL), labelfontfamily=style.family())
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for part in figure.subfigs:  # the layout's solver leaves the last bits to chance
        part.bbox_relative.bounds = np.round(part.bbox_relative.bounds, 5)
    for axes in figure.findobj(Axes):
        axes.set_position(np.round(axes.get_position(original=True).bounds, 5))
    return figure


def wrapped(text: str, width: float) -> list[str]:
    """Break a text into lines of at most so many millimetres, in the smallest type; a symbol stays with its value."""
    for glue in _GLUE:
        text = text.replace(glue, glue.replace(" ", _UNBROKEN))
    return [line.replace(_UNBROKEN, " ") for line in wrap(text, _most(width))]


def title(text: str, width: float) -> str:
    """Break a panel's title so that it ends above its own panel: at its commas, and a name that is longer at `_`."""
    narrower = width * style.SMALL / style.NORMAL
    most = _most(narrower)
    parts = [part.replace(" ", _UNBROKEN) if len(part) < most else part for part in text.split(", ")]
    words = [word.replace("_", "_ ") if len(word) > most else word for word in ", ".join(parts).split(" ")]
    return "\n".join(line.replace("_ ", "_") for line in wrapped(" ".join(words), narrower))


def _most(width: float) -> int:
    """Characters in a line of so many millimetres."""
    return max(int(width / style.character()), 8)


def fitting(wanted: int, least: float = _PANEL) -> int:
    """Return how many panels stand side by side: as many as wanted, or fewer if they would not be so wide, in mm."""
    return max(1, min(wanted, int(style.page() / least)))


def stacked(variants: int, least: float = _PANEL) -> tuple[int, int]:
    """Return the number of rows, and of variants side by side in each: one, or two if they are many and have room."""
    in_a_row = fitting(2, least) if variants > _STACKED else 1
    return ceil(variants / in_a_row), in_a_row


def lines(text: str) -> int:
    """Return the number of lines of a title."""
    return text.count("\n") + bool(text)


def handle(label: str, **look: Any) -> Line2D:
    """Return one entry of the key."""
    return Line2D([], [], label=label, **look)


def _draw_key(head: SubFigure, group: Sequence[Line2D], width: float, corner: tuple[float, float]) -> None:
    columns = _columns(group, width)
    across = [group[place] for column in range(columns) for place in range(column, len(group), columns)]
    key = head.legend(
        handles=across, ncols=columns, loc="upper left", bbox_to_anchor=corner, borderaxespad=0, borderpad=0
    )
    key.set_in_layout(False)


def _columns(group: Sequence[Line2D], width: float) -> int:
    longest = max(len(str(entry.get_label())) for entry in group)
    return min(len(group), max(1, int((width - 2 * _MARGIN) / (longest * style.character() + _KEY_HANDLE))))


def _rows(group: Sequence[Line2D], width: float) -> int:
    return ceil(len(group) / _columns(group, width))
