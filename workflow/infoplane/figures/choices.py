"""What a figure may be asked for: one class of options per figure, checked before any job starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from math import inf
from types import NoneType, UnionType
from typing import Any, Literal, NewType, TypeGuard, TypeVar, get_args, get_origin, get_type_hints

from infoplane.errors import ConfigError, raise_all

Share = NewType("Share", float)  # of a whole


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of every figure.

    Parameters
    ----------
    variants
        Variants to draw; all by default.
    layers
        Layers to draw, always in network order; all by default.
    """

    variants: tuple[str, ...] | None = None
    layers: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Measured(Options):
    """Options of every figure of information estimates.

    Parameters
    ----------
    estimator
        Name of the estimator; the experiment's first by default.
    split
        Which probe was measured, ``train`` or ``test``; the first by default.
    """

    estimator: str | None = None
    split: str | None = None


@dataclass(frozen=True, kw_only=True)
class Estimated(Options):
    """Options of every figure that compares the estimators of an experiment.

    Parameters
    ----------
    split
        Which probe was measured, ``train`` or ``test``; the first by default.
    """

    split: str | None = None


@dataclass(frozen=True, kw_only=True)
class Paths(Measured):
    """Options of the information plane.

    Parameters
    ----------
    transition
        Whether to mark the transition from drift to diffusion, where gradients were recorded.
    """

    transition: bool = True


@dataclass(frozen=True, kw_only=True)
class Stopped(Measured):
    """Options of the figure of early stopping.

    Parameters
    ----------
    patience
        Checkpoints to wait for a better accuracy; a mark for each.
    """

    patience: tuple[int, ...] = (1, 2, 3, 5)


@dataclass(frozen=True, kw_only=True)
class Matrices(Options):
    """Options of the figure of kernel matrices; of the variants it draws the first.

    Parameters
    ----------
    split
        Which probe was measured, ``train`` or ``test``; the first by default.
    stage
        Of the training.
    samples
        How many are drawn, at most.
    """

    split: str | None = None
    stage: Literal["untrained", "trained"] = "trained"
    samples: int = 50


@dataclass(frozen=True, kw_only=True)
class Widths(Measured):
    """Options of the figure of kernel widths.

    Parameters
    ----------
    convention
        What the squared distance is divided by in the kernel: ``2σ²``, as everywhere else here, or ``σ²``, as in
        Wickstrøm et al. 2023.
    """

    convention: Literal["2σ²", "σ²"] = "2σ²"


@dataclass(frozen=True, kw_only=True)
class Processing(Measured):
    """Options of the data-processing figure.

    Parameters
    ----------
    tolerance
        Rise along a chain, in bits, up to which a step is no violation.
    """

    tolerance: float = 0.05


@dataclass(frozen=True, kw_only=True)
class Reconstructed(Measured):
    """Options of the planes of a network that reconstructs its input.

    Parameters
    ----------
    against
        What a layer's information is about on the vertical axis: the ``output``, or its symmetric layer, the
        ``counterpart``.
    """

    against: Literal["output", "counterpart"] = "output"


@dataclass(frozen=True, kw_only=True)
class Maps(Measured):
    """Options of every figure of quantities of feature maps.

    Parameters
    ----------
    about
        What the information is about.
    hue
        Swept key to tell apart by colour and marker; by default all keys that do not set the number of filters.
    """

    about: Literal["input", "target"] = "input"
    hue: str | None = None


@dataclass(frozen=True, kw_only=True)
class Diffusion(Options):
    """Options of the figure of the weights' displacement.

    Parameters
    ----------
    since
        Epoch of the second start, such as the beginning of the second phase: the first checkpoint from there on.
    """

    since: float = 400.0


@dataclass(frozen=True, kw_only=True)
class Snapshots(Measured):
    """Options of the snapshots of the information plane.

    Parameters
    ----------
    epochs
        When to look; the nearest epochs that were measured are taken.
    """

    epochs: tuple[float, ...] = (0, 400, 9000)


@dataclass(frozen=True, kw_only=True)
class Compared(Measured):
    """Options of every figure that tells variants apart by colour.

    Parameters
    ----------
    hue
        Swept key to tell apart by colour; by default the first in which the variants differ.
    """

    hue: str | None = None


@dataclass(frozen=True, kw_only=True)
class Relaxed(Measured):
    """Options of the relaxation figure.

    Parameters
    ----------
    share
        Of its final I(T; Y), at which a layer counts as relaxed.
    """

    share: Share = Share(0.95)


@dataclass(frozen=True)
class Option:
    """One option as the planner sees it: what it accepts, in words, and its default."""

    accepts: str
    default: object


_ONE: dict[object, str] = {
    str: "a string",
    int: "a whole number ≥ 1",
    float: "a number ≥ 0",
    Share: "a number above 0 and at most 1",
    bool: "true or false",
    NoneType: "nothing",
}
_SEVERAL: dict[object, str] = {str: "strings", float: "numbers ≥ 0", int: "whole numbers ≥ 1"}
AnyOptions = TypeVar("AnyOptions", bound=Options)


def describe(kind: type[Options]) -> dict[str, Option]:
    """Name, accepted values and default of every option of a class."""
    hints = get_type_hints(kind)
    return {field.name: Option(_words(hints[field.name]), field.default) for field in fields(kind)}


def read(kind: type[AnyOptions], values: Mapping[str, object], *, figure: str) -> AnyOptions:
    """Options from plain values, as they stand in an experiment file.

    Raises
    ------
    ConfigError
        Telling every unknown name and every value of a wrong type, with what is accepted.
    """
    hints = get_type_hints(kind)
    known: dict[str, Field[Any]] = {field.name: field for field in fields(kind)}
    faults = [f"unknown option {name!r}; it accepts {', '.join(known)}" for name in values if name not in known]
    faults += [
        f"option {name!r} is {value!r}; it accepts {_words(hints[name])}"
        for name, value in values.items()
        if name in known and not _fits(value, hints[name])
    ]
    raise_all(faults, heading=f"figure {figure!r}", error=ConfigError)
    given: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return kind(**given)


def _fits(value: object, hint: object) -> bool:
    if isinstance(hint, UnionType):
        return any(_fits(value, choice) for choice in get_args(hint))
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) is tuple:
        of = get_args(hint)[0]
        return isinstance(value, list | tuple) and bool(value) and all(_fits(item, of) for item in value)
    if hint is float:  # a quantity in bits, or in epochs
        return _is_number(value) and 0 <= value < inf
    if hint is int:  # a number of things
        return isinstance(value, int) and not isinstance(value, bool) and value >= 1
    if hint is Share:
        return _is_number(value) and 0 < value <= 1
    return isinstance(value, hint) if isinstance(hint, type) else False


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _words(hint: object) -> str:
    if isinstance(hint, UnionType):
        return " or ".join(_words(choice) for choice in get_args(hint))
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(repr, get_args(hint)))
    if get_origin(hint) is tuple:
        return f"a list of {_SEVERAL[get_args(hint)[0]]}"
    return _ONE[hint]
