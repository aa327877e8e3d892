"""The points of a grid: which estimators they are, and what they are called."""

from typing import Any

import pytest

from infoplane import grid

RENYI = {"name": "renyi", "kind": "renyi", "alpha": 1.01, "bandwidth": {"rule": "silverman", "scale": 5.0}}
ALIGNED = {"name": "aligned", "kind": "renyi", "alpha": 1.0, "bandwidth": {"rule": "alignment"}}
BINS = {"name": "bins", "kind": "binning", "edges": {"rule": "range", "bins": 30}}
EDGES = {"name": "edges", "kind": "binning", "edges": {"rule": "fixed", "count": 30, "low": -1, "high": 1}}
NOISE = {"name": "noise", "kind": "kde", "noise_variance": 0.1, "probe_size": 64}


def settings(*estimators: dict[str, Any], **asked: Any) -> dict[str, Any]:
    return {"estimators": list(estimators), "probe": {"size": 100}, "sensitivity": asked}


def names(*estimators: dict[str, Any], **asked: Any) -> list[str]:
    return [point.name for point in grid.points(settings(*estimators, **asked))]


def test_an_experiment_without_a_grid_has_no_points() -> None:
    assert grid.points({"estimators": [RENYI], "probe": {"size": 100}}) == []


def test_the_product_of_the_axes_begins_with_the_estimator_as_it_is() -> None:
    found = grid.points(settings(RENYI, alpha=[2], scale=[2.5, 10]))
    assert [point.name for point in found] == [
        "renyi",
        "renyi.scale-2.5",
        "renyi.scale-10",
        "renyi.alpha-2",
        "renyi.alpha-2_scale-2.5",
        "renyi.alpha-2_scale-10",
    ]
    assert [point.given for point in found] == [True] + [False] * 5
    assert found[0].settings == RENYI
    assert found[0].choices == {"alpha": 1.01, "scale": 5.0}
    assert found[4].settings == {
        **RENYI,
        "name": "renyi.alpha-2_scale-2.5",
        "alpha": 2,
        "bandwidth": {"rule": "silverman", "scale": 2.5},
    }


def test_the_own_value_counts_once_wherever_it_stands() -> None:
    assert names(RENYI, alpha=[0.5, 1.01, 2]) == ["renyi", "renyi.alpha-0.5", "renyi.alpha-2"]
    assert names(RENYI, size=[100, 50]) == ["renyi", "renyi.size-50"]
    assert names(NOISE, size=[64, 50]) == ["noise", "noise.size-50"]


def test_another_value_leaves_the_names_of_the_points_that_are_there() -> None:
    before = names(RENYI, alpha=[2], scale=[10])
    assert set(before) < set(names(RENYI, alpha=[0.5, 2], scale=[10, 20], size=[50]))


@pytest.mark.parametrize(
    ("estimator", "axis", "value", "key"),
    [
        (BINS, "bins", 10, "bins"),
        (EDGES, "edges", 15, "count"),
    ],
)
def test_bins_and_edges(estimator: dict[str, Any], axis: str, value: int, key: str) -> None:
    (_, point) = grid.points(settings(estimator, **{axis: [value]}))
    assert point.settings["edges"] == {**estimator["edges"], key: value}
    assert point.choices == {axis: value}


def test_an_axis_leaves_estimators_alone_that_have_nothing_for_it_to_vary() -> None:
    found = names(RENYI, ALIGNED, BINS, NOISE, scale=[10], noise_variance=[0.01])
    assert found == ["renyi", "renyi.scale-10", "aligned", "bins", "noise", "noise.noise_variance-0.01"]
    assert grid.without_use(settings(ALIGNED, scale=[10], alpha=[2])) == ["scale"]


def test_estimators_may_be_named_or_defined_for_the_grid_alone() -> None:
    found = names(RENYI, BINS, estimators=["renyi", NOISE], alpha=[2], size=[50])
    assert found == ["renyi", "renyi.size-50", "renyi.alpha-2", "renyi.alpha-2_size-50", "noise", "noise.size-50"]


def test_names_of_points_are_names_of_files_and_of_no_estimator() -> None:
    found = names(NOISE, noise_variance=[1e-5, 1e20])
    assert found == ["noise", "noise.noise_variance-1e-05", "noise.noise_variance-1e20"]


def test_words() -> None:
    assert grid.words({"alpha": 1.01, "scale": 5.0, "size": 50}) == "α = 1.01, σ × 5, n = 50"
