"""Information measures on arrays: numbers in, numbers out.

Pure functions of tensors, with no labels, no files, no configuration and no state. Gram matrices are
(*batch, n, n) in and (*batch) out, of unit trace; entropies are in bits; everything is float64 on the device of the
input, and detached from autograd. The number of threads may change the last bits.
"""

import importlib
from types import ModuleType

__all__ = ["binning", "bottleneck", "gradients", "gram", "invariants", "kde", "pid", "renyi"]


def __getattr__(name: str) -> ModuleType:
    """Import a module when it is first used: what uses one of them need not run again when another is edited."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{name}")
