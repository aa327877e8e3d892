"""What the commands are asked about: the same experiments that Snakemake would run."""

import argparse
from collections.abc import Iterable
from pathlib import Path

import infoplane
from infoplane import config, plan
from infoplane.config import Settings
from infoplane.errors import ConfigError
from infoplane.plan import Study

BASE = Path(infoplane.__file__).parents[2]  # the clone, with the Snakefile
SCRIPTS = BASE / "workflow" / "scripts"


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
    asked = {"experiments": chosen.experiments or None, "preview": chosen.preview, "seeds": chosen.seeds}
    return config.merged(found, {key: value for key, value in asked.items() if value is not None})


def read(chosen: argparse.Namespace) -> Study:
    """The study that is asked about; no network is made, so that torch stays out."""
    return plan.study(written(chosen), base=BASE, networks=False)


def snakemake(experiments: Iterable[str]) -> str:
    """The command that runs experiments from the current folder."""
    there = "" if Path().absolute() == BASE else f" --snakefile {BASE / 'Snakefile'}"
    return f"snakemake{there} --cores all --config 'experiments=[{', '.join(experiments)}]'"
