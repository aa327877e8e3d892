"""Stores: labelled by the schema, checksummed to the last byte, and either whole or not there."""

import json
import random
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr

from infoplane import files, labels, store
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
    "estimator": ["renyi"],
}


@pytest.fixture
def chain() -> xr.Dataset:
    """A small group /error_chain."""
    values = np.random.default_rng(0).random((2, 1, 1, 1, 3, 2, 2))
    arrays = {
        "mutual_information_error": values,
        "error_bandwidth": values[:, :, 0],
        "error_median_distance": values[:, :, 0],
    }
    return labels.label("error_chain", arrays, COORDS)


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
        with pytest.raises(StoreError, match=f"{name} is damaged. Delete .*renyi.zarr and run .*: its rule measure m"):
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
        return labels.label("training", arrays, coords)

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
    store.write(tmp_path / "x.zarr", "dataset", labels.label("dataset", arrays, {}), provenance={"classes": 2})
    tree = store.load(tmp_path / "x.zarr", "dataset")
    found = store.splits(tree)
    np.testing.assert_array_equal(found["train"][0], inputs[[0, 2, 3, 5]])
    np.testing.assert_array_equal(found["test"][1], [1, 0])
    assert set(store.arrays(tree)) == {"input", "target", "split"}
    assert store.target_probability(tree) == {}
    soft = np.linspace(0, 1, 6)[:, None] * [-1, 1] + [1, 0]
    more = labels.label("dataset", {**arrays, "target_probability": soft}, {})
    store.write(tmp_path / "soft.zarr", "dataset", more, provenance={"classes": 2})
    np.testing.assert_array_equal(
        store.target_probability(store.load(tmp_path / "soft.zarr", "dataset"))["test"], soft[[1, 4]]
    )


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
    values = np.random.default_rng(0).random((2, 1, 1, 1, 3, 2, 2500))
    chain = chain.drop_vars([*chain.data_vars, "probe_batch"])
    arrays = {
        "mutual_information_error": values,
        "error_bandwidth": values[:, :, 0],
        "error_median_distance": values[:, :, 0],
    }
    coords = {name: (each.dims, each.values) for name, each in chain.coords.items()}
    return labels.label("error_chain", arrays, {**coords, "probe_batch": np.arange(2500)})


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
        root = labels.label("activations", arrays, coords)
        path = tmp_path / "x.zarr"
        with pytest.raises(OSError, match="File too large"):
            store.write_slabs(path, root=root, layers={"output": {}}, slabs=slabs, provenance={})
        assert list(tmp_path.iterdir()) == []


def test_stores_of_one_outline_have_equal_coordinates(written: Path, chain: xr.Dataset, tmp_path: Path) -> None:
    """Other values and another making leave it as it is; a coordinate, a fact or another variable does not."""

    def outline(data: xr.Dataset, **provenance: str) -> str | None:
        store.write(tmp_path / "other.zarr", "error_chain", data, provenance=provenance)
        return store.outline(tmp_path / "other.zarr", ["device"])

    own = store.outline(written, ["device"])
    assert own is not None
    assert outline(chain + 1) == own
    assert outline(chain, alpha="2") == own
    assert outline(chain, device="cuda") != own
    assert outline(chain.assign_coords(seed=[3, 5])) != own
    (written / "zarr.json").write_text("{")
    assert store.outline(written, ["device"]) is None
