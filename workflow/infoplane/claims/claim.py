"""What a claim is: a sentence, an effect that every seed shows or does not, and a rule that says what it must be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

from infoplane.errors import ConfigError, raise_all
from infoplane.schema import ARTIFACTS

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr

    from infoplane.claims.evidence import Evidence

CONTROLS = UNTRAINED, SHUFFLED, PERMUTED = "untrained", "shuffled_samples", "permuted_labels"
_GROUPS = [group.removeprefix("/") for group in ARTIFACTS["summary"].groups]

TOLERANCE = 0.05  # bits by which information may rise along a chain of layers before a step counts as a rise


@dataclass(frozen=True)
class Rule:
    """What the mean effect must be for a claim to hold.

    Raises
    ------
    ConfigError
        If the side is another word, or the threshold not finite.
    """

    side: Literal["above", "below"]
    threshold: float

    def __post_init__(self) -> None:
        faults = [f"side is {self.side!r}; accepted: 'above' or 'below'"] * (self.side not in {"above", "below"})
        faults += [f"threshold is {self.threshold!r}; accepted: a finite number"] * (not isfinite(self.threshold))
        raise_all(faults, heading="rule of a claim", error=ConfigError)

    def holds(self, value: float) -> bool:
        """Whether a value is on the right side."""
        return value > self.threshold if self.side == "above" else value < self.threshold

    def breaks(self, value: float) -> bool:
        """Whether a value is on the wrong side; the threshold itself is on neither."""
        return value < self.threshold if self.side == "above" else value > self.threshold


@dataclass(frozen=True)
class Claim:
    """One claim of a paper, or of a user.

    Parameters
    ----------
    name
        How an experiment file asks for it.
    mark
        Its short id, as a paper's reading notes number it.
    source
        Who says so: authors, year, and where.
    statement
        The claim in one sentence.
    effect
        From the evidence to the effect of each seed, (seed), NaN where it cannot be seen.
    measured
        What the effect is, in one phrase.
    units
        Its unit; ``1`` for a pure number.
    rule
        What its mean over seeds must be.
    needs
        Groups of the summary that it reads.
    controls
        Under which controls the same effect means something: ``untrained`` networks, ``shuffled_samples``,
        ``permuted_labels``. Those that the experiment did not measure are left out.
    remark
        What a reader should know of the evidence beside the verdict, in one sentence made from it.
    applies
        Whether it speaks of an estimator, by its settings, on a split; a claim speaks of all unless it says otherwise.
    of_accuracy
        Whether it speaks of accuracy, so that networks with continuous targets are no evidence.
    of_code
        Whether it speaks of codes, so that networks without a layer between symmetric ones are no evidence.
    of_width
        Whether it asks how wide these are as well, so that networks of which no setting says it are none either.

    Raises
    ------
    ConfigError
        If a group or a control is not one that there is, or no group is needed.
    """

    name: str
    mark: str
    source: str
    statement: str
    effect: Callable[[Evidence], xr.DataArray]
    measured: str
    units: str
    rule: Rule
    needs: tuple[str, ...]
    controls: tuple[str, ...] = (UNTRAINED, SHUFFLED)
    remark: Callable[[Evidence], str] | None = None
    applies: Callable[[Mapping[str, Any], str], bool] | None = None
    of_accuracy: bool = False
    of_code: bool = False
    of_width: bool = False

    def __post_init__(self) -> None:
        faults = ["needs no group of the summary; accepted: some of " + ", ".join(_GROUPS)] * (not self.needs)
        for what, names, known in (("needs", self.needs, _GROUPS), ("controls", self.controls, CONTROLS)):
            faults += [f"{what} has {name!r}; accepted: {', '.join(known)}" for name in names if name not in known]
        raise_all(faults, heading=f"claim {self.name!r}", error=ConfigError)
