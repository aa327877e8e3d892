"""How much of what two feature maps know together they share.

Figure 5 of Yu et al. 2021 (arXiv 1804.06537): the redundancy-synergy trade-off and the weighted non-redundant
information as percentages of each pair's joint information, averaged over all pairs; they add up to 100 %.
"""

from __future__ import annotations

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from infoplane.figures import against, canvas, maps, style
from infoplane.figures.against import Quantity
from infoplane.figures.choices import Maps
from infoplane.figures.notes import Notes

READING = f"100 %: what a pair of feature maps knows together; {maps.READING}"
_REDUNDANT = "redundancy_synergy_tradeoff_percent"
_UNIQUE = "weighted_nonredundant_information_percent"
_SHARES = (Quantity(_REDUNDANT, "redundancy − synergy (RST)"), Quantity(_UNIQUE, "non-redundant (WNI)", filled=False))


def table(summary: xr.DataTree, options: Maps) -> pd.DataFrame:
    """Both percentages of every convolution, and the number of pairs that they leave out.

    Raises
    ------
    ConfigError
        If no chosen layer is a convolution, or `hue` is no swept key.
    """
    return maps.table("redundancy_synergy", summary, options, [_REDUNDANT, _UNIQUE, "pairs_excluded"])


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw both shares against the filters in one panel, and each against the epoch, between 0 and 100 %."""
    symbol = maps.SYMBOLS[table["about"].iloc[0]]
    names = ("Share", "RST", "WNI")
    strip = maps.Strip(_SHARES, tuple(f"{name} about {symbol} [%]" for name in names), limits=(0, 100))
    key = [
        canvas.handle(each.name, linestyle=each.dash, **each.look(against.Hue(style.INK, "o"), {})) for each in _SHARES
    ]
    return maps.draw(table, [strip], maps.with_excluded(notes, table), key)
