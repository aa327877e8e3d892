"""What a summary says beyond claims: how many filters are needed, and which layers learn little.

Both take up what Yu et al. 2021 leave to future work; the definitions are ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import xarray as xr

from infoplane.claims.claim import SHUFFLED, TOLERANCE
from infoplane.claims.evidence import Evidence
from infoplane.claims.verdict import interval
from infoplane.derived import ends, outcomes
from infoplane.schema import ACCURACY


@dataclass(frozen=True)
class FiltersNeeded:
    """How many filters of a convolution its information and the accuracy need, the others being as they are.

    Parameters
    ----------
    layer
        The convolution.
    variants
        Those that were compared, from the fewest filters to the most.
    tried
        Numbers of filters that were tried.
    information, accuracy
        The fewest of them at which the mean over seeds of the multivariate mutual information about the input, and of
        the accuracy on the test split, is no further below its best than the seeds are spread there (one standard
        deviation), or than 0.05 bits if that is more.
    """

    layer: str
    variants: tuple[str, ...]
    tried: tuple[int, ...]
    information: int
    accuracy: int


@dataclass(frozen=True)
class Bypass:
    """A layer that learns little at the end of training, by the error that reaches it.

    Parameters
    ----------
    variant, layer
        Where.
    information
        I(δ_K; δ_k), mean over seeds, bits.
    reason
        Why it counts as one.
    """

    variant: str
    layer: str
    information: float
    reason: str


@dataclass(frozen=True)
class Failures:
    """Networks, as seeds by variant, that did not train as they should.

    Parameters
    ----------
    diverged
        Their loss stopped being finite; they count in no effect.
    unlearned
        At the last epoch they are right on the test split less than 5 percentage points more often than untrained; they
        count in every effect that is judged, and beside it stands what it is without them.
    """

    diverged: Mapping[str, Sequence[int]]
    unlearned: Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Findings:
    """Both, with one estimator on one split."""

    estimator: str
    split: str
    filters_needed: tuple[FiltersNeeded, ...]
    bypass: tuple[Bypass, ...]


def of_summary(summary: xr.DataTree) -> list[Findings]:
    """Findings with every estimator and split, as far as the summary has the groups that they need."""
    has = set(summary.children)
    groups = [summary[name].to_dataset() for name in ("decomposition", "error_chain") if name in has]
    pairs = dict.fromkeys(pair for data in groups for pair in product(data["estimator"].values, data["split"].values))
    found = []
    for estimator, split in pairs:
        evidence = Evidence(summary, str(estimator), str(split))
        of = {
            name for name in ("decomposition", "error_chain") if name in has and estimator in summary[name]["estimator"]
        }
        needed = filters_needed(evidence) if "decomposition" in of else []
        found.append(
            Findings(str(estimator), str(split), tuple(needed), tuple(bypass(evidence) if "error_chain" in of else []))
        )
    return found


def failures(summary: xr.DataTree) -> Failures:
    """Networks that diverged, and networks that trained to the end and learned nothing, as far as that is known."""
    if "training" not in summary.children:
        return Failures({}, {})
    training = summary["training"].to_dataset()
    return Failures(diverged=_seeds(outcomes.diverged(training)), unlearned=_seeds(outcomes.unlearned(training)))


def _seeds(marked: xr.DataArray) -> dict[str, list[int]]:
    """Variants with the seeds that are marked (variant, seed), without those that have none."""
    seeds = {
        str(name): marked["seed"].values[marked.sel(variant=name).values].tolist() for name in marked["variant"].values
    }
    return {name: found for name, found in seeds.items() if found}


def filters_needed(evidence: Evidence) -> list[FiltersNeeded]:
    """The filters needed in every sweep over those of one convolution; needs decomposition, training and accuracy."""
    if "training" not in evidence.summary.children or ACCURACY not in evidence.summary["training"].data_vars:
        return []
    maps = evidence.group("decomposition")["multivariate_mutual_information"].sel(about="input")
    information, accuracy = ends.at_the_end(maps), evidence.accuracy()
    found = []
    for sweep in evidence.sweeps():
        names = list(sweep.variants)
        needed = [
            sweep.filters[_first_at_best(values.sel(variant=names).transpose("variant", "seed").values, least=least)]
            for values, least in ((information.sel(layer=sweep.layer), TOLERANCE), (accuracy, 0.0))
        ]
        found.append(FiltersNeeded(sweep.layer, sweep.variants, sweep.filters, *needed))
    return found


def bypass(evidence: Evidence) -> list[Bypass]:
    """Layers, hidden ones, at which the error chain rises, or is no higher than with shuffled samples; needs it."""
    chain = ends.at_the_end(evidence.error_chain())
    shuffled = SHUFFLED in evidence.experiment.get("controls", [])
    control = evidence.under(SHUFFLED)
    above = chain - ends.at_the_end(control.error_chain()) if shuffled else chain * np.nan
    return [
        Bypass(variant, layer, value, reason)
        for variant in chain["variant"].values.tolist()
        for layer, value, reason in _of_variant(chain.sel(variant=variant), above.sel(variant=variant))
    ]


def _of_variant(chain: xr.DataArray, above: xr.DataArray) -> Iterator[tuple[str, float, str]]:
    """Layers of one variant and why, from I(δ_K; δ_k) and its distance from shuffled samples, (layer, seed)."""
    before = np.inf
    for layer in chain["layer"].values.tolist():
        value, distances = chain.sel(layer=layer).mean().item(), above.sel(layer=layer).dropna("seed").values
        if np.isnan(value):
            continue
        if value > before + TOLERANCE:
            yield layer, value, f"more than the next layer towards the output, {before:.3g} bits"
        elif distances.size and (low := interval(distances.tolist())[0]) <= 0:
            found = f"{distances.mean():+.2g} bits, 95 % interval from {low:+.2g}"
            yield layer, value, f"not surely more than with shuffled samples: {found}"
        before = value


def _first_at_best(values: np.ndarray, *, least: float) -> int:
    """The first row whose mean is no further below the best than the values of the best are spread, or this at least.

    Of (variant, seed), NaN where a seed diverged.
    """
    means = np.ma.masked_invalid(values).mean(-1).filled(-np.inf)
    best = int(means.argmax())
    known = values[best][~np.isnan(values[best])]
    spread = known.std(ddof=1) if len(known) > 1 else 0.0
    return int(np.flatnonzero(means >= means[best] - max(spread, least))[0])
