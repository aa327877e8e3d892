"""Each claim on summaries with its effect planted, absent and reversed."""

import numpy as np
import pytest
import xarray as xr

from infoplane import claims
from infoplane.claims import verdict, yu2021

LAST = 10.0


def judged(name, tree):
    (found,) = claims.judge(tree, [claims.claim(name, folder=None)])
    return found


def only_none(frame, values, otherwise):
    """Values of the networks themselves; under the control another."""
    return xr.where(frame["control"] == "none", values, otherwise + 0 * values)


# Claim, the variable that carries it, and what to plant: absent or reversed, with the mean effect that this makes.
CASES = {
    "yu2021.forward_chain": (
        "mutual_information_input_layer",
        {
            # conv2 rises above conv1 in every second seed: of three steps two are kept there
            "absent": (lambda f: 6 + 0 * f["depth"] + xr.where((f["depth"] == 2) & (f["seed"] % 2 == 0), 1, 0), 0.8),
            "reversed": (lambda f: 6 + 0.5 * f["depth"] + f["noise"], 0),
        },
    ),
    "yu2021.error_chain": (
        "mutual_information_error",
        {
            "absent": (lambda f: 6 + 0 * f["depth"] + xr.where((f["depth"] == 2) & (f["seed"] % 2 == 0), 1, 0), 0.7),
            "reversed": (lambda f: 6 - 0.5 * f["depth"] + f["noise"], 0),
        },
    ),
    "yu2021.information_grows": (
        "multivariate_mutual_information",
        {
            "absent": (lambda f: 5 + 0 * f["channels"] - 0.1 * (f["seed"] % 2) * (f["channels"] == 12), -0.04),
            "reversed": (lambda f: 6 - 0.1 * f["channels"] + f["noise"], -0.6),
        },
    ),
    "yu2021.synergy_grows": (
        "redundancy_synergy_tradeoff_percent",
        {
            "absent": (lambda f: 30 + (1 - 2 * (f["seed"] % 2)) * f["channels"], 0.2),
            "reversed": (lambda f: 30 + f["channels"] + f["noise"], 1),
        },
    ),
    "yu2021.no_compression_in_the_plane": (
        "multivariate_mutual_information",
        {
            "absent": (lambda f: 6 - 0.6 * (f["epoch"] == LAST) * (f["seed"] % 2) + 0 * f["channels"], 4),
            "reversed": (lambda f: 6 - 0.6 * (f["epoch"] == LAST) + 0 * f["channels"] + f["noise"], 10),
        },
    ),
    "yu2021.compression_in_the_modified_plane": (
        "weighted_nonredundant_information",
        {
            "absent": (lambda f: 1 - 0.2 * (f["epoch"] == LAST) * (f["seed"] % 2) + 0 * f["channels"], 8),
            "reversed": (lambda f: 1 + 0.2 * (f["epoch"] == LAST) + 0 * f["channels"] + f["noise"], 0),
        },
    ),
    "yu2021.sigmoid_compresses_more": (
        "weighted_nonredundant_information",
        {
            "absent": (lambda f: 1 - 0.2 * (f["epoch"] == LAST) + 0 * f["channels"] - _by_seed(f), -2),
            "reversed": (
                lambda f: 1 - (f["epoch"] == LAST) * (0.1 + 0.3 * (f["model.activation"] == "relu")) * (1 + f["noise"]),
                -30,
            ),
        },
    ),
}


def _by_seed(frame):
    """10 % of a fall, of sigmoid networks in odd seeds and of ReLU networks in even ones."""
    sigmoid = frame["model.activation"] == "sigmoid"
    return 0.1 * (frame["epoch"] == LAST) * xr.where(sigmoid, frame["seed"] % 2, 1 - frame["seed"] % 2)


@pytest.mark.parametrize("name", [each.name for each in yu2021.CLAIMS if each.name != "yu2021.shares_add_up"])
def test_planted(name, summary):
    """With the same effect under the control, which explains it, and without."""
    found = judged(name, summary())
    assert found.verdict == verdict.EXPLAINED
    assert claims.claim(name, folder=None).rule.holds(found.effect.mean)
    assert len(found.effect.values) == 5


@pytest.mark.parametrize(("miss", "word"), [(0, "supported"), (2e-6, "contradicted"), (-1e-5, "contradicted")])
def test_shares_add_up(summary, miss, word):
    tree = summary()
    data = tree["decomposition"].to_dataset()
    name = "weighted_nonredundant_information_percent"
    tree["decomposition"] = data.assign({name: data[name] + miss})
    found = judged("yu2021.shares_add_up", tree)
    assert found.verdict == word
    assert found.effect.mean == pytest.approx(abs(miss), abs=1e-9)


def test_information_of_one_sweep_that_falls_is_enough(summary):
    """12 filters in the second convolution know half a bit less than six, with ReLU alone."""
    tree = summary(
        multivariate_mutual_information=lambda f: (
            5 - 0.5 * (f["variant"] == "6-12_relu") * (f["layer"] == "conv2") + 0 * f["channels"] + 0 * f["seed"]
        )
    )
    assert judged("yu2021.information_grows", tree).effect.mean == pytest.approx(-0.5)


def test_one_convolution_that_compresses_is_enough(summary):
    tree = summary(
        multivariate_mutual_information=lambda f: (
            6
            - 3 * ((f["epoch"] == LAST) & (f["variant"] == "1-6_relu") & (f["layer"] == "conv2"))
            + 0 * f["channels"]
            + 0 * f["seed"]
        )
    )
    found = judged("yu2021.no_compression_in_the_plane", tree)
    assert found.effect.mean == pytest.approx(50)
    assert found.remark.startswith("It falls most in conv2 of 1-6_relu; ")


@pytest.mark.parametrize(("fall", "word"), [(0.12, "supported"), (0.08, "contradicted")])
def test_the_modified_plane_falls_by_a_tenth(summary, fall, word):
    """Shuffled samples and untrained networks keep what they know."""
    tree = summary(
        weighted_nonredundant_information=lambda f: (
            (1 - fall * ((f["epoch"] == LAST) & (f["control"] == "none"))) * (1 + 0 * f["channels"] + 0 * f["seed"])
        )
    )
    found = judged("yu2021.compression_in_the_modified_plane", tree)
    assert found.verdict == word
    assert found.controls["shuffled_samples"].mean == 0


def test_a_single_map_has_no_pair(summary):
    """Its RST % is whatever; three numbers of filters are left, in the wrong order."""
    tree = summary(
        redundancy_synergy_tradeoff_percent=lambda f: (
            xr.where(f["channels"] == 1, 1e3, f["channels"]) + 0 * f["channels"] + 0 * f["seed"]
        )
    )
    assert judged("yu2021.synergy_grows", tree).effect.mean == pytest.approx(1)


def test_dead_maps_are_told_with_the_correlation_of_the_others(summary):
    """Half of 6 and of 12 maps are dead: of 15 pairs 3 are left out, of 66 pairs 15. Live pairs have RST 30 %."""

    def excluded(f):
        return xr.where(f["channels"] == 6, 3.0, xr.where(f["channels"] == 12, 15.0, 0.0)) + 0 * f["seed"]

    def percent(f):
        live = 30.0 + f["channels"]  # grows with the filters
        whole = xr.where(f["channels"] == 6, live * 3 / 12, xr.where(f["channels"] == 12, live * 15 / 51, live))
        return whole + 0 * f["seed"]

    found = judged(
        "yu2021.synergy_grows", summary(pairs_excluded=excluded, redundancy_synergy_tradeoff_percent=percent)
    )
    assert found.effect.mean < 0
    assert found.remark.endswith(
        "Among the others alone the correlation is 1.00, of single seeds between 1.00 and 1.00."
    )
    assert "constant on the probe, and their pairs with others have RST 0 %" in found.remark
    assert judged("yu2021.synergy_grows", summary()).remark == ""


@pytest.mark.parametrize("name", CASES)
def test_absent(name, summary):
    variable, cases = CASES[name]
    plant, mean = cases["absent"]
    found = judged(name, summary(**{variable: plant}))
    assert found.effect.mean == pytest.approx(mean, abs=1e-9)
    assert found.verdict == verdict.INCONCLUSIVE


@pytest.mark.parametrize("name", CASES)
def test_reversed(name, summary):
    variable, cases = CASES[name]
    plant, mean = cases["reversed"]
    found = judged(name, summary(**{variable: plant}))
    assert found.effect.mean == pytest.approx(mean, abs=0.5)
    assert found.verdict == verdict.CONTRADICTED


class TestSaturation:
    """log2 of accuracy's filters over information's."""

    def test_planted(self, summary):
        """95 % of S(X) with one filter, the best accuracy with six: log2 6 in both sweeps."""
        assert judged("yu2021.saturates_early", summary()).effect.mean == pytest.approx(np.log2(6))

    def test_absent(self, summary):
        """The information needs three filters; the accuracy one in even seeds, six in odd ones."""
        tree = summary(
            accuracy=lambda f: (
                0.9
                + 0.1 * (f["seed"] % 2) * (f["channels"].sel(layer=["conv1", "conv2"]).min("layer") >= 6)
                + 0 * f["noise"]
            ),
            multivariate_mutual_information=lambda f: 6.2 * xr.where(f["channels"] >= 3, 1, 0.5) + 0 * f["seed"],
        )
        found = judged("yu2021.saturates_early", tree)
        assert found.effect.mean == pytest.approx(0.6 * np.log2(1 / 3) + 0.4 * np.log2(6 / 3))
        assert found.verdict == verdict.INCONCLUSIVE

    def test_untrained_networks_are_held_against_the_accuracy_of_trained_ones(self, summary):
        """Untrained, the information needs twelve filters, where the accuracy of the trained needs six."""
        tree = summary(
            multivariate_mutual_information=lambda f: (
                6.2 * xr.where((f["epoch"] > 0) | (f["channels"] >= 12), 1, 0.5) + 0 * f["seed"]
            )
        )
        found = judged("yu2021.saturates_early", tree)
        assert found.controls["untrained"].mean == pytest.approx(np.log2(6 / 12))

    def test_the_accuracy_within_the_spread_of_seeds_of_the_best_is_enough(self, summary):
        """Seeds are spread by 0.02; with three filters they are 0.01 below the best, with one 0.1."""
        tree = summary(
            accuracy=lambda f: (
                0.9
                - 0.1 * (f["channels"].min("layer") < 3)
                - 0.01 * (f["channels"].min("layer") == 3)
                + 0.02 * (f["seed"] - 2) / 2.5**0.5
            )
        )
        assert judged("yu2021.saturates_early", tree).effect.mean == pytest.approx(np.log2(3))

    def test_reversed(self, summary):
        """All are as accurate with one filter; the information never reaches its mark: twice the most count."""
        tree = summary(
            accuracy=lambda f: 0.9 + 0 * f["channels"].sum("layer") + 0 * f["noise"],
            multivariate_mutual_information=lambda f: 3 + 0 * f["channels"] + f["noise"],
        )
        found = judged("yu2021.saturates_early", tree)
        assert found.effect.mean == pytest.approx(np.log2(1 / 24))
        assert found.verdict == verdict.CONTRADICTED


def test_a_seed_that_diverged_says_nothing_of_saturation(summary):
    tree = summary(multivariate_mutual_information=lambda f: (6.2 + 0 * f["channels"]).where(f["seed"] != 3))
    assert judged("yu2021.saturates_early", tree).effect.seeds == (0, 1, 2, 4)


def test_a_single_topology_shows_no_sweep(summary):
    found = judged("yu2021.synergy_grows", summary(filters=[(6, 12)]))
    assert found.effect.values == ()
    assert found.verdict == verdict.NONE


def test_what_a_control_does_not_show_is_supported(summary):
    tree = summary(
        redundancy_synergy_tradeoff_percent=lambda f: only_none(
            f, 30 - f["channels"] * xr.where(f["epoch"] == 0, 0.0, 1.0), 30.0 + f["channels"]
        )
    )
    found = judged("yu2021.synergy_grows", tree)
    assert found.verdict == verdict.SUPPORTED
    assert found.controls["shuffled_samples"].mean == pytest.approx(1)
    assert found.controls["untrained"].values == ()


def test_the_remark_on_the_error_chain_is_made_from_the_end(summary):
    tree = summary(mutual_information_error=lambda f: 5 + 0.5 * f["depth"] * xr.where(f["epoch"] == LAST, -1, 1))
    assert judged("yu2021.error_chain", tree).remark == (
        "Of the untrained networks' steps 100 % keep it. At the end 0 % do, with a median distance of 5 to 5 kernel "
        "widths between the errors of two samples."
    )


def test_where_there_is_no_step_the_remarks_say_so(summary):
    tree = summary()
    for name, own in (("information", slice(None)), ("error_chain", [-2])):
        data = tree[name].to_dataset().isel(layer=own)
        alone = np.full(data["dominator"].shape, "input", dtype=object)
        tree[name] = data.assign_coords(dominator=data["dominator"].copy(data=alone))
    said = "The untrained networks have no step between layers of which it speaks."
    found = judged("yu2021.forward_chain", tree)
    assert (found.verdict, found.remark) == (verdict.NONE, said)
    assert judged("yu2021.error_chain", tree).remark == f"{said} At the end there is none."


def test_the_most_accurate_of_two_starts_is_compared(summary):
    """Of two sigmoid networks the first stays at chance, and compresses nothing."""
    tree = summary(
        filters=[(6, 12)],
        activations=["tanh", "sigmoid", "relu"],
        accuracy=lambda f: xr.where(f["variant"] == f["variant"][0], 0.1, 0.9) + 0 * f["seed"],
        weighted_nonredundant_information=lambda f: (
            1 - 0.3 * (f["epoch"] == LAST) * (f["variant"] == f["variant"][1]) + 0 * f["channels"] + 0 * f["seed"]
        ),
    )
    names = tree["decomposition"]["variant"].values
    started_otherwise = {"model.activation": ("variant", ["sigmoid", "sigmoid", "relu"])}
    tree["decomposition"] = tree["decomposition"].to_dataset().assign_coords(started_otherwise)
    found = judged("yu2021.sigmoid_compresses_more", tree)
    assert found.effect.mean == pytest.approx(30)
    assert found.remark == f"Compared: {names[1]} with {names[2]}."


def test_chains_that_hold_without_training_too_are_supported(summary):
    tree = summary(mutual_information_input_layer=lambda f: only_none(f, 6 - 0.5 * f["depth"], 1 + 0.5 * f["depth"]))
    found = judged("yu2021.forward_chain", tree)
    assert found.verdict == verdict.SUPPORTED
    assert found.remark == "Of the untrained networks' steps 100 % keep it."


def test_a_training_that_ends_after_one_epoch_counts_its_end_once(summary):
    """All steps keep the chain before training, and none does at the end."""
    tree = summary(mutual_information_input_layer=lambda f: 6 + (2 * (f["epoch"] > 0) - 1) * f["depth"] + f["noise"])
    short = xr.DataTree.from_dict({name: node.to_dataset().sel(epoch=[0.0, 0.5, 1.0]) for name, node in tree.items()})
    short.attrs = tree.attrs
    assert judged("yu2021.forward_chain", short).effect.mean == pytest.approx(1 / 2)
    assert judged("yu2021.forward_chain", tree).effect.mean == pytest.approx(1 / 3)


def test_an_effect_at_the_threshold_is_neither(summary):
    equal = summary(weighted_nonredundant_information=lambda f: 1 + 0 * f["channels"] + 0 * f["noise"])
    assert judged("yu2021.sigmoid_compresses_more", equal).verdict == verdict.INCONCLUSIVE


def test_what_saturation_was_not_reached_is_told(summary):
    tree = summary(multivariate_mutual_information=lambda f: 3 + 0 * f["channels"] + f["noise"])
    assert judged("yu2021.saturates_early", tree).remark.startswith("In 20 of 20 sweeps and seeds no number of filters")
