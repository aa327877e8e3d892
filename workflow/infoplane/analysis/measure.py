"""Measuring a run with an estimator: everything that the experiment asks for and the estimator offers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from infoplane.analysis import controls, views
from infoplane.analysis.decomposition import ABOUT, decomposition
from infoplane.analysis.error_chain import error_chain
from infoplane.analysis.information import information
from infoplane.schema import estimates

_MEASURES = {"information": information, "decomposition": decomposition, "error_chain": error_chain}


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
        The groups information, decomposition and error_chain of the data model; one that was not asked for has no
        layers.
    """
    coords = {"control": controls.names(control), "estimator": estimates(estimator)}
    empty = {"information": coords, "decomposition": {**coords, "about": ABOUT}, "error_chain": coords}
    return {
        name: found(tree, estimator, control=control, work=work / name, code=code[name])
        if name in code
        else views.nothing(name, tree, **empty[name])
        for name, found in _MEASURES.items()
    }
