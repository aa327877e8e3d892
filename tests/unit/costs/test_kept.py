"""What jobs need not do again, as far as it is known before they run."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infoplane.costs import kept, measured
from infoplane.costs.amount import Facts
from infoplane.plan import Study

from .conftest import SETTINGS, estimates, keep, leave, study

LONGER = {**SETTINGS["training"], "epochs": 10, "checkpoints": [1, 4]}
RANGE = {"name": "renyi", "kind": "binning", "edges": {"rule": "range", "bins": 30}}
COUNT = {"name": "renyi", "kind": "binning", "edges": {"rule": "equal_count", "bins": 30}}
SMOOTHED = {"name": "renyi", "joint": "tensor", "bandwidth": {"rule": "alignment", "smoothing": 0.9}}
RUN = "results/mine/runs/default.seeds-0"


def ran(root: Path, found: Study, **seconds: float) -> None:
    leave(root, found, seconds=seconds)
    keep(root, found)


def measuring(root: Path, found: Study) -> Facts:
    planned = found.planned["mine"]
    return kept.of_measuring(measured.of_run(planned, "default.seeds-0", "renyi"), root / RUN, "renyi")


def training(root: Path, found: Study) -> Facts:
    return kept.of_training(measured.of_run(found.planned["mine"], "default.seeds-0"), root / RUN)


def test_where_nothing_has_run_nothing_is_kept(tmp_path: Path) -> None:
    found = study(tmp_path)
    for facts in (measuring(tmp_path, found), training(tmp_path, found)):
        assert (facts.trained, facts.measured, facts.at_most) == (0, 0, False)


def test_added_epochs(tmp_path: Path) -> None:
    """Of epochs 0, 1, 4 and 10 two are measured; training goes on from epoch 1, the last before a new one."""
    ran(tmp_path, study(tmp_path))
    longer = study(tmp_path, training=LONGER)
    assert (measuring(tmp_path, longer).measured, measuring(tmp_path, longer).at_most) == (2, False)
    assert (training(tmp_path, longer).trained, training(tmp_path, longer).at_most) == (1, False)
    later = study(tmp_path, training={**LONGER, "checkpoints": [1, 8]})
    assert training(tmp_path, later).trained == 8
    assert training(tmp_path, study(tmp_path)).trained == 8


@pytest.mark.parametrize(
    ("estimator", "at_most"), [(RANGE, True), (SMOOTHED, True), (COUNT, False)], ids=["range", "smoothed", "count"]
)
def test_what_hangs_on_other_epochs(tmp_path: Path, estimator: dict[str, Any], at_most: bool) -> None:
    """It holds as long as these are the same."""
    ran(tmp_path, study(tmp_path, estimators=[estimator]))
    same = measuring(tmp_path, study(tmp_path, estimators=[estimator]))
    assert (same.measured, same.at_most) == (3, False)
    longer = measuring(tmp_path, study(tmp_path, estimators=[estimator], training=LONGER))
    assert (longer.measured, longer.at_most) == (0 if at_most else 2, at_most)


def test_an_added_estimator_leaves_what_others_measured(tmp_path: Path) -> None:
    """Activations are captured again, with net inputs beside them, which leaves the activations as they are."""
    ran(tmp_path, study(tmp_path), measure=100.0)
    net_inputs = {**COUNT, "name": "bins", "read": "preactivation"}
    more = study(tmp_path, estimators=[*SETTINGS["estimators"], net_inputs])
    assert (measuring(tmp_path, more).measured, measuring(tmp_path, more).at_most) == (3, False)
    first, new, *_ = estimates(tmp_path, more, "measure")
    assert (first.new, first.seconds, first.basis) == (0, pytest.approx(2.5), "measured here")  # to start, and settling
    assert (new.new, new.at_most) == (1, False)


def _another(part: str, key: str) -> Callable[[dict[str, Any]], None]:
    def change(attributes: dict[str, Any]) -> None:
        trained = attributes["activations"]["training"]
        places = {
            "measure": attributes["parameters"]["settings"],
            "capture": attributes["activations"]["parameters"]["recipe"],
            "train": trained["parameters"]["recipe"],
            "data": trained["dataset"],
        }
        places[part][key] = {"information": "other"} if (part, key) == ("measure", "code") else "other"

    return change


@pytest.mark.parametrize(
    ("change", "kept_all"),
    [
        (_another("measure", "estimator"), False),
        (_another("measure", "controls"), False),
        (_another("measure", "code"), False),
        (_another("measure", "around"), True),
        (_another("capture", "probe"), False),
        (_another("capture", "code"), False),
        (_another("capture", "errors"), True),
        (_another("train", "code"), False),
        (_another("train", "around"), True),
        (_another("data", "checksum"), False),
        (dict.clear, False),
    ],
)
def test_what_came_of_other_settings_code_or_data(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], kept_all: bool
) -> None:
    ran(tmp_path, study(tmp_path))
    path = tmp_path / RUN / "information/renyi.zarr/zarr.json"
    attributes = json.loads(path.read_text())["attributes"]
    change(attributes)
    path.write_text(json.dumps({"attributes": attributes}))
    facts = measuring(tmp_path, study(tmp_path))
    assert (facts.measured, facts.at_most) == ((3, False) if kept_all else (0, True))


def test_another_training_may_have_no_use_for_what_is_kept(tmp_path: Path) -> None:
    ran(tmp_path, study(tmp_path))
    other = study(tmp_path, training={**SETTINGS["training"], "learning_rate": 0.3})
    assert (training(tmp_path, other).trained, training(tmp_path, other).at_most) == (0, True)


@pytest.mark.parametrize("store", ["training.zarr", "information/renyi.zarr"])
def test_a_job_that_was_killed_goes_on_from_what_it_kept(tmp_path: Path, store: str) -> None:
    """Snakemake has removed the store of the job before, and with it what that came of."""
    ran(tmp_path, study(tmp_path))
    shutil.rmtree(tmp_path / RUN / store)
    facts = (training if store == "training.zarr" else measuring)(tmp_path, study(tmp_path))
    assert (facts.trained, facts.measured, facts.at_most) == (0, 0, True)


def test_what_was_cleaned_away_is_done_again(tmp_path: Path) -> None:
    ran(tmp_path, study(tmp_path))
    shutil.rmtree(tmp_path / RUN / "work")
    for facts in (training(tmp_path, study(tmp_path)), measuring(tmp_path, study(tmp_path))):
        assert (facts.trained, facts.measured, facts.at_most) == (0, 0, False)


def test_the_price_is_that_of_what_is_new(tmp_path: Path) -> None:
    """A second to start, 1.5 to settle, and of what five looks and ten epochs would take the new ones."""
    ran(tmp_path, study(tmp_path), measure=102.5, train=102.5)
    longer = study(tmp_path, training={**LONGER, "checkpoints": [1, 8]})  # epoch 10 is new, beside 0, 1 and 8
    for each in estimates(tmp_path, longer, "measure"):
        assert (each.new, each.seconds) == (pytest.approx(1 / 4), pytest.approx(2.5 + 100 / 3))
    for each in estimates(tmp_path, longer, "train"):
        assert each.new == pytest.approx(0.2, abs=0.02)
        assert each.seconds == pytest.approx(2.5 + 100 * 2 / 8, rel=0.1)
