"""Every job that the rules make of a study, with its files: what Snakemake would plan, without Snakemake.

The rules are the contract, and this is their reflection: `tests/workflow` holds both against each other.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from infoplane.plan import Study
from infoplane.plan.planned import Planned
from infoplane.schema import ARTIFACTS, MEASURED

STAGES = ("prepare", "train", "capture", "measure", "weights", "aggregate", "judge", "figures", "explore")
FIGURE_ENDINGS, ANIMATION_ENDINGS = ("svg", "png", "pdf", "csv"), ("gif", "html")


@dataclass(frozen=True, eq=False)
class Job:
    """One job: a rule, and the files that it reads and writes, below the folder of the run.

    Parameters
    ----------
    rule, script
        As in ``workflow/rules`` and ``workflow/scripts``.
    stage
        One of `STAGES`.
    experiment, run, estimator
        What it belongs to; empty where it belongs to none, or to all.
    inputs, outputs
        Paths.
    parameters
        As Snakemake remembers them, so that a change of one shows.
    log, benchmark
        Where the job says what it did, and Snakemake how long it took.
    """

    rule: str
    script: str
    stage: str
    experiment: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: frozenset[str]
    log: str
    benchmark: str
    run: str = ""
    estimator: str = ""


def of_study(study: Study) -> list[Job]:
    """All jobs of a study, none before those whose files it reads."""
    every = [*_prepared(study)]
    for planned in study.planned.values():
        every += _of_experiment(study, planned)
    return _needed_for(targets(study), every)


def targets(study: Study) -> list[str]:
    """Paths of all that a study asks for."""
    return [
        *study.summaries(),
        *study.verdicts(),
        *study.figures(),
        *study.animations(),
        *study.explorers(),
        *study.kept(),
    ]


def _needed_for(wanted: Iterable[str], every: list[Job]) -> list[Job]:
    """The jobs that lead to some files: an estimator that no measure asks for is measured by none."""
    paths, kept = set(wanted), []
    for job in reversed(every):
        if not paths.isdisjoint(job.outputs):
            kept.append(job)
            paths.update(job.inputs)
    return kept[::-1]


def _prepared(study: Study) -> Iterator[Job]:
    for name in study.datasets:
        yield _job(
            ("prepare", "prepare", "prepare", ""),
            (),
            (_dataset(name),),
            [study.prepare(SimpleNamespace(dataset=name))],
            ("datasets", f"{name}"),
        )


def _of_experiment(study: Study, planned: Planned) -> Iterator[Job]:
    yield from _of_runs(planned)
    name = planned.experiment.name
    parts = planned.parts()
    summary = _path("summary", experiment=name)
    stores, told = tuple(path for path, _ in parts), [part for _, part in parts]
    if planned.weighs:
        yield from _of_variants(planned)
    about = [told, planned.aggregate()]
    yield _job(("aggregate", "aggregate", "aggregate", name), stores, (summary,), about, (name, "aggregate"))
    verdicts = tuple(path for path in study.verdicts() if path.startswith(f"results/{name}/"))
    if verdicts:
        yield _job(("judge", "judge", "judge", name), (summary,), verdicts, [planned.judge()], (name, "judge"))
    for figure in planned.figures.values():
        outputs = tuple(f"results/{name}/figures/{figure.name}.{ending}" for ending in FIGURE_ENDINGS)
        rule = (f"draw_{figure.figure}", "draw", "figures", name)
        yield _job(rule, (summary,), outputs, [planned.draw(figure.name)], (name, f"figures/{figure.name}"))
    for each in planned.experiment.settings["animations"]:
        outputs = tuple(f"results/{name}/animations/{each}.{ending}" for ending in ANIMATION_ENDINGS)
        rule = ("animate", "animate", "figures", name)
        yield _job(rule, (summary,), outputs, [planned.animate(each)], (name, f"animations/{each}"))
    claims = tuple(study.judged(SimpleNamespace(experiment=name)))
    pages = tuple(path for path in study.explorers() if path.startswith(f"results/{name}/"))
    rule = ("explore", "explore", "explore", name)
    yield _job(rule, (summary, *claims), pages, [planned.explore()], (name, "explore"))


def _of_runs(planned: Planned) -> Iterator[Job]:
    name = planned.experiment.name
    for run_name, run in planned.runs.items():
        own = {"experiment": name, "run": run_name}
        data = _dataset(planned.dataset(run.variant))
        checkpoints, training, activations = (_path(each, **own) for each in ("checkpoints", "training", "activations"))
        work = f"results/{name}/runs/{run_name}/work"
        yield _job(
            ("train", "train", "train", name),
            (data, *map(str, planned.adopted(run).values())),
            (checkpoints, training),
            [planned.train(run), f"{work}/training"],
            (name, f"train/{run_name}"),
            run=run_name,
        )
        yield _job(
            ("capture", "capture", "capture", name),
            (data, checkpoints, training),
            (activations,),
            [planned.capture(run)],
            (name, f"capture/{run_name}"),
            run=run_name,
        )
        for estimator in planned.estimators:
            yield _job(
                ("measure", "measure", "measure", name),
                (activations,),
                tuple(_path(group, **own, estimator=estimator) for group in MEASURED),
                [planned.measure(run, estimator), f"{work}/measure-{estimator}"],
                (name, f"measure/{run_name}.{estimator}"),
                run=run_name,
                estimator=estimator,
            )


def _of_variants(planned: Planned) -> Iterator[Job]:
    name = planned.experiment.name
    for variant in planned.experiment.variants:
        runs = planned.runs_of(variant.name)
        inputs = [_path(each, experiment=name, run=run) for each in ("checkpoints", "training") for run in runs]
        outputs = (_path("weights", experiment=name, variant=variant.name),)
        rule = ("weights", "weights", "weights", name)
        yield _job(rule, tuple(inputs), outputs, [planned.weights(variant)], (name, f"weights/{variant.name}"))


def _job(
    what: tuple[str, str, str, str],
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    parameters: list[Any],
    place: tuple[str, str],
    **more: str,
) -> Job:
    """A job from its rule, script, stage and experiment, and from the place of its log and its benchmark."""
    remembered = frozenset(map(repr, parameters))
    log, benchmark = (f"results/{place[0]}/{kind}/{place[1]}" for kind in ("logs", "benchmarks"))
    return Job(*what, inputs, outputs, remembered, f"{log}.log", f"{benchmark}.tsv", **more)


def _dataset(name: str) -> str:
    return f"results/{ARTIFACTS['dataset'].path}".replace("{name}-{digest}", name)


def _path(artifact: str, **names: str) -> str:
    return f"results/{ARTIFACTS[artifact].path}".format(**names)
