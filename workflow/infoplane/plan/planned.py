"""One experiment: its runs, its figures, and the parameters of its jobs."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path

from infoplane import adoption, claims, datasets, experiment, explorer, factories, figures, files, grid, models
from infoplane.config import Settings
from infoplane.datasets import Description
from infoplane.errors import ConfigError
from infoplane.experiment import Experiment, Run, Variant
from infoplane.grid import Point
from infoplane.provenance import code_digest
from infoplane.recordings import WAY_OUT, Recording
from infoplane.schema import ARTIFACTS, MEASURED, estimates, offered

_AROUND = ("infoplane.device", "infoplane.jobs", "infoplane.store")  # what scripts use beside their stage
_WEIGHTS = "weights"  # of checkpoints, without an estimator
_TEMPLATE = Path(figures.__file__).with_name("animation.html")  # no module, so that no digest of code has it
# Keys that the summary does not hang on, or has apart.
_APART = {"claims", "figures", "animations", "preview", "seeds", "sensitivity", "calibration", "style"}


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

    def train(self, run: Run) -> Settings:
        """Parameters of training."""
        data = run.variant.settings["dataset"]
        return {
            **self._model(self.trained_model(run.variant)),
            "training": run.variant.settings["training"],
            "seeds": list(run.seeds),
            "epochs": list(self.epochs(run)),
            "limit": data.get("limit"),
            "fraction": data.get("fraction"),
            "moments": self._moments(run.variant),
            "code": self._code(run.variant, "infoplane.training.run", *(["infoplane.capture.moments"] * self.records)),
            "around": code_digest(*_AROUND),
        }

    def capture(self, run: Run) -> Settings:
        """Parameters of capture."""
        settings, training = self.experiment.settings, run.variant.settings["training"]
        return {
            **self._model(run.variant.settings["model"]),
            "seeds": list(run.seeds),
            **{key: training[key] for key in ("ensemble", "dtype", "threads")},
            "probe": settings["probe"],
            "store": settings["store"],
            "errors": self.errors,
            "loss": training.get("loss"),
            "preactivations": any(each.get("read") == "preactivation" for each in self.measured.values()),
            "maps": settings["store"] != "raw" and self._needs_maps(),
            "code": self._code(run.variant, f"infoplane.capture.{'recorded' if self.records else 'run'}"),
            "around": code_digest(*_AROUND),
        }

    def activations(self, run: Run) -> str:
        """Path of a run's activations: captured, or recorded elsewhere."""
        if own := self.experiment.recording(run):
            return str(own.path)
        return f"results/{ARTIFACTS['activations'].path}".format(experiment=self.experiment.name, run=run.name)

    def measure(self, run: Run, estimator: str) -> Settings:
        """Parameters of measuring."""
        own = self.experiment.recording(run)
        return {
            "estimator": self.measured[estimator],
            "controls": self.experiment.settings["controls"],
            **({"recorded": own.digest, "otherwise": WAY_OUT} if own else {"capture": files.digest(self.capture(run))}),
            "code": {name: self._measuring(name, estimator) for name in self.measures(estimator)},
            "around": code_digest(*_AROUND, "infoplane.analysis.measure"),
        }

    @property
    def weighs(self) -> bool:
        """Whether the weights of the networks are measured."""
        return _WEIGHTS in self.experiment.settings["measures"]

    @property
    def groups(self) -> set[str]:
        """Groups that the summary will have."""
        by_estimator = (measure for name in self.estimators for measure in self.measures(name))
        return {"training", *by_estimator, *([_WEIGHTS] if self.weighs else [])} - self.lacking

    def runs_of(self, variant: str) -> list[str]:
        """Names of a variant's runs."""
        return [name for name, run in self.runs.items() if run.variant.name == variant]

    def weights(self, variant: Variant) -> Settings:
        """Parameters of measuring the weights of a variant's networks."""
        data = self.describe(variant)
        return {
            **self._model(without_layers(variant)),
            "shape": list(data.shape),
            "classes": data.classes,
            "ensemble": variant.settings["training"]["ensemble"],
            "code": self._code(variant, "infoplane.training.published", "infoplane.analysis.weights"),
            "around": code_digest(*_AROUND),
        }

    def aggregate(self) -> Settings:
        """Parameters of the summary; with them comes what figures say of the experiment."""
        settings = self.experiment.settings
        apart = _APART | {"training"} if self.recording else _APART  # of which no more is known than the epochs
        facts = {key: settings[key] for key in settings if key not in apart}
        return {
            "variants": {variant.name: dict(variant.labels) for variant in self.experiment.variants},
            "experiment": {
                "name": self.experiment.name,
                **facts,
                "seeds": list(self.experiment.seeds),
                "seeds_left_out": list(self.experiment.left_out),
                "preview": self.experiment.preview,
            },
            "code": code_digest("infoplane.analysis.summary", "infoplane.jobs"),
        }

    def gather(self) -> Settings:
        """Parameters of the summary of the grid: of the summary, with the grid's estimators in place of its own."""
        facts, points = self.aggregate(), self.grid.values()
        tried = {
            "estimators": [point.settings for point in points],
            "grid": [
                {
                    "name": each.name,
                    "base": each.base,
                    "own": each.name in self.estimators,
                    "choices": dict(each.choices),
                }
                for each in points
            ],
        }
        return {**facts, "experiment": {**facts["experiment"], **tried}}

    def _moments(self, variant: Variant) -> Settings | None:
        """When and where the networks of a variant are looked at while they train, if they are."""
        if not self.records:
            return None
        chosen = {key: self.experiment.settings["probe"][key] for key in ("every", "splits", "size", "seed")}
        return {**chosen, "layers": variant.settings["model"].get("layers", []), "maps": self._needs_maps()}

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
        return found

    @property
    def calibrated(self) -> Variant | None:
        """The variant whose layers the estimators are calibrated for, if they are; of several the first by default."""
        if "calibration" not in self.experiment.settings:
            return None
        variants = {variant.name: variant for variant in self.experiment.variants}
        return variants[self.experiment.settings["calibration"].get("variant", next(iter(variants)))]

    def calibrate(self) -> Settings:
        """Parameters of a calibration."""
        variant = self.calibrated
        assert variant is not None
        data, settings = self.describe(variant), self.experiment.settings
        kinds = dict.fromkeys(each["kind"] for each in self.estimators.values())
        own = [f"infoplane.analysis.information.{kind}" for kind in kinds]
        return {
            **self._model(variant.settings["model"]),
            "variant": variant.name,
            "shape": list(data.shape),
            "classes": data.classes,
            "estimators": settings["estimators"],
            "size": settings["probe"]["size"],
            **{key: settings["calibration"][key] for key in ("repetitions", "seed")},
            "code": self._code(variant, "infoplane.analysis.calibration", "infoplane.capture.shapes", *own),
            "around": code_digest(*_AROUND),
        }

    def read_off(self) -> Settings:
        """Parameters of the page and the figures of a calibration."""
        modules = ("infoplane.figures.calibration_page", "infoplane.figures.files")
        return {
            "style": self.experiment.settings["style"],
            "code": code_digest(*modules, "infoplane.jobs", "infoplane.store"),
        }

    def judge(self) -> Settings:
        """Parameters of the verdicts."""
        return {
            **self._claims,
            "code": code_digest("infoplane.claims.write", *claims.modules(), "infoplane.jobs", "infoplane.store"),
        }

    def conclude(self) -> Settings:
        """Parameters of the conclusions across the grid."""
        modules = ("infoplane.claims.write_across", "infoplane.claims.conclusions", *claims.modules())
        shown = ("infoplane.figures.points", "infoplane.figures.files")
        return {
            **self._claims,
            "style": self.experiment.settings["style"],
            "code": code_digest(*modules, *shown, "infoplane.jobs", "infoplane.store"),
        }

    @property
    def _claims(self) -> Settings:
        """Claims to judge, and what those depend on that are the user's own."""
        names = self.experiment.settings["claims"]
        own = [name for name in names if ":" in name]
        return {
            "claims": names,
            "folder": str(self.experiment.folder) if own else "",
            "sources": [factories.source_digest(name, folder=self.experiment.folder) for name in own],
        }

    def draw(self, name: str) -> Settings:
        """Parameters of a figure."""
        figure = self.figures[name]
        modules = ("infoplane.figures.files", f"infoplane.figures.pages.{figure.figure}")
        return {
            "figure": figure.figure,
            "options": figure.options,
            "style": self.experiment.settings["style"],
            "code": code_digest(*modules, "infoplane.jobs", "infoplane.store"),
        }

    def animate(self, name: str) -> Settings:
        """Parameters of the animation of a figure."""
        figure = self.figures[name]
        modules = ("infoplane.figures.animation", f"infoplane.figures.pages.{figure.figure}")
        return {
            "figure": figure.figure,
            "options": figure.options,
            "style": self._on_screen("font", "palette"),
            "template": files.sha256(_TEMPLATE),
            "code": code_digest(*modules, "infoplane.jobs", "infoplane.store"),
        }

    def explore(self) -> Settings:
        """Parameters of the explorer."""
        modules = ("infoplane.explorer.write", *(f"infoplane.figures.pages.{name}" for name in explorer.SHOWN))
        return {
            "style": self._on_screen("palette"),
            "parts": [files.sha256(part) for part in explorer.PARTS],
            "code": code_digest(*modules, "infoplane.jobs", "infoplane.store"),
        }

    def _on_screen(self, *keys: str) -> Settings:
        """What a page or a GIF has of the style, which else is for paper."""
        return {key: self.experiment.settings["style"][key] for key in keys}

    def _measuring(self, measure: str, estimator: str) -> str:
        """Digest of the code that measures, of all kinds of estimators that of the estimator's own."""
        own = [f"infoplane.analysis.information.{self.measured[estimator]['kind']}"] * (measure == "information")
        return code_digest(f"infoplane.analysis.{measure}", *own)

    def _needs_maps(self) -> bool:
        return any(estimator.get("joint") == "multivariate" for estimator in self.measured.values())

    def trained_model(self, variant: Variant) -> Settings:
        """A variant's `model` as training has it: the layers to look at matter if that is done meanwhile."""
        model: Settings = variant.settings["model"]
        return model if self.records else without_layers(variant)

    def _model(self, model: Settings) -> Settings:
        own = model.get("factory")
        return {
            "model": model,
            "folder": str(self.experiment.folder) if own else "",  # or results would hang on where the project lies
            "source": factories.source_digest(own, folder=self.experiment.folder) if own else "",
        }

    @staticmethod
    def _code(variant: Variant, *modules: str) -> str:
        name = variant.settings["model"].get("name")
        return code_digest(*modules, models.module(name) if name else models.FINDING)


def without_layers(variant: Variant) -> Settings:
    """A variant's `model` without the layers to look at."""
    return {key: value for key, value in variant.settings["model"].items() if key != "layers"}


def source(variant: Variant) -> Settings:
    """Where a variant's data come from, without what part of them it uses."""
    data = variant.settings["dataset"]
    return {key: value for key, value in data.items() if key not in {"limit", "fraction"}}
