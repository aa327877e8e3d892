"""Findings on summaries where they are planted."""

import pytest
import xarray as xr

from infoplane.claims import findings
from infoplane.claims.evidence import Evidence


def evidence(tree):
    return Evidence(tree, "renyi", "train")


class TestFiltersNeeded:
    def test_the_fewest_within_the_spread_of_the_best(self, summary):
        """Information: 6.2 less 0.05 with three filters, where seeds are spread by 0.1; accuracy: full with six."""
        tree = summary(
            multivariate_mutual_information=lambda f: (
                6.2
                - xr.where(f["channels"] >= 6, 0, xr.where(f["channels"] == 3, 0.05, 1))
                + 0.1 * (f["seed"] - 2) / 2**0.5
            )
        )
        found = findings.filters_needed(evidence(tree))
        assert [(each.layer, each.tried, each.information, each.accuracy) for each in found] == [
            (layer, (1, 3, 6, 12), 3, 6) for layer in ("conv1", "conv2") for _ in ("relu", "sigmoid")
        ]

    def test_what_is_told_apart_by_less_than_the_tolerance_is_the_same(self, summary):
        """The information of 12 filters is 0.01 bits above that of three; seeds hardly differ."""
        tree = summary(
            multivariate_mutual_information=lambda f: (
                6.2 - xr.where(f["channels"] >= 3, 0.12 / f["channels"], 1) + 1e-4 * f["noise"]
            )
        )
        assert {each.information for each in findings.filters_needed(evidence(tree))} == {3}

    def test_a_seed_that_diverged_does_not_count(self, summary):
        """NaN in seed 1 of a network, and in all seeds of the largest one."""
        tree = summary(
            accuracy=lambda f: (
                0.9 + 0.01 * f["channels"].sel(layer=["conv1", "conv2"]).min("layer") + 0 * f["noise"]
            ).where((f["seed"] != 1) & (f["channels"].max("layer") < 12))
        )
        found = findings.filters_needed(evidence(tree))
        assert {each.accuracy for each in found} == {6}

    def test_none_without_a_sweep(self, summary):
        assert findings.filters_needed(evidence(summary(filters=[(6, 6), (12, 6)]))) == []


class TestBypass:
    def test_none_in_a_falling_chain(self, summary):
        tree = summary(
            mutual_information_error=lambda f: (f["control"] == "none") * (1 + 0.5 * f["depth"]) + f["noise"]
        )
        assert findings.bypass(evidence(tree)) == []

    @pytest.mark.parametrize(
        ("height", "reason"),
        [
            (0.1, "more than the next layer towards the output, 2 bits"),
            (0.0, None),
        ],
    )
    def test_a_rise(self, summary, height, reason):
        """conv2 above fc1, which is behind it: by more than the tolerance, or not."""
        tree = summary(
            filters=[(6, 6)],
            activations=["relu"],
            mutual_information_error=lambda f: (
                (f["control"] == "none")
                * (xr.where(f["depth"] == 2, 2 + height, xr.where(f["depth"] == 1, 1.5, 2.0)) + 0 * f["seed"])
            ),
        )
        found = findings.bypass(evidence(tree))
        assert [(each.layer, each.reason) for each in found] == ([("conv2", reason)] if reason else [])

    def test_no_more_than_shuffled_samples(self, summary):
        """conv1, whose errors tell 1 bit, and those of shuffled samples 1.2."""
        tree = summary(
            filters=[(6, 6)],
            activations=["relu"],
            mutual_information_error=lambda f: (
                xr.where(f["control"] == "none", f["depth"], xr.where(f["depth"] == 1, 1.2, 0.0)) + 0 * f["seed"]
            ),
        )
        (found,) = findings.bypass(evidence(tree))
        assert (found.layer, found.information) == ("conv1", 1)
        assert found.reason == "not surely more than with shuffled samples: -0.2 bits, 95 % interval from -0.2"

    @pytest.mark.parametrize(("odd", "listed"), [(0.1, False), (-0.1, True)])
    def test_seeds_are_paired_with_their_own_control(self, summary, odd, listed):
        """Seeds differ by whole bits; each is above its own control by 0.2 bits, or by `odd` in odd seeds."""
        tree = summary(
            filters=[(6, 6)],
            activations=["relu"],
            mutual_information_error=lambda f: (
                f["seed"] + f["depth"] - xr.where(f["seed"] % 2 == 0, 0.2, odd) * (f["control"] != "none")
            ),
        )
        assert [each.layer for each in findings.bypass(evidence(tree))] == (["conv1", "conv2", "fc1"][::-1] * listed)

    def test_without_the_control_only_the_chain_counts(self, summary):
        tree = summary(mutual_information_error=lambda f: 0 * f["depth"] + f["noise"])
        tree.attrs["experiment"] = {**tree.attrs["experiment"], "controls": []}
        assert findings.bypass(evidence(tree)) == []


def test_of_a_summary_without_these_groups(summary):
    tree = summary()
    del tree["decomposition"]
    (found,) = findings.of_summary(tree)
    assert found.filters_needed == ()
    assert found.bypass
    del tree["error_chain"]
    assert findings.of_summary(tree) == []
