"""What every job of the workflow does beside its work: log, fail with one message, and say what made its result."""

import errno
import logging
import platform
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infoplane import termination
from infoplane.alone import alone
from infoplane.errors import InfoplaneError
from infoplane.provenance import versions

_PACKAGES = ("infoplane", "numpy", "torch", "xarray", "zarr")


@contextmanager
def reported(log: str) -> Iterator[None]:
    """Log to a file and to standard error, and end the process with one message if it cannot go on.

    It begins once no other process does the same job.

    Parameters
    ----------
    log
        The file.

    Raises
    ------
    SystemExit
        Where the user can mend the cause, or the disk is the cause.
    """
    handlers: list[logging.Handler] = [logging.FileHandler(log, mode="w"), logging.StreamHandler(sys.stderr)]
    logging.raiseExceptions = False  # a log that a full disk does not take must not hide the message about the disk
    name = Path(log).with_suffix("").as_posix().partition("/logs/")[2]
    logging.basicConfig(level=logging.WARNING, handlers=handlers, format=f"[{name}] %(message)s", force=True)
    logging.getLogger("infoplane").setLevel(logging.INFO)
    logging.captureWarnings(True)
    termination.raises()
    try:
        with alone(Path(log).with_suffix(".lock")):
            started = time.monotonic()
            yield
        logging.getLogger(__name__).info("work: %.1f s", time.monotonic() - started)
    except KeyboardInterrupt:
        logging.getLogger(__name__).warning("interrupted; run snakemake again to go on")
        sys.exit(130)
    except termination.Terminated:
        logging.getLogger(__name__).warning("asked to end (SIGTERM); run snakemake again to go on")
        sys.exit(143)
    except (InfoplaneError, OSError) as error:
        said = _message(error, Path(log).parent)
        logging.getLogger(__name__).error("%s", said)  # noqa: TRY400 (the message is meant to be enough)
        sys.exit(1)


def _message(error: Exception, folder: Path) -> str:
    """What went wrong; where the disk is the cause, what to do about it too, which no error of the system says."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"{error}: the disk of {folder.resolve()} is full; nothing half-written is left. Make room and run again"
    return str(error)


def provenance(parameters: Any, **further: Any) -> dict[str, Any]:
    """What is needed to make a result again, for the attributes of its store.

    Parameters
    ----------
    parameters
        Of the job.
    further
        The device, or the provenance of what the job read.
    """
    return {
        "parameters": dict(parameters),
        "versions": {"python": platform.python_version(), **versions(*_PACKAGES)},
        **further,
    }


def source(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """The provenance of a store that a job read, for that of the store that it writes."""
    return {str(key): value for key, value in attrs.items() if key not in {"coordinates", "format_version"}}
