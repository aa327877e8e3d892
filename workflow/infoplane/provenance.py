"""What made a result: a digest of the code that it depends on, and the versions of the packages."""

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from infoplane import files

_PACKAGE = Path(__file__).parent
_ROOT = _PACKAGE.parent


@cache
def code_digest(*modules: str) -> str:
    """Digest of modules of this package and of everything in it that they import, however deep.

    Snakemake sees a script but not what the script imports. With this digest among a rule's parameters,
    editing a module re-runs the rules that use it, and no others.

    Parameters
    ----------
    modules
        Full names, such as ``infoplane.training``.

    Raises
    ------
    ModuleNotFoundError
        If the package has no such module.
    """
    closure: set[Path] = set()
    for name in modules:
        path = _module_path(name)
        if path is None:
            raise ModuleNotFoundError(f"{name} is no module of {_PACKAGE}")
        closure |= _closure(path) | _closure_of_packages(name)
    return files.digest({path.relative_to(_ROOT).as_posix(): _sha256(path) for path in closure})


def versions(*packages: str) -> dict[str, str]:
    """Versions of installed packages, for the provenance of a store."""
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


_sha256 = cache(files.sha256)


def _closure_of_packages(name: str) -> set[Path]:
    """What runs when a module is imported because of the packages that it lies in."""
    above = (_module_path(name.rsplit(".", count)[0]) for count in range(1, name.count(".") + 1))
    return {file for path in above if path is not None for file in _closure(path)}


def _closure(path: Path) -> set[Path]:
    known: set[Path] = set()
    ahead = {path}
    while ahead:
        known |= ahead
        ahead = {imported for file in ahead for imported in _imports(file)} - known
    return known


@cache
def _imports(path: Path) -> frozenset[Path]:
    """Files of this package that a file imports, with the packages they lie in."""
    names: set[str] = set()
    for node in _statements(ast.parse(path.read_text()).body):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    ancestors = {".".join(name.split(".")[:end]) for name in names for end in range(1, name.count(".") + 2)}
    found = {_module_path(name) for name in ancestors if name.split(".")[0] == _PACKAGE.name}
    return frozenset(file for file in found if file is not None)


def _statements(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Statements, with those inside them; an import is never in an expression, of which there are ten times as many."""
    for node in body:
        yield node
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            yield from _statements(getattr(node, part, ()))


@cache
def _module_path(name: str) -> Path | None:
    stem = _ROOT.joinpath(*name.split("."))
    return next((path for path in (stem / "__init__.py", stem.with_suffix(".py")) if path.is_file()), None)
