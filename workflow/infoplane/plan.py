"""What Snakemake asks before it runs anything: the experiments, their runs, and the parameters of every job.

A job's parameters are the settings that its stage reads and a digest of the code that it uses, and nothing else:
editing a title or a figure then trains nothing, and adding seeds or an estimator computes just those.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

from infoplane import config, datasets, experiment, factories, figures, files, models
from infoplane.config import Settings
from infoplane.datasets import Description
from infoplane.errors import ConfigError, InfoplaneError, raise_all
from infoplane.experiment import Experiment, Run, Variant
from infoplane.names import accepted, unknown
from infoplane.provenance import code_digest
from infoplane.schema import ARTIFACTS

_AROUND = ("infoplane.device", "infoplane.jobs", "infoplane.store")  # what scripts use beside their stage
_MEASURED = ("information", "decomposition", "error_chain")


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

    def measures(self, estimator: str) -> list[str]:
        """What is measured with an estimator."""
        joint = self.estimators[estimator]["joint"]
        wanted = self.experiment.settings["measures"]
        return [measure for measure in wanted if measure != "decomposition" or joint == "multivariate"]

    def describe(self, variant: Variant) -> Description:
        """The data set of a variant."""
        source = _source(variant)
        key = files.digest(source)
        if key not in self._descriptions:
            self._descriptions[key] = datasets.describe(source, folder=self.experiment.folder)
        return self._descriptions[key]

    def dataset(self, variant: Variant) -> str:
        """Name of the store of a variant's data set: its own name, and a digest of its content."""
        found = self.describe(variant)
        return f"{found.name}-{files.digest([found.checksum, code_digest('infoplane.datasets')])}"

    def epochs(self, variant: Variant) -> tuple[float, ...]:
        """Epochs at which weights are kept."""
        training = variant.settings["training"]
        return experiment.schedule(training["checkpoints"], epochs=training["epochs"])

    def train(self, run: Run) -> Settings:
        """Parameters of training."""
        data = run.variant.settings["dataset"]
        return {
            **self._model(run.variant, without={"layers"}),
            "training": run.variant.settings["training"],
            "seeds": list(run.seeds),
            "epochs": list(self.epochs(run.variant)),
            "limit": data.get("limit"),
            "fraction": data.get("fraction"),
            "code": self._code(run.variant, "infoplane.training.run"),
            "around": code_digest(*_AROUND),
        }

    def capture(self, run: Run) -> Settings:
        """Parameters of capture."""
        settings, training = self.experiment.settings, run.variant.settings["training"]
        return {
            **self._model(run.variant),
            "seeds": list(run.seeds),
            **{key: training[key] for key in ("ensemble", "dtype", "threads")},
            "probe": settings["probe"],
            "store": settings["store"],
            "errors": "error_chain" in settings["measures"],
            "maps": settings["store"] != "raw" and self._needs_maps(),
            "code": self._code(run.variant, "infoplane.capture.run"),
            "around": code_digest(*_AROUND),
        }

    def measure(self, run: Run, estimator: str) -> Settings:
        """Parameters of measuring."""
        return {
            "estimator": self.estimators[estimator],
            "controls": self.experiment.settings["controls"],
            "capture": files.digest(self.capture(run)),
            "code": {name: code_digest(f"infoplane.analysis.{name}") for name in self.measures(estimator)},
            "around": code_digest(*_AROUND, "infoplane.analysis.measure"),
        }

    def aggregate(self) -> Settings:
        """Parameters of the summary; with them comes what figures say of the experiment."""
        settings = self.experiment.settings
        facts = {key: settings[key] for key in settings if key not in {"figures", "preview", "seeds"}}
        return {
            "variants": {variant.name: dict(variant.labels) for variant in self.experiment.variants},
            "experiment": {
                "name": self.experiment.name,
                **facts,
                "seeds": list(self.experiment.seeds),
                "preview": self.experiment.preview,
            },
            "code": code_digest("infoplane.analysis.summary", "infoplane.jobs"),
        }

    def parts(self) -> list[dict[str, str]]:
        """Stores that the summary is made of: group, variant, estimator and path of each."""
        found = []
        for name, run in self.runs.items():
            own = {"experiment": self.experiment.name, "run": name}
            for group, estimator in [("training", ""), *product(_MEASURED, self.estimators)]:
                path = f"results/{ARTIFACTS[group].path}".format(**own, estimator=estimator)
                found.append({"group": group, "variant": run.variant.name, "estimator": estimator, "path": path})
        return found

    def draw(self, name: str) -> Settings:
        """Parameters of a figure."""
        figure = self.figures[name]
        modules = ("infoplane.figures.files", f"infoplane.figures.pages.{figure.figure}")
        return {
            "figure": figure.figure,
            "options": figure.options,
            "code": code_digest(*modules, "infoplane.jobs", "infoplane.store"),
        }

    def contradictions(self) -> Iterator[str]:
        """Faults that show only beside the data, the networks and the figures that are known."""
        for variant in self.experiment.variants:
            try:
                yield from self._of_data(variant, self.describe(variant))
            except InfoplaneError as error:
                yield f"key 'dataset': {error}"
        yield from self._of_figures()

    def check_networks(self) -> Iterator[str]:
        """Faults that show only when the networks are made; loads torch."""
        made: set[str] = set()
        trained: dict[str, None] = {}
        looked_at: dict[str, None] = {}
        failed = False
        for variant in self.experiment.variants:
            found = self.describe(variant)
            key = files.digest([variant.settings["model"], found.shape, found.classes])
            if key in made:
                continue
            made.add(key)
            try:
                network = models.make(
                    variant.settings["model"], found.shape, found.classes, folder=self.experiment.folder
                )
            except ConfigError as error:
                yield f"key 'model': {error}"
                failed = True
                continue
            layers = [layer.name for layer in network.layers]
            trained |= dict.fromkeys(layers)
            looked_at |= dict.fromkeys(self._looked_at(variant, layers))
        for figure in () if failed else self.figures.values():
            known = trained if figures.needs(figure.figure) == {"training"} else looked_at
            yield from _not_among(figure, "layers", known)

    def _of_data(self, variant: Variant, found: Description) -> Iterator[str]:
        probe, data = self.experiment.settings["probe"], variant.settings["dataset"]
        taken = probe["batches"] * probe["size"]
        kept = round(found.sizes["train"] * data.get("fraction", 1))
        sizes = {"train": min(kept, data.get("limit", kept)), "test": found.sizes["test"]}
        for split in probe["splits"]:
            if taken > sizes[split]:
                yield (
                    f"key 'probe' asks for {probe['batches']} batches of {probe['size']} = {taken} samples of split "
                    f"{split!r}; accepted: at most the {sizes[split]} that it has"
                )

    def _of_figures(self) -> Iterator[str]:
        names = [
            each if isinstance(each, str) else each.get("name", each["figure"])
            for each in self.experiment.settings["figures"]
        ]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"key 'figures' has {name!r} more than once; accepted: a name of its own for each"
        groups = {"training", *(measure for name in self.estimators for measure in self.measures(name))}
        for figure in self.figures.values():
            try:
                figures.check(figure.figure, figure.options)
            except ConfigError as error:
                yield "key 'figures': {}".format(str(error).replace("\n  - ", " "))
                continue
            for group in sorted(figures.needs(figure.figure) - groups):
                yield (
                    f"key 'figures' has {figure.figure!r}, which needs {group!r}; accepted: with {group!r} among "
                    "'measures' and an estimator that offers it"
                )
            known = {
                "estimator": tuple(self.estimators),
                "split": self.experiment.settings["probe"]["splits"],
                "variants": [variant.name for variant in self.experiment.variants],
                "hue": self.experiment.swept,
            }
            yield from (fault for option, names in known.items() for fault in _not_among(figure, option, names))

    def _looked_at(self, variant: Variant, layers: Sequence[str]) -> Sequence[str]:
        """Names of the layers of a network that are captured."""
        chosen = variant.settings["model"].get("layers", layers)
        last = layers[-1:] if "error_chain" in self.experiment.settings["measures"] else []
        return [layer for layer in layers if layer in chosen or layer in last]

    def _needs_maps(self) -> bool:
        return any(estimator["joint"] == "multivariate" for estimator in self.estimators.values())

    def _model(self, variant: Variant, without: Iterable[str] = ()) -> Settings:
        model = {key: value for key, value in variant.settings["model"].items() if key not in set(without)}
        own = model.get("factory")
        return {
            "model": model,
            "folder": str(self.experiment.folder) if own else "",  # or results would hang on where the project lies
            "source": factories.source_digest(own, folder=self.experiment.folder) if own else "",
        }

    @staticmethod
    def _code(variant: Variant, *modules: str) -> str:
        name = variant.settings["model"].get("name")
        return code_digest(*modules, *([models.module(name)] if name else []))


class Study:
    """All that config.yaml asks for; its methods answer what the rules ask, from a job's wildcards.

    Parameters
    ----------
    planned
        Experiments by name.
    keep
        Intermediate artifacts to keep.
    """

    def __init__(self, planned: Mapping[str, Planned], keep: Iterable[str]) -> None:
        self.planned, self.keep = planned, frozenset(keep)

    @cached_property
    def datasets(self) -> dict[str, tuple[Settings, Path]]:
        """Source and folder of every data set, by the name of its store."""
        return {
            planned.dataset(variant): (_source(variant), _folder(variant, planned.experiment))
            for planned in self.planned.values()
            for variant in planned.experiment.variants
        }

    def prepare(self, wildcards: Any) -> Settings:
        """Parameters of preparing a data set."""
        source, folder = self.datasets[wildcards.dataset]
        return {"source": source, "folder": str(folder), "code": code_digest("infoplane.jobs", "infoplane.store")}

    def dataset(self, wildcards: Any) -> str:
        """The store of a run's data set."""
        planned, run = self._run(wildcards)
        return f"results/{ARTIFACTS['dataset'].path}".replace("{name}-{digest}", planned.dataset(run.variant))

    def threads(self, wildcards: Any) -> int:
        """Threads of a run's networks."""
        return int(self._run(wildcards)[1].variant.settings["training"]["threads"])

    def train(self, wildcards: Any) -> Settings:
        """Parameters of training a run."""
        planned, run = self._run(wildcards)
        return planned.train(run)

    def capture(self, wildcards: Any) -> Settings:
        """Parameters of capturing a run."""
        planned, run = self._run(wildcards)
        return planned.capture(run)

    def measure(self, wildcards: Any) -> Settings:
        """Parameters of measuring a run with an estimator."""
        planned, run = self._run(wildcards)
        return planned.measure(run, wildcards.estimator)

    def parts(self, wildcards: Any) -> list[dict[str, str]]:
        """Stores that a summary is made of."""
        return self.planned[wildcards.experiment].parts()

    def stores(self, wildcards: Any) -> list[str]:
        """Paths of the stores that a summary is made of."""
        return [part["path"] for part in self.parts(wildcards)]

    def aggregate(self, wildcards: Any) -> Settings:
        """Parameters of a summary."""
        return self.planned[wildcards.experiment].aggregate()

    def draw(self, wildcards: Any) -> Settings:
        """Parameters of a figure."""
        return self.planned[wildcards.experiment].draw(wildcards.figure)

    def drawn_by(self, figure: str) -> str:
        """A regular expression for the names of all figures that a registered one draws."""
        every = (each for planned in self.planned.values() for each in planned.figures.values())
        return "|".join(sorted({each.name for each in every if each.figure == figure})) or "(?!)"

    def summaries(self) -> list[str]:
        """The summary of every experiment."""
        return [f"results/{ARTIFACTS['summary'].path}".format(experiment=name) for name in self.planned]

    def kept(self) -> list[str]:
        """Intermediate stores that are asked for beside the results."""
        return [
            f"results/{ARTIFACTS[artifact].path}".format(experiment=name, run=run)
            for artifact in sorted(self.keep)
            for name, planned in self.planned.items()
            for run in planned.runs
        ]

    def figures(self) -> list[str]:
        """Every file of every figure."""
        return [
            f"results/{name}/figures/{figure}.{ending}"
            for name, planned in self.planned.items()
            for figure in planned.figures
            for ending in ("svg", "png", "pdf", "csv")
        ]

    def _run(self, wildcards: Any) -> tuple[Planned, Run]:
        planned = self.planned[wildcards.experiment]
        return planned, planned.runs[wildcards.run]


def study(written: Mapping[str, Any], *, base: Path, networks: bool = True) -> Study:
    """Read and check all that is asked for.

    Parameters
    ----------
    written
        The content of config.yaml, with what the command line laid over it.
    base
        Folder of the Snakefile.
    networks
        Whether to make every network once, which loads torch; a job need not do again what the plan has done.

    Raises
    ------
    ConfigError
        One message with every fault of the first file that has any.
    """
    settings = config.complete(written, schema="config", origin="config.yaml")
    preview = str(settings["preview"]).lower() == "true"
    planned: dict[str, Planned] = {}
    for name in dict.fromkeys(settings["experiments"]):
        path = _path(name, base)
        found = Planned(experiment.load(path, preview=preview))
        raise_all(dict.fromkeys(found.contradictions()), heading=str(path), error=ConfigError)
        if networks:
            raise_all(dict.fromkeys(found.check_networks()), heading=str(path), error=ConfigError)
        if found.experiment.name in planned:
            raise ConfigError(f"config.yaml: two experiments are called {found.experiment.name!r}; rename one file")
        planned[found.experiment.name] = found
    raise_all(_of_one_name(planned.values()), heading="config.yaml", error=ConfigError)
    return Study(planned, settings["keep"])


def _of_one_name(planned: Iterable[Planned]) -> Iterator[str]:
    """Different figures that experiments call by one name: Snakemake could not tell which rule draws the file."""
    drawn: dict[str, dict[str, None]] = {}
    for figure in (figure for each in planned for figure in each.figures.values()):
        drawn.setdefault(figure.name, {})[figure.figure] = None
    for name, registered in drawn.items():
        if len(registered) > 1:
            yield f"experiments call {' and '.join(registered)} {name!r}; accepted: a name of its own for each"


def _path(name: str, base: Path) -> Path:
    """The file of an experiment: a path to the user's own, or a name of those that are here."""
    shipped = base / "workflow" / "experiments"
    if name.endswith((".yaml", ".yml")) or "/" in name:
        return Path(name) if Path(name).is_absolute() or Path(name).exists() else base / name
    path = shipped / f"{name}.yaml"
    if not path.exists():
        known = sorted(each.stem for each in shipped.glob("*.yaml"))
        raise ConfigError(
            f"config.yaml: {unknown('experiment', name, known)}, or the path of your own file, ending in .yaml"
        )
    return path


def _source(variant: Variant) -> Settings:
    """Where a variant's data come from, without what part of them it uses."""
    data = variant.settings["dataset"]
    return {key: value for key, value in data.items() if key not in {"limit", "fraction"}}


def _folder(variant: Variant, study: Experiment) -> Path:
    """Where the path of a variant's data starts; nowhere, if they have a name."""
    return Path() if "name" in variant.settings["dataset"] else study.folder


def _not_among(figure: Figure, option: str, names: Collection[str]) -> Iterator[str]:
    """What an option of a figure asks for and the experiment does not have."""
    value = figure.options.get(option)
    for each in value if isinstance(value, list) else [value]:
        if each is not None and each not in names:
            yield f"key 'figures' has {option} {each!r} in {figure.name!r}; {accepted(each, names)}"
