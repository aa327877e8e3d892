"""What a run would cost."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest


def test_a_line_for_every_stage(infoplane: Callable[..., str]) -> None:
    said = infoplane("plan", "quickstart", "--cores", "3")
    assert re.search(r"^data sets\n  stage +jobs +each +in all +writes +rests on\n  prepare +1 ", said)
    lines = re.findall(r"^  (\w+) +(\d+) .* scaled from .*mnist_lenet, measured by make cost", said, flags=re.MULTILINE)
    assert lines == [
        *[("prepare", "1"), ("train", "6"), ("capture", "6"), ("measure", "6")],
        *[("aggregate", "1"), ("judge", "1"), ("figures", "6"), ("explore", "1")],
    ]
    assert "\n28 of 28 jobs to run.\nTime: about " in said
    assert " on the clock with 3.\nDisk: about " in said


def test_fewer_seeds_cost_less(infoplane: Callable[..., str]) -> None:
    """A data set; eight fractions, each trained, captured and measured three times; and seven jobs that show it."""
    assert "\n48 of 48 jobs to run.\n" in infoplane("plan", "szt_samplesize", "--seeds", "1", "--preview")


def test_activations_that_are_kept_stay(folder: Path, infoplane: Callable[..., str]) -> None:
    (folder / "kept.yaml").write_text("keep: [activations]")
    assert "and 0 B more are needed meanwhile" in infoplane("plan", "--configfile", "kept.yaml")


def test_a_disk_that_is_too_small(infoplane: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    assert "1 kB are free.\nThat does not fit: make room first" in infoplane("plan")


def test_cores_that_are_none(refused: Callable[..., str]) -> None:
    assert refused("plan", "--cores", "0") == "infoplane: --cores 0: accepted: at least 1\n"
