"""What a folder in which Snakemake runs says of what runs now; read, never written."""

import os
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path

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

    @property
    def locked(self) -> bool:
        """Whether a workflow runs here, or was killed and has left its lock."""
        return any((self.root / ".snakemake" / "locks").glob("*.lock"))

    def begun(self, path: str) -> float | None:
        """When a job that writes this has begun that has not finished, now or when it was killed.

        Returns
        -------
        float or None
            Seconds since 1970; None if there is no such job.
        """
        try:
            return (self.root / ".snakemake" / "incomplete" / _record(path)).stat().st_mtime
        except (FileNotFoundError, NotADirectoryError):
            return None


def _record(path: str) -> str:
    """Where below its folders Snakemake keeps what it knows of a file."""
    name = urlsafe_b64encode(path.encode()).decode()
    *above, last = [name[start : start + _LONGEST] for start in range(0, len(name), _LONGEST)]
    return os.path.join(*(f"@{part}" for part in above), last)  # noqa: PTH118 (a relative name, not a path)
