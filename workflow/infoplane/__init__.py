"""Information flow through neural networks, from training to figures.

`infoplane.analyse` measures activations that somebody else's code has recorded; the rest is in the packages below.
"""

from importlib import import_module
from typing import Any

_AT_HAND = {"analyse": "infoplane.analysis.analyse"}  # imported when it is asked for, since it loads torch and xarray


def __getattr__(name: str) -> Any:
    if name not in _AT_HAND:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_AT_HAND[name]), name)
