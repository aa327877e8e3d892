"""The table of README.md that says what a change computes, row by row against the plan."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from infoplane import files
from infoplane.config import merged
from infoplane.plan import parameters

from .conftest import BINNING, ESTIMATOR, QUICKSTART, ROOT, WEIGHED, Parameters, digests, planned

MOVING = {"animations": ["information_plane"]}
SHOWN = {"figure": "information_plane", "name": "first", "layers": ["conv1"]}
WIDER = copy.deepcopy(QUICKSTART["sweep"])
WIDER[0]["model.filters"].append([8, 16])
# Each row with changes that it names, and the rules of which jobs are new or have other parameters. What they write is
# read by rules after them: a summary by figures, activations by measures.
ROWS: dict[str, list[tuple[dict[str, Any], set[str]]]] = {
    "`title`, `source`, `differences`, `figures`, a figure's options": [
        ({"title": "Another"}, {"aggregate"}),
        ({"source": "A paper.", "differences": ["Ours is smaller."]}, {"aggregate"}),
        ({"figures": [*QUICKSTART["figures"], SHOWN]}, {"draw"}),
        ({"figures": [{"figure": "training", "layers": ["conv1"]}, *QUICKSTART["figures"][:-1]]}, {"draw"}),
    ],
    "`animations`": [({"animations": [*MOVING["animations"], "modified_information_plane"]}, {"animate"})],
    "`style`": [
        ({"style": {"width": "column"}}, {"draw"}),
        ({"style": {"font": "serif"}}, {"draw", "animate"}),
        ({"style": {"palette": {"layers": "mako"}}}, {"draw", "animate", "explore"}),
    ],
    "`claims`": [({"claims": []}, {"judge"})],
    "`weights` in `measures`": [({"measures": WEIGHED}, {"weights", "aggregate"})],
    "another entry in `estimators`": [
        ({"estimators": [ESTIMATOR, {"name": "tensor", "joint": "tensor"}]}, {"measure", "aggregate"}),
        ({"estimators": [ESTIMATOR, BINNING]}, {"measure", "aggregate"}),
    ],
    "more `seeds`, another value in `sweep`": [
        ({"seeds": 4}, {"train", "capture", "measure", "aggregate"}),
        ({"sweep": WIDER}, {"train", "capture", "measure", "aggregate"}),
    ],
    "`epochs: 20` in place of 10": [({"training": {"epochs": 20}}, {"train", "aggregate"})],
    "`preview`": [({"preview": {"seeds": 1}}, set())],
}


def _jobs(file: Path, **changes: Any) -> Parameters:
    found = planned(file, **merged({**MOVING, "training": {"block": 1}}, changes))
    return {**digests(found), "judge": {"": files.digest(parameters.judge(found))}}


def _rows() -> list[str]:
    table = (ROOT / "README.md").read_text().partition("| change | computes |\n|---|---|\n")[2].partition("\n\n")[0]
    return [re.split(r" *\| *", line)[1] for line in table.splitlines()]


def test_every_row_is_checked() -> None:
    assert _rows() == list(ROWS)


@pytest.mark.parametrize(
    ("changes", "expected"), [pytest.param(*each, id=row) for row, of_row in ROWS.items() for each in of_row]
)
def test_a_row_computes_what_it_says(file: Path, changes: dict[str, Any], expected: set[str]) -> None:
    before, after = _jobs(file), _jobs(file, **changes)
    computed = {
        rule for rule, jobs in after.items() if any(before[rule].get(job) != made for job, made in jobs.items())
    }
    assert computed == expected


@pytest.mark.parametrize("changes", [{"seeds": 4}, {"sweep": WIDER}, {"estimators": [ESTIMATOR, BINNING]}, MOVING])
def test_what_is_added_leaves_the_jobs_that_are_there_alone(file: Path, changes: dict[str, Any]) -> None:
    before, after = _jobs(file), _jobs(file, **changes)
    for rule in ("train", "capture", "measure", "draw", "animate"):
        assert before[rule].items() <= after[rule].items()
