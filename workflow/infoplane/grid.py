"""The grid of settings at which an experiment's estimators are tried beside its own: every point is an estimator."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from infoplane import config
from infoplane.config import Settings

AXES = {  # of `sensitivity` in an experiment: the dotted key of an estimator that each varies, in the order of names
    "alpha": "alpha",
    "scale": "bandwidth.scale",
    "edges": "edges.count",
    "bins": "edges.bins",
    "noise_variance": "noise_variance",
    "size": "probe_size",
}
SYMBOLS = {"alpha": "α", "scale": "σ ×", "edges": "edges", "bins": "bins", "noise_variance": "noise", "size": "n"}


@dataclass(frozen=True)
class Point:
    """One estimator of the grid.

    Parameters
    ----------
    name
        Its name in results: that of the estimator it varies, and behind a dot, which no other name has, what differs.
    base
        Name of the estimator that it varies.
    choices
        Its value on every axis that the estimator has.
    settings
        As an experiment has an estimator.
    """

    name: str
    base: str
    choices: Mapping[str, Any]
    settings: Settings

    @property
    def given(self) -> bool:
        """Whether it is the estimator as it was given, with nothing varied."""
        return self.name == self.base


def points(settings: Mapping[str, Any]) -> list[Point]:
    """Points of an experiment's grid; none where it asks for none.

    The grid is the product of the axes that an estimator has. Its own value belongs to each of them, first of all, so
    that the estimator as it is given is a point itself, from which single steps lead to the others.

    Parameters
    ----------
    settings
        Of the experiment, complete.
    """
    asked = settings.get("sensitivity")
    return [] if asked is None else [point for base in bases(settings) for point in _of(base, asked, settings["probe"])]


def bases(settings: Mapping[str, Any]) -> list[Settings]:
    """Estimators that a grid varies: those it names or defines, by default all of the experiment's own."""
    own = {each["name"]: each for each in settings["estimators"]}
    listed = settings["sensitivity"].get("estimators")
    return list(own.values()) if listed is None else [own[each] if isinstance(each, str) else each for each in listed]


def without_use(settings: Mapping[str, Any]) -> list[str]:
    """Axes that the grid asks for, and that none of its estimators has."""
    return [axis for axis in _asked(settings["sensitivity"]) if not any(_has(each, axis) for each in bases(settings))]


def words(choices: Mapping[str, Any]) -> str:
    """Choices as figures and tables name them."""
    return ", ".join(said(axis, value) for axis, value in choices.items())


def said(axis: str, value: Any) -> str:
    """One choice in words."""
    equals = "" if axis == "scale" else "= "
    return f"{SYMBOLS[axis]} {equals}{_number(value)}"


def _of(base: Settings, asked: Mapping[str, Any], probe: Mapping[str, Any]) -> Iterator[Point]:
    own = {axis: _own(base, axis, probe) for axis in _asked(asked) if _has(base, axis)}
    for values in product(*(dict.fromkeys([value, *asked[axis]]) for axis, value in own.items())):
        choices = dict(zip(own, values, strict=True))
        changed = {axis: value for axis, value in choices.items() if value != own[axis]}
        found = base
        for axis, value in changed.items():
            found = config.with_value(found, AXES[axis], value)
        text = "_".join(f"{axis}-{_number(value)}" for axis, value in changed.items())
        name = f"{base['name']}.{text}" if text else base["name"]
        yield Point(name, base["name"], choices, {**found, "name": name})


def _asked(asked: Mapping[str, Any]) -> list[str]:
    return [axis for axis in AXES if axis in asked]


def _has(estimator: Mapping[str, Any], axis: str) -> bool:
    """Whether an estimator has what an axis varies; each has a number of samples."""
    return axis == "size" or config.value_at(estimator, AXES[axis]) is not None


def _own(estimator: Mapping[str, Any], axis: str, probe: Mapping[str, Any]) -> Any:
    found = config.value_at(estimator, AXES[axis])
    return probe["size"] if found is None else found


def _number(value: float) -> str:
    return f"{value:.12g}".replace("+", "")
