"""What the tests of several measures share."""

import importlib
import sys
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def dit() -> ModuleType:
    """The dit package, an independent implementation of discrete information theory.

    Without scikit-learn, of which it uses an estimator if there is one: that takes half as long to import as all else.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "sklearn", None)
        return importlib.import_module("dit")
