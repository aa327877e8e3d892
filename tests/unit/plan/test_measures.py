"""What is measured, captured and kept for every kind of estimator."""

from pathlib import Path

import pytest

from infoplane.errors import ConfigError
from infoplane.plan import parameters

from .conftest import BINNING, ESTIMATOR, differing, digests, planned


def test_distances_per_map_are_kept_only_where_an_estimator_needs_them(file: Path) -> None:
    tensor, both = [{"name": "tensor", "joint": "tensor"}], [{"name": "tensor", "joint": "tensor"}, ESTIMATOR]
    options = {"figures": [], "claims": [], "store": "distances"}
    alone, together = (planned(file, estimators=each, **options) for each in (tensor, both))
    run = next(iter(alone.runs.values()))
    assert not parameters.capture(alone, run)["maps"]
    assert parameters.capture(together, run)["maps"]
    assert alone.measures("tensor") == ["information", "error_chain"]
    raw = [digests(planned(file, figures=[], claims=[], estimators=each)) for each in (tensor, both)]
    assert differing(*raw) == {"aggregate"}


def test_bounds_are_two_estimates_of_one_job_that_measures_information_alone(file: Path) -> None:
    found = planned(file, estimators=[{"name": "noisy", "kind": "kde"}, BINNING], figures=[], claims=[])
    assert found.estimates == ["noisy_upper", "noisy_lower", "bins"]
    assert list(found.estimators) == ["noisy", "bins"]
    assert found.measures("noisy") == found.measures("bins") == ["information"]
    assert not parameters.capture(found, next(iter(found.runs.values())))["errors"]


def test_the_bottleneck_is_measured_by_bins_alone_and_only_where_it_is_asked_for(file: Path) -> None:
    options = {"estimators": [ESTIMATOR, BINNING], "figures": ["bottleneck"], "claims": []}
    with pytest.raises(
        ConfigError, match="has 'bottleneck', which needs 'bottleneck'; accepted: with 'bottleneck' among"
    ):
        planned(file, **options)
    found = planned(file, **options, measures=["information", "bottleneck"])
    assert found.measures("bins") == ["information", "bottleneck"]
    assert found.measures(ESTIMATOR["name"]) == ["information"]
    without = planned(file, **{**options, "figures": []}, measures=["information"])
    changed = differing(digests(without), digests(found))
    assert changed == {"measure", "aggregate"}
    run = next(iter(found.runs.values()))
    assert parameters.measure(found, run, ESTIMATOR["name"]) == parameters.measure(without, run, ESTIMATOR["name"])


RECORDED = {"probe": {"every": 5, "batches": 1, "size": 32}, "store": "distances", "measures": ["information"]}


def test_what_does_not_go_with_looking_at_networks_while_they_train(file: Path) -> None:
    options = {"figures": [], "claims": [], "estimators": [{"name": "tensor", "joint": "tensor"}]}
    faults = {
        r"'probe\.batches' is 2 with probe\.every; accepted: 1": {"probe": {"every": 5, "batches": 2}},
        "'store' is 'raw' with probe.every; accepted: distances": {"store": "raw"},
        "'measures' has 'error_chain' with probe.every": {"measures": ["information", "error_chain"]},
        "'training.ensemble' is true with probe.every; accepted: false": {
            "model": {"name": "mlp"},
            "training": {"epochs": 1, "ensemble": True},
        },
        r"'probe\.size' is 200 with probe\.every; accepted: at most training\.batch_size \(64\)": {
            "probe": {"every": 5, "batches": 1, "size": 200},
            "training": {"epochs": 1},
        },
    }
    for message, changes in faults.items():
        with pytest.raises(ConfigError, match=message):
            planned(file, **{**options, **RECORDED, **changes})


def test_moments_belong_to_training_and_to_nothing_else_but_what_reads_them(file: Path) -> None:
    options = {"figures": [], "claims": [], "estimators": [{"name": "tensor", "joint": "tensor"}]}
    found, more = (
        planned(file, **{**options, **RECORDED, "probe": {**RECORDED["probe"], "every": every}}) for every in (5, 10)
    )
    run = next(iter(found.runs.values()))
    moments = {"every": 5, "splits": ["train"], "size": 32, "seed": 0, "layers": [], "maps": False}
    assert parameters.train(found, run)["moments"] == moments
    assert differing(digests(found), digests(more)) == {"train", "capture", "measure", "aggregate"}
    plain = planned(file, **options)
    assert parameters.train(plain, run)["moments"] is None
