"""The digest of code changes when, and only when, a module changes that the named ones use."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from infoplane import provenance

PACKAGE = Path(__file__).parents[2] / "workflow" / "infoplane"
MODULES = {
    "measures/gram.py": "from infoplane.errors import Fault\n",
    "measures/__init__.py": "",
    "analysis/__init__.py": "",
    "analysis/measure.py": "import infoplane.names as names\n\ndef late():\n    from infoplane.measures import gram\n",
    "analysis/other.py": "import json\nfrom os import path\n",
    "errors.py": "Fault = ValueError\n",
    "names.py": "from infoplane.analysis import measure  # a circle\n",
    "unused.py": "",
    "__init__.py": "",
}
Load = Callable[[], ModuleType]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small package of the same name, with the module under test in it."""
    folder = tmp_path / "infoplane"
    for name, text in MODULES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    shutil.copy(PACKAGE / "provenance.py", folder)
    return folder


@pytest.fixture
def load(package: Path, load_provenance: Callable[[Path], ModuleType]) -> Load:
    """A function that starts anew, as every process does: it knows the files as they are now."""

    return lambda: load_provenance(package)


@pytest.mark.parametrize(
    ("edited", "changes"),
    [
        ("analysis/measure.py", True),
        ("analysis/__init__.py", True),  # runs when a module in it is imported
        ("measures/gram.py", True),  # imported in a function
        ("measures/__init__.py", True),
        ("errors.py", True),  # imported by what is imported
        ("names.py", True),  # in a circle
        ("__init__.py", True),
        ("analysis/other.py", False),
        ("unused.py", False),
        ("provenance.py", False),
    ],
)
def test_follows_imports_however_deep_and_nothing_else(package: Path, load: Load, edited: str, changes: bool) -> None:
    before = load().code_digest("infoplane.analysis.measure")
    assert load().code_digest("infoplane.analysis.measure") == before
    path = package / edited
    path.write_text(path.read_text() + "\n# edited\n")
    assert (load().code_digest("infoplane.analysis.measure") != before) is changes


def test_follows_the_names_of_files_too(package: Path, load: Load) -> None:
    before = load().code_digest("infoplane.analysis")
    (package / "analysis" / "__init__.py").rename(package / "analysis.py")
    shutil.rmtree(package / "analysis")
    assert load().code_digest("infoplane.analysis") != before


def test_does_not_depend_on_where_the_package_lies(package: Path, load: Load, tmp_path: Path) -> None:
    before = load().code_digest("infoplane.analysis.measure")
    shutil.copytree(package, tmp_path / "elsewhere" / "infoplane")
    shutil.rmtree(package)
    package.symlink_to(tmp_path / "elsewhere" / "infoplane")
    assert load().code_digest("infoplane.analysis.measure") == before


def test_of_several_modules_is_that_of_their_union(load: Load) -> None:
    of = load().code_digest
    assert of("infoplane.analysis.measure", "infoplane.errors") == of("infoplane.analysis.measure")
    assert of("infoplane.analysis.measure", "infoplane.unused") != of("infoplane.analysis.measure")


def test_a_module_that_is_none_is_refused() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"infoplane\.trainig is no module of .*infoplane"):
        provenance.code_digest("infoplane.trainig")


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_every_module_of_the_library_has_a_digest(path: Path) -> None:
    name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    assert len(bytes.fromhex(provenance.code_digest(name))) == 8


def test_versions_of_packages_and_of_what_is_none() -> None:
    found = provenance.versions("numpy", "no-such-package")
    assert found["numpy"].split(".")[0].isdigit()
    assert found["no-such-package"] == "not installed"
