"""Pairs of layers along which data processing is a theorem of Shannon information, for figures and claims alike."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr


def pairs(data: xr.Dataset | xr.DataArray, variant: str) -> list[tuple[str, str]]:
    """Pairs (before, after) of a variant's layers, in network order: X → before → after is a Markov chain.

    Parameters
    ----------
    data
        With the coordinates ``kind`` and ``depth``, (variant, layer), of a summary.
    variant
        Which network.
    """
    own = data.coords.to_dataset().sel(variant=variant)
    there = [name for name, kind in zip(own["layer"].values.tolist(), own["kind"].values, strict=True) if kind]
    layers = sorted(there, key=lambda name: float(own["depth"].sel(layer=name)))
    return list(pairwise(layers))


def falls(values: xr.DataArray, variant: str) -> xr.DataArray:
    """How much a quantity of layers falls from the first to the second of each pair, (…, pair).

    Parameters
    ----------
    values
        (variant, layer, …), with coordinates as for `pairs`.
    variant
        Which network.
    """
    import xarray as xr

    known = pairs(values, variant)
    own = values.sel(variant=variant, drop=True).reset_coords(drop=True)
    found = [own.sel(layer=before, drop=True) - own.sel(layer=after, drop=True) for before, after in known]
    names = [f"{before} → {after}" for before, after in known]
    return xr.concat(found, dim="pair").assign_coords(pair=names) if found else own.isel(layer=[]).rename(layer="pair")
