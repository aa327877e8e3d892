"""How Snakemake is asked, and what becomes of its answer."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infoplane import commands
from infoplane.commands import study


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """A function that gives `infoplane status`; what follows ``--summary`` in the command that starts Snakemake."""

    def arguments(*given: str, **options: Any) -> list[str]:
        started: list[list[str]] = []

        def run(command: list[str], **_: Any) -> SimpleNamespace:
            started.append(command)
            return SimpleNamespace(returncode=0, stdout="answer")

        monkeypatch.setattr(subprocess, "run", run)
        assert study.summary(commands.parser().parse_args(["status", *given]), **options) == "answer"
        (command,) = started
        assert command[:6] == [sys.executable, "-P", "-m", "snakemake", "--snakefile", str(study.BASE / "Snakefile")]
        return command[command.index("--summary") + 1 :]

    return arguments


def test_choices_are_passed_on_and_nothing_else(asked: Callable[..., list[str]]) -> None:
    assert asked() == []
    assert asked("one", "two.yaml", "--preview", "--seeds", "3") == [
        *("--config", 'experiments=["one", "two.yaml"]', "preview=true", 'seeds="3"')
    ]
    assert asked("--configfile", "a.yaml", "--configfile", "b.yaml", "--no-preview") == [
        *("--configfile", "a.yaml", "b.yaml", "--config", "preview=false")
    ]
    assert asked("one", anew=["x", "y"]) == ["--forcerun", "x", "y", "--config", 'experiments=["one"]']


def test_its_one_message_is_passed_on(
    folder: Path, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert folder.is_dir()
    said = "Using a profile.\ninfoplane: mine.yaml:\n  - key 'model': too small\n"
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=1, stdout="", stderr=said))
    assert refused("status") == "infoplane: mine.yaml:\n  - key 'model': too small\n"


def test_an_answer_in_other_columns(refused: Callable[..., str], says: Callable[[str], None]) -> None:
    says("file\trule\nx\ttrain\n")
    assert refused("status").startswith(
        "infoplane: snakemake --summary says 'file\\trule\\nx\\ttrain\\n', without the "
    )
