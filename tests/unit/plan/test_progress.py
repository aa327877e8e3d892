"""How far a job is, by the files that it leaves."""

import os
import time
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from infoplane.plan import amounts, parameters, progress
from infoplane.plan.folder import Folder
from infoplane.plan.jobs import Job

from .conftest import study

RUN = "filters-2-4_activation-relu.seeds-0-2"
WORK = f"results/mine/runs/{RUN}/work"


def job(stage: str, *, estimator: str = "") -> Job:
    return Job(stage, stage, "mine", RUN, estimator, (f"results/mine/runs/{RUN}/{stage}ed",), done=False)


def leave(path: Path, *, seconds_ago: float = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    moment = time.time() - seconds_ago
    os.utime(path, (moment, moment))
    os.utime(path.parent, (moment, moment))


def test_a_training_tells_its_epoch_and_its_network(file: Path, tmp_path: Path) -> None:
    """1,437 digits in batches of 64 are 23 updates an epoch; step 115 is epoch 5."""
    found = study(file)
    for step in (23, 115):
        leave(tmp_path / WORK / "training" / "digest" / "seed-0" / f"step-{23 * 10:09d}.pt", seconds_ago=300)
        leave(tmp_path / WORK / "training" / "digest" / "seed-1" / f"step-{step:09d}.state.pt", seconds_ago=40)
    said = progress.of_job(job("train"), found.planned["mine"], Folder(tmp_path))
    assert said in {f"epoch 5 of 10, network 2 of 3, last sign of life {seconds} s ago" for seconds in (40, 41)}


def test_an_ensemble_is_one(file: Path, tmp_path: Path) -> None:
    found = study(file, training={"ensemble": True})
    leave(tmp_path / WORK / "training" / "digest" / "seeds-0-to-2" / "step-000000046.pt", seconds_ago=600)
    said = progress.of_job(job("train"), found.planned["mine"], Folder(tmp_path))
    assert said == "epoch 2 of 10, last sign of life 10 min ago"


def test_a_training_that_has_just_begun(file: Path, tmp_path: Path) -> None:
    found = study(file)
    assert progress.of_job(job("train"), found.planned["mine"], Folder(tmp_path)) == "epoch 0 of 10"


def test_a_measurement_tells_its_checkpoints(file: Path, tmp_path: Path) -> None:
    """Three networks with six checkpoints, measured three times: information, decomposition, error chain."""
    found = study(file)
    for number in range(18):
        leave(tmp_path / WORK / "measure-renyi" / "information" / f"{number}.npz")
    leave(tmp_path / WORK / "measure-renyi" / "decomposition" / "0.npz")
    said = progress.of_job(job("measure", estimator="renyi"), found.planned["mine"], Folder(tmp_path))
    assert said.startswith("19 of 54 checkpoints measured, last sign of life ")


def test_another_job_tells_when_it_last_logged_or_when_it_began(tmp_path: Path) -> None:
    captured, folder = job("capture"), Folder(tmp_path)
    assert progress.since(captured, folder) is None
    note = urlsafe_b64encode(captured.outputs[0].encode()).decode()
    leave(tmp_path / ".snakemake" / "incomplete" / note, seconds_ago=600)
    assert progress.of_job(captured, None, folder) == "last sign of life 10 min ago"
    leave(tmp_path / f"results/mine/logs/capture/{RUN}.log", seconds_ago=180)
    assert progress.of_job(captured, None, folder) == "last sign of life 3 min ago"


@pytest.mark.parametrize(
    ("part", "updates"), [({}, 23), ({"limit": 100}, 2), ({"fraction": 0.5}, 12), ({"limit": 10}, 1)]
)
def test_updates_of_an_epoch(file: Path, part: dict[str, float], updates: int) -> None:
    found = study(file, dataset=part, probe={"size": 10}).planned["mine"]
    recipe = parameters.train(found, found.runs[RUN])
    assert amounts.updates(recipe, 1437) == updates


def test_looks_are_the_checkpoints_or_those_on_the_way(file: Path) -> None:
    found = study(file).planned["mine"]
    recipe = parameters.train(found, found.runs[RUN])
    assert amounts.looks(recipe, 1437) == 6
    on_the_way = {**recipe, "moments": {"every": 10, "size": 50}}
    # Every tenth of 230 updates and the last one, but where an epoch's last batch of 29 samples comes: 220 only
    steps = [*range(0, 230, 10), 230]
    assert amounts.looks(on_the_way, 1437) == len([step for step in steps if step % 23 != 22])
