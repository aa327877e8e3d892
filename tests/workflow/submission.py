"""Snakemake that submits to a Slurm, and its jobs."""

import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .conftest import Project

PATIENCE = 1800  # seconds, after which something must be stuck
PROFILE = ("--profile", "workflow/profiles/slurm", "--slurm-init-seconds-before-status-checks", "3")


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

    def __init__(self, project: Project, *arguments: str, log: Path, experiment: str) -> None:
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
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert self._process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.5)

    def first_attempt(self) -> Job:
        """The first job, once a second was submitted for it."""
        self.wait_until(lambda: len(self.jobs()) == 2)
        return self.jobs()[0]

    def interrupt(self) -> int:
        """Press Ctrl-C; the exit status."""
        os.killpg(self._process.pid, signal.SIGINT)
        return self._process.wait(PATIENCE)

    def finish(self) -> None:
        """Wait for the end, which must be a success."""
        assert self._process.wait(PATIENCE) == 0, self.said


def _heeds_interrupts() -> None:
    """Undo what a shell does to processes that it starts in the background: they are deaf to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
