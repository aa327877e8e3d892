"""The information plane and the modified one of every convolution, side by side.

Figure 6 of Yu et al. 2021 (arXiv 1804.06537): the information plane, in which no compression is to be seen, beside the
plane of non-redundant information, in which it is; a row per network, to compare their nonlinearities. In grey what the
paper does not show: feature maps whose samples are shuffled.
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
from infoplane.schema import CONVOLUTIONAL

READING = f"{plane.READING}; modified: weighted non-redundant information"
_MUTUAL = ("mutual_information_input_layer", "mutual_information_layer_target")
_UNIQUE = "weighted_nonredundant_information"
_SIDES = ("input", "target")
_LIMITS = ["entropy_input", "entropy_target"]


def table(summary: xr.DataTree, options: Measured) -> pd.DataFrame:
    """Both coordinates in both planes, for every convolution with two maps or more, and the bounds S(X) and S(Y).

    Raises
    ------
    ConfigError
        If no chosen layer of any chosen variant is one.
    """
    information = select.group(summary, "information", options)
    unique = select.group(summary, "decomposition", options)[_UNIQUE].reset_coords(drop=True)
    sides = {f"{_UNIQUE}_{about}": unique.sel(about=about, drop=True) for about in _SIDES}
    controls = [kind for kind in ("none", "shuffled_samples") if kind in information["control"]]
    both = information[list(_MUTUAL)].assign(sides).sel(control=controls)
    found = select.rows(both, [*_MUTUAL, *sides])
    found = found[(found["kind"] == CONVOLUTIONAL) & (found["channels"] >= 2)]
    if found.empty:
        raise ConfigError(
            "figure 'planes' needs a convolutional layer with two feature maps or more, and none of "
            f"{', '.join(options.layers or ())} is one; leave this figure out"
        )
    limits = information[_LIMITS].mean(["seed", "epoch"]).to_dataframe()
    return seeds.drawn(found, [*_MUTUAL, *sides]).join(limits[_LIMITS], on="variant")


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw the plane at the left, the modified plane at the right, in a row per variant."""
    limits = {"entropy_input": "S(X)"}, {"entropy_target": "S(Y)"}
    labels = [notes.labels[name] for name in _MUTUAL]
    mutual = Plane(*_MUTUAL, labels[0], labels[1], *limits, bisector=True)
    x, y = (f"{_UNIQUE}_{about}" for about in _SIDES)
    unique = Plane(x, y, "Non-redundant about X [bits]", "Non-redundant about Y [bits]", zero=True)
    return plane.abreast(table, [mutual, unique], notes)
