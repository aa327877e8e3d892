"""The data sets by name, and the one way to any data set: by name, from a file, or from a function."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from infoplane import factories
from infoplane.datasets import arrays, cifar10, diabetes, digits, factory, idx, manifold, npz, reconstruction, szt
from infoplane.datasets.content import Dataset, Description, Page, dataset
from infoplane.errors import ConfigError
from infoplane.names import unknown

_PAGES: Mapping[str, Page] = {
    page.description.name: page
    for page in (
        digits.DIGITS,
        idx.MNIST,
        idx.FASHION_MNIST,
        cifar10.CIFAR10,
        szt.SZT,
        szt.SZT_SOFT,
        szt.SZT_COMMITTEE,
        diabetes.DIABETES,
    )
}
_GENERATED: Mapping[str, Callable[..., Page]] = {manifold.NAME: manifold.page}  # by options of their own
_KINDS = ("name", "file", "factory")


def names() -> tuple[str, ...]:
    """Names of the registered data sets."""
    return (*_PAGES, *_GENERATED)


def describe(source: Mapping[str, Any], *, folder: Path = Path()) -> Description:
    """Describe a data set without loading it, and without torch.

    Parameters
    ----------
    source
        One of ``{"name": "mnist"}``, ``{"file": "path/to/file.npz"}``, and ``{"factory": "path/to/file.py:function"}``
        or ``{"factory": "package.module:function"}``, where all further keys are arguments of the function. A
        function has to be called to be described. Of the names, ``manifold`` takes further keys too, its options.
        With ``"target": "input"`` beside any of these, the input of each sample is its target, flattened.
    folder
        What relative paths are relative to.

    Raises
    ------
    ConfigError
        If the source is none of these, the name or the function is not known, or `target` asks for anything else.
    DataError
        If a file is missing or damaged, or what it holds or the function returns is no data set.
    """
    own, reconstructs = reconstruction.asked(source)
    found = _describe(*_parsed(own), folder=folder)
    return reconstruction.described(found) if reconstructs else found


def load(source: str | Mapping[str, Any], *, folder: Path = Path()) -> Dataset:
    """Load a data set into memory.

    Parameters
    ----------
    source
        A registered name, or as for `describe`.
    folder
        What relative paths are relative to.

    Returns
    -------
    Dataset
        `train` and `test`, each with `inputs` (float32, (n, channel, height, width) or (n, d), images from 0 to 1)
        and `targets` (classes, int64 (n,); sets of labels, int64 (n, k); or continuous, float32 (n, d)), and the
        `description`. A registered data set whose labels are soft has p(y|x) too
        (`target_probability`, float64, (n, classes)).

    Raises
    ------
    ConfigError
        If the source is none of these, the name or the function is not known, or `target` asks for anything else.
    DataError
        If a file is missing, damaged or cannot be downloaded, or what it holds or the function returns is no data set.
    """
    own, reconstructs = reconstruction.asked({"name": source} if isinstance(source, str) else source)
    found = _load(*_parsed(own), folder=folder)
    return reconstruction.dataset(found) if reconstructs else found


def _describe(kind: str, value: str, options: Mapping[str, Any], *, folder: Path) -> Description:
    if kind == "name":
        return _page(value, options).description
    if kind == "file":
        return npz.describe(folder / value)
    return factory.read(value, folder=folder, options=options)[0]


def _load(kind: str, value: str, options: Mapping[str, Any], *, folder: Path) -> Dataset:
    if kind == "name":
        page = _page(value, options)
        soft = page.soft() if page.soft else None
        return dataset(page.description, arrays.prepared(page.read(), origin=value), soft)
    if kind == "file":
        return dataset(*npz.read(folder / value))
    return dataset(*factory.read(value, folder=folder, options=options))


def _parsed(source: Mapping[str, Any]) -> tuple[str, str, Mapping[str, Any]]:
    """Kind of the source, what it names, and the options for a function."""
    kinds = [kind for kind in _KINDS if kind in source]
    if len(kinds) != 1:
        raise ConfigError(f"dataset {dict(source)}: accepted: exactly one of the keys {', '.join(_KINDS)}")
    (kind,) = kinds
    value, options = source[kind], {key: option for key, option in source.items() if key != kind}
    if not isinstance(value, str):
        raise ConfigError(f"dataset {kind} {value!r}: accepted: a string")
    if options and kind != "factory" and value not in _GENERATED:
        raise ConfigError(f"dataset {kind} {value!r} takes no options; got {', '.join(map(str, options))}")
    return kind, value, options


def _page(name: str, options: Mapping[str, Any]) -> Page:
    if name in _PAGES:
        return _PAGES[name]
    if name not in _GENERATED:
        own = "for your own, give `file: path/to/file.npz` or `factory: path/to/file.py:function`"
        raise ConfigError(f"{unknown('dataset', name, names())}; {own}")
    factories.check_arguments(f"dataset {name}", _GENERATED[name], options=options)
    try:
        return _GENERATED[name](**options)
    except ValueError as error:
        raise ConfigError(f"dataset {name!r} with {dict(options)}: {error}") from error
