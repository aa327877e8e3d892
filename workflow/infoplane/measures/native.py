"""Compiled code on a CPU: what the modules that have some share.

It needs numba, which is imported when it is first asked for, and without which `serves` says no. A function is compiled
with its first call, and kept on disk: beside its source, or in the user's cache, or where NUMBA_CACHE_DIR says. With
none of these to write to, each process compiles it. Its own file is the only one at which numba looks for changes, so
all that is compiled with it has to be there.
"""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch


def serves() -> bool:
    """Whether this machine can compile and run such code."""
    try:
        import numba
    except ImportError:
        return False
    config: Any = numba.config
    return not config.DISABLE_JIT


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function for Python to call, compiled, which lets other threads run while it does."""
    import numba

    njit: Any = numba.njit  # annotated in part
    options = {"error_model": "numpy", "nogil": True}
    try:
        made: Callable[..., Any] = njit(cache=True, **options)(function)
    except RuntimeError:
        made = njit(**options)(function)
    return made


def inner(function: Callable[..., Any]) -> Any:
    """A function for other compiled functions, with the first of which it is compiled."""
    import numba

    njit: Any = numba.njit  # annotated in part
    return njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)


def pasted(function: Callable[..., Any]) -> Any:
    """As `inner`, for a few lines in a loop that are done sooner than a call with arrays."""
    import numba

    njit: Any = numba.njit  # annotated in part
    return njit(error_model="numpy", inline="always")(function)


def each(work: Callable[[slice], None], count: int, *, group: int = 1) -> None:
    """Do the work for every part of `count` entries: whole groups of them, a thread for each that torch has.

    One of the threads is the caller's own, which would only wait for the others.
    """
    share = group * math.ceil(count / (group * torch.get_num_threads()))
    own, *others = (slice(start, start + share) for start in range(0, count, share))
    with ThreadPoolExecutor(max(len(others), 1)) as threads:
        running = [threads.submit(work, part) for part in others]
        work(own)
        for done in running:
            done.result()
