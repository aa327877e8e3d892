"""Which jobs of a study would run: those whose files are not there or not up to date, by the rules of Snakemake."""

from collections import deque
from collections.abc import Sequence
from pathlib import Path

from infoplane.plan import Study, jobs
from infoplane.plan.folder import Folder
from infoplane.plan.jobs import Job


def of_study(study: Study, folder: Folder, *, scripts: Path) -> tuple[list[Job], list[Job]]:
    """All jobs of a study, and those of them that would run now.

    Parameters
    ----------
    study
        What is asked for.
    folder
        Where it would run.
    scripts
        The folder ``workflow/scripts``.
    """
    every = jobs.of_study(study)
    chosen = _missing(every, jobs.targets(study), folder, scripts)
    return every, [job for job in every if job in chosen]


def _missing(every: Sequence[Job], targets: Sequence[str], folder: Folder, scripts: Path) -> set[Job]:
    """Jobs that would run.

    A job runs because of itself (see `_stale`), because something that it reads is made anew, or because a job that
    runs reads what is not there. Files that nobody who runs asks for may be gone: activations are, once measured.
    """
    makers = {path: job for job in every for path in job.outputs}
    readers: dict[Job, list[Job]] = {job: [] for job in every}
    for job in every:
        for maker in _makers(job, makers):
            readers[maker].append(job)
    chosen: set[Job] = set()
    behind: set[Job] = set()  # another that runs
    for job in every:
        if not (chosen | behind).isdisjoint(_makers(job, makers)):
            behind.add(job)
        elif _stale(job, readers[job], folder, scripts):
            chosen.add(job)
    chosen |= {makers[path] for path in targets if not folder.exists(path)}
    ahead = deque(chosen)
    while ahead:
        job = ahead.popleft()
        lacking = {makers[path] for path in job.inputs if path in makers and not folder.exists(path)}
        new = (lacking | set(readers[job])) - chosen
        chosen |= new
        ahead.extend(new)
    return chosen


def _makers(job: Job, makers: dict[str, Job]) -> set[Job]:
    return {makers[path] for path in job.inputs if path in makers}


def _stale(job: Job, readers: Sequence[Job], folder: Folder, scripts: Path) -> bool:
    """Whether what a job has written is not what it would write now, as far as times and parameters tell."""
    if any(folder.begun(path) and folder.exists(path) for path in job.outputs):
        return True
    written = [time for path in job.outputs if (time := folder.changed(path)) is not None]
    known = next((each for each in map(folder.remembered, job.outputs) if "params" in each), None)
    script = (scripts / f"{job.script}.py").stat().st_mtime
    if any(time <= script for time in written):
        return True
    if known and (set(known["params"]) != job.parameters or known.get("input") != sorted(job.inputs)):
        return True
    oldest = _oldest(job, readers, folder)
    times = [time for path in job.inputs if (time := folder.changed(path)) is not None]
    return oldest is not None and any(time > oldest for time in times)


def _oldest(job: Job, readers: Sequence[Job], folder: Folder) -> float | None:
    """When a job wrote its oldest file; of one whose files are removed, when its first reader did."""
    for each in (job, *readers):
        times = [time for path in (*each.outputs, each.benchmark) if (time := folder.changed(path)) is not None]
        if times:
            return min(times)
    return None
