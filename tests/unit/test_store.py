"""Stores: labelled by the schema, checksummed to the last byte, and either whole or not there."""

import gc
import json
import random
import resource
import shutil
import subprocess
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr

from infoplane import files, store
from infoplane.errors import StoreError

LAYERS = ["conv1", "output"]
NO_ATTRIBUTES: dict[str, dict[str, str]] = {name: {} for name in LAYERS}
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


def test_a_folder_that_is_whole_and_no_store_is_refused(tmp_path: Path) -> None:
    with files.new_folder(tmp_path / "checkpoints") as folder:
        (folder / "step-000000000.pt").write_bytes(b"weights")
    with pytest.raises(
        StoreError, match=r"checkpoints: is no Zarr store .*Delete .*checkpoints and run snakemake again"
    ):
        store.load(tmp_path / "checkpoints", "training")


def test_nan_is_allowed_and_what_is_out_of_range_is_told_with_the_range(tmp_path: Path) -> None:
    def training(accuracy: float) -> xr.Dataset:
        values = np.full((1, 2, 1), np.nan)
        arrays: dict[str, np.ndarray] = dict.fromkeys(
            ("loss", "gradient_mean_norm", "gradient_std_norm", "weight_norm"), values
        )
        arrays |= {"accuracy": np.array([[[np.nan], [accuracy]]]), "diverged_epoch": np.full(1, np.nan)}
        arrays["train_index"] = np.zeros((1, 4), dtype=np.int64)
        coords = {"seed": [0], "epoch": [0.0, 1.0], "split": ["train"], "layer": ["output"]}
        return store.label("training", arrays, coords)

    store.write(tmp_path / "x.zarr", "training", training(1.0), provenance={})
    assert np.isnan(store.load(tmp_path / "x.zarr", "training").dataset["loss"]).all()
    with pytest.raises(
        StoreError, match=r"^training:\n  - /: variable 'accuracy' has values from 1\.5 to 1\.5, outside \["
    ):
        store.write(tmp_path / "x.zarr", "training", training(1.5), provenance={})


def test_a_data_set_comes_back_split_by_split(tmp_path: Path) -> None:
    inputs = np.arange(24, dtype=np.float32).reshape(6, 4)
    arrays = {
        "input": inputs,
        "target": np.arange(6) % 2,
        "split": np.array(["train", "test", "train", "train", "test", "train"], dtype=object),
    }
    store.write(tmp_path / "x.zarr", "dataset", store.label("dataset", arrays, {}), provenance={"classes": 2})
    tree = store.load(tmp_path / "x.zarr", "dataset")
    found = store.splits(tree)
    np.testing.assert_array_equal(found["train"][0], inputs[[0, 2, 3, 5]])
    np.testing.assert_array_equal(found["test"][1], [1, 0])
    assert set(store.arrays(tree)) == {"input", "target", "split"}


def test_text_of_any_length_and_alphabet_comes_back(chain: xr.Dataset, tmp_path: Path) -> None:
    names = ["α", "a much longer name than the other, with spaces"]
    store.write(tmp_path / "x.zarr", "error_chain", chain.assign_coords(layer=np.array(names, object)), provenance={})
    assert store.load(tmp_path / "x.zarr", "error_chain").dataset["layer"].values.tolist() == names


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a disk of its own can be mounted by root only")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may grow beyond 64 KiB: the system then fails a write as a full disk does, without root."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def large(chain: xr.Dataset) -> xr.Dataset:
    """A group of half a megabyte that does not compress."""
    values = np.random.default_rng(0).random((2, 1, 1, 3, 2, 2500))
    chain = chain.drop_vars([*chain.data_vars, "probe_batch"])
    arrays = {
        "mutual_information_error": values,
        "error_bandwidth": values[:, 0],
        "error_median_distance": values[:, 0],
    }
    coords = {name: (each.dims, each.values) for name, each in chain.coords.items()}
    return store.label("error_chain", arrays, {**coords, "probe_batch": np.arange(2500)})


class TestFullDisk:
    """Whatever is left on a disk that was full is nothing that looks complete."""

    def test_a_disk_that_is_really_full(self, large: xr.Dataset, chain: xr.Dataset, full_disk: Path) -> None:
        path = full_disk / "x.zarr"
        with pytest.raises(OSError, match="No space left on device"):
            store.write(path, "error_chain", large, provenance={})
        assert list(full_disk.iterdir()) == []
        with pytest.raises(StoreError, match=r"x\.zarr: no readable manifest\.json"):
            store.load(path, "error_chain")
        store.write(path, "error_chain", chain, provenance={})  # what fits is written once there is room again
        assert store.load(path, "error_chain").attrs["artifact"] == "error_chain"

    @pytest.mark.usefixtures("small_files")
    def test_a_chunk_that_cannot_be_written(self, large: xr.Dataset, tmp_path: Path) -> None:
        with pytest.raises(OSError, match="File too large"):
            store.write(tmp_path / "x.zarr", "error_chain", large, provenance={})
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.usefixtures("small_files")
    def test_a_slab_that_cannot_be_written(self, tmp_path: Path) -> None:
        values = np.random.default_rng(0).random((1, 1, 40_000), np.float32)
        slabs = [(0, epoch, {"output": {"activation": values}}) for epoch in range(3)]
        coords = {"seed": [0], "epoch": [0.0, 1.0, 2.0], "probe_batch": [0], "sample": [0]}
        arrays = {
            "input": np.zeros((1, 1, 2), np.float32),
            "target": np.zeros((1, 1), np.int64),
            "sample_index": np.zeros((1, 1), np.int64),
        }
        root = store.label("activations", arrays, coords)
        path = tmp_path / "x.zarr"
        with pytest.raises(OSError, match="File too large"):
            store.write_slabs(path, root=root, layers={"output": {}}, slabs=slabs, provenance={})
        assert list(tmp_path.iterdir()) == []


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

    def test_every_chunk_and_every_index_of_a_shard_has_a_checksum(self, root: xr.Dataset, tmp_path: Path) -> None:
        path = tmp_path / "activations.zarr"
        store.write_slabs(path, root=root, layers=NO_ATTRIBUTES, slabs=self.slabs(), provenance={})
        for layer in LAYERS:
            shard = json.loads((path / layer / "activation" / "zarr.json").read_text())["codecs"][-1]
            assert shard["name"] == "sharding_indexed"
            for codecs in ("codecs", "index_codecs"):
                assert shard["configuration"][codecs][-1]["name"] == "crc32c"

    def test_a_chunk_of_a_layer_that_changes_after_opening_is_named(self, root: xr.Dataset, tmp_path: Path) -> None:
        """A few bits of every shard, read seed by seed as measuring does."""
        path = tmp_path / "activations.zarr"
        store.write_slabs(path, root=root, layers=NO_ATTRIBUTES, slabs=self.slabs(), provenance={})
        chosen = random.Random(2)
        for shard in sorted(each for each in (path / "conv1" / "activation" / "c").rglob("*") if each.is_file()):
            intact = shard.read_bytes()
            for _ in range(20):
                tree = store.load(path, "activations")
                content = bytearray(intact)
                content[chosen.randrange(len(content))] ^= 1 << chosen.randrange(8)
                shard.write_bytes(content)
                message = (
                    r"(?s)activations\.zarr, array /conv1/activation: .*Delete .*activations\.zarr and run snakemake"
                )
                with pytest.raises(StoreError, match=message):
                    store.read(tree["conv1"].dataset["activation"].isel(seed=int(shard.parts[-7])))
                shard.write_bytes(intact)

    def test_memory_holds_one_block_of_epochs(self, root: xr.Dataset, tmp_path: Path, monkeypatch) -> None:
        monkeypatch.setattr(store, "SHARD_BYTES", 2 * (480 + 160))  # two slabs of both layers
        alive: list[weakref.ref[np.ndarray]] = []
        most = 0

        def watched() -> Iterator[store.Slab]:
            nonlocal most
            for slab in self.slabs():
                alive.extend(weakref.ref(array) for layer in slab[2].values() for array in layer.values())
                gc.collect()
                most = max(most, sum(each() is not None for each in alive))
                yield slab
                del slab

        store.write_slabs(tmp_path / "x.zarr", root=root, layers=NO_ATTRIBUTES, slabs=watched(), provenance={})
        assert len(alive) == 2 * 6
        assert most <= 2 * 3  # the block, and the slab that comes

    @pytest.mark.parametrize("count", [0, 2, 5])
    def test_slabs_that_end_early_leave_nothing(self, root: xr.Dataset, tmp_path: Path, count: int) -> None:
        some = list(self.slabs())[:count]
        with pytest.raises(StoreError, match=rf"^activations: {count} slabs for 2 seeds and 3 epochs; one for each$"):
            store.write_slabs(tmp_path / "x.zarr", root=root, layers=NO_ATTRIBUTES, slabs=some, provenance={})
        assert list(tmp_path.iterdir()) == []

    def test_a_capture_that_fails_midway_leaves_nothing(self, root: xr.Dataset, tmp_path: Path) -> None:
        def failing() -> Iterator[store.Slab]:
            for count, slab in enumerate(self.slabs()):
                if count == 4:
                    raise KeyboardInterrupt("stopped")
                yield slab

        with pytest.raises(KeyboardInterrupt, match="stopped"):
            store.write_slabs(tmp_path / "x.zarr", root=root, layers=NO_ATTRIBUTES, slabs=failing(), provenance={})
        assert list(tmp_path.iterdir()) == []
