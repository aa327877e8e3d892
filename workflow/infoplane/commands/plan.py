"""Say how many jobs there are to run, how long they take and how much disk, from measured costs.

Costs are those of jobs that have run in this folder, of the same experiment if there are any, or else of
what is most like it, scaled by how much there is to do; where nothing has run, those that `make cost`
measured. Every line says which; docs/commands.md has the formulas, and how far off they were. What an
earlier run has trained and measured costs nothing again where its stores say that it came of the same
settings, code and data; where they say otherwise, or are gone, it counts as new: "at most".
"""

import argparse
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from infoplane.commands import study, text
from infoplane.costs.estimate import Estimate, Estimator, bases
from infoplane.errors import ConfigError
from infoplane.plan import Study, jobs
from infoplane.plan.jobs import Job

Row = tuple[Job, Estimate | None]
_ROUGH = (
    "What is measured here is good within a half or so on the same machine; what is scaled, within a factor of three "
    "or so\nfrom a like network, and of ten from another."
)

_AT_MOST = (
    "At most: an earlier run has kept something of which only the jobs can tell whether it holds; it counts as new."
)


def options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    study.options(parser)
    parser.add_argument(
        "--cores",
        type=int,
        default=os.cpu_count() or 1,
        metavar="NUMBER",
        help="jobs that run side by side, for how long it takes on the clock; default: the cores of this machine",
    )


def run(chosen: argparse.Namespace) -> None:
    """Print the jobs of every stage, with what they cost."""
    if chosen.cores < 1:
        raise ConfigError(f"--cores {chosen.cores}: accepted: at least 1")
    found = study.read(chosen)
    every = study.asked(chosen)
    wanted = [job for job in every if not job.done]
    if not wanted:
        print(f"Nothing to run: all {text.count(len(every), 'job')} are done.")
        return
    estimator = Estimator(found, root=Path(), base=study.BASE)
    rows = [(job, estimator.of_job(job)) for job in wanted]
    for name in jobs.experiments(wanted):
        print(_experiment(name or "data sets", [row for row in rows if row[0].experiment == name]))
        print()
    print(_whole(found, rows, len(every), chosen.cores))


def _experiment(name: str, rows: Sequence[Row]) -> str:
    """A line for each stage."""
    lines = [["stage", "jobs", "each", "in all", "writes", "rests on"]]
    for stage in jobs.stages(job for job, _ in rows):
        own = [estimate for job, estimate in rows if job.stage == stage]
        known = [each for each in own if each is not None]
        if known:
            seconds, size = sum(each.seconds for each in known), sum(each.size for each in known)
            each_takes, takes, writes = text.duration(seconds / len(known)), text.duration(seconds), text.size(size)
        else:
            each_takes = takes = writes = "?"
        share = [f"{fmean(each.new for each in known):.0%} of it is new"] if any(each.new < 1 for each in known) else []
        most = ["at most"] * any(each.at_most for each in known)
        unknown = [f"nothing like {len(own) - len(known)} of them has been measured"] * (len(known) < len(own))
        rests = "; ".join([*bases(known), *share, *most, *unknown])
        lines.append([stage, str(len(own)), each_takes, takes, writes, rests])
    return "\n".join([name, text.table(lines, right=(1, 2, 3, 4))])


def _whole(found: Study, rows: Sequence[Row], every: int, cores: int) -> str:
    """All experiments together: time, disk, and how rough that is."""
    seconds = sum(estimate.seconds for _, estimate in rows if estimate)
    on_the_clock = text.duration(_on_the_clock(rows, cores))
    captured = sorted((estimate.size for job, estimate in rows if estimate and job.stage == "capture"), reverse=True)
    stays = sum(estimate.size for job, estimate in rows if estimate and job.stage != "capture")
    if "activations" in found.keep:
        stays, captured = stays + sum(captured), []
    meanwhile = sum(captured[:cores])
    about = "about" if all(estimate for _, estimate in rows) else "more than"
    free = shutil.disk_usage(Path()).free
    lines = [
        f"{len(rows)} of {every} jobs to run.",
        f"Time: {about} {text.duration(seconds)} of one core, {on_the_clock} on the clock with {cores}.",
        f"Disk: about {text.size(stays)} stay, and {text.size(meanwhile)} more are needed meanwhile for activations; "
        f"{text.size(free)} are free.",
        *(["That does not fit: make room first (infoplane clean), or choose less."] * (stays + meanwhile > free)),
        *([_AT_MOST] * any(estimate.at_most for _, estimate in rows if estimate)),
        _ROUGH,
    ]
    return "\n".join(lines)


def _on_the_clock(rows: Sequence[Row], cores: int) -> float:
    """Stage by stage: what all its jobs take on so many cores, and no less than the longest of them."""
    by_stage: dict[str, list[float]] = {}
    for job, estimate in rows:
        if estimate:
            by_stage.setdefault(job.stage, []).append(estimate.seconds)
    return sum(max(sum(each) / cores, max(each)) for each in by_stage.values())
