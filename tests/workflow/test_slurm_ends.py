"""Jobs on a Slurm that are ended in every way that a scheduler has.

Needs root: a job's end is moved, and a node drained.
"""

import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Project, content, made_once
from .submission import Job, Submission, slurm

pytestmark = pytest.mark.slurm

EXPERIMENT = "study/slow.yaml"
SLOW: dict[str, Any] = {
    "title": "Networks that can be caught in the act",
    "dataset": {"name": "digits", "limit": 200},
    "model": {"factory": "slow.py:make"},
    "training": {
        "batch_size": 50,
        "epochs": 60,
        "checkpoints": [1, 10],
        "evaluation_size": 100,
        "gradient_batches": 2,
    },
    "seeds": 2,
    "probe": {"batches": 1, "size": 20},
    "measures": ["information"],
    "estimators": [{"name": "renyi"}],
    "figures": ["information_plane", "training"],
}
NETWORK = """
import time
from pathlib import Path

from infoplane import models

SLOW = Path(__file__).with_name("slow")  # while this file is there, every update takes half a second


def make(shape, classes):
    network = models.make({"name": "mlp", "hidden": [8, 6], "activation": "tanh"}, shape, classes)
    network.register_forward_pre_hook(take_time)
    return network


def take_time(network, _):
    if network.training and SLOW.exists():
        time.sleep(0.5)
"""


@dataclass(frozen=True)
class Study:
    """The experiment with slow networks: what it comes to undisturbed, and the file that makes it slow."""

    project: Project
    undisturbed: Path
    slow: Path
    log: Path

    @property
    def results(self) -> Path:
        return self.project.folder / "results" / "slow"

    def submit(self, *arguments: str) -> Submission:
        """Start Snakemake."""
        return Submission(self.project, *arguments, log=self.log, experiment=EXPERIMENT)

    def end_once_fast(self, submission: Submission) -> tuple[Job, Job]:
        """The attempt that failed, and the one that succeeds now that nothing is slow any more."""
        first = submission.first_attempt()
        self.slow.unlink()
        submission.finish()
        return first, submission.jobs()[-1]

    def train(self, seed: int, *arguments: str) -> Submission:
        """Start the training of a seed, which takes its time."""
        self.slow.touch()
        return self.submit(f"results/slow/runs/default.seeds-{seed}/training.zarr", *arguments)

    def catch(self, submission: Submission, seed: int) -> Job:
        """The job that trains a seed, once it has a checkpoint after the first update."""
        kept = f"runs/default.seeds-{seed}/work/training/*/*/step-000000004.pt"
        submission.wait_until(lambda: any(self.results.glob(kept)))
        (job,) = (job for job in submission.jobs() if job.state == "RUNNING")
        return job

    def as_undisturbed(self, *patterns: str) -> bool:
        """Whether all files that match are those of the undisturbed run, byte for byte."""
        return content(self.results, *patterns) == content(self.undisturbed, *patterns)

    def trained_as_undisturbed(self, seed: int) -> bool:
        """Whether a seed's weights, and what was recorded while it was trained, are those of the undisturbed run."""
        run = f"runs/default.seeds-{seed}"
        return self.as_undisturbed(f"{run}/checkpoints/**/*.pt", f"{run}/training.zarr/**/c/**/*")

    def resumed(self, seed: int) -> bool:
        """Whether the last attempt went on from a checkpoint after the first update."""
        said = (self.results / f"logs/train/default.seeds-{seed}.log").read_text()
        return re.search(r"goes on from step [1-9]", said) is not None


@pytest.fixture(scope="module")
def undisturbed(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the experiment as this machine makes them without Slurm and without delay; written here."""
    (project.folder / EXPERIMENT).write_text(yaml.safe_dump(SLOW))
    (project.folder / EXPERIMENT).with_suffix(".py").write_text(NETWORK)

    def make(directory: Path) -> None:
        project.run("--directory", str(directory), experiment=EXPERIMENT)

    return made_once(tmp_path_factory, "undisturbed-slow", make) / "results" / "slow"


@pytest.fixture
def study(project: Project, undisturbed: Path, tmp_path: Path) -> Iterator[Study]:
    """The experiment, to be run on Slurm, with nothing of it run."""
    made = Study(project, undisturbed, project.folder / "study" / "slow", tmp_path / "said")
    shutil.rmtree(made.results, ignore_errors=True)
    yield made
    made.slow.unlink(missing_ok=True)


def test_out_of_memory(study: Study) -> None:
    """A job that takes more than it asked for succeeds with more; its GPU and its partition are those asked for."""
    if not re.search("OverMemoryKill|task/cgroup", slurm("scontrol", "show", "config")):
        pytest.skip("this Slurm lets jobs take more memory than they asked for")
    partition = slurm("sinfo", "--noheader", "--format=%R").split()[0]
    asked = ("train:mem_mb=attempt ** 4 * 250", "train:gres=gpu:1", f"train:slurm_partition={partition}")
    with study.train(0, "--set-resources", *asked) as submission:
        first, second = study.end_once_fast(submission)
    assert first.state in {"FAILED", "OUT_OF_MEMORY"}
    assert (second.state, second.resources, second.partition) == ("COMPLETED", "gres:gpu:1", partition)
    assert (first.memory, second.memory) == ("250M", "4000M")
    assert study.trained_as_undisturbed(0)


def test_time_limit(study: Study) -> None:
    """A job whose time is over goes on in one that has more."""
    with study.train(0) as submission:
        caught = study.catch(submission, 0)
        slurm("scontrol", "update", f"jobid={caught.number}", "endtime=now")
        first, second = study.end_once_fast(submission)
    assert (first.state, second.state) == ("TIMEOUT", "COMPLETED")
    assert (caught.limit, second.limit) == ("1-00:00:00", "2-00:00:00")
    assert study.resumed(0)
    assert study.trained_as_undisturbed(0)


def test_cancelled(study: Study) -> None:
    with study.train(0) as submission:
        slurm("scancel", study.catch(submission, 0).number)
        first, second = study.end_once_fast(submission)
    assert (first.state, second.state) == ("CANCELLED", "COMPLETED")
    assert (first.memory, second.memory) == ("4000M", "8000M")
    assert study.resumed(0)
    assert study.trained_as_undisturbed(0)


def test_node_drained_and_resumed(study: Study) -> None:
    """Slurm itself starts the job again, which is no further attempt for Snakemake."""
    if not re.search(r"ClusterName\s*= tests\n", slurm("scontrol", "show", "config")):
        pytest.skip("a Slurm that others may use, whose nodes are not ours to drain")
    with study.train(0) as submission:
        caught = study.catch(submission, 0)
        node = f"nodename={caught.node}"
        slurm("scontrol", "update", node, "state=drain", "reason=test")
        try:
            slurm("scontrol", "requeue", caught.number)
            submission.wait_until(lambda: submission.jobs()[0].state == "PENDING")
        finally:
            slurm("scontrol", "update", node, "state=resume")
        study.slow.unlink()
        slurm("scontrol", "update", f"jobid={caught.number}", "starttime=now")  # Slurm would wait for two minutes
        submission.finish()
        (job,) = submission.jobs()
    assert (job.number, job.state, job.memory) == (caught.number, "COMPLETED", caught.memory)
    assert study.resumed(0)
    assert study.trained_as_undisturbed(0)


def test_interrupted_and_started_again(study: Study) -> None:
    """Ctrl-C leaves no job behind; what is finished is not repeated, and the end is that of an undisturbed run."""
    with study.train(0) as submission:
        study.slow.unlink()
        submission.finish()
    kept = {path: path.stat().st_mtime_ns for path in study.results.glob("runs/*.seeds-0/checkpoints/**/*.pt")}
    assert kept
    with study.train(1) as submission:
        study.catch(submission, 1)
        assert submission.interrupt() != 0
        while [job.state for job in submission.jobs()] in (["RUNNING"], ["COMPLETING"]):
            time.sleep(0.5)
        assert [job.state for job in submission.jobs()] == ["CANCELLED"]
    study.slow.unlink()
    with study.submit("--group-components", "measured=2") as submission:
        submission.finish()
    assert study.resumed(1)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert study.as_undisturbed("runs/*/checkpoints/**/*.pt", "summary.zarr/**/c/**/*", "figures/*.csv")
