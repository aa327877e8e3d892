"""The command line `infoplane`: what Snakemake does not do."""

import argparse
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from infoplane.commands import clean, compare, init, plan, status
from infoplane.errors import InfoplaneError

COMMANDS = (init, plan, status, clean, compare)


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; every command adds itself."""
    found = argparse.ArgumentParser(prog="infoplane", description="What Snakemake does not do for an experiment.")
    commands = found.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        name = command.__name__.rpartition(".")[2]
        summary, _, more = str(command.__doc__).partition("\n\n")
        description = f"{summary}\n\n{more}".strip()
        own = commands.add_parser(
            name,
            help=summary[0].lower() + summary[1:].rstrip("."),
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.options(own)
        own.add_argument(
            "--directory",
            type=Path,
            default=Path(),
            metavar="FOLDER",
            help="where results/ is, and relative paths start; default: here",
        )
        own.set_defaults(run=command.run)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments
        Of the command line; those of the process by default.

    Returns
    -------
    int
        0, or 1 after a message. A command line that cannot be read ends the process with 2.
    """
    chosen = parser().parse_args(arguments)
    try:
        with contextlib.chdir(chosen.directory):
            chosen.run(chosen)
    except (InfoplaneError, OSError) as error:
        print(f"infoplane: {error}", file=sys.stderr)
        return 1
    return 0
