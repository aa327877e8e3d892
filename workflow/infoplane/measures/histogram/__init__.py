"""Entropies of many binned layers at once, by counting instead of sorting, on a CPU.

The code is compiled, and where `native` does not serve, `available` says no.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from infoplane.measures import native


def available() -> bool:
    """Whether this machine can compile and run the engine."""
    return _engine() is not None


def entropies(x: Tensor, y: Tensor, *, edges: Tensor, terms: Tensor) -> Tensor | None:
    """H(T) and H(T, Y) of binned layers T, or None where an activation is not finite.

    As many threads are used as torch has, each for batch entries of its own; neither they, nor the order of entries or
    samples, change a bit.

    Parameters
    ----------
    x
        Activations (*batch, n, d), on the CPU.
    y
        Classes from 0 up, int64, of a shape that broadcasts to (*batch, n).
    edges
        (entries, units, K), float64, ascending, with ones where entries or units share them.
    terms
        What a state of each count from 0 to n adds to an entropy, (n + 1), float64.

    Returns
    -------
    Tensor or None
        (entries, 2), in the unit of the terms.

    Raises
    ------
    RuntimeError
        If the engine is not available.
    """
    engine = _engine()
    if engine is None:
        raise RuntimeError("the histogram engine is not available: install numba, or sort")
    if math.prod(y.shape[:-1]) > 1:
        y = y.expand(x.shape[:-1])
    # The engine is compiled for two types, into which the others fit.
    typed = x if x.dtype in (torch.float32, torch.float64) else x.double()
    flat = typed.reshape(-1, *x.shape[-2:]), y.reshape(-1, x.shape[-2]), edges, terms
    values, classes, borders, addends = (some.contiguous().numpy() for some in flat)
    bits, several, finite = np.empty((len(values), 2)), int(y.max()) + 1, []

    def count(part: slice) -> None:
        own = [some if len(some) == 1 else some[part] for some in (classes, borders)]
        finite.append(engine(values[part], own[0], several, own[1], addends, bits[part]))

    native.each(count, len(values))
    return torch.from_numpy(bits) if all(finite) else None


@cache
def _engine() -> Callable[..., Any] | None:
    """The compiled `kernel.entropies`, or None where it cannot be had."""
    if not native.serves():
        return None
    from infoplane.measures.histogram import kernel

    return native.compiled(kernel.entropies)
