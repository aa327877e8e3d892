"""An activation store is written slab by slab: a chunk is one slab, a shard a block of epochs of one seed."""

import gc
import json
import random
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr

from infoplane import labels, store
from infoplane.errors import StoreError

LAYERS = ["conv1", "output"]
NO_ATTRIBUTES: dict[str, dict[str, str]] = {name: {} for name in LAYERS}


@pytest.fixture
def root() -> xr.Dataset:
    arrays = {
        "input": np.zeros((2, 5, 1, 4, 4), dtype=np.float32),
        "target": np.zeros((2, 5), dtype=np.int64),
        "sample_index": np.arange(10).reshape(2, 5),
    }
    coords = {
        "seed": [3, 4],
        "epoch": [0.0, 0.5, 1.0],
        "step": [0, 4, 8],
        "probe_batch": [0, 1],
        "split": ("probe_batch", ["train", "test"]),
        "sample": range(5),
    }
    return labels.label("activations", arrays, coords)


def slabs() -> Iterator[store.Slab]:
    for seed in range(2):
        for epoch in range(3):
            value = np.float32(10 * seed + epoch)
            yield (
                seed,
                epoch,
                {
                    "conv1": {"activation": np.full((2, 5, 3, 2, 2), value)},
                    "output": {"activation": np.full((2, 5, 4), value + 0.5)},
                },
            )


@pytest.mark.parametrize(("limit", "shards"), [(None, 2), (2 * (480 + 160), 4), (1, 6)])
def test_layout_and_values(root: xr.Dataset, tmp_path: Path, monkeypatch, limit: int | None, shards: int) -> None:
    if limit:
        monkeypatch.setattr(store, "SHARD_BYTES", limit)
    layers = {"conv1": {"kind": "convolutional", "depth": 1}, "output": {"kind": "output", "depth": 2}}
    path = tmp_path / "activations.zarr"
    store.write_slabs(path, root=root, layers=layers, slabs=slabs(), provenance={})
    tree = store.load(path, "activations")
    array = zarr.open_array(path / "conv1" / "activation", mode="r")
    assert array.chunks == (1, 1, 2, 5, 3, 2, 2)
    assert len([each for each in (path / "conv1/activation/c").rglob("*") if each.is_file()]) == shards
    assert tree["conv1"].dataset["activation"].dims[-3:] == ("channel", "height", "width")
    assert tree["output"].dataset["activation"].dims[-1] == "unit"
    assert tree.dataset["input"].dims[-3:] == ("input_channel", "input_height", "input_width")
    for seed in range(2):
        for epoch in range(3):
            slab = store.read(tree["output"].dataset["activation"].isel(seed=seed, epoch=epoch))
            assert (slab == 10 * seed + epoch + 0.5).all()


def test_a_large_slab_is_split_over_samples(root: xr.Dataset, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(store, "CHUNK_BYTES", 200)
    layers = {name: {"kind": "x", "depth": 1} for name in LAYERS}
    path = tmp_path / "activations.zarr"
    store.write_slabs(path, root=root, layers=layers, slabs=slabs(), provenance={})
    assert zarr.open_array(path / "conv1" / "activation", mode="r").chunks == (1, 1, 2, 2, 3, 2, 2)
    values = store.read(store.load(path, "activations")["conv1"].dataset["activation"])
    assert (values[1, 2] == 12).all()


def test_every_chunk_and_every_index_of_a_shard_has_a_checksum(root: xr.Dataset, tmp_path: Path) -> None:
    path = tmp_path / "activations.zarr"
    store.write_slabs(path, root=root, layers=NO_ATTRIBUTES, slabs=slabs(), provenance={})
    for layer in LAYERS:
        shard = json.loads((path / layer / "activation" / "zarr.json").read_text())["codecs"][-1]
        assert shard["name"] == "sharding_indexed"
        for codecs in ("codecs", "index_codecs"):
            assert shard["configuration"][codecs][-1]["name"] == "crc32c"


def test_a_chunk_of_a_layer_that_changes_after_opening_is_named(root: xr.Dataset, tmp_path: Path) -> None:
    """A few bits of every shard, read seed by seed as measuring does."""
    path = tmp_path / "activations.zarr"
    store.write_slabs(path, root=root, layers=NO_ATTRIBUTES, slabs=slabs(), provenance={})
    chosen = random.Random(2)
    for shard in sorted(each for each in (path / "conv1" / "activation" / "c").rglob("*") if each.is_file()):
        intact = shard.read_bytes()
        for _ in range(20):
            tree = store.load(path, "activations")
            content = bytearray(intact)
            content[chosen.randrange(len(content))] ^= 1 << chosen.randrange(8)
            shard.write_bytes(content)
            message = r"(?s)activations\.zarr, array /conv1/activation: .*Delete .*activations\.zarr and run snakemake"
            with pytest.raises(StoreError, match=message):
                store.read(tree["conv1"].dataset["activation"].isel(seed=int(shard.parts[-7])))
            shard.write_bytes(intact)


def test_memory_holds_one_block_of_epochs(root: xr.Dataset, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(store, "SHARD_BYTES", 2 * (480 + 160))  # two slabs of both layers
    alive: list[weakref.ref[np.ndarray]] = []
    most = 0

    def watched() -> Iterator[store.Slab]:
        nonlocal most
        for slab in slabs():
            alive.extend(weakref.ref(array) for layer in slab[2].values() for array in layer.values())
            gc.collect()
            most = max(most, sum(each() is not None for each in alive))
            yield slab
            del slab

    store.write_slabs(tmp_path / "x.zarr", root=root, layers=NO_ATTRIBUTES, slabs=watched(), provenance={})
    assert len(alive) == 2 * 6
    assert most <= 2 * 3  # the block, and the slab that comes


@pytest.mark.parametrize("count", [0, 2, 5])
def test_slabs_that_end_early_leave_nothing(root: xr.Dataset, tmp_path: Path, count: int) -> None:
    some = list(slabs())[:count]
    with pytest.raises(StoreError, match=rf"^activations: {count} slabs for 2 seeds and 3 epochs; one for each$"):
        store.write_slabs(tmp_path / "x.zarr", root=root, layers=NO_ATTRIBUTES, slabs=some, provenance={})
    assert list(tmp_path.iterdir()) == []


def test_a_capture_that_fails_midway_leaves_nothing(root: xr.Dataset, tmp_path: Path) -> None:
    def failing() -> Iterator[store.Slab]:
        for count, slab in enumerate(slabs()):
            if count == 4:
                raise KeyboardInterrupt("stopped")
            yield slab

    with pytest.raises(KeyboardInterrupt, match="stopped"):
        store.write_slabs(tmp_path / "x.zarr", root=root, layers=NO_ATTRIBUTES, slabs=failing(), provenance={})
    assert list(tmp_path.iterdir()) == []
