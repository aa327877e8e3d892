"""The modified information plane: only what the feature maps know beyond their redundancy.

Figure 6 (lower row) of Yu et al. 2021 (arXiv 1804.06537): weighted non-redundant information about the input
against that about the target, in bits; it shows compression that the information plane hides.
"""

from __future__ import annotations

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from infoplane.errors import ConfigError
from infoplane.figures import plane, seeds, select
from infoplane.figures.choices import Measured
from infoplane.figures.frame import Plane
from infoplane.figures.notes import Notes

READING = plane.READING
_QUANTITY = "weighted_nonredundant_information"
_X, _Y = f"{_QUANTITY}_input", f"{_QUANTITY}_target"


def table(summary: xr.DataTree, options: Measured, most: float = seeds.MOST) -> pd.DataFrame:
    """Non-redundant information about input and target of every convolution with two maps or more.

    Raises
    ------
    ConfigError
        If no chosen layer of any chosen variant is one.
    """
    data = select.group(summary, "decomposition", options).sel(control=["none"])[_QUANTITY]
    both = xr.Dataset({f"{_QUANTITY}_{about}": data.sel(about=about, drop=True) for about in ("input", "target")})
    found = select.rows(both, [_X, _Y])
    found = found[(found["kind"] == "convolutional") & (found["channels"] >= 2)]
    if found.empty:
        raise ConfigError(
            "figure 'modified_information_plane' needs a convolutional layer with two feature maps or more, and "
            f"none of {', '.join(options.layers or ())} is one; leave this figure out"
        )
    return seeds.drawn(found, [_X, _Y], most)


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a panel per variant, with the zero lines."""
    return plane.draw(table, spanned(notes), notes)


def spanned(notes: Notes) -> Plane:
    """Return the plane in which the figure and an animation show the table."""
    quantity, _, unit = notes.labels[_QUANTITY].partition(" [")
    x_label, y_label = (f"{quantity} about {what} [{unit}" for what in ("X", "Y"))
    return Plane(_X, _Y, x_label, y_label, zero=True)
