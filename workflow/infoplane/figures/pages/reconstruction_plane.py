"""What every layer knows about the input, against what it knows about the output or its symmetric layer.

Yu and Príncipe 2019 (arXiv 1804.00057), their two information planes: I(X; T) against I(T; X′), in which a network that
reconstructs its input exactly lies on the bisector; and I(X; T_k) against I(T_k; T_k′). The axes of the second are ours
as far as the paper's text leaves them open.
"""

from __future__ import annotations

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from infoplane.figures import mutual, plane, seeds, select
from infoplane.figures.choices import Reconstructed
from infoplane.figures.frame import Plane
from infoplane.figures.notes import Notes
from infoplane.schema import INPUT

READING = plane.READING
_QUANTITY, _ABOUT = "mutual_information", "reconstruction"
_AGAINST = {"output": f"{_QUANTITY}_{_ABOUT}", "counterpart": f"{_QUANTITY}_pair"}


def table(summary: xr.DataTree, options: Reconstructed) -> pd.DataFrame:
    """Both mutual informations of every layer, or of the first of every pair, at each epoch, and their limits."""
    quantity = _AGAINST[options.against]
    groups = (select.group(summary, name, options) for name in ("information", "layer_pairs"))
    inputs, others = (data.sel(control=["none"]) for data in groups)
    others = others.assign({_AGAINST["output"]: others[_QUANTITY].sel(about=_ABOUT, drop=True)})
    x, y = select.rows(inputs, [mutual.X]), select.rows(others, [quantity])
    if options.against == "counterpart":
        y = y[y["first"] != INPUT].assign(layer=y["first"])
    at = ["variant", "layer", "epoch", "seed"]
    found = x.merge(y[[*at, quantity]], on=at)
    points = seeds.drawn(found.dropna(subset=[mutual.X, quantity]), [mutual.X, quantity])
    return mutual.with_limits(points, summary, options).drop(columns="entropy_target")


def draw(table: pd.DataFrame, notes: Notes) -> Figure:
    """Draw a panel per variant, with S(X), log₂ n and the bisector."""
    (y,) = (name for name in _AGAINST.values() if name in table)
    drawn = mutual.plane(notes)
    label = f"Mutual information {notes.labels[y.removesuffix(f'_{_ABOUT}')]}"
    own = Plane(mutual.X, y, drawn.x_label, label, drawn.x_limits, bisector=True)
    return plane.draw(table, own, notes)
