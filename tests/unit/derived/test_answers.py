"""What answers mean, for estimators whose bias is planted."""

import numpy as np
import pytest

from infoplane.derived.answers import Curve

TRUTHS = np.arange(0.0, 9.0)
SPREAD = np.array([-0.25, 0.0, 0.25])
REACH = 2 * 0.25 * np.sqrt(4 / 3)  # 0.58


def curve(answers: np.ndarray, floor: float = 0.0) -> Curve:
    return Curve(TRUTHS, answers[:, None] + SPREAD, np.full((9, 3), floor) + SPREAD)


def test_an_exact_estimator_means_what_it_says_to_its_spread() -> None:
    exact = curve(TRUTHS)
    assert exact.behind(4.0) == [(pytest.approx(4 - REACH), pytest.approx(4 + REACH))]
    assert exact.words(4.0) == "3.4 to 4.6"
    assert exact.words(0.05) == "at most 0.6"
    assert exact.words(8.0) == "7.4 or more"
    assert exact.words(20.0) == "–"
    assert exact.rises_to() == 8.0
    assert exact.told_from() == 1.0


def test_a_known_bias_is_taken_back() -> None:
    """Half of the truth, and one bit too much: an answer of 3 means 4, give or take twice the spread."""
    biased = curve(TRUTHS / 2 + 1, floor=1.0)
    assert biased.behind(3.0) == [(pytest.approx(4 - 2 * REACH), pytest.approx(4 + 2 * REACH))]
    assert biased.verdict() == (
        "Pairs that have nothing in common get 0.75 to 1.25 bits. Answers rise throughout, and are above those of such "
        "pairs from a truth of 2.0 on."
    )


def test_a_saturated_answer_means_at_least_so_much() -> None:
    saturated = curve(np.minimum(TRUTHS, 5.0))
    assert saturated.words(5.0) == "4.4 or more"
    assert saturated.rises_to() == 5.0
    assert "Answers rise up to a truth of 5.0" in saturated.verdict()


def test_answers_that_rise_and_fall_have_two_meanings() -> None:
    peaked = curve(4 - np.abs(TRUTHS - 4))
    assert peaked.words(2.0) == "1.4 to 2.6 or 5.4 to 6.6"


def test_a_blind_estimator_cannot_tell() -> None:
    blind = curve(np.full(9, 5.5), floor=5.5)
    assert blind.words(5.5) == "anything"
    assert blind.rises_to() == 0
    assert np.isnan(blind.told_from())
    assert blind.verdict() == (
        "Pairs that have nothing in common get 5.25 to 5.75 bits, and so does every other: it cannot tell how much "
        "there is to be known."
    )


def test_noise_is_no_rise() -> None:
    noisy = 5.5 + np.random.default_rng(0).normal(size=(9, 5)) / 10
    curve = Curve(TRUTHS, noisy, noisy)
    assert curve.rises_to() == 0
    assert len(curve.behind(5.7)) > 1
    assert curve.words(5.7) == "anything"


def test_an_estimator_that_takes_the_pairing_for_granted_answers_shuffled_pairs_alike() -> None:
    granted = Curve(TRUTHS, TRUTHS[:, None] + SPREAD, TRUTHS[:, None] + SPREAD)
    assert granted.rises_to() == 8
    assert np.isnan(granted.told_from())
    assert granted.verdict() == (
        "Pairs that have nothing in common get the same answers: pairing is no part of them. They rise throughout."
    )


def test_answers_that_independent_pairs_get_too_are_told() -> None:
    wide = Curve(TRUTHS, TRUTHS[:, None] / 2 + SPREAD, np.full((9, 3), 9.0) * np.array([0.0, 0.5, 1.0]))
    assert wide.verdict() == (
        "Pairs that have nothing in common get 0.00 to 9.00 bits. Answers rise throughout, and are none that such "
        "pairs could not get."
    )


def test_a_truth_with_few_answers_reaches_as_far_as_all_of_them() -> None:
    """The first truth has one answer thrice, the others a spread: its reach is that of the mean variance."""
    answers = TRUTHS[:, None] + np.vstack([np.zeros(3), np.tile(SPREAD, (8, 1))])
    assert Curve(TRUTHS, answers, answers).reach() == pytest.approx([REACH * np.sqrt(8 / 9), *[REACH] * 8])


def test_between_truths_that_lie_far_apart_answers_lie_on_straight_lines() -> None:
    steep = Curve(np.array([0.0, 10.0]), np.array([[0.0, 0.0], [5.0, 5.0]]), np.zeros((2, 2)))
    assert steep.behind(2.5) == [(5.0, 5.0)]
    assert steep.words(2.5) == "5.0"
