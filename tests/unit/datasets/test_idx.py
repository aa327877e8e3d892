import gzip
import os
import struct
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infoplane import datasets
from infoplane.datasets.idx import read_idx
from infoplane.errors import DataError

PIXELS = bytes(range(12))
GOOD = struct.pack(">HBBIII", 0, 8, 3, 3, 2, 2) + PIXELS
SHAPE = (3, 2, 2)
needs_originals = pytest.mark.skipif(
    "INFOPLANE_DATA" not in os.environ, reason="INFOPLANE_DATA names no folder with the original files"
)


def _file(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(content))
    return path


def test_reads_bytes_in_row_order(tmp_path: Path) -> None:
    images = read_idx(_file(tmp_path, GOOD), shape=SHAPE)
    assert images.dtype == np.uint8
    assert images.tolist() == [[[0, 1], [2, 3]], [[4, 5], [6, 7]], [[8, 9], [10, 11]]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", r"magic number , expected 00000803"),
        (GOOD[:3], r"magic number 000008, expected 00000803"),
        (b"\0\0\x0d\x03" + GOOD[4:], r"magic number 00000d03, expected 00000803"),
        (b"\0\0\x08\x01" + GOOD[4:], r"magic number 00000801"),
        (b"\0\0\x08\x03" + struct.pack(">III", 3, 2, 9) + PIXELS, r"dimensions \(3, 2, 9\), expected \(3, 2, 2\)"),
        (b"\0\0\x08\x03" + b"\xff" * 12 + PIXELS, r"dimensions \(4294967295, 4294967295, 4294967295\)"),
        (GOOD[:9], r"dimensions \(3,\), expected"),
        (GOOD[:-1], r"only 27 of 28 bytes"),
        (GOOD + b"\0", r"more than 28 bytes"),
    ],
)
def test_a_malformed_file_is_refused_by_name_and_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(DataError, match=rf"images\.gz is not the IDX file.*{reason}.*Replace it by the original"):
        read_idx(_file(tmp_path, content), shape=SHAPE)


def test_labels_in_place_of_images_are_refused(tmp_path: Path) -> None:
    labels = struct.pack(">HBBI", 0, 8, 1, 3) + bytes(3)
    with pytest.raises(DataError, match="magic number 00000801, expected 00000803"):
        read_idx(_file(tmp_path, labels), shape=SHAPE)


def test_a_file_that_is_not_compressed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(GOOD)
    with pytest.raises(DataError, match="Not a gzipped file"):
        read_idx(path, shape=SHAPE)


def test_a_truncated_stream_is_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, GOOD)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match="end-of-stream"):
        read_idx(path, shape=SHAPE)


def test_a_flipped_bit_is_refused_by_the_checksum_of_gzip(tmp_path: Path) -> None:
    path = _file(tmp_path, GOOD)
    content = bytearray(path.read_bytes())
    content[-6] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(DataError, match="CRC check failed"):
        read_idx(path, shape=SHAPE)


def test_a_bomb_is_not_decompressed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    read = gzip.GzipFile.read
    monkeypatch.setattr(gzip.GzipFile, "read", lambda self, size=-1: asked.append(size) or read(self, size))
    with pytest.raises(DataError, match="more than 28 bytes"):
        read_idx(_file(tmp_path, GOOD + bytes(10_000_000)), shape=SHAPE)
    assert asked == [29]


@given(st.binary(max_size=40) | st.binary(max_size=20).map(lambda tail: GOOD[:16] + tail))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """P(parser raises anything but DataError) = 0, whatever the bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = _file(Path(folder), content)
        if content[:16] == GOOD[:16] and len(content) == len(GOOD):
            assert read_idx(path, shape=SHAPE).tobytes() == content[16:]
        else:
            with pytest.raises(DataError, match="is not the IDX file"):
                read_idx(path, shape=SHAPE)


@needs_originals
@pytest.mark.parametrize(
    ("name", "first_labels", "mean", "counts"),
    [
        # published figures: torchvision's normalisation constants, and the class counts of MNIST's paper
        ("mnist", [5, 0, 4, 1, 9], 0.1307, [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]),
        ("fashion_mnist", [9, 0, 0, 3, 0], 0.2860, [6000] * 10),
    ],
)
def test_the_original_files_hold_what_is_published(
    name: str, first_labels: list[int], mean: float, counts: list[int]
) -> None:
    data = datasets.load(name)
    assert data.description == datasets.describe({"name": name})
    assert data.train.inputs.shape == (60_000, 1, 28, 28)
    assert data.test.inputs.shape == (10_000, 1, 28, 28)
    assert data.train.targets[:5].tolist() == first_labels
    assert data.train.targets.bincount().tolist() == counts
    assert data.train.inputs.mean().item() == pytest.approx(mean, abs=5e-5)  # published to four digits
    assert (data.train.inputs.min(), data.train.inputs.max()) == (0, 1)


@needs_originals
def test_swapped_original_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    originals = Path(os.environ["INFOPLANE_DATA"])
    (tmp_path / "mnist").symlink_to(originals / "fashion_mnist")
    monkeypatch.setenv("INFOPLANE_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"mnist/train-images-idx3-ubyte\.gz is damaged or another file"):
        datasets.load("mnist")
