import gzip
import io
import pickle
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from infoplane import datasets
from infoplane.datasets.cifar10 import read_archive
from infoplane.errors import DataError

BATCH = 3
NAMES = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
IMAGES = np.random.default_rng(0).integers(0, 256, (6, BATCH, 3072), dtype=np.uint8)
LABELS = np.random.default_rng(1).integers(0, 10, (6, BATCH))
Members = list[tuple[tarfile.TarInfo, bytes]]


def _text(value: bytes) -> bytes:
    """A string as Python 2 pickled it."""
    return b"U" + bytes([len(value)]) + value


def _batch(
    images: npt.NDArray[np.uint8], labels: list[int], *, by_columns: bool = False, dtype: bytes = b"u1"
) -> bytes:
    """A batch as Python 2 and its NumPy pickled it: protocol 2, strings as bytes, arrays by `_reconstruct`."""
    content = images.tobytes("F" if by_columns else "C")
    shape = b"".join(b"M" + struct.pack("<H", size) for size in images.shape) + b"\x86"
    return b"".join(
        [
            b"\x80\x02}q\x01(",
            _text(b"batch_label") + _text(b"training batch 1 of 5"),
            _text(b"labels") + b"]q\x02(" + b"".join(b"K" + bytes([label]) for label in labels) + b"e",
            _text(b"data") + b"cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85",
            _text(b"b") + b"\x87R(K\x01" + shape,
            b"cnumpy\ndtype\n" + _text(dtype) + b"K\x00K\x01\x87R(K\x03" + _text(b"|"),
            b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb" + (b"\x88" if by_columns else b"\x89"),
            b"T" + struct.pack("<i", len(content)) + content + b"tb",
            _text(b"filenames") + b"](" + _text(b"a_s_000001.png") * len(labels) + b"e",
            b"u.",
        ]
    )


def _member(name: str, content: bytes = b"") -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    return info, content


def _link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


def _members(**changed: bytes) -> Members:
    """The members of the original archive, in its order of no order."""
    root = tarfile.TarInfo("cifar-10-batches-py")
    root.type = tarfile.DIRTYPE
    batches = {
        name: _batch(images, labels.tolist()) for name, images, labels in zip(NAMES, IMAGES, LABELS, strict=True)
    }
    files = {"readme.html": b"<html>", "batches.meta": b"never read", **dict(reversed(batches.items())), **changed}
    return [(root, b""), *(_member(f"cifar-10-batches-py/{name}", content) for name, content in files.items())]


def _archive(folder: Path, members: Members) -> Path:
    path = folder / "cifar.tar.gz"
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture
def refused(tmp_path: Path) -> Callable[[Members, str], None]:
    """Whether an archive is refused for a reason, with nothing written anywhere near it."""

    def check(members: Members, reason: str) -> None:
        around = tmp_path / "around"
        (around / "own").mkdir(parents=True, exist_ok=True)
        path = _archive(around / "own", members)
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(DataError, match=rf"cifar\.tar\.gz is not the archive of CIFAR-10: {reason}.*the original"):
            read_archive(path, batch=BATCH)
        assert sorted(tmp_path.rglob("*")) == before

    return check


def test_reads_five_batches_to_train_on_and_one_to_test_on(tmp_path: Path) -> None:
    arrays = read_archive(_archive(tmp_path, _members()), batch=BATCH)
    np.testing.assert_array_equal(arrays.x_train, IMAGES[:5].reshape(15, 3, 32, 32))
    np.testing.assert_array_equal(arrays.x_test, IMAGES[5].reshape(BATCH, 3, 32, 32))
    assert arrays.y_train.tolist() == LABELS[:5].ravel().tolist()
    assert arrays.y_test.tolist() == LABELS[5].tolist()


def test_the_batches_of_the_test_are_as_numpy_reads_them() -> None:
    """Guards the imitation above: the ordinary, unsafe way of reading sees the same batch."""
    numpy_now = _batch(IMAGES[0], [1, 2, 3]).replace(b"numpy.core.multiarray", b"numpy._core.multiarray")
    batch = pickle.loads(numpy_now, encoding="bytes")
    np.testing.assert_array_equal(batch[b"data"], IMAGES[0])
    assert batch[b"labels"] == [1, 2, 3]


def test_an_array_stored_by_columns_is_read_as_such(tmp_path: Path) -> None:
    by_columns = _batch(IMAGES[0], LABELS[0].tolist(), by_columns=True)
    arrays = read_archive(_archive(tmp_path, _members(data_batch_1=by_columns)), batch=BATCH)
    np.testing.assert_array_equal(arrays.x_train[:BATCH], IMAGES[0].reshape(BATCH, 3, 32, 32))


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (_member("/etc/passwd", b"x"), r"it holds '/etc/passwd', which is no file of the folder"),
        (_member("../outside", b"x"), r"it holds '\.\./outside'"),
        (_member("cifar-10-batches-py/../../outside", b"x"), r"it holds 'cifar-10-batches-py/\.\./\.\./outside'"),
        (_member("cifar-10-batches-py/..", b"x"), r"it holds 'cifar-10-batches-py/\.\.'"),
        (_member("cifar-10-batches-py/deep/file", b"x"), r"it holds 'cifar-10-batches-py/deep/file'"),
        (_member("other", b"x"), r"it holds 'other'"),
        (_link("cifar-10-batches-py/link", "/etc/passwd"), r"cifar-10-batches-py/link in it is no regular file"),
        (_link("cifar-10-batches-py/link", "/etc/passwd", tarfile.LNKTYPE), r".*link in it is no regular file"),
        (_link("cifar-10-batches-py/pipe", "", tarfile.FIFOTYPE), r".*pipe in it is no regular file"),
        (_link("cifar-10-batches-py", "/tmp"), r"cifar-10-batches-py in it is no regular file"),
        (_member("cifar-10-batches-py/test_batch", b"x"), r"it holds cifar-10-batches-py/test_batch twice"),
    ],
)
def test_a_member_that_does_not_belong_there_is_refused(
    refused: Callable[[Members, str], None], member: tuple[tarfile.TarInfo, bytes], reason: str
) -> None:
    refused([*_members(), member], reason)


def test_a_batch_that_is_a_link_is_refused(refused: Callable[[Members, str], None]) -> None:
    members = [member for member in _members() if not member[0].name.endswith("test_batch")]
    refused([*members, _link("cifar-10-batches-py/test_batch", "data_batch_1")], r".*test_batch in it is no regular")


def test_a_missing_batch_is_refused(refused: Callable[[Members, str], None]) -> None:
    members = [member for member in _members() if not member[0].name.endswith(("test_batch", "data_batch_3"))]
    refused(members, r"it lacks cifar-10-batches-py/data_batch_3, cifar-10-batches-py/test_batch")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"path": "/etc/passwd"}, r"it holds '/etc/passwd'"),
        ({"size": "99999999999999999999"}, r".* has 99999999999999999999 bytes, more than 13504"),
        ({"size": "-99999999"}, r"seeking backwards is not allowed"),
        ({"GNU.sparse.map": "a,b"}, r"invalid literal"),
        ({"GNU.sparse.realsize": "-1"}, r"cifar-10-batches-py/"),
    ],
)
def test_a_hostile_extended_header_is_refused(
    refused: Callable[[Members, str], None], header: dict[str, str], reason: str
) -> None:
    members = _members()
    members[-1][0].pax_headers = header
    refused(members, reason)


def test_a_member_that_is_too_large_is_refused(refused: Callable[[Members, str], None]) -> None:
    refused(_members(data_batch_2=bytes(100_000)), r".*data_batch_2 in it has 100000 bytes, more than 13504")


def test_a_bomb_of_many_members_is_refused(refused: Callable[[Members, str], None]) -> None:
    junk = [_member(f"cifar-10-batches-py/junk{number}", bytes(13_000)) for number in range(1000)]
    refused([*junk, *_members()], r"it decompresses to more than it should hold")


def test_a_bomb_in_a_header_is_refused(tmp_path: Path) -> None:
    """A name of 10 MB, which tarfile would read whole, in 10 kB."""
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 10_000_000
    path = tmp_path / "cifar.tar.gz"
    path.write_bytes(gzip.compress(info.tobuf() + bytes(info.size)))
    with pytest.raises(DataError, match="it decompresses to more than it should hold"):
        read_archive(path, batch=BATCH)


class _Payload:
    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_code_in_a_pickle_is_not_run(refused: Callable[[Members, str], None], tmp_path: Path, protocol: int) -> None:
    payload = pickle.dumps(_Payload(exec, f"open({str(tmp_path / 'executed')!r}, 'w')"), protocol)
    refused(_members(data_batch_1=payload), r"cifar-10-batches-py/data_batch_1: a pickle in it asks for \w+\.exec")


@pytest.mark.parametrize(
    "asked",
    [
        "os\nsystem",
        "numpy\nload",
        "numpy.core.multiarray\nscalar",
        "numpy\nndarray.tofile",
        "_codecs\nencode",
        "copyreg\n_reconstructor",
    ],
)
def test_only_the_three_names_of_an_array_are_admitted(refused: Callable[[Members, str], None], asked: str) -> None:
    content = b"\x80\x02c" + asked.encode() + b"\n."
    refused(_members(test_batch=content), rf".*a pickle in it asks for {asked.replace(chr(10), '.')}")


def test_a_stand_in_cannot_be_altered_by_a_pickle(tmp_path: Path, refused: Callable[[Members, str], None]) -> None:
    """BUILD on the class itself would otherwise set its attributes, for later archives too."""
    refused(_members(data_batch_1=b"\x80\x02cnumpy\nndarray\n}U\x05statetK\x01sb."), r".*data_batch_1 is no batch")
    refused(_members(data_batch_1=b"\x80\x02cnumpy\nndarray\n}(U\x05stateK\x01ub."), r".*data_batch_1 is no batch")
    assert read_archive(_archive(tmp_path, _members()), batch=BATCH).y_test.tolist() == LABELS[5].tolist()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", r"is no batch of 3 images \(EOFError"),
        (b"\x80\x02].", r"is no batch of 3 images \(TypeError"),
        (b"\x80\x02}.", r"is no batch of 3 images \(KeyError"),
        (b"\x80\x02r\xff\xff\xff\x7f.", r"is no batch of 3 images"),
        (_batch(IMAGES[0], [1, 2]), r"labels are not 3 integers from 0 to 9"),
        (_batch(IMAGES[0], [1, 2, 10]), r"labels are not 3 integers from 0 to 9"),
        (_batch(IMAGES[0][:2], [0, 1]), r"data have type and shape \(b'u1', \(2, 3072\)\), expected"),
        (_batch(IMAGES[0][:, :3071], [1, 2, 3]), r"data have type and shape \(b'u1', \(3, 3071\)\), expected"),
        (_batch(IMAGES[0], [1, 2, 3], dtype=b"O8"), r"data have type and shape \(b'O8', \(3, 3072\)\), expected"),
        (_batch(IMAGES[0], [1, 2, 3])[:-500], r"is no batch of 3 images"),
    ],
)
def test_a_malformed_batch_is_refused(refused: Callable[[Members, str], None], content: bytes, reason: str) -> None:
    refused(_members(data_batch_4=content), rf"cifar-10-batches-py/data_batch_4:? ?{reason}")


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"no tar", mtime=0), gzip.compress(bytes(2000), mtime=0)],
    ids=["empty", "text", "text in gzip", "zeros in gzip"],
)
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "cifar.tar.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"cifar\.tar\.gz is not the archive of CIFAR-10"):
        read_archive(path, batch=BATCH)


def test_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    path = _archive(tmp_path, _members())
    path.write_bytes(path.read_bytes()[:30_000])
    with pytest.raises(DataError, match=r"is not the archive of CIFAR-10: Compressed file ended|unexpected end"):
        read_archive(path, batch=BATCH)


def test_any_damaged_byte_is_read_or_refused(tmp_path: Path) -> None:
    """Of the decompressed archive, so that the damage reaches tar headers and pickles past gzip's checksum."""
    path = _archive(tmp_path, _members())
    content = gzip.decompress(path.read_bytes())
    headers = [position for position in range(0, len(content), 512) if content[position:].startswith(b"cifar-10")]
    for position in [*(start + offset for start in headers[:3] for offset in range(0, 512, 5)), *range(3000, 4000, 17)]:
        damaged = bytearray(content)
        damaged[position] ^= 0x91
        path.write_bytes(gzip.compress(bytes(damaged), compresslevel=1))
        try:
            assert len(read_archive(path, batch=BATCH).x_train) == 15
        except DataError as error:
            assert "is not the archive" in str(error)  # noqa: PT017


def test_the_archive_is_verified_before_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cifar10").mkdir()
    (tmp_path / "cifar10" / "cifar-10-python.tar.gz").write_bytes(_archive(tmp_path, _members()).read_bytes())
    monkeypatch.setenv("INFOPLANE_DATA", str(tmp_path))
    monkeypatch.setattr(gzip, "open", lambda *_: pytest.fail("opened before it was verified"))
    with pytest.raises(DataError, match=r"cifar-10-python\.tar\.gz is damaged.*expected 6d958be0745778"):
        datasets.load("cifar10")
