"""Gathering the stores of all runs into one summary, a few variants at a time."""

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from infoplane import files, labels, store
from infoplane.errors import StoreError
from infoplane.schema import ARTIFACTS, COORDINATES, SCORES, Variable

log = logging.getLogger(__name__)
_BLOCK_BYTES = 16 * 2**20  # of all variables of a group together, which are filled side by side
_OF_VARIANTS = {
    **dict.fromkeys(("depth", "kind", "channels", "inputs", "dominator"), "layer"),
    **dict.fromkeys(("first", "second"), "pair"),
    "step": "epoch",
}
_FACTS = ("device", "versions", "dataset")  # attributes of stores that the summary tells
_OF_TARGETS = ("loss", *SCORES)  # variables whose unit and name depend on the targets
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Part:
    """A store of one run, or of one variant.

    Parameters
    ----------
    group
        Of the summary, such as training or information.
    variant
        Name of the variant.
    path
        Of the store.
    """

    group: str
    variant: str
    path: Path


def summarise(
    parts: Sequence[Part],
    *,
    variants: Mapping[str, Mapping[str, str]],
    output: Path,
    provenance: Mapping[str, Any],
    artifact: str = "summary",
) -> None:
    """Write the summary of an experiment.

    What most runs have in common, as their epochs and layers, is read and held once, so that memory grows with the
    number of runs by little more than the names and digests of their stores.

    Parameters
    ----------
    parts
        Stores of all runs.
    variants
        Labels of the swept keys by name of the variant, in order.
    output
        Where the summary will be.
    provenance
        Attributes of its root; the devices, versions, data sets and stores that the summary comes from are added.
    artifact
        The summary of an experiment, or of its ``grid``.

    Raises
    ------
    StoreError
        If a store is damaged, or two hold one seed of a variant by the same estimator.
    """
    common: dict[str | None, xr.Dataset] = {}
    found = [(part, _coordinates(part, common)) for part in parts]
    made_of = {**provenance, "sources": _sources(found, output.parent)}
    with store.writing(output, artifact, provenance=made_of) as writer:
        for group in dict.fromkeys(part.group for part in parts):
            own = [(part, coords) for part, coords in found if part.group == group]
            log.info("%s: %d stores", group, len(own))
            _write_group(writer, group, own, variants)


def merged(orders: Iterable[Sequence[str]]) -> list[str]:
    """The union of lists of layers or pairs, each behind those that precede it in the lists that have it."""
    lists = sorted(orders, key=len, reverse=True)
    union: list[str] = []
    for names in lists:
        place = 0
        for name in names:
            if name in union:
                place = union.index(name) + 1
            else:
                union.insert(place, name)
                place += 1
    return union


def _sources(found: Sequence[tuple[Part, xr.Dataset]], folder: Path) -> dict[str, Any]:
    """What the stores say of their making: devices and versions by group, data sets, and a digest of every store.

    Stores have their paths from the folder of the experiment, which are the same in a bucket and on any machine.
    """
    devices: dict[str, list[str]] = {}
    versions: dict[str, list[Any]] = {}
    datasets: list[Any] = []
    for part, coords in found:
        for fact, known in (
            (coords.attrs.get("device"), devices.setdefault(part.group, [])),
            (coords.attrs.get("versions"), versions.setdefault(part.group, [])),
            (coords.attrs.get("dataset"), datasets),
        ):
            if fact is not None and fact not in known:
                known.append(fact)
    stores = {os.path.relpath(part.path, folder): files.sha256(part.path / files.MANIFEST) for part, _ in found}
    return {"devices": devices, "versions": versions, "datasets": datasets, "stores": stores}


def _write_group(
    writer: store.Writer,
    group: str,
    found: Sequence[tuple[Part, xr.Dataset]],
    variants: Mapping[str, Mapping[str, str]],
) -> None:
    frame = _frame(group, found, variants)
    if not frame.sizes.get("layer", 1):
        return  # not measured in any run
    variables = _variables(group, found)
    writer.add(frame, group=f"/{group}")
    shapes = {name: tuple(frame.sizes[dim] for dim in variable.dims) for name, variable in variables.items()}
    together = max(1, _BLOCK_BYTES // max(1, sum(8 * int(np.prod(shape[1:])) for shape in shapes.values())))
    arrays = {
        name: writer.create(
            f"/{group}",
            name,
            variables[name].dims,
            shape,
            "float64",
            chunks=(min(together, shape[0]), *(max(1, size) for size in shape[1:])),
            attrs=labels.described(variables[name]) | _said(name, found),
        )
        for name, shape in shapes.items()
    }
    places = {str(dim): {value: index for index, value in enumerate(frame[dim].values.tolist())} for dim in frame.dims}
    rows: dict[int, list[tuple[Part, xr.Dataset]]] = {row: [] for row in range(len(variants))}
    for part, coords in found:
        rows[places["variant"][part.variant]].append((part, coords))
    for start in range(0, len(variants), together):
        end = min(start + together, len(variants))
        blocks = {name: np.full((end - start, *shape[1:]), np.nan) for name, shape in shapes.items()}
        for row in range(start, end):
            _check_once(rows[row])
            for part, _ in rows[row]:
                _fill(blocks, row - start, part, variables, places)
        for name, array in arrays.items():
            array[start:end] = blocks[name]


def _check_once(of_variant: Sequence[tuple[Part, xr.Dataset]]) -> None:
    """Check that every seed of a variant comes from one store, as it does where all are what their paths say.

    Raises
    ------
    StoreError
        If two have a seed by the same estimator, as after one was copied to the place of the other.
    """
    whence: dict[tuple[Any, ...], Path] = {}
    for part, coords in of_variant:
        labelled = [coords[dim].values.tolist() if dim in coords.dims else [""] for dim in ("estimator", "seed")]
        for own in product(*labelled):
            if (other := whence.setdefault(own, part.path)) != part.path:
                raise StoreError(
                    f"{other} and {part.path} both hold seed {own[1]}: one of them is not what its path says. "
                    "Delete both and run snakemake again."
                )


def _variables(group: str, found: Sequence[tuple[Part, xr.Dataset]]) -> dict[str, Variable]:
    """Variables of a group, without optional ones that no store has."""
    held = {name for _, coords in found for name in coords.attrs["held"]}
    every = ARTIFACTS["summary"].groups[f"/{group}"]
    return {name: variable for name, variable in every.items() if not variable.optional or name in held}


def _said(name: str, found: Sequence[tuple[Part, xr.Dataset]]) -> dict[str, str]:
    """Unit and name of a variable that depend on the targets, as its stores have them: all, where they do not agree."""
    own = [coords.attrs["said"][name] for _, coords in found if name in coords.attrs["said"]]
    return {key: " or ".join(dict.fromkeys(each[key] for each in own)) for key in (own[0] if own else ())}


def _frame(
    group: str, found: Sequence[tuple[Part, xr.Dataset]], variants: Mapping[str, Mapping[str, str]]
) -> xr.Dataset:
    """The coordinates of a group: the union over its stores."""
    coords: dict[str, Any] = {"variant": list(variants)}
    for key in next(iter(variants.values()), {}):
        coords[key] = ("variant", [swept[key] for swept in variants.values()])
    kinds = list({id(each): each for _, each in found}.values())
    for dim in dict.fromkeys(dim for each in kinds for dim in each.dims):
        values = [each[dim].values.tolist() for each in kinds]
        coords[str(dim)] = merged(values) if dim in {"layer", "pair"} else _united(str(dim), values)
    for name, dim in _OF_VARIANTS.items():
        if any(name in each.coords for each in kinds):
            coords[name] = (("variant", dim), _by_variant(name, dim, found, list(variants), coords[dim]))
    return labels.label("summary", {}, coords, group=f"/{group}")


def _coordinates(part: Part, common: dict[str | None, xr.Dataset]) -> xr.Dataset:
    """The coordinates of a store, with the attributes that the summary tells; one object for all stores that agree."""
    key = store.outline(part.path, _FACTS)
    if key is None or key not in common:
        tree = store.load(part.path, part.group)
        facts: dict[str, Any] = {name: tree.attrs[name] for name in _FACTS if name in tree.attrs}
        facts["held"] = sorted(map(str, tree.data_vars))
        facts["said"] = {
            name: {key: tree.dataset[name].attrs[key] for key in ("units", "long_name")}
            for name in _OF_TARGETS
            if name in tree.dataset
        }
        common[key] = tree.dataset.coords.to_dataset().assign_attrs(facts)
    return common[key]


def _united(dim: str, values: Iterable[Sequence[Any]]) -> list[Any]:
    union = list(dict.fromkeys(value for each in values for value in each))
    return union if COORDINATES[dim].dtype == "str" else sorted(union)


def _by_variant(
    name: str, dim: str, found: Sequence[tuple[Part, xr.Dataset]], variants: Sequence[str], values: Sequence[Any]
) -> Array:
    """A coordinate that depends on the variant, (variant, dim); empty text or NaN where a variant lacks a value."""
    text = COORDINATES[name].dtype == "str"
    result = np.full((len(variants), len(values)), "" if text else np.nan, dtype=object if text else float)
    rows, columns = ({value: index for index, value in enumerate(each)} for each in (variants, values))
    for part, coords in found:
        if name in coords.coords:
            own = [columns[value] for value in coords[dim].values.tolist()]
            result[rows[part.variant], own] = coords[name].values
    return result


def _fill(
    blocks: Mapping[str, Array],
    row: int,
    part: Part,
    variables: Mapping[str, Variable],
    places: Mapping[str, Mapping[Any, int]],
) -> None:
    """Put the values of a store into the row of its variant; it is open no longer than that, since open ones add up."""
    own = store.load(part.path, part.group).dataset
    held = [name for name in blocks if name in own]
    dims = {dim for name in held for dim in variables[name].dims[1:]}
    found = {dim: [places[dim][value] for value in own[dim].values.tolist()] for dim in dims}
    for name in held:
        inner = (found[dim] for dim in variables[name].dims[1:])
        blocks[name][np.ix_([row], *inner)] = store.read(own[name])
