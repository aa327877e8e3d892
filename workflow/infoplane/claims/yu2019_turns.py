"""Claims of Yu and Príncipe 2019 (arXiv 1804.00057) on codes that turn back in the information plane, or do not.

One is of Tapia and Estévez 2020, "On the Information Plane of Autoencoders" (arXiv 2005.07783), who dispute that wide
codes turn back; that narrow ones compress in the encoder alone, which they find too, is not judged. The sentences are
ours, and so are all thresholds. `yu2019_encoders` has those on the layers before the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from infoplane.claims import codes
from infoplane.claims.claim import SHUFFLED, UNTRAINED, Claim, Rule
from infoplane.claims.yu2019 import DERIVED, SOURCE
from infoplane.derived import autoencoders, ends
from infoplane.derived.autoencoders import TURN

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr

    from infoplane.claims.evidence import Evidence

_DISPUTED = "Tapia and Estévez 2020"
_NEAR = 10.0  # % of I(X; Z), within which a code is at the bisector


def wide_codes_turn_back(evidence: Evidence) -> xr.DataArray:
    """Rise and fall of I(X; Z), the smaller of both, % of its peak, mean over codes wider than the dimension."""
    return codes.wide(evidence, _turned(evidence)).mean("variant")


def wide_codes_fall(evidence: Evidence) -> xr.DataArray:
    """Fall of I(X; Z) since its peak, % of it, mean over codes wider than the intrinsic dimension that rose at all."""
    return codes.wide(evidence, _fallen(evidence)).mean("variant")


def narrow_codes_fall(evidence: Evidence) -> xr.DataArray:
    """The same of the narrower codes."""
    return codes.narrow(evidence, _fallen(evidence)).mean("variant")


def turn_back_survives(evidence: Evidence) -> xr.DataArray:
    """The turn-back of wide codes with this estimator and with the other that shows most of it, whichever is less."""
    own, others = _turned(evidence), [_turned(each) for each in _others(evidence).values()]
    if not others:
        return evidence.across([]).mean("sweep")
    with_any = others[0].copy(data=np.fmax.reduce([each.values for each in others]))
    return codes.wide(evidence, own.where(own < with_any, with_any)).mean("variant")


def switches_at_dimension(evidence: Evidence) -> xr.DataArray:
    """|log2| of the width from which on codes turn back over the intrinsic dimension, where it is most."""
    return codes.from_dimension(evidence, _turned(evidence))


def switches(evidence: Evidence) -> str:
    """From which width on codes turn back in every seed, and all that is known of the dimension."""
    return codes.switches(evidence, _turned(evidence), "I(X; Z) turns back")


def by_width(evidence: Evidence) -> str:
    """The mean turn-back for every width with its peak, beside the intrinsic dimension."""
    return codes.by_width(evidence, codes.of_code(evidence))


def unrisen(evidence: Evidence) -> str:
    """How many networks have no rise from which they could fall, and count in nothing."""
    return codes.unrisen(codes.of_code(evidence), "networks I(X; Z)")


def ends_at_bisector(evidence: Evidence) -> xr.DataArray:
    """Distance |I(X; Z) − I(Z; X′)| at the end, % of I(X; Z), mean over codes wider than the intrinsic dimension."""
    known, distance = ends.at_the_end(codes.of_code(evidence)), _from_bisector(evidence)
    return codes.wide(evidence, 100 * distance / known.where(known > 0)).mean("variant")


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


def _turned(evidence: Evidence) -> xr.DataArray:
    """How far I(X; Z) of every network rises and falls again, (variant, seed), % of its peak."""
    return autoencoders.turn_back(codes.of_code(evidence))


def _fallen(evidence: Evidence) -> xr.DataArray:
    """How far it falls from its peak, of networks in which it rose to one."""
    values = codes.of_code(evidence)
    return autoencoders.fall(values).where(autoencoders.rise(values) > TURN)


def _from_bisector(evidence: Evidence) -> xr.DataArray:
    """|I(X; Z) − I(Z; X′)| of every network at the end, (variant, seed), bits."""
    pairs = evidence.group("layer_pairs")
    told = pairs["mutual_information"].sel(about="reconstruction", drop=True)
    of_output = autoencoders.of_code(told, autoencoders.codes(pairs))
    return abs(ends.at_the_end(codes.of_code(evidence)) - ends.at_the_end(of_output))


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
        f"at least {codes.MARGIN:g} times as wide as the intrinsic dimension",
        "%",
        Rule("above", TURN),
        needs=codes.NEEDED,
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
        f"the intrinsic dimension by a factor of {codes.MARGIN:g} or more",
        "%",
        Rule("below", TURN),
        needs=codes.NEEDED,
        controls=(),  # that shuffled samples stay as well would explain nothing
        remark=unrisen,
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
        Rule("below", codes.OCTAVE),
        needs=codes.NEEDED,
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
        f"{codes.MARGIN:g} times as wide as the intrinsic dimension",
        "%",
        Rule("below", _NEAR),
        needs=codes.NEEDED,
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
        f"{codes.MARGIN:g} times as wide as the intrinsic dimension",
        "%",
        Rule("below", TURN),
        needs=codes.NEEDED,
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
        needs=codes.NEEDED,
        controls=(SHUFFLED,),
        remark=with_other_estimators,
        applies=_of_tapia_estevez,
        of_width=True,
    ),
)
