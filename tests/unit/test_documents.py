"""Pages that are generated are current."""

import sys
from pathlib import Path

import pytest

from infoplane.schema import ARTIFACTS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    monkeypatch.delitem(sys.modules, "tables", raising=False)
    import tables

    return tables


def test_table_of_artifacts_in_the_readme(tables) -> None:
    text = (ROOT / "README.md").read_text()
    assert tables.readme(text) == text, "run `make docs`"
    for artifact in ARTIFACTS.values():
        assert f"`{artifact.path}`" in text


def test_a_stale_table_is_noticed(tables) -> None:
    text = (ROOT / "README.md").read_text()
    assert tables.readme(text.replace("summary.zarr` |", "sum.zarr` |")) == text


def test_page_of_settings(tables) -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    assert tables.settings() == text, "run `make docs`"
    for key in ("training.init.gain", "estimators.*.bandwidth.scale", "training.checkpoints.per_decade", "experiments"):
        assert f"| `{key}` |" in text
