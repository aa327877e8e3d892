"""Show what is done, running and missing.

Asks Snakemake, which plans for some seconds, takes no lock and makes no file of the study; so it may be
asked at any time, also while a workflow runs. A job counts as missing if `snakemake -n` would run it:
its files are not there, or not up to date with the experiment, the code or what it reads.
"""

import argparse
from collections.abc import Collection, Sequence
from pathlib import Path

from infoplane.commands import study, text
from infoplane.plan import Study, jobs, progress
from infoplane.plan.folder import Folder
from infoplane.plan.jobs import Job

_WIDTH = 20  # of a bar, in characters


def options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    study.options(parser)


def run(chosen: argparse.Namespace) -> None:
    """Print the state of every experiment."""
    found, folder = study.read(chosen), Folder(Path())
    every = study.asked(chosen)
    begun = [job for job in every if folder.locked and not job.done and progress.since(job, folder) is not None]
    for name in jobs.experiments(every):
        own = [job for job in every if job.experiment == name]
        print(_experiment(name or "data sets", own, set(begun)))
        print()
    print(_running(begun, found, folder) if folder.locked else "No workflow runs in this folder.")


def _experiment(name: str, own: Sequence[Job], begun: Collection[Job]) -> str:
    """A bar for each stage, with what it stands for."""
    rows = []
    for stage in jobs.stages(own):
        of_stage = [job for job in own if job.stage == stage]
        running = sum(job in begun for job in of_stage)
        done = sum(job.done for job in of_stage)
        left = len(of_stage) - done - running
        said = [f"{number} {what}" for number, what in ((running, "running"), (left, "missing")) if number]
        told = ", ".join([f"{done} of {len(of_stage)} done", *said])
        rows.append([stage, _bar(done, running, len(of_stage)), told])
    return "\n".join([name, text.table(rows)])


def _bar(done: int, running: int, count: int) -> str:
    """What is done as #, what runs as >, what is missing as dots; full only when all is done."""
    full = _WIDTH * done // count
    ahead = min(_WIDTH - full, max(1, _WIDTH * running // count)) if running else 0
    return f"[{'#' * full}{'>' * ahead}{'.' * (_WIDTH - full - ahead)}]"


def _running(begun: Sequence[Job], found: Study, folder: Folder) -> str:
    """Jobs that run, with their progress, in a folder that is locked."""
    rows = [
        [job.stage, job.experiment, _own_name(job), progress.of_job(job, found.planned.get(job.experiment), folder)]
        for job in begun
    ]
    lines = [
        f"A workflow runs in this folder, or was killed (if so: {study.snakemake('--unlock')}).",
        *([f"{text.count(len(begun), 'job')} running:", text.table(rows)] if rows else []),
    ]
    return "\n".join(lines)


def _own_name(job: Job) -> str:
    return " ".join(filter(None, [job.run, job.estimator])) or Path(job.outputs[0]).stem
