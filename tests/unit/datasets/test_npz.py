import hashlib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infoplane import datasets
from infoplane.errors import DataError

RNG = np.random.default_rng(0)
GOOD: dict[str, Any] = {
    "x_train": RNG.integers(0, 256, (6, 5, 5, 3), dtype=np.uint8),
    "y_train": np.array([0, 1, 2, 0, 1, 2]),
    "x_test": RNG.integers(0, 256, (2, 5, 5, 3), dtype=np.uint8),
    "y_test": np.array([[1], [0]], np.uint8),
}


def _file(folder: Path, **changed: Any) -> Path:
    path = folder / "mine.npz"
    np.savez_compressed(path, **{**GOOD, **changed})
    return path


def test_describes_without_decoding_the_inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _file(tmp_path)
    decoded: list[tuple[int, ...]] = []
    read_array = np.lib.format.read_array

    def spy(*arguments: Any, **options: Any) -> Any:
        array = read_array(*arguments, **options)
        decoded.append(array.shape)
        return array

    monkeypatch.setattr("numpy.lib._npyio_impl.format.read_array", spy)
    description = datasets.describe({"file": "mine.npz"}, folder=tmp_path)
    assert description == datasets.Description(
        name="mine",
        shape=(3, 5, 5),
        classes=3,
        sizes={"train": 6, "test": 2},
        checksum=hashlib.sha256(path.read_bytes()).hexdigest(),
    )
    assert decoded == [(6,), (2, 1)]


def test_loads_what_it_describes(tmp_path: Path) -> None:
    _file(tmp_path)
    data = datasets.load({"file": "mine.npz"}, folder=tmp_path)
    assert data.description == datasets.describe({"file": "mine.npz"}, folder=tmp_path)
    np.testing.assert_array_equal(data.train.inputs, np.moveaxis(GOOD["x_train"], -1, 1).astype(np.float32) / 255)
    assert data.test.targets.tolist() == [1, 0]


def test_an_absolute_path_ignores_the_folder(tmp_path: Path) -> None:
    path = _file(tmp_path)
    assert datasets.describe({"file": str(path)}, folder=Path("elsewhere")).name == "mine"


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.npz cannot be read: No such file.*Check the path"):
        datasets.load({"file": "none.npz"}, folder=tmp_path)


def test_missing_arrays_are_told_with_those_that_are_there(tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", x_train=GOOD["x_train"], labels=GOOD["y_train"])
    with pytest.raises(DataError, match=r"lacks y_train, x_test, y_test; it holds labels, x_train\. Save it with"):
        datasets.describe({"file": "mine.npz"}, folder=tmp_path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"x_train": np.ones((6, 3, 3, 3), np.uint8)}, r"x_train: shape \(6, 3, 3, 3\) is ambiguous"),
        ({"x_test": np.ones((2, 6, 6, 3), np.uint8)}, r"differ in shape"),
        (
            {"y_train": np.linspace(0, 1, 6)},
            r"y_train is float64 of shape \(6,\) and y_test is uint8 .*: all classes",
        ),
        ({"y_train": np.array([None] * 6)}, r"y_train holds Python objects, which are never read; accepted: numbers"),
        ({"x_train": np.array([[None]] * 6)}, r"x_train holds Python objects, which are never read"),
    ],
)
def test_unusable_arrays_are_refused_when_planned(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    _file(tmp_path, **changed)
    with pytest.raises(DataError, match=rf"(?s)mine\.npz.*{message}"):
        datasets.describe({"file": "mine.npz"}, folder=tmp_path)


def test_numbers_that_are_not_finite_are_refused_when_loaded(tmp_path: Path) -> None:
    x = np.ones((6, 4))
    x[3, 2] = np.inf
    _file(tmp_path, x_train=x, x_test=np.ones((2, 4)))
    with pytest.raises(DataError, match=r"mine\.npz is no usable data set:\n  - x_train.*first at index 3"):
        datasets.load({"file": "mine.npz"}, folder=tmp_path)


def test_pickled_objects_are_never_read(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[Any, ...]:
            return (tmp_path.joinpath("executed").touch, ())

    _file(tmp_path, y_test=np.array([Payload(), Payload()]))
    with pytest.raises(DataError, match="y_test holds Python objects, which are never read"):
        datasets.load({"file": "mine.npz"}, folder=tmp_path)
    assert not (tmp_path / "executed").exists()


def test_a_header_that_promises_more_than_is_there_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    path = _file(tmp_path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["x_train.npy"] = members["x_train.npy"].replace(b"(6, 5, 5, 3), ", b"(6000000000,5,5,3),", 1)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(DataError, match=r"x_train holds \d+ bytes, too few or too many for uint8 of shape \(60000"):
        datasets.load({"file": "mine.npz"}, folder=tmp_path)


@pytest.mark.parametrize("keep", [0, 10, 200, -1])
def test_a_truncated_file_is_refused(tmp_path: Path, keep: int) -> None:
    path = _file(tmp_path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"mine\.npz is no readable \.npz file: .*np\.savez again"):
        datasets.load({"file": "mine.npz"}, folder=tmp_path)


def test_every_damaged_byte_is_refused_or_harmless(tmp_path: Path) -> None:
    """A flipped byte in the data is found by the zip's CRC; in names of no meaning it may pass, with equal content."""
    path = _file(tmp_path)
    content, expected = path.read_bytes(), datasets.load({"file": str(path)})
    for position in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[position] ^= 0x55
        path.write_bytes(bytes(damaged))
        try:
            loaded = datasets.load({"file": str(path)})
        except DataError as error:
            assert "mine.npz" in str(error)  # noqa: PT017
        else:
            np.testing.assert_array_equal(loaded.train.inputs, expected.train.inputs)
            np.testing.assert_array_equal(loaded.test.targets, expected.test.targets)
