"""Pairs of layers along which data processing is a theorem of Shannon information, and others that are joined.

The pairs are those of the network's graph, not of its list of layers: see `infoplane.models.graph`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from infoplane.schema import INPUT

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr

Pair = tuple[str, str]


def markov_pairs(data: xr.Dataset | xr.DataArray, variant: str) -> list[Pair]:
    """Pairs (before, after) of a variant's layers, in network order: X → before → after is a Markov chain.

    Parameters
    ----------
    data
        With the coordinate ``dominator``, (variant, layer), of a summary.
    variant
        Which network.
    """
    return [(before, after) for after, before in _of_layers(data, variant, "dominator") if before not in {"", INPUT}]


def bypassed(data: xr.Dataset | xr.DataArray, variant: str) -> list[Pair]:
    """Pairs (before, after) of which the first feeds the second while something goes round it: no theorem of the two.

    Parameters
    ----------
    data
        With the coordinates ``dominator`` and ``inputs``, (variant, layer), of a summary.
    variant
        Which network.
    """
    nearest = dict(_of_layers(data, variant, "dominator"))
    joined = [(before, after) for after, names in _of_layers(data, variant, "inputs") for before in names.split(", ")]
    return [(before, after) for before, after in joined if before not in {"", INPUT, nearest[after]}]


def falls(values: xr.DataArray, variant: str, pairs: Sequence[Pair]) -> xr.DataArray:
    """How much a quantity of a variant's layers falls from the first to the second of each pair, (…, pair).

    Parameters
    ----------
    values
        (variant, layer, …).
    variant
        Which network.
    pairs
        Of its layers.
    """
    own = values.sel(variant=variant, drop=True).reset_coords(drop=True)
    before, after = (own.sel(layer=[pair[side] for pair in pairs]).drop_vars("layer") for side in (0, 1))
    return (before - after).rename(layer="pair").assign_coords(pair=[named(pair) for pair in pairs])


def named(pair: Pair) -> str:
    """A pair as figures name it."""
    return " → ".join(pair)


def _of_layers(data: xr.Dataset | xr.DataArray, variant: str, coordinate: str) -> list[Pair]:
    own = data[coordinate].sel(variant=variant)
    return list(zip(own["layer"].values.tolist(), own.values.tolist(), strict=True))
