"""From the effects of seeds to a verdict: a mean with its interval, the same under the controls, and a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import xarray as xr

from infoplane.claims.claim import UNTRAINED, Claim, Rule
from infoplane.claims.evidence import Evidence
from infoplane.errors import ConfigError

LEAST_SEEDS = 3
LEVEL = 0.95
_RESAMPLES = 9999

SUPPORTED, CONTRADICTED, INCONCLUSIVE = "supported", "contradicted", "inconclusive"
EXPLAINED, NONE = "explained by the control", "no verdict"
VERDICTS = (SUPPORTED, CONTRADICTED, INCONCLUSIVE, EXPLAINED, NONE)


@dataclass(frozen=True)
class Effect:
    """The effect of every seed that shows one, its mean, and the mean's interval."""

    seeds: tuple[int, ...]
    values: tuple[float, ...]
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Verdict:
    """What a summary says of a claim, judged with one estimator on one split, if it needs any.

    Parameters
    ----------
    claim, estimator, split
        What is judged, and with what.
    effect
        Of all networks but those that diverged: the verdict is on this.
    learned
        The same without the networks that learned nothing, if there are such.
    controls
        The same under the controls that were measured.
    beyond
        The effect less that under each control, of the seeds that show both.
    verdict
        The word.
    remark
        What else the evidence says.
    """

    claim: Claim
    estimator: str
    split: str
    effect: Effect
    learned: Effect | None
    controls: dict[str, Effect]
    beyond: dict[str, Effect]
    verdict: str
    remark: str


def verdicts(claim: Claim, summary: xr.DataTree) -> list[Verdict]:
    """A verdict on a claim with every estimator and split of the groups that it needs.

    One that needs no estimates, but training or weights alone, gets a single verdict, of no estimator and no split.

    Raises
    ------
    ConfigError
        If one of these groups is missing, or the claim's function does not give an effect of each seed.
    """
    missing = [name for name in claim.needs if name not in summary.children]
    if missing:
        raise ConfigError(
            f"claim {claim.name!r} needs {', '.join(missing)}, which the summary lacks; have the experiment measure "
            "it, or leave the claim out"
        )
    groups = [summary[name].to_dataset() for name in claim.needs if "estimator" in summary[name].dims]
    labels = [_shared(groups, dim) for dim in ("estimator", "split")]
    found = [Evidence(summary, estimator, split) for estimator, split in product(*labels)]
    return [
        _verdict(claim, each) for each in found if claim.applies is None or claim.applies(each.settings, each.split)
    ]


def _shared(groups: Sequence[xr.Dataset], dim: str) -> list[str]:
    """Labels that all groups have, in the order of the first."""
    first, *others = [[str(label) for label in data[dim].values] for data in groups] or [[""]]
    return [label for label in first if all(label in each for each in others)]


def _verdict(claim: Claim, evidence: Evidence) -> Verdict:
    effect = _effect(claim, evidence)
    controls = {name: _effect(claim, _under(evidence, name)) for name in claim.controls if _measured(evidence, name)}
    beyond = {name: difference(effect, control) for name, control in controls.items()}
    said, own = word(effect, controls, claim.rule), claim.remark(evidence) if claim.remark else ""
    return Verdict(
        claim,
        evidence.estimator,
        evidence.split,
        effect,
        _effect(claim, evidence.of_those_that_learned()) if evidence.some_learned_nothing else None,
        controls,
        beyond,
        said,
        " ".join(filter(None, [own, no_clearer(beyond, claim.rule) if said == SUPPORTED else ""])),
    )


def word(effect: Effect, controls: dict[str, Effect], rule: Rule) -> str:
    """The word for an effect.

    It is supported where the whole interval keeps the rule, contradicted where the whole interval breaks it, and
    inconclusive else; what is supported and holds as firmly under a control is explained by that. With fewer than
    three seeds nothing is said.
    """
    if len(effect.values) < LEAST_SEEDS:
        return NONE
    own = _word(effect, rule)
    shown = [control for control in controls.values() if len(control.values) >= LEAST_SEEDS]
    return EXPLAINED if own == SUPPORTED and any(_word(each, rule) == SUPPORTED for each in shown) else own


def difference(effect: Effect, control: Effect) -> Effect:
    """The effect less that under a control, seed by seed, as seeds of both start alike."""
    under = dict(zip(control.seeds, control.values, strict=True))
    own = zip(effect.seeds, effect.values, strict=True)
    return _of_seeds({seed: value - under[seed] for seed, value in own if seed in under})


def no_clearer(beyond: dict[str, Effect], rule: Rule) -> str:
    """A sentence on the controls that an effect is not clearly beyond, on the side that the rule asks for."""
    ahead = Rule(rule.side, 0.0)
    shown = {name: each for name, each in beyond.items() if len(each.values) >= LEAST_SEEDS}
    near = [name for name, each in shown.items() if _word(each, ahead) != SUPPORTED]
    return f"Under {' and '.join(near).replace('_', ' ')} the effect is not clearly weaker." if near else ""


def interval(values: Sequence[float]) -> tuple[float, float]:
    """95 % interval of a mean over seeds by the percentile bootstrap.

    Efron 1979. With three seeds it is no wider than from the least to the greatest of them, and holds the true mean
    less often than its name says.
    """
    array = np.asarray(values, dtype=float)
    drawn = np.random.default_rng(0).integers(len(array), size=(_RESAMPLES, len(array)))
    low, high = np.quantile(array[drawn].mean(1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _word(effect: Effect, rule: Rule) -> str:
    ends = (effect.low, effect.high)
    return SUPPORTED if all(map(rule.holds, ends)) else CONTRADICTED if all(map(rule.breaks, ends)) else INCONCLUSIVE


def _effect(claim: Claim, evidence: Evidence) -> Effect:
    found = _of_each_seed(claim, evidence).dropna("seed")
    return _of_seeds({int(seed): float(value) for seed, value in zip(found["seed"].values, found.values, strict=True)})


def _of_seeds(found: Mapping[int, float]) -> Effect:
    values = tuple(found.values())
    if not values:
        return Effect((), (), np.nan, np.nan, np.nan)
    low, high = interval(values) if len(values) > 1 else (np.nan, np.nan)
    return Effect(tuple(found), values, float(np.mean(values)), low, high)


def _of_each_seed(claim: Claim, evidence: Evidence) -> xr.DataArray:
    """What the claim's function finds, which may be the user's own."""
    try:
        found = claim.effect(evidence)
    except Exception as error:
        raise ConfigError(f"claim {claim.name!r}: its effect raises {type(error).__name__}: {error}") from error
    if not isinstance(found, xr.DataArray) or found.dims != ("seed",):
        what = f"has dimensions {found.dims}" if isinstance(found, xr.DataArray) else f"is a {type(found).__name__}"
        raise ConfigError(f"claim {claim.name!r}: its effect {what}; accepted: an xarray.DataArray over 'seed' alone")
    return found


def _under(evidence: Evidence, name: str) -> Evidence:
    return evidence.under("none", untrained=True) if name == UNTRAINED else evidence.under(name)


def _measured(evidence: Evidence, name: str) -> bool:
    return name == UNTRAINED or name in evidence.experiment.get("controls", [])
