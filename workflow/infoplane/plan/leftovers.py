"""What can be removed from a folder because it can be made again, or is of no use any more.

Only files that the project has made are named: those in the manifest of an artifact, and those that jobs keep in their
work folders under names of their own. Whatever else lies beside them stays.
"""

import json
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infoplane import datasets, factories, files
from infoplane.errors import InfoplaneError
from infoplane.plan.folder import Folder
from infoplane.plan.jobs import Job
from infoplane.schema import MEASURED

_MARK = ".snakemake_timestamp"  # which Snakemake drops into every folder that a rule makes
_WORK = {"training": ("*/*/step-*.pt", "*/*/moment-*.pt"), "measure": ("**/*.npz",)}
_OF_A_RUN = ("checkpoints", "training.zarr", "activations.zarr")


@dataclass(frozen=True)
class Leftover:
    """Something that can be removed.

    Parameters
    ----------
    kind
        What it is, in two words.
    path
        Of it, from the folder.
    remade
        How it would come back, in a phrase.
    files
        That would be removed.
    benchmarks
        Of the jobs that would make it again, which say what that takes.
    """

    kind: str
    path: str
    remade: str
    files: tuple[Path, ...]
    benchmarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kept:
    """Something that is of no use any more and could not be made again: it stays, and this says why."""

    path: str
    why: str


def find(used: Sequence[Job], folder: Folder, *, keeps: bool) -> list[Leftover | Kept]:
    """What can be removed of some experiments, and of the data sets that none uses.

    Parameters
    ----------
    used
        All jobs of the experiments: what one of them writes is in use.
    folder
        Where they have run.
    keeps
        Whether activations are to stay.
    """
    found: list[Leftover | Kept] = []
    outputs = {path for job in used for path in job.outputs}
    for name in dict.fromkeys(job.experiment for job in used if job.experiment):
        runs = {job.run for job in used if job.experiment == name and job.run}
        found += _of_experiment(name, runs, outputs, folder, keeps=keeps)
    found += _datasets(outputs, folder.root)
    return [each for each in found if isinstance(each, Kept) or each.files]


def freed(chosen: Iterable[Leftover]) -> int:
    """Bytes that are free when these are gone: a file with another name elsewhere frees none."""
    names: Counter[tuple[int, int]] = Counter()
    known: dict[tuple[int, int], os.stat_result] = {}
    for path in {path for each in chosen for path in each.files}:
        found = path.stat()
        key = found.st_dev, found.st_ino
        names[key] += 1
        known[key] = found
    return sum(found.st_size for key, found in known.items() if names[key] == found.st_nlink)


def remove(leftover: Leftover) -> None:
    """Remove the files of a leftover, and the folders that are empty then."""
    for path in leftover.files:
        path.unlink(missing_ok=True)
    for above in sorted({each for path in leftover.files for each in _inside(path, leftover)}, reverse=True):
        if not any(above.iterdir()):
            above.rmdir()


def _inside(path: Path, leftover: Leftover) -> Iterator[Path]:
    """Folders above a file, up to that of the leftover itself."""
    parts = Path(leftover.path).parts
    for above in path.parents:
        yield above
        if above.parts[-len(parts) :] == parts:
            return


def _of_experiment(
    name: str, runs: Collection[str], outputs: Collection[str], folder: Folder, *, keeps: bool
) -> Iterator[Leftover | Kept]:
    top = folder.root / "results" / name
    for run in sorted(top.glob("runs/*")):
        if run.name not in runs:
            yield from _unused_run(name, run, folder.root)
            continue
        if not keeps:
            yield from _activations(name, run, folder)
        yield from _work(name, run, folder)
        for path in sorted(path for group in MEASURED for path in run.glob(f"{group}/*.zarr")):
            if (place := _relative(path, folder.root)) not in outputs:
                told = f"results/{name}/benchmarks/measure/{run.name}.{path.name.removesuffix('.zarr')}.tsv"
                remade = "by naming the estimator again, which captures and measures"
                yield Leftover("unused estimator", place, remade, _made(path), (told,))
    for path in sorted(top.glob("weights/*.zarr")):
        if (place := _relative(path, folder.root)) not in outputs:
            told = f"results/{name}/benchmarks/weights/{path.name.removesuffix('.zarr')}.tsv"
            remade = "by naming the variant again"
            yield Leftover("unused variant", place, remade, _made(path), (told,))


def _activations(name: str, run: Path, folder: Folder) -> Iterator[Leftover]:
    """Activations that were kept, of a run whose checkpoints are there and of which nothing is under way."""
    if not _whole(run) or _under_way(run, folder):
        return
    path = run / "activations.zarr"
    told = f"results/{name}/benchmarks/capture/{run.name}.tsv"
    yield Leftover("activations", _relative(path, folder.root), "by a capture", _made(path), (told,))


def _work(name: str, run: Path, folder: Folder) -> Iterator[Leftover]:
    """What finished jobs keep for those that go on from them."""
    if _under_way(run, folder):
        return
    for path in sorted(run.glob("work/*")):
        kind, _, estimator = path.name.partition("-")
        store = run / "information" / f"{estimator}.zarr"
        done = _whole(run) if kind == "training" else (store / files.MANIFEST).is_file()
        if kind not in _WORK or not done:
            continue
        own = tuple(sorted({file for pattern in _WORK[kind] for file in path.glob(pattern)}))
        checksums = tuple(sum_ for file in own if (sum_ := files.checksum_path(file)).exists())
        stage, again = ("train", "training") if kind == "training" else ("measure", "measuring")
        told = f"results/{name}/benchmarks/{stage}/{run.name}{f'.{estimator}' * (stage == 'measure')}.tsv"
        remade = f"only if epochs are added: {again} then starts anew, where it would have gone on"
        yield Leftover("work folder", _relative(path, folder.root), remade, own + checksums, (told,))


def _unused_run(name: str, run: Path, root: Path) -> Iterator[Leftover | Kept]:
    """A run that no experiment file names any more, if it could be trained again."""
    place = _relative(run, root)
    attributes = _attributes(run / "training.zarr")
    if why := _not_again(attributes):
        yield Kept(place, why)
        return
    stores = [run / each for each in _OF_A_RUN] + sorted(path for group in MEASURED for path in run.glob(f"{group}/*"))
    work = [file for patterns in _WORK.values() for pattern in patterns for file in (run / "work").glob(f"*/{pattern}")]
    sums = [files.checksum_path(file) for file in work if files.checksum_path(file).exists()]
    own = {*(file for store in stores for file in _made(store)), *work, *sums}
    told = sorted(root.glob(f"results/{name}/benchmarks/*/{run.name}*.tsv"))
    benchmarks = tuple(_relative(path, root) for path in told if path.name.startswith(f"{run.name}."))
    yield Leftover("unused run", place, "by naming it again, which trains", tuple(sorted(own)), benchmarks)


def _not_again(trained: dict[str, Any]) -> str:
    """Why a run could not be trained again; empty if it could."""
    try:
        recipe, data = trained["parameters"]["recipe"], trained["dataset"]
        if "adopted" in trained or "checkpoints_from" in recipe["training"]:
            return "was trained elsewhere"
        own = recipe["model"].get("factory")
        if own and factories.source_digest(own, folder=Path(recipe["folder"])) != recipe["source"]:
            return f"its network, {own}, is another now"
        return _other_source(data)
    except (KeyError, TypeError):
        return "does not say how it was trained"
    except InfoplaneError as error:
        return str(error)


def _other_source(data: dict[str, Any]) -> str:
    """Why a data set could not be prepared again; empty if it could."""
    settings = data["parameters"]["settings"]
    now = datasets.describe(settings["source"], folder=Path(settings["folder"]))
    return "" if now.checksum == data["checksum"] else "the source of its data is another now"


def _datasets(outputs: Collection[str], root: Path) -> Iterator[Leftover | Kept]:
    """Data sets that no job prepares and no run has been trained on, and what their dimension was estimated as."""
    trained = [_attributes(path).get("dataset", {}) for path in root.glob("results/*/runs/*/training.zarr")]
    used = {_identity(each) for each in trained}
    folder = root / "results" / "datasets"
    prepared = [(path, _attributes(path)) for path in sorted(folder.glob("*.zarr"))]
    dimensions = [(path, _attributes(path).get("dataset", {})) for path in sorted(folder.glob("dimension/*.zarr"))]
    for path, attributes in [*prepared, *dimensions]:
        place = _relative(path, root)
        if f"results/datasets/{path.name}" in outputs or _identity(attributes) in used:
            continue
        try:
            why = _other_source(attributes)
        except (InfoplaneError, KeyError, TypeError) as error:
            why = f"its source is gone ({error})"
        if why:
            yield Kept(place, why)
            continue
        name = path.name.removesuffix(".zarr")
        if path.parent == folder:
            told = f"results/datasets/benchmarks/{name}.tsv"
            yield Leftover("unused data set", place, "by preparing it", _made(path), (told,))
        else:
            told = f"results/datasets/benchmarks/intrinsic_dimension/{name}.tsv"
            yield Leftover("unused dimension", place, "by estimating it", _made(path), (told,))


def _identity(attributes: dict[str, Any]) -> str:
    return files.digest([attributes.get(key) for key in ("name", "checksum", "parameters")])


def _whole(run: Path) -> bool:
    """Whether a run has been trained."""
    return all((run / each / files.MANIFEST).is_file() for each in ("checkpoints", "training.zarr"))


def _under_way(run: Path, folder: Folder) -> bool:
    """Whether a job of a run has begun and not finished, or was killed: what it has done so far is to stay."""
    place = _relative(run, folder.root)
    stores = [f"{place}/{each}" for each in _OF_A_RUN]
    stores += [_relative(path, folder.root) for group in MEASURED for path in run.glob(f"{group}/*")]
    stores += [f"{place}/information/{work.name.removeprefix('measure-')}.zarr" for work in run.glob("work/measure-*")]
    return any(folder.begun(each) is not None for each in stores)


def _made(path: Path) -> tuple[Path, ...]:
    """The files of an artifact, by its manifest; none of what is no artifact."""
    try:
        manifest = json.loads((path / files.MANIFEST).read_text())
        own = [path / name for name in manifest]
    except (OSError, ValueError, TypeError):
        return ()
    return tuple(each for each in (*own, path / files.MANIFEST, path / _MARK) if each.is_file())


def _attributes(store: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((store / "zarr.json").read_text())["attributes"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
