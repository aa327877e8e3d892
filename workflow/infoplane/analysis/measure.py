"""Measuring a run with an estimator: everything that the experiment asks for and the estimator offers."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import xarray as xr

from infoplane.analysis import views
from infoplane.schema import MEASURED


def measure(
    tree: xr.DataTree,
    estimator: Mapping[str, Any],
    *,
    control: Sequence[str],
    work: Path,
    code: Mapping[str, str],
) -> dict[str, xr.Dataset]:
    """Measure a run.

    Parameters
    ----------
    tree
        An opened activation store.
    estimator
        As the experiment has it.
    control
        Controls to measure beside the networks themselves.
    work
        Folder for what has been measured already.
    code
        What to measure, each with the digest of its code.

    Returns
    -------
    dict of str to xarray.Dataset
        The groups of the data model that are measured; one that was not asked for has no layers.
    """
    return {
        name: _function(name)(tree, estimator, control=control, work=work / name, code=code[name])
        if name in code
        else views.nothing(name, tree)
        for name in MEASURED
    }


def _function(name: str) -> Callable[..., xr.Dataset]:
    """What measures a group; imported when it is asked for, so that a result does not hang on code that is not used."""
    found: Callable[..., xr.Dataset] = getattr(import_module(f"infoplane.analysis.{name}"), name)
    return found
