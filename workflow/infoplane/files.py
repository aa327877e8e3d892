"""Files that are either whole or not there: atomic writes, checksums, manifests of folders."""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infoplane.errors import StoreError

log = logging.getLogger(__name__)
MANIFEST = "manifest.json"
_FOREIGN = {MANIFEST, ".snakemake_timestamp"}  # Snakemake drops its own mark into every directory output
_UNREADABLE = (OSError, ValueError, TypeError, KeyError, AttributeError)  # what reading any file as a manifest raises


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(value: Any) -> str:
    """Digest of a JSON-like value: 16 hexadecimal digits of the SHA-256 of its canonical text."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write(path: Path, content: bytes) -> None:
    """Write a file so that readers see all of it or nothing, whatever happens meanwhile.

    Raises
    ------
    OSError
        If the disk is full or not writable; nothing is left under the file's name.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_checked(path: Path, content: bytes) -> None:
    """Write a file with its SHA-256 beside it, the checksum first: a file under its name always has one."""
    write(checksum_path(path), f"{hashlib.sha256(content).hexdigest()}  {path.name}\n".encode())
    write(path, content)


def read_checked(path: Path, way_out: str = "Delete it and run again.") -> bytes:
    """Read a file written by `write_checked`.

    Parameters
    ----------
    path
        Of the file.
    way_out
        What to do if it is damaged; the end of the message.

    Raises
    ------
    StoreError
        If the file or its checksum is missing, or they do not agree.
    """
    try:
        content, expected = path.read_bytes(), checksum_path(path).read_text().split()[0]
    except (OSError, IndexError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: cannot be read with its checksum ({error}). {way_out}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise StoreError(f"{path}: damaged (SHA-256 {found}, expected {expected}). {way_out}")
    return content


def checksum_path(path: Path) -> Path:
    """Where the SHA-256 of a file written by `write_checked` is."""
    return path.with_name(path.name + ".sha256")


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Fill a folder that appears under its name only when it is whole, with a manifest of its files.

    Yields a folder to write into. When the block ends, its manifest is written last, and the folder takes the
    place of an artifact that was there. When the block fails, nothing of it is left.

    Raises
    ------
    StoreError
        As `check_place`, before the block, and after it if something has come there meanwhile.
    OSError
        If the disk is full or not writable.
    """
    check_place(path)
    partial = path.with_name(f".{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # left by a process that was killed
    partial.mkdir(parents=True)
    try:
        yield partial
        inventory = _inventory(partial)
        write(partial / MANIFEST, _text(inventory))
        check_place(path)
        if path.exists():
            shutil.rmtree(path)
        partial.rename(path)
        size = sum(entry["size"] for entry in inventory.values())
        log.info("wrote %s: %d files, %d bytes", path.name, len(inventory), size)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def check_place(path: Path) -> None:
    """Check that a folder can be written without the loss of anything but an earlier artifact.

    An earlier artifact is a folder with a manifest, and no file that this does not name; files that it lacks are no
    matter, as in one that is half deleted. Without its manifest it can be told from nobody's folder, and is refused.

    Raises
    ------
    StoreError
        If something else is there, or the path cannot be that of a folder; nothing has been touched.
    """
    if reason := _in_the_way(path):
        raise StoreError(
            f"{path}: {reason}; accepted: a path where nothing is, an empty folder, or an earlier artifact with its "
            f"{MANIFEST}. Nothing was touched; choose another path, or move away what is there."
        )


def check_folder(path: Path, *, rule: str = "", otherwise: str = "") -> None:
    """Compare a folder with its manifest, file by file.

    Parameters
    ----------
    path
        Of the folder.
    rule
        That makes it, if one does.
    otherwise
        What to do about a damaged one that is not made by running again.

    Raises
    ------
    StoreError
        One message that names every file which is missing, damaged or not known, and the way out.
    """
    end = otherwise or way_out(path, rule)
    try:
        expected = _expected(path)
    except _UNREADABLE as error:
        raise StoreError(f"{path}: no readable {MANIFEST}: incomplete or not an artifact ({error}). {end}") from error
    found = {name: (entry["size"], entry["sha256"]) for name, entry in _inventory(path).items()}
    faults = [
        *(f"{name} is missing" for name in expected.keys() - found.keys()),
        *(f"{name} is not in the manifest" for name in found.keys() - expected.keys()),
        *(f"{name} is damaged" for name in expected.keys() & found.keys() if expected[name] != found[name]),
    ]
    if faults:
        raise StoreError(f"{path}: {'; '.join(sorted(faults))}. {end}")


def way_out(path: Path, rule: str = "") -> str:
    """What to do about a damaged artifact, which a rule has made."""
    return f"Delete {path} and run snakemake again: {f'its rule {rule}' if rule else 'it'} makes the artifact anew."


def _in_the_way(path: Path) -> str | None:
    """What is wrong with a place to write a folder to, if anything is."""
    if path.name in {"", ".."}:
        return "names no folder of its own"
    if path.is_symlink():
        return "is a link"
    if file := next((each for each in (path, *path.parents) if each.exists() and not each.is_dir()), None):
        return "is a file" if file == path else f"lies below the file {file}"
    if not path.exists() or all(each.name in _FOREIGN - {MANIFEST} for each in path.iterdir()):
        return None
    try:
        expected = _expected(path)
    except _UNREADABLE:
        return f"is a folder with content and no readable {MANIFEST}"
    foreign = next((name for name in _files(path) if name not in expected), None)
    return f"has {foreign}, which its {MANIFEST} does not name" if foreign else None


def _expected(folder: Path) -> dict[str, tuple[int, str]]:
    """Size and checksum of each file, as the manifest of a folder has them.

    Raises
    ------
    OSError, ValueError, TypeError, KeyError, AttributeError
        If there is none, or it is not as it was written.
    """
    content = (folder / MANIFEST).read_bytes()
    manifest: dict[str, dict[str, Any]] = json.loads(content)
    if _text(manifest) != content:
        raise ValueError("damaged")
    return {name: (entry["size"], entry["sha256"]) for name, entry in manifest.items()}


def _text(manifest: dict[str, dict[str, Any]]) -> bytes:
    """A manifest as it is written; there is one way only, so that every changed byte shows."""
    return json.dumps(manifest, indent=0).encode()


def _inventory(folder: Path) -> dict[str, dict[str, Any]]:
    files = _files(folder).items()
    return {name: {"size": file.stat().st_size, "sha256": sha256(file)} for name, file in files}


def _files(folder: Path) -> dict[str, Path]:
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name not in _FOREIGN)
    return {file.relative_to(folder).as_posix(): file for file in files}
