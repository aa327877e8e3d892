"""Ending when a scheduler asks for it (SIGTERM), which it does some seconds before it kills."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Terminated(BaseException):
    """The process was asked to end."""


def raises() -> None:
    """Let SIGTERM raise `Terminated` in this process, so that what is half-written is cleared away."""
    signal.signal(signal.SIGTERM, _raise)


@contextmanager
def deferred() -> Iterator[Callable[[], bool]]:
    """Hold SIGTERM back while something must not be torn apart, and give what tells whether it came.

    It takes its effect when the context ends. In a thread other than the main one, which gets no signals, it does
    nothing.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = signal.signal(signal.SIGTERM, lambda *_: asked.set())
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)
        if asked.is_set():
            signal.raise_signal(signal.SIGTERM)


@contextmanager
def at_once() -> Iterator[None]:
    """Let SIGTERM raise `Terminated` within `deferred`, while nothing can be torn apart."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _raise(*_: Any) -> None:
    raise Terminated
