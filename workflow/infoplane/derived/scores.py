"""How well networks do, the more the better: accuracy, or R² of continuous targets."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from infoplane.schema import SCORES

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr


def names(training: xr.Dataset) -> list[str]:
    """Names of the scores that some network has; there are several only where data sets of both kinds are swept."""
    return [name for name in SCORES if name in training]


def score(training: xr.Dataset) -> xr.DataArray:
    """The score of every network, whichever it has, with the dimensions of the loss."""
    known = [training[name] for name in names(training)]
    return reduce(lambda one, other: one.fillna(other), known)
