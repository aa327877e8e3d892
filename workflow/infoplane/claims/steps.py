"""Steps from one layer or pair of layers to the next, how many do not rise, and the stages of training to look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from infoplane.claims.claim import TOLERANCE
from infoplane.derived import chains, ends

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr

    from infoplane.claims.evidence import Evidence

Steps = Callable[["xr.DataArray", str], np.ndarray]  # from values and a variant to its falls, (pair, seed)
_FIRST = 1.0  # the epoch of the second stage


def stages(evidence: Evidence, values: xr.DataArray) -> list[xr.DataArray]:
    """Values of the untrained networks, after one epoch, and at the end; of these the first alone, if untrained.

    A network that ends with the epoch nearest to one has no third stage.
    """
    untrained = ends.at(values, 0.0)
    if evidence.untrained:
        return [untrained]
    first, last = ends.nearest_epoch(values, _FIRST), ends.last_epoch(values)
    return [untrained, ends.at(values, first), ends.at(values, last.where(last > first))]


def share_of_falls(stages: list[xr.DataArray], steps: Steps) -> xr.DataArray:
    """Share of the steps of every stage and variant that rise by no more than the tolerance, (seed)."""
    kept, counted = np.zeros(stages[0].sizes["seed"]), np.zeros(stages[0].sizes["seed"])
    for values in stages:
        for variant in values["variant"].values.tolist():
            falls = steps(values, variant)
            kept += (falls >= -TOLERANCE).sum(0)
            counted += np.isfinite(falls).sum(0)
    share = np.divide(kept, np.where(counted > 0, counted, np.nan))
    found: xr.DataArray = stages[0]["seed"].astype(float).copy(data=share)
    return found


def forward(values: xr.DataArray, variant: str) -> np.ndarray:
    """Falls on the pairs of layers along which data processing is a theorem, (pair, seed)."""
    falls = chains.falls(values, variant, chains.markov_pairs(values, variant))
    found: np.ndarray = np.asarray(falls.transpose("pair", "seed"))
    return found


def in_order(values: xr.DataArray, variant: str) -> np.ndarray:
    """Falls from layer to layer in the order in which they are given, (pair, seed)."""
    rows = np.asarray(values.sel(variant=variant).transpose("layer", "seed"))
    falls: np.ndarray = -np.diff(rows[~np.isnan(rows).all(-1)], axis=0)
    return falls


def untrained(values: xr.DataArray, steps: Steps) -> str:
    """How many steps of the untrained networks do not rise, in one sentence."""
    before = ends.at(values, 0.0)
    if before.isnull().all():
        return "No untrained network was looked at."
    share = float(share_of_falls([before], steps).mean())
    if np.isnan(share):
        return "The untrained networks have no step between layers of which it speaks."
    return f"Of the untrained networks' steps {100 * share:.0f} % keep it."
