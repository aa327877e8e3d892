"""What is done, running and missing."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

RUN = "activation-tanh.seeds-0"


@pytest.fixture
def begun(folder: Path, infoplane: Callable[..., str]) -> Path:
    """A new study in which the first training runs, and the data set is there."""
    infoplane("init")
    notes = folder / ".snakemake"
    for place in (notes / "locks" / "0.output.lock", notes / "incomplete" / _note(f"runs/{RUN}/checkpoints")):
        place.parent.mkdir(parents=True)
        place.touch()
    (folder / f"results/my_study/runs/{RUN}/work/training/digest/seed-0").mkdir(parents=True)
    (folder / f"results/my_study/runs/{RUN}/work/training/digest/seed-0/step-000000046.state.pt").touch()
    return folder


def _note(path: str) -> str:
    return urlsafe_b64encode(f"results/my_study/{path}".encode()).decode()


def test_a_folder_in_which_nothing_has_run(infoplane: Callable[..., str]) -> None:
    said = infoplane("status", "quickstart", "szt_planes", "--preview", "--seeds", "1", "--no-preview")
    assert "quickstart\n  train      [....................]  0 of 6 done, 6 missing\n" in said
    assert "szt_planes\n" in said
    assert said.endswith("\nNo workflow runs in this folder.\n")


@pytest.mark.usefixtures("begun")
def test_a_training_that_runs(infoplane: Callable[..., str]) -> None:
    said = infoplane("status", "my_study.yaml")
    assert "  train      [>>>.................]  0 of 6 done, 1 running, 5 missing\n" in said
    assert "A workflow runs in this folder, or was killed (if so: snakemake --unlock).\n1 job running:\n" in said
    assert f"  train  my_study  {RUN}  epoch 2 of 10, last sign of life 0 s ago" in said


def test_without_a_lock_nothing_runs(begun: Path, infoplane: Callable[..., str]) -> None:
    (begun / ".snakemake/locks/0.output.lock").unlink()
    said = infoplane("status", "my_study.yaml")
    assert "  train      [....................]  0 of 6 done, 6 missing\n" in said
    assert said.endswith("\nNo workflow runs in this folder.\n")


def test_asking_changes_nothing(begun: Path, infoplane: Callable[..., str]) -> None:
    def everything() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in begun.rglob("*")}

    before = everything()
    infoplane("status", "my_study.yaml")
    assert everything() == before
