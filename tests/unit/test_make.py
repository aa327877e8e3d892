"""Targets of make that run the tests of a marker find all of them."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = re.findall(
    r"-m pytest (?:--\S+(?: (?!tests)\w+)? )*((?:tests/\S+ )+)-m \"?(\w+)", (ROOT / "Makefile").read_text()
)


@pytest.mark.parametrize(("folders", "marker"), TARGETS)
def test_folders_of_a_target_hold_all_tests_of_its_marker(folders: str, marker: str) -> None:
    marked = {path for path in (ROOT / "tests").rglob("test_*.py") if f"mark.{marker}" in path.read_text()}
    assert marked
    assert marked == {path for folder in folders.split() for path in marked if path.is_relative_to(ROOT / folder)}


def test_every_marker_that_is_left_out_has_a_target() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["addopts"]
    left_out = {marker for option in options for marker in re.findall(r"not (\w+)", option)}
    assert {marker for _, marker in TARGETS} == left_out - {"long"}
