"""The workflow on a Slurm: the figures of a local run, and jobs that are ended in every way that a scheduler has.

Needs root: a Slurm is brought up if none answers, a job's end is moved, and a node drained.
"""

import os
import re
import signal
import subprocess
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import ROOT, Project

pytestmark = pytest.mark.slurm

CLUSTER = ROOT / "tests" / "slurm" / "cluster"
PROFILE = ("--profile", "workflow/profiles/slurm", "--slurm-init-seconds-before-status-checks", "3")
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
    "seeds": 5,
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
class Job:
    """A job as Slurm knows it."""

    number: str
    state: str
    limit: str
    memory: str
    resources: str
    partition: str
    node: str


def slurm(*command: str) -> str:
    """Run a command of Slurm; what it said."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


class Submission:
    """Snakemake that submits to Slurm; interrupted if it is still running at the end of its context."""

    def __init__(self, project: Project, *arguments: str, log: Path, experiment: str = EXPERIMENT) -> None:
        self._name, self._log = uuid.uuid4().hex, log
        named = ("--slurm-jobname-prefix", self._name)
        with log.open("w") as said:
            self._process = subprocess.Popen(
                **project.call(*PROFILE, *named, *arguments, experiment=experiment),
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_heeds_interrupts,
            )

    def __enter__(self) -> "Submission":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.interrupt()

    @property
    def said(self) -> str:
        return self._log.read_text()

    def jobs(self) -> list[Job]:
        """Its jobs, oldest first; Slurm forgets them some minutes after their end."""
        text = slurm("squeue", "--noheader", "--states=all", "--sort=i", "--format=%j|%i|%T|%l|%m|%b|%P|%N")
        rows = [line.split("|") for line in text.splitlines()]
        return [Job(*fields) for name, *fields in rows if name.startswith(self._name)]

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that must happen before the end."""
        while not condition():
            assert self._process.poll() is None, self.said
            time.sleep(0.5)

    def first_attempt(self) -> Job:
        """The first job, once a second was submitted for it."""
        self.wait_until(lambda: len(self.jobs()) == 2)
        return self.jobs()[0]

    def interrupt(self) -> int:
        """Press Ctrl-C; the exit status."""
        os.killpg(self._process.pid, signal.SIGINT)
        return self._process.wait()

    def finish(self) -> None:
        """Wait for the end, which must be a success."""
        assert self._process.wait() == 0, self.said


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
        return Submission(self.project, *arguments, log=self.log)

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


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """A Slurm: the one that answers, or one of our own. Its GPU is pretended, so networks are trained on the CPU."""
    own = subprocess.run([CLUSTER, "running"], check=False).returncode != 0
    if own:
        subprocess.run([CLUSTER, "start"], check=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("INFOPLANE_DEVICE", "cpu")
        yield
    if own:
        subprocess.run([CLUSTER, "stop"], check=True)


@pytest.fixture(scope="module")
def undisturbed(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the experiment as this machine makes them without Slurm and without delay; written here."""
    (project.folder / EXPERIMENT).write_text(yaml.safe_dump(SLOW))
    (project.folder / EXPERIMENT).with_suffix(".py").write_text(NETWORK)
    directory = tmp_path_factory.mktemp("undisturbed")
    project.run("--directory", str(directory), experiment=EXPERIMENT)
    return directory / "results" / "slow"


@pytest.fixture
def study(project: Project, undisturbed: Path, tmp_path: Path) -> Iterator[Study]:
    """The experiment, to be run on Slurm."""
    made = Study(project, undisturbed, project.folder / "study" / "slow", tmp_path / "said")
    yield made
    made.slow.unlink(missing_ok=True)


def _heeds_interrupts() -> None:
    """Undo what a shell does to processes that it starts in the background: they are deaf to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def content(folder: Path, *patterns: str) -> dict[str, bytes]:
    """The files below a folder that match, which must be some for every pattern."""
    found = {pattern: [path for path in folder.glob(pattern) if path.is_file()] for pattern in patterns}
    assert all(found.values())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for paths in found.values() for path in paths}


def test_figures_are_those_of_a_local_run(project: Project, tmp_path: Path) -> None:
    """And what is short travels together: a run's activations with what is measured of them, and all that is shown."""
    project.run("--directory", str(tmp_path), experiment="quickstart")
    with Submission(project, log=tmp_path / "said", experiment="quickstart") as submission:
        submission.finish()
        submitted = re.findall(r"SLURM jobid \d+ \(log: \S+/slurm_logs/(?:rule|group)_([a-z]+)", submission.said)
    assert Counter(submitted) == {"train": 6, "measured": 6, "shown": 1}
    found, expected = (
        content(folder / "results" / "quickstart", "figures/*.csv") for folder in (project.folder, tmp_path)
    )
    assert found == expected


def test_out_of_memory(study: Study) -> None:
    """A job that takes more than it asked for succeeds with more; its GPU and its partition are those asked for."""
    if not re.search("OverMemoryKill|task/cgroup", slurm("scontrol", "show", "config")):
        pytest.skip("this Slurm lets jobs take more memory than they asked for")
    partition = slurm("sinfo", "--noheader", "--format=%R").split()[0]
    asked = ("train:mem_mb=attempt ** 4 * 250", "train:gres=gpu:1", f"train:slurm_partition={partition}")
    with study.train(0, "--set-resources", *asked) as submission:
        first = submission.first_attempt()
        study.slow.unlink()
        submission.finish()
        second = submission.jobs()[-1]
    assert first.state in {"FAILED", "OUT_OF_MEMORY"}
    assert (second.state, second.resources, second.partition) == ("COMPLETED", "gres:gpu:1", partition)
    assert (first.memory, second.memory) == ("250M", "4000M")
    assert study.trained_as_undisturbed(0)


def test_time_limit(study: Study) -> None:
    """A job whose time is over goes on in one that has more."""
    with study.train(1) as submission:
        caught = study.catch(submission, 1)
        slurm("scontrol", "update", f"jobid={caught.number}", "endtime=now")
        first = submission.first_attempt()
        study.slow.unlink()
        submission.finish()
        second = submission.jobs()[-1]
    assert (first.state, second.state) == ("TIMEOUT", "COMPLETED")
    assert (caught.limit, second.limit) == ("1-00:00:00", "2-00:00:00")
    assert study.resumed(1)
    assert study.trained_as_undisturbed(1)


def test_cancelled(study: Study) -> None:
    with study.train(2) as submission:
        slurm("scancel", study.catch(submission, 2).number)
        first = submission.first_attempt()
        study.slow.unlink()
        submission.finish()
        second = submission.jobs()[-1]
    assert (first.state, second.state) == ("CANCELLED", "COMPLETED")
    assert (first.memory, second.memory) == ("4000M", "8000M")
    assert study.resumed(2)
    assert study.trained_as_undisturbed(2)


def test_node_drained_and_resumed(study: Study) -> None:
    """Slurm itself starts the job again, which is no further attempt for Snakemake."""
    with study.train(3) as submission:
        caught = study.catch(submission, 3)
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
    assert study.resumed(3)
    assert study.trained_as_undisturbed(3)


def test_interrupted_and_started_again(study: Study) -> None:
    """Ctrl-C leaves no job behind; what is finished is not repeated, and the end is that of an undisturbed run."""
    with study.train(0) as submission:
        study.slow.unlink()
        submission.finish()
    kept = {path: path.stat().st_mtime_ns for path in study.results.glob("runs/*.seeds-0/checkpoints/**/*.pt")}
    with study.train(4) as submission:
        study.catch(submission, 4)
        assert submission.interrupt() != 0
        while [job.state for job in submission.jobs()] in (["RUNNING"], ["COMPLETING"]):
            time.sleep(0.5)
        assert [job.state for job in submission.jobs()] == ["CANCELLED"]
    study.slow.unlink()
    with study.submit("--group-components", "measured=5") as submission:
        submission.finish()
    assert study.resumed(4)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert study.as_undisturbed("runs/*/checkpoints/**/*.pt", "summary.zarr/**/c/**/*", "figures/*.csv")
