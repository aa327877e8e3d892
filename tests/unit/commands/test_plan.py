"""What a run would cost."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from infoplane.costs.estimate import Estimate, Estimator

pytestmark = pytest.mark.usefixtures("quickstart")


@pytest.fixture
def quickstart(planned: str, says: Callable[[str], None]) -> None:
    says(planned)


def test_a_line_for_every_stage(infoplane: Callable[..., str]) -> None:
    said = infoplane("plan", "quickstart", "--cores", "3")
    assert re.search(r"^data sets\n  stage +jobs +each +in all +writes +rests on\n  prepare +1 ", said)
    lines = re.findall(r"^  (\w+) +(\d+) .* scaled from .*mnist_lenet, measured by make cost", said, flags=re.MULTILINE)
    assert lines == [
        *[("prepare", "1"), ("train", "6"), ("capture", "6"), ("measure", "6")],
        *[("aggregate", "1"), ("judge", "1"), ("calibrate", "1"), ("read_off", "1")],
        *[("figures", "6"), ("explore", "1")],
    ]
    assert "\n30 of 30 jobs to run.\nTime: about " in said
    assert " on the clock with 3.\nDisk: about " in said


def test_what_is_done_costs_nothing(planned: str, says: Callable[[str], None], infoplane: Callable[..., str]) -> None:
    lines = [line.replace("update pending", "no update") if "/runs/" in line else line for line in planned.splitlines()]
    says("\n".join(lines))
    said = infoplane("plan", "quickstart")
    assert re.findall(r"^  (\w+) +\d+ ", said, flags=re.MULTILINE) == [
        *("prepare", "aggregate", "judge", "calibrate", "read_off", "figures", "explore")
    ]
    assert "\n12 of 30 jobs to run.\n" in said
    says(planned.replace("update pending", "no update"))
    assert infoplane("plan", "quickstart") == "Nothing to run: all 30 jobs are done.\n"


@pytest.mark.parametrize(
    ("estimate", "rests", "said"),
    [
        (Estimate(60, 1, "measured here", 1), "measured here", False),
        (Estimate(60, 1, "measured here", 1, new=0.25), "measured here; 25% of it is new", False),
        (Estimate(60, 1, "measured here", 1, at_most=True), "measured here; at most", True),
    ],
)
def test_what_is_kept_of_an_earlier_run(
    infoplane: Callable[..., str], monkeypatch: pytest.MonkeyPatch, estimate: Estimate, rests: str, said: bool
) -> None:
    monkeypatch.setattr(Estimator, "of_job", lambda *_: estimate)
    text = infoplane("plan", "quickstart")
    assert re.search(rf"^  measure +6 +60 s +6 min +6 B +{re.escape(rests)}$", text, flags=re.MULTILINE)
    assert ("\nAt most: an earlier run has kept something" in text) is said


def test_a_stage_of_which_no_cost_is_known(
    planned: str, says: Callable[[str], None], infoplane: Callable[..., str]
) -> None:
    says(planned + "results/quickstart/new.json\t-\tnovel\t-\tmissing\tupdate pending\n")
    said = infoplane("plan", "quickstart")
    assert re.search(r"\n  novel +1 +\? +\? +\? +nothing like 1 of them has been measured\n", said)
    assert "\n31 of 31 jobs to run.\nTime: more than " in said


def test_activations_that_are_kept_stay(folder: Path, infoplane: Callable[..., str]) -> None:
    (folder / "kept.yaml").write_text("keep: [activations]")
    assert "and 0 B more are needed meanwhile" in infoplane("plan", "--configfile", "kept.yaml")


def test_a_disk_that_is_too_small(infoplane: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    assert "1 kB are free.\nThat does not fit: make room first" in infoplane("plan")


def test_cores_that_are_none(refused: Callable[..., str]) -> None:
    assert refused("plan", "--cores", "0") == "infoplane: --cores 0: accepted: at least 1\n"
