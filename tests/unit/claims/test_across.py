"""Conclusions that are planted to hold, or to flip at one choice, do so and nowhere else."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from infoplane import claims, grid
from infoplane.claims import across, conclusions, write_across
from infoplane.claims.across import Conclusion, Place

RENYI = {"name": "renyi", "kind": "renyi", "alpha": 1.01, "bandwidth": {"rule": "silverman", "scale": 5.0}}
NOISE = {"name": "noise", "kind": "kde", "noise_variance": 0.1}
FORWARD = claims.claim("yu2021.forward_chain", folder=Path())
Values = Callable[[xr.DataArray, Mapping[str, Any]], xr.DataArray]


@pytest.fixture
def tried(summary):
    """A summary of a grid: I(X; T) as planted, changed at every place by a function of what was chosen there."""

    def make(change: Values, *estimators: dict[str, Any], seeds: int = 3, **asked: list[Any]) -> xr.DataTree:
        tree = summary(seeds=seeds, filters=[(6, 6)], activations=["relu"])
        settings = {"estimators": list(estimators or [RENYI]), "probe": {"size": 100}, "sensitivity": asked}
        points = grid.points(settings)
        about = {
            **tree.attrs["experiment"],
            "estimators": [point.settings for point in points],
            "grid": [
                {"name": each.name, "base": each.base, "own": each.given, "choices": dict(each.choices)}
                for each in points
            ],
        }
        plain = tree["information"].to_dataset()
        name = "mutual_information_input_layer"
        parts = []
        for place in across.places(about):
            own = plain.assign_coords(estimator=[place.estimate])
            parts.append(own.assign({name: change(own[name], place.choices)}))
        data = xr.concat(parts, "estimator", data_vars="all", coords="minimal", compat="override")
        tree["information"] = xr.DataTree(data.assign(mutual_information_layer_target=data[name] / 2))
        tree.attrs["experiment"] = about
        return tree

    return make


def reversed_where(condition: Callable[[Mapping[str, Any]], bool]) -> Values:
    """Layers that know the more the deeper they are, where a condition holds."""
    return lambda values, choices: 10 - values if condition(choices) else values


def the(found: list[Conclusion]) -> Conclusion:
    (only,) = found
    return only


def words(conclusion: Conclusion) -> dict[str, str]:
    return {place.estimate: each.verdict for place, each in conclusion.verdicts}


def test_what_is_planted_everywhere_holds_across_the_grid(tried) -> None:
    tree = tried(reversed_where(lambda _: False), alpha=[2], scale=[10], size=[50])
    found = the(across.across(tree, [FORWARD]))
    assert set(words(found).values()) == {"explained by the control"}  # the control is planted alike
    assert found.outcome == across.CONTROLLED
    alone = the(across.across(tree, [_without_controls(FORWARD)]))
    assert alone.outcome == across.HOLDS
    assert alone.deciding() == ""
    assert [(step.axis, step.changed, step.compared) for step in alone.steps()] == [
        ("size", 0, 4),
        ("scale", 0, 4),
        ("alpha", 0, 4),
    ]


def test_what_is_planted_to_flip_at_one_alpha_flips_there_and_nowhere_else(tried) -> None:
    tree = tried(reversed_where(lambda choices: choices["alpha"] == 2), alpha=[0.5, 2], scale=[10])
    found = the(across.across(tree, [_without_controls(FORWARD)]))
    assert words(found) == {
        "renyi": "supported",
        "renyi.scale-10": "supported",
        "renyi.alpha-0.5": "supported",
        "renyi.alpha-0.5_scale-10": "supported",
        "renyi.alpha-2": "contradicted",
        "renyi.alpha-2_scale-10": "contradicted",
    }
    assert found.outcome == across.FLIPS
    assert found.deciding() == "Only α decides: supported at α = 1.01, α = 0.5; contradicted at α = 2."


def test_choices_that_decide_together_are_both_named(tried) -> None:
    tree = tried(
        reversed_where(lambda choices: choices["alpha"] == 2 and choices["scale"] == 10),
        alpha=[2],
        scale=[10],
        size=[50],
    )
    found = the(across.across(tree, [_without_controls(FORWARD)]))
    assert found.outcome == across.FLIPS
    assert found.deciding() == "Changed by α in 2 of 4 steps, the width σ in 2 of 4 steps; never by n."


def test_a_verdict_that_is_lost_in_noise_wavers(tried) -> None:
    def noisy(values: xr.DataArray, choices: Mapping[str, Any]) -> xr.DataArray:
        sign = xr.where(values["seed"] == 0, -1.0, 1.0) if choices["alpha"] == 2 else 1.0
        return sign * values

    found = the(across.across(tried(noisy, alpha=[2]), [_without_controls(FORWARD)]))
    assert words(found) == {"renyi": "supported", "renyi.alpha-2": "inconclusive"}
    assert found.outcome == across.WAVERS


def test_fewer_than_three_seeds_give_no_verdict_at_any_point(tried) -> None:
    found = the(across.across(tried(reversed_where(lambda _: False), seeds=2, alpha=[2]), [FORWARD]))
    assert found.outcome == across.UNSEEN


def test_another_estimator_is_a_choice_too(tried) -> None:
    tree = tried(
        reversed_where(lambda choices: "noise_variance" in choices), RENYI, NOISE, alpha=[2], noise_variance=[1]
    )
    found = the(across.across(tree, [_without_controls(FORWARD)]))
    assert list(words(found)) == [
        "renyi",
        "renyi.alpha-2",
        "noise_upper",
        "noise_lower",
        "noise.noise_variance-1_upper",
        "noise.noise_variance-1_lower",
    ]
    assert found.deciding() == (
        "Only the estimator decides: supported at renyi; contradicted at noise_upper, noise_lower."
    )


def test_a_claim_about_no_estimates_is_left_out(tried) -> None:
    tree = tried(reversed_where(lambda _: False), alpha=[2])
    gradients = claims.claim("szt2017.transition_in_time", folder=Path())
    assert gradients.needs == ("training",)
    tree["training"] = xr.DataTree(_with_gradients(tree["training"].to_dataset()))
    assert across.across(tree, [gradients]) == []


class TestConclusionsOfTheField:
    @pytest.fixture
    def found(self, tried) -> dict[str, Conclusion]:
        """I(X; T) falls by a fifth at the end, but at α = 2; and rises from layer to layer at n = 50."""

        def change(values: xr.DataArray, choices: Mapping[str, Any]) -> xr.DataArray:
            falls = (values["control"] == "none") & (values["epoch"] == 10) & (choices["alpha"] != 2)
            values = values * xr.where(falls, 0.8, 1.0)
            grows = xr.DataArray([0.0, 2.0, 4.0, 6.0], dims="layer")
            return values + grows * float(choices["size"] == 50)

        tree = tried(change, alpha=[2], size=[50])
        return {each.claim.name: each for each in across.across(tree, conclusions.of_summary(tree))}

    def test_there_is_one_for_every_hidden_layer_and_two_for_the_order(self, found) -> None:
        layers = ["conv1", "conv2", "fc1"]
        expected = [*(f"field.compression.{each}" for each in layers), *(f"field.learning.{each}" for each in layers)]
        assert list(found) == [*expected, "field.order.input", "field.order.target"]

    def test_compression_hangs_on_alpha_alone(self, found) -> None:
        fc1 = found["field.compression.fc1"]
        assert words(fc1) == {
            "renyi": "supported",
            "renyi.size-50": "supported",
            "renyi.alpha-2": "contradicted",
            "renyi.alpha-2_size-50": "contradicted",
        }
        assert fc1.verdicts[0][1].effect.mean == pytest.approx(20, abs=1e-9)
        assert fc1.deciding() == "Only α decides: supported at α = 1.01; contradicted at α = 2."

    def test_the_order_of_layers_hangs_on_n_alone(self, found) -> None:
        order = found["field.order.input"]
        assert [each.verdict for _, each in order.verdicts] == [
            "explained by the control",
            "contradicted",
            "explained by the control",
            "contradicted",
        ]
        assert order.outcome == across.FLIPS
        assert order.deciding().startswith("Only n decides")

    def test_where_no_layer_is_reached_through_another_only_the_order_says_why_it_has_no_verdict(self, tried) -> None:
        tree = tried(reversed_where(lambda _: False), alpha=[2])
        data = tree["information"].to_dataset()
        alone = data["dominator"].copy(data=np.full(data["dominator"].shape, "input", dtype=object))
        tree["information"] = xr.DataTree(data.assign_coords(dominator=alone))
        found = {each.claim.name: each for each in across.across(tree, conclusions.of_summary(tree))}
        order = found["field.order.target"]
        assert (order.outcome, order.deciding()) == (across.UNSEEN, "")
        said = "No layer can be reached through another one only, so that there is no such step."
        assert said in write_across.markdown([order], [], tree.attrs["experiment"])
        assert found["field.compression.fc1"].reason() == ""

    def test_a_layer_that_ends_where_it_began_learns_nothing(self, tried) -> None:
        tree = tried(reversed_where(lambda _: False), alpha=[2])
        found = {each.claim.name: each for each in across.across(tree, conclusions.of_summary(tree))}
        assert found["field.learning.fc1"].outcome == across.FAILS

    def test_what_a_layer_learns_hangs_on_no_scale(self, tried) -> None:
        """A tenth of the bits, as a kernel ten times as wide might show them, is the same conclusion."""

        def change(values: xr.DataArray, choices: Mapping[str, Any]) -> xr.DataArray:
            return values * xr.where(values["epoch"] > 0, 1.0, 0.9) * (0.01 if choices["alpha"] == 2 else 1.0)

        tree = tried(change, alpha=[2])
        found = {each.claim.name: each for each in across.across(tree, conclusions.of_summary(tree))}
        learns = found["field.learning.fc1"]
        assert learns.outcome == across.CONTROLLED  # shuffled samples are changed alike
        assert learns.verdicts[0][1].effect.mean == pytest.approx(10, abs=0.5)


class TestWritten:
    @pytest.fixture
    def written(self, tried, tmp_path: Path) -> dict[str, str]:
        tree = tried(reversed_where(lambda choices: choices["alpha"] == 2), alpha=[2], size=[50])
        about = tree.attrs["experiment"]
        paths = {"json_path": tmp_path / "s.json", "text": tmp_path / "s.md", "page": tmp_path / "s.html"}
        found = across.across(tree, [_without_controls(FORWARD)])
        write_across.write(found, list(across.places(about)), about, summary="abc", figure="<svg></svg>", **paths)
        return {name: path.read_text() for name, path in paths.items()}

    def test_data(self, written) -> None:
        content = json.loads(written["json_path"])
        assert content["summary"] == "abc"
        assert content["grid"][2] == {
            "estimate": "renyi.alpha-2",
            "base": "renyi",
            "own": False,
            "choices": {"alpha": 2, "size": 100},
        }
        (row,) = content["conclusions"]
        assert row["outcome"] == "flips"
        assert row["steps"] == {"size": {"changed": 0, "compared": 2}, "alpha": {"changed": 2, "compared": 2}}
        assert [(each["estimator"], each["verdict"]) for each in row["verdicts"]][::2] == [
            ("renyi", "supported"),
            ("renyi.alpha-2", "contradicted"),
        ]
        assert row["verdicts"][0]["effect"]["mean"] == 1.0

    def test_text(self, written) -> None:
        text = written["text"]
        assert "Of 1 conclusion: 1 × flips." in text
        assert (
            "| flips | supported at 2 of 4; contradicted at renyi: α = 2, n = 100, renyi: α = 2, n = 50 | Only α"
            in text
        )
        assert "- renyi: α = 1.01, n = 100 (the experiment’s own)" in text

    def test_page(self, written) -> None:
        page = written["page"]
        assert page.count('<span class="cell supported') == 3  # two places, and the key
        assert page.count('class="cell supported own"') == 1
        assert "http" not in page


def test_no_conclusions_at_all_are_told() -> None:
    assert write_across.counted([]) == "No conclusion hangs on an estimator."


def test_a_place_of_an_estimator_that_is_not_varied_is_called_by_its_name() -> None:
    assert Place("bins", "bins", True, {}).words() == "bins"


def _without_controls(claim: claims.Claim) -> claims.Claim:
    return replace(claim, controls=(), remark=None)


def _with_gradients(training: xr.Dataset) -> xr.Dataset:
    shape = {"variant": training["variant"], "seed": training["seed"], "epoch": training["epoch"], "layer": ["fc1"]}
    ones = xr.DataArray(1.0, coords=shape, dims=list(shape))
    return training.assign(gradient_mean_norm=ones, gradient_std_norm=ones)
