"""Write a commented experiment file for a new study.

The file is valid as it is: six small networks on handwritten digits, within some minutes. Change what
you like; docs/settings.md has every key. A file that is there already is never overwritten.
"""

import argparse
import re
from pathlib import Path

from infoplane.commands import study
from infoplane.errors import ConfigError

_TEMPLATE = Path(__file__).with_name("experiment.yaml")


def options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        default=Path("my_study.yaml"),
        metavar="FILE",
        help="where to write it, ending in .yaml; its name becomes that of the results' folder; default: my_study.yaml",
    )


def run(chosen: argparse.Namespace) -> None:
    """Write the file, and say what comes next."""
    write(chosen.file)
    print(f"Wrote {chosen.file}. Change what you like, then see what it costs, and run it:")
    print(f"    {study.program('infoplane')} plan {chosen.file}")
    print(f"    {study.snakemake('--cores all', study.experiments([str(chosen.file)]))}")


def write(path: Path) -> None:
    """Write the experiment file.

    Raises
    ------
    ConfigError
        If the name could not be an experiment's, its folder is not there, or the file is.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*\.ya?ml", path.name):
        raise ConfigError(f"{path}: no name for an experiment; accepted: letters, digits, _ and -, ending in .yaml")
    if not path.parent.is_dir():
        raise ConfigError(f"{path}: there is no folder {path.parent}; make it, or choose another place")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(_TEMPLATE.read_text(encoding="utf-8"))
    except FileExistsError as error:
        raise ConfigError(f"{path}: is there already, and is left as it is; choose another name") from error
