"""Data sets that a user's own function returns: ``path/to/file.py:function`` or ``package.module:function``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from infoplane import factories
from infoplane.datasets import arrays
from infoplane.datasets.content import Array, Arrays, Dataset, Description
from infoplane.errors import DataError


def read(spec: str, *, folder: Path, options: Mapping[str, Any]) -> tuple[Description, Arrays]:
    """Call a function for its data set, ready to train on, with its description.

    Parameters
    ----------
    spec
        ``path/to/file.py:function`` or ``package.module:function``. It returns what `infoplane.datasets.load`
        returns, or the arrays or tensors x_train, y_train, x_test and y_test, as a tuple in this order or as a
        mapping.
    folder
        What a relative path to a file is relative to.
    options
        Keyword arguments of the function.

    Raises
    ------
    ConfigError
        If there is no such function, or it does not take these options.
    DataError
        If the function fails, or returns something that is no data set.
    """
    called = factories.function(spec, folder=folder)
    factories.check_arguments(f"factory {spec}", called, options=options)
    try:
        result = called(**options)
    except Exception as error:
        raise DataError(f"factory {spec} failed: {type(error).__name__}: {error}") from error
    content = arrays.prepared(Arrays(*map(_array, _four(spec, result))), origin=f"what factory {spec} returned")
    return arrays.describe(spec.rpartition(":")[2], content, checksum=arrays.digest(content)), content


def _four(spec: str, result: Any) -> tuple[Any, ...]:
    match result:
        case Dataset(train=train, test=test):
            return train.inputs, train.targets, test.inputs, test.targets
        case {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test, **rest} if not rest:
            return x_train, y_train, x_test, y_test
        case (x_train, y_train, x_test, y_test):
            return x_train, y_train, x_test, y_test
    keys = f" with the keys {', '.join(map(str, result))}" if isinstance(result, Mapping) else ""
    raise DataError(
        f"factory {spec} returned a {type(result).__name__}{keys}; accepted: a Dataset, a tuple (x_train, y_train, "
        f"x_test, y_test), or a mapping with these four keys"
    )


def _array(value: Any) -> Array:
    tensor = value.detach().cpu() if hasattr(value, "detach") else value  # no torch needed to know a tensor
    try:
        return np.asarray(tensor)
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(f"a factory's array of type {type(value).__name__} cannot be read: {error}") from error
