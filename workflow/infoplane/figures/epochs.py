"""Epochs on a logarithmic scale on which the untrained network, epoch 0, has a place of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from infoplane.figures import style

_GAP = 0.16  # of the scale's length, between the untrained network and the first epoch


@dataclass(frozen=True)
class EpochScale:
    """Where each epoch lies on a logarithmic axis or colour bar.

    Parameters
    ----------
    first, last
        The first epoch after 0, and the last one.
    untrained
        Position of epoch 0, or None if no network is drawn untrained.
    """

    first: float
    last: float
    untrained: float | None

    @classmethod
    def of(cls, epochs: Iterable[float]) -> EpochScale:
        """Return the scale on which all these epochs have a place."""
        drawn = np.unique(np.asarray(list(epochs), dtype=float))
        later = drawn[drawn > 0]
        first, last = (float(later[0]), float(later[-1])) if later.size else (1.0, 1.0)
        length = max(last / first, 2.0) ** (_GAP / (1 - _GAP))
        return cls(first, last, first / length if 0 in drawn else None)

    def position(self, epochs: Iterable[float]) -> style.Floats:
        """Return the epochs as positive numbers, for a logarithmic axis or colour map."""
        values = np.asarray(list(epochs), dtype=float)
        return np.where(values == 0, self.untrained or self.first, values)

    @property
    def norm(self) -> LogNorm:
        """From positions to the range of a colour map."""
        start, end = self._ends
        return LogNorm(start, end)

    def ticks(self, length: float, *, which: Literal["x", "y"] = "x") -> tuple[list[float], list[str]]:
        """Positions and labels on an axis of this length in millimetres: 0, powers of ten, and the ends, as fit."""
        room = _room if which == "x" else _height
        decades = [10.0**power for power in range(-6, 9) if self.first <= 10.0**power <= self.last]
        untrained = [] if self.untrained is None else [self.untrained]
        wanted = [self.last, *untrained, *([] if len(decades) > 1 else [self.first]), *decades]
        kept: dict[float, str] = {}
        for tick in wanted:  # in order of importance
            label = "0" if tick == self.untrained else f"{tick:.0f}" if tick >= 10 else f"{tick:.3g}"
            if all(self._apart(tick, other) * length > room(label, text) for other, text in kept.items()):
                kept[tick] = label
        return sorted(kept), [kept[tick] for tick in sorted(kept)]

    def put_on(self, axes: Axes, length: float, *, which: Literal["x", "y"] = "x") -> None:
        """Make this the horizontal axis, or the vertical one, of about this length in millimetres."""
        start, end = self._ends
        margin = (end / start) ** 0.04
        axes.set(**{f"{which}scale": "log", f"{which}lim": (start / margin, end * margin)})
        positions, labels = self.ticks(length, which=which)
        axis = axes.xaxis if which == "x" else axes.yaxis
        axis.set_major_locator(FixedLocator(positions))
        axis.set_major_formatter(FixedFormatter(labels))
        axis.set_minor_locator(NullLocator())

    @property
    def _ends(self) -> tuple[float, float]:
        start = self.first if self.untrained is None else self.untrained
        return start, max(self.last, start * 2)

    def _apart(self, one: float, other: float) -> float:
        """Distance of two positions, as a fraction of the scale's length."""
        start, end = self._ends
        return float(abs(np.log(one / other)) / np.log(end / start))


def _room(one: str, other: str) -> float:
    """Return the distance in millimetres that two neighbouring labels need."""
    return (len(one) + len(other)) / 2 * style.character() + 1.5


def _height(*_: str) -> float:
    """Return the distance in millimetres that two labels above one another need."""
    return 1.5 * style.TEXT_HEIGHT
