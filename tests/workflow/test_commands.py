"""What `infoplane` says is about the same jobs as what Snakemake plans and does."""

import os
import re
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from .conftest import TINY, Project

TRAINED = "results/tiny/runs/activation-relu.seeds-0/training.zarr"


def command(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command in the folder of the copy."""
    return subprocess.run(
        [sys.executable, "-m", "infoplane", *arguments],
        cwd=project.folder,
        env={**os.environ, "PYTHONPATH": str(project.folder / "workflow")},
        capture_output=True,
        text=True,
        check=False,
    )


def infoplane(project: Project, *arguments: str) -> str:
    """What a command says that must succeed."""
    done = command(project, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def stages(planned: dict[str, int]) -> Counter[str]:
    """Jobs by stage, of those that Snakemake plans by rule."""
    found: Counter[str] = Counter()
    for rule, count in planned.items():
        found["figures" if rule.startswith(("draw_", "animate")) else rule] += count
    return found


def said(text: str) -> Counter[str]:
    """Jobs by stage, as `infoplane plan` says them."""
    return Counter({stage: int(count) for stage, count in re.findall(r"^  (\w+) +(\d+) ", text, flags=re.MULTILINE)})


@pytest.fixture
def rewritten(project: Project) -> Iterator[Project]:
    """The copy for a test that changes its experiment; put back afterwards."""
    yield project
    project.write()


@pytest.mark.long
def test_plan_says_what_snakemake_plans_in_an_empty_folder(rewritten: Project) -> None:
    """Every stage there is: with claims, and with a grid of settings."""
    measures = ["information", "decomposition", "error_chain", "weights", "intrinsic_dimension"]
    rewritten.write(measures=measures, claims=["yu2021.forward_chain"], sensitivity={"alpha": [1.01, 2]})
    study, folder = str(rewritten.experiment), str(rewritten.folder / "empty")
    (rewritten.folder / "empty").mkdir()
    planned = stages(rewritten.planned("--directory", folder, experiment=study))
    later = {"judge", "gather", "conclude", "explore"}
    assert {"prepare", "intrinsic_dimension", "train", "weights", *later} <= set(planned)
    text = infoplane(rewritten, "plan", study, "--directory", folder)
    assert said(text) == planned
    assert "has been measured" not in text


def test_a_network_that_cannot_be_made_meets_one_message(rewritten: Project) -> None:
    """Only Snakemake makes networks, so that it is Snakemake that says so."""
    rewritten.write(model={**TINY["model"], "kernel_size": 30, "padding": 0})
    done = command(rewritten, "status", "study/tiny.yaml")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("infoplane: study/tiny.yaml:\n  - key 'model': model 'lenet' with ")
    assert not re.search("Traceback|profile|Config file", done.stderr)


def test_while_a_workflow_runs(project: Project) -> None:
    """Its lock is no hindrance, none is taken, and no file is touched."""
    lock = project.folder / ".snakemake" / "locks" / "0.output.lock"
    for path in (lock, _note(project, TRAINED)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{TRAINED}\n")
    before = _everything(project)
    text = infoplane(project, "status", "study/tiny.yaml")
    assert _everything(project) == before
    lock.unlink()
    _note(project, TRAINED).unlink()
    assert "\n  train      [>>>>>>>>>>..........]  0 of 2 done, 1 running, 1 missing\n" in text
    assert "\n  train  tiny  activation-relu.seeds-0  epoch 0 of 2, last sign of life " in text


def _note(project: Project, path: str) -> Path:
    """What Snakemake leaves beside a job that has not ended."""
    return project.folder / ".snakemake" / "incomplete" / urlsafe_b64encode(path.encode()).decode()


def _everything(project: Project) -> dict[Path, int]:
    files = (path for path in project.folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path: path.stat().st_mtime_ns for path in files}


@pytest.mark.long
def test_what_was_killed_is_planned_as_snakemake_plans_it(finished: Project) -> None:
    """Its files are there, but not its end: it is made again, and what rests on it."""
    _note(finished, TRAINED).touch()
    planned = stages(finished.planned())
    text = infoplane(finished, "plan", "study/tiny.yaml")
    _note(finished, TRAINED).unlink()
    assert (planned["train"], planned["capture"], planned["explore"]) == (1, 1, 1)
    assert said(text) == planned


@pytest.mark.long
def test_plan_says_what_snakemake_plans_after_edits(edited: Project) -> None:
    """Of one variant everything is there, of another nothing; an estimator is new, and a figure is no more."""
    assert "missing" not in infoplane(edited, "status", "study/tiny.yaml")
    assert infoplane(edited, "plan", "study/tiny.yaml") == "Nothing to run: all 15 jobs are done.\n"
    bins = {"name": "bins", "kind": "binning", "edges": {"rule": "range", "bins": 30}}
    edited.write(
        sweep=[{"model.activation": ["relu", "tanh"]}],
        estimators=[*TINY["estimators"], bins],
        figures=["information_plane", "training"],
    )
    planned = edited.planned()
    assert (planned["train"], planned["capture"], planned["measure"]) == (1, 2, 4)
    assert said(infoplane(edited, "plan", "study/tiny.yaml")) == stages(planned)
    unused = infoplane(edited, "clean", "study/tiny.yaml")
    assert re.findall(r"^unused (\w+) +results/(\S+)", unused, flags=re.MULTILINE) == [
        ("run", "tiny/runs/activation-sigmoid.seeds-0")
    ]


@pytest.mark.long
def test_compare_draws_two_experiments_in_one_figure(finished: Project) -> None:
    """The same experiment under two names, as it lies in two folders."""
    other = finished.folder / "elsewhere" / "tiny"
    other.mkdir(parents=True)
    (other / "summary.zarr").symlink_to(finished.results / "summary.zarr")
    said = infoplane(finished, "compare", "tiny", "elsewhere/tiny", "--set", "layers=[fc1]", "--output", "both/plane")
    assert said.split() == [f"both/plane.{ending}" for ending in ("svg", "png", "pdf", "csv")]
    table = pd.read_csv(finished.folder / "both" / "plane.csv")
    assert set(table["experiment"]) == {"results/tiny", "elsewhere/tiny"}
    assert set(table["layer"]) == {"fc1"}
    own = pd.read_csv(finished.results / "figures" / "information_plane.csv").query("layer == 'fc1'")
    assert len(table) == 2 * len(own)
