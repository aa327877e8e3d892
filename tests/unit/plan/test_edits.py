"""Parameters of jobs: what an edit changes in them, and what it leaves alone."""

import copy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infoplane import plan
from infoplane.plan import parameters

from .conftest import BINNING, ESTIMATOR, QUICKSTART, ROOT, Parameters, differing, digests, planned, study


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"title": "Another"}, {"aggregate"}),
        ({"source": "A paper.", "differences": ["Ours is smaller."]}, {"aggregate"}),
        ({"preview": {"seeds": 1}}, set()),
        ({"animations": ["information_plane"]}, set()),
        ({"figures": ["training", {"figure": "training", "name": "more"}, *QUICKSTART["figures"][:-1]]}, set()),
        ({"figures": [{"figure": "training", "layers": ["conv1"]}, *QUICKSTART["figures"][:-1]]}, {"draw"}),
        ({"estimators": [ESTIMATOR, {"name": "tensor", "joint": "tensor"}]}, {"aggregate"}),
        ({"estimators": [ESTIMATOR, BINNING]}, {"aggregate"}),
        ({"estimators": [ESTIMATOR, {**BINNING, "read": "preactivation"}]}, {"capture", "measure", "aggregate"}),
        ({"estimators": [{**ESTIMATOR, "alpha": 2}]}, {"measure", "aggregate"}),
        ({"controls": []}, {"measure", "aggregate"}),
        ({"probe": {"size": 50}}, {"capture", "measure", "aggregate"}),
        ({"store": "distances"}, {"capture", "measure", "aggregate"}),
        ({"model": {"layers": ["conv1", "fc1"]}}, {"capture", "measure", "aggregate"}),
        ({"training": {"learning_rate": 0.2}}, {"train", "aggregate"}),
        ({"training": {"epochs": 12}}, {"train", "aggregate"}),
        ({"training": {"threads": 2}}, {"train", "capture", "measure", "aggregate"}),
        ({"dataset": {"limit": 700}}, {"train", "aggregate"}),
    ],
    ids=lambda each: "+".join(each) if isinstance(each, dict) else "",
)
def test_an_edit_changes_the_parameters_of_the_rules_that_read_it(
    file: Path, quickstart: Parameters, changes: dict[str, Any], expected: set[str]
) -> None:
    assert differing(quickstart, digests(planned(file, **changes))) == expected


def test_more_seeds_and_more_variants_leave_the_runs_that_are_there_alone(file: Path) -> None:
    before = digests(planned(file, training={"block": 1}))
    seeds = digests(planned(file, training={"block": 1}, seeds=5))
    blocks = copy.deepcopy(QUICKSTART["sweep"])
    blocks[0]["model.filters"].append([8, 16])
    variants = digests(planned(file, training={"block": 1}, sweep=blocks))
    for after in (seeds, variants):
        assert differing(before, after) == {"aggregate"}
    assert len(seeds["train"]) == len(before["train"]) * 5 // 3
    assert len(variants["train"]) == len(before["train"]) + 3


@pytest.mark.parametrize("store", ["raw", "distances"])
def test_another_multivariate_estimator_leaves_the_first_as_it_was(file: Path, store: str) -> None:
    before = digests(planned(file, store=store))
    after = digests(planned(file, store=store, estimators=[ESTIMATOR, {**ESTIMATOR, "name": "more", "alpha": 2}]))
    assert differing(before, after) == {"aggregate"}


def test_later_epochs_resume_where_the_earlier_ended(file: Path) -> None:
    """The parameters of training change, and the digest under which it resumes does not; else it does."""
    from infoplane.training import Recipe, work_digest

    def digest(**changes: Any) -> str:
        found = planned(file, **changes)
        return work_digest(Recipe.of(parameters.train(found, next(iter(found.runs.values())))), {"device": "cpu"})

    before = digest()
    assert digest(training={"epochs": 20, "checkpoints": {"per_decade": 5}}) == before
    others = [
        digest(**changes)
        for changes in (
            {"training": {"learning_rate": 0.2}},
            {"training": {"threads": 2}},
            {"training": {"block": 2}},
            {"dataset": {"limit": 700}},
            {"model": {"hidden": [16]}},
        )
    ]
    assert len({before, *others}) == 6


def test_results_do_not_hang_on_where_the_project_lies(file: Path) -> None:
    before = study(file)
    other = file.parent / "elsewhere" / "mine.yaml"
    other.parent.mkdir()
    after = study(other)
    assert digests(after.planned["mine"]) == digests(before.planned["mine"])
    assert _prepared(after) == _prepared(before)


def test_a_data_set_is_prepared_alike_whichever_experiments_are_asked_for(file: Path) -> None:
    mine = study(file)
    both = plan.study({"experiments": ["quickstart", str(file)]}, base=ROOT, networks=False)
    assert _prepared(both) == _prepared(mine)


def _prepared(found: plan.Study) -> dict[str, Any]:
    return {name: found.prepare(SimpleNamespace(dataset=name)) for name in found.datasets}
