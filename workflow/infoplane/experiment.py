"""An experiment: its settings, the variants of its sweep, and its runs."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from math import ceil, floor, log10, prod
from pathlib import Path
from types import MappingProxyType
from typing import Any

from infoplane import config, files, grid, measurable, recordings
from infoplane.config import Settings
from infoplane.errors import ConfigError, InfoplaneError, raise_all
from infoplane.names import unknown
from infoplane.recordings import Recording
from infoplane.schema import MEASURED

_LONGEST_NAME = 120  # of a variant, in bytes: it becomes a folder's name
_MOST = 100_000  # seeds, variants, and checkpoints of a run: what asks for more is a slip


@dataclass(frozen=True)
class Variant:
    """One point of the sweep.

    Parameters
    ----------
    name
        Made of the labels; a folder's name and a coordinate of the summary.
    labels
        The swept keys and this variant's value of each, as a short text.
    settings
        The experiment's settings with this variant's values in their places.
    """

    name: str
    labels: Mapping[str, str]
    settings: Settings


@dataclass(frozen=True)
class Run:
    """One variant and one block of seeds, trained in one job."""

    variant: Variant
    seeds: tuple[int, ...]

    @property
    def name(self) -> str:
        """Name of the run: that of its variant, and its seeds."""
        first, last = self.seeds[0], self.seeds[-1]
        if self.seeds == tuple(range(first, last + 1)):
            seeds = f"{first}" if first == last else f"{first}-{last}"
        else:
            seeds = files.digest(self.seeds)
        return f"{self.variant.name}.seeds-{seeds}"


@dataclass(frozen=True)
class Experiment:
    """An experiment as resolved: every key has a value.

    Parameters
    ----------
    name
        Of the folder of its results.
    path
        Its file.
    settings
        All of its settings, those of the sweep's base.
    preview
        Whether these are the settings of its preview.
    first
        Only so many of its seeds are run, if it has more; all of them by default.
    recordings
        By seed, the stores that it goes on from; none where it trains networks.
    """

    name: str
    path: Path
    settings: Settings
    preview: bool
    first: int | None = None
    recordings: Mapping[int, Recording] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where its file lies; paths in it start there."""
        return self.path.parent

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        """Seeds that are run, in the order given."""
        return self._all_seeds[: self.first]

    @cached_property
    def left_out(self) -> tuple[int, ...]:
        """Seeds that are not run."""
        return self._all_seeds[len(self.seeds) :]

    @cached_property
    def swept(self) -> tuple[str, ...]:
        """Keys that some block of the sweep varies."""
        return tuple(dict.fromkeys(key for block in self.settings["sweep"] for key in block))

    @cached_property
    def variants(self) -> tuple[Variant, ...]:
        """The union of the sweep's blocks, duplicates merged, in the order given."""
        points = {files.digest(settings): settings for settings in self._points()}
        labels = [{key: label(config.value_at(settings, key)) for key in self.swept} for settings in points.values()]
        names = _names(labels, list(points))
        return tuple(
            Variant(name, each, settings) for name, each, settings in zip(names, labels, points.values(), strict=True)
        )

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """Every variant with every block of seeds."""
        return tuple(Run(variant, block) for variant in self.variants for block in self._blocks(variant))

    def recording(self, run: Run) -> Recording | None:
        """The store that a run goes on from, if it does."""
        return self.recordings.get(run.seeds[0])

    @property
    def _all_seeds(self) -> tuple[int, ...]:
        seeds = self.settings["seeds"]
        return tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)

    def _points(self) -> Iterator[Settings]:
        common = {key: self.settings[key] for key in ("dataset", "model", "training")}
        for block in self.settings["sweep"] or [{}]:
            for values in product(*block.values()):
                point: Settings = common
                for key, value in zip(block, values, strict=True):
                    point = config.with_value(point, key, value)
                whole = config.complete({**self.settings, **point}, schema="experiment", origin=self._origin(values))
                yield {key: whole[key] for key in common}

    def _origin(self, values: tuple[Any, ...]) -> str:
        return f"{self.path}, sweep {', '.join(label(value) for value in values)}" if values else str(self.path)

    def _blocks(self, variant: Variant) -> list[tuple[int, ...]]:
        training = variant.settings["training"]
        size = training.get("block", len(self.seeds) if training["ensemble"] else 1)
        return [self.seeds[start : start + size] for start in range(0, len(self.seeds), size)]


def load(
    path: Path, *, preview: bool, first: int | None = None, style: Mapping[str, Any] = MappingProxyType({})
) -> Experiment:
    """Read an experiment file, check it, and fill in its defaults.

    Parameters
    ----------
    path
        The file.
    preview
        Whether to lay its `preview` section over the rest; its name then ends in ``-preview``.
    first
        How many of its seeds to run; all of them by default.
    style
        How figures look where the experiment does not say.

    Raises
    ------
    ConfigError
        One message with the file and every fault in it.
    """
    written = config.read(path)
    recorded = _recorded(written, path)
    written = recordings.filled(written, list(recorded.values()), name=path.stem) if recorded else written
    full = config.complete(written, schema="experiment", origin=str(path))
    shown = config.complete(
        config.merged(written, full["preview"]), schema="experiment", origin=f"{path} with its preview section"
    )
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", path.stem):
        raise ConfigError(
            f"{path}: the file's name {path.stem!r} becomes a folder's; accepted: letters, digits, _ and -"
        )
    if preview and not full["preview"]:
        raise ConfigError(f"{path}: has no `preview` section to apply; add one, or leave preview=true out")
    name, settings = (f"{path.stem}-preview", shown) if preview else (path.stem, full)
    look = {"style": config.merged(style, settings["style"])}
    settings["style"] = config.complete(look, schema="config", origin=str(path))["style"]
    experiment = Experiment(name, path, settings, preview, first, recorded)
    raise_all(dict.fromkeys(_contradictions(experiment)), heading=str(path), error=ConfigError)
    return experiment


def _recorded(written: Settings, path: Path) -> dict[int, Recording]:
    """Stores that an experiment goes on from, by seed."""
    pattern = written.get("recorded")
    if not isinstance(pattern, str):
        return {}
    raise_all(recordings.faults(written), heading=str(path), error=ConfigError)
    try:
        return recordings.find(pattern, folder=path.parent.absolute())
    except InfoplaneError as error:
        raise ConfigError(f"{path}:\n  - key 'recorded' {error}") from error


def schedule(checkpoints: list[float] | Mapping[str, Any], *, epochs: float) -> tuple[float, ...]:
    """Epochs at which weights are kept, rounded to 6 decimals, from 0 (untrained) to the last.

    A logarithmic schedule is 10^(k/per_decade) in whole k, so that a longer training keeps the earlier epochs.

    Parameters
    ----------
    checkpoints
        A list of epochs, or a spacing with its settings.
    epochs
        The last epoch.
    """
    if not isinstance(checkpoints, Mapping):
        chosen = list(checkpoints)
    elif checkpoints["spacing"] == "linear":
        every = checkpoints["every"]
        chosen = [index * every for index in range(floor(epochs / every) + 1)] + checkpoints["also"]
    else:
        density, first = checkpoints["per_decade"], checkpoints["first"]
        powers = range(ceil(log10(first) * density - 1e-9), floor(log10(epochs) * density + 1e-9) + 1)
        chosen = [10 ** (power / density) for power in powers] + checkpoints["also"]
    return tuple(sorted({round(float(epoch), 6) for epoch in [0.0, *chosen, epochs]}))


def _asked(checkpoints: list[float] | Mapping[str, Any], *, epochs: float) -> float:
    """How many checkpoints a schedule asks for, beside those that are listed; nearly, and without making it."""
    match checkpoints:
        case {"every": every}:
            return epochs / float(every)
        case {"per_decade": density, "first": first}:
            return float(density) * (log10(epochs) - log10(first))
        case _:
            return len(checkpoints)


def label(value: Any) -> str:
    """A short text for a value of a sweep: 6-12 for a list, the values for a mapping."""
    match value:
        case bool():
            return "on" if value else "off"
        case Mapping():
            return "-".join(label(each) for each in value.values())
        case list():
            return "-".join(label(each) for each in value)
        case _:
            return str(value)


def _names(labels: list[dict[str, str]], digests: list[str]) -> list[str]:
    """A folder's name for each variant: the first swept keys that tell them apart, and a digest if none do."""
    for count in range(len(labels[0]) + 1):
        plain = [_name(list(each.items())[:count]) for each in labels]
        if len(set(plain)) == len(plain):
            break
    return [
        name if plain.count(name) == 1 and len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 17]}-{digest}"
        for name, digest in zip(plain, digests, strict=True)
    ]


def _name(labels: list[tuple[str, str]]) -> str:
    joined = "_".join(f"{key.rpartition('.')[2]}-{text}" for key, text in labels)
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", joined) or "default"


def _contradictions(experiment: Experiment) -> Iterator[str]:
    """Faults that a schema cannot see, because they lie between keys."""
    settings = experiment.settings
    if isinstance(settings["seeds"], int) and settings["seeds"] > _MOST:
        yield f"key 'seeds' is {settings['seeds']}; accepted: at most {_MOST}"
        return
    if (points := sum(prod(map(len, block.values())) for block in settings["sweep"])) > _MOST:
        yield f"key 'sweep' has {points} variants; accepted: at most {_MOST}"
        return
    if "recorded" in settings["preview"]:
        yield "key 'preview' has 'recorded'; accepted: an experiment of its own for other stores"
    asked = [name for name in settings["measures"] if name in MEASURED]
    if asked and not settings["estimators"]:
        yield (
            f"key 'estimators' has none, and 'measures' has {', '.join(asked)}; accepted: at least one, such as "
            "{name: renyi}, or 'measures' with weights or intrinsic_dimension alone"
        )
    yield from measurable.faults(settings["estimators"], size=settings["probe"]["size"])
    if "sensitivity" in settings:
        yield from _of_grid(settings)
    for variant in experiment.variants:
        training = variant.settings["training"]
        if "checkpoints_from" in training:
            continue
        checkpoints = training["checkpoints"]
        listed = checkpoints["also"] if isinstance(checkpoints, Mapping) else checkpoints
        if (count := _asked(checkpoints, epochs=training["epochs"])) > _MOST:
            yield (
                f"key 'training.checkpoints' is {checkpoints}, which asks for {count:.0f} of them; "
                f"accepted: at most {_MOST}"
            )
        first = [checkpoints["first"]] if "first" in checkpoints else []
        for epoch in (epoch for epoch in [*first, *listed] if epoch > training["epochs"]):
            yield (
                f"key 'training.checkpoints' asks for epoch {epoch}, beyond the last; "
                f"accepted: at most training.epochs ({training['epochs']})"
            )
        if training["optimiser"] == "adam" and training["momentum"]:
            yield (
                f"key 'training.momentum' is {training['momentum']} with optimiser adam, which has none of its own; "
                "accepted: 0, or optimiser sgd"
            )


def _of_grid(settings: Settings) -> Iterator[str]:
    """Faults of the grid of settings at which estimators are tried."""
    own = [each["name"] for each in settings["estimators"]]
    listed = settings["sensitivity"].get("estimators", own)
    strange = [name for name in listed if isinstance(name, str) and name not in own]
    for name in strange:
        yield f"key 'sensitivity.estimators': {unknown('estimator', name, own)}; or an estimator as under `estimators`"
    names = [each if isinstance(each, str) else each["name"] for each in listed]
    defined = [each["name"] for each in listed if not isinstance(each, str)]
    for name in sorted({name for name in names if names.count(name) > 1 or (name in own and name in defined)}):
        yield f"key 'sensitivity.estimators' has {name!r} more than once; accepted: a name of its own for each"
    if strange:
        return
    for axis in grid.without_use(settings):
        yield f"key 'sensitivity.{axis}' varies none of its estimators, {', '.join(names)}; accepted: without it"
    sizes = [*settings["sensitivity"].get("size", []), *(each.get("probe_size", 0) for each in grid.bases(settings))]
    for size in (size for size in sizes if size > settings["probe"]["size"]):
        yield (
            f"key 'sensitivity' asks for {size} samples of each probe batch; accepted: at most probe.size "
            f"({settings['probe']['size']}), of which the grid takes the first"
        )
