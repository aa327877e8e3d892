"""Pages that are generated are current."""

import importlib
import sys
from pathlib import Path

import pandas as pd
import pytest

from infoplane.schema import ARTIFACTS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch):
    return module("tables", monkeypatch)


def module(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module(name)


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


def test_the_table_of_costs_is_the_page_of_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    cost = module("cost", monkeypatch)
    assert cost.table(pd.read_csv(cost.TABLE)) in (ROOT / "docs" / "cost.md").read_text()


def test_costs_by_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("train", 10.4, 8.0, 100.4, 10), ("prepare", 1.0, 0.5, 50.0, 3), ("train", 10.2, 9.0, 120.0, 20)]
    found = pd.DataFrame(rows, columns=["stage", "seconds", "work", "memory", "bytes"])
    totals = module("cost", monkeypatch).totals(found)
    assert totals.to_csv(index=False).split() == [
        "stage,jobs,seconds,work,memory,bytes",
        "prepare,1,1,0,50,3",
        "train,2,21,17,120,30",
    ]


def test_page_of_commands(tables) -> None:
    text = (ROOT / "docs" / "commands.md").read_text()
    assert tables.helped(text) == text, "run `make docs`"
    for command in ("init", "plan", "status", "clean", "compare"):
        assert f"## `infoplane {command}`\n" in text
    assert "| `--yes` | remove what is listed" in text
