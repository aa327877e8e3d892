"""Which conclusions hold at every point of a grid of settings, and which choice flips the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import xarray as xr

from infoplane import grid
from infoplane.claims import verdict
from infoplane.claims.claim import Claim
from infoplane.claims.verdict import CONTRADICTED, EXPLAINED, INCONCLUSIVE, NONE, SUPPORTED, Verdict
from infoplane.schema import estimates

HOLDS, FAILS, OPEN, FLIPS = "holds across the grid", "fails across the grid", "open across the grid", "flips"
CONTROLLED, WAVERS, UNSEEN = "explained by a control across the grid", "wavers", "no verdict"
ESTIMATOR = "estimator"  # the axis that every grid of several estimators has


@dataclass(frozen=True)
class Place:
    """Where a conclusion is judged: an estimate, and the point of the grid that gives it.

    Parameters
    ----------
    estimate
        Its label in the summary of the grid.
    base
        That of the estimator which is varied.
    own
        Whether it is the experiment's own, as figures and claims have it.
    choices
        By axis.
    """

    estimate: str
    base: str
    own: bool
    choices: Mapping[str, Any]

    @property
    def given(self) -> bool:
        """Whether it is the estimator as it was given, with nothing varied."""
        return self.estimate == self.base

    def words(self) -> str:
        """What was chosen; of an estimator that is not varied, its name alone."""
        return f"{self.base}: {grid.words(self.choices)}" if self.choices else self.base


@dataclass(frozen=True)
class Step:
    """How often changing one choice, and nothing else, changes the verdict."""

    axis: str
    changed: int
    compared: int


@dataclass(frozen=True)
class Conclusion:
    """A claim, judged on one split at every place of a grid.

    Parameters
    ----------
    claim, split
        What is judged, and on which probe.
    verdicts
        By place, in the order of the grid.
    """

    claim: Claim
    split: str
    verdicts: tuple[tuple[Place, Verdict], ...]

    @property
    def outcome(self) -> str:
        """What the verdicts are together.

        It *holds*, *fails*, is *explained* or stays *open* where every verdict is supported, contradicted, explained by
        a control or inconclusive. It *flips* where it is contradicted at one place, and at another supported, if only
        as a control is too. Else it *wavers*.
        """
        words = {each.verdict for _, each in self.verdicts}
        if len(words) == 1:
            alike = {SUPPORTED: HOLDS, CONTRADICTED: FAILS, EXPLAINED: CONTROLLED, INCONCLUSIVE: OPEN, NONE: UNSEEN}
            return alike[words.pop()]
        return FLIPS if CONTRADICTED in words and words & {SUPPORTED, EXPLAINED} else WAVERS

    def places(self) -> dict[str, list[Place]]:
        """Places by verdict, in the order in which verdicts are told."""
        return {
            word: found
            for word in verdict.VERDICTS
            if (found := [place for place, each in self.verdicts if each.verdict == word])
        }

    def steps(self) -> list[Step]:
        """By axis, how often a single step changes the verdict; between estimators, from one as given to another."""
        counted: dict[str, list[bool]] = {}
        for (one, first), (other, second) in combinations(self.verdicts, 2):
            if axis := _step(one, other):
                counted.setdefault(axis, []).append(first.verdict != second.verdict)
        return [Step(axis, sum(changes), len(changes)) for axis, changes in counted.items()]

    def deciding(self) -> str:
        """Which choice changes the verdict, in one sentence; nothing to say where none does."""
        steps = sorted(self.steps(), key=lambda step: (-step.changed / step.compared, step.axis))
        changing = [step for step in steps if step.changed]
        if not changing:
            return ""
        if len(changing) == 1 and (by_value := self._by_value(changing[0].axis)):
            return f"Only {_named(changing[0].axis)} decides: {by_value}."
        told = [f"{_named(step.axis)} in {step.changed} of {step.compared} steps" for step in changing]
        never = [_named(step.axis) for step in steps if not step.changed]
        return f"Changed by {', '.join(told)}{f'; never by {_either(never)}' if never else ''}."

    def reason(self) -> str:
        """Why there is no verdict anywhere, where that is known."""
        return self.verdicts[0][1].remark if self.outcome == UNSEEN else ""

    def _by_value(self, axis: str) -> str:
        """The verdict at every value of an axis, if that is all that it hangs on."""
        found: dict[str, set[str]] = {}
        for place, each in self.verdicts:
            if axis == ESTIMATOR:
                found.setdefault(place.estimate if place.given else place.base, set()).add(each.verdict)
            elif axis in place.choices:
                found.setdefault(grid.said(axis, place.choices[axis]), set()).add(each.verdict)
        if any(len(words) > 1 for words in found.values()):
            return ""
        values: dict[str, list[str]] = {}
        for value, words in found.items():
            values.setdefault(words.pop(), []).append(value)
        return "; ".join(f"{word} at {', '.join(same)}" for word, same in values.items())


def across(summary: xr.DataTree, claims: Iterable[Claim]) -> list[Conclusion]:
    """Judge claims at every point of a grid.

    Parameters
    ----------
    summary
        Of a grid: its experiment has the points' estimators, and says by ``grid`` what each of them varies.
    claims
        Those that need no estimates hang on no estimator, and are left out.

    Raises
    ------
    ConfigError
        As `infoplane.claims.judge`.
    """
    known = {place.estimate: place for place in places(summary.attrs["experiment"])}
    found: list[Conclusion] = []
    for claim in claims:
        by_split: dict[str, list[tuple[Place, Verdict]]] = {}
        for each in verdict.verdicts(claim, summary):
            if each.estimator:
                by_split.setdefault(each.split, []).append((known[each.estimator], each))
        found += [Conclusion(claim, split, tuple(of_split)) for split, of_split in by_split.items()]
    return found


def places(about: Mapping[str, Any]) -> Iterator[Place]:
    """Every estimate of a grid, from the experiment of its summary."""
    for point, settings in zip(about["grid"], about["estimators"], strict=True):
        for name in estimates(settings):
            base = point["base"] + name.removeprefix(point["name"])
            yield Place(name, base, point["own"], point["choices"])


def _step(one: Place, other: Place) -> str:
    """The only axis on which two places differ; none, if they differ in more."""
    if one.base != other.base:
        return ESTIMATOR if one.given and other.given else ""
    differing = [axis for axis, value in one.choices.items() if other.choices[axis] != value]
    return differing[0] if len(differing) == 1 else ""


def _named(axis: str) -> str:
    return {ESTIMATOR: "the estimator", "scale": "the width σ", "size": "n"}.get(axis, grid.SYMBOLS.get(axis, axis))


def _either(names: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
