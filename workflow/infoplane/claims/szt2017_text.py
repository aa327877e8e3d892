"""Claims of the text of Shwartz-Ziv and Tishby 2017 that it has no figure of: diffusion, relaxation, diversity.

The sentences are ours, and so are all measures and thresholds: the paper states none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from infoplane.claims.claim import Claim, Rule
from infoplane.claims.szt2017 import RELEVANT, SOURCE
from infoplane.derived import diversity, phases, ranks

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr

    from infoplane.claims.evidence import Evidence

_STARTS = (1, 3, 10)  # times the transition, from which on the weights are to diffuse
_WIENER = 0.5  # exponent of the displacement of a Wiener process in time
_SHARE = 0.95  # of its final I(T; Y), with which a layer has relaxed


def diffusion(evidence: Evidence) -> xr.DataArray:
    """Distance from 1/2 of the exponent of the weights' displacement, the greatest of all starts and variants.

    A Wiener process has it whenever one begins to look: here at the transition, and at three and ten times its epoch.
    """
    displacement, changes = _diffusing(evidence)
    found = [abs(phases.exponent(displacement, since=start * changes) - _WIENER) for start in _STARTS]
    return evidence.across([each.max("variant", skipna=False) for each in found]).max("sweep")


def exponents(evidence: Evidence) -> str:
    """The exponents of both phases, and of starts after the transition."""
    displacement, changes = _diffusing(evidence)
    first = float(phases.exponent(displacement, until=changes).mean())
    later = [float(phases.exponent(displacement, since=start * changes).mean()) for start in _STARTS]
    times = (f"{start} times that epoch" if start > 1 else "then" for start in _STARTS)
    since = (f"{each:.2f} since {when}" for when, each in zip(times, later, strict=True))
    return f"The mean exponent is {first:.2f} from the start up to the transition, and {', '.join(since)}."


def relaxes_sooner(evidence: Evidence) -> xr.DataArray:
    """Rank correlation, over a network's layers, of the compression before each with its relaxation, mean of variants.

    NaN for a network of fewer than three layers that have one before them and have not relaxed untrained.
    """
    before, relaxed = _relaxing(evidence)
    found = []
    for variant in relaxed["variant"].values:
        pairs = [each.sel(variant=variant).transpose("seed", "layer").values for each in (before, relaxed)]
        known = (_known_pairs(*rows) for rows in zip(*pairs, strict=True))
        rhos = [ranks.correlation(*each) if each.shape[1] >= phases.FEWEST else np.nan for each in known]
        found.append(relaxed.isel(variant=0, layer=0, drop=True).copy(data=rhos))
    return evidence.across(found).mean("sweep")


def relaxations(evidence: Evidence) -> str:
    """The same over seeds, for every layer of every variant: of one layer, depth and width tell nothing apart."""
    before, relaxed = _relaxing(evidence)
    if relaxed.isnull().all():
        return f"I(T; Y) never is {RELEVANT:g} bits, so that it is not judged."
    several, said = relaxed.sizes["variant"] > 1, []
    for variant in relaxed["variant"].values:
        layers = []
        for layer in relaxed["layer"].values:
            pairs = _known_pairs(*(each.sel(variant=variant, layer=layer).values for each in (before, relaxed)))
            rho = ranks.correlation(*pairs) if pairs.shape[1] >= phases.FEWEST else np.nan
            if np.isfinite(rho):
                sure = "" if several else " ({:.2f} to {:.2f})".format(*ranks.interval(*pairs))
                layers.append(f"{layer} {rho:.2f}{sure}")
        said += [", ".join(layers) + f" of {variant}" * several] * bool(layers)
    if not said:
        return "Of every layer, all seeds have the same compression before it, or relax at the same epoch."
    return (
        "Layers of one network differ in depth and width too. Over seeds, layer by layer, that correlation is "
        f"{'; '.join(said)}{'' if several else ' (95 % intervals)'}."
    )


def ends_apart(evidence: Evidence) -> xr.DataArray:
    """Distance of the final weights from those of the nearest other seed, as a share of the way, least of variants."""
    return diversity.nearest(evidence.group("weights")).min("variant", skipna=False)


def apart_in_weights_and_planes(evidence: Evidence) -> str:
    """The nearest two networks, and whether weights that are further apart have planes that are, by estimator."""
    weights = evidence.group("weights")
    said = [f"The nearest two are {float(diversity.nearest(weights).min()):.2g} of the way apart."]
    if "information" not in evidence.summary:
        return said[0]
    measured = evidence.summary["information"].to_dataset()
    for name in measured["estimator"].values:
        split = str(measured["split"].values[0])
        information = replace(evidence, estimator=str(name), split=split).group("information")
        of = [_apart(weights.sel(variant=each), information.sel(variant=each)) for each in weights["variant"].values]
        said.append(f"By {name}: {'; '.join(of)}.")
    return " ".join(said)


def _apart(weights: xr.Dataset, information: xr.Dataset) -> str:
    """How far apart the planes of one variant's networks are, and how that goes with the distance of their weights."""
    planes = diversity.plane_distance(information).transpose("seed", "other_seed").values
    words = [f"planes are {np.nanmedian(planes[np.triu_indices(len(planes), 1)]):.2g} bits apart in the median"]
    for kind, name in (("weight_distance", "weights"), ("weight_distance_matched", "weights with their units matched")):
        pairs = weights[kind].transpose("seed", "other_seed").values
        if np.isfinite(rho := ranks.correlation_over_pairs(pairs, planes)):
            low, high = ranks.interval_over_pairs(pairs, planes)
            words.append(f"rank correlation with the distance of {name} {rho:.2f} ({low:.2f} to {high:.2f})")
    return ", ".join(words)


def _relaxing(evidence: Evidence) -> tuple[xr.DataArray, xr.DataArray]:
    """Compression of the layer before each layer until it has relaxed, and when it has, (variant, seed, layer).

    NaN for layers that have relaxed untrained, which have nothing to wait for, and throughout for an estimate of
    I(T; Y) that never is as large as nearly all that can be known.
    """
    information = evidence.group("information")
    sees = information["mutual_information_layer_target"].max() >= RELEVANT
    relaxed = phases.relaxation(information, share=_SHARE)
    relaxed = relaxed.where(sees & (relaxed > 0))
    return phases.compression_before(information, relaxed), relaxed


def _known_pairs(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Both of every pair (n,) that is there, (2, known)."""
    pairs = np.stack([one, other])
    known: np.ndarray = pairs[:, np.isfinite(pairs).all(0)]
    return known


def _diffusing(evidence: Evidence) -> tuple[xr.DataArray, xr.DataArray]:
    """Displacement of the weights, and the transition of each network."""
    return evidence.group("weights")["weight_displacement"], phases.transition(evidence.group("training"))


CLAIMS = (
    Claim(
        "szt2017.diffusion",
        "text",
        SOURCE,
        "In the second phase the weights diffuse: their displacement grows as that of a Wiener process, with √t.",
        diffusion,
        "distance from 1/2 of the exponent of the displacement, greatest of those since the transition from drift to "
        "diffusion and since three and ten times its epoch",
        "1",
        Rule("below", 0.1),
        needs=("weights", "training"),
        controls=(),
        remark=exponents,
    ),
    Claim(
        "szt2017.relaxes_sooner",
        "text",
        SOURCE,
        "A layer relaxes the sooner, the more the layer before it has compressed by then (our reading of equation 11).",
        relaxes_sooner,
        "Spearman's rank correlation, over the layers of a network, of the fall of I(X; T) of the layer before and the "
        "epochs until 95 % of the final I(T; Y)",
        "1",
        Rule("below", 0),
        needs=("information",),
        controls=(),
        remark=relaxations,
    ),
    Claim(
        "szt2017.ends_apart",
        "text",
        SOURCE,
        "Training ends in many different networks: no two of them have the same weights.",
        ends_apart,
        "distance of the final weights from those of the nearest other seed, hidden units matched where they can be, "
        "over the distance from the initial ones",
        "1",
        Rule("above", 0.1),
        needs=("weights",),
        controls=(),
        remark=apart_in_weights_and_planes,
    ),
)
