"""From activations to a summary, without a workflow."""

import reprlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
import xarray as xr

from infoplane import config, jobs, labels, measurable, recordings, store
from infoplane import targets as kinds
from infoplane.analysis import finite, summary
from infoplane.analysis.measure import measure
from infoplane.errors import ConfigError, raise_all
from infoplane.names import layer_faults
from infoplane.schema import CONVOLUTIONAL, FULLY_CONNECTED, INPUT, MEASURED, OUTPUT, offered

_VARIANT = "default"  # as an experiment without a sweep calls its only one
_ONLY = 1.0  # the epoch of arrays that have none: not 0, which is that of untrained networks
_USUAL = ("information", "decomposition", "error_chain")  # what is measured unless something else is asked for
Array = np.ndarray[Any, Any]


def analyse(
    activations: Path | str | Sequence[Path | str] | Mapping[str, Any],
    inputs: Any = None,
    targets: Any = None,
    *,
    epochs: Sequence[float] | None = None,
    estimators: Sequence[Mapping[str, Any]] = ({"name": "renyi"},),
    measures: Sequence[str] = _USUAL,
    controls: Sequence[str] = (),
    name: str = "own",
) -> xr.DataTree:
    """Measure entropies and mutual informations of layers: what `infoplane.figures` draws.

    Parameters
    ----------
    activations
        A store that `infoplane.capture.Recorder` or the workflow has saved, or several, one for each seed. Or arrays or
        tensors by layer, in the order of the network, each (n, …), or (E, n, …) if there are epochs; a layer called
        ``output`` holds probabilities, one of images (n, channel, height, width) has feature maps.
    inputs, targets
        Of the arrays; a store has its own. Inputs are (n, …); targets are classes (n,), whole numbers from 0, sets of
        labels (n, k), whole numbers 0 and 1, or continuous, (n,) or (n, d), in floating point.
    epochs
        Of the arrays, ascending; 0 is the untrained network. Arrays without epochs are of a trained one, whose only
        look is called epoch 1.
    estimators
        As an experiment has them, with the same defaults (docs/settings.md).
    measures
        What is measured, as far as the estimators offer it and the activations allow it: feature maps have a
        ``decomposition``, recorded errors an ``error_chain``, and what a recorder has seen of a network with symmetric
        layers ``layer_pairs``.
    controls
        As an experiment has them.
    name
        Of the data, for the foot of figures.

    Returns
    -------
    xarray.DataTree
        As the workflow's ``summary.zarr``, in memory: a group per measure, with all of its dimensions; the variant is
        ``default``. NaN, with a warning in the log, where activations are not finite.

    Raises
    ------
    ConfigError
        If a setting is not what an experiment takes, or arrays and stores do not go together.
    StoreError
        If a store is missing, damaged, or none of activations.

    Examples
    --------
    >>> x, y = torch.eye(8).repeat(4, 1), torch.arange(8).repeat(4)
    >>> found = analyse({"fc1": x.tanh()}, x, y)
    >>> found["information"].to_dataset()["mutual_information_layer_target"].sizes["layer"]
    1
    """
    with TemporaryDirectory(prefix="infoplane-") as folder:
        place = Path(folder)
        if isinstance(activations, Mapping):
            paths = [_written(place / "activations.zarr", activations, inputs, targets, epochs)]
        else:
            if inputs is not None or targets is not None or epochs is not None:
                raise ConfigError("analyse: inputs, targets and epochs go with arrays; a store has its own")
            paths = _paths(activations)
        trees = [store.load(path, "activations", otherwise=recordings.WAY_OUT) for path in paths]
        settings = _settings(trees, estimators, measures, controls, name)
        finite.warn(trees)
        parts = [
            summary.Part(group, _VARIANT, path)
            for index, tree in enumerate(trees)
            for estimator in settings["estimators"]
            for group, path in _measured(tree, estimator, settings, place / str(index) / estimator["name"])
        ]
        made = jobs.provenance({}, experiment=settings)
        summary.summarise(parts, variants={_VARIANT: {}}, output=place / "summary.zarr", provenance=made)
        return _in_memory(store.load(place / "summary.zarr", "summary"))


def _settings(
    trees: Sequence[xr.DataTree],
    estimators: Sequence[Mapping[str, Any]],
    measures: Sequence[str],
    controls: Sequence[str],
    name: str,
) -> config.Settings:
    """Settings as an experiment's, checked as such, with what figures say of them."""
    first = trees[0].dataset
    shapes = {
        (tree.sizes["sample"], tree.sizes["probe_batch"], tuple(tree.dataset["split"].values.tolist()))
        for tree in trees
    }
    seeds = [seed for tree in trees for seed in tree.dataset["seed"].values.tolist()]
    if len(shapes) > 1 or len(set(seeds)) < len(seeds):
        raise ConfigError(
            f"analyse: the stores have seeds {seeds} and probes of the shapes {sorted(map(str, shapes))}; accepted: "
            "networks of different seeds, looked at on the same probe"
        )
    splits = list(dict.fromkeys(first["split"].values.tolist()))
    written = {
        "title": name,
        **recordings.described(
            name,
            seeds=seeds,
            epochs=[epoch for tree in trees for epoch in tree.dataset["epoch"].values.tolist()],
            splits=splits,
            batches=first.sizes["probe_batch"] // len(splits),
            size=first.sizes["sample"],
        ),
        "estimators": _listed(estimators),
        "measures": _listed(measures),
        "controls": _listed(controls),
    }
    complete = config.complete(written, schema="experiment", origin="analyse")
    faults = measurable.faults(complete["estimators"], size=first.sizes["sample"])
    of_trees = (fault for tree in trees for fault in _faults(tree, name, complete))
    raise_all(dict.fromkeys([*faults, *of_trees]), heading="analyse", error=ConfigError)
    return {**complete, "name": name, "preview": False}


def _paths(activations: Any) -> list[Path]:
    listed = [activations] if isinstance(activations, Path | str) else activations
    if not isinstance(listed, Sequence) or not listed or not all(isinstance(each, Path | str) for each in listed):
        raise ConfigError(
            f"analyse: activations are {reprlib.repr(activations)}; accepted: the path of a store, a list of paths, or "
            "arrays by layer"
        )
    return [Path(each) for each in listed]


def _listed(given: Any) -> Any:
    """What is written as a list in an experiment; anything else as it is, for its check to tell."""
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        return given
    return [dict(each) if isinstance(each, Mapping) else each for each in given]


def _faults(tree: xr.DataTree, name: str, settings: config.Settings) -> Iterator[str]:
    """What is asked of a store, and it cannot give."""
    by_name = {each["name"]: each for each in settings["estimators"]}
    held = _held(tree)
    missing = measurable.lacking({name: tree[name].attrs for name in held}, held.values())
    yield from finite.inputs_faults(tree)
    yield from kinds.settings_faults(_kind(tree), name, settings)
    yield from measurable.estimates_faults(by_name)
    yield from measurable.measures_faults(settings["measures"], by_name.values(), missing)
    yield from measurable.activations_faults(by_name, held.values())


def _held(tree: xr.DataTree) -> dict[str, list[str]]:
    """Names of the variables that a store has of each layer."""
    return {name: [*map(str, layer.data_vars)] for name, layer in tree.children.items() if name != INPUT}


def _measured(
    tree: xr.DataTree, estimator: Mapping[str, Any], settings: config.Settings, folder: Path
) -> Iterator[tuple[str, Path]]:
    """What one estimator measures of one store, written by group."""
    held = _held(tree)
    possible = offered(estimator) - measurable.lacking({name: tree[name].attrs for name in held}, held.values())
    wanted = [group for group in MEASURED if group in settings["measures"] and group in possible]
    code = dict.fromkeys(wanted, "")  # nothing measured is kept, so it need not be told apart by its code
    found = measure(tree, estimator, control=settings["controls"], work=folder / "work", code=code)
    for group in wanted:
        store.write(folder / group, group, found[group], provenance={"activations": jobs.source(tree.attrs)})
        yield group, folder / group


def _written(
    path: Path, activations: Mapping[str, Any], inputs: Any, wanted: Any, epochs: Sequence[float] | None
) -> Path:
    """Arrays by layer as a store of a network whose layers are a chain."""
    if inputs is None or wanted is None or not activations:
        raise ConfigError("analyse: arrays of activations need inputs (n, …) and targets (n,) beside them")
    raise_all(layer_faults(activations, way_out="Call it another name."), heading="analyse", error=ConfigError)
    x, y = _array(inputs, "inputs"), _array(wanted, "targets")
    times = _times(epochs)
    arrays = {name: _array(each, f"layer {name!r}") for name, each in activations.items()}
    for name, values in arrays.items():
        if values.dtype.kind != "f":
            raise ConfigError(
                f"analyse: layer {name!r} holds {values.dtype}; accepted: floating point (x.astype(float))"
            )
    if epochs is None:
        arrays = {name: values[np.newaxis] for name, values in arrays.items()}
    for name, values in arrays.items():
        if values.shape[:2] != (len(times), len(x)) or not 3 <= values.ndim <= 5 or y.shape[:1] != (len(x),):
            expected = f"({len(times)} epochs, {len(x)} samples, …)" if epochs is not None else f"({len(x)} samples, …)"
            raise ConfigError(
                f"analyse: layer {name!r} has shape {values.shape[epochs is None :]}, the targets {y.shape}; "
                f"accepted: {expected} with 1 to 3 further dimensions, and a target for each sample"
            )
    raise_all(kinds.faults({"targets": y}), heading="analyse", error=ConfigError)
    y = kinds.plain(y)
    of = kinds.kind(y)
    if times != sorted(set(times)) or (of == kinds.CLASSES and y.min() < 0):
        raise ConfigError(
            f"analyse: targets from {y.min()} and epochs {times}; accepted: classes from 0, and ascending epochs"
        )
    names = [INPUT, *arrays]
    layers = {
        name: {
            "kind": OUTPUT if name == OUTPUT else CONVOLUTIONAL if values.ndim == 5 else FULLY_CONNECTED,
            "depth": depth,
            "channels": values.shape[2] if values.ndim == 5 else 1,
            "dimension": int(np.prod(values.shape[2:])),
            "inputs": [names[depth - 1]],
            "dominator": names[depth - 1],
        }
        for depth, (name, values) in enumerate(arrays.items(), start=1)
    }
    slabs = (
        (0, place, {name: {"activation": values[place][np.newaxis]} for name, values in arrays.items()})
        for place in range(len(times))
    )
    root = labels.of_one_probe(x, y, seed=0, epochs=times, steps=range(len(times)))
    classes = int(y.max()) + 1 if of == kinds.CLASSES else y.shape[1]
    store.write_slabs(path, root=root, layers=layers, slabs=slabs, provenance={"classes": classes})
    return path


def _times(epochs: Any) -> list[float]:
    try:
        return [_ONLY] if epochs is None else [float(epoch) for epoch in epochs]
    except (TypeError, ValueError) as error:
        raise ConfigError(f"analyse: epochs are {reprlib.repr(epochs)}; accepted: ascending numbers") from error


def _kind(tree: xr.DataTree) -> str:
    """The kind of the targets of an activation store."""
    held = tree.dataset["target"]
    return kinds.kind(held.isel(dict.fromkeys(held.dims[: held.dims.index("sample")], 0)))


def _in_memory(tree: xr.DataTree) -> xr.DataTree:
    return xr.DataTree.from_dict({node.path: node.to_dataset(inherit=False).load() for node in tree.subtree})


def _array(values: Any, what: str) -> Array:
    try:
        held = torch.as_tensor(values).detach().cpu()
    except (TypeError, ValueError, RuntimeError) as error:
        raise ConfigError(f"analyse: {what}: {error}; accepted: an array or a tensor of numbers") from error
    found: Array = (held.float() if held.dtype == torch.bfloat16 else held).numpy()  # numpy has no bfloat16
    return found
