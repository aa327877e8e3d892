"""Each claim on chains of layers and of pairs on summaries of autoencoders with its effect planted, or not."""

import pytest
import xarray as xr

from infoplane.claims import verdict, yu2019

from .planted_yu2019 import DEFAULTS, TURN, judged, rows, summary, tilted, turning, wide, without_pairs

# What to plant for a claim: what it says, and the reverse, each with the mean effect that this makes.
CASES = {
    "yu2019.forward_chain": (
        ("mutual_information_input_layer", lambda f: tilted(f, xr.where(f["control"] == "none", -0.2, 0.2)), 1),
        ("mutual_information_input_layer", lambda f: tilted(f, 0.2), 0),
    ),
    "yu2019.error_chain": (
        ("mutual_information_error", lambda f: tilted(f, 0.2) * xr.where(f["control"] == "none", 1, -1), 1),
        ("mutual_information_error", lambda f: tilted(f, -0.2), 0),
    ),
    "yu2019.pairs_nest": (
        ("mutual_information_pair", DEFAULTS["mutual_information_pair"], 1),
        ("mutual_information_pair", lambda f: 3 - 0.1 * f["inwards"], 0),
    ),
    "yu2019.pairs_below_code": (
        ("mutual_information_pair", DEFAULTS["mutual_information_pair"], -2),
        ("mutual_information_pair", lambda f: 4.1 * ((f["inwards"] == 1) & (f["width"] == 2)) + 0 * f["seed"], 0.1),
    ),
}


@pytest.mark.parametrize(("name", "variable", "plant", "mean", "word"), rows(CASES))
def test_planted_and_reversed(name, variable, plant, mean, word):
    found = judged(name, summary(**{variable: plant}))
    assert found.effect.mean == pytest.approx(mean, abs=1e-9)
    assert len(found.effect.values) == 5
    assert found.verdict == word


def test_every_claim_is_planted():
    assert {each.name for each in yu2019.CLAIMS} == set(CASES)


def test_what_shuffled_samples_show_too_is_explained():
    tree = summary(mutual_information_input_layer=lambda f: turning(f, TURN * wide(f)))
    assert judged("yu2019.forward_chain", tree).verdict == verdict.EXPLAINED


class TestChains:
    def test_what_comes_behind_the_code_does_not_count(self):
        """It rises there by a bit a layer."""
        tree = summary(mutual_information_input_layer=lambda f: 4 + abs(f["place"] - 3))
        assert judged("yu2019.forward_chain", tree).effect.mean == 1

    def test_the_code_counts(self):
        """Of two steps the second rises."""
        tree = summary(mutual_information_input_layer=lambda f: 4 + 1.0 * (f["place"] == 3))
        assert judged("yu2019.forward_chain", tree).effect.mean == 0.5

    @pytest.mark.parametrize(("fall", "share"), [(0.04, 1), (0.06, 0.5)])
    def test_a_pair_may_know_less_by_the_tolerance(self, fall, share):
        tree = summary(mutual_information_pair=lambda f: 3 - fall * (f["inwards"] == 1))
        assert judged("yu2019.pairs_nest", tree).effect.mean == share

    def test_three_stages(self):
        """Pairs nest before the training, and not after an epoch or at the end."""
        tree = summary(mutual_information_pair=lambda f: 3 + (2 * (f["epoch"] == 0) - 1) * f["inwards"])
        found = judged("yu2019.pairs_nest", tree)
        assert found.effect.mean == pytest.approx(1 / 3)
        assert found.remark == "Of the untrained networks' steps 100 % keep it."

    def test_networks_that_were_not_looked_at_untrained_have_two_stages(self):
        """Pairs nest after an epoch and not at the end; the first epoch there is does not count as untrained."""
        tree = summary(mutual_information_pair=lambda f: 3 + (2 * (f["epoch"] == 1) - 1) * f["inwards"])
        tree["layer_pairs"] = tree["layer_pairs"].to_dataset().sel(epoch=[1.0, 10.0])
        found = judged("yu2019.pairs_nest", tree)
        assert found.effect.mean == pytest.approx(1 / 2)
        assert found.remark == "No untrained network was looked at."

    def test_the_remark_on_the_encoder(self):
        tree = summary(mutual_information_input_layer=lambda f: 4 + 1.0 * (f["epoch"] == 0) * (f["place"] == 3))
        assert judged("yu2019.forward_chain", tree).remark == "Of the untrained networks' steps 50 % keep it."


@pytest.mark.parametrize("name", ["forward_chain", "pairs_below_code"])
def test_without_a_code_there_is_no_verdict(name):
    found = judged(f"yu2019.{name}", without_pairs(summary()))
    assert found.effect.values == ()
    assert found.verdict == verdict.NONE
    assert "nan" not in found.remark
