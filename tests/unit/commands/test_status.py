"""What is done, running and missing."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import ROOT

RUN = "filters-2-4_activation-relu.seeds-0-2"


@pytest.fixture
def begun(folder: Path, planned: str, says: Callable[[str], None]) -> Path:
    """A folder in which the first training runs, and the data set is there."""
    first, *lines = planned.splitlines(keepends=True)
    says(
        first
        + "".join(line.replace("update pending", "no update") if "\tprepare\t" in line else line for line in lines)
    )
    notes = folder / ".snakemake"
    for place in (notes / "locks" / "0.output.lock", notes / "incomplete" / _note(f"runs/{RUN}/checkpoints")):
        place.parent.mkdir(parents=True)
        place.touch()
    seed = folder / f"results/quickstart/runs/{RUN}/work/training/digest/seed-0"
    seed.mkdir(parents=True)
    (seed / "step-000000046.state.pt").touch()
    return folder


def _note(path: str) -> str:
    return urlsafe_b64encode(f"results/quickstart/{path}".encode()).decode()


def test_a_folder_in_which_nothing_has_run(
    planned: str, says: Callable[[str], None], infoplane: Callable[..., str]
) -> None:
    says(planned)
    said = infoplane("status")
    assert said.startswith("data sets\n  prepare  [....................]  0 of 1 done, 1 missing\n\nquickstart\n")
    assert "\n  train      [....................]  0 of 6 done, 6 missing\n" in said
    assert said.endswith("\nNo workflow runs in this folder.\n")


@pytest.mark.usefixtures("begun")
def test_a_training_that_runs(infoplane: Callable[..., str]) -> None:
    said = infoplane("status")
    assert "  prepare  [####################]  1 of 1 done\n" in said
    assert "  train      [>>>.................]  0 of 6 done, 1 running, 5 missing\n" in said
    unlock = f"snakemake --snakefile {ROOT / 'Snakefile'} --unlock"
    assert f"A workflow runs in this folder, or was killed (if so: {unlock}).\n1 job running:\n" in said
    assert re.search(rf"  train  quickstart  {RUN}  epoch 2 of 10, network 1 of 3, last sign of life \d+ s ago\n", said)


def test_without_a_lock_nothing_runs(begun: Path, infoplane: Callable[..., str]) -> None:
    (begun / ".snakemake/locks/0.output.lock").unlink()
    said = infoplane("status")
    assert "  train      [....................]  0 of 6 done, 6 missing\n" in said
    assert said.endswith("\nNo workflow runs in this folder.\n")


def test_what_was_killed_after_its_files_were_there(
    begun: Path, planned: str, says: Callable[[str], None], infoplane: Callable[..., str]
) -> None:
    """Snakemake would make it again, and what rests on it, but says so only where it is told to."""
    says(planned.replace("update pending", "no update"))
    assert "  train      [....................]  0 of 6 done, 6 missing\n" in _without_lock(begun, infoplane)
    (begun / ".snakemake/incomplete" / _note(f"runs/{RUN}/checkpoints")).unlink()
    assert "missing" not in _without_lock(begun, infoplane)


def _without_lock(begun: Path, infoplane: Callable[..., str]) -> str:
    (begun / ".snakemake/locks/0.output.lock").unlink(missing_ok=True)
    return infoplane("status")


def test_a_stage_that_is_not_known(planned: str, says: Callable[[str], None], infoplane: Callable[..., str]) -> None:
    says(planned + "results/quickstart/new.json\t-\tnovel\t-\tok\tno update\n")
    assert "  novel      [####################]  1 of 1 done\n" in infoplane("status")
