"""What Snakemake asks before it runs anything: the experiments, their runs, and the parameters of every job.

A job's parameters are the settings that its stage reads and a digest of the code that it uses, and nothing else:
editing a title or a figure then trains nothing, and adding seeds or an estimator computes just those.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from infoplane import config, experiment
from infoplane.config import Settings
from infoplane.errors import ConfigError, raise_all
from infoplane.experiment import Run, Variant
from infoplane.names import unknown
from infoplane.plan import contradictions, parameters
from infoplane.plan.planned import Planned, source
from infoplane.provenance import code_digest
from infoplane.schema import ARTIFACTS


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
        """Source and folder of every data set that is prepared, by the name of its store."""
        return {
            planned.dataset(variant): (source(variant), _folder(variant, planned))
            for planned in self.planned.values()
            if not planned.recording
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

    def intrinsic_dimension(self, _: Any) -> Settings:
        """Parameters of estimating the dimension of a data set."""
        return parameters.intrinsic_dimension()

    def threads(self, wildcards: Any) -> int:
        """Threads of a run's networks."""
        return int(self._run(wildcards)[1].variant.settings["training"]["threads"])

    def train(self, wildcards: Any) -> Settings:
        """Parameters of training a run."""
        planned, run = self._run(wildcards)
        return parameters.train(planned, run)

    def adopted(self, wildcards: Any) -> list[str]:
        """Checkpoints of a run that was trained elsewhere, epoch by epoch; none of one that is trained here."""
        planned, run = self._run(wildcards)
        return [str(path) for path in planned.adopted(run).values()]

    def capture(self, wildcards: Any) -> Settings:
        """Parameters of capturing a run."""
        planned, run = self._run(wildcards)
        return parameters.capture(planned, run)

    def activations(self, wildcards: Any) -> str:
        """The store of a run's activations."""
        planned, run = self._run(wildcards)
        return planned.activations(run)

    def measure(self, wildcards: Any) -> Settings:
        """Parameters of measuring a run with an estimator."""
        planned, run = self._run(wildcards)
        return parameters.measure(planned, run, wildcards.estimator)

    def checkpoints(self, wildcards: Any) -> list[str]:
        """Published weights of a variant's runs."""
        return self._of_runs("checkpoints", wildcards)

    def trained(self, wildcards: Any) -> list[str]:
        """Stores of the training of a variant's runs."""
        return self._of_runs("training", wildcards)

    def weights(self, wildcards: Any) -> Settings:
        """Parameters of measuring the weights of a variant's networks."""
        planned = self.planned[wildcards.experiment]
        (variant,) = (each for each in planned.experiment.variants if each.name == wildcards.variant)
        return parameters.weights(planned, variant)

    def stores(self, wildcards: Any) -> list[str]:
        """Paths of the stores that a summary is made of."""
        return [path for path, _ in self.planned[wildcards.experiment].parts()]

    def parts(self, wildcards: Any) -> list[dict[str, str]]:
        """What each of them is a store of: its group and its variant."""
        return [part for _, part in self.planned[wildcards.experiment].parts()]

    def aggregate(self, wildcards: Any) -> Settings:
        """Parameters of a summary."""
        return parameters.aggregate(self.planned[wildcards.experiment])

    def stores_of_grid(self, wildcards: Any) -> list[str]:
        """Paths of the stores that the summary of a grid is made of."""
        return [path for path, _ in self.planned[wildcards.experiment].parts_of_grid()]

    def parts_of_grid(self, wildcards: Any) -> list[dict[str, str]]:
        """What each of them is a store of: its group and its variant."""
        return [part for _, part in self.planned[wildcards.experiment].parts_of_grid()]

    def gather(self, wildcards: Any) -> Settings:
        """Parameters of the summary of a grid."""
        return parameters.gather(self.planned[wildcards.experiment])

    def conclude(self, wildcards: Any) -> Settings:
        """Parameters of the conclusions across a grid."""
        return parameters.conclude(self.planned[wildcards.experiment])

    def calibrate(self, wildcards: Any) -> Settings:
        """Parameters of a calibration."""
        return parameters.calibrate(self.planned[wildcards.experiment])

    def read_off(self, wildcards: Any) -> Settings:
        """Parameters of the page of a calibration."""
        return parameters.read_off(self.planned[wildcards.experiment])

    def judge(self, wildcards: Any) -> Settings:
        """Parameters of the verdicts."""
        return parameters.judge(self.planned[wildcards.experiment])

    def draw(self, wildcards: Any) -> Settings:
        """Parameters of a figure."""
        return parameters.draw(self.planned[wildcards.experiment], wildcards.figure)

    def animate(self, wildcards: Any) -> Settings:
        """Parameters of the animation of a figure."""
        return parameters.animate(self.planned[wildcards.experiment], wildcards.figure)

    def judged(self, wildcards: Any) -> list[str]:
        """The verdicts that the explorer of an experiment shows, if it makes claims."""
        name = wildcards.experiment
        path = f"results/{ARTIFACTS['claims'].path.format(experiment=name)}.json"
        return [path] if self.planned[name].experiment.settings["claims"] else []

    def explore(self, wildcards: Any) -> Settings:
        """Parameters of the explorer."""
        return parameters.explore(self.planned[wildcards.experiment])

    def drawn_by(self, figure: str) -> str:
        """A regular expression for the names of all figures that a registered one draws."""
        every = (each for planned in self.planned.values() for each in planned.figures.values())
        return "|".join(sorted({each.name for each in every if each.figure == figure})) or "(?!)"

    def asking(self, group: str) -> str:
        """A regular expression for the names of all experiments that ask for something to be measured."""
        every = (name for name, each in self.planned.items() if group in each.experiment.settings["measures"])
        return "|".join(sorted(every)) or "(?!)"

    def summaries(self) -> list[str]:
        """The summary of every experiment."""
        return [f"results/{ARTIFACTS['summary'].path}".format(experiment=name) for name in self.planned]

    def verdicts(self) -> list[str]:
        """The verdicts of every experiment that makes claims."""
        return [
            f"results/{ARTIFACTS['claims'].path.format(experiment=name)}.{ending}"
            for name, planned in self.planned.items()
            if planned.experiment.settings["claims"]
            for ending in ("json", "md", "html")
        ]

    def conclusions(self) -> list[str]:
        """What is said and drawn of the grid of every experiment that has one."""
        return [
            f"results/{ARTIFACTS['sensitivity'].path.format(experiment=name)}.{ending}"
            for name, planned in self.planned.items()
            if planned.grid
            for ending in ("json", "md", "html", "svg", "png", "pdf", "csv")
        ]

    def calibrations(self) -> list[str]:
        """The page of every experiment whose estimators are calibrated."""
        return [
            f"results/{ARTIFACTS['calibration'].path.format(experiment=name)}.html"
            for name, planned in self.planned.items()
            if planned.calibrated
        ]

    def kept(self) -> list[str]:
        """Intermediate stores that are asked for beside the results."""
        return [
            f"results/{ARTIFACTS[artifact].path}".format(experiment=name, run=run)
            for artifact in sorted(self.keep)
            for name, planned in self.planned.items()
            if not planned.recording
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

    def animations(self) -> list[str]:
        """Every file of every animation."""
        return [
            f"results/{name}/animations/{figure}.{ending}"
            for name, planned in self.planned.items()
            for figure in planned.experiment.settings["animations"]
            for ending in ("gif", "html")
        ]

    def explorers(self) -> list[str]:
        """The explorer of every experiment, as it is and packed."""
        return [
            f"results/{ARTIFACTS['explorer'].path.format(experiment=name)}.{ending}"
            for name in self.planned
            for ending in ("html", "zip")
        ]

    def _of_runs(self, artifact: str, wildcards: Any) -> list[str]:
        """Paths of an artifact of all runs of a variant."""
        runs = self.planned[wildcards.experiment].runs_of(wildcards.variant)
        return [f"results/{ARTIFACTS[artifact].path}".format(experiment=wildcards.experiment, run=run) for run in runs]

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
    plain = {**written, "seeds": _number(written.get("seeds"))}
    settings = config.complete(plain, schema="config", origin="config.yaml")
    preview = str(settings["preview"]).lower() == "true"
    planned: dict[str, Planned] = {}
    for name in dict.fromkeys(settings["experiments"]):
        path = _path(name, base)
        found = Planned(experiment.load(path, preview=preview, first=settings["seeds"], style=settings["style"]))
        raise_all(dict.fromkeys(contradictions.of_settings(found)), heading=str(path), error=ConfigError)
        if networks:
            raise_all(dict.fromkeys(contradictions.of_networks(found)), heading=str(path), error=ConfigError)
        if found.experiment.name in planned:
            raise ConfigError(f"config.yaml: two experiments are called {found.experiment.name!r}; rename one file")
        planned[found.experiment.name] = found
    raise_all(contradictions.of_names(planned.values()), heading="config.yaml", error=ConfigError)
    return Study(planned, settings["keep"])


def growing(first: int) -> Callable[..., int]:
    """A resource of a job, memory or time, of which every further attempt gets as much again.

    Parameters
    ----------
    first
        What the first attempt gets.
    """

    def of_attempt(_: Any, attempt: int) -> int:
        return first * attempt

    return of_attempt


def _number(value: Any) -> Any:
    """A number or null, which the command line may give as text; another value as it is."""
    match value:
        case "null":
            return None
        case str() if value.isdecimal():
            return int(value)
        case _:
            return value


def _path(name: str, base: Path) -> Path:
    """The file of an experiment: a path to the user's own, or a name of those that are here."""
    shipped = base / "workflow" / "experiments"
    if name.endswith((".yaml", ".yml")) or "/" in name:
        return base / name if not Path(name).exists() and (base / name).exists() else Path(name)
    path = shipped / f"{name}.yaml"
    if not path.exists():
        known = sorted(each.stem for each in shipped.glob("*.yaml"))
        raise ConfigError(
            f"config.yaml: {unknown('experiment', name, known)}, or the path of your own file, ending in .yaml"
        )
    return path


def _folder(variant: Variant, planned: Planned) -> Path:
    """Where the path of a variant's data starts; nowhere, if they have a name."""
    return Path() if "name" in variant.settings["dataset"] else planned.experiment.folder
