"""Names at the ends of lines, so that nobody has to look them up in a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from infoplane.figures import style

_HAIR = "0.82"


class End(NamedTuple):
    """Where a line ends, in data, its name, and the colour of the name."""

    x: float
    y: float
    name: str
    colour: str = style.INK


def spaced(wanted: Sequence[float], gap: float, top: float) -> list[float]:
    """Move sorted positions as little as possible, in squares, for this gap between them, from 0 to the top."""
    steps = gap * np.arange(len(wanted))
    free = np.asarray(wanted, dtype=float) - steps  # without the gaps, what is left is isotonic regression
    monotone = [
        max(min(free[low : high + 1].mean() for high in range(here, len(free))) for low in range(here + 1))
        for here in range(len(free))
    ]
    room = max(top - gap * (len(wanted) - 1), 0.0)
    return list(np.clip(monotone, 0.0, room) + steps)


def beside(axes: Axes, ends: Sequence[End], height: float) -> None:
    """Name lines at their ends, in a column right of the panel: no name touches another, a hair line leads to each.

    The hair lines are behind everything and paler than any line of a figure, as they may have to cross the panel.

    Parameters
    ----------
    axes
        The panel; its limits must be final.
    ends
        The lines to name; one without a name stays without.
    height
        About the height of the panel, mm.
    """
    to_panel = axes.transData + axes.transAxes.inverted()
    placed = sorted((float(to_panel.transform((end.x, end.y))[1]), end) for end in ends if end.name)
    levels = spaced([fraction for fraction, _ in placed], style.TEXT_HEIGHT / height, 1.0)
    for level, (_, end) in zip(levels, placed, strict=True):
        axes.annotate(
            end.name,
            (end.x, end.y),
            (1.05, level),
            textcoords="axes fraction",
            va="center",
            color=end.colour,
            annotation_clip=False,
            zorder=0.4,
            arrowprops={
                "arrowstyle": "-",
                "linewidth": 0.3,
                "color": _HAIR,
                "shrinkA": 1,
                "shrinkB": 2.5,
                "relpos": (0, 0.5),
            },
        )


def below(panels: Sequence[Axes], names: Sequence[str], width: float) -> None:
    """Put names on the horizontal axes that panels of about this width in mm share, upright where they would touch."""
    panels[0].set_xticks(range(len(names)), names)
    panels[0].set_xlim(-0.5, len(names) - 0.5)
    longest = max(len(line) for name in names for line in name.splitlines())
    upright = len(names) * (longest + 1.5) * style.character() > width
    for axes in panels:
        axes.tick_params(axis="x", rotation=90 if upright else 0)
