import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pooch
import pytest

from infoplane.datasets.originals import Original, checksum, combined, fetch
from infoplane.errors import DataError

CONTENT = {"a.gz": b"first", "b.gz": b"second"}
FILES = [
    Original("toy", name, f"https://example.org/{name}", hashlib.sha256(content).hexdigest())
    for name, content in CONTENT.items()
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the data set under INFOPLANE_DATA, with all original files, and no way to the network."""
    monkeypatch.setenv("INFOPLANE_DATA", str(tmp_path))
    monkeypatch.setattr(pooch, "retrieve", lambda *_, **__: pytest.fail("nothing may be downloaded"))
    (tmp_path / "toy").mkdir()
    for name, content in CONTENT.items():
        (tmp_path / "toy" / name).write_bytes(content)
    return tmp_path / "toy"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The download cache, with INFOPLANE_DATA not set."""
    monkeypatch.delenv("INFOPLANE_DATA", raising=False)
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / project)
    return tmp_path / "infoplane" / "toy"


def test_files_of_the_named_folder_are_used_and_nothing_is_downloaded(folder: Path) -> None:
    assert fetch(FILES) == [folder / "a.gz", folder / "b.gz"]


def test_a_missing_file_is_told_with_its_place_checksum_and_address(folder: Path) -> None:
    (folder / "b.gz").unlink()
    with pytest.raises(DataError, match="not the original files") as caught:
        fetch(FILES)
    message = str(caught.value)
    assert f"INFOPLANE_DATA={folder.parent}; unset it to download them" in message
    assert f"{folder / 'b.gz'} is missing; put there b.gz (SHA-256 {FILES[1].sha256}" in message
    assert "https://example.org/b.gz" in message
    assert "a.gz" not in message


@pytest.mark.parametrize("content", [b"firs", b"first\n", b"second", b""])
def test_a_truncated_wrong_or_swapped_file_is_refused_with_both_checksums(folder: Path, content: bytes) -> None:
    (folder / "a.gz").write_bytes(content)
    found = hashlib.sha256(content).hexdigest()
    with pytest.raises(DataError, match=rf"toy/a\.gz is damaged.*SHA-256 {found}, expected {FILES[0].sha256}"):
        fetch(FILES)


def test_every_bad_file_is_told_at_once(folder: Path) -> None:
    (folder / "a.gz").write_bytes(b"x")
    (folder / "b.gz").unlink()
    with pytest.raises(DataError, match=r"(?s)a\.gz is damaged.*b\.gz is missing"):
        fetch(FILES)


def test_a_folder_in_place_of_a_file_is_told(folder: Path) -> None:
    (folder / "a.gz").unlink()
    (folder / "a.gz").mkdir()
    with pytest.raises(DataError, match=r"a\.gz is missing; put there"):
        fetch(FILES)


def test_downloads_with_the_checksum_into_the_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def retrieve(url: str, **options: Any) -> str:
        asked.append({"url": url, **options})
        path: Path = options["path"] / options["fname"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CONTENT[options["fname"]])
        return str(path)

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    assert fetch(FILES) == [cache / "a.gz", cache / "b.gz"]
    assert asked[0] == {
        "url": "https://example.org/a.gz",
        "known_hash": f"sha256:{FILES[0].sha256}",
        "fname": "a.gz",
        "path": cache,
    }


def test_an_empty_variable_counts_as_not_set(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFOPLANE_DATA", "")
    cache.mkdir(parents=True)
    for name, content in CONTENT.items():
        (cache / name).write_bytes(content)
    assert fetch(FILES) == [cache / "a.gz", cache / "b.gz"]  # pooch itself finds them there, without a network


@pytest.mark.parametrize("error", [ConnectionError("no route"), ValueError("hash does not match")])
def test_a_failed_download_says_what_is_wanted_and_where_to_put_it(
    cache: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def retrieve(*_: Any, **__: Any) -> str:
        raise error

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    with pytest.raises(DataError, match="toy: cannot be downloaded") as caught:
        fetch(FILES)
    message = str(caught.value)
    assert f"to {cache} ({type(error).__name__}: {error})" in message
    assert "put them into a folder toy/ and set the environment variable INFOPLANE_DATA" in message
    assert all(f"{file.name} (SHA-256 {file.sha256}, from {file.url})" in message for file in FILES)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, bytes, int], Original]]:
    """A function that lets a server of this machine send something in place of a file, and promise a length."""
    answers: dict[str, tuple[bytes, int]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content, length = answers[self.path]
            self.send_response(200)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    def serve(name: str, content: bytes, length: int) -> Original:
        answers[f"/{name}"] = content, length
        (file,) = (each for each in FILES if each.name == name)
        return replace(file, url=f"http://127.0.0.1:{server.server_port}/{name}")

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield serve
        server.shutdown()


@pytest.mark.parametrize(
    ("content", "length"),
    [(b"fir", 3), (b"fir", 5), (CONTENT["b.gz"], 6), (b"", 0)],
    ids=["truncated", "broken off", "swapped", "empty"],
)
def test_a_truncated_or_swapped_download_is_refused_and_not_kept(
    cache: Path, served: Callable[[str, bytes, int], Original], content: bytes, length: int
) -> None:
    with pytest.raises(DataError, match=rf"(?s)toy: cannot be downloaded to .*a\.gz \(SHA-256 {FILES[0].sha256}"):
        fetch([served("a.gz", content, length)])
    assert [path for path in cache.rglob("*") if path.is_file()] == []
    assert fetch([served("a.gz", CONTENT["a.gz"], 5)]) == [cache / "a.gz"]
    assert (cache / "a.gz").read_bytes() == CONTENT["a.gz"]


@pytest.mark.usefixtures("cache")
def test_a_downloaded_file_is_verified_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other").write_bytes(b"other")
    monkeypatch.setattr(pooch, "retrieve", lambda *_, **__: str(tmp_path / "other"))
    with pytest.raises(DataError, match=r"not the original files \(from the download cache\)"):
        fetch(FILES)


@contextmanager
def not_root() -> Iterator[None]:
    """As a user who may not read every file."""
    user = os.geteuid()
    os.seteuid(user or 65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_an_unreadable_file_is_told(folder: Path) -> None:
    (folder / "a.gz").chmod(0)
    with not_root(), pytest.raises(DataError, match=r"a\.gz cannot be read: Permission denied"):
        fetch(FILES)


def test_checksum_of_a_missing_file_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing\.npz cannot be read: No such file"):
        checksum(tmp_path / "nothing.npz")


def test_combined_checksum_depends_on_every_file() -> None:
    changed = Original("toy", "b.gz", FILES[1].url, "0" * 64)
    assert combined(FILES) == combined(list(FILES))
    assert combined(FILES) != combined([FILES[0], changed])
