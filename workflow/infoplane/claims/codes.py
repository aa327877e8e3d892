"""Evidence on codes of autoencoders: I(X; T) of the code and before it, which codes are wide, and where that shows.

What the code is, how wide, and when I(X; T) turns back is in `infoplane.derived.autoencoders`. The margins are ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from infoplane.derived import autoencoders
from infoplane.derived.autoencoders import TURN, Family

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr

    from infoplane.claims.evidence import Evidence

MARGIN = 1.25  # times the dimension or more is wide, and its inverse or less is narrow: neither is known so well
OCTAVE = 1.0  # |log2| of a factor of two
NEEDED = ("information", "layer_pairs", "intrinsic_dimension")
_FEWEST = 2  # widths between which a family can switch
_I_INPUT, _DIMENSION = "mutual_information_input_layer", "intrinsic_dimension"


def of_code(evidence: Evidence) -> xr.DataArray:
    """I(X; Z) of every network, (variant, seed, epoch), bits."""
    codes = autoencoders.codes(evidence.group("layer_pairs"))
    return autoencoders.of_code(evidence.group("information")[_I_INPUT], codes)


def before_code(evidence: Evidence) -> xr.DataArray:
    """I(X; T_k) of the layers before the code, (variant, seed, epoch, layer), bits; NaN of the others."""
    codes = autoencoders.codes(evidence.group("layer_pairs"))
    return autoencoders.before_code(evidence.group("information")[_I_INPUT], codes)


def wide(evidence: Evidence, values: xr.DataArray) -> xr.DataArray:
    """Values (variant, …) of codes that are wider than the intrinsic dimension."""
    return values.where(_ratio(evidence) >= MARGIN)


def narrow(evidence: Evidence, values: xr.DataArray) -> xr.DataArray:
    """Values (variant, …) of codes that are narrower than it."""
    return values.where(_ratio(evidence) <= 1 / MARGIN)


def from_dimension(evidence: Evidence, turned: xr.DataArray) -> xr.DataArray:
    """|log2| of the width from which on codes turn back over the intrinsic dimension, of the family where it is most.

    Where all codes of a family turn back, or none does, the width is a bound. It counts where a factor of two is out of
    the question whatever the width, and else shows nothing.

    Parameters
    ----------
    evidence
        With the intrinsic dimension.
    turned
        How far each network turns back, (variant, seed), %.
    """
    dimension = _dimension(evidence)
    found = [
        _octaves(autoencoders.switching_width(turned, family), family, float(_of_family(dimension, family).mean()))
        for family in _families(evidence)
    ]
    return evidence.across(found).max("sweep")


def by_width(evidence: Evidence, values: xr.DataArray) -> str:
    """The mean turn-back of values (variant, …, epoch) for every width with its peak, beside the dimension."""
    apart = [dim for dim in values.dims if dim not in {"variant", "epoch"}]
    turned, peak = (each.mean(apart) for each in (autoencoders.turn_back(values), values.max("epoch")))
    told = []
    for family in _families(evidence, fewest=1):
        rows = zip(family.widths, *(_of_family(each, family).values.tolist() for each in (turned, peak)), strict=True)
        each = ", ".join(f"{width:g}: {share:.0f} % of {bits:.2g}" for width, share, bits in rows if np.isfinite(share))
        about = _number(float(_of_family(_dimension(evidence), family).mean()))
        told += [f"{_named(family)}{each}, where the dimension is {about}"] * bool(each)
    return f"Mean turn-back by units of the code, % of a peak in bits: {'; '.join(told)}." if told else ""


def unrisen(values: xr.DataArray, what: str) -> str:
    """How many of some values (variant, …, epoch) have no rise from which they could fall."""
    risen = autoencoders.rise(values)
    flat, whole = int((risen <= TURN).sum()), int(risen.notnull().sum())
    told = f"In {flat} of {whole} {what} rises by no more than {TURN:g} %; they count in nothing."
    return told if flat else ""


def switches(evidence: Evidence, turned: xr.DataArray, what: str) -> str:
    """From which width on networks turn back, (variant, seed) in %, and all that is known of the dimension."""
    estimates = evidence.group(_DIMENSION)[_DIMENSION]
    by_method, known = autoencoders.intrinsic_dimension(estimates, dims=("repetition",)), _known(evidence)
    told = []
    for family in _families(evidence):
        found = autoencoders.switching_width(turned, family).dropna("seed").values.tolist()
        if not found:
            continue
        widths = ", ".join(_switch(width, family) for width in found)
        own = _of_family(by_method, family).mean("variant").to_series()
        truth = float(_of_family(known, family).mean())
        dimensions = [f"{_number(value)} by {method}" for method, value in own.items()]
        dimensions += [f"{truth:g} as it was made"] * bool(np.isfinite(truth))
        told.append(f"{_named(family)}{widths}, where the dimension is {', '.join(dimensions)}")
    return f"Units of the code from which on {what}, by seed: {'; '.join(told)}." if told else ""


def _octaves(width: xr.DataArray, family: Family, dimension: float) -> xr.DataArray:
    narrowest, widest = family.widths[0], family.widths[-1]
    found = width.copy(data=np.log2(width.clip(max=widest).values / dimension))
    open_end = ((width > widest) & (found < OCTAVE)) | ((width == narrowest) & (found > -OCTAVE))
    return abs(found).where(~open_end)


def _switch(width: float, family: Family) -> str:
    """A switching width in words, as far as it is known."""
    if not np.isfinite(width):
        return f"more than {family.widths[-1]:g}"
    return f"{width:g}{' or less' * (width == family.widths[0])}"


def _of_family(values: xr.DataArray, family: Family) -> xr.DataArray:
    return values.sel(variant=list(family.variants))


def _known(evidence: Evidence) -> xr.DataArray:
    """Intrinsic dimension of every variant's data as they were made, (variant)."""
    return autoencoders.known_dimension(evidence.group("layer_pairs"), evidence.experiment)


def _dimension(evidence: Evidence) -> xr.DataArray:
    """Intrinsic dimension of every variant's data: as they were made, else the geometric mean of all estimates."""
    return _known(evidence).fillna(autoencoders.intrinsic_dimension(evidence.group(_DIMENSION)[_DIMENSION]))


def _ratio(evidence: Evidence) -> xr.DataArray:
    """Units of the code over the intrinsic dimension of the data, (variant)."""
    return autoencoders.widths(evidence.group("layer_pairs"), evidence.experiment) / _dimension(evidence)


def _families(evidence: Evidence, *, fewest: int = _FEWEST) -> list[Family]:
    """Families of several widths, whose codes can switch."""
    found = autoencoders.families(evidence.group("layer_pairs"), evidence.experiment)
    return [family for family in found if len(family.widths) >= fewest]


def _named(family: Family) -> str:
    return f"{family.name}: " if family.name else ""


def _number(value: float) -> str:
    return f"{value:.3g}" if np.isfinite(value) else "not known"
