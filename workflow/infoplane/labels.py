"""Names, dimensions, types and units of the schema, given to arrays and looked for in datasets."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from infoplane.schema import (
    ANY_LAYER,
    ARTIFACTS,
    COORDINATES,
    FEATURE_DIMS,
    FEATURES,
    INPUT_FEATURES,
    TARGET_FEATURES,
    Variable,
)

_KINDS = {"float64": "f", "float32": "f", "int64": "iu", "number": "fiu", "str": "OUT"}
_PREFIXED = {INPUT_FEATURES: "input_", TARGET_FEATURES: "target_"}  # features that are not those of a layer
Arrays = Mapping[str, np.ndarray[Any, Any]]


def label(
    artifact: str,
    arrays: Arrays,
    coords: Mapping[str, Any],
    *,
    group: str = "/",
    leading: tuple[str, ...] = (),
    said: Mapping[str, Mapping[str, str]] | None = None,
) -> xr.Dataset:
    """Arrays as a dataset, with the dimensions, units and names of the schema.

    Parameters
    ----------
    artifact, group
        Where in the schema the variables are described.
    arrays
        Values by the name of the variable.
    coords
        Values by the name of the coordinate, or (dimensions, values) where these are not the schema's own.
    leading
        Dimensions that every array has ahead of the schema's.
    said
        Units and names of variables, where they are not those of the schema.
    """
    known = variables(artifact, group)
    data = {}
    for name, values in arrays.items():
        dims = (*leading, *dims_of(known[name], np.ndim(values) - len(leading)))
        data[name] = xr.Variable(dims, values, attrs={**described(known[name]), **(said or {}).get(name, {})})
    return xr.Dataset(data, {name: _coordinate(name, value) for name, value in coords.items()})


def of_one_probe(
    inputs: np.ndarray[Any, Any],
    targets: np.ndarray[Any, Any],
    *,
    seed: int,
    epochs: Sequence[float],
    steps: Sequence[int],
    split: str = "train",
) -> xr.Dataset:
    """The root of an activation store: one network, looked at on one probe batch at some epochs.

    Inputs are (n, …), and targets are as `infoplane.targets` has them.
    """
    return label(
        "activations",
        {
            "input": inputs.astype(np.float32)[np.newaxis],
            "target": targets.astype(np.float32 if targets.dtype.kind == "f" else np.int64)[np.newaxis],
            "sample_index": np.arange(len(targets))[np.newaxis],
        },
        {
            "seed": [seed],
            "epoch": np.asarray(epochs, dtype=float),
            "step": np.asarray(steps, dtype=np.int64),
            "probe_batch": [0],
            "split": ("probe_batch", [split]),
            "sample": np.arange(len(targets)),
        },
    )


def variables(artifact: str, group: str) -> Mapping[str, Variable]:
    """Variables that the schema has in a group, by name."""
    groups = ARTIFACTS[artifact].groups
    return groups.get(group) or ({} if group == "/" else groups.get(ANY_LAYER, {}))


def dims_of(variable: Variable, ndim: int) -> tuple[str, ...]:
    """Dimensions of a variable whose array has `ndim` of them, features by their number."""
    count = ndim - len(variable.dims) + 1
    features = ("channel",)[:count] if "other_sample" in variable.dims else FEATURE_DIMS.get(count, ())
    own = {each: tuple(f"{prefix}{dim}" for dim in features) for each, prefix in {FEATURES: "", **_PREFIXED}.items()}
    return tuple(dim for each in variable.dims for dim in own.get(each, (each,)))


def described(variable: Variable) -> dict[str, Any]:
    """Units, long name and range of a variable, as attributes; a bound that is infinite is left out."""
    bounds = {"valid_min": variable.minimum, "valid_max": variable.maximum}
    finite = {name: bound for name, bound in bounds.items() if math.isfinite(bound)}
    return {"units": variable.units, "long_name": variable.long_name, **finite}


def _coordinate(name: str, value: Any) -> Any:
    """A coordinate as xarray takes it; text as objects, since fixed-width text is not stable in Zarr."""
    known = COORDINATES.get(name)
    dims, values = value if isinstance(value, tuple) else (known.dims if known else (name,), value)
    values = np.asarray(values)
    values = values.astype(object) if values.dtype.kind in "UT" else values
    return xr.Variable(dims, values, attrs=described(known) if known else {})


def missing(names: Iterable[Any], artifact: str, group: str) -> Iterator[str]:
    """Variables of the schema that a group lacks."""
    held = set(names)
    for name, variable in variables(artifact, group).items():
        if not variable.optional and name not in held:
            yield f"{group}: variable {name!r} is missing"


def faults(dataset: xr.Dataset, artifact: str, group: str) -> Iterator[str]:
    """Variables of a dataset that are not as the schema says: name, dimensions, type."""
    known = variables(artifact, group)
    for name, array in ((str(key), dataset[key]) for key in dataset.data_vars):
        if name not in known:
            yield f"{group}: variable {name!r} is not in the schema; accepted: {', '.join(known) or 'none'}"
            continue
        if not _dims_agree(array.dims, known[name]):
            yield f"{group}: variable {name!r} has dimensions {array.dims}, not {known[name].dims}"
        if array.dtype.kind not in _KINDS[known[name].dtype]:
            yield f"{group}: variable {name!r} has type {array.dtype}, not {known[name].dtype}"


def out_of_range(dataset: xr.Dataset, artifact: str, group: str) -> Iterator[str]:
    """Variables of a dataset with values that the schema does not allow; reads all of them."""
    known = variables(artifact, group)
    for name, array in ((str(key), dataset[key]) for key in dataset.data_vars if key in known):
        if array.dtype.kind in "fiu" and array.size:
            # fmin and fmax pass over NaN, and are NaN without a warning where nothing else is there
            low, high = np.fmin.reduce(array.values, axis=None), np.fmax.reduce(array.values, axis=None)
            if low < known[name].minimum or high > known[name].maximum:
                yield (
                    f"{group}: variable {name!r} has values from {low} to {high}, outside "
                    f"[{known[name].minimum}, {known[name].maximum}]"
                )


def _dims_agree(dims: tuple[Any, ...], variable: Variable) -> bool:
    """Whether dimensions are the schema's: any features in their place, and probes of their own per seed or epoch."""
    fixed = tuple(dim for dim in variable.dims if dim not in {FEATURES, *_PREFIXED})
    free = {"channel", "height", "width", "unit"} | ({"seed", "epoch"} if fixed[0] == "probe_batch" else set())
    plain = (str(dim).removeprefix("input_").removeprefix("target_") for dim in dims)
    return tuple(dim for dim, known in zip(dims, plain, strict=True) if known not in free - set(fixed)) == fixed


def attributes(dataset: xr.Dataset) -> dict[str, Any]:
    """Attributes of a group; xarray finds the coordinates that are no dimensions by name there."""
    named = sorted(str(name) for name in dataset.coords if name not in dataset.dims)
    return {**plain(dataset.attrs), **({"coordinates": " ".join(named)} if named else {})}


def plain(value: Any) -> Any:
    """A value as JSON has it: tuples as lists, NumPy scalars as numbers, keys as text."""
    match value:
        case Mapping():
            return {str(key): plain(each) for key, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case np.generic():
            return value.item()
        case _:
            return value
