"""How far jobs are that run now, from the files that they leave on the way; nothing is opened, nothing is written."""

import re
import time
from collections.abc import Iterable
from pathlib import Path

from infoplane.experiment import Run
from infoplane.plan import amounts, parameters
from infoplane.plan.folder import Folder
from infoplane.plan.jobs import Job
from infoplane.plan.planned import Planned

_STEP = re.compile(r"(?:step|moment)-(\d+)(?:\.state)?\.pt")


def since(job: Job, folder: Folder) -> float | None:
    """When a job has begun that has not finished, in seconds since 1970; None if it has not."""
    return max((moment for path in job.outputs if (moment := folder.begun(path)) is not None), default=None)


def of_job(job: Job, planned: Planned | None, folder: Folder) -> str:
    """How far a job is, in a few words, and when it last showed a sign of life; of most stages that is its beginning.

    Parameters
    ----------
    job
        That has begun.
    planned
        Its experiment; None for a data set, which belongs to none.
    folder
        In which Snakemake runs.
    """
    work = folder.root / "results" / job.experiment / "runs" / job.run / "work"
    if job.stage == "train" and planned is not None:
        said, signs = _training(job, planned, work / "training")
    elif job.stage == "measure" and planned is not None:
        said, signs = _measuring(job, planned, work / f"measure-{job.estimator}")
    else:
        said, signs = "", []
    log = Path("results", job.experiment, "logs", job.stage, ".".join(filter(None, [job.run, job.estimator])))
    last = [moment for path in [*signs, folder.root / f"{log}.log"] if (moment := _changed(path)) is not None]
    last += [moment for moment in [since(job, folder)] if moment is not None]
    return ", ".join(filter(None, [said, f"last sign of life {_ago(max(last))} ago" if last else ""]))


def _training(job: Job, planned: Planned, work: Path) -> tuple[str, list[Path]]:
    """The epoch that a run has reached: the last of networks that train one after another, or all that train as one."""
    run = planned.runs[job.run]
    recipe = parameters.train(planned, run)
    per_epoch = amounts.updates(recipe, planned.describe(run.variant).sizes["train"])
    blocks = [path for attempt in _latest(_folders(work)) for path in _folders(attempt)]
    newest = _latest(blocks)
    steps = [int(found[1]) for block in newest for path in block.iterdir() if (found := _STEP.fullmatch(path.name))]
    epoch, of = max(steps, default=0) / per_epoch, recipe["epochs"][-1]
    count = 1 if recipe["training"]["ensemble"] else amounts.networks(recipe)
    which = f", network {len(blocks)} of {count}" if count > 1 and blocks else ""
    return f"epoch {epoch:.3g} of {of:g}{which}", newest


def _measuring(job: Job, planned: Planned, work: Path) -> tuple[str, list[Path]]:
    """Checkpoints that are measured, of all networks and for everything that the estimator measures."""
    run = planned.runs[job.run]
    looks, measures = _looks(planned, run), planned.measures(job.estimator)
    folders = [work / name for name in measures]
    done = sum(min(looks, sum(1 for _ in folder.glob("*.npz"))) for folder in folders)
    return f"{done} of {looks * len(measures)} checkpoints measured", folders


def _looks(planned: Planned, run: Run) -> int:
    """How often the networks of a run are looked at."""
    if own := planned.experiment.recording(run):
        return len(own.epochs)
    recipe = parameters.train(planned, run)
    return amounts.networks(recipe) * amounts.looks(recipe, planned.describe(run.variant).sizes["train"])


def _latest(paths: Iterable[Path]) -> list[Path]:
    """The one that was changed last, if there is any."""
    return sorted(paths, key=lambda path: _changed(path) or 0)[-1:]


def _folders(path: Path) -> list[Path]:
    return [each for each in path.iterdir() if each.is_dir()] if path.is_dir() else []


def _changed(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return None  # not there yet, or no more


def _ago(moment: float) -> str:
    seconds = max(0.0, time.time() - moment)
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
