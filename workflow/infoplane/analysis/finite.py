"""What of activations is not finite, which nobody has masked where a network was trained elsewhere."""

import logging
from collections.abc import Iterable, Iterator

import numpy as np
import xarray as xr

from infoplane import store
from infoplane.analysis import views

log = logging.getLogger(__name__)


def inputs_faults(tree: xr.DataTree) -> Iterator[str]:
    """Whether there are inputs of the probe that are not finite."""
    if "input" in tree.dataset:
        held = tree.dataset["input"]
        inner = tuple(range(held.dims.index("sample") + 1, held.ndim))
        bad = ~np.isfinite(store.read(held)).all(axis=inner).ravel()
        if bad.any():
            count, first = bad.sum(), bad.argmax()
            yield f"inputs of {count} samples are not finite, the first at index {first}; remove or mend them"


def warn(trees: Iterable[xr.DataTree]) -> None:
    """Log one warning that tells every layer with values that are not finite, at which seeds and epochs."""
    told = [line for tree in trees for line in _told(tree)]
    if told:
        log.warning(
            "values that are not finite, so that what hangs on them is not measured there: %s; figures and claims go "
            "without these networks at these epochs",
            "; ".join(told),
        )


def _told(tree: xr.DataTree) -> Iterator[str]:
    by_layers: dict[tuple[int, tuple[str, ...]], list[float]] = {}
    for (seed, epoch), layers in views.not_finite(tree).items():
        by_layers.setdefault((seed, tuple(layers)), []).append(epoch)
    for (seed, names), epochs in by_layers.items():
        moments = ", ".join(f"{epoch:g}" for epoch in epochs)
        yield f"seed {seed} at epoch{'s' * (len(epochs) > 1)} {moments} in {', '.join(names)}"
