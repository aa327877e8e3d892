"""The command line as a whole."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infoplane import commands, config
from infoplane.commands import study, text


def test_every_command_has_help_for_every_option() -> None:
    choices = commands.parser()._subparsers._group_actions[0].choices
    assert {command.__name__.rpartition(".")[2] for command in commands.COMMANDS} == set(choices)
    for name, parser in choices.items():
        assert parser.description, name
        assert all(action.help for action in parser._actions), name


def test_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "infoplane", "--help"], capture_output=True, text=True, check=True)
    assert "status" in done.stdout


@pytest.mark.parametrize("arguments", [[], ["tidy"], ["status", "--seed"], ["init", "one.yaml", "two.yaml"]])
def test_a_command_line_that_cannot_be_read_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        commands.main(arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["status", "quikstart"], "infoplane: config.yaml: experiment 'quikstart' is not known; did you mean 'quick"),
        (["status", "--seeds", "none"], "infoplane: config.yaml:\n  - key 'seeds' is 'none'; accepted: a whole number"),
        (["status", "--directory", "nowhere"], "infoplane: [Errno 2] No such file or directory: 'nowhere'"),
        (["status", "--configfile", "mine.yaml"], "infoplane: mine.yaml: cannot be read"),
    ],
)
def test_a_slip_meets_one_message(refused: Callable[..., str], arguments: list[str], message: str) -> None:
    assert refused(*arguments).startswith(message)


def test_choices_lie_over_files_and_files_over_config_yaml(folder: Path) -> None:
    (folder / "mine.yaml").write_text("{experiments: [szt_planes], preview: true, seeds: 2}")

    def written(*arguments: str) -> dict[str, object]:
        return study.written(commands.parser().parse_args(["status", *arguments]))

    plain = written()
    assert plain == config.read(study.BASE / "config.yaml")
    mine = {**plain, "experiments": ["szt_planes"], "preview": True, "seeds": 2}
    assert written("--configfile", "mine.yaml") == mine
    assert written("mnist_lenet", "--configfile", "mine.yaml", "--no-preview", "--seeds", "null") == {
        **mine,
        "experiments": ["mnist_lenet"],
        "preview": False,
        "seeds": "null",
    }


def test_a_package_without_its_clone(refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study, "BASE", Path("/somewhere"))
    assert refused("status").startswith("infoplane: /somewhere: no Snakefile; the commands speak of the workflow in a")


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (999_600, "1 MB"), (123_456_789, "123 MB")]
)
def test_sizes(count: int, said: str) -> None:
    assert text.size(count) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "0 s"), (99, "99 s"), (150, "2 min"), (5400, "90 min"), (7200, "2 h"), (2e5, "2.3 days")],
)
def test_durations(seconds: float, said: str) -> None:
    assert text.duration(seconds) == said


def test_columns() -> None:
    assert text.table([["a", "1", "x"], ["bb", "10", ""]], right=[1]) == "  a    1  x\n  bb  10"
    assert text.table([]) == ""
    assert (text.count(1, "job"), text.count(2, "job")) == ("1 job", "2 jobs")
