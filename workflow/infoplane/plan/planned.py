"""One experiment with its data: its runs, its figures, what is measured, and the stores that it comes to."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path

from infoplane import adoption, claims, datasets, experiment, files, grid
from infoplane.config import Settings
from infoplane.datasets import Description
from infoplane.errors import ConfigError
from infoplane.experiment import Experiment, Run, Variant
from infoplane.grid import Point
from infoplane.provenance import code_digest
from infoplane.recordings import Recording
from infoplane.schema import ARTIFACTS, MEASURED, estimates, offered

_WEIGHTS = "weights"  # of checkpoints, without an estimator
_DIMENSION = "intrinsic_dimension"  # of data sets, without an estimator either


@dataclass(frozen=True)
class Figure:
    """A figure of an experiment: the name of its file, the registered figure, and its options."""

    name: str
    figure: str
    options: Settings


class Planned:
    """An experiment with its data, ready to be asked by rules.

    Parameters
    ----------
    study
        The experiment.
    """

    def __init__(self, study: Experiment) -> None:
        self.experiment = study
        self.runs: dict[str, Run] = {run.name: run for run in study.runs}
        self._descriptions: dict[str, Description] = {}

    @cached_property
    def figures(self) -> dict[str, Figure]:
        """Figures by the name of their file."""
        entries = [{"figure": each} if isinstance(each, str) else each for each in self.experiment.settings["figures"]]
        drawn = [
            Figure(
                each.get("name", each["figure"]),
                each["figure"],
                {key: value for key, value in each.items() if key not in {"name", "figure"}},
            )
            for each in entries
        ]
        return {figure.name: figure for figure in drawn}

    @cached_property
    def estimators(self) -> dict[str, Settings]:
        """Estimators by name."""
        return {estimator["name"]: estimator for estimator in self.experiment.settings["estimators"]}

    @cached_property
    def grid(self) -> dict[str, Point]:
        """Points of the grid by the name of the estimator that each is, the experiment's own among them."""
        return {point.name: point for point in grid.points(self.experiment.settings)}

    @cached_property
    def measured(self) -> dict[str, Settings]:
        """Every estimator that is measured: the experiment's own, and those of the grid."""
        return {**{name: point.settings for name, point in self.grid.items()}, **self.estimators}

    @property
    def recording(self) -> Recording | None:
        """The first of the stores that the experiment goes on from, all alike; None where it trains networks."""
        return next(iter(self.experiment.recordings.values()), None)

    @property
    def lacking(self) -> set[str]:
        """Groups of the summary that networks which were recorded elsewhere have nothing for."""
        return {"training", *self.recording.lacking} if self.recording else set()

    def measures(self, estimator: str) -> list[str]:
        """What is measured with an estimator; with one of the grid alone, only what conclusions are drawn from."""
        known = offered(self.measured[estimator]) - self.lacking
        wanted = known if estimator in self.estimators else known & self._concluded_from
        return [measure for measure in self.experiment.settings["measures"] if measure in wanted]

    @cached_property
    def _concluded_from(self) -> set[str]:
        """Groups of the summary that the conclusions are drawn from which a grid tries."""
        found = {"information"}
        for name in self.experiment.settings["claims"]:
            with suppress(ConfigError):  # `contradictions` tells of a claim that there is not
                found |= {*claims.claim(name, folder=self.experiment.folder).needs}
        return found

    @property
    def errors(self) -> bool:
        """Whether any estimator measures back-propagated errors."""
        return any("error_chain" in self.measures(name) for name in self.measured)

    @property
    def records(self) -> bool:
        """Whether networks are looked at while they train."""
        return "every" in self.experiment.settings["probe"]

    @cached_property
    def estimates(self) -> list[str]:
        """Names of what the estimators give: the bounds are two."""
        return [name for settings in self.estimators.values() for name in estimates(settings)]

    def describe(self, variant: Variant) -> Description:
        """The data set of a variant, or the probe of networks that were recorded elsewhere."""
        if own := self.recording:
            sizes = dict.fromkeys(("train", "test"), own.size)
            return Description(self.experiment.name, own.shape, own.classes, sizes, own.digest, own.targets)
        found = source(variant)
        key = files.digest(found)
        if key not in self._descriptions:
            self._descriptions[key] = datasets.describe(found, folder=self.experiment.folder)
        return self._descriptions[key]

    def dataset(self, variant: Variant) -> str:
        """Name of the store of a variant's data set: its own name, and a digest of its content."""
        found = self.describe(variant)
        return f"{found.name}-{files.digest([found.checksum, code_digest('infoplane.datasets')])}"

    def epochs(self, run: Run) -> tuple[float, ...]:
        """Epochs at which weights are kept."""
        training = run.variant.settings["training"]
        if "checkpoints_from" in training:
            return tuple(self.adopted(run))
        return experiment.schedule(training["checkpoints"], epochs=training["epochs"])

    def adopted(self, run: Run) -> dict[float, Path]:
        """Checkpoints of a run that was trained elsewhere, by epoch; none of one that is trained here."""
        pattern = run.variant.settings["training"].get("checkpoints_from")
        if pattern is None:
            return {}
        found = adoption.find(pattern, self.experiment.seeds, folder=self.experiment.folder.absolute())
        return found[run.seeds[0]]

    def activations(self, run: Run) -> str:
        """Path of a run's activations: captured, or recorded elsewhere."""
        if own := self.experiment.recording(run):
            return str(own.path)
        return f"results/{ARTIFACTS['activations'].path}".format(experiment=self.experiment.name, run=run.name)

    @property
    def groups(self) -> set[str]:
        """Groups that the summary will have."""
        by_estimator = (measure for name in self.estimators for measure in self.measures(name))
        others = {_WEIGHTS, _DIMENSION} & {*self.experiment.settings["measures"]}
        return {"training", *by_estimator, *others} - self.lacking

    def runs_of(self, variant: str) -> list[str]:
        """Names of a variant's runs."""
        return [name for name, run in self.runs.items() if run.variant.name == variant]

    def parts(self) -> list[tuple[str, dict[str, str]]]:
        """Stores that the summary is made of: the path of each, with its group and its variant."""
        return self._parts(set(self.experiment.settings["measures"]), self.estimators)

    def parts_of_grid(self) -> list[tuple[str, dict[str, str]]]:
        """The same of the summary of the grid, which has what conclusions are drawn from and nothing else."""
        return self._parts(set(self.experiment.settings["measures"]) & self._concluded_from, self.grid)

    def _parts(self, groups: set[str], estimators: Iterable[str]) -> list[tuple[str, dict[str, str]]]:
        found = []
        asked = [group for group in MEASURED if group in groups]
        for name, run in self.runs.items():
            own = {"experiment": self.experiment.name, "run": name}
            trained = [] if self.recording else [("training", "")]
            for group, estimator in [*trained, *product(asked, estimators)]:
                path = f"results/{ARTIFACTS[group].path}".format(**own, estimator=estimator)
                found.append((path, {"group": group, "variant": run.variant.name}))
        for variant in self.experiment.variants if _WEIGHTS in groups else ():
            path = f"results/{ARTIFACTS[_WEIGHTS].path}".format(experiment=self.experiment.name, variant=variant.name)
            found.append((path, {"group": _WEIGHTS, "variant": variant.name}))
        for variant in self.experiment.variants if _DIMENSION in groups else ():
            path = f"results/{ARTIFACTS[_DIMENSION].path}".replace("{name}-{digest}", self.dataset(variant))
            found.append((path, {"group": _DIMENSION, "variant": variant.name}))
        return found

    @property
    def calibrated(self) -> Variant | None:
        """The variant whose layers the estimators are calibrated for, if they are; of several the first by default."""
        if "calibration" not in self.experiment.settings:
            return None
        variants = {variant.name: variant for variant in self.experiment.variants}
        return variants[self.experiment.settings["calibration"].get("variant", next(iter(variants)))]

    @property
    def needs_maps(self) -> bool:
        """Whether any estimator takes the maps of a convolution one by one."""
        return any(estimator.get("joint") == "multivariate" for estimator in self.measured.values())

    def trained_model(self, variant: Variant) -> Settings:
        """A variant's `model` as training has it: the layers to look at matter if that is done meanwhile."""
        model: Settings = variant.settings["model"]
        return model if self.records else without_layers(variant)


def without_layers(variant: Variant) -> Settings:
    """A variant's `model` without the layers to look at."""
    return {key: value for key, value in variant.settings["model"].items() if key != "layers"}


def source(variant: Variant) -> Settings:
    """Where a variant's data come from, without what part of them it uses."""
    data = variant.settings["dataset"]
    return {key: value for key, value in data.items() if key not in {"limit", "fraction"}}
