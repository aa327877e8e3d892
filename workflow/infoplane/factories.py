"""A user's own function, named as ``path/to/file.py:function`` or ``package.module:function``."""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from infoplane import files
from infoplane.errors import ConfigError
from infoplane.names import accepted


def function(spec: str, *, folder: Path = Path()) -> Callable[..., Any]:
    """The function that a spec names; its file or module is executed.

    Parameters
    ----------
    spec
        ``path/to/file.py:function`` or ``package.module:function``.
    folder
        Where a relative path to a file starts.

    Raises
    ------
    ConfigError
        If the file, the module or the function in it is missing, or importing it fails.
    """
    place, _, name = spec.rpartition(":")
    if not place or not name:
        raise ConfigError(f"factory {spec!r}: accepted: path/to/file.py:function or package.module:function")
    module = _file_module(folder / place) if place.endswith(".py") else _module(place)
    found: Callable[..., Any] | None = getattr(module, name, None)
    if not callable(found):
        known = [key for key, value in vars(module).items() if inspect.isroutine(value) or inspect.isclass(value)]
        raise ConfigError(f"factory {spec!r}: no function {name!r} there; {accepted(name, known)}")
    return found


def check_arguments(spec: str, called: Callable[..., Any], *args: Any, options: Mapping[str, Any]) -> None:
    """Compare arguments with the signature of a function, before it is called.

    Raises
    ------
    ConfigError
        If the function does not take them.
    """
    try:
        signature = inspect.signature(called)
    except ValueError:  # written in C: it tells what is wrong when it is called
        return
    known = [
        each.name
        for each in signature.parameters.values()
        if each.kind in {each.KEYWORD_ONLY, each.POSITIONAL_OR_KEYWORD}
    ]
    takes_any = any(each.kind is each.VAR_KEYWORD for each in signature.parameters.values())
    own = known[len(args) :]
    for name in () if takes_any else (name for name in options if name not in own):
        raise ConfigError(f"{spec}: option {name!r} (value {options[name]!r}) is not known; {accepted(name, own)}")
    try:
        signature.bind(*args, **options)
    except TypeError as error:
        raise ConfigError(f"{spec}{signature} does not take the options {dict(options)}: {error}") from error


def source_digest(spec: str, *, folder: Path = Path()) -> str:
    """Digest of the file that a function lies in; of its name alone where that is an installed module."""
    path = folder / spec.rpartition(":")[0]
    return files.sha256(path) if path.suffix == ".py" and path.is_file() else files.digest(spec)


def _file_module(path: Path) -> ModuleType:
    """Run a file as a module of its own name, so that its classes can be pickled and nothing is shadowed.

    It is run once as long as it is the same: the networks of an ensemble must be of one class.
    """
    if not path.is_file():
        raise ConfigError(f"factory file {path} is missing; a relative path starts at the experiment's folder")
    name = f"infoplane_factory_{path.stem}_{files.digest([str(path.resolve()), files.sha256(path)])}"
    if name in sys.modules:
        return sys.modules[name]
    location = importlib.util.spec_from_file_location(name, path)
    if location is None or location.loader is None:
        raise ConfigError(f"factory file {path} cannot be run: Python knows no loader for it")
    module = sys.modules[name] = importlib.util.module_from_spec(location)
    try:
        location.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise ConfigError(f"factory file {path} cannot be run: {type(error).__name__}: {error}") from error
    return module


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise ConfigError(
            f"factory module {name} cannot be imported: {type(error).__name__}: {error}. "
            f"Install it, or give the path of a file that ends in .py."
        ) from error
