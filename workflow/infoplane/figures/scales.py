"""One range for the vertical axes of several panels."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter

from infoplane.figures import style

_SMALLEST = 1e-9  # of the largest value: what is smaller still leaves a logarithmic axis below


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
