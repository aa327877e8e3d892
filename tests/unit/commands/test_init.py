"""A new experiment file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from infoplane import plan
from infoplane.commands import study

from .conftest import ROOT


def test_the_file_is_valid_as_it_is_and_as_a_preview(folder: Path, infoplane: Callable[..., str]) -> None:
    said = infoplane("init", "new.yaml")
    assert said.splitlines()[1:] == [
        "    infoplane plan new.yaml",
        f"    snakemake --snakefile {ROOT / 'Snakefile'} --cores all --config 'experiments=[new.yaml]'",
    ]
    for preview in (False, True):
        found = plan.study({"experiments": [str(folder / "new.yaml")], "preview": preview}, base=ROOT)
        (planned,) = found.planned.values()
        assert len(planned.runs) == (2 if preview else 6)


def test_by_default_it_is_my_study(folder: Path, infoplane: Callable[..., str]) -> None:
    assert "Wrote my_study.yaml" in infoplane("init")
    assert (folder / "my_study.yaml").is_file()


def test_a_file_that_is_there_stays(folder: Path, refused: Callable[..., str]) -> None:
    (folder / "mine.yaml").write_text("mine")
    assert refused("init", "mine.yaml") == (
        "infoplane: mine.yaml: is there already, and is left as it is; choose another name\n"
    )
    assert (folder / "mine.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("my study.yaml", "infoplane: my study.yaml: no name for an experiment; accepted: letters, digits, _ and -"),
        ("study.txt", "infoplane: study.txt: no name for an experiment"),
        ("there/new.yaml", "infoplane: there/new.yaml: there is no folder there; make it, or choose another place"),
    ],
)
def test_a_place_where_it_cannot_be(refused: Callable[..., str], name: str, message: str) -> None:
    assert refused("init", name).startswith(message)


def test_in_the_clone_the_command_needs_no_snakefile(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert folder != ROOT
    monkeypatch.chdir(ROOT)
    assert study.snakemake("--cores all", study.experiments(["a", "b"])) == (
        "snakemake --cores all --config 'experiments=[a, b]'"
    )


def test_what_the_shell_does_not_find_is_said_with_its_path(
    folder: Path, infoplane: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `.venv/bin/infoplane` is called from the clone, and from the folder that the clone is in."""
    programs = folder / "my clone" / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "infoplane", "snakemake"):
        (programs / name).touch(mode=0o755)
    monkeypatch.setattr("sys.executable", str(programs / "python"))
    plan_it, run_it = infoplane("init", "new.yaml").splitlines()[1:]
    assert plan_it == "    'my clone/.venv/bin/infoplane' plan new.yaml"
    assert run_it.startswith("    'my clone/.venv/bin/snakemake' --snakefile ")
    monkeypatch.chdir(folder / "my clone")
    assert study.program("snakemake") == ".venv/bin/snakemake"
    monkeypatch.chdir(programs)
    monkeypatch.setenv("PATH", str(programs))
    assert study.program("snakemake") == "snakemake"
