"""Calibrations in the plan: one for each experiment that asks for it, made anew by what it hangs on."""

from pathlib import Path

import pytest

from infoplane.errors import ConfigError
from infoplane.plan import parameters

from .conftest import Parameters, differing, digests, planned, study


def test_only_what_asks_for_it_is_calibrated(file: Path) -> None:
    found = study(file, calibration={})
    assert found.calibrations() == ["results/mine/calibration.html"]
    assert study(file).calibrations() == []


def test_it_changes_no_other_job(file: Path, quickstart: Parameters) -> None:
    assert differing(quickstart, digests(planned(file, calibration={"repetitions": 7}))) == set()


def test_its_parameters_are_what_it_draws_and_measures(file: Path) -> None:
    found = planned(file, calibration={})
    settings = parameters.calibrate(found)
    assert settings["variant"] == found.experiment.variants[0].name
    assert settings["model"]["filters"] == [2, 4]
    assert (settings["shape"], settings["classes"], settings["size"]) == ([1, 8, 8], 10, 100)
    assert (settings["repetitions"], settings["seed"]) == (5, 0)
    assert parameters.calibrate(planned(file, calibration={}, title="Another")) == settings
    others = [
        planned(file, calibration={"seed": 1}),
        planned(file, calibration={"variant": found.experiment.variants[1].name}),
        planned(file, calibration={}, probe={"size": 50}),
    ]
    assert all(parameters.calibrate(each) != settings for each in others)
    assert all(parameters.read_off(each) == parameters.read_off(found) for each in others)


def test_faults(file: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"key 'calibration.variant' is 'relu'; .*accepted: .*filters-2-4_activation-relu"
    ):
        planned(file, calibration={"variant": "relu"})
    with pytest.raises(ConfigError, match="key 'calibration' needs 'information'; accepted: with 'information' among"):
        planned(file, calibration={}, measures=["error_chain"], figures=[], claims=[])
    vectors = {"model": {"name": "mlp", "hidden": [4]}, "sweep": [], "figures": [], "claims": []}
    with pytest.raises(ConfigError, match="'calibration' knows information about classes, and targets of 'diabetes'"):
        planned(file, dataset={"name": "diabetes"}, calibration={}, measures=["information"], **vectors)
