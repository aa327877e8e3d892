"""What is measured, captured and kept for every kind of estimator."""

from pathlib import Path

import pytest

from infoplane.errors import ConfigError

from .conftest import BINNING, ESTIMATOR, differing, parameters, planned


def test_distances_per_map_are_kept_only_where_an_estimator_needs_them(file: Path) -> None:
    tensor, both = [{"name": "tensor", "joint": "tensor"}], [{"name": "tensor", "joint": "tensor"}, ESTIMATOR]
    options = {"figures": [], "claims": [], "store": "distances"}
    alone, together = (planned(file, estimators=each, **options) for each in (tensor, both))
    run = next(iter(alone.runs.values()))
    assert not alone.capture(run)["maps"]
    assert together.capture(run)["maps"]
    assert alone.measures("tensor") == ["information", "error_chain"]
    raw = [parameters(planned(file, figures=[], claims=[], estimators=each)) for each in (tensor, both)]
    assert differing(*raw) == {"aggregate"}


def test_bounds_are_two_estimates_of_one_job_that_measures_information_alone(file: Path) -> None:
    found = planned(file, estimators=[{"name": "noisy", "kind": "kde"}, BINNING], figures=[], claims=[])
    assert found.estimates == ["noisy_upper", "noisy_lower", "bins"]
    assert list(found.estimators) == ["noisy", "bins"]
    assert found.measures("noisy") == found.measures("bins") == ["information"]
    assert not found.capture(next(iter(found.runs.values())))["errors"]


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
    changed = differing(parameters(without), parameters(found))
    assert changed == {"measure", "aggregate"}
    run = next(iter(found.runs.values()))
    assert found.measure(run, ESTIMATOR["name"]) == without.measure(run, ESTIMATOR["name"])
