"""A grid of settings, and a calibration, beside a finished experiment."""

import json

import pytest

from .conftest import Project

GRID = {"alpha": [2]}


@pytest.mark.long
def test_conclusions_across_a_grid_and_what_answers_can_mean(edited: Project) -> None:
    edited.write(sensitivity=GRID, calibration={"repetitions": 2}, claims=["yu2021.forward_chain"])
    edited.run("--notemp")
    found = json.loads((edited.results / "sensitivity.json").read_text())
    assert [each["estimate"] for each in found["grid"]] == ["renyi", "renyi.alpha-2"]
    assert [each["own"] for each in found["grid"]] == [True, False]
    claims = [each["claim"] for each in found["conclusions"]]
    assert claims[0] == "yu2021.forward_chain"
    assert {"field.compression.conv1", "field.learning.fc1", "field.order.input"} < set(claims)
    assert {each["outcome"] for each in found["conclusions"]} == {"no verdict"}  # of a single seed
    assert "<svg" in (edited.results / "calibration.html").read_text()
    drawn = ["sensitivity.png", "sensitivity.csv", "calibration/input.png", "calibration/target.csv"]
    assert all((edited.results / name).stat().st_size for name in drawn)
    edited.write(sensitivity={**GRID, "size": [10]}, calibration={"repetitions": 2}, claims=["yu2021.forward_chain"])
    assert edited.planned() == {"measure": 4, "gather": 1, "conclude": 1}
