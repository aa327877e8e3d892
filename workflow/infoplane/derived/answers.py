"""What an answer of an estimator can mean, read off its answers to variables whose information is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Interval = tuple[float, float]  # of truths, bits
_SPREADS = 2.0  # standard deviations around the mean answer, within which another is to be expected
_RISES = 0.1  # bits per bit: with less, an answer says nothing about how much there is to be known


@dataclass(frozen=True)
class Curve:
    """An estimator's answers by the truth, and to pairs that have nothing in common.

    Parameters
    ----------
    truths
        (k,), ascending, bits.
    answers, floor
        (k, repetition), of the variables and of their control, in which the truth is 0.
    """

    truths: Array
    answers: Array
    floor: Array

    def means(self) -> Array:
        """Mean answer to each truth, (k,)."""
        found: Array = self.answers.mean(1)
        return found

    def reach(self) -> Array:
        """How far from the mean another answer to each truth is to be expected, (k,).

        Two standard deviations: those of its own answers, or those of all truths together if that is more, as a few
        repetitions tell little; and with the mean's own error.
        """
        own = self.answers.var(1, ddof=1)
        found: Array = _SPREADS * np.sqrt(np.maximum(own, own.mean()) * (1 + 1 / self.answers.shape[1]))
        return found

    def behind(self, answer: float) -> list[Interval]:
        """Truths to which this answer is to be expected, as intervals; several where answers are not monotone.

        Between the truths that were tried, means and reach are taken to lie on straight lines.
        """
        low, high = self.means() - self.reach(), self.means() + self.reach()
        found: list[Interval] = []
        for left in range(len(self.truths) - 1):
            ends = slice(left, left + 2)
            below, above = _where(answer - low[ends]), _where(high[ends] - answer)
            start, end = max(below[0], above[0]), min(below[1], above[1])
            if start <= end:
                at = self.truths[left] + np.array([start, end]) * (self.truths[left + 1] - self.truths[left])
                joined = bool(found) and at[0] <= found[-1][1] + 1e-9
                first = found.pop()[0] if joined else float(at[0])
                found.append((first, float(at[1])))
        return found

    def words(self, answer: float) -> str:
        """The same in words; an estimator whose answers never rise leaves everything open."""
        if self.rises_to() == 0 and self.behind(answer):
            return "anything"
        return " or ".join(self._said(*interval) for interval in self.behind(answer)) or "–"

    def _said(self, start: float, end: float) -> str:
        first, last = (f"{each:.1f}" for each in (start, end))
        match start <= 0, bool(end >= self.truths[-1]):
            case True, True:
                return "anything"
            case False, True:
                return f"{first} or more"
            case True, False:
                return f"at most {last}"
            case _:
                return first if first == last else f"{first} to {last}"

    def told_from(self) -> float:
        """The least truth from which on every answer is above all to pairs with nothing in common; NaN for none."""
        apart = self.answers.min(1) > self.floor.max(1)
        kept = np.logical_and.accumulate(apart[::-1])[::-1]
        return float(self.truths[kept.argmax()]) if kept.any() else float("nan")

    def rises_to(self) -> float:
        """The truth up to which answers rise; 0 if they never do.

        A step counts where the mean rises by a tenth of a bit per bit or more, by half of the range of answers to one
        truth or more, and to where all answers are above those to a truth of 0.
        """
        spread = np.ptp(self.answers, axis=1)[1:] / 2
        apart = self.answers.min(1)[1:] > self.answers[0].max()
        rising = apart & (np.diff(self.means()) >= np.maximum(_RISES * np.diff(self.truths), spread))
        return float(self.truths[np.flatnonzero(rising).max() + 1]) if rising.any() else 0.0

    def verdict(self) -> str:
        """What can be read off the answers, in one sentence."""
        low, high = float(self.floor.min()), float(self.floor.max())
        floor = f"Pairs that have nothing in common get {low:.2f} to {high:.2f} bits"
        rises, told = self.rises_to(), self.told_from()
        if rises == 0:
            return f"{floor}, and so does every other: it cannot tell how much there is to be known."
        upto = "throughout" if rises >= self.truths[-1] else f"up to a truth of {rises:.1f}"
        if np.allclose(self.answers, self.floor, atol=1e-6):
            return (
                f"Pairs that have nothing in common get the same answers: pairing is no part of them. They rise {upto}."
            )
        if np.isnan(told):
            return f"{floor}. Answers rise {upto}, and are none that such pairs could not get."
        return f"{floor}. Answers rise {upto}, and are above those of such pairs from a truth of {told:.1f} on."


def _where(values: Array) -> Interval:
    """Between 0 and 1, where a straight line between two values is not negative; an empty interval for nowhere."""
    first, second = (float(value) for value in values)
    if first >= 0 and second >= 0:
        return 0.0, 1.0
    if first < 0 and second < 0:
        return 1.0, 0.0
    crossing = first / (first - second)
    return (0.0, crossing) if first >= 0 else (crossing, 1.0)
