"""What jobs would cost that have not run: from those of their stage that have, as like them as there are."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import log
from pathlib import Path
from statistics import median

from infoplane.costs import amount, kept, measured
from infoplane.costs.amount import Facts
from infoplane.costs.measured import Measured
from infoplane.datasets import Description
from infoplane.errors import InfoplaneError
from infoplane.plan import Study, parameters
from infoplane.plan.jobs import Job

MEASURED = "measured here"
_STANDS_FOR = {  # like a stage of which nothing has run
    "judge": "figures",
    "conclude": "figures",
    "read_off": "figures",
    "explore": "figures",
    "gather": "aggregate",
    "weights": "capture",
    "intrinsic_dimension": "prepare",
}
_ERRORS = {"experiment": 1.5, "estimator": 1.2, "kind": 3, "about": 3, "machine": 3}  # factors, if it is another
_SETTLING = 1.5  # seconds of work that everything takes for the first time, whatever there is to do
_LIKE = 1.5  # up to so many times as much or as little to do counts as the same
_LEAST = 1e-9  # seconds and bytes, so that a ratio is a number


@dataclass(frozen=True)
class Estimate:
    """What a job would cost.

    Parameters
    ----------
    seconds
        Of one core.
    size
        Bytes that it would write.
    basis
        Which jobs it is derived from, in a phrase.
    ratio
        How much there would be to do if nothing were kept, by what there was to do in those.
    new
        The share of it that is to do, as the rest is kept.
    at_most
        Whether it may be less, as something is kept of which only the job can tell whether it holds.
    """

    seconds: float
    size: float
    basis: str
    ratio: float
    new: float = 1.0
    at_most: bool = False


@dataclass(frozen=True)
class _Likeness:
    """By what jobs of a stage are like one another, and how much there is to do in one of them.

    Parameters
    ----------
    experiment, estimator
        Names.
    kind
        Of the estimator.
    about
        The network, and whether it trains in an ensemble; or the data set.
    to_do, to_write
        As `infoplane.costs.amount.of_job` has them, if nothing is kept.
    new, at_most
        As in `Estimate`.
    """

    experiment: str
    estimator: str
    kind: str
    about: str
    to_do: float
    to_write: float
    new: float
    at_most: bool


class Estimator:
    """Estimates jobs of a study.

    Parameters
    ----------
    study
        What is asked for.
    root
        The folder in which jobs have run, and would run.
    base
        The clone, for what `make cost` has measured.
    """

    def __init__(self, study: Study, *, root: Path, base: Path) -> None:
        self._study, self._root = study, root
        self._known = _compared([*measured.here(root), *measured.published(base)])
        self._found: dict[tuple[str, _Likeness], Estimate | None] = {}  # thousands of jobs of a sweep cost the same

    def of_job(self, job: Job) -> Estimate | None:
        """What a job would cost; None if nothing like it has been measured, or its network is not known."""
        if job.run and self._study.planned[job.experiment].recording:
            return None
        facts = self._facts(job)
        wanted = _likeness(job.stage, job.experiment, job.estimator, facts)
        key = job.stage, wanted
        if key not in self._found:
            self._found[key] = self._estimated(job.stage, wanted)
        return self._found[key]

    def _estimated(self, stage: str, wanted: _Likeness) -> Estimate | None:
        for taken in dict.fromkeys((stage, _STANDS_FOR.get(stage, stage))):
            if like := _like(self._known.get(taken, []), wanted):
                return _scaled(like, wanted, "" if taken == stage else f"the stage {taken} of ")
        return None

    def _facts(self, job: Job) -> Facts | Description | float:
        """What decides how much there is to do in a job."""
        planned, name = self._study.planned.get(job.experiment), Path(job.outputs[0]).name.removesuffix(".zarr")
        if job.stage in {"prepare", "intrinsic_dimension"}:
            every = ((each, variant) for each in self._study.planned.values() for variant in each.experiment.variants)
            return next(each.describe(variant) for each, variant in every if each.dataset(variant) == name)
        if planned is None:
            return 1.0
        match job.stage:
            case "train":
                return kept.of_training(measured.of_run(planned, job.run), self._folder(job))
            case "capture":
                return measured.of_run(planned, job.run)
            case "measure":
                facts = measured.of_run(planned, job.run, job.estimator)
                return kept.of_measuring(facts, self._folder(job), job.estimator)
            case "weights":
                runs = planned.runs_of(name)
                facts = measured.of_run(planned, runs[0])
                return Facts(facts.data, facts.train, folder=facts.folder, runs=len(runs))
            case "aggregate":
                return float(len(planned.parts()))
            case "gather":
                return float(len(planned.parts_of_grid()))
            case "calibrate":
                return amount.to_calibrate(parameters.calibrate(planned))
            case _:
                return 1.0

    def _folder(self, job: Job) -> Path:
        return self._root / "results" / job.experiment / "runs" / job.run


def bases(estimates: Iterable[Estimate]) -> list[str]:
    """What estimates rest on, each once, with how much more there is to do than there was."""
    ratios: dict[str, list[float]] = {}
    for each in estimates:
        ratios.setdefault(each.basis, []).append(each.ratio)
    found = []
    for basis, own in ratios.items():
        low, high = f"{min(own):.2g}", f"{max(own):.2g}"
        times = "" if basis == MEASURED else f", × {low}" if low == high else f", × {low} to {high}"
        found.append(f"{basis}{times}")
    return found


_Known = tuple[Measured, _Likeness]


def _compared(known: Iterable[Measured]) -> dict[str, list[_Known]]:
    """Jobs by their stage; without those whose network cannot be made any more."""
    found: dict[str, list[_Known]] = {}
    for each in known:
        with suppress(InfoplaneError):
            likeness = _likeness(each.stage, each.experiment, each.estimator, each.facts)
            found.setdefault(each.stage, []).append((each, likeness))
    return found


def _likeness(stage: str, experiment: str, estimator: str, facts: Facts | Description | float) -> _Likeness:
    kind = about = ""
    whole, new, at_most = facts, 1.0, False
    if isinstance(facts, Description):
        about = facts.name
    elif isinstance(facts, Facts):
        model, training = facts.train["model"], facts.train["training"]
        about = f"{model.get('name') or model.get('factory')}{' in an ensemble' * training['ensemble']}"
        kind = "" if facts.measure is None else facts.measure["estimator"]["kind"]
        whole, at_most = replace(facts, trained=0.0, measured=0), facts.at_most
    to_do, to_write = amount.of_job(stage, whole)
    if whole != facts:
        new = amount.of_job(stage, facts)[0] / to_do
    return _Likeness(experiment, estimator, kind, about, to_do, to_write, new, at_most)


def _like(known: Sequence[_Known], wanted: _Likeness) -> list[_Known]:
    """The jobs of one experiment that are most like a job."""
    if not known:
        return []
    far = [_unlikeness(each, of, wanted) for each, of in known]
    nearest = known[far.index(min(far))][0].experiment
    return [
        (each, of)
        for (each, of), distance in zip(known, far, strict=True)
        if each.experiment == nearest and distance <= min(far) + log(_LIKE)
    ]


def _unlikeness(each: Measured, of: _Likeness, wanted: _Likeness) -> float:
    """By how much more or less there was to do, and by what was another; as logarithms of the error to fear."""
    names = ("experiment", "estimator", "kind", "about")
    others = [_ERRORS[name] for name in names if getattr(of, name) != getattr(wanted, name)]
    if not each.here:
        others.append(_ERRORS["machine"])
    return abs(log((of.to_do + _LEAST) / (wanted.to_do + _LEAST))) + sum(map(log, others))


def _scaled(like: Sequence[_Known], wanted: _Likeness, what: str) -> Estimate:
    """The median of what jobs took for what there was to do, times what there is to do and is new."""
    settled = [(each, min(_SETTLING, 0.9 * each.work), of) for each, of in like]
    rate = median((each.work - settling) / max(of.to_do, _LEAST) for each, settling, of in settled)
    start = median(each.start + settling for each, settling, _ in settled)
    size = median(each.size / max(of.to_write, _LEAST) for each, of in like) * wanted.to_write
    ratio = wanted.to_do / max(median(of.to_do for _, of in like), _LEAST)
    seconds = start + rate * wanted.to_do * wanted.new
    first = like[0][0]
    same = first.experiment == wanted.experiment or (not wanted.experiment and like[0][1].about == wanted.about)
    if first.here and same and not what and 1 / _LIKE <= ratio <= _LIKE:
        return Estimate(seconds, size, MEASURED, 1.0, wanted.new, wanted.at_most)
    source = f"{what}{first.experiment}, measured {'here' if first.here else 'by make cost'}"
    return Estimate(seconds, size, f"scaled from {source}", ratio, wanted.new, wanted.at_most)
