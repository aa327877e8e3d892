"""Each claim on codes that turn back, or do not, on summaries of autoencoders with its effect planted, or not."""

import numpy as np
import pytest
import xarray as xr

from infoplane import claims
from infoplane.claims import verdict, yu2019_encoders, yu2019_turns
from infoplane.claims.evidence import Evidence

from .planted_yu2019 import (
    DEFAULTS,
    LAST,
    TURN,
    curve,
    frame,
    judged,
    rows,
    summary,
    turning,
    wide,
    without_pairs,
)

ENCODERS = ("yu2019.wide_encoders_turn_back", "yu2019.narrow_encoders_stay")
BEFORE = (10 + 100 / 9) / 2  # % of 5 and of 4.5 bits that half a bit is: the peaks of the layers before the code

# What to plant for a claim: what it says, and the reverse, each with the mean effect that this makes.
CASES = {
    "yu2019.wide_codes_turn_back": (
        ("mutual_information_input_layer", DEFAULTS["mutual_information_input_layer"], 100 * TURN),
        ("mutual_information_input_layer", lambda f: turning(f, TURN * ~wide(f)), 0),
    ),
    "yu2019.narrow_codes_stay": (
        ("mutual_information_input_layer", DEFAULTS["mutual_information_input_layer"], 0),
        ("mutual_information_input_layer", lambda f: turning(f, TURN), 100 * TURN),
    ),
    "yu2019.wide_encoders_turn_back": (
        ("mutual_information_input_layer", DEFAULTS["mutual_information_input_layer"], BEFORE),
        ("mutual_information_input_layer", lambda f: turning(f, TURN * ~wide(f)), 0),
    ),
    "yu2019.narrow_encoders_stay": (
        ("mutual_information_input_layer", DEFAULTS["mutual_information_input_layer"], 0),
        ("mutual_information_input_layer", lambda f: turning(f, TURN), BEFORE),
    ),
    "yu2019.switches_at_dimension": (
        # The first that is wider than 3 is 4, and than 6 it is 8.
        ("mutual_information_input_layer", DEFAULTS["mutual_information_input_layer"], np.log2(4 / 3)),
        # None turns back: 16 is the bound.
        ("mutual_information_input_layer", lambda f: turning(f, 0), np.log2(16 / 3)),
    ),
    "yu2019.encoders_switch_at_dimension": (  # as codes do
        ("mutual_information_input_layer", DEFAULTS["mutual_information_input_layer"], np.log2(4 / 3)),
        ("mutual_information_input_layer", lambda f: turning(f, 0), np.log2(16 / 3)),
    ),
    "yu2019.ends_at_bisector": (
        # Wide codes end at 3.5 bits.
        ("mutual_information", lambda f: 3.5 * 1.05 * (f["epoch"] > 0) + 0 * f["place"], 5),
        ("mutual_information", lambda f: 3.0 + 0 * f["place"], 100 / 7),
    ),
    "tapia_estevez2020.wide_codes_do_not_compress": (
        ("mutual_information_input_layer", DEFAULTS["mutual_information_input_layer"], 0),
        ("mutual_information_input_layer", lambda f: turning(f, TURN), 100 * TURN),
    ),
}


@pytest.mark.parametrize(("name", "variable", "plant", "mean", "word"), rows(CASES))
def test_planted_and_reversed(name, variable, plant, mean, word):
    found = judged(name, summary(**{variable: plant}))
    assert found.effect.mean == pytest.approx(mean, abs=1e-9)
    assert len(found.effect.values) == 5
    assert found.verdict == word


def test_every_claim_is_planted():
    found = {each.name for each in (*yu2019_turns.CLAIMS, *yu2019_encoders.CLAIMS)}
    assert found == {*CASES, "yu2019.turn_back_survives"}


@pytest.mark.parametrize("name", ["wide_codes_turn_back", "wide_encoders_turn_back", "switches_at_dimension"])
def test_what_shuffled_samples_show_too_is_explained(name):
    tree = summary(mutual_information_input_layer=lambda f: turning(f, TURN * wide(f)))
    assert judged(f"yu2019.{name}", tree).verdict == verdict.EXPLAINED


def test_untrained_networks_at_the_bisector_explain_it():
    tree = summary(mutual_information=DEFAULTS["mutual_information_input_layer"])
    found = judged("yu2019.ends_at_bisector", tree)
    assert (found.verdict, found.controls["untrained"].mean) == (verdict.EXPLAINED, 0)


class TestTurnBack:
    def test_the_mean_over_wide_codes(self):
        """Of the 5 codes that are wider than the dimension, those of 16 fall by a quarter."""
        tree = summary(mutual_information_input_layer=lambda f: turning(f, 0.25 * (f["width"] == 16)))
        found = judged("yu2019.wide_codes_turn_back", tree)
        assert found.effect.mean == pytest.approx(25 * 2 / 5)
        assert found.remark == (
            "Mean turn-back by units of the code, % of a peak in bits: dimension 3: 2: 0 % of 4, 4: 0 % of 4, "
            "8: 0 % of 4, 16: 25 % of 4, where the dimension is 3; dimension 6: 2: 0 % of 4, 4: 0 % of 4, 8: 0 % of 4, "
            "16: 25 % of 4, where the dimension is 6."
        )

    def test_which_codes_are_wide_the_estimate_says_and_not_the_label(self):
        """Both methods find 10: of each family the code of 16 is wide, and turns back; three are narrow."""
        tree = summary(intrinsic_dimension=lambda f: 10.0 + 0 * f["truth"] + 0 * f["bias"])
        assert judged("yu2019.wide_codes_turn_back", tree).effect.mean == pytest.approx(100 * TURN)
        assert judged("yu2019.narrow_codes_stay", tree).effect.mean == pytest.approx(100 * TURN * 3 / 6)

    def test_of_data_whose_dimension_is_known_no_estimate_says_it(self):
        about = {"dataset": {"name": "manifold"}}
        tree = summary(intrinsic_dimension=lambda f: 100.0 + 0 * f["truth"] + 0 * f["bias"], experiment=about)
        assert judged("yu2019.wide_codes_turn_back", tree).effect.mean == pytest.approx(100 * TURN)

    def test_a_code_as_wide_as_the_dimension_is_neither_wide_nor_narrow(self):
        """The estimates are 4 for all, give or take: codes of 4 turn back by half, and count in nothing."""
        tree = summary(
            mutual_information_input_layer=lambda f: turning(f, 0.5 * (f["width"] == 4)),
            intrinsic_dimension=lambda f: 4.2 + 0 * f["truth"] + 0 * f["bias"],
        )
        assert judged("yu2019.wide_codes_turn_back", tree).effect.mean == pytest.approx(0)
        assert judged("yu2019.narrow_codes_stay", tree).effect.mean == pytest.approx(0)

    def test_a_code_that_falls_from_the_start_does_not_turn_back(self):
        """Nor does it stay, nor speak against compression: there is no rise from which it could fall."""
        tree = summary(mutual_information_input_layer=lambda f: 4 - 1.0 * (f["epoch"] > 0) + 0 * f["place"])
        assert judged("yu2019.wide_codes_turn_back", tree).effect.mean == 0
        for name in ("yu2019.narrow_codes_stay", "tapia_estevez2020.wide_codes_do_not_compress"):
            found = judged(name, tree)
            assert found.verdict == verdict.NONE
            assert found.remark == "In 40 of 40 networks I(X; Z) rises by no more than 5 %; they count in nothing."

    def test_a_network_that_diverged_counts_in_nothing(self):
        tree = summary()
        information = tree["information"].to_dataset()
        gone = (information["epoch"] > 1) & (information["seed"] == 2)
        tree["information"] = information.map(lambda values: values.where(~gone))
        for name in ("wide_codes_turn_back", "switches_at_dimension"):
            assert judged(f"yu2019.{name}", tree).effect.seeds == (0, 1, 3, 4)

    def test_one_width_for_all(self):
        """It is that of the experiment, and shows no switch."""
        f = frame(widths=(8,)).drop_vars("model.code")
        tree = summary(f, experiment={"model": {"name": "autoencoder", "code": 8}})
        assert judged("yu2019.wide_codes_turn_back", tree).effect.mean == pytest.approx(100 * TURN)
        found = judged("yu2019.switches_at_dimension", tree)
        assert (found.verdict, found.remark) == (verdict.NONE, "")


class TestEncoder:
    """The layers before the code, whose peaks are of 5 and 4.5 bits."""

    def test_each_layer_before_the_code_counts_by_its_own_peak(self):
        """The first of two falls by a quarter of five bits at codes of 16, two of the five that are wide."""

        def plant(f):
            return turning(f, 0) - 1.25 * (f["epoch"] == LAST) * (f["place"] == 1) * (f["width"] == 16)

        found = judged("yu2019.wide_encoders_turn_back", summary(mutual_information_input_layer=plant))
        assert found.effect.mean == pytest.approx(25 / 2 * 2 / 5)
        assert found.remark == (
            "Mean turn-back by units of the code, % of a peak in bits: dimension 3: 2: 0 % of 4.8, 4: 0 % of 4.8, "
            "8: 0 % of 4.8, 16: 12 % of 4.8, where the dimension is 3; dimension 6: 2: 0 % of 4.8, 4: 0 % of 4.8, "
            "8: 0 % of 4.8, 16: 12 % of 4.8, where the dimension is 6."
        )

    def test_the_code_and_what_comes_behind_it_do_not_count(self):
        tree = summary(mutual_information_input_layer=lambda f: turning(f, TURN * (f["place"] >= 3)))
        assert judged("yu2019.wide_encoders_turn_back", tree).effect.mean == 0
        assert judged("yu2019.wide_codes_turn_back", tree).effect.mean == pytest.approx(100 * TURN)

    def test_what_never_rose_does_not_stay(self):
        """The first layer falls from the start, in every network; the second rises, and falls in all by an eighth."""
        tree = summary(
            mutual_information_input_layer=lambda f: xr.where(
                f["place"] == 1, 4 - 1.0 * (f["epoch"] > 0), curve(f, TURN)
            )
        )
        found = judged("yu2019.narrow_encoders_stay", tree)
        assert found.effect.mean == pytest.approx(100 * TURN)
        assert found.remark == (
            "In 40 of 80 layers before the code I(X; T_k) rises by no more than 5 %; they count in nothing."
        )
        assert judged("yu2019.wide_encoders_turn_back", tree).effect.mean == pytest.approx(100 * TURN / 2)

    def test_where_none_rose_there_is_no_verdict(self):
        tree = summary(mutual_information_input_layer=lambda f: 4 - 1.0 * (f["epoch"] > 0) + 0 * f["place"])
        assert judged("yu2019.narrow_encoders_stay", tree).verdict == verdict.NONE


class TestSwitch:
    def test_a_bound_counts_where_it_decides(self):
        """Of dimension 3 all codes turn back; of 6 none in the first of five seeds, and those of 16 in the others."""

        def plant(f):
            return turning(f, TURN * ((f["truth"] == 3) | ((f["width"] == 16) & (f["seed"] > 0))))

        found = judged("yu2019.switches_at_dimension", summary(mutual_information_input_layer=plant))
        assert found.remark == (
            "Units of the code from which on I(X; Z) turns back, by seed: dimension 3: 2 or less, 2 or less, "
            "2 or less, 2 or less, 2 or less, where the dimension is 2.4 by two_nn, 3.75 by maximum_likelihood; "
            "dimension 6: more than 16, 16, 16, 16, 16, where the dimension is 4.8 by two_nn, 7.5 by "
            "maximum_likelihood."
        )
        np.testing.assert_allclose(found.effect.values, [np.log2(16 / 6)] * 5)

    @pytest.mark.parametrize(("share", "dimension"), [(0, 12), (0, 100), (TURN, 3), (TURN, 0.5)])
    def test_a_bound_that_leaves_all_open_shows_nothing(self, share, dimension):
        """None turns back, and the dimension may be at the next width; or all do, and it may be at the one before."""
        tree = summary(
            mutual_information_input_layer=lambda f: turning(f, share),
            intrinsic_dimension=lambda f: dimension + 0 * f["truth"] + 0 * f["bias"],
        )
        assert judged("yu2019.switches_at_dimension", tree).verdict == verdict.NONE

    def test_too_narrow_a_switch_is_as_wrong_as_one_too_wide(self):
        """And the worse of two data sets counts."""
        tree = summary(intrinsic_dimension=lambda f: 32.0 + 0 * f["truth"] + 0 * f["bias"])
        assert judged("yu2019.switches_at_dimension", tree).effect.mean == pytest.approx(np.log2(32 / 4))


class TestOtherBandwidths:
    def test_the_turn_back_survives(self):
        tree = summary(
            mutual_information_input_layer=lambda f: turning(
                f, wide(f) * xr.where(f["estimator"] == "silverman", 0.3, 0.2) * (f["control"] == "none")
            )
        )
        (found,) = claims.judge(tree, [claims.claim("yu2019.turn_back_survives", folder=None)])
        assert (found.estimator, found.verdict) == ("tapia_estevez", verdict.SUPPORTED)
        assert found.effect.mean == pytest.approx(20)
        assert found.remark == "Alone it is 20 % with tapia_estevez, 30 % with silverman."

    def test_it_does_not(self):
        assert judged("yu2019.turn_back_survives", summary()).verdict == verdict.CONTRADICTED
        disputed = judged("tapia_estevez2020.wide_codes_do_not_compress", summary())
        assert (disputed.estimator, disputed.verdict) == ("tapia_estevez", verdict.SUPPORTED)

    def test_where_there_was_none_none_survives(self):
        tree = summary(
            mutual_information_input_layer=lambda f: turning(f, TURN * wide(f) * (f["estimator"] == "tapia_estevez"))
        )
        assert judged("yu2019.turn_back_survives", tree).effect.mean == 0

    def test_it_speaks_of_no_other_estimator(self):
        applies = claims.claim("yu2019.turn_back_survives", folder=None).applies
        assert not applies({"kind": "binning", "bins": 30}, "train")
        assert not applies({"kind": "renyi", "bandwidth": {"rule": "silverman"}}, "train")

    def test_where_there_is_no_other_estimator_there_is_no_verdict(self):
        whole = summary()
        alone = xr.DataTree.from_dict(
            {
                name: data.sel(estimator=["tapia_estevez"]) if "estimator" in data.dims else data
                for name, node in whole.items()
                for data in [node.to_dataset()]
            }
        )
        alone.attrs = whole.attrs
        assert judged("yu2019.turn_back_survives", alone).verdict == verdict.NONE


class TestBisector:
    def test_the_remark_is_in_bits(self):
        """Wide codes, 5 of 8, end half a bit from it; all begin with two bits about the input alone."""
        found = judged("yu2019.ends_at_bisector", summary())
        assert found.effect.mean == pytest.approx(100 * 0.5 / 3.5)
        assert found.remark == (
            f"In bits the distance of all codes is {0.5 * 5 / 8:.2f} in the mean, and of untrained networks 2.00."
        )
        assert found.controls["untrained"].mean == pytest.approx(100)

    def test_it_has_no_side(self):
        tree = summary(
            mutual_information_input_layer=lambda f: 4 + 0 * f["place"],
            mutual_information=lambda f: 4 + xr.where(f["width"] == 16, -1.0, 1.0) + 0 * f["place"],
        )
        assert judged("yu2019.ends_at_bisector", tree).effect.mean == pytest.approx(25)


UNSEEN = {
    "no code": (
        ("yu2019.ends_at_bisector", "yu2019.wide_codes_turn_back", *ENCODERS),
        without_pairs,
    ),
    "no estimate of the dimension": (
        ("yu2019.wide_codes_turn_back", "yu2019.narrow_codes_stay", "yu2019.switches_at_dimension", *ENCODERS),
        lambda tree: _with_dimension(tree, np.nan),
    ),
    "no wide code": (
        ("yu2019.wide_codes_turn_back", "tapia_estevez2020.wide_codes_do_not_compress", ENCODERS[0]),
        lambda tree: _with_dimension(tree, 100.0),
    ),
    "no narrow code": (("yu2019.narrow_codes_stay", ENCODERS[1]), lambda tree: _with_dimension(tree, 1.0)),
}


def _with_dimension(tree, value):
    tree["intrinsic_dimension"] = tree["intrinsic_dimension"].to_dataset() * 0 + value
    return tree


@pytest.mark.parametrize(("case", "name"), [(case, name) for case, (names, _) in UNSEEN.items() for name in names])
def test_what_cannot_be_seen_has_no_verdict(case, name):
    found = judged(name, UNSEEN[case][1](summary()))
    assert found.effect.values == ()
    assert found.verdict == verdict.NONE
    assert "nan" not in found.remark


def test_a_dimension_without_an_estimate_is_told():
    found = judged("yu2019.switches_at_dimension", _with_dimension(summary(), np.nan))
    told = "6: 8, 8, 8, 8, 8, where the dimension is not known by two_nn, not known by maximum_likelihood."
    assert found.remark.endswith(told)


def test_a_width_that_is_not_known_is_neither_wide_nor_narrow():
    tree = summary(frame(widths=(8,)).drop_vars("model.code"))
    for name in ("wide_codes_turn_back", "narrow_codes_stay", "switches_at_dimension"):
        found = judged(f"yu2019.{name}", tree)
        assert (found.effect.values, found.remark) == ((), "")


def test_evidence_of_untrained_networks_has_groups_without_epochs():
    found = Evidence(summary(), "silverman", "train", untrained=True).group("intrinsic_dimension")
    assert found["intrinsic_dimension"].sizes == {"variant": 8, "method": 2, "repetition": 3}
