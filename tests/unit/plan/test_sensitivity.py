"""A grid in the plan: ordinary estimators beside the experiment's own, which nothing of its own hangs on."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from infoplane.errors import ConfigError
from infoplane.plan import parameters

from .conftest import BINNING, ESTIMATOR, Parameters, differing, digests, planned, study

GRID = {"alpha": [2], "scale": [5]}
POINTS = ["renyi", "renyi.scale-5", "renyi.alpha-2", "renyi.alpha-2_scale-5"]
MINE = SimpleNamespace(experiment="mine")


def test_a_grid_changes_no_job_of_the_experiment_without_it(file: Path, quickstart: Parameters) -> None:
    assert differing(quickstart, digests(planned(file, sensitivity=GRID))) == set()


def test_every_point_is_measured_from_the_same_activations(file: Path) -> None:
    found = planned(file, sensitivity=GRID)
    run = next(iter(found.runs.values()))
    assert list(found.grid) == POINTS
    assert parameters.measure(found, run, "renyi.alpha-2")["estimator"] == {
        **found.estimators["renyi"],
        "name": "renyi.alpha-2",
        "alpha": 2,
    }
    assert {parameters.measure(found, run, name)["capture"] for name in POINTS} == {
        parameters.measure(found, run, "renyi")["capture"]
    }


def test_another_point_leaves_the_others_alone(file: Path) -> None:
    before, after = (planned(file, sensitivity={**GRID, **more}) for more in ({}, {"size": [50]}))
    run = next(iter(before.runs))
    assert [parameters.measure(before, before.runs[run], name) for name in POINTS] == [
        parameters.measure(after, after.runs[run], name) for name in POINTS
    ]
    assert len(after.grid) == 2 * len(POINTS)


def test_what_conclusions_are_not_drawn_from_is_not_measured_at_the_points(file: Path) -> None:
    measures = ["information", "decomposition", "error_chain", "kernel_matrices"]
    found = planned(file, sensitivity=GRID, measures=measures, claims=["yu2021.error_chain"])
    assert found.measures("renyi") == measures
    assert found.measures("renyi.alpha-2") == ["information", "error_chain"]
    groups = {part["group"] for _, part in found.parts_of_grid()}
    assert groups == {"training", "information", "error_chain"}
    assert {part["group"] for _, part in found.parts()} == {"training", *measures}


def test_the_summary_of_the_grid_says_what_each_of_its_estimators_varies(file: Path) -> None:
    found = planned(file, sensitivity={**GRID, "estimators": ["renyi", BINNING]})
    about = parameters.gather(found)["experiment"]
    assert [each["name"] for each in about["estimators"]] == [*POINTS, "bins"]
    assert about["grid"][-2:] == [
        {"name": POINTS[-1], "base": "renyi", "own": False, "choices": {"alpha": 2, "scale": 5}},
        {"name": "bins", "base": "bins", "own": False, "choices": {}},
    ]
    assert [each["own"] for each in about["grid"]] == [True, False, False, False, False]
    assert (
        parameters.aggregate(found)["experiment"]["estimators"]
        == parameters.aggregate(planned(file))["experiment"]["estimators"]
    )


def test_net_inputs_are_kept_for_a_point_that_reads_them(file: Path) -> None:
    found = planned(file, sensitivity={"estimators": ["renyi", {**BINNING, "read": "preactivation"}], "alpha": [2]})
    assert parameters.capture(found, next(iter(found.runs.values())))["preactivations"]


def test_only_experiments_with_a_grid_have_conclusions_across_it(file: Path) -> None:
    assert study(file).conclusions() == []
    found = study(file, sensitivity=GRID)
    assert found.conclusions()[:3] == [f"results/mine/sensitivity.{ending}" for ending in ("json", "md", "html")]
    stores = found.stores_of_grid(MINE)
    assert len(stores) == len(found.parts_of_grid(MINE))
    assert any(path.endswith("information/renyi.alpha-2_scale-5.zarr") for path in stores)


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        (
            {"size": [50, 200]},
            r"key 'sensitivity' asks for 200 samples of each probe batch; accepted: at most probe.size \(100\)",
        ),
        ({"noise_variance": [0.1]}, "key 'sensitivity.noise_variance' varies none of its estimators, renyi; accepted:"),
        ({"estimators": ["reny"], "alpha": [2]}, "estimator 'reny' is not known; did you mean 'renyi'"),
        ({"estimators": [ESTIMATOR], "alpha": [2]}, "key 'sensitivity.estimators' has 'renyi' more than once"),
        ({"alpha": [0]}, r"key 'sensitivity.alpha.0' is 0; accepted: a number > 0"),
        ({}, "key 'sensitivity' is empty; accepted: at least 1 in it"),
        ({"order": [2]}, "key 'sensitivity.order' .* is not known"),
    ],
)
def test_faults(file: Path, grid: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        planned(file, sensitivity=grid)


def test_a_point_that_needs_activations_is_told_where_only_distances_are_kept(file: Path) -> None:
    with pytest.raises(ConfigError, match="estimator 'bins' needs the activations themselves"):
        planned(file, store="distances", sensitivity={"alpha": [2], "estimators": ["renyi", BINNING]})
