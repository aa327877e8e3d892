"""Stores: labelled by the schema, checksummed to the last byte, and either whole or not there."""

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr

from infoplane import files, store
from infoplane.errors import StoreError

LAYERS = ["conv1", "output"]
COORDS = {
    "seed": [3, 4],
    "epoch": [0.0, 0.5, 1.0],
    "step": [0, 4, 8],
    "split": ["train"],
    "probe_batch": [0, 1],
    "layer": LAYERS,
    "control": ["none"],
}


@pytest.fixture
def chain() -> xr.Dataset:
    """A small group /error_chain."""
    values = np.random.default_rng(0).random((2, 1, 1, 3, 2, 2))
    arrays = {
        "mutual_information_error": values,
        "error_bandwidth": values[:, 0],
        "error_median_distance": values[:, 0],
    }
    return store.label("error_chain", arrays, COORDS)


@pytest.fixture
def written(chain: xr.Dataset, tmp_path: Path) -> Path:
    path = tmp_path / "renyi.zarr"
    store.write(path, "error_chain", chain, provenance={"alpha": 1.01, "nested": {"seeds": (3, 4)}})
    return path


def test_round_trip_with_labels_and_provenance(chain: xr.Dataset, written: Path) -> None:
    tree = store.load(written, "error_chain")
    found = tree.dataset["mutual_information_error"]
    np.testing.assert_array_equal(found.values, chain["mutual_information_error"].values)
    assert found.attrs == {"units": "bits", "long_name": "I(δ_K; δ_k)"}
    assert tree.dataset["layer"].values.tolist() == LAYERS
    assert tree.dataset["step"].dims == ("epoch",)
    assert tree.attrs["nested"] == {"seeds": [3, 4]}


def test_every_chunk_has_a_checksum_and_nothing_written_is_nan(written: Path) -> None:
    group = zarr.open_group(written, mode="r")
    for name, array in group.arrays():
        assert array.metadata.codecs[-1].to_dict()["name"] == "crc32c", name
        if array.dtype.kind == "f":
            assert np.isnan(array.metadata.fill_value), name
    assert json.loads((written / "zarr.json").read_text())["consolidated_metadata"]


def test_any_flipped_byte_is_named(written: Path) -> None:
    chosen = random.Random(1)
    every = [path for path in written.rglob("*") if path.is_file() and path.name != files.MANIFEST]
    for _ in range(100):
        path = chosen.choice(every)
        content = bytearray(path.read_bytes())
        place = chosen.randrange(len(content))
        content[place] ^= 1 << chosen.randrange(8)
        intact = path.read_bytes()
        path.write_bytes(content)
        name = path.relative_to(written).as_posix()
        with pytest.raises(StoreError, match=f"{name} is damaged. Delete .*renyi.zarr and run snakemake again"):
            store.load(written, "error_chain")
        path.write_bytes(intact)
    assert store.load(written, "error_chain").attrs["artifact"] == "error_chain"


def test_a_chunk_that_changes_after_opening_is_never_read_as_numbers(written: Path) -> None:
    tree = store.load(written, "error_chain")
    path = next(each for each in (written / "mutual_information_error" / "c").rglob("*") if each.is_file())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"(?s)renyi\.zarr, array /?mutual_information_error: .*run snakemake again"):
        store.read(tree.dataset["mutual_information_error"])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: (path / files.MANIFEST).unlink(), "no readable manifest.json: incomplete"),
        (lambda path: (path / files.MANIFEST).write_text("{"), "no readable manifest.json: incomplete"),
        (lambda path: shutil.rmtree(path / "layer" / "c"), "layer/c/0 is missing"),
        (lambda path: (path / "more").write_text("x"), "more is not in the manifest"),
        (shutil.rmtree, "no readable manifest.json: incomplete"),
    ],
)
def test_what_is_not_whole_is_refused(written: Path, damage, message: str) -> None:
    damage(written)
    with pytest.raises(StoreError, match=message):
        store.load(written, "error_chain")


def test_another_artifact_or_format_is_refused(written: Path, chain: xr.Dataset, monkeypatch, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds 'error_chain', not 'training'"):
        store.load(written, "training")
    monkeypatch.setattr(store, "FORMAT_VERSION", 2)
    store.write(tmp_path / "newer.zarr", "error_chain", chain, provenance={})
    monkeypatch.undo()
    with pytest.raises(StoreError, match="has format version 2; this infoplane reads 1"):
        store.load(tmp_path / "newer.zarr", "error_chain")


def test_every_fault_of_a_dataset_is_told_and_nothing_is_written(chain: xr.Dataset, tmp_path: Path) -> None:
    wrong = chain.drop_vars("error_median_distance")
    wrong["error_bandwidth"] = -wrong["error_bandwidth"]
    wrong["entropy"] = wrong["mutual_information_error"]
    wrong["mutual_information_error"] = wrong["mutual_information_error"].transpose()
    with pytest.raises(StoreError) as caught:
        store.write(tmp_path / "x.zarr", "error_chain", wrong, provenance={})
    message = str(caught.value)
    assert "variable 'entropy' is not in the schema" in message
    assert "variable 'mutual_information_error' has dimensions" in message
    assert "variable 'error_bandwidth' has values from -" in message
    with pytest.raises(StoreError, match="variable 'error_median_distance' is missing"):
        store.write(tmp_path / "x.zarr", "error_chain", chain.drop_vars("error_median_distance"), provenance={})
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_what_was_there(written: Path, chain: xr.Dataset) -> None:
    before = (written / files.MANIFEST).read_text()

    def fill_the_disk() -> None:
        with store.writing(written, "error_chain", provenance={}) as writer:
            writer.add(chain)
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        fill_the_disk()
    assert [path.name for path in written.parent.iterdir()] == ["renyi.zarr"]
    assert (written / files.MANIFEST).read_text() == before


def test_what_a_killed_writer_left_is_cleared(written: Path, chain: xr.Dataset) -> None:
    left = written.with_name(".renyi.zarr.partial")
    left.mkdir()
    (left / "half").write_text("x")
    store.write(written, "error_chain", chain, provenance={})
    assert not left.exists()
    assert "half" not in (written / files.MANIFEST).read_text()


class TestSlabs:
    """An activation store is written slab by slab: a chunk is one slab, a shard a block of epochs of one seed."""

    @pytest.fixture
    def root(self) -> xr.Dataset:
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
        return store.label("activations", arrays, coords)

    @staticmethod
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
    def test_layout_and_values(
        self, root: xr.Dataset, tmp_path: Path, monkeypatch, limit: int | None, shards: int
    ) -> None:
        if limit:
            monkeypatch.setattr(store, "SHARD_BYTES", limit)
        layers = {"conv1": {"kind": "convolutional", "depth": 1}, "output": {"kind": "output", "depth": 2}}
        path = tmp_path / "activations.zarr"
        store.write_slabs(path, root=root, layers=layers, slabs=self.slabs(), provenance={})
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

    def test_a_large_slab_is_split_over_samples(self, root: xr.Dataset, tmp_path: Path, monkeypatch) -> None:
        monkeypatch.setattr(store, "CHUNK_BYTES", 200)
        layers = {name: {"kind": "x", "depth": 1} for name in LAYERS}
        path = tmp_path / "activations.zarr"
        store.write_slabs(path, root=root, layers=layers, slabs=self.slabs(), provenance={})
        assert zarr.open_array(path / "conv1" / "activation", mode="r").chunks == (1, 1, 2, 2, 3, 2, 2)
        values = store.read(store.load(path, "activations")["conv1"].dataset["activation"])
        assert (values[1, 2] == 12).all()
