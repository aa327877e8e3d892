"""Free what can be made again.

That is: activations that were kept; what finished jobs keep for those that go on from them; runs,
variants and estimators that the experiments do not name any more; data sets that nothing uses, and
their dimensions. It says what, how many bytes, and what it would take to make it again, and removes
only with --yes. What could not be made again stays, and so does every file that this project has not
made. While a workflow runs in the folder it refuses.
"""

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

from infoplane.commands import study, text
from infoplane.errors import InfoplaneError
from infoplane.plan import leftovers
from infoplane.plan.folder import Folder
from infoplane.plan.leftovers import Kept, Leftover


def options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    study.options(parser)
    parser.add_argument("--yes", action="store_true", help="remove what is listed; without it nothing is touched")


def run(chosen: argparse.Namespace) -> None:
    """Print what can be removed, and remove it if that was asked for."""
    folder = Folder(Path())
    _refuse_if_locked(folder)
    keeps = "activations" in study.read(chosen).keep
    used = study.asked(chosen)
    if study.written(chosen)["seeds"] not in {None, "null"}:
        # Seeds that are left out for now are still named by their experiments.
        used += study.asked(argparse.Namespace(**{**vars(chosen), "seeds": "null"}))
    found = leftovers.find(used, folder, keeps=keeps)
    removable = [each for each in found if isinstance(each, Leftover)]
    _print(removable, [each for each in found if isinstance(each, Kept)])
    if not removable:
        return
    size = text.size(leftovers.freed(removable))
    if not chosen.yes:
        print(f"Nothing has been removed. With --yes these are, which frees {size}.")
        return
    for each in removable:
        _refuse_if_locked(folder)  # one may have started meanwhile
        leftovers.remove(each)
    print(f"Removed, which freed {size}.")


def _refuse_if_locked(folder: Folder) -> None:
    if folder.locked:
        raise InfoplaneError(
            "a workflow runs in this folder, and its files are not to be removed; wait until it has ended "
            f"(or, if it was killed: {study.snakemake('--unlock')})"
        )


def _print(found: Sequence[Leftover], kept: Sequence[Kept]) -> None:
    if not found:
        print("There is nothing to remove.")
    else:
        rows = [
            [each.kind, each.path, text.size(leftovers.freed([each])), f"made again {each.remade}{_takes(each)}"]
            for each in found
        ]
        print(text.table([["what", "where", "frees", ""], *rows], right=(2,), indent=""))
        print()
    if kept:
        print("Not used any more, and left alone, since it could not be made again:")
        print(text.table([[each.path, each.why] for each in kept]))
        print()


def _takes(each: Leftover) -> str:
    """How long the jobs took that made it."""
    seconds = sum(map(_seconds, each.benchmarks))
    return f" ({text.duration(seconds)})" if seconds else ""


def _seconds(benchmark: str) -> float:
    try:
        with Path(benchmark).open(newline="") as file:
            return float(next(csv.DictReader(file, delimiter="\t"))["s"])
    except (OSError, StopIteration, KeyError, ValueError):
        return 0.0
