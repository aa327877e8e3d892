"""A small study, and stores as far as costs read them."""

import csv
import json
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from infoplane import plan
from infoplane.costs.estimate import Estimate, Estimator
from infoplane.plan import Study, parameters
from infoplane.plan.jobs import Job

ROOT = Path(__file__).parents[3]
SETTINGS: dict[str, Any] = {
    "title": "Mine",
    "dataset": {"name": "digits"},
    "model": {"name": "mlp", "hidden": [6], "activation": "tanh"},
    "training": {"batch_size": 64, "epochs": 8, "checkpoints": [1]},
    "seeds": 2,
    "probe": {"size": 50, "batches": 1},
    "estimators": [{"name": "renyi", "joint": "tensor"}],
    "measures": ["information"],
    "figures": ["training"],
}


def study(folder: Path, **changes: Any) -> Study:
    """A study of one experiment, called mine."""
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump({**SETTINGS, **changes}))
    return plan.study({"experiments": [str(path)]}, base=ROOT, networks=False)


def jobs(found: Study, stage: str) -> list[Job]:
    """Jobs of a stage of a study."""
    (planned,) = found.planned.values()
    name = planned.experiment.name
    match stage:
        case "train" | "capture":
            return [job(stage, name, f"runs/{run}/{stage}ed", run) for run in planned.runs]
        case "measure":
            every = [(run, estimator) for run in planned.runs for estimator in planned.estimators]
            return [job(stage, name, f"runs/{run}/information/{each}.zarr", run, each) for run, each in every]
        case "weights":
            return [job(stage, name, f"weights/{each.name}.zarr") for each in planned.experiment.variants]
        case "intrinsic_dimension":
            return [job(stage, "", f"dimension/{each}.zarr") for each in found.datasets]
        case "prepare":
            return [job(stage, "", f"{each}.zarr") for each in found.datasets]
        case "figures":
            return [job(stage, name, f"figures/{each}.svg") for each in planned.figures]
        case _:
            return [job(stage, name, f"{stage}.json")]


def job(stage: str, experiment: str, output: str, run: str = "", estimator: str = "") -> Job:
    return Job(stage, stage, experiment, run, estimator, (f"results/{experiment or 'datasets'}/{output}",), done=False)


def leave(root: Path, found: Study, *, seconds: dict[str, float], log: str = "") -> None:
    """What jobs of a study leave that took so long: a second to start, and the rest"""
    (planned,) = found.planned.values()
    for job in [each for stage in seconds for each in jobs(found, stage)]:
        inside = "/".join([job.stage, ".".join(filter(None, [job.run, job.estimator])) or "one"])
        benchmark, text = (root / f"results/mine/{kind}/{inside}" for kind in ("benchmarks", "logs"))
        benchmark, text = Path(f"{benchmark}.tsv"), Path(f"{text}.log")
        for path in (benchmark, text):
            path.parent.mkdir(parents=True, exist_ok=True)
        with benchmark.open("w", newline="") as file:
            csv.writer(file, delimiter="\t").writerows([["s", "max_rss"], [seconds[job.stage], 100]])
        text.write_text(f"{log}[x] wrote x: 1 files, 1000000 bytes\n[x] work: {seconds[job.stage] - 1} s\n")
    for name, run in planned.runs.items():
        folder, recipe = root / "results/mine/runs" / name, parameters.train(planned, run)
        checksum = planned.describe(run.variant).checksum
        source = {"parameters": {"settings": {"source": {"name": "digits"}, "folder": "."}}, "checksum": checksum}
        trained = {"parameters": {"recipe": recipe}, "dataset": source}
        activations = {"parameters": {"recipe": parameters.capture(planned, run)}, "training": trained}
        store(folder / "training.zarr", {"recipe": recipe}, dataset=source)
        for estimator in planned.estimators:
            settings = parameters.measure(planned, run, estimator)
            store(folder / f"information/{estimator}.zarr", {"settings": settings}, activations=activations)


def keep(root: Path, found: Study) -> None:
    """What jobs of a study keep for those that go on from them."""
    (planned,) = found.planned.values()
    for name, run in planned.runs.items():
        work = root / "results/mine/runs" / name / "work"
        _touch(work / "training/digest/seed-0/step-000000000.pt")
        for estimator, number in product(planned.estimators, range(len(planned.epochs(run)))):
            _touch(work / f"measure-{estimator}/information/{number}.npz")


def _touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def estimates(root: Path, found: Study, stage: str) -> list[Estimate]:
    estimator = Estimator(found, root=root, base=ROOT)
    return [price(estimator, job) for job in jobs(found, stage)]


def price(estimator: Estimator, job: Job) -> Estimate:
    found = estimator.of_job(job)
    assert found is not None
    return found


def store(path: Path, parameters: dict[str, Any], **more: Any) -> None:
    """A store that says how it was made."""
    path.mkdir(parents=True)
    (path / "zarr.json").write_text(json.dumps({"attributes": {"parameters": parameters, **more}}))
