"""The jobs of a study, as Snakemake lists them: which there are, what they write, and which of them would run."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

from infoplane.errors import InfoplaneError
from infoplane.schema import ARTIFACTS

_HEADER = "output_file\tdate\trule\tlog-file(s)\tstatus\tplan\n"  # of `snakemake --summary`
_DONE = "no update"


@dataclass(frozen=True)
class Job:
    """One job of the workflow.

    Parameters
    ----------
    rule
        As in ``workflow/rules``.
    stage
        Of the artifact that it writes; the rule's own name where that is none of `infoplane.schema.ARTIFACTS`.
    experiment, run, estimator
        What it belongs to; empty where it belongs to none, or to all.
    outputs
        Paths, below the folder of the run.
    done
        Whether it would not run now.
    """

    rule: str
    stage: str
    experiment: str
    run: str
    estimator: str
    outputs: tuple[str, ...]
    done: bool


def read(summary: str) -> list[Job]:
    """The jobs that ``snakemake --summary`` has listed, file by file.

    Parameters
    ----------
    summary
        What it said.

    Raises
    ------
    InfoplaneError
        If it has other columns than those that are known.
    """
    _, header, lines = summary.partition(_HEADER)
    if not header:
        raise InfoplaneError(
            f"snakemake --summary says {summary!r}, without the columns {_HEADER!r}; is it another version?"
        )
    files: dict[tuple[str, _Names], dict[str, bool]] = {}
    for path, _, rule, _, _, plan in (line.split("\t") for line in lines.splitlines() if line):
        files.setdefault((rule, _names(path, rule)), {})[path] = plan == _DONE
    return [
        Job(rule, names.stage, names.experiment, names.run, names.estimator, tuple(own), all(own.values()))
        for (rule, names), own in files.items()
    ]


def stages(jobs: Iterable[Job]) -> list[str]:
    """Stages that there are jobs of, in the order in which they run; those of no artifact last."""
    order = [artifact.stage for artifact in ARTIFACTS.values()]
    found = dict.fromkeys(job.stage for job in jobs)
    return sorted(found, key=lambda stage: order.index(stage) if stage in order else len(order))


def experiments(jobs: Iterable[Job]) -> list[str]:
    """Experiments that there are jobs of, by name; what belongs to none comes first, under an empty one."""
    return sorted(dict.fromkeys(job.experiment for job in jobs), key=bool)


class _Names(NamedTuple):
    """What tells a job of a rule from another."""

    stage: str
    experiment: str = ""
    run: str = ""
    estimator: str = ""
    other: tuple[str, ...] = ()


def _names(path: str, rule: str) -> _Names:
    """What the path of a file says of the job that writes it."""
    for stage, pattern in _PATTERNS:
        if found := pattern.fullmatch(path):
            every = found.groupdict()
            known = {name: every.pop(name) for name in ("experiment", "run", "estimator") if name in every}
            return _Names(stage, **known, other=tuple(every.values()))
    folders = PurePosixPath(path).parent.parts
    return _Names(rule, folders[1] if len(folders) > 1 else "", other=(path.partition(".")[0],))


def _pattern(path: str) -> re.Pattern[str]:
    """The paths of an artifact, with a group for each name in them; its files have an ending more, or lie below."""
    endless = re.sub(r"\.\{[^}]*\}$", "", path)
    ending = "" if endless == path and "." in path else r"(\.\w+|/.+)?"
    names = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+?)", re.escape(endless))
    return re.compile(f"results/{names}{ending}")


_PATTERNS = [(artifact.stage, _pattern(artifact.path)) for artifact in ARTIFACTS.values()]
