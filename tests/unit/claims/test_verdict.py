"""The word for an effect, the interval, and what is asked of a claim and of a summary."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from infoplane import claims
from infoplane.claims import findings, verdict, yu2021
from infoplane.claims.claim import Claim, Rule
from infoplane.errors import ConfigError

ABOVE = Rule("above", 1.0)


def effect(*values):
    low, high = verdict.interval(values)
    return verdict.Effect(tuple(range(len(values))), values, float(np.mean(values)), low, high)


@pytest.mark.parametrize(
    ("values", "control", "expected"),
    [
        ((2, 3, 4), None, verdict.SUPPORTED),
        ((2, 3, 4), (0, 0, 0), verdict.SUPPORTED),
        ((2, 3, 4), (0, 2, 4), verdict.SUPPORTED),
        ((2, 3, 4), (2, 2, 3), verdict.EXPLAINED),
        ((2, 3, 4), (2, 2), verdict.SUPPORTED),
        ((0, 2, 4), (2, 2, 3), verdict.INCONCLUSIVE),
        ((0, 0.5, 0.9), (2, 2, 3), verdict.CONTRADICTED),
        ((1, 1, 1), None, verdict.INCONCLUSIVE),
        ((2, 3), None, verdict.NONE),
    ],
)
def test_word(values, control, expected):
    controls = {} if control is None else {"untrained": effect(*control)}
    assert verdict.word(effect(*values), controls, ABOVE) == expected


def test_rule_below():
    assert verdict.word(effect(0, 0.2, 0.4), {}, Rule("below", 0.5)) == verdict.SUPPORTED
    assert verdict.word(effect(0.6, 0.7, 0.8), {}, Rule("below", 0.5)) == verdict.CONTRADICTED


class TestBeyondAControl:
    @pytest.mark.parametrize(
        ("rule", "control", "said"),
        [
            (ABOVE, (0, 2, 4), "Under shuffled samples the effect is not clearly weaker."),
            (ABOVE, (1.5, 2.5, 3.5), ""),
            (ABOVE, (1.5, 2.5), ""),
            (Rule("below", 5), (1.5, 2.5, 3.5), "Under shuffled samples the effect is not clearly weaker."),
            (Rule("below", 5), (6, 3.5, 4.5), ""),
        ],
    )
    def test_a_control_that_comes_near_is_named(self, rule, control, said):
        beyond = {"shuffled_samples": verdict.difference(effect(2, 3, 4), effect(*control))}
        assert verdict.no_clearer(beyond, rule) == said

    def test_the_difference_is_of_seeds_that_show_both(self):
        own = replace(effect(2, 3, 5), seeds=(0, 1, 4))
        found = verdict.difference(own, replace(effect(1, 1, 1), seeds=(1, 2, 4)))
        assert (found.seeds, found.values, found.mean) == ((1, 4), (2, 4), 3)
        assert verdict.difference(own, replace(effect(1), seeds=(7,))).values == ()


class TestInterval:
    def test_of_three_values_ends_at_the_extremes(self):
        """All three drawn alike has probability 1/27 at either end, more than 2.5 %."""
        assert verdict.interval([1.0, 2.0, 6.0]) == (1.0, 6.0)

    def test_covers_the_mean_about_as_often_as_it_says(self):
        """Of 30 normal values: some 94 % of 400 intervals; a percentile bootstrap is a little narrow."""
        random = np.random.default_rng(1)
        ends = [verdict.interval(random.normal(size=30)) for _ in range(400)]
        assert 0.91 < np.mean([low <= 0 <= high for low, high in ends]) < 0.98

    def test_repeats(self):
        assert verdict.interval([1.0, 2.0, 4.0, 9.0]) == verdict.interval([1.0, 2.0, 4.0, 9.0])


class TestJudge:
    def test_a_seed_that_diverged_is_left_out(self, summary):
        tree = summary(
            multivariate_mutual_information=lambda f: (6.2 - 1 / f["channels"] + f["noise"]).where(f["seed"] != 2)
        )
        (found,) = claims.judge(tree, [claims.claim("yu2021.information_grows", folder=None)])
        assert found.effect.seeds == (0, 1, 3, 4)

    def test_a_network_that_diverged_late_is_left_out_from_the_start(self, summary):
        """Seed 2 of one variant ends after epoch 1, where it has not fallen yet; so do all seeds of another."""
        gone = {"6-6_relu": [2], "12-6_relu": [0, 1, 2, 3, 4]}

        def fall(f):
            marked = sum((f["variant"] == name) & f["seed"].isin(seeds) for name, seeds in gone.items()) > 0
            falls = (1 - 0.2 * (f["epoch"] == 10)) * (1 + 0 * f["channels"] + 0 * f["seed"])
            return falls.where(~(marked & (f["epoch"] == 10)))

        tree = summary(weighted_nonredundant_information=fall, diverged=gone)
        (found,) = claims.judge(tree, [claims.claim("yu2021.compression_in_the_modified_plane", folder=None)])
        assert found.effect.values == pytest.approx([20] * 5)

    def test_beside_the_effect_stands_that_of_networks_that_learned(self, summary):
        """The only fall is that of a network which learned nothing."""
        tree = summary(
            multivariate_mutual_information=lambda f: (
                6 - 3 * ((f["epoch"] == 10) & (f["variant"] == "6-6_relu") & (f["seed"] == 1)) + 0 * f["channels"]
            ),
            unlearned={"6-6_relu": [1]},
        )
        claim = claims.claim("yu2021.no_compression_in_the_plane", folder=None)
        (found,) = claims.judge(tree, [claim])
        assert found.effect.values == pytest.approx([0, 50, 0, 0, 0])
        assert found.learned.values == pytest.approx([0] * 5)
        (without,) = claims.judge(summary(), [claim])
        assert without.learned is None

    def test_every_control_is_judged_by_its_own_values(self, summary):
        tree = summary()
        tree.attrs["experiment"] = {**tree.attrs["experiment"], "controls": ["permuted_labels"]}
        own = tree["information"].to_dataset().assign_coords(control=["none", "permuted_labels"])
        values = own["mutual_information_input_layer"]
        own["mutual_information_input_layer"] = values.where(values["control"] == "none", 1.0)
        tree["information"] = own
        claim = _claim(lambda it: it.group("information")["mutual_information_input_layer"].max(_OTHERS))
        (found,) = claims.judge(tree, [claim])
        assert found.controls["permuted_labels"].values == (1.0,) * 5
        assert min(found.effect.values) > 5

    def test_untrained_networks_that_were_not_looked_at_have_no_effect(self, summary):
        tree = summary()
        tree["information"] = tree["information"].to_dataset().sel(epoch=slice(0.1, None))
        claim = _claim(
            lambda it: it.group("information")["mutual_information_input_layer"].max(_OTHERS), controls=("untrained",)
        )
        (found,) = claims.judge(tree, [claim])
        assert np.isnan(found.controls["untrained"].values).all()
        assert np.isfinite(found.effect.values).all()

    def test_a_claim_on_training_alone_needs_no_estimator(self, summary):
        claim = _claim(lambda it: it.accuracy().min("variant"), needs=("training",), controls=("untrained",))
        (found,) = claims.judge(summary(), [claim])
        assert (found.estimator, found.split) == ("", "")
        assert found.controls["untrained"].values == pytest.approx([0.1] * 5)
        by_group = _claim(
            lambda it: it.group("training")["accuracy"].max(["variant", "epoch", "split"]), needs=("training",)
        )
        assert claims.judge(summary(), [by_group])[0].effect.mean > 0.9

    def test_a_claim_may_hang_on_the_data_sets_alone(self, summary):
        """Their dimension is the same of all networks, trained or not, and has no seeds, epochs or controls."""
        tree = summary()
        names = tree["information"]["variant"].values
        values = xr.DataArray(np.arange(len(names), dtype=float), dims="variant", coords={"variant": names})
        groups = {"intrinsic_dimension": xr.Dataset({"intrinsic_dimension": values}), **dict(tree.children)}
        every = xr.DataTree.from_dict(groups)
        every.attrs = tree.attrs

        def greatest(evidence):
            found = evidence.group("intrinsic_dimension")["intrinsic_dimension"].max("variant")
            return evidence.across([]).isel(sweep=0, drop=True).fillna(found)

        claim = _claim(greatest, needs=("information", "intrinsic_dimension"), controls=("untrained",))
        (found,) = claims.judge(every, [claim])
        assert found.effect.values == found.controls["untrained"].values == (len(names) - 1,) * 5

    def test_two_seeds_get_no_verdict(self, summary):
        for found in claims.judge(summary(seeds=2), yu2021.CLAIMS):
            assert found.verdict == verdict.NONE
            assert len(found.effect.values) == 2

    def test_one_seed_has_no_interval(self, summary):
        (found,) = claims.judge(summary(seeds=1), [claims.claim("yu2021.synergy_grows", folder=None)])
        assert math.isnan(found.effect.low)

    def test_no_control_but_those_that_were_measured(self, summary):
        tree = summary()
        tree.attrs["experiment"] = {**tree.attrs["experiment"], "controls": []}
        (found,) = claims.judge(tree, [claims.claim("yu2021.synergy_grows", folder=None)])
        assert list(found.controls) == ["untrained"]

    def test_without_a_training_every_network_counts(self, summary):
        """Of networks that were trained elsewhere nothing is known but what was measured."""
        wanted = [each for each in yu2021.CLAIMS if "training" not in each.needs]
        alone = (whole := summary()).drop_nodes("training")
        assert [repr(each) for each in claims.judge(alone, wanted)] == [
            repr(each) for each in claims.judge(whole, wanted)
        ]
        assert findings.failures(alone) == findings.Failures({}, {})
        assert findings.of_summary(alone) == [replace(each, filters_needed=()) for each in findings.of_summary(whole)]

    def test_a_missing_group(self, summary):
        tree = summary()
        del tree["error_chain"]
        message = "claim 'yu2021.error_chain' needs error_chain, which the summary lacks"
        with pytest.raises(ConfigError, match=message):
            claims.judge(tree, [claims.claim("yu2021.error_chain", folder=None)])


_OTHERS = ["variant", "epoch", "layer"]


def _claim(effect, **changes):
    own = {"rule": Rule("above", 0.5), "needs": ("information",), "controls": ("permuted_labels",), **changes}
    return Claim("own", "O.1", "us", "It is so.", effect, "it", "1", **own)


class TestClaim:
    @pytest.mark.parametrize(
        ("rule", "message"),
        [
            (("Above", 0.5), "side is 'Above'; accepted: 'above' or 'below'"),
            (("above", float("nan")), "threshold is nan; accepted: a finite number"),
        ],
    )
    def test_a_rule_that_is_none(self, rule, message):
        with pytest.raises(ConfigError, match=f"^rule of a claim:\n  - {message}$"):
            Rule(*rule)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            (
                {"controls": ("shuffled",)},
                "controls has 'shuffled'; accepted: untrained, shuffled_samples, permuted_labels",
            ),
            ({"needs": ("informations",)}, "needs has 'informations'; accepted: training, information, "),
            ({"needs": ()}, "needs no group of the summary; accepted: some of training, "),
        ],
    )
    def test_what_it_needs_and_its_controls_are_checked(self, changes, message):
        with pytest.raises(ConfigError, match=f"^claim 'own':\n  - {message}"):
            _claim(lambda evidence: evidence.accuracy(), **changes)

    @pytest.mark.parametrize(
        ("effect", "message"),
        [
            (
                lambda it: it.accuracy().size / 2,
                "its effect is a float; accepted: an xarray.DataArray over 'seed' alone",
            ),
            (
                lambda it: it.accuracy(),
                r"its effect has dimensions \('variant', 'seed'\); accepted: an xarray",
            ),
            (lambda it: it.group("information")["none"], "its effect raises KeyError: "),
        ],
    )
    def test_an_effect_that_is_none(self, summary, effect, message):
        with pytest.raises(ConfigError, match=f"^claim 'own': {message}"):
            claims.judge(summary(), [_claim(effect)])

    def test_an_unknown_name(self, tmp_path):
        message = "claim 'yu2021.forward' is not known; did you mean 'yu2021.forward_chain'?"
        with pytest.raises(ConfigError, match=re.escape(message)):
            claims.claim("yu2021.forward", folder=tmp_path)

    def test_from_a_users_file(self, tmp_path, summary):
        (tmp_path / "own.py").write_text(
            "from infoplane.claims import Claim, Rule\n"
            "def accurate():\n"
            "    return Claim(\n"
            "        'own.accurate', 'O.1', 'us', 'Networks are accurate.',\n"
            "        lambda evidence: evidence.accuracy().min('variant'),\n"
            "        'least accuracy', '1', Rule('above', 0.9), needs=('information', 'training'),\n"
            "    )\n"
            "def nothing():\n"
            "    return 3\n"
        )
        (found,) = claims.judge(summary(), [claims.claim("own.py:accurate", folder=tmp_path)])
        assert found.verdict == verdict.EXPLAINED
        with pytest.raises(ConfigError, match=re.escape("claim 'own.py:nothing' returns a int; accepted")):
            claims.claim("own.py:nothing", folder=tmp_path)
