"""Looking at a run through its activation store: one network at one epoch at a time."""

import hashlib
import io
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from infoplane import files, labels, store
from infoplane.errors import ConfigError, StoreError
from infoplane.measures import gram
from infoplane.schema import ACTIVATION_LAYER, ARTIFACTS, COORDINATES, INPUT

log = logging.getLogger(__name__)
_SECONDS_BETWEEN_MESSAGES = 10
_READ_BYTES = 32 * 2**20  # at once: of small layers, reading one epoch costs as much as reading several
_OUTER = {"seed", "epoch", "split", "probe_batch"}
_DISTANCES = {"activation": "squared_distance", "error": "error_squared_distance"}
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class LayerView:
    """One layer of one network at one epoch.

    Parameters
    ----------
    name, kind, depth
        As in the data model.
    channels
        Number of feature maps; 1 for a layer that has none.
    dimension
        Numbers per sample.
    arrays
        What the store holds of the layer: values (P, n, …), or upper triangles of squared distances
        (P, n, n[, channel]), for P probe batches of n samples.
    """

    name: str
    kind: str
    depth: int
    channels: int
    dimension: int
    arrays: Mapping[str, Array]

    def finite(self) -> bool:
        """Whether all values are, as they are not where the network had diverged."""
        return all(bool(np.isfinite(values).all()) for values in self.arrays.values())

    def squared_distances(self, what: str = "activation", *, maps: bool, n: int, standardised: bool = False) -> Tensor:
        """Squared distances between the first n samples.

        Parameters
        ----------
        what
            ``activation`` or ``error``.
        maps
            Whether for each feature map by itself, or for all together.
        n
            Number of samples.
        standardised
            Whether of features with mean 0 and standard deviation 1 over these samples.

        Returns
        -------
        Tensor
            (P, C, n, n) float64; C is 1 for all maps together.

        Raises
        ------
        ConfigError
            If features are to be standardised and the store has distances alone.
        """
        maps = maps and self.channels > 1
        if what in self.arrays:
            values = torch.from_numpy(self.arrays[what][:, :n])
            if standardised:
                values = gram.standardise(values, batch_dims=1)
            if maps:
                return gram.squared_distances(values.transpose(1, 2), batch_dims=2)
            return gram.squared_distances(values, batch_dims=1)[:, None]
        if standardised:
            raise ConfigError(
                f"layer {self.name!r} was stored as distances, and a kernel of rule 'tapia_estevez' needs the "
                "activations themselves; accepted: store raw, or another rule"
            )
        upper = torch.from_numpy(self.arrays[_DISTANCES[what]][:, :n, :n])
        by_map = upper[:, None] if upper.ndim == 3 else upper.movedim(-1, 1)
        chosen = by_map if maps else by_map.sum(1, keepdim=True)
        return chosen + chosen.mT


@dataclass(frozen=True)
class View:
    """One network at one epoch, on P probe batches of n samples.

    Parameters
    ----------
    seed, epoch
        Of the network.
    input
        As a layer below all others.
    targets
        (P, n), classes; or (P, n, k), sets of labels or continuous. See `infoplane.targets`.
    states
        Class of each sample (P, n); of sets of labels, each that occurs is a class. All 0 of continuous targets.
    target_probability
        p(y|x), (P, n, classes); of a data set that has none, the indicator of its classes.
    classes
        That there are, whether or not all of them are among the targets; or sets of labels that occur.
    layers
        In the order of the network.
    """

    seed: int
    epoch: float
    input: LayerView
    targets: Tensor
    states: Tensor
    target_probability: Tensor
    classes: int
    layers: tuple[LayerView, ...]

    def variables(self) -> tuple[LayerView, ...]:
        """The input and the layers."""
        return self.input, *self.layers

    def digest(self) -> str:
        """Digest of all that is looked at, whatever the epoch."""
        described = [(each.name, each.kind, each.depth, each.channels, each.dimension) for each in self.variables()]
        found = hashlib.sha256(repr((self.seed, self.classes, described)).encode())
        arrays = [self.targets.numpy(), self.target_probability.numpy()]
        for each in self.variables():
            arrays += [each.arrays[name] for name in sorted(each.arrays)]
        for values in arrays:
            found.update(repr(values.shape).encode())
            found.update(np.ascontiguousarray(values).data)
        return found.hexdigest()[:32]

    def diverged(self) -> bool:
        """Whether the network had diverged."""
        return not all(layer.finite() for layer in self.layers)


def samples(view: View, estimator: Mapping[str, Any]) -> int:
    """Samples of a probe batch that an estimator uses."""
    return int(estimator.get("probe_size", view.targets.shape[1]))


Measured = dict[str, Array]


@dataclass(frozen=True)
class Method:
    """How a view is measured.

    Parameters
    ----------
    measure
        From a view to arrays by name: the dimensions of the schema but those of the view, in its order.
    variables
        What it reads of a layer; what the store lacks of them is left out.
    facts
        What its numbers depend on beside the view, of which they may be others for each.
    """

    measure: Callable[[View], Measured]
    variables: tuple[str, ...]
    facts: Callable[[View], Any]


def measure_each(tree: xr.DataTree, method: Method, *, layers: list[str], work: Path) -> Measured:
    """Measure every network at every epoch, or what has not been measured yet.

    Parameters
    ----------
    tree
        An opened activation store.
    method
        How.
    layers
        To be read from the store.
    work
        Folder that keeps what has been measured, under a digest of all that it depends on: a killed job goes on
        from there, and a longer training is measured at its new epochs only.

    Returns
    -------
    dict
        Arrays (S, E, …), NaN where a network had diverged; none at all where every network had from the start.
    """
    work.mkdir(parents=True, exist_ok=True)
    before = set(work.glob("*.npz"))
    seeds, epochs = tree.sizes["seed"], tree.sizes["epoch"]
    rows: list[tuple[Path | None, Measured | None]] = []
    said = time.monotonic()
    for seed, block in product(range(seeds), _blocks(tree, layers, method.variables)):
        rows += _rows(tree, layers, method, work, seed=seed, epochs=block)
        if time.monotonic() - said > _SECONDS_BETWEEN_MESSAGES:
            said = time.monotonic()
            log.info("measured %d of %d (seeds × epochs)", len(rows), seeds * epochs)
    if kept := len(before & {used for used, _ in rows}):
        log.info("%s: goes on from %d that are measured of %d (seeds × epochs)", work.name, kept, seeds * epochs)
    for path in set(work.glob("*.npz")) - {used for used, _ in rows}:
        path.unlink()
        files.checksum_path(path).unlink(missing_ok=True)
    return _stacked([row for _, row in rows], (seeds, epochs))


def labelled(
    artifact: str, found: Measured, tree: xr.DataTree, layers: Sequence[str], **coords: Sequence[Any] | Array
) -> xr.Dataset:
    """What `measure_each` found, as a group of the data model.

    Parameters
    ----------
    artifact
        A name of `infoplane.schema.ARTIFACTS`.
    found
        Arrays (S, E, …, P): between epochs and probe batches lie the further dimensions of the variable, in the
        order of the schema. Probe batches of all splits follow one another. What is not there is NaN.
    tree
        The activation store.
    layers
        That were measured.
    coords
        Of further dimensions.
    """
    splits = list(dict.fromkeys(tree.dataset["split"].values.tolist()))
    arrays = {}
    for name, values in (_unmeasured(artifact, tree, layers, coords) | found).items():
        dims = ARTIFACTS[artifact].groups["/"][name].dims
        inner = [dim for dim in dims if dim not in _OUTER]
        apart = values.reshape(*values.shape[:-1], len(splits), values.shape[-1] // len(splits))
        arrays[name] = xr.Variable(("seed", "epoch", *inner, "split", "probe_batch"), apart).transpose(*dims).values
    shared = {name: tree.dataset[name].values for name in ("seed", "epoch", "step")}
    described = ("depth", "kind", "channels", "dominator")
    of_layers = {key: [tree[name].attrs[key] for name in layers] for key in described}
    of_layers["inputs"] = [", ".join(tree[name].attrs["inputs"]) for name in layers]
    batches = np.arange(tree.sizes["probe_batch"] // len(splits))
    return labels.label(
        artifact, arrays, {**shared, "split": splits, "probe_batch": batches, "layer": layers, **of_layers, **coords}
    )


def nothing(artifact: str, tree: xr.DataTree) -> xr.Dataset:
    """A group of the data model that was not measured: it has no layers, and no estimator or what else is measured."""
    dims = dict.fromkeys(dim for variable in ARTIFACTS[artifact].groups["/"].values() for dim in variable.dims)
    return labelled(artifact, {}, tree, [], **{dim: _none_of(dim) for dim in dims if dim not in {*_OUTER, "layer"}})


def _none_of(dim: str) -> Array:
    dtype = COORDINATES[dim].dtype
    return np.empty(0, object if dtype == "str" else dtype)


def layer_names(tree: xr.DataTree) -> list[str]:
    """Layers of a store, in the order of the network."""
    return sorted(set(tree.children) - {INPUT}, key=lambda name: tree[name].attrs["depth"])


def not_finite(tree: xr.DataTree) -> dict[tuple[int, float], list[str]]:
    """Layers of a store with values that are not finite, of any variable, by seed and epoch."""
    found: dict[tuple[int, float], list[str]] = {}
    names, variables = layer_names(tree), tuple(ACTIVATION_LAYER)
    for place, block in product(range(tree.sizes["seed"]), _blocks(tree, names, variables)):
        seed, moments = int(tree.dataset["seed"].values[place]), tree.dataset["epoch"].values[block].tolist()
        for name in names:
            layers = _layers(tree, name, variables, seed=place, epochs=block)
            for epoch in (epoch for epoch, layer in zip(moments, layers, strict=True) if not layer.finite()):
                found.setdefault((seed, epoch), []).append(name)
    return found


def _unmeasured(
    artifact: str, tree: xr.DataTree, layers: Sequence[str], coords: Mapping[str, Sequence[Any] | Array]
) -> Measured:
    """NaN in the place of everything that `measure_each` finds."""
    sizes = {**{name: len(values) for name, values in coords.items()}, "layer": len(layers)}
    found = {}
    for name, variable in ARTIFACTS[artifact].groups["/"].items():
        inner = [sizes[dim] for dim in variable.dims if dim not in _OUTER]
        shape = (tree.sizes["seed"], tree.sizes["epoch"], *inner, tree.sizes["probe_batch"])
        found[name] = np.full(shape, np.nan)
    return found


def _blocks(tree: xr.DataTree, names: Sequence[str], variables: Sequence[str]) -> list[slice]:
    """Epochs whose slabs of one network are read at once."""
    epochs = tree.sizes["epoch"]
    held = [tree[name].dataset[each] for name in names for each in variables if each in tree[name].data_vars]
    slab = sum(array.nbytes for array in held) // (tree.sizes["seed"] * epochs)
    length = max(1, _READ_BYTES // max(1, slab))
    return [slice(start, min(start + length, epochs)) for start in range(0, epochs, length)]


def _rows(
    tree: xr.DataTree, names: Sequence[str], method: Method, work: Path, *, seed: int, epochs: slice
) -> list[tuple[Path | None, Measured | None]]:
    """What `_row` finds of one network at each of some epochs, whose slabs are gone when it returns."""
    held = [name for name in ("target", "target_probability") if name in tree.dataset]
    samples = [_at(tree.dataset[name], seed=seed, epochs=epochs) for name in held]
    variables = [
        _inputs(tree, method.variables, seed=seed, epochs=epochs),
        *(_layers(tree, name, method.variables, seed=seed, epochs=epochs) for name in names),
    ]
    moments = tree.dataset["epoch"].values[epochs].tolist()
    number, classes = int(tree.dataset["seed"].values[seed]), tree.attrs["classes"]
    looks = zip(moments, zip(*samples, strict=True), zip(*variables, strict=True), strict=True)
    return [_row(_view(number, classes, *look), method, work) for look in looks]


def _row(view: View, method: Method, work: Path) -> tuple[Path | None, Measured | None]:
    """What is measured of a view, now or earlier, with the file that keeps it; nothing where the network diverged."""
    if view.diverged():
        return None, None
    path = work / f"{files.digest([view.digest(), method.facts(view)])}.npz"
    return path, _kept(path) or _measured(path, method.measure(view))


def _view(number: int, classes: int, epoch: float, samples: Iterable[Array], variables: tuple[LayerView, ...]) -> View:
    targets, *soft = map(torch.from_numpy, samples)
    states = _states(targets)
    count = classes if targets.ndim == 2 else int(states.max()) + 1
    probability = soft[0] if soft else torch.nn.functional.one_hot(states, count).double()
    return View(number, epoch, variables[0], targets, states, probability, count, variables[1:])


def _states(targets: Tensor) -> Tensor:
    if targets.ndim == 2:
        return targets
    if targets.is_floating_point():
        return targets.new_zeros(targets.shape[:2], dtype=torch.int64)
    # Of the complements, so that sets of one label are in the order of the labels.
    _, found = torch.unique((1 - targets).flatten(0, 1), dim=0, return_inverse=True)
    return cast(Tensor, found).view(targets.shape[:2])


def _inputs(tree: xr.DataTree, variables: Sequence[str], *, seed: int, epochs: slice) -> Iterator[LayerView]:
    """The input at each of some epochs: as it is, or what is known of it as if it were a layer."""
    if INPUT in tree.children:
        yield from _layers(tree, INPUT, variables, seed=seed, epochs=epochs)
    else:
        for values in _at(tree.dataset["input"], seed=seed, epochs=epochs):
            yield LayerView(INPUT, INPUT, 0, 1, values[0, 0].size, {"activation": values})


def _layers(tree: xr.DataTree, name: str, variables: Sequence[str], *, seed: int, epochs: slice) -> Iterator[LayerView]:
    """A layer at each of some epochs."""
    data, attrs = tree[name].dataset, tree[name].attrs
    read = {each: _at(data[each], seed=seed, epochs=epochs) for each in variables if each in data}
    for place in range(epochs.stop - epochs.start):
        arrays = {each: values[place] for each, values in read.items()}
        yield LayerView(name, attrs["kind"], attrs["depth"], attrs["channels"], attrs["dimension"], arrays)


def _at(array: xr.DataArray, *, seed: int, epochs: slice) -> list[Array]:
    """Values of an array for one seed and each of some epochs, as far as it depends on them."""
    place = {dim: index for dim, index in (("seed", seed), ("epoch", epochs)) if dim in array.dims}
    values = store.read(array.isel(place))
    return list(values) if "epoch" in place else [values] * (epochs.stop - epochs.start)


def _kept(path: Path) -> Measured | None:
    if not path.exists():
        return None
    try:
        with np.load(io.BytesIO(files.read_checked(path)), allow_pickle=False) as content:
            return dict(content)
    except StoreError as error:
        log.warning("%s Measured anew.", error)
        return None


def _measured(path: Path, content: Measured) -> Measured:
    buffer = io.BytesIO()
    np.savez(buffer, **content)  # type: ignore[arg-type]
    files.write_checked(path, buffer.getvalue())
    return content


def _stacked(rows: list[Measured | None], shape: tuple[int, int]) -> Measured:
    template = next((row for row in rows if row is not None), None)
    if template is None:
        return {}
    missing = {name: np.full_like(values, np.nan) for name, values in template.items()}
    return {
        name: np.stack([(row or missing)[name] for row in rows]).reshape(*shape, *values.shape)
        for name, values in template.items()
    }
