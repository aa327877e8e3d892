"""Claims of Yu and Príncipe 2019, "Understanding Autoencoders with Information Theoretic Concepts" (arXiv 1804.00057).

Among them is one of Tapia and Estévez 2020, "On the Information Plane of Autoencoders" (arXiv 2005.07783), who dispute
that wide codes turn back. The sentences are ours, and so are all thresholds. What the code is, how wide, and when it
turns back, `infoplane.derived.autoencoders` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from infoplane.claims import steps, yu2021
from infoplane.claims.claim import SHUFFLED, TOLERANCE, UNTRAINED, Claim, Rule
from infoplane.derived import autoencoders
from infoplane.derived.autoencoders import TURN, Family

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr

    from infoplane.claims.evidence import Evidence

_SOURCE = "Yu and Príncipe 2019"
_DISPUTED = "Tapia and Estévez 2020"
_I_INPUT, _I_OUTPUT = "mutual_information_input_layer", "mutual_information_layer_output"
_I_PAIR, _DIMENSION = "mutual_information_pair", "intrinsic_dimension"
_NEAR = 5.0  # % of S(X), within which a network is at the bisector
_FEWEST = 2  # widths between which a family can switch


def forward_chain(evidence: Evidence) -> xr.DataArray:
    """Share of steps from the first layer to the code, at three stages, on which I(X; T) does not rise."""
    return steps.share_of_falls(steps.stages(evidence, _encoder(evidence)), steps.forward)


def forward_chain_untrained(evidence: Evidence) -> str:
    """What the encoder does before any training."""
    return steps.untrained(evidence, _encoder(evidence), steps.forward)


def pairs_nest(evidence: Evidence) -> xr.DataArray:
    """Share of steps from one pair to the next one inwards, at three stages, on which I(T_k; T_k′) does not fall.

    Along X → T_1 → … → Z → … → T_1′ → X′ the inner of two pairs lies within the outer one, so that Shannon information
    grows inwards. This direction is derived; the one that the paper prints is uncertain.
    """
    return steps.share_of_falls(steps.stages(evidence, _outwards(evidence)), steps.in_order)


def pairs_nest_untrained(evidence: Evidence) -> str:
    """What the pairs do before any training."""
    return steps.untrained(evidence, _outwards(evidence), steps.in_order)


def pairs_below_code(evidence: Evidence) -> xr.DataArray:
    """By how much a pair knows more of one another at the end than the code can hold, S(Z), at most, bits.

    All that passes from the first to the second of a pair passes the code. The bound is derived, as its direction is.
    """
    data = evidence.group("layer_pairs")
    pairs, entropy = data[_I_PAIR], autoencoders.of_code(data["entropy_layer"], autoencoders.codes(data))
    return (evidence.at_the_end(pairs) - evidence.at_the_end(entropy)).max(["variant", "pair"])


def wide_codes_turn_back(evidence: Evidence) -> xr.DataArray:
    """Fall of I(X; Z) since its peak, mean over codes wider than the intrinsic dimension, bits."""
    return _turned(evidence).where(_ratio(evidence) > 1).mean("variant")


def narrow_codes_turn_back(evidence: Evidence) -> xr.DataArray:
    """The same of the narrower codes."""
    return _turned(evidence).where(_ratio(evidence) < 1).mean("variant")


def switches_at_dimension(evidence: Evidence) -> xr.DataArray:
    """|log2| of the width from which on codes turn back over the intrinsic dimension, mean over families."""
    turned, dimension = _turned(evidence), _dimension(evidence)
    found = []
    for family in _families(evidence):
        ratio = autoencoders.switching_width(turned, family) / dimension.sel(variant=list(family.variants)).mean()
        found.append(ratio.copy(data=abs(np.log2(ratio.values))))
    return evidence.across(found).mean("sweep")


def by_width(evidence: Evidence) -> str:
    """The mean turn-back for every width, beside the intrinsic dimension."""
    turned, dimension = _turned(evidence).mean("seed"), _dimension(evidence)
    told = []
    for family in _families(evidence, fewest=1):
        own, about = (each.sel(variant=list(family.variants)) for each in (turned, dimension))
        known = [pair for pair in zip(family.widths, own.values.tolist(), strict=True) if np.isfinite(pair[1])]
        each = ", ".join(f"{value:.2f} of {width:g}" for width, value in known)
        told += [f"{_named(family)}{each}, where the dimension is {_number(float(about.mean()))}"] * bool(known)
    return f"Mean turn-back in bits, by units of the code: {'; '.join(told)}." if told else ""


def switches(evidence: Evidence) -> str:
    """The width from which on codes turn back, where it is a bound, and every estimate of the dimension."""
    turned, estimates = _turned(evidence), evidence.group(_DIMENSION)[_DIMENSION]
    by_method = autoencoders.intrinsic_dimension(estimates, dims=("repetition",))
    told = []
    for family in _families(evidence):
        found = autoencoders.switching_width(turned, family).dropna("seed")
        if not found.size:
            continue
        bounds = int(autoencoders.bound(found, family).sum())
        noted = f" (a bound alone in {bounds} of {found.size} seeds)" if bounds else ""
        own = by_method.sel(variant=list(family.variants)).mean("variant").to_series()
        dimensions = ", ".join(f"{_number(value)} by {method}" for method, value in own.items())
        switch = 2 ** np.log2(found.values).mean()
        told.append(f"{_named(family)}{switch:.3g}{noted}, where the dimension is {dimensions}")
    return f"Units from which on codes turn back, geometric mean over seeds: {'; '.join(told)}." if told else ""


def ends_at_bisector(evidence: Evidence) -> xr.DataArray:
    """Distance |I(X; Z) − I(Z; X′)| at the end, % of S(X), mean over variants."""
    whole = evidence.at_the_end(evidence.group("information")["entropy_input"])
    return (100 * _from_bisector(evidence) / whole).mean("variant")


def from_bisector(evidence: Evidence) -> str:
    """The distance in bits, trained and untrained."""
    untrained = evidence.under("none", untrained=True)
    trained, before = (float(_from_bisector(each).mean()) for each in (evidence, untrained))
    if np.isnan(trained):
        return ""
    return f"In bits the distance is {trained:.2f} in the mean, and of untrained networks {before:.2f}."


def with_other_estimators(evidence: Evidence) -> str:
    """The same effect with every other estimator of the experiment."""
    names = evidence.summary["information"].to_dataset()["estimator"].values.tolist()
    others = {name: replace(evidence, estimator=name) for name in names if name != evidence.estimator}
    found = {name: float(wide_codes_turn_back(each).mean()) for name, each in others.items()}
    told = [f"{value:.2f} bits with {name}" for name, value in found.items() if np.isfinite(value)]
    return f"The same is {', '.join(told)}." if told else ""


def _encoder(evidence: Evidence) -> xr.DataArray:
    """I(X; T) of the layers up to the code, NaN of those behind it."""
    values, codes = evidence.group("information")[_I_INPUT], autoencoders.codes(evidence.group("layer_pairs"))
    return values.where(values["depth"] <= autoencoders.of_code(values["depth"], codes))


def _outwards(evidence: Evidence) -> xr.DataArray:
    """I(T_k; T_k′), the innermost pair first, as if pairs were layers."""
    pairs = evidence.group("layer_pairs")[_I_PAIR].reset_coords(["first", "second"], drop=True)
    return pairs.isel(pair=slice(None, None, -1)).rename(pair="layer")


def _turned(evidence: Evidence) -> xr.DataArray:
    """How far I(X; Z) of every network has fallen since its peak, (variant, seed), bits."""
    codes = autoencoders.codes(evidence.group("layer_pairs"))
    return autoencoders.turn_back(autoencoders.of_code(evidence.group("information")[_I_INPUT], codes))


def _dimension(evidence: Evidence) -> xr.DataArray:
    """Intrinsic dimension of every variant's data, the geometric mean of all estimates, (variant)."""
    return autoencoders.intrinsic_dimension(evidence.group(_DIMENSION)[_DIMENSION])


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
    codes = autoencoders.codes(pairs)
    x, y = (
        evidence.at_the_end(autoencoders.of_code(values, codes))
        for values in (evidence.group("information")[_I_INPUT], pairs[_I_OUTPUT])
    )
    return abs(x - y)


def _of_tapia_estevez(settings: Mapping[str, Any], _: str) -> bool:
    """Whether an estimator's kernels have the widths of Tapia and Estévez."""
    rule: object = settings.get("bandwidth", {}).get("rule")
    return rule == "tapia_estevez"


CLAIMS = (
    Claim(
        "yu2019.forward_chain",
        "P4.a",
        _SOURCE,
        "Along the encoder information about the input does not rise: I(X; T_1) ≥ … ≥ I(X; Z).",
        forward_chain,
        f"share of steps up to the code on which I(X; T) rises by at most {TOLERANCE:g} bits, at three stages of "
        "training",
        "1",
        Rule("above", 0.8),
        needs=("information", "layer_pairs"),
        controls=(SHUFFLED,),  # that it holds without training, too, is part of the claim
        remark=forward_chain_untrained,
    ),
    Claim(
        "yu2019.error_chain",
        "P4.a",
        _SOURCE,
        "Through decoder and encoder information about the output's error does not rise on the way back: "
        "I(δ_K; δ_K−1) ≥ … ≥ I(δ_K; δ_1).",
        yu2021.error_chain,
        f"share of steps between hidden layers on which I(δ_K; δ_k) rises by at most {TOLERANCE:g} bits, untrained and "
        "after an epoch",
        "1",
        Rule("above", 0.8),
        needs=("error_chain",),
        controls=(SHUFFLED,),
        remark=yu2021.error_chain_at_the_end,
    ),
    Claim(
        "yu2019.pairs_nest",
        "P4.b",
        _SOURCE,
        "Symmetric layers know the more of one another the further inside they are: I(X; X′) ≤ I(T_1; T_1′) ≤ ….",
        pairs_nest,
        f"share of steps from a pair to the next one inwards on which I(T_k; T_k′) falls by at most {TOLERANCE:g} "
        "bits, at three stages of training",
        "1",
        Rule("above", 0.8),
        needs=("layer_pairs",),
        controls=(SHUFFLED,),
        remark=pairs_nest_untrained,
    ),
    Claim(
        "yu2019.pairs_below_code",
        "P4.b",
        _SOURCE,
        "No two symmetric layers, nor input and output, know more of one another than the code can hold, S(Z).",
        pairs_below_code,
        "greatest excess of I(T_k; T_k′) over S(Z) at the end",
        "bits",
        Rule("below", TOLERANCE),
        needs=("layer_pairs",),
        controls=(),  # shuffled samples know nothing of one another, and keep any bound
    ),
    Claim(
        "yu2019.wide_codes_turn_back",
        "P4.c",
        _SOURCE,
        "Codes wider than the intrinsic dimension of the data turn back: I(X; Z) rises and then falls.",
        wide_codes_turn_back,
        "fall of I(X; Z) from its peak to the end, mean over codes wider than the intrinsic dimension",
        "bits",
        Rule("above", TURN),
        needs=("information", "layer_pairs", "intrinsic_dimension"),
        controls=(SHUFFLED,),  # an untrained network has one epoch, and nothing to turn back from
        remark=by_width,
    ),
    Claim(
        "yu2019.narrow_codes_stay",
        "P4.c",
        _SOURCE,
        "Codes narrower than the intrinsic dimension of the data never turn back: I(X; Z) rises and stays.",
        narrow_codes_turn_back,
        "fall of I(X; Z) from its peak to the end, mean over codes narrower than the intrinsic dimension",
        "bits",
        Rule("below", TURN),
        needs=("information", "layer_pairs", "intrinsic_dimension"),
        controls=(),  # that shuffled samples stay as well would explain nothing
        remark=by_width,
    ),
    Claim(
        "yu2019.switches_at_dimension",
        "P4.c",
        _SOURCE,
        "The width from which on codes turn back tells the intrinsic dimension of the data, within a factor of two.",
        switches_at_dimension,
        f"|log2| of the width from which on codes turn back, by more than {TURN:g} bits, over the intrinsic dimension",
        "1",
        Rule("below", 1.0),
        needs=("information", "layer_pairs", "intrinsic_dimension"),
        controls=(SHUFFLED,),
        remark=switches,
    ),
    Claim(
        "yu2019.ends_at_bisector",
        "P4.c",
        _SOURCE,
        "Trained networks end near the bisector: the code knows of the reconstruction what it knows of the input.",
        ends_at_bisector,
        "distance |I(X; Z) − I(Z; X′)| at the end, share of S(X), mean over variants",
        "%",
        Rule("below", _NEAR),
        needs=("information", "layer_pairs"),
        controls=(UNTRAINED,),  # shuffled samples know little of either, and lie near it in any case
        remark=from_bisector,
    ),
    Claim(
        "tapia_estevez2020.wide_codes_do_not_compress",
        "P4.d",
        _DISPUTED,
        "Codes wider than the intrinsic dimension of the data do not compress: I(X; Z) does not fall again.",
        wide_codes_turn_back,
        "fall of I(X; Z) from its peak to the end, mean over codes wider than the intrinsic dimension",
        "bits",
        Rule("below", TURN),
        needs=("information", "layer_pairs", "intrinsic_dimension"),
        controls=(),  # as for narrow codes
        remark=by_width,
    ),
    Claim(
        "yu2019.turn_back_survives",
        "P4.d",
        _SOURCE,
        "The turn-back of wide codes survives the bandwidths of Tapia and Estévez.",
        wide_codes_turn_back,
        "fall of I(X; Z) from its peak to the end, mean over codes wider than the intrinsic dimension",
        "bits",
        Rule("above", TURN),
        needs=("information", "layer_pairs", "intrinsic_dimension"),
        controls=(SHUFFLED,),
        remark=with_other_estimators,
        applies=_of_tapia_estevez,
    ),
)
