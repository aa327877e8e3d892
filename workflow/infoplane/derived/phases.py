"""The phases of stochastic gradient descent of Shwartz-Ziv and Tishby 2017 (arXiv 1703.00810), as numbers.

The paper shows a transition and speaks of relaxation, and says of neither how to find it in a noisy curve. The
definitions here are ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from infoplane.derived import ends

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr

Array = np.ndarray[Any, Any]
FEWEST = 3  # points of a fit


def signal_to_noise(training: xr.Dataset) -> xr.DataArray:
    """Ratio m / s of the gradient of the whole network over mini-batches, as Saxe et al. 2018 have it for a layer.

    The layers are pooled as parts of one vector: m² = Σ_l m_l² and s² = Σ_l s_l², the norms that the gradient with
    respect to all parameters has. So a network has one ratio, in which a layer weighs as much as its gradient does.

    Parameters
    ----------
    training
        With ``gradient_mean_norm`` and ``gradient_std_norm``, (…, epoch, layer).

    Returns
    -------
    xr.DataArray
        (…, epoch), without unit; inf where all mini-batches agree, NaN where nothing was recorded.
    """
    mean, spread = (
        (training[name] ** 2).sum("layer", min_count=1) ** 0.5 for name in ("gradient_mean_norm", "gradient_std_norm")
    )
    return mean / spread


def transition(training: xr.Dataset) -> xr.DataArray:
    """Epoch of the transition from drift, m / s ≥ 1, to diffusion, m / s < 1, of each network.

    It is the checkpoint that parts the others best: with as few as can be of m / s < 1 before it, and of m / s ≥ 1 from
    it on, the first of equals. For a curve that crosses 1 once this is the first epoch below 1. The curve is noisy, and
    on a logarithmic schedule a lone outlier late in the training would move the first epoch from which it *stays* below
    by thousands of epochs; here it counts as one error. Where half of a phase or more is on the wrong side, as of ReLU
    networks whose m / s goes up and down around 1, the curve has no two phases that a line could part. The paper draws
    one line, and does not say how it was found.

    Parameters
    ----------
    training
        As for `signal_to_noise`.

    Returns
    -------
    xr.DataArray
        (…), in epochs; NaN for a network without two phases.
    """
    ratio = signal_to_noise(training)
    known = ratio.notnull()
    diffusion, drift = (known & (ratio < 1)).astype(int), (known & (ratio >= 1)).astype(int)
    diffusion_before = diffusion.cumsum("epoch") - diffusion
    drift_from_here = drift.sum("epoch") - drift.cumsum("epoch") + drift
    errors = (diffusion_before + drift_from_here).where(known, float("inf"))
    fewest = errors.min("epoch")
    both = (2 * fewest < diffusion.sum("epoch")) & (2 * fewest < drift.sum("epoch"))
    return errors.idxmin("epoch").where(both)


def relaxation(information: xr.Dataset, *, share: float) -> xr.DataArray:
    """First epoch at which I(T; Y) of each layer has a share of its final value.

    Parameters
    ----------
    information
        With ``mutual_information_layer_target``, (variant, …, epoch, layer).
    share
        Of the final value, above 0 and at most 1.

    Returns
    -------
    xr.DataArray
        (variant, …, layer), in epochs; NaN for a network that diverged, and for a layer that knows nothing at the end.
    """
    values = information["mutual_information_layer_target"]
    end = ends.at_the_end(values)
    return values["epoch"].where((values >= share * end) & (end > 0)).min("epoch")


def compression_before(information: xr.Dataset, until: xr.DataArray) -> xr.DataArray:
    """Fall of I(X; T) of the layer before each layer, from its peak up to an epoch to that epoch, at least 0.

    Parameters
    ----------
    information
        With ``mutual_information_input_layer``, (variant, …, epoch, layer), the layers in the order of the networks.
    until
        The epoch, (variant, …, layer), of the layer that comes after.

    Returns
    -------
    xr.DataArray
        (variant, …, layer), in bits, at the layer that comes after; NaN for the first layer, where there is no epoch,
        and for a network that diverged.
    """
    import xarray as xr

    values = information["mutual_information_input_layer"]
    paths = xr.concat([_shifted(values.sel(variant=[name])) for name in values["variant"].values], dim="variant")
    so_far = paths.where(paths["epoch"] <= until)
    return so_far.max("epoch") - so_far.where(so_far["epoch"] == until).max("epoch")


def exponent(
    displacement: xr.DataArray, *, since: float | xr.DataArray = 0.0, until: float | xr.DataArray = np.inf
) -> xr.DataArray:
    """Exponent of the weights' displacement as a power of the time: 1 in a steady drift, 1/2 in a Wiener process.

    Parameters
    ----------
    displacement
        ``weight_displacement``, (variant, seed, epoch, other_epoch).
    since
        Where time starts: at the first checkpoint from there on. One epoch, or one of each network, (variant, seed).
    until
        The last epoch that counts, in the same way.

    Returns
    -------
    xr.DataArray
        (variant, seed), the slope of the logarithms by least squares, a point per checkpoint; NaN for fewer than three.
    """
    whole = displacement.transpose("variant", "seed", "other_epoch", "epoch")
    places = whole.isel(epoch=0, other_epoch=0, drop=True).reset_coords(drop=True)
    nothing = places.copy(data=np.zeros(places.shape))
    starts, ends = ((nothing + each).transpose("variant", "seed").values for each in (since, until))
    epochs, found = displacement["epoch"].values, np.full(places.shape, np.nan)
    for place, own in zip(np.ndindex(places.shape), whole.values.reshape(-1, *whole.shape[2:]), strict=True):
        kept = np.isfinite(own).any(0)
        later = epochs[kept & (epochs >= starts[place])]
        if later.size:
            path = own[whole["other_epoch"].values == later[0]][0]
            counted = kept & (epochs > later[0]) & (epochs <= ends[place])
            found[place] = slope(epochs[counted] - later[0], path[counted])
    return places.copy(data=found)


def slope(elapsed: Array, distance: Array) -> float:
    """Slope (n,) of the logarithm of a distance over that of the time, by least squares; NaN for under three points."""
    known = (elapsed > 0) & (distance > 0)
    if known.sum() < FEWEST:
        return float("nan")
    return float(np.polyfit(np.log(elapsed[known]), np.log(distance[known]), 1)[0])


def _shifted(values: xr.DataArray) -> xr.DataArray:
    """Values of one variant's layers, each at the next layer that the variant has."""
    has = values.notnull().any([dim for dim in values.dims if dim != "layer"])
    own = values.drop_vars([name for name in values.coords if name not in values.dims]).isel(layer=has.values)
    return own.shift(layer=1).reindex(layer=values["layer"].values)
