"""Every command of README.md: what takes long is planned, all others run, here or in the tests of what they show."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from .conftest import ROOT, TINY, Project
from .readme import BLOCK, BLOCKS, README, block, commands, run
from .submission import PROFILE

NAMED = [name for mark, name, *_ in BLOCKS if mark == "tested"]
PLANNED = [line for mark, _, _, text in BLOCKS if mark == "planned" for line in commands(text)]


def test_every_block_has_a_mark() -> None:
    assert {(mark, bool(name)) for mark, name, *_ in BLOCKS} == {("planned", False), ("tested", True)}
    assert not re.search(r"^( {4}|\t)\S", BLOCK.sub("", README), flags=re.MULTILINE), "a block without a fence"
    assert len(set(NAMED)) == len(NAMED)


@pytest.mark.parametrize("name", NAMED)
def test_a_test_knows_the_block(name: str) -> None:
    tests = [*(ROOT / "tests" / "workflow").glob("test_*.py"), *(ROOT / "tests" / "unit").glob("test_*.py")]
    assert any(f'("{name}")' in path.read_text() for path in tests)


def made(target: str) -> list[str]:
    """Commands that make would run for a target if nothing were there yet."""
    command = ["make", "--dry-run", "--always-make", "--no-print-directory", target]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return list(dict.fromkeys(re.sub(r" --quiet( rules host)?| --no-compile", "", line) for line in said.splitlines()))


def test_make() -> None:
    """It is the commands that README.md names, the last two of which the tests on a Slurm run."""
    assert block("make").splitlines() == ["make", "make test"]
    assert "make test" in (ROOT / ".ci" / "run").read_text().splitlines()
    own = block("quickstart").splitlines()
    assert [line for line in made("all") if line in own] == own


def test_make_names_the_figures_of_the_experiments_that_it_ran(tmp_path: Path) -> None:
    """Snakemake says which there are, among its other files; those of other experiments may lie beside them."""
    (line,) = (line for line in made("all") if line.startswith('echo "Figures:"'))
    files = [
        "datasets/digits.zarr",
        "quickstart/figures/a.png",
        "quickstart/figures/a.svg",
        "quickstart/calibration.png",
    ]
    snakemake, other = tmp_path / ".venv/bin/snakemake", tmp_path / "results/other/figures/b.png"
    for path in (snakemake, other):
        path.parent.mkdir(parents=True)
    other.touch()
    said = "".join(f"results/{file}\tdate\trule\n" for file in files)
    snakemake.write_text(f"#!/bin/sh\ncat <<END\nConfig file\noutput_file\tdate\trule\n{said}END\n")
    snakemake.chmod(0o755)
    done = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "Figures:\nresults/quickstart/figures/a.png\n"


def test_reproduction() -> None:
    """The script that tests of its own run."""
    assert block("reproduction") == "make reproduction\n"
    assert made("reproduction")[-1] == ".venv/bin/python docs/reproduction.py"


def test_library(capsys: pytest.CaptureFixture[str]) -> None:
    exec(block("library"), {})
    assert re.fullmatch(r"\d\.\d{3} bits\n", capsys.readouterr().out)


def test_slurm() -> None:
    """The command is that of the tests on a Slurm; what it installs is in the Makefile."""
    install, submit = block("slurm").splitlines()
    assert install.replace(".venv/", ".venv/with-$*/").replace("[slurm]", "[$*]") in re.sub(
        " --quiet| --no-compile", "", (ROOT / "Makefile").read_text()
    )
    assert submit == " ".join([".venv/bin/snakemake", *PROFILE[:2]])


@pytest.mark.long
def test_commands(project: Project, tmp_path: Path) -> None:
    """Of an experiment that is not run yet; tests of their own have those that are."""
    (tmp_path / "infoplane").symlink_to(project.folder)
    init, plan, status, clean = (run(command, project, tmp_path) for command in commands(block("commands")))
    assert (tmp_path / "my_study.yaml").exists()
    assert "my_study" in init
    assert "train" in plan
    assert "train" in status
    assert "othing" in clean


@pytest.mark.long
@pytest.mark.parametrize("command", PLANNED, ids=lambda line: line.partition("--config ")[2] or line)
def test_what_takes_long_is_planned(project: Project, command: str) -> None:
    assert re.search(r"^total +[1-9]", run(f"{command} --dry-run --quiet host", project, project.folder), re.MULTILINE)


@pytest.mark.long
def test_an_experiment_of_ones_own(project: Project) -> None:
    """The command for a file that was copied and changed, planned."""
    (project.folder / "my").mkdir()
    (project.folder / "my" / "experiment.yaml").write_text(yaml.safe_dump(TINY))
    (command,) = commands(block("experiment"))
    assert re.search(r"^total +[1-9]", run(f"{command} --dry-run --quiet host", project, project.folder), re.MULTILINE)
