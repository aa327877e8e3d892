"""One process at a time for a job: what a workflow that was killed has left running writes the same files."""

import contextlib
import errno
import fcntl
import logging
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

log = logging.getLogger(__name__)
_HELD = {errno.EACCES, errno.EAGAIN}  # by another process


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Wait until no other process is in a block with this lock; the system lets go of what a dead one held.

    A file system that knows no locks lets everybody in.

    Parameters
    ----------
    lock
        A file for the lock alone, which is removed at the end.
    """
    with _acquired(lock) as file:
        with contextlib.suppress(OSError):  # who holds it is worth telling, and not worth failing on a full disk
            os.ftruncate(file.fileno(), 0)
            os.pwrite(file.fileno(), f"{os.getpid()} on {platform.node()}".encode(), 0)
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def _acquired(lock: Path) -> IO[bytes]:
    """Open a file and lock it, again if the one who held it has removed it meanwhile."""
    while True:
        file = lock.open("a+b")
        _wait_for(file)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), lock.stat()):
                return file
        file.close()


def _wait_for(file: IO[bytes]) -> None:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _HELD:
            return
        log.warning(
            "waits for process %s, left by a workflow that was killed, to end with this same job; kill it to go on now",
            os.pread(file.fileno(), 300, 0).decode() or "(unknown)",
        )
        fcntl.lockf(file, fcntl.LOCK_EX)
