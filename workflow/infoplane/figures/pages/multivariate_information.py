"""What all feature maps of a convolution know together, under its bound.

Figure 4 of Yu et al. 2021 (arXiv 1804.06537): the multivariate mutual information of each convolution over the
training, a line per topology with its accuracy, under the entropy of the input.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from infoplane.derived import scores
from infoplane.figures import canvas, maps, select, style
from infoplane.figures.against import Quantity
from infoplane.figures.choices import Maps
from infoplane.figures.notes import Notes
from infoplane.schema import DETERMINATION

READING = (
    "MMI: multivariate mutual information, of all feature maps together; "
    f"{maps.READING}; in brackets: accuracy on the test split at the end"
)
_TOGETHER = "multivariate_mutual_information"


def table(summary: xr.DataTree, options: Maps) -> pd.DataFrame:
    """The multivariate mutual information of every convolution, its bound, and each network's score at the end.

    Raises
    ------
    ConfigError
        If no chosen layer is a convolution, or `hue` is no swept key.
    """
    found = maps.table("multivariate_information", summary, options, [_TOGETHER])
    bound = f"entropy_{options.about}"
    entropy = select.group(summary, "information", options)[bound].mean(["seed", "epoch"]).to_series()
    training = summary["training"].to_dataset()
    for name in scores.names(training):
        score = training[name].sel(split="test", drop=True).mean("seed")
        known = score.to_series().dropna().groupby("variant", sort=False).last()
        found = found.assign(**{bound: found["variant"].map(entropy), name: found["variant"].map(known)})
    return found


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw the information against the filters and against the epoch, with its bound."""
    about = table["about"].iloc[0]
    symbol = maps.SYMBOLS[about]
    if DETERMINATION in table:
        notes = replace(notes, foot=tuple(phrase.replace("accuracy on", "accuracy or R² on") for phrase in notes.foot))
    bound = canvas.handle(f"S({symbol})", color=style.GREY, linestyle=style.DASHES[1], linewidth=0.8)
    strip = maps.Strip((Quantity(_TOGETHER),), (f"MMI about {symbol} [bits]",), limits=(f"entropy_{about}",))
    return maps.draw(table, [strip], notes, [bound])
