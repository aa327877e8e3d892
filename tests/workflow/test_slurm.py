"""The workflow on a Slurm: the figures of a local run."""

import re
from collections import Counter
from pathlib import Path

import pytest

from .conftest import Project, content
from .readme import block, commands, run
from .submission import PROFILE, Submission

pytestmark = pytest.mark.slurm


def test_figures_are_those_of_a_local_run(project: Project, tmp_path: Path) -> None:
    """And what is short travels together: activations of three runs with what is measured of them, and figures.

    The local run is that of README.md.
    """
    snakemake = [command for command in commands(block("quickstart")) if "snakemake" in command]
    for command in snakemake:
        run(f"{command} --directory {tmp_path} --snakefile {project.folder}/Snakefile", project, tmp_path)
    assert (tmp_path / "results" / "report.html").exists()
    together = ("--group-components", "measured=3")
    with Submission(project, *together, log=tmp_path / "said", experiment="quickstart") as submission:
        submission.finish()
        submitted = re.findall(r"SLURM jobid \d+ \(log: \S+/slurm_logs/(?:rule|group)_([a-z]+)", submission.said)
    assert Counter(submitted) == {"train": 6, "measured": 2, "shown": 1}
    found, expected = (
        content(folder / "results" / "quickstart", "figures/*.csv") for folder in (project.folder, tmp_path)
    )
    assert found == expected


def test_the_profile_is_linted(project: Project) -> None:
    project.run("--lint", *PROFILE, experiment="quickstart")


def test_groups_of_several_components_are_planned(project: Project) -> None:
    project.run("--dry-run", *PROFILE, "--group-components", "measured=20", "shown=5", experiment="quickstart")
