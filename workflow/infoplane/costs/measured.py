"""What jobs that have run took: Snakemake's benchmarks, the jobs' logs, and what their stores say of themselves.

A job that went on from what an earlier one had kept took less than its results did, and does not count.
"""

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infoplane import datasets, plan
from infoplane.config import Settings
from infoplane.costs.amount import Facts, to_calibrate
from infoplane.datasets import Description
from infoplane.errors import InfoplaneError
from infoplane.plan import parameters
from infoplane.plan.planned import Planned

PUBLISHED = "mnist_lenet"  # the experiment that `make cost` runs
_PUBLISHED = Path(__file__).with_name("published.csv")
_ALIKE = {"animations": "figures"}
_GATHERED = {"aggregate": "summary.zarr", "gather": "sensitivity.zarr"}


@dataclass(frozen=True)
class Measured:
    """A job that has run, or the mean of several.

    Parameters
    ----------
    stage, experiment, estimator
        What it was; no estimator where there is none.
    start
        Seconds that it took to start and to import.
    work
        Further seconds.
    size
        Bytes that it wrote.
    facts
        What decided how much there was to do, as for `infoplane.costs.amount.of_job`.
    here
        Whether it ran in this folder.
    """

    stage: str
    experiment: str
    estimator: str
    start: float
    work: float
    size: float
    facts: Facts | Description | float
    here: bool


def here(root: Path) -> list[Measured]:
    """All jobs that have run in a folder."""
    return [found for path in sorted(root.glob("results/*/benchmarks")) for found in _of_experiment(path.parent)]


def published(base: Path) -> list[Measured]:
    """What `make cost` found, a job of each stage.

    Parameters
    ----------
    base
        The clone, with the experiment.
    """
    study = plan.study({"experiments": [PUBLISHED]}, base=base, networks=False)
    planned = study.planned[PUBLISHED]
    with _PUBLISHED.open(newline="") as file:
        return [_mean(row, planned) for row in csv.DictReader(file)]


def of_run(planned: Planned, run: str, estimator: str = "") -> Facts:
    """Facts of the jobs of a run that is planned; without an estimator there is nothing to measure."""
    own = planned.runs[run]
    return Facts(
        planned.describe(own.variant),
        parameters.train(planned, own),
        parameters.capture(planned, own),
        parameters.measure(planned, own, estimator) if estimator else None,
        planned.experiment.folder,
    )


def _mean(row: dict[str, str], planned: Planned) -> Measured:
    """A row of ``published.csv``, as one job; the experiment has one variant, one estimator and a calibration."""
    jobs, stage = int(row["jobs"]), row["stage"]
    seconds, work, size = (float(row[name]) / jobs for name in ("seconds", "work", "bytes"))
    run, estimator = next(iter(planned.runs.values())), next(iter(planned.estimators)) if stage == "measure" else ""
    facts: dict[str, Facts | Description | float] = {
        **dict.fromkeys(("train", "capture", "measure"), of_run(planned, run.name, estimator)),
        "prepare": planned.describe(run.variant),
        "aggregate": len(planned.parts()),
        "calibrate": to_calibrate(parameters.calibrate(planned)),
    }
    return Measured(stage, PUBLISHED, estimator, seconds - work, work, size, facts.get(stage, 1.0), here=False)


def _of_experiment(folder: Path) -> Iterator[Measured]:
    for path in sorted((folder / "benchmarks").rglob("*.tsv")):
        inside = path.relative_to(folder / "benchmarks")
        name = inside.name.removesuffix(".tsv")
        costs = _costs(path, folder / "logs" / inside.with_name(f"{name}.log"))
        own = folder.name == "datasets" and len(inside.parts) == 1
        stage = "prepare" if own else inside.parts[0].removesuffix(".tsv")
        run, estimator = _run_and_estimator(name, folder / "runs") if stage == "measure" else (name, "")
        try:
            facts = _facts(stage, folder, run, estimator)
        except (InfoplaneError, OSError, ValueError, LookupError, TypeError):
            continue  # of an older version, or its data are gone: what there was to do is not known
        if costs is not None:
            yield Measured(_ALIKE.get(stage, stage), folder.name, estimator, *costs, facts, here=True)


def _costs(benchmark: Path, log: Path) -> tuple[float, float, float] | None:
    """Seconds to start, further seconds, and bytes; None of a job that did not do all of it."""
    try:
        with benchmark.open(newline="") as file:
            seconds = float(next(csv.DictReader(file, delimiter="\t"))["s"])
        said = log.read_text()
        work = float(re.findall(r"work: ([0-9.]+) s", said)[-1])
    except (OSError, StopIteration, LookupError, ValueError):
        return None
    if "goes on from" in said:
        return None
    return max(0.0, seconds - work), work, float(sum(map(int, re.findall(r"wrote .*, ([0-9]+) bytes", said))))


def _run_and_estimator(name: str, runs: Path) -> tuple[str, str]:
    """Apart, at the last dot: an estimator's name has none."""
    run, _, estimator = name.rpartition(".")
    return (run, estimator) if (runs / run).is_dir() else (name, "")


def _facts(stage: str, folder: Path, run: str, estimator: str) -> Facts | Description | float:
    """What decided how much there was to do in a job that has run, as the stores have it."""
    if stage == "prepare":
        return _data(attributes(folder / f"{run}.zarr"))
    if stage == "intrinsic_dimension":
        return _data(attributes(folder / "dimension" / f"{run}.zarr")["dataset"])
    if stage in _GATHERED:
        return float(len(attributes(folder / _GATHERED[stage])["sources"]["stores"]))
    if stage == "weights":
        sources = attributes(folder / "weights" / f"{run}.zarr")["training"]
        return Facts(
            _data(sources[0]["dataset"]),
            _recipe(sources[0]),
            folder=Path(_recipe(sources[0])["folder"]),
            runs=len(sources),
        )
    if stage == "calibrate":
        return to_calibrate(attributes(folder / "calibration.zarr")["parameters"]["settings"])
    if stage not in {"train", "capture", "measure"}:
        return 1.0
    trained = attributes(folder / "runs" / run / "training.zarr")
    if stage == "train":
        return Facts(_data(trained["dataset"]), _recipe(trained), folder=Path(_recipe(trained)["folder"]))
    measured = sorted((folder / "runs" / run / "information").glob(f"{estimator or '*'}.zarr"))
    found = attributes(measured[0])
    return Facts(
        _data(trained["dataset"]),
        _recipe(trained),
        _recipe(found["activations"]),
        found["parameters"]["settings"] if estimator else None,
        Path(_recipe(trained)["folder"]),
    )


def _data(attributes: Settings) -> Description:
    settings = attributes["parameters"]["settings"]
    return datasets.describe(settings["source"], folder=Path(settings["folder"]))


def _recipe(attributes: Settings) -> Settings:
    found: Settings = {"moments": None, **attributes["parameters"]["recipe"]}
    return found


def attributes(store: Path) -> Settings:
    """What a store says of itself and of how it was made.

    Raises
    ------
    OSError, ValueError, LookupError
        If there is none, or one of another kind.
    """
    found: Settings = json.loads((store / "zarr.json").read_text())["attributes"]
    return found
