"""Codes of autoencoders: which layer is one, how wide it is, and whether it turns back in the information plane.

After Yu and Príncipe 2019 (arXiv 1804.00057), who find that I(X; Z) of a code Z wider than the intrinsic dimension of
the data rises and falls again while the network trains, and that of a narrower one rises and stays. The definitions are
ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from infoplane import pairs
from infoplane.derived import ends

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr

TURN = 5.0  # % of its peak by which I(X; Z) must rise to it, and fall from it, for a code to have turned back
WIDTH = "model.code"  # the key of an experiment that says how wide the code is
_DIMENSION, _DATA, _NOISE, _MANIFOLD = "dataset.dimension", "dataset.name", "dataset.noise", "manifold"


@dataclass(frozen=True)
class Family:
    """Variants that differ in the width of the code alone, in ascending order of it.

    Parameters
    ----------
    labels
        What they have in common, by swept key.
    variants
        Their names.
    widths
        Units of the code, K, of each.
    """

    labels: Mapping[str, str]
    variants: tuple[str, ...]
    widths: tuple[float, ...]

    @property
    def name(self) -> str:
        """What they have in common, in words; nothing where nothing else was swept."""
        return ", ".join(f"{key.rpartition('.')[2]} {label}" for key, label in self.labels.items() if label)


def codes(data: xr.Dataset) -> xr.DataArray:
    """Name of the code of every variant, (variant): the layer between those of its innermost pair.

    Parameters
    ----------
    data
        With the coordinates ``depth``, (variant, layer), and ``first`` and ``second``, (variant, pair), as the group
        ``/layer_pairs`` of a summary has them.

    Returns
    -------
    xr.DataArray
        (variant); of several layers in between the middle one, or the first of the two there. Empty where there is
        none, or no pair of layers.
    """
    import xarray as xr

    names = data["variant"].values
    found = np.array([_code(data.sel(variant=name)) for name in names], dtype=object)
    return xr.DataArray(found, {"variant": names}, "variant")


def of_code(values: xr.DataArray, codes: xr.DataArray) -> xr.DataArray:
    """Values (variant, …, layer) of the codes, (variant, …); NaN where there is none."""
    return values.where(values["layer"] == codes).max("layer")


def before_code(values: xr.DataArray, codes: xr.DataArray) -> xr.DataArray:
    """Values (variant, …, layer), with the coordinate ``depth``, of the layers before the codes; NaN of all others."""
    return values.where(values["depth"] < of_code(values["depth"], codes))


def widths(data: xr.Dataset, experiment: Mapping[str, Any]) -> xr.DataArray:
    """Units of the code, K, of every variant, (variant), by the sweep or for all of them; NaN where it is not known.

    Parameters
    ----------
    data
        A group of the summary.
    experiment
        As resolved.
    """
    return _numbers(data, experiment, WIDTH)


def known_dimension(data: xr.Dataset, experiment: Mapping[str, Any]) -> xr.DataArray:
    """Dimension of the manifold that every variant's data lie on, (variant); NaN where it is not known.

    Noise takes data off their manifold.
    """
    dimension, name = _numbers(data, experiment, _DIMENSION), _values(data, experiment, _DATA)
    clean = [float(each or 0) == 0 for each in _values(data, experiment, _NOISE)]
    known = [own == _MANIFOLD and without for own, without in zip(name, clean, strict=True)]
    return dimension.where(dimension.copy(data=known))


def families(data: xr.Dataset, experiment: Mapping[str, Any]) -> list[Family]:
    """Every family of variants whose code's width is known, in the order of the experiment.

    Parameters
    ----------
    data
        A group of the summary.
    experiment
        As resolved.
    """
    swept = [str(key) for key in data.coords if data[key].dims == ("variant",) and key != "variant"]
    others = [key for key in swept if key != WIDTH]
    rows = zip(*(data[key].values.tolist() for key in others), strict=True) if others else None
    told = list(rows) if rows else [()] * data.sizes["variant"]
    members: dict[tuple[str, ...], list[tuple[float, str]]] = {}
    for variant, width, labels in zip(
        data["variant"].values.tolist(), widths(data, experiment).values.tolist(), told, strict=True
    ):
        if np.isfinite(width):
            members.setdefault(labels, []).append((width, variant))
    found = []
    for labels, own in members.items():
        sizes, names = zip(*sorted(own), strict=True)
        found.append(Family(dict(zip(others, labels, strict=True)), names, sizes))
    return found


def rise(values: xr.DataArray) -> xr.DataArray:
    """How far I(X; Z) of each network rises from before its training to its greatest value, % of the latter.

    Parameters
    ----------
    values
        I(X; Z), (variant, …, epoch), in bits, of which epoch 0 is that of the untrained networks.

    Returns
    -------
    xr.DataArray
        (variant, …), at least 0; NaN for a network that diverged, that was not looked at untrained, or whose I(X; Z) is
        never above 0.
    """
    return _of_peak(values, ends.at(values, 0)).where(ends.at_the_end(values).notnull())


def fall(values: xr.DataArray) -> xr.DataArray:
    """How far it has fallen at the last epoch from its greatest value, % of the latter; otherwise as `rise`."""
    return _of_peak(values, ends.at_the_end(values))


def turn_back(values: xr.DataArray) -> xr.DataArray:
    """How far I(X; Z) of each network rises and falls again, the smaller of both, % of its peak; otherwise as `rise`.

    A share, since kernels of a fixed rule let a wide code have many times the bits of a narrow one.
    """
    risen, fallen = rise(values), fall(values)
    return risen.where(risen.isnull() | (risen < fallen), fallen)


def _of_peak(values: xr.DataArray, other: xr.DataArray) -> xr.DataArray:
    peak = values.max("epoch")
    return 100 * (peak - other) / peak.where(peak > 0)


def intrinsic_dimension(estimates: xr.DataArray, *, dims: tuple[str, ...] = ("method", "repetition")) -> xr.DataArray:
    """Geometric mean of estimates of the intrinsic dimension over these of their dimensions; NaN where there is none.

    Parameters
    ----------
    estimates
        ``intrinsic_dimension``, (…, method, repetition), of a summary; one that is 0 counts as none.
    dims
        What to average over.
    """
    known = estimates.where(estimates > 0)
    logarithms = known.copy(data=np.log(known.values))
    mean = logarithms.mean(dims)
    return mean.copy(data=np.exp(mean.values))


def switching_width(turned: xr.DataArray, family: Family, *, tolerance: float = TURN) -> xr.DataArray:
    """The narrowest code of a family from which on it and every wider one turns back by more than a tolerance.

    Parameters
    ----------
    turned
        How far codes turn back, (variant, …), in %.
    family
        Of variants.
    tolerance
        In %.

    Returns
    -------
    xr.DataArray
        (…), units of the code; infinite where not even the widest turns back, and NaN where a variant has no value, as
        its network diverged. Where all codes do it is the narrowest there is, which is a bound alone.
    """
    rows = turned.sel(variant=list(family.variants)).transpose(..., "variant")
    from_here = np.logical_and.accumulate((rows.values > tolerance)[..., ::-1], axis=-1)[..., ::-1]
    found = np.where(from_here, np.array(family.widths, dtype=float), np.inf).min(-1)
    return rows.isel(variant=0, drop=True).copy(data=np.where(np.isnan(rows.values).any(-1), np.nan, found))


def _code(own: xr.Dataset) -> str:
    """Name of the code of one variant."""
    depths = {str(name): each for name, each in zip(own["layer"].values, own["depth"].values, strict=True) if each > 0}
    found = zip(own["first"].values.tolist(), own["second"].values.tolist(), strict=True)
    return pairs.between(list(found), sorted(depths, key=lambda name: depths[name]))


def _values(data: xr.Dataset, experiment: Mapping[str, Any], key: str) -> list[Any]:
    """What every variant has for a key of the experiment: a label, where it was swept."""
    if key in data.coords:
        return list(data[key].values)
    section, _, name = key.partition(".")
    return [experiment.get(section, {}).get(name)] * data.sizes["variant"]


def _numbers(data: xr.Dataset, experiment: Mapping[str, Any], key: str) -> xr.DataArray:
    import xarray as xr

    found = [_number(value) for value in _values(data, experiment, key)]
    return xr.DataArray(found, {"variant": data["variant"].values}, "variant")


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")
