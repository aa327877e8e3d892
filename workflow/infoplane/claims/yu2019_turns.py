"""Claims of Yu and Príncipe 2019 (arXiv 1804.00057) on codes that turn back in the information plane, or do not.

Two are on the encoder's other layers, whose curves lie in the same plane. One is of Tapia and Estévez 2020, "On the
Information Plane of Autoencoders" (arXiv 2005.07783), who dispute that wide codes turn back; that narrow ones compress
in the encoder alone, which they find too, is not judged. The sentences are ours, and so are all thresholds. What the
code is, how wide, and when it turns back is in `infoplane.derived.autoencoders`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from infoplane.claims.claim import SHUFFLED, UNTRAINED, Claim, Rule
from infoplane.claims.yu2019 import DERIVED, SOURCE
from infoplane.derived import autoencoders, ends
from infoplane.derived.autoencoders import TURN, Family

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr

    from infoplane.claims.evidence import Evidence

_DISPUTED = "Tapia and Estévez 2020"
_I_INPUT, _I_ABOUT = "mutual_information_input_layer", "mutual_information"
_DIMENSION = "intrinsic_dimension"
_NEEDED = ("information", "layer_pairs", _DIMENSION)
_NEAR = 10.0  # % of I(X; Z), within which a code is at the bisector
_FEWEST = 2  # widths between which a family can switch
_MARGIN = 1.25  # times the dimension or more is wide, and its inverse or less is narrow: neither is known so well
_OCTAVE = 1.0  # |log2| of a factor of two


def wide_codes_turn_back(evidence: Evidence) -> xr.DataArray:
    """Rise and fall of I(X; Z), the smaller of both, % of its peak, mean over codes wider than the dimension."""
    return _wide(evidence, _turned(evidence)).mean("variant")


def wide_codes_fall(evidence: Evidence) -> xr.DataArray:
    """Fall of I(X; Z) since its peak, % of it, mean over codes wider than the intrinsic dimension that rose at all."""
    return _wide(evidence, _fallen(evidence)).mean("variant")


def narrow_codes_fall(evidence: Evidence) -> xr.DataArray:
    """The same of the narrower codes."""
    return _narrow(evidence, _fallen(evidence)).mean("variant")


def wide_encoders_turn_back(evidence: Evidence) -> xr.DataArray:
    """Rise and fall of I(X; T_k), the smaller of both, % of its peak, mean over the layers before wide codes."""
    return _wide(evidence, autoencoders.turn_back(_of_encoder(evidence)).mean("layer")).mean("variant")


def narrow_encoders_turn_back(evidence: Evidence) -> xr.DataArray:
    """The same of the layers before narrow codes, as far as I(X; T_k) rose at all."""
    values = _of_encoder(evidence)
    turned = autoencoders.turn_back(values).where(autoencoders.rise(values) > TURN)
    return _narrow(evidence, turned.mean("layer")).mean("variant")


def turn_back_survives(evidence: Evidence) -> xr.DataArray:
    """The turn-back of wide codes with this estimator and with the other that shows most of it, whichever is less."""
    own, others = _turned(evidence), [_turned(each) for each in _others(evidence).values()]
    if not others:
        return evidence.across([]).mean("sweep")
    with_any = others[0].copy(data=np.fmax.reduce([each.values for each in others]))
    return _wide(evidence, own.where(own < with_any, with_any)).mean("variant")


def switches_at_dimension(evidence: Evidence) -> xr.DataArray:
    """|log2| of the width from which on codes turn back over the intrinsic dimension, of the family where it is most.

    Where all codes of a family turn back, or none does, the width is a bound. It counts where a factor of two is out of
    the question whatever the width, and else shows nothing.
    """
    turned, dimension = _turned(evidence), _dimension(evidence)
    found = [
        _octaves(autoencoders.switching_width(turned, family), family, float(_of_family(dimension, family).mean()))
        for family in _families(evidence)
    ]
    return evidence.across(found).max("sweep")


def _octaves(width: xr.DataArray, family: Family, dimension: float) -> xr.DataArray:
    narrowest, widest = family.widths[0], family.widths[-1]
    found = width.copy(data=np.log2(width.clip(max=widest).values / dimension))
    open_end = ((width > widest) & (found < _OCTAVE)) | ((width == narrowest) & (found > -_OCTAVE))
    return abs(found).where(~open_end)


def by_width(evidence: Evidence) -> str:
    """The mean turn-back for every width with its peak, beside the intrinsic dimension."""
    return _by_width(evidence, _of_code(evidence))


def encoders_by_width(evidence: Evidence) -> str:
    """The same of the layers before the code."""
    return _by_width(evidence, _of_encoder(evidence))


def _by_width(evidence: Evidence, values: xr.DataArray) -> str:
    apart = [dim for dim in values.dims if dim not in {"variant", "epoch"}]
    turned, peak = (each.mean(apart) for each in (autoencoders.turn_back(values), values.max("epoch")))
    told = []
    for family in _families(evidence, fewest=1):
        rows = zip(family.widths, *(_of_family(each, family).values.tolist() for each in (turned, peak)), strict=True)
        each = ", ".join(f"{width:g}: {share:.0f} % of {bits:.2g}" for width, share, bits in rows if np.isfinite(share))
        about = _number(float(_of_family(_dimension(evidence), family).mean()))
        told += [f"{_named(family)}{each}, where the dimension is {about}"] * bool(each)
    return f"Mean turn-back by units of the code, % of a peak in bits: {'; '.join(told)}." if told else ""


def unrisen(evidence: Evidence) -> str:
    """How many networks have no rise from which they could fall, and count in nothing."""
    return _unrisen(_of_code(evidence), "networks I(X; Z)")


def unrisen_layers(evidence: Evidence) -> str:
    """How many layers before the code of all networks have none."""
    return _unrisen(_of_encoder(evidence), "layers before the code I(X; T_k)")


def _unrisen(values: xr.DataArray, what: str) -> str:
    risen = autoencoders.rise(values)
    flat, whole = int((risen <= TURN).sum()), int(risen.notnull().sum())
    told = f"In {flat} of {whole} {what} rises by no more than {TURN:g} %; they count in nothing."
    return told if flat else ""


def switches(evidence: Evidence) -> str:
    """From which width on codes turn back in every seed, and all that is known of the dimension."""
    turned, estimates = _turned(evidence), evidence.group(_DIMENSION)[_DIMENSION]
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
    return f"Units from which on codes turn back, by seed: {'; '.join(told)}." if told else ""


def _switch(width: float, family: Family) -> str:
    """A switching width in words, as far as it is known."""
    if not np.isfinite(width):
        return f"more than {family.widths[-1]:g}"
    return f"{width:g}{' or less' * (width == family.widths[0])}"


def ends_at_bisector(evidence: Evidence) -> xr.DataArray:
    """Distance |I(X; Z) − I(Z; X′)| at the end, % of I(X; Z), mean over codes wider than the intrinsic dimension."""
    known, distance = ends.at_the_end(_of_code(evidence)), _from_bisector(evidence)
    return _wide(evidence, 100 * distance / known.where(known > 0)).mean("variant")


def from_bisector(evidence: Evidence) -> str:
    """The distance in bits, trained and untrained, of all codes."""
    untrained = evidence.under("none", untrained=True)
    trained, before = (float(_from_bisector(each).mean()) for each in (evidence, untrained))
    if np.isnan(trained):
        return ""
    return f"In bits the distance of all codes is {trained:.2f} in the mean, and of untrained networks {before:.2f}."


def with_other_estimators(evidence: Evidence) -> str:
    """The turn-back of wide codes with this estimator and with every other of the experiment."""
    found = {
        name: float(wide_codes_turn_back(each).mean())
        for name, each in {evidence.estimator: evidence, **_others(evidence)}.items()
    }
    told = [f"{value:.0f} % with {name}" for name, value in found.items() if np.isfinite(value)]
    return f"Alone it is {', '.join(told)}." if told else ""


def _others(evidence: Evidence) -> dict[str, Evidence]:
    """The same evidence with every other estimator of the experiment that measures pairs."""
    names = evidence.summary["layer_pairs"].to_dataset()["estimator"].values.tolist()
    return {name: replace(evidence, estimator=name) for name in names if name != evidence.estimator}


def _of_code(evidence: Evidence) -> xr.DataArray:
    """I(X; Z) of every network, (variant, seed, epoch), bits."""
    codes = autoencoders.codes(evidence.group("layer_pairs"))
    return autoencoders.of_code(evidence.group("information")[_I_INPUT], codes)


def _of_encoder(evidence: Evidence) -> xr.DataArray:
    """I(X; T_k) of the layers before the code, (variant, seed, epoch, layer), bits; NaN of the others."""
    codes = autoencoders.codes(evidence.group("layer_pairs"))
    return autoencoders.before_code(evidence.group("information")[_I_INPUT], codes)


def _turned(evidence: Evidence) -> xr.DataArray:
    """How far I(X; Z) of every network rises and falls again, (variant, seed), % of its peak."""
    return autoencoders.turn_back(_of_code(evidence))


def _fallen(evidence: Evidence) -> xr.DataArray:
    """How far it falls from its peak, of networks in which it rose to one."""
    values = _of_code(evidence)
    return autoencoders.fall(values).where(autoencoders.rise(values) > TURN)


def _wide(evidence: Evidence, values: xr.DataArray) -> xr.DataArray:
    """Values (variant, …) of codes that are wider than the intrinsic dimension."""
    return values.where(_ratio(evidence) >= _MARGIN)


def _narrow(evidence: Evidence, values: xr.DataArray) -> xr.DataArray:
    """Values (variant, …) of codes that are narrower than it."""
    return values.where(_ratio(evidence) <= 1 / _MARGIN)


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


def _from_bisector(evidence: Evidence) -> xr.DataArray:
    """|I(X; Z) − I(Z; X′)| of every network at the end, (variant, seed), bits."""
    pairs = evidence.group("layer_pairs")
    told = pairs[_I_ABOUT].sel(about="reconstruction", drop=True)
    of_output = autoencoders.of_code(told, autoencoders.codes(pairs))
    return abs(ends.at_the_end(_of_code(evidence)) - ends.at_the_end(of_output))


def _of_tapia_estevez(settings: Mapping[str, Any], _: str) -> bool:
    """Whether an estimator's kernels have the widths of Tapia and Estévez."""
    rule: object = settings.get("bandwidth", {}).get("rule")
    return rule == "tapia_estevez"


CLAIMS = (
    Claim(
        "yu2019.wide_codes_turn_back",
        "P4.c",
        SOURCE,
        "Codes wider than the intrinsic dimension of the data turn back: I(X; Z) rises and then falls.",
        wide_codes_turn_back,
        "rise of I(X; Z) to its peak and fall from there to the end, the smaller of both, of the peak, mean over codes "
        f"at least {_MARGIN:g} times as wide as the intrinsic dimension",
        "%",
        Rule("above", TURN),
        needs=_NEEDED,
        controls=(SHUFFLED,),  # an untrained network has one epoch, and nothing to turn back from
        remark=by_width,
        of_width=True,
    ),
    Claim(
        "yu2019.narrow_codes_stay",
        "P4.c",
        SOURCE,
        "Codes narrower than the intrinsic dimension of the data never turn back: I(X; Z) rises and stays.",
        narrow_codes_fall,
        "fall of I(X; Z) from its peak to the end, of the peak, mean over codes that rose to one and are narrower than "
        f"the intrinsic dimension by a factor of {_MARGIN:g} or more",
        "%",
        Rule("below", TURN),
        needs=_NEEDED,
        controls=(),  # that shuffled samples stay as well would explain nothing
        remark=unrisen,
        of_width=True,
    ),
    Claim(
        "yu2019.wide_encoders_turn_back",
        "P4.c",
        DERIVED,
        "With codes wider than the intrinsic dimension of the data the encoder's other layers turn back too: I(X; T_k) "
        "rises and then falls.",
        wide_encoders_turn_back,
        "rise of I(X; T_k) to its peak and fall from there to the end, the smaller of both, of the peak, mean over the "
        f"layers before the code and over codes at least {_MARGIN:g} times as wide as the intrinsic dimension",
        "%",
        Rule("above", TURN),
        needs=_NEEDED,
        controls=(SHUFFLED,),  # as for codes
        remark=encoders_by_width,
        of_width=True,
    ),
    Claim(
        "yu2019.narrow_encoders_stay",
        "P4.c",
        DERIVED,
        "With codes narrower than the intrinsic dimension of the data the encoder's other layers never turn back "
        "either: I(X; T_k) rises and stays.",
        narrow_encoders_turn_back,
        "rise of I(X; T_k) to its peak and fall from there to the end, the smaller of both, of the peak, mean over the "
        "layers before the code that rose to one and over codes narrower than the intrinsic dimension by a factor of "
        f"{_MARGIN:g} or more",
        "%",
        Rule("below", TURN),
        needs=_NEEDED,
        controls=(),  # as for codes
        remark=unrisen_layers,
        of_width=True,
    ),
    Claim(
        "yu2019.switches_at_dimension",
        "P4.c",
        SOURCE,
        "The width from which on codes turn back tells the intrinsic dimension of the data, within a factor of two.",
        switches_at_dimension,
        f"|log2| of the width from which on codes turn back, by more than {TURN:g} %, over the intrinsic dimension, of "
        "the data set where it is most",
        "1",
        Rule("below", _OCTAVE),
        needs=_NEEDED,
        controls=(SHUFFLED,),
        remark=switches,
        of_width=True,
    ),
    Claim(
        "yu2019.ends_at_bisector",
        "P4.c",
        DERIVED,
        "Codes wider than the intrinsic dimension end near the bisector: they know of the reconstruction what they "
        "know of the input.",
        ends_at_bisector,
        "distance |I(X; Z) − I(Z; X′)| at the end, of I(X; Z), mean over codes at least "
        f"{_MARGIN:g} times as wide as the intrinsic dimension",
        "%",
        Rule("below", _NEAR),
        needs=_NEEDED,
        controls=(UNTRAINED,),  # shuffled samples know little of either, and lie near it in any case
        remark=from_bisector,
        of_width=True,
    ),
    Claim(
        "tapia_estevez2020.wide_codes_do_not_compress",
        "P4.d",
        _DISPUTED,
        "Codes wider than the intrinsic dimension of the data do not compress: I(X; Z) does not fall again.",
        wide_codes_fall,
        "fall of I(X; Z) from its peak to the end, of the peak, mean over codes that rose to one and are at least "
        f"{_MARGIN:g} times as wide as the intrinsic dimension",
        "%",
        Rule("below", TURN),
        needs=_NEEDED,
        controls=(),  # as for narrow codes
        remark=unrisen,
        applies=_of_tapia_estevez,
        of_width=True,
    ),
    Claim(
        "yu2019.turn_back_survives",
        "P4.d",
        SOURCE,
        "The turn-back of wide codes survives the bandwidths of Tapia and Estévez.",
        turn_back_survives,
        "turn-back of wide codes with these bandwidths and with another estimator, the smaller of both in each network",
        "%",
        Rule("above", TURN),
        needs=_NEEDED,
        controls=(SHUFFLED,),
        remark=with_other_estimators,
        applies=_of_tapia_estevez,
        of_width=True,
    ),
)
