"""Entropies and mutual informations of every layer with input and target, a module for each kind of estimator.

Each has a function ``method``, which says how views are measured. It is imported when its kind is asked for, so that
what one kind measured stays when another is edited.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import xarray as xr

from infoplane.analysis import controls, views
from infoplane.analysis.information.task import Task
from infoplane.analysis.views import Method
from infoplane.schema import estimates


def module(kind: str) -> str:
    """Full name of the module of a kind of estimator."""
    return f"{__name__}.{kind}"


def information(
    tree: xr.DataTree, estimator: Mapping[str, Any], *, control: Sequence[str], work: Path, code: str
) -> xr.Dataset:
    """Measure a run: S(X), S(Y), S(T), S(X, T), S(T, Y), I(X; T) and I(T; Y), in bits, as far as a kind has them.

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
        Digest of the code, part of what a measurement depends on.

    Returns
    -------
    xarray.Dataset
        The group ``/information`` of the data model, for one run and one estimator.
    """
    names = controls.names(control)
    layers = views.layer_names(tree)
    task = Task(tree, layers, estimator, names, code, work)
    method: Method = import_module(module(estimator["kind"])).method(task)
    found = views.measure_each(tree, method, layers=layers, work=work)
    return views.labelled("information", found, tree, layers, control=names, estimator=estimates(estimator))
