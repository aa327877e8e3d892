"""Estimates from jobs that have run."""

import csv
from pathlib import Path

import pytest

from infoplane import plan
from infoplane.costs import amount, measured
from infoplane.costs.estimate import MEASURED, Estimate, Estimator, bases
from infoplane.plan import Study

from .conftest import ROOT, SETTINGS, estimates, job, leave, price, store, study


@pytest.mark.parametrize("stage", ["train", "measure"])
def test_what_has_run_here_costs_what_it_cost(tmp_path: Path, stage: str) -> None:
    found = study(tmp_path)
    leave(tmp_path, found, seconds={stage: 100.0})
    for each in estimates(tmp_path, found, stage):
        assert (each.seconds, each.size, each.basis) == (pytest.approx(100), pytest.approx(1e6), MEASURED)


def test_a_longer_training_is_scaled(tmp_path: Path) -> None:
    """Start and settling stay; the rest grows with the updates, and the bytes not at all with as many checkpoints."""
    found = study(tmp_path)
    leave(tmp_path, found, seconds={"train": 101.0})
    longer = study(tmp_path, training={**SETTINGS["training"], "epochs": 80})
    ratio = amount.to_train(_facts(longer)) / amount.to_train(_facts(found))
    assert 7 < ratio < 10  # ten times the updates, and as many checkpoints
    for each in estimates(tmp_path, longer, "train"):
        assert each.seconds == pytest.approx(1 + 1.5 + 98.5 * ratio)
        assert each.size == pytest.approx(1e6)
        assert bases([each]) == [f"scaled from mine, measured here, × {ratio:.2g}"]


def _facts(found: Study) -> amount.Facts:
    (planned,) = found.planned.values()
    return measured.of_run(planned, next(iter(planned.runs)))


def test_a_training_that_went_on_does_not_count(tmp_path: Path) -> None:
    found = study(tmp_path)
    leave(tmp_path, found, seconds={"train": 100.0}, log="[x] seed-0: goes on from step 12\n")
    assert {each.basis for each in estimates(tmp_path, found, "train")} == {
        "scaled from mnist_lenet, measured by make cost"
    }


def test_a_measurement_by_the_same_estimator_comes_first(tmp_path: Path) -> None:
    bins = {"name": "bins", "kind": "binning", "edges": {"rule": "range", "bins": 30}}
    found = study(tmp_path, estimators=[*SETTINGS["estimators"], bins])
    leave(tmp_path, found, seconds={"measure": 50.0})
    for path in tmp_path.glob("results/mine/benchmarks/measure/*.bins.tsv"):
        path.write_text("s\tmax_rss\n20\t100\n")
        log = tmp_path / "results/mine/logs/measure" / f"{path.stem}.log"
        log.write_text("[x] work: 19.0 s\n")
    assert [round(each.seconds) for each in estimates(tmp_path, found, "measure")] == [50, 20, 50, 20]


MEASURED_STAGES = (
    *("prepare", "train", "capture", "measure", "aggregate"),
    *("calibrate", "read_off", "figures", "explore"),
)
STANDS = {
    **dict.fromkeys(("judge", "conclude"), "figures"),
    "weights": "capture",
    "gather": "aggregate",
    "intrinsic_dimension": "prepare",
}


@pytest.mark.parametrize("stage", [*MEASURED_STAGES, *STANDS])
def test_where_nothing_has_run_it_is_what_make_cost_measured(tmp_path: Path, stage: str) -> None:
    found = study(
        tmp_path,
        measures=["information", "weights", "intrinsic_dimension"],
        claims=["yu2021.forward_chain"],
        sensitivity={"alpha": [1.01, 2]},
        calibration={},
    )
    for each in estimates(tmp_path, found, stage):
        of_stage = f"the stage {STANDS[stage]} of " if stage in STANDS else ""
        assert each.basis == f"scaled from {of_stage}mnist_lenet, measured by make cost"
        assert 0 < each.seconds < 60
        assert 0 < each.size < 1e9


def test_of_a_stage_that_is_not_known_no_cost_is_known(tmp_path: Path) -> None:
    found = study(tmp_path)
    estimator = Estimator(found, root=tmp_path, base=ROOT)
    run = next(iter(found.planned["mine"].runs))
    assert estimator.of_job(job("novel", "mine", "new.json")) is None
    assert estimator.of_job(job("novel", "mine", "new.json", run)) is None
    assert estimator.of_job(job("novel", "", "new.json")) is None
    leave(tmp_path, found, seconds={"novel": 9.0})
    assert price(Estimator(found, root=tmp_path, base=ROOT), job("novel", "mine", "x.json")).seconds == 9


def test_mnist_lenet_costs_what_make_cost_measured(tmp_path: Path) -> None:
    found = plan.study({"experiments": ["mnist_lenet"]}, base=ROOT, networks=False)
    with (Path(measured.__file__).with_name("published.csv")).open(newline="") as file:
        rows = {row["stage"]: row for row in csv.DictReader(file)}
    for stage in MEASURED_STAGES:
        known = estimates(tmp_path, found, stage)
        assert sum(each.seconds for each in known) == pytest.approx(float(rows[stage]["seconds"]))
        assert sum(each.size for each in known) == pytest.approx(float(rows[stage]["bytes"]))


def test_what_a_store_does_not_tell_does_not_count(tmp_path: Path) -> None:
    found = study(tmp_path)
    leave(tmp_path, found, seconds={"train": 100.0, "figures": 3.0})
    for path in tmp_path.glob("results/mine/runs/*/training.zarr/zarr.json"):
        path.write_text("{}")
    assert [each.stage for each in measured.here(tmp_path)] == ["figures"]


def test_a_dimension_that_was_estimated_here_costs_what_it_cost(tmp_path: Path) -> None:
    """It lies beside data sets, and is none: where one was prepared, its cost stays its own."""
    found = study(tmp_path, measures=["intrinsic_dimension"])
    (name,) = found.datasets
    data = {"parameters": {"settings": {"source": {"name": "digits"}, "folder": "."}}}
    folder = tmp_path / "results/datasets"
    for inside, seconds, size in (("", 30, 9_000_000), ("intrinsic_dimension/", 12, 40_000)):
        for kind, text in (
            ("benchmarks", f"s\tmax_rss\n{seconds}\t100\n"),
            ("logs", f"[x] wrote x: 1 files, {size} bytes\n[x] work: {seconds - 1} s\n"),
        ):
            path = folder / kind / f"{inside}{name}.{'tsv' if kind == 'benchmarks' else 'log'}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    store(folder / f"{name}.zarr", data["parameters"])
    store(folder / "dimension" / f"{name}.zarr", {}, dataset=data)
    for stage, seconds, size in (("prepare", 30, 9e6), ("intrinsic_dimension", 12, 4e4)):
        (each,) = estimates(tmp_path, found, stage)
        assert (each.seconds, each.size, each.basis) == (pytest.approx(seconds), pytest.approx(size), MEASURED)


def test_bases_are_told_once_with_their_ratios() -> None:
    several = [Estimate(1, 1, basis, ratio) for basis, ratio in ((MEASURED, 1), ("scaled", 2), ("scaled", 0.5))]
    assert bases(several) == [MEASURED, "scaled, × 0.5 to 2"]
