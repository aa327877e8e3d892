"""What the unit tests of several modules share."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def load_provenance() -> Callable[[Path], ModuleType]:
    """A function that loads the module of digests from a copy of the package, which it then looks at."""

    def loaded(package: Path) -> ModuleType:
        location = importlib.util.spec_from_file_location("provenance_of_the_copy", package / "provenance.py")
        assert location is not None
        assert location.loader is not None
        module = importlib.util.module_from_spec(location)
        location.loader.exec_module(module)
        return module

    return loaded
