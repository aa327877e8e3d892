"""What `infoplane` says is about the same jobs as what Snakemake plans and does."""

import os
import re
import subprocess
import sys
from collections import Counter

import pandas as pd

from infoplane.plan.jobs import STAGES

from .conftest import TINY, Project


def infoplane(project: Project, *arguments: str) -> str:
    """What a command says in the folder of the copy."""
    done = subprocess.run(
        [sys.executable, "-m", "infoplane", *arguments],
        cwd=project.folder,
        env={**os.environ, "PYTHONPATH": str(project.folder / "workflow")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def stages(planned: dict[str, int]) -> Counter[str]:
    """Jobs by stage, of those that Snakemake plans by rule."""
    found: Counter[str] = Counter()
    for rule, count in planned.items():
        found[rule if rule in STAGES else "figures"] += count
    return found


def said(text: str) -> Counter[str]:
    """Jobs by stage, as `infoplane plan` says them."""
    return Counter({stage: int(count) for stage, count in re.findall(r"^  (\w+) +(\d+) ", text, flags=re.MULTILINE)})


def test_plan_says_what_snakemake_plans_in_an_empty_folder(project: Project) -> None:
    study, folder = str(project.experiment), str(project.folder / "empty")
    (project.folder / "empty").mkdir()
    planned = project.planned("--directory", folder, experiment=study)
    assert said(infoplane(project, "plan", study, "--directory", folder)) == stages(planned)
    assert sum(planned.values()) == 15


def test_plan_says_what_snakemake_plans_in_one_that_is_half_finished(edited: Project) -> None:
    """Of one variant everything is there, of another nothing; an estimator is new, and a figure is no more."""
    bins = {"name": "bins", "kind": "binning", "edges": {"rule": "range", "bins": 30}}
    edited.write(
        sweep=[{"model.activation": ["relu", "tanh"]}],
        estimators=[*TINY["estimators"], bins],
        figures=["information_plane", "training"],
    )
    planned = edited.planned()
    assert (planned["train"], planned["capture"], planned["measure"]) == (1, 2, 4)
    assert said(infoplane(edited, "plan", "study/tiny.yaml")) == stages(planned)


def test_status_and_plan_of_what_is_finished(finished: Project) -> None:
    assert "missing" not in infoplane(finished, "status", "study/tiny.yaml")
    assert infoplane(finished, "plan", "study/tiny.yaml") == "Nothing to run: all 15 jobs are done.\n"


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
