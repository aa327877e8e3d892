"""What a folder in which Snakemake runs says of its jobs; read, never written."""

import json
import os
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

_LONGEST = 254  # characters of a file's name, after which Snakemake goes on in a folder


@dataclass(frozen=True)
class Folder:
    """A folder with ``results`` and ``.snakemake`` in it, or one in which nothing has run yet.

    Parameters
    ----------
    root
        Where Snakemake is, or would be, started.
    """

    root: Path

    def exists(self, path: str) -> bool:
        """Whether there is a file or a folder of a path."""
        return (self.root / path).exists()

    def changed(self, path: str) -> float | None:
        """When a file was last changed, in seconds since 1970, or a folder finished; None if it is not there."""
        for place in (self.root / path / ".snakemake_timestamp", self.root / path):
            try:
                return place.stat().st_mtime
            except (FileNotFoundError, NotADirectoryError):
                continue
        return None

    @property
    def locked(self) -> bool:
        """Whether a workflow runs here, or was killed and has left its lock."""
        return any((self.root / ".snakemake" / "locks").glob("*.lock"))

    @cached_property
    def _begun(self) -> set[str]:
        top = self.root / ".snakemake" / "incomplete"
        return {path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file()}

    def begun(self, path: str) -> bool:
        """Whether a job that writes this has begun and not finished, now or when it was killed."""
        return bool(self._begun) and _record(path) in self._begun

    def remembered(self, path: str) -> dict[str, Any]:
        """What Snakemake remembers of the job that wrote this: `params` and `input`, or nothing."""
        try:
            found = json.loads((self.root / ".snakemake" / "metadata" / _record(path)).read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def _record(path: str) -> str:
    """Where below its folders Snakemake keeps what it knows of a file."""
    name = urlsafe_b64encode(path.encode()).decode()
    *above, last = [name[start : start + _LONGEST] for start in range(0, len(name), _LONGEST)]
    return os.path.join(*(f"@{part}" for part in above), last)  # noqa: PTH118 (a relative name, not a path)
