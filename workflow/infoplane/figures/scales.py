"""One range for the vertical axes of several panels, and a horizontal axis of numbers of things."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, LogLocator, NullFormatter, NullLocator

from infoplane.figures import style

_SMALLEST = 1e-9  # of the largest value: what is smaller still leaves a logarithmic axis below
_CLOSEST = 3.4  # mm: tick labels nearer than this would touch


def logarithmic(panels: Sequence[Axes], values: style.Floats) -> None:
    """Give the panels one logarithmic range; without a positive value they stay as they are."""
    positive = values[values > 0]
    if not positive.size:
        return
    high = float(positive.max())
    low = max(float(positive.min()), _SMALLEST * high)
    margin = max(high / low, 1.2) ** 0.05
    for axes in panels:
        axes.set_yscale("log", nonpositive="mask")
        axes.set_ylim(low / margin, high * margin)
        if floor(log10(high)) - ceil(log10(low)) < 1:  # one power of ten or none
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())


def linear(panels: Sequence[Axes], values: style.Floats) -> None:
    """Give the panels one range; without a value they stay as they are."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return
    low, high = float(finite.min()), float(finite.max())
    margin = 0.05 * (high - low or 1.0)
    for axes in panels:
        axes.set_ylim(low - margin, high + margin)


def counted(axes: Axes, counts: Sequence[float], ends: tuple[float, float], width: float) -> None:
    """Make a number of things the horizontal axis, in octaves, with a tick at every number that has room.

    Parameters
    ----------
    axes
        The panel.
    counts
        Numbers of things, in rising order.
    ends
        Of the axis.
    width
        About the width of the panel, mm.
    """
    (start, end), kept = ends, [counts[0]]
    for count in counts[1:]:
        if count / kept[-1] > (end / start) ** (_CLOSEST / width):
            kept.append(count)
    axes.set_xscale("log", base=2)
    axes.set_xlim(start, end)
    axes.xaxis.set_major_locator(FixedLocator(kept))
    axes.xaxis.set_major_formatter(FixedFormatter([f"{count:g}" for count in kept]))
    axes.xaxis.set_minor_locator(NullLocator())
