"""The average degrees of redundancy and of vulnerability of the feature maps of a convolution.

The question of figures 4 and 5 of Yu et al. 2021 (arXiv 1804.06537) without its pairs (Gutknecht et al. 2025): in how
many maps, on average, information is found, and how many maps, on average, cannot be spared.
"""

from __future__ import annotations

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from infoplane.figures import maps
from infoplane.figures.against import Quantity
from infoplane.figures.choices import Maps
from infoplane.figures.notes import Notes

READING = maps.READING
_DEGREES = {"degree_of_redundancy": "Degree of redundancy", "degree_of_vulnerability": "Degree of vulnerability"}


def table(summary: xr.DataTree, options: Maps) -> pd.DataFrame:
    """Both degrees of every convolution.

    Raises
    ------
    ConfigError
        If no chosen layer is a convolution, or `hue` is no swept key.
    """
    return maps.table("degrees", summary, options, list(_DEGREES))


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a row of panels for each degree."""
    symbol = maps.SYMBOLS[table["about"].iloc[0]]
    strips = [
        maps.Strip((Quantity(degree),), (f"{name} about {symbol}",), limits=(0,)) for degree, name in _DEGREES.items()
    ]
    return maps.draw(table, strips, notes)
