"""Claims of Yu et al. 2021, "Understanding Convolutional Neural Networks with Information Theory" (arXiv 1804.06537).

The sentences are ours, and so are all thresholds: the paper states none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from infoplane.claims import steps
from infoplane.claims.claim import SHUFFLED, TOLERANCE, Claim, Rule
from infoplane.derived import ends, ranks

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr

    from infoplane.claims.evidence import Evidence, Sweep

_SOURCE = "Yu et al. 2021"
_SATURATED = 0.95  # of the entropy of the input
_FALL = 5.0  # % by which information may fall before a convolution counts as compressing


def forward_chain(evidence: Evidence) -> xr.DataArray:
    """Share of steps from one layer to the next, at three stages, on which I(X; T) does not rise."""
    values = evidence.group("information")["mutual_information_input_layer"]
    return steps.share_of_falls(steps.stages(evidence, values), steps.forward)


def forward_chain_untrained(evidence: Evidence) -> str:
    """What the forward chain does before any training."""
    values = evidence.group("information")["mutual_information_input_layer"]
    return steps.untrained(values, steps.forward)


def error_chain(evidence: Evidence) -> xr.DataArray:
    """Share of steps on the way back, untrained and after one epoch, on which I(δ_K; δ_k) does not rise."""
    return steps.share_of_falls(steps.stages(evidence, evidence.error_chain())[:2], steps.in_order)


def error_chain_at_the_end(evidence: Evidence) -> str:
    """What the error chain does when the networks have converged, and how wide its kernel is then."""
    chain = evidence.error_chain()
    untrained = steps.untrained(chain, steps.in_order)
    share = float(steps.share_of_falls([ends.at_the_end(chain)], steps.in_order).mean())
    if np.isnan(share):
        return f"{untrained} At the end there is none."
    data = evidence.group("error_chain")
    ratio = ends.at_the_end(data["error_median_distance"] / data["error_bandwidth"])
    low, high = (float(end) for end in (ratio.min(), ratio.max()))
    return (
        f"{untrained} At the end {100 * share:.0f} % do, with a median distance of {low:.2g} to {high:.2g} "
        "kernel widths between the errors of two samples."
    )


def information_grows(evidence: Evidence) -> xr.DataArray:
    """The smallest step of the multivariate mutual information from one number of filters to the next, bits."""
    values = ends.at_the_end(evidence.group("decomposition")["multivariate_mutual_information"].sel(about="input"))
    rises = [
        values.sel(variant=list(sweep.variants), layer=sweep.layer).diff("variant").min("variant", skipna=False)
        for sweep in evidence.sweeps()
    ]
    return evidence.across(rises).min("sweep", skipna=False)


def saturates_early(evidence: Evidence) -> xr.DataArray:
    """log2 of how many times more filters the accuracy needs than the information, averaged over convolutions.

    The information needs the fewest filters that tell 95 % of S(X); the accuracy the fewest with which it is within the
    spread over seeds of the best of its seed. What is never reached counts as twice the most filters that were tried.
    Under a control it is the information of that against the accuracy of the trained networks.
    """
    accuracy, ratios = evidence.under("none").accuracy(), []
    for sweep, for_information in _for_information(evidence):
        own = accuracy.sel(variant=list(sweep.variants))
        best = own.isel(variant=int(np.argmax(own.mean("seed").fillna(-np.inf).values)))
        ratios.append(_fewest(own, own.max("variant") - best.std("seed"), sweep.filters) / for_information)
    found = evidence.across(ratios)
    return found.copy(data=np.log2(found.values)).mean("sweep")


def saturation_not_reached(evidence: Evidence) -> str:
    """How often the information was never as high as the claim asks, and its number of filters is a bound."""
    counts = [
        (int((found > sweep.filters[-1]).sum()), found.sizes["seed"]) for sweep, found in _for_information(evidence)
    ]
    missed, whole = (sum(each) for each in zip(*counts, strict=True)) if counts else (0, 0)
    return f"In {missed} of {whole} sweeps and seeds no number of filters that was tried reached 95 % of S(X)."


def _for_information(evidence: Evidence) -> list[tuple[Sweep, xr.DataArray]]:
    """Every sweep, and the fewest filters that tell 95 % of S(X), (seed)."""
    values = ends.at_the_end(evidence.group("decomposition")["multivariate_mutual_information"].sel(about="input"))
    bound = _SATURATED * ends.at_the_end(evidence.group("information")["entropy_input"])
    return [
        (sweep, _fewest(values.sel(variant=names, layer=sweep.layer), bound.sel(variant=names), sweep.filters))
        for sweep in evidence.sweeps()
        for names in [list(sweep.variants)]
    ]


def synergy_grows(evidence: Evidence) -> xr.DataArray:
    """Spearman's rank correlation of the number of filters and RST %, averaged over convolutions."""
    return _correlation_with_filters(evidence, _end_of(evidence, "redundancy_synergy_tradeoff_percent"))


def synergy_of_live_maps(evidence: Evidence) -> str:
    """How many maps are dead, and what the same correlation is without them.

    A pair of two maps that are constant on the probe is left out of the percentages; a pair of such a map and another
    counts with RST 0 %, as all that the two know is in one of them. So dead maps lower RST % by themselves.
    """
    excluded, channels = _end_of(evidence, "pairs_excluded"), evidence.group("decomposition")["channels"]
    dead = ((1 + (1 + 8 * excluded) ** 0.5) / 2).where(excluded > 0, 0.0)  # of which these are the pairs
    if not dead.sum() > 0:
        return ""
    live, counted = channels - dead, channels * (channels - 1) / 2 - excluded
    pairs = live * (live - 1) / 2
    percent = _end_of(evidence, "redundancy_synergy_tradeoff_percent") * counted / pairs.where(pairs >= 1)
    among_live = _correlation_with_filters(evidence, percent).dropna("seed").values
    share = 100 * float((dead / channels).where(channels > 1).mean())
    said = f"At the end {share:.0f} % of the maps are constant on the probe, and their pairs with others have RST 0 %."
    if not among_live.size:
        return said
    each = " and ".join(f"{rho:.2f}" for rho in (among_live.min(), among_live.max()))
    return f"{said} Among the others alone the correlation is {among_live.mean():.2f}, of single seeds between {each}."


def _correlation_with_filters(evidence: Evidence, percent: xr.DataArray) -> xr.DataArray:
    """Spearman's rank correlation of values (variant, seed, layer) with the number of filters, mean over sweeps."""
    found = []
    for sweep in evidence.sweeps():
        paired = [name for name, count in zip(sweep.variants, sweep.filters, strict=True) if count > 1]
        values = percent.sel(variant=paired, layer=sweep.layer).transpose("seed", "variant")
        correlations = [ranks.correlation(np.arange(len(row)), row) for row in values.values]
        found.append(values.isel(variant=0, drop=True).copy(data=correlations))
    return evidence.across(found).mean("sweep")


def shares_add_up(evidence: Evidence) -> xr.DataArray:
    """By how much RST % and WNI % miss 100 % at most, anywhere."""
    data = evidence.group("decomposition")
    total = data["redundancy_synergy_tradeoff_percent"] + data["weighted_nonredundant_information_percent"]
    return abs(total - 100).max([dim for dim in total.dims if dim != "seed"])


def plane_stays(evidence: Evidence) -> xr.DataArray:
    """The largest fall of I(X; T) of any convolution from its greatest value to the end, %."""
    values = evidence.group("decomposition")["multivariate_mutual_information"].sel(about="input")
    return _falls(values).max(["variant", "layer"])


def plane_falls_most(evidence: Evidence) -> str:
    """Which convolution falls most, and how many do not."""
    values = evidence.group("decomposition")["multivariate_mutual_information"].sel(about="input")
    falls = _falls(values).mean("seed").stack(place=("variant", "layer")).dropna("place")
    if not falls.size:
        return ""
    variant, layer = falls["place"].values[int(np.argmax(falls.values))]
    share = 100 * float((falls < _FALL).mean())
    return f"It falls most in {layer} of {variant}; {share:.0f} % of all convolutions fall by less than {_FALL:g} %."


def modified_plane_falls(evidence: Evidence) -> xr.DataArray:
    """The fall of the non-redundant information about the input from its greatest value to the end, %, on average."""
    return _falls(_nonredundant(evidence)).mean(["variant", "layer"])


def sigmoid_falls_more(evidence: Evidence) -> xr.DataArray:
    """The same fall of sigmoid networks less that of ReLU networks with the same filters, percentage points.

    Of several networks with the same filters and activation, which started otherwise, the most accurate counts: one
    that stays at chance has nothing to compress.
    """
    falls = _falls(_nonredundant(evidence)).mean("layer")
    return evidence.across(
        [falls.sel(variant=sigmoid) - falls.sel(variant=relu) for sigmoid, relu in _nonlinearities(evidence)]
    ).mean("sweep")


def nonlinearities_compared(evidence: Evidence) -> str:
    """Which networks are compared."""
    pairs = "; ".join(f"{sigmoid} with {relu}" for sigmoid, relu in _nonlinearities(evidence))
    return f"Compared: {pairs}." if pairs else ""


def _nonlinearities(evidence: Evidence) -> list[tuple[str, str]]:
    """Sigmoid and ReLU variants of the same filters; of several of one kind the most accurate on average."""
    data, accuracy = evidence.group("decomposition"), evidence.accuracy().mean("seed").fillna(-np.inf)
    if "model.activation" not in data.coords:
        return []
    by_filters: dict[str, dict[str, str]] = {}
    for variant, activation, filters in zip(
        data["variant"].values.tolist(), data["model.activation"].values.tolist(), evidence.filters(), strict=True
    ):
        of_filters = by_filters.setdefault(repr(filters), {})
        known = of_filters.setdefault(activation, variant)
        of_filters[activation] = max(known, variant, key=lambda name: accuracy.sel(variant=name).item())
    return [(each["sigmoid"], each["relu"]) for each in by_filters.values() if {"sigmoid", "relu"} <= set(each)]


def _end_of(evidence: Evidence, name: str) -> xr.DataArray:
    """What feature maps have of something about the input at the end, (variant, seed, layer)."""
    return ends.at_the_end(evidence.group("decomposition")[name].sel(about="input"))


def _nonredundant(evidence: Evidence) -> xr.DataArray:
    return evidence.group("decomposition")["weighted_nonredundant_information"].sel(about="input")


def _falls(values: xr.DataArray) -> xr.DataArray:
    """From the greatest value over epochs to the last, % of the former, (variant, layer, seed)."""
    greatest = values.max("epoch")
    return 100 * (greatest - ends.at_the_end(values)) / greatest.where(greatest > 0)


def _fewest(values: xr.DataArray, mark: xr.DataArray, filters: tuple[int, ...]) -> xr.DataArray:
    """The fewest filters whose values (variant, seed) reach a mark, (seed); twice the most where none do.

    NaN for a seed that lacks a value, as its network diverged.
    """
    rows = values.transpose("seed", "variant")
    reached = (values >= mark).transpose("seed", "variant").values
    counts = np.where(reached, np.array(filters, dtype=float), 2.0 * filters[-1]).min(-1)
    counts[np.isnan(rows.values).any(-1)] = np.nan
    return rows.isel(variant=0, drop=True).copy(data=counts)


CLAIMS = (
    Claim(
        "yu2021.forward_chain",
        "P1.a",
        _SOURCE,
        "Information about the input does not rise from layer to layer: I(X; T_1) ≥ … ≥ I(X; T_K).",
        forward_chain,
        "share of steps between layers on which I(X; T) rises by at most 0.05 bits, at three stages of training",
        "1",
        Rule("above", 0.8),
        needs=("information",),
        controls=(SHUFFLED,),  # that it holds without training, too, is part of the claim
        remark=forward_chain_untrained,
    ),
    Claim(
        "yu2021.error_chain",
        "P1.b",
        _SOURCE,
        "Information about the output's error does not rise on the way back: I(δ_K; δ_K−1) ≥ … ≥ I(δ_K; δ_1).",
        error_chain,
        "share of steps between layers on which I(δ_K; δ_k) rises by at most 0.05 bits, untrained and after an epoch",
        "1",
        Rule("above", 0.8),
        needs=("error_chain",),
        controls=(SHUFFLED,),
        remark=error_chain_at_the_end,
    ),
    Claim(
        "yu2021.information_grows",
        "P1.c",
        _SOURCE,
        "The information that feature maps hold together about the input does not fall when filters are added.",
        information_grows,
        "smallest step of the multivariate mutual information from one number of filters to the next",
        "bits",
        Rule("above", -TOLERANCE),
        needs=("decomposition",),
    ),
    Claim(
        "yu2021.saturates_early",
        "P1.c",
        _SOURCE,
        "That information reaches its bound with fewer filters than the accuracy needs.",
        saturates_early,
        "log2 of how many times more filters the best accuracy needs than 95 % of S(X)",
        "1",
        Rule("above", 0),
        needs=("decomposition", "information", "training"),
        remark=saturation_not_reached,
        of_accuracy=True,
    ),
    Claim(
        "yu2021.synergy_grows",
        "P1.d",
        _SOURCE,
        "The more filters, the less redundancy and the more synergy in their pairs.",
        synergy_grows,
        "Spearman's rank correlation of the number of filters and RST %",
        "1",
        Rule("below", 0),
        needs=("decomposition",),
        remark=synergy_of_live_maps,
    ),
    Claim(
        "yu2021.shares_add_up",
        "P1.d",
        _SOURCE,
        "Redundancy-synergy trade-off and non-redundant information are shares of one whole: RST % + WNI % = 100 %.",
        shares_add_up,
        "largest distance of the sum from 100 %",
        "%",
        Rule("below", 1e-6),
        needs=("decomposition",),
        controls=(),
    ),
    Claim(
        "yu2021.no_compression_in_the_plane",
        "P1.e",
        _SOURCE,
        "In the information plane no convolution compresses: I(X; T) rises and stays.",
        plane_stays,
        "largest fall of I(X; T) of a convolution from its greatest value to the end",
        "%",
        Rule("below", _FALL),
        needs=("decomposition",),
        controls=(SHUFFLED,),
        remark=plane_falls_most,
    ),
    Claim(
        "yu2021.compression_in_the_modified_plane",
        "P1.e",
        _SOURCE,
        "In the modified plane compression shows: the non-redundant information about the input falls after its peak.",
        modified_plane_falls,
        "fall of the non-redundant information from its greatest value to the end, mean over convolutions",
        "%",
        Rule("above", 10),
        needs=("decomposition",),
        controls=(SHUFFLED,),
    ),
    Claim(
        "yu2021.sigmoid_compresses_more",
        "P1.e",
        _SOURCE,
        "In the modified plane sigmoid networks compress more than ReLU networks.",
        sigmoid_falls_more,
        "fall in sigmoid networks less that in ReLU networks of the same filters and seed",
        "percentage points",
        Rule("above", 0),
        needs=("decomposition", "training"),
        controls=(SHUFFLED,),
        remark=nonlinearities_compared,
    ),
)
