"""Original files of data sets: where they lie, where they come from, and proof that they are the right ones.

The environment variable ``INFOPLANE_DATA`` names a folder that holds them, in a sub-folder per data set; nothing is
downloaded then. Without it they are downloaded once into the cache of the user.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from infoplane.errors import DataError, raise_all
from infoplane.files import sha256


@dataclass(frozen=True)
class Original:
    """One file as its authors published it.

    Parameters
    ----------
    dataset
        Registered name of the data set.
    name
        Name of the file.
    url
        Address that it is downloaded from.
    sha256
        Its checksum, in hexadecimal digits.
    """

    dataset: str
    name: str
    url: str
    sha256: str

    def __str__(self) -> str:
        """Name, checksum and address: all that it takes to get the file by hand."""
        return f"{self.name} (SHA-256 {self.sha256}, from {self.url})"


def fetch(files: Sequence[Original]) -> list[Path]:
    """Find or download the files of a data set, and check that they are the originals.

    Parameters
    ----------
    files
        All files of one data set.

    Returns
    -------
    list of Path
        Where they lie, in the same order. Each has the checksum that it should have.

    Raises
    ------
    DataError
        If a file is missing where ``INFOPLANE_DATA`` says that it is, cannot be downloaded, or has another checksum.
    """
    folder = os.environ.get("INFOPLANE_DATA")
    paths = [Path(folder).expanduser() / file.dataset / file.name for file in files] if folder else _download(files)
    faults = (fault for file, path in zip(files, paths, strict=True) for fault in _faults(file, path))
    raise_all(
        faults,
        heading=f"{files[0].dataset}: not the original files ({_where(folder)})",
        error=DataError,
    )
    return paths


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits.

    Raises
    ------
    DataError
        If it is missing or cannot be read.
    """
    try:
        return sha256(path)
    except OSError as error:
        raise DataError(_unreadable(path, error)) from error


def combined(files: Sequence[Original]) -> str:
    """SHA-256 that identifies a data set by the checksums of its files, known before any is there."""
    return hashlib.sha256("".join(f"{file.sha256}  {file.name}\n" for file in files).encode()).hexdigest()


def _where(folder: str | None) -> str:
    return f"INFOPLANE_DATA={folder}; unset it to download them" if folder else "from the download cache"


def _faults(file: Original, path: Path) -> Iterator[str]:
    try:
        found = sha256(path)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        yield f"{path} is missing; put there {file}"
    except OSError as error:
        yield _unreadable(path, error)
    else:
        if found != file.sha256:
            yield f"{path} is damaged or another file: SHA-256 {found}, expected {file.sha256}; replace it by {file}"


def _unreadable(path: Path, error: OSError) -> str:
    return f"{path} cannot be read: {error.strerror}. Check the path and its permissions."


def _download(files: Sequence[Original]) -> list[Path]:
    import pooch  # not needed to plan a workflow, nor where INFOPLANE_DATA is set

    cache = pooch.os_cache("infoplane") / files[0].dataset
    try:
        return [
            Path(pooch.retrieve(file.url, known_hash=f"sha256:{file.sha256}", fname=file.name, path=cache))
            for file in files
        ]
    except (OSError, ValueError) as error:  # requests raises kinds of OSError, pooch ValueError for a wrong checksum
        raise DataError(_by_hand(files, cache, error)) from error


def _by_hand(files: Sequence[Original], cache: Path, error: Exception) -> str:
    dataset = files[0].dataset
    return "\n".join(
        [
            f"{dataset}: cannot be downloaded to {cache} ({type(error).__name__}: {error}).",
            f"Try again with a network, or get these files elsewhere, put them into a folder {dataset}/ and set the "
            f"environment variable INFOPLANE_DATA to the folder above it:",
            *(f"  - {file}" for file in files),
        ]
    )
