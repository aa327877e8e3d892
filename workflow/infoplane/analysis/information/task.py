"""What every kind of estimator is told of a measurement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr


@dataclass(frozen=True)
class Task:
    """A run to measure with an estimator.

    Parameters
    ----------
    tree
        An opened activation store.
    layers
        That are measured, in the order of the network.
    estimator
        As the experiment has it.
    names
        Of the networks themselves, and of the controls.
    code
        Digest of the code, part of what a measurement depends on.
    work
        Folder for what has been measured already.
    """

    tree: xr.DataTree
    layers: Sequence[str]
    estimator: Mapping[str, Any]
    names: Sequence[str]
    code: str
    work: Path

    def facts(self, kind: str) -> list[Any]:
        """What every measurement depends on beside the view."""
        return [kind, dict(self.estimator), self.names, self.code]
