"""Activation stores that were recorded in somebody's own training loop, in place of data, network and training.

A plan reads what they say of themselves, their metadata, and none of their arrays; a job then reads all of a store and
compares it with its manifest.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infoplane import adoption, files, measurable, targets
from infoplane.config import Settings
from infoplane.errors import ConfigError, StoreError
from infoplane.schema import FORMAT_VERSION

_DESCRIBED = "zarr.json"
WAY_OUT = "Record it again with infoplane.capture.Recorder, or copy it again from where it is whole."
# What an experiment says of networks that it trains, and a store says of itself or cannot say.
_INSTEAD = ("dataset", "model", "training", "seeds", "sweep", "probe", "store", "calibration")


@dataclass(frozen=True)
class Recording:
    """A store of one network.

    Parameters
    ----------
    path
        Where it lies.
    digest
        Of its manifest, so that another content is told from this one.
    seed, epochs, split
        As it was recorded.
    shape
        Of one input.
    classes, targets
        As `infoplane.datasets.Description` has them.
    size
        Samples of the probe.
    layers
        Attributes of each layer, in the order of the network.
    held
        Names of the variables that there are of each.
    """

    path: Path
    digest: str
    seed: int
    epochs: tuple[float, ...]
    split: str
    shape: tuple[int, ...]
    classes: int
    targets: str
    size: int
    layers: Mapping[str, Mapping[str, Any]]
    held: tuple[frozenset[str], ...]

    @property
    def raw(self) -> bool:
        """Whether it has the activations themselves of every layer, and not distances alone."""
        return all("activation" in each for each in self.held)

    @property
    def lacking(self) -> set[str]:
        """What can be measured of none of its layers, by group of the summary."""
        return measurable.lacking(self.layers, self.held)

    @property
    def alike(self) -> tuple[Any, ...]:
        """What stores of several networks must have in common."""
        return (self.split, self.size, self.shape, self.targets, self.classes, dict(self.layers), self.held)


def find(pattern: str, *, folder: Path) -> dict[int, Recording]:
    """Stores by their seeds, ascending.

    Parameters
    ----------
    pattern
        As `infoplane.adoption.stores` takes it.
    folder
        Where a relative path starts.

    Raises
    ------
    ConfigError
        If no store matches, one is of another seed than its name says, or they are of different networks or probes.
    StoreError
        If one is not what a recorder of this version has saved; the message names it.
    """
    found: dict[int, Recording] = {}
    for path, seed in adoption.stores(pattern, folder=folder):
        own = read(path)
        if seed is not None and own.seed != seed:
            raise ConfigError(
                f"is {pattern!r}, and {path.name} is of a network of seed {own.seed}; accepted: the seed with which it "
                f"was recorded, Recorder(…, seed={seed}), in its name"
            )
        other = found.setdefault(own.seed, own)
        if other is not own:
            raise ConfigError(
                f"is {pattern!r}, and {other.path.name} and {path.name} are both of seed {own.seed}; keep one"
            )
    first, *others = found.values()
    for own in (each for each in others if each.alike != first.alike):
        raise ConfigError(
            f"is {pattern!r}, and {first.path.name} has {_told(first)}, {own.path.name} {_told(own)}; accepted: stores "
            "of one network, with the same layers and recorded on the same probe, that differ in their seeds"
        )
    return dict(sorted(found.items()))


def read(path: Path) -> Recording:
    """Read what a store says of itself.

    Raises
    ------
    StoreError
        If it is no store, of another format version, or not recorded.
    """
    try:
        manifest, described = (json.loads((path / name).read_text()) for name in (files.MANIFEST, _DESCRIBED))
        whole = manifest[_DESCRIBED]["sha256"] == files.sha256(path / _DESCRIBED)
        attrs, inside = dict(described["attributes"]), described["consolidated_metadata"]["metadata"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"names {path}, which is no whole activation store ({error!r}). {WAY_OUT}") from error
    if not whole:
        raise StoreError(f"names {path}, whose {_DESCRIBED} is damaged. {WAY_OUT}")
    if "recorded" not in attrs:
        raise StoreError(
            f"names {path}, which infoplane.capture.Recorder has not saved, or one of an older version. Record it "
            "again, or measure it with infoplane.analyse."
        )
    if attrs["format_version"] != FORMAT_VERSION:
        raise StoreError(
            f"names {path}, which has format version {attrs['format_version']}; this infoplane reads {FORMAT_VERSION}. "
            f"{WAY_OUT}"
        )
    layers = {name: each["attributes"] for name, each in inside.items() if each["node_type"] == "group"}
    layers = dict(sorted(layers.items(), key=lambda layer: layer[1]["depth"]))
    return Recording(
        path,
        files.sha256(path / files.MANIFEST),
        attrs["recorded"]["seed"],
        tuple(attrs["recorded"]["epochs"]),
        attrs["recorded"]["split"],
        tuple(inside["input"]["shape"][2:]),
        attrs["classes"],
        _kind(inside["target"]),
        inside["target"]["shape"][1],
        layers,
        tuple(frozenset(each.partition("/")[2] for each in inside if each.startswith(f"{name}/")) for name in layers),
    )


def faults(written: Mapping[str, Any]) -> Iterator[str]:
    """What is written beside recorded stores, and goes with networks of the experiment's own alone."""
    preview = written.get("preview", {})
    parts = {"": written, "preview.": preview if isinstance(preview, Mapping) else {}}
    for prefix, part in parts.items():
        for key in (key for key in _INSTEAD if key in part):
            yield (
                f"key '{prefix}{key}' does not go with 'recorded', since the networks are not the experiment's own; "
                "accepted: without it"
            )


def filled(written: Mapping[str, Any], found: Sequence[Recording], *, name: str) -> Settings:
    """An experiment as written, with what its stores say in place of data, network and training.

    Parameters
    ----------
    written
        The content of its file.
    found
        Its stores.
    name
        Of data and network, for figures.
    """
    first = found[0]
    said = described(
        name,
        seeds=[each.seed for each in found],
        epochs=[epoch for each in found for epoch in each.epochs],
        splits=[first.split],
        batches=1,
        size=first.size,
    )
    return {**written, **said, "store": "raw" if first.raw else "smaller"}


def described(
    name: str, *, seeds: Sequence[int], epochs: Sequence[float], splits: Sequence[str], batches: int, size: int
) -> Settings:
    """Settings of an experiment, as far as activations that are there say them; `name` is that of data and network."""
    times = sorted(set(epochs))
    return {
        "dataset": {"name": name},
        "model": {"name": name},
        "training": {"epochs": max(times[-1], 1e-6), "checkpoints": times},
        "probe": {"splits": list(splits), "batches": batches, "size": size},
        "seeds": list(seeds),
    }


def _kind(target: Mapping[str, Any]) -> str:
    """The kind of targets, from the metadata of their array (probe_batch, sample, …)."""
    if len(target["shape"]) == 2:
        return targets.CLASSES
    return targets.CONTINUOUS if target["data_type"].startswith("float") else targets.LABELS


def _told(own: Recording) -> str:
    kept = "activations" if own.raw else "distances"
    return f"{len(own.layers)} layers ({', '.join(own.layers)}), {kept}, and {own.size} samples of split {own.split!r}"
