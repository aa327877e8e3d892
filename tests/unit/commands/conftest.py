"""A folder of the user's own, in which the commands are given."""

from collections.abc import Callable
from pathlib import Path

import pytest

from infoplane import commands

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def infoplane(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """A function that gives a command that must succeed; what it said."""

    def run(*arguments: str) -> str:
        assert folder.is_dir()
        assert commands.main(arguments) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    return run


@pytest.fixture
def refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """A function that gives a command that must fail; its message."""

    def run(*arguments: str) -> str:
        assert folder.is_dir()
        assert commands.main(arguments) == 1
        said = capsys.readouterr()
        assert said.out == ""
        return said.err

    return run
