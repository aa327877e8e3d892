"""Files and folders are either whole or not there, and every changed byte is found."""

import errno
import json
import os
import random
from pathlib import Path

import pytest

from infoplane import files
from infoplane.errors import StoreError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small folder with its manifest, at ``whole``."""
    with files.new_folder(tmp_path / "whole") as partial:
        (partial / "inner").mkdir()
        (partial / "inner" / "a").write_bytes(b"abc")
        (partial / "b").write_bytes(b"")
    return tmp_path / "whole"


def content(folder: Path) -> dict[str, bytes]:
    """Bytes of every file in a folder, and nothing of every folder in it, by path."""
    return {str(each.relative_to(folder)): each.read_bytes() if each.is_file() else b"" for each in folder.rglob("*")}


class TestDigest:
    def test_order_of_keys_and_kind_of_sequence_do_not_matter(self) -> None:
        assert files.digest({"a": 1, "b": (1, 2)}) == files.digest({"b": [1, 2], "a": 1})

    @pytest.mark.parametrize(
        ("one", "other"), [(1, 2), ([1, 2], [2, 1]), ("1", 1), (True, 1), (None, "null"), (1, 1.5)]
    )
    def test_what_differs_has_another_digest(self, one: object, other: object) -> None:
        assert files.digest(one) != files.digest(other)

    def test_stays_what_it_was(self) -> None:
        """sha256 of the text {"ä":[1,2.5,null]} in UTF-8: results would otherwise be made anew by an update."""
        assert files.digest({"ä": [1, 2.5, None]}) == "dc1febfd18a5fcca"

    def test_of_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "x").write_bytes(b"abc")
        expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, appendix B.1
        assert files.sha256(tmp_path / "x") == expected


class TestWrite:
    def test_replaces_what_was_there(self, tmp_path: Path) -> None:
        path = tmp_path / "x"
        files.write(path, b"one")
        files.write(path, b"two")
        assert path.read_bytes() == b"two"
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("fails", ["fsync", "replace"])
    def test_a_failure_leaves_the_old_content_and_nothing_else(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
    ) -> None:
        path = tmp_path / "x"
        files.write(path, b"old")

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(*((os, "fsync", full) if fails == "fsync" else (Path, "replace", full)))
        with pytest.raises(OSError, match="No space left on device"):
            files.write(path, b"new")
        monkeypatch.undo()
        assert path.read_bytes() == b"old"
        assert list(tmp_path.iterdir()) == [path]


class TestChecked:
    def test_round_trip_with_a_checksum_that_sha256sum_reads(self, tmp_path: Path) -> None:
        path = tmp_path / "weights.pt"
        files.write_checked(path, b"abc")
        assert files.read_checked(path) == b"abc"
        text = files.checksum_path(path).read_text()
        assert text == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  weights.pt\n"

    def test_every_flipped_bit_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "weights.pt"
        files.write_checked(path, b"weights")
        for place in range(8 * len(b"weights")):
            content = bytearray(b"weights")
            content[place // 8] ^= 1 << place % 8
            path.write_bytes(content)
            with pytest.raises(
                StoreError, match=r"weights\.pt: damaged \(SHA-256 .*expected .*Delete it and run again"
            ):
                files.read_checked(path)

    @pytest.mark.parametrize("content", [b"weight", b"", b"weightsx"])
    def test_what_is_cut_off_or_grown_is_refused(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "weights.pt"
        files.write_checked(path, b"weights")
        path.write_bytes(content)
        with pytest.raises(StoreError, match=r"weights\.pt: damaged"):
            files.read_checked(path)

    @pytest.mark.parametrize("checksum", [None, b"", b"\xff\xfe"])
    def test_without_a_readable_checksum_it_is_refused(self, tmp_path: Path, checksum: bytes | None) -> None:
        path = tmp_path / "weights.pt"
        files.write_checked(path, b"weights")
        files.checksum_path(path).unlink()
        if checksum is not None:
            files.checksum_path(path).write_bytes(checksum)
        with pytest.raises(StoreError, match=r"weights\.pt: cannot be read with its checksum"):
            files.read_checked(path)

    def test_a_missing_file_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match=r"x: cannot be read with its checksum .*No such file"):
            files.read_checked(tmp_path / "x")

    def test_a_file_under_its_name_always_has_a_checksum(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Killed between the two writes, the checksum is there and the file is not."""
        write, written = files.write, []

        def killed(path: Path, content: bytes) -> None:
            if written:
                raise KeyboardInterrupt("killed")
            written.append(path)
            write(path, content)

        monkeypatch.setattr(files, "write", killed)
        with pytest.raises(KeyboardInterrupt, match="killed"):
            files.write_checked(tmp_path / "weights.pt", b"weights")
        assert [path.name for path in tmp_path.iterdir()] == ["weights.pt.sha256"]


class TestFolder:
    def test_manifest_has_size_and_checksum_of_every_file(self, folder: Path) -> None:
        manifest = json.loads((folder / files.MANIFEST).read_text())
        assert {name: entry["size"] for name, entry in manifest.items()} == {"b": 0, "inner/a": 3}
        assert manifest["inner/a"]["sha256"].startswith("ba7816bf")
        files.check_folder(folder)

    def test_is_not_there_before_it_is_whole(self, tmp_path: Path) -> None:
        with files.new_folder(tmp_path / "x") as partial:
            (partial / "a").write_text("a")
            assert not (tmp_path / "x").exists()
        assert [path.name for path in tmp_path.iterdir()] == ["x"]

    @pytest.mark.parametrize(
        "error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt("stop"), ValueError("x")]
    )
    def test_a_failure_leaves_nothing(self, tmp_path: Path, error: BaseException) -> None:
        def fill() -> None:
            with files.new_folder(tmp_path / "x") as partial:
                (partial / "a").write_text("a")
                raise error

        with pytest.raises(type(error), match=str(error.args[-1])):
            fill()
        assert list(tmp_path.iterdir()) == []

    def test_a_disk_that_is_full_when_the_manifest_is_written_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"), files.new_folder(tmp_path / "x") as partial:
            (partial / "a").write_text("a")
        assert list(tmp_path.iterdir()) == []

    def test_takes_the_place_of_what_was_there(self, folder: Path) -> None:
        with files.new_folder(folder) as partial:
            (partial / "new").write_text("new")
        assert sorted(path.name for path in folder.iterdir()) == [files.MANIFEST, "new"]

    def test_takes_the_place_of_one_half_deleted_and_of_an_empty_folder(self, folder: Path) -> None:
        (folder / "b").unlink()
        (folder.parent / "empty").mkdir()
        (folder.parent / "empty" / ".snakemake_timestamp").touch()
        for path in (folder, folder.parent / "empty"):
            with files.new_folder(path) as partial:
                (partial / "new").write_text("new")
            files.check_folder(path)
            assert sorted(each.name for each in path.iterdir()) == [files.MANIFEST, "new"]

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("project", r"project: is a folder with content and no readable manifest\.json; accepted: a path where"),
            ("web", r"web: is a folder with content and no readable manifest\.json; .* or move away what is there\.$"),
            ("whole", r"whole: has inner/notes\.txt, which its manifest\.json does not name; accepted"),
            ("file", r"file: is a file; accepted"),
            ("file/x/y", r"y: lies below the file \S*/file; accepted"),
            ("link", r"link: is a link; accepted"),
            (".", r"^\.: names no folder of its own; accepted"),
            ("..", r"^\.\.: names no folder of its own; accepted"),
        ],
    )
    def test_nothing_else_is_written_over(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
    ) -> None:
        monkeypatch.chdir(folder)
        place = Path(name) if name.startswith(".") else folder.parent / name
        self.others(folder)
        before = content(folder.parent)
        with pytest.raises(StoreError, match=message), files.new_folder(place):
            pytest.fail("asked only when the work is done")
        assert content(folder.parent) == before

    def test_what_comes_there_meanwhile_stays(self, tmp_path: Path) -> None:
        def fill() -> None:
            with files.new_folder(tmp_path / "x"):
                (tmp_path / "x").mkdir()
                (tmp_path / "x" / "thesis.tex").write_text("years of work")

        with pytest.raises(StoreError, match=r"x: is a folder with content"):
            fill()
        assert content(tmp_path) == {"x": b"", "x/thesis.tex": b"years of work"}

    @staticmethod
    def others(whole: Path) -> None:
        """What others have beside an artifact and in it."""
        for place, text in (("project/thesis.tex", "years of work"), ("web/manifest.json", '{"name": "My app"}')):
            (whole.parent / place).parent.mkdir()
            (whole.parent / place).write_text(text)
        (whole / "inner" / "notes.txt").write_text("mine")
        (whole.parent / "file").write_text("text")
        (whole.parent / "link").symlink_to("project")

    def test_what_a_killed_process_left_does_not_get_in(self, tmp_path: Path) -> None:
        (tmp_path / ".x.partial").mkdir()
        (tmp_path / ".x.partial" / "left").write_text("left")
        with files.new_folder(tmp_path / "x") as partial:
            (partial / "a").write_text("a")
        files.check_folder(tmp_path / "x")
        assert not (tmp_path / "x" / "left").exists()

    def test_the_mark_of_snakemake_is_no_fault(self, folder: Path) -> None:
        (folder / ".snakemake_timestamp").touch()
        files.check_folder(folder)

    def test_every_changed_byte_of_every_file_is_found(self, folder: Path) -> None:
        chosen = random.Random(0)
        for path in (folder / files.MANIFEST, folder / "inner" / "a"):
            intact = path.read_bytes()
            for place in range(len(intact)):
                content = bytearray(intact)
                content[place] ^= chosen.randrange(1, 256)
                path.write_bytes(content)
                with pytest.raises(StoreError, match=r"whole: .*Delete .*whole and run snakemake again"):
                    files.check_folder(folder)
            path.write_bytes(intact)
        files.check_folder(folder)

    def test_all_faults_come_in_one_message(self, folder: Path) -> None:
        (folder / "inner" / "a").write_bytes(b"abd")
        (folder / "b").unlink()
        (folder / "c").write_text("c")
        with pytest.raises(
            StoreError, match=r"whole: b is missing; c is not in the manifest; inner/a is damaged\. Del"
        ):
            files.check_folder(folder)

    @pytest.mark.parametrize("manifest", ["", "[]", '{"b": 5}', '{"b": {"size": 1}}', "\ufeff{}", "{} "])
    def test_a_manifest_that_is_none_is_refused(self, folder: Path, manifest: str) -> None:
        (folder / files.MANIFEST).write_text(manifest)
        with pytest.raises(StoreError, match=r"whole: no readable manifest\.json: incomplete or not an artifact"):
            files.check_folder(folder)

    def test_what_is_not_there_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match=r"x: no readable manifest\.json"):
            files.check_folder(tmp_path / "x")
