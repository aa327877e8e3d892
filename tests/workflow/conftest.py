"""The workflow as a user runs it: a copy of the project in a folder of its own, and the command line."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TINY: dict[str, Any] = {
    "title": "A tiny experiment",
    "dataset": {"name": "digits", "limit": 200},
    "model": {"name": "lenet", "filters": [2, 3], "hidden": [8], "kernel_size": 3, "padding": 1},
    "training": {
        "batch_size": 50,
        "epochs": 2,
        "checkpoints": [0.5, 1],
        "evaluation_size": 100,
        "gradient_batches": 2,
    },
    "seeds": 1,
    "sweep": [{"model.activation": ["relu", "sigmoid"]}],
    "probe": {"batches": 2, "size": 20},
    "controls": ["shuffled_samples"],
    "estimators": [{"name": "renyi"}],
    "figures": [
        "information_plane",
        "modified_information_plane",
        "data_processing",
        "multivariate_information",
        {"figure": "training", "name": "learning"},
    ],
    "animations": ["information_plane"],
}


@dataclass(frozen=True)
class Project:
    """A copy of the project, with an experiment of its own."""

    folder: Path

    @property
    def experiment(self) -> Path:
        return self.folder / "study" / "tiny.yaml"

    @property
    def results(self) -> Path:
        return self.folder / "results" / "tiny"

    def write(self, **changes: Any) -> None:
        """Write the experiment, with changes to its keys."""
        self.experiment.parent.mkdir(exist_ok=True)
        self.experiment.write_text(yaml.safe_dump({**TINY, **changes}))

    def call(self, *arguments: str, experiment: str = "study/tiny.yaml") -> dict[str, Any]:
        """How snakemake is started in the folder of the copy: arguments of `subprocess.run`."""
        return {
            "args": [sys.executable, "-m", "snakemake", *arguments, "--config", f"experiments=[{experiment}]"],
            "cwd": self.folder,
            "env": {**os.environ, "PYTHONPATH": str(self.folder / "workflow")},
        }

    def snakemake(self, *arguments: str, experiment: str = "study/tiny.yaml") -> subprocess.CompletedProcess[str]:
        """Run snakemake in the folder of the copy."""
        return subprocess.run(
            **self.call(*arguments, experiment=experiment), capture_output=True, text=True, check=False
        )

    def run(self, *arguments: str, **options: str) -> str:
        """Run snakemake to its end; what it said."""
        done = self.snakemake(*arguments, "--cores", "2", **options)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stderr + done.stdout

    def planned(self, *arguments: str, **options: str) -> dict[str, int]:
        """Number of jobs by rule that snakemake would run."""
        text = self.run("--dry-run", "--quiet", "host", *arguments, **options)
        table = re.findall(r"^(\w+) +(\d+)$", text, flags=re.MULTILINE)
        return {rule: int(count) for rule, count in table if rule not in {"total", "all"}}


def refusal(experiment: Path, *settings: str) -> str:
    """What the command line says of an experiment file that it must refuse; planned where the file lies."""
    command = [sys.executable, "-m", "snakemake", "-n", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--directory", str(experiment.parent), "--config", f"experiments=[{experiment}]", *settings]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "Traceback" not in said
    return said


def content(folder: Path, *patterns: str) -> dict[str, bytes]:
    """The files below a folder that match, which must be some for every pattern."""
    found = {pattern: [path for path in folder.glob(pattern) if path.is_file()] for pattern in patterns}
    assert all(found.values())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for paths in found.values() for path in paths}


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that one of the processes that test makes, for which the others wait; nobody may change it."""
    base = factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else factory.getbasetemp()
    folder, made = base / name, base / f"{name}.made"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            made.touch()
    return folder


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The copy, with nothing run."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("workflow", "envs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    (folder / "profiles").symlink_to("workflow/profiles")
    for name in ("Snakefile", "config.yaml"):
        shutil.copy(ROOT / name, folder / name)
    made = Project(folder)
    made.write()
    return made


@pytest.fixture(scope="session")
def finished(project: Project) -> Project:
    """The copy, with its experiment run."""
    project.run()
    return project


@pytest.fixture
def edited(finished: Project) -> Iterator[Project]:
    """The finished copy for a test that edits it; put back afterwards."""
    kept = {path: path.read_bytes() for path in (finished.folder / "workflow").rglob("*") if path.is_file()}
    yield finished
    finished.write()
    for path, content in kept.items():
        if path.read_bytes() != content:
            path.write_bytes(content)
