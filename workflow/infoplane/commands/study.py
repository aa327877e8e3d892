"""What the commands are asked about: the same experiments that Snakemake would run."""

import argparse
import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import infoplane
from infoplane import config, plan
from infoplane.config import Settings
from infoplane.errors import ConfigError, InfoplaneError
from infoplane.plan import Study, jobs
from infoplane.plan.folder import Folder
from infoplane.plan.jobs import Job

BASE = Path(infoplane.__file__).parents[2]  # the clone, with the Snakefile


def options(parser: argparse.ArgumentParser) -> None:
    """Add the choices that config.yaml has."""
    parser.add_argument(
        "experiments",
        nargs="*",
        metavar="EXPERIMENT",
        help="name of an experiment of this project, or path of your own file (.yaml); default: as config.yaml has it",
    )
    parser.add_argument(
        "--preview",
        action=argparse.BooleanOptionalAction,
        help="with the preview section of every experiment, as --config preview=true; default: as config.yaml has it",
    )
    parser.add_argument(
        "--seeds",
        metavar="NUMBER",
        help="only the first so many seeds, as --config seeds=NUMBER; default: as config.yaml has it",
    )
    parser.add_argument(
        "--configfile",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="laid over config.yaml, as snakemake's option of this name; may be given several times",
    )


def written(chosen: argparse.Namespace) -> Settings:
    """The content of config.yaml with the choices laid over it.

    Raises
    ------
    ConfigError
        If the package lies outside its clone, or a file cannot be read.
    """
    if not (BASE / "Snakefile").is_file():
        raise ConfigError(
            f"{BASE}: no Snakefile; the commands speak of the workflow in a clone of this project. "
            "Install infoplane from there: pip install --editable '.[workflow]'"
        )
    found = config.read(BASE / "config.yaml")
    for path in chosen.configfile:
        found = config.merged(found, config.read(path))
    return config.merged(found, _laid_over(chosen))


def read(chosen: argparse.Namespace) -> Study:
    """The study that is asked about; no network is made, so that torch stays out."""
    return plan.study(written(chosen), base=BASE, networks=False)


def asked(chosen: argparse.Namespace) -> list[Job]:
    """All jobs of the study, as Snakemake plans them here and now, which takes it some seconds.

    Raises
    ------
    InfoplaneError
        If Snakemake cannot plan, with what it said.
    """
    found = jobs.read(summary(chosen))
    # What a workflow that was killed has left half-done Snakemake makes again, but leaves out of its summary.
    folder = Folder(Path())
    left = [path for job in found if job.done for path in job.outputs if folder.begun(path) is not None]
    return jobs.read(summary(chosen, anew=left)) if left else found


def summary(chosen: argparse.Namespace, *, anew: Sequence[str] = ()) -> str:
    """What ``snakemake --summary`` says of every file of the study.

    Parameters
    ----------
    chosen
        The command line.
    anew
        Files that are to be made again in any case.

    Raises
    ------
    InfoplaneError
        If Snakemake cannot plan, with what it said.
    """
    # Without -P, modules in the current folder would come before those of Snakemake; a dry run leaves no log.
    command = [
        sys.executable,
        "-P",
        "-m",
        "snakemake",
        "--snakefile",
        str(BASE / "Snakefile"),
        "--dry-run",
        "--summary",
    ]
    if chosen.configfile:
        command += ["--configfile", *map(str, chosen.configfile)]
    if anew:
        command += ["--forcerun", *anew]
    if over := _laid_over(chosen):
        command += ["--config", *(f"{key}={json.dumps(value)}" for key, value in over.items())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InfoplaneError((done.stdout + done.stderr).rpartition("infoplane: ")[2].strip())
    return done.stdout


def _laid_over(chosen: argparse.Namespace) -> Settings:
    """What the command line lays over config.yaml."""
    every = {"experiments": chosen.experiments or None, "preview": chosen.preview, "seeds": chosen.seeds}
    return {key: value for key, value in every.items() if value is not None}


def snakemake(*arguments: str) -> str:
    """The command line, to be typed in the current folder, that gives Snakemake these arguments."""
    there = [] if Path().absolute() == BASE else ["--snakefile", _here(BASE / "Snakefile")]
    return " ".join([program("snakemake"), *there, *arguments])


def experiments(names: Iterable[str]) -> str:
    """The option of Snakemake that names experiments, as a shell takes it."""
    return f"--config 'experiments=[{', '.join(names)}]'"


def program(name: str) -> str:
    """What to type for a program of this environment: its path, unless the shell finds it by name."""
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    return name if found in {None, shutil.which(name)} else _here(Path(found))


def _here(path: Path) -> str:
    """The path as one would type it in the current folder."""
    return shlex.quote(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))
