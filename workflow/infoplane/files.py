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
    place of whatever was there. When the block fails, nothing of it is left.

    Raises
    ------
    OSError
        If the disk is full or not writable.
    """
    partial = path.with_name(f".{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # left by a process that was killed
    partial.mkdir(parents=True)
    try:
        yield partial
        inventory = _inventory(partial)
        write(partial / MANIFEST, _text(inventory))
        if path.exists():
            shutil.rmtree(path)
        partial.rename(path)
        size = sum(entry["size"] for entry in inventory.values())
        log.info("wrote %s: %d files, %d bytes", path.name, len(inventory), size)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


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
        content = (path / MANIFEST).read_bytes()
        manifest: dict[str, dict[str, Any]] = json.loads(content)
        if _text(manifest) != content:
            raise ValueError("damaged")  # noqa: TRY301 (one message for all that can be wrong with it)
        expected = {name: (entry["size"], entry["sha256"]) for name, entry in manifest.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
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


def _text(manifest: dict[str, dict[str, Any]]) -> bytes:
    """A manifest as it is written; there is one way only, so that every changed byte shows."""
    return json.dumps(manifest, indent=0).encode()


def _inventory(folder: Path) -> dict[str, dict[str, Any]]:
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name not in _FOREIGN)
    return {
        file.relative_to(folder).as_posix(): {"size": file.stat().st_size, "sha256": sha256(file)} for file in files
    }
