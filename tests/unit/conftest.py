"""What the unit tests of several modules share."""

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService


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


@pytest.fixture(scope="module")
def chromium() -> Iterator[Callable[[ChromeOptions], Chrome]]:
    """A function that starts headless Chromium with options; it ends with the module."""
    found = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    missing = [name for name, path in found.items() if path is None]
    assert not missing, f"no {' and no '.join(missing)} on the PATH: `make browser` installs them (chromium-driver)"
    with ExitStack() as open_ones:

        def start(options: ChromeOptions) -> Chrome:
            options.binary_location = found["chromium"]
            for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
                options.add_argument(argument)
            driver = Chrome(options=options, service=ChromeService(found["chromedriver"]))
            open_ones.callback(driver.quit)
            return driver

        yield start
