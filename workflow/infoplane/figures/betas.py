"""A logarithmic axis of β on which 0 and infinity have places of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator
from numpy.typing import ArrayLike

from infoplane.figures import style

_GAP = 0.25  # of the length of the finite part, between it and 0 or infinity
_WIDE = 4.0  # a range of this factor has ticks at 1, 2 and 5 times powers of ten
_DECADES = 3  # so many powers of ten do without the others
_NEAR = 1.02  # a tick may lie beyond the values by this factor
_PLAIN = 1e5  # from here on, and below its inverse, numbers are written by powers of ten
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@dataclass(frozen=True)
class BetaScale:
    """Where each β lies on a logarithmic axis.

    Parameters
    ----------
    low, high
        The least and the greatest β that is above 0 and finite.
    zero, infinite
        Whether the axis has a place for 0 below, and for infinity above.
    """

    low: float
    high: float
    zero: bool
    infinite: bool

    @classmethod
    def of(cls, betas: ArrayLike) -> BetaScale:
        """Return the scale on which all these have a place; NaN needs none."""
        values = np.asarray(betas, dtype=float)
        between = values[(values > 0) & np.isfinite(values)]
        low, high = (float(between.min()), float(between.max())) if between.size else (1.0, 1.0)
        return cls(low, high, bool((values == 0).any()), bool(np.isposinf(values).any()))

    def position(self, betas: ArrayLike) -> style.Floats:
        """Return the positions on a logarithmic axis, all finite but for NaN."""
        values = np.asarray(betas, dtype=float)
        bottom, top = self.low / self._step, self.high * self._step
        return np.where(values == 0, bottom, np.where(np.isposinf(values), top, values))

    def ticks(self, height: float) -> dict[float, str]:
        """Labels by β on an axis of this height in millimetres: infinity, 0, and round numbers between them, as fit."""
        bottom, top = np.log(self._ends)
        ends = {np.inf: "∞"} if self.infinite else {}
        kept: dict[float, str] = {**ends, **({0.0: "0"} if self.zero else {})}
        for tick in self._round():
            places = np.log(self.position([tick, *kept]))
            if (np.abs(places[1:] - places[0]) * height > 1.2 * style.TEXT_HEIGHT * (top - bottom)).all():
                kept[tick] = _words(tick)
        return kept

    def put_on(self, axes: Axes, height: float) -> None:
        """Make this the vertical axis, of about this height in millimetres."""
        ticks = self.ticks(height)
        axes.set_yscale("log")
        axes.set_ylim(*self._ends)
        axes.yaxis.set_major_locator(FixedLocator(self.position(list(ticks)).tolist()))
        axes.yaxis.set_major_formatter(FixedFormatter(list(ticks.values())))
        axes.yaxis.set_minor_locator(NullLocator())

    @property
    def _ends(self) -> tuple[float, float]:
        """Where the axis ends: a little beyond everything on it."""
        margin = self._step**0.4
        low, high = self.position([0.0 if self.zero else self.low, np.inf if self.infinite else self.high])
        return float(low) / margin, float(high) * margin

    @property
    def _step(self) -> float:
        """The factor from the finite part to 0 or infinity."""
        return float(max(self.high / self.low, 1.2) ** _GAP)

    def _round(self) -> list[float]:
        """Powers of ten over a wide range, and over a narrower one other round numbers, the most important first."""
        if self.low == self.high:
            return [self.low]
        if self.high / self.low < _WIDE:
            return self._inside(np.asarray(MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(self.low, self.high)))
        powers = 10.0 ** np.arange(np.floor(np.log10(self.low)), np.ceil(np.log10(self.high)) + 1)
        decades = self._inside(powers)
        return decades if len(decades) >= _DECADES else self._inside(np.outer([1, 2, 5], powers).ravel())

    def _inside(self, ticks: style.Floats) -> list[float]:
        return [float(tick) for tick in ticks if self.low / _NEAR <= tick <= self.high * _NEAR and tick > 0]


def _words(tick: float) -> str:
    """Return a round number as it is written: 20, 1000, 10⁵, 2·10⁵."""
    if 1 / _PLAIN < tick < _PLAIN:
        return f"{tick:g}"
    factor, power = f"{tick:.0e}".split("e")
    ten = f"10{str(int(power)).translate(_SUPERSCRIPTS)}"
    return ten if factor == "1" else f"{factor}·{ten}"
