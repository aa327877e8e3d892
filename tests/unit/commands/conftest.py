"""A folder of the user's own, in which the commands are given."""

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infoplane import commands
from infoplane.commands import study

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty, where the shell finds the programs of this environment by name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    return tmp_path


@pytest.fixture(scope="session")
def planned(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What Snakemake says of the quickstart where nothing has run; the only time that these tests start it."""
    with contextlib.chdir(tmp_path_factory.mktemp("nothing")):
        return study.summary(commands.parser().parse_args(["plan", "quickstart"]))


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A function that sets what Snakemake says from now on."""

    def say(text: str) -> None:
        monkeypatch.setattr(
            study, "summary", lambda _, anew=(): text.replace("no update", "update pending") if anew else text
        )

    return say


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
