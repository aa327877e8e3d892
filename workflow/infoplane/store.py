"""Artifacts as Zarr stores: labelled by the schema, checksummed, and either whole or not there."""

import json
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from zarr.codecs import Crc32cCodec, ZstdCodec

from infoplane import files, labels
from infoplane.errors import StoreError, raise_all
from infoplane.labels import Arrays
from infoplane.schema import ARTIFACTS, COORDINATES, FORMAT_VERSION

CHUNK_BYTES = 32 * 2**20
SHARD_BYTES = 128 * 2**20
Slab = tuple[int, int, Mapping[str, Arrays]]  # index of the seed, index of the epoch, arrays by layer and variable


class Writer:
    """Writes groups of arrays into a store that does not exist yet; made by `writing`."""

    def __init__(self, folder: Path, artifact: str) -> None:
        self._root = zarr.open_group(folder, mode="w", zarr_format=3)
        self._artifact = artifact

    def add(self, dataset: xr.Dataset, *, group: str = "/") -> None:
        """Write a dataset, or its coordinates alone, into a group; checked against the schema.

        Raises
        ------
        StoreError
            One message with every variable that is not as the schema says.
        """
        faults = [*labels.faults(dataset, self._artifact, group), *labels.out_of_range(dataset, self._artifact, group)]
        raise_all(faults, heading=self._artifact, error=StoreError)
        target = self._group(group)
        target.attrs.update(labels.attributes(dataset))
        for name, variable in dataset.variables.items():
            values = np.asarray(variable.values)
            chunks = _rows_per_chunk(values)
            array = self.create(
                group, str(name), variable.dims, values.shape, values.dtype, chunks=chunks, attrs=variable.attrs
            )
            array[...] = values

    def create(
        self,
        group: str,
        name: str,
        dims: Iterable[Any],
        shape: tuple[int, ...],
        dtype: Any,
        *,
        chunks: tuple[int, ...] | None = None,
        shards: tuple[int, ...] | None = None,
        attrs: Mapping[Any, Any] | None = None,
    ) -> Any:
        """Make an array in a group: compressed, every chunk with its checksum, NaN where nothing is written."""
        text = np.dtype(dtype).kind in "OUT"
        return self._group(group).create_array(
            name,
            shape=shape,
            dtype="string" if text else dtype,
            chunks=chunks or tuple(max(size, 1) for size in shape),
            shards=shards,
            compressors=[ZstdCodec(level=1), Crc32cCodec()],
            fill_value=np.nan if np.dtype(dtype).kind == "f" else ("" if text else 0),
            dimension_names=[str(dim) for dim in dims],
            attributes={str(key): value for key, value in (attrs or {}).items()},
            config={"write_empty_chunks": True},
        )

    def finish(self) -> None:
        """Check that nothing is missing, and put the metadata of all groups into one place.

        Raises
        ------
        StoreError
            If a group lacks a variable that the schema requires.
        """
        groups = {"/": self._root, **{f"/{name}": group for name, group in self._root.groups()}}
        faults = (each for name, group in groups.items() for each in labels.missing(group, self._artifact, name))
        raise_all(faults, heading=self._artifact, error=StoreError)
        with warnings.catch_warnings():
            # Zarr format 3 has not adopted consolidated metadata yet; without it, opening reads every group.
            warnings.filterwarnings("ignore", message="Consolidated metadata is currently not part")
            zarr.consolidate_metadata(self._root.store)

    def attributes(self, group: str, values: Mapping[str, Any]) -> None:
        """Add attributes to a group."""
        self._group(group).attrs.update(labels.plain(values))

    def _group(self, name: str) -> Any:
        return self._root if name == "/" else self._root.require_group(name.strip("/"))


@contextmanager
def writing(path: Path | str, artifact: str, *, provenance: Mapping[str, Any]) -> Iterator[Writer]:
    """Write a store that appears under its name only when it is whole.

    Parameters
    ----------
    path
        Where the store will be.
    artifact
        A name of `infoplane.schema.ARTIFACTS`.
    provenance
        What is needed to make it again; kept as attributes of the root.

    Raises
    ------
    StoreError
        If something is there that is no earlier artifact (see `infoplane.files.check_place`).
    OSError
        If the disk is full or not writable; nothing is left that looks complete.
    """
    with files.new_folder(Path(path)) as folder:
        writer = Writer(folder, artifact)
        writer.attributes("/", {"artifact": artifact, "format_version": FORMAT_VERSION, **provenance})
        yield writer
        writer.finish()


def write(path: Path | str, artifact: str, dataset: xr.Dataset, *, provenance: Mapping[str, Any]) -> None:
    """Write an artifact that is one dataset; see `writing`."""
    with writing(path, artifact, provenance=provenance) as writer:
        writer.add(dataset)


def write_slabs(
    path: Path | str,
    *,
    root: xr.Dataset,
    layers: Mapping[str, Mapping[str, Any]],
    slabs: Iterable[Slab],
    provenance: Mapping[str, Any],
) -> None:
    """Write an activation store slab by slab; memory holds one shard of every layer, never the run.

    Parameters
    ----------
    path
        Where the store will be.
    root
        Inputs, targets and sample indices of the probe, with the coordinates of the store.
    layers
        Attributes of each layer's group.
    slabs
        All epochs of the first seed in order, then those of the next; each with the index of its seed and of its
        epoch, and with arrays (P, n, …) by layer and variable.
    provenance
        What is needed to make the store again.
    """
    sizes = (root.sizes["seed"], root.sizes["epoch"])
    with writing(path, "activations", provenance=provenance) as writer:
        writer.add(root)
        block: list[Mapping[str, Arrays]] = []
        count = 0
        created: dict[tuple[str, str], Any] = {}
        for seed, epoch, found in slabs:
            if not created:
                together = min(sizes[1], max(1, SHARD_BYTES // max(1, _bytes(found))))
                created = _create_layers(writer, found, layers, sizes=sizes, epochs=together)
            block.append(found)
            count += 1
            if len(block) == together or epoch == sizes[1] - 1:
                for (layer, name), array in created.items():
                    array[seed, epoch + 1 - len(block) : epoch + 1] = np.stack([each[layer][name] for each in block])
                block = []
        if count != sizes[0] * sizes[1]:
            raise StoreError(f"activations: {count} slabs for {sizes[0]} seeds and {sizes[1]} epochs; one for each")


def load(path: Path | str, artifact: str, *, otherwise: str = "") -> xr.DataTree:
    """Open a store after comparing every file in it with its manifest.

    Coordinates are read now, other values when they are used.

    Parameters
    ----------
    path
        Where the store lies.
    artifact
        What it must hold, a name of `infoplane.schema.ARTIFACTS`.
    otherwise
        What to do about a damaged one that no rule makes.

    Raises
    ------
    StoreError
        If it is missing, incomplete, damaged, of another kind, of another format version, or not as the schema
        says; the message names the store and the file.
    """
    path, rule = Path(path), ARTIFACTS[artifact].stage
    way_out = otherwise or files.way_out(path, rule)
    files.check_folder(path, otherwise=way_out)
    attrs = _root_attributes(path, way_out)
    if attrs.get("artifact") != artifact:
        raise StoreError(f"{path}: holds {attrs.get('artifact')!r}, not {artifact!r}. {way_out}")
    if attrs.get("format_version") != FORMAT_VERSION:
        raise StoreError(
            f"{path}: has format version {attrs.get('format_version')}; this infoplane reads {FORMAT_VERSION}. "
            f"{way_out}"
        )
    tree = xr.open_datatree(path, engine="zarr", consolidated=True)
    faults = (
        fault
        for node in tree.subtree
        for fault in (
            *labels.faults(node.dataset, artifact, node.path),
            *labels.missing(node.data_vars, artifact, node.path),
        )
    )
    raise_all(faults, heading=str(path), error=StoreError)
    for node in tree.subtree:
        for name, variable in node.dataset.variables.items():
            array = f"{node.path}/{name}".replace("//", "/")
            variable.encoding.update(source=str(path), array=array, way_out=way_out)
        for coordinate in node.coords.values():
            coordinate.load()  # or every selection would read them once more
    return tree


def _root_attributes(path: Path, way_out: str) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads((path / "zarr.json").read_text())
        return dict(content["attributes"])
    except (OSError, ValueError, KeyError) as error:
        raise StoreError(f"{path}: is no Zarr store ({error}). {way_out}") from error


def outline(path: Path, facts: Iterable[str]) -> str | None:
    """Digest of what a store has, but for its values: stores of one digest have equal coordinates and some facts.

    Metadata and manifest say so, and are believed: values are read after `load`, which compares all of it.

    Parameters
    ----------
    path
        Where the store lies.
    facts
        Names of attributes of its root.

    Returns
    -------
    str or None
        None of a store whose metadata or manifest cannot be read.
    """
    try:
        said, manifest = (json.loads((path / name).read_text()) for name in ("zarr.json", files.MANIFEST))
        own = {name: said["attributes"].get(name) for name in facts}
        held = {name: entry["sha256"] for name, entry in manifest.items() if name.partition("/")[0] in COORDINATES}
        return files.digest([own, said["consolidated_metadata"]["metadata"], held])
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def splits(tree: xr.DataTree) -> dict[str, tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """Inputs (n, …) and targets (n,) of each split of an opened data set."""
    inputs, targets, split = (read(tree.dataset[name]) for name in ("input", "target", "split"))
    return {name: (inputs[split == name], targets[split == name]) for name in ("train", "test")}


def target_probability(tree: xr.DataTree) -> dict[str, np.ndarray[Any, Any]]:
    """p(y|x), (n, classes), of each split of an opened data set; nothing where its targets are all that is known."""
    if "target_probability" not in tree.dataset:
        return {}
    values, split = (read(tree.dataset[name]) for name in ("target_probability", "split"))
    return {name: values[split == name] for name in ("train", "test")}


def arrays(tree: xr.DataTree) -> dict[str, np.ndarray[Any, Any]]:
    """Variables and coordinates of the root of an opened store, by name."""
    return {str(name): read(tree.dataset[name]) for name in tree.dataset.variables}


def read(array: xr.DataArray) -> np.ndarray[Any, Any]:
    """Values of an array of an opened store.

    Raises
    ------
    StoreError
        If a chunk does not agree with its checksum; the message names store and array.
    """
    try:
        return np.asarray(array.values)
    except (ValueError, OSError, RuntimeError) as error:
        source, name = array.encoding.get("source", "store"), array.encoding.get("array", array.name)
        reason, way_out = str(error).rstrip("."), array.encoding.get("way_out", files.way_out(Path(source)))
        raise StoreError(f"{source}, array {name}: {reason}. {way_out}") from error


def _create_layers(
    writer: Writer,
    found: Mapping[str, Arrays],
    layers: Mapping[str, Mapping[str, Any]],
    *,
    sizes: tuple[int, int],
    epochs: int,
) -> dict[tuple[str, str], Any]:
    """One array per layer and variable: a chunk is a slab, a shard a block of epochs of one seed."""
    created = {}
    for layer, arrays in found.items():
        for name, values in arrays.items():
            variable = labels.variables("activations", f"/{layer}")[name]
            dims = labels.dims_of(variable, values.ndim + 2)
            samples = _samples_per_chunk(values)
            chunks = (1, 1, values.shape[0], samples, *values.shape[2:])
            shards = (1, epochs, values.shape[0], -(-values.shape[1] // samples) * samples, *values.shape[2:])
            created[layer, name] = writer.create(
                layer,
                name,
                dims,
                (*sizes, *values.shape),
                values.dtype,
                chunks=chunks,
                shards=shards,
                attrs=labels.described(variable),
            )
        writer.attributes(layer, layers[layer])
    return created


def _rows_per_chunk(values: np.ndarray[Any, Any]) -> tuple[int, ...] | None:
    """Chunks along the first dimension, for an array that is too large for one."""
    if values.nbytes <= CHUNK_BYTES:
        return None
    return (max(1, CHUNK_BYTES * len(values) // values.nbytes), *values.shape[1:])


def _samples_per_chunk(values: np.ndarray[Any, Any]) -> int:
    """Samples of a slab (probe_batch, sample, …) that fit into a chunk."""
    per_sample = max(1, values.nbytes // max(1, values.shape[1]))
    return int(min(values.shape[1], max(1, CHUNK_BYTES // per_sample)))


def _bytes(found: Mapping[str, Arrays]) -> int:
    return sum(values.nbytes for arrays in found.values() for values in arrays.values())
