"""How far apart networks of different seeds end: in the information plane, and from where they began.

Shwartz-Ziv and Tishby 2017 (arXiv 1703.00810) call the networks at the end of training many and diverse; the measures
are ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr

COORDINATES = ["mutual_information_input_layer", "mutual_information_layer_target"]


def plane_distance(information: xr.Dataset) -> xr.DataArray:
    """Distance of the information planes of every two networks of one variant at its last epoch.

    Of layers l it is √(mean_l (ΔI(X; T_l)² + ΔI(T_l; Y)²)).

    Parameters
    ----------
    information
        With both `COORDINATES`, (seed, epoch, layer), and the coordinate ``kind``, empty for what the variant lacks.

    Returns
    -------
    xr.DataArray
        (seed, other_seed), in bits; NaN where one had diverged.
    """
    values = information[COORDINATES].to_dataarray().where(information["kind"] != "", drop=True)
    there = (~values.isnull()).any(["variable", "seed", "layer"])
    end = values.isel(epoch=np.flatnonzero(there).max(initial=0))
    squares = (end - end.rename(seed="other_seed")) ** 2
    mean = squares.sum("variable", skipna=False).mean("layer", skipna=False)
    return (mean**0.5).reset_coords(drop=True)


def nearest(weights: xr.Dataset) -> xr.DataArray:
    """Distance of each network's final weights from those of the nearest other seed, over the distance they travelled.

    Hidden units are matched where they can be, so that 0 is the same network in another order of its units.

    Parameters
    ----------
    weights
        The group ``/weights`` of a summary, (variant, seed, …).

    Returns
    -------
    xr.DataArray
        (variant, seed), without unit; NaN for a network that diverged or is alone.
    """
    matched, plain = weights["weight_distance_matched"], weights["weight_distance"]
    apart = matched.where(matched.notnull(), plain).where(weights["seed"] != weights["other_seed"])
    begun = weights["weight_displacement"].sel(epoch=0, drop=True)
    last = weights["other_epoch"].where(begun.notnull().any("seed")).max("other_epoch")
    travelled = begun.where(weights["other_epoch"] == last).max("other_epoch")
    return apart.min("other_seed") / travelled.where(travelled > 0)
