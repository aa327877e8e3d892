"""Two experiments in one figure, from the command line; tests/unit/figures/test_joined.py has what is in it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from infoplane import commands


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["one"], "compare one: accepted: two experiments or more, each once"),
        (["one", "one"], "compare one one: accepted: two experiments or more, each once"),
        (["one", "other"], "results/one/summary.zarr: there is no such summary; finished here: mine"),
        (["there/one", "other"], "there/one/summary.zarr: there is no such summary"),
        (["one", "other", "--figure", "plane"], "figure 'plane' is unknown; choose from information_plane, "),
        (["one", "other", "--set", "layers"], "--set layers: accepted: OPTION=VALUE"),
        (["one", "other", "--set", "layers=[a"], "--set layers=[a: '[a' is not valid YAML"),
        (["one", "other", "--set", "layer=a"], "figure 'information_plane':\n  - unknown option 'layer'; it accepts"),
    ],
)
def test_a_slip_meets_one_message(
    folder: Path, refused: Callable[..., str], arguments: list[str], message: str
) -> None:
    (folder / "results/mine/summary.zarr").mkdir(parents=True)
    assert refused("compare", *arguments).startswith(f"infoplane: {message}")


def test_a_summary_that_is_damaged(folder: Path, refused: Callable[..., str]) -> None:
    for name in ("one", "other"):
        (folder / "results" / name / "summary.zarr").mkdir(parents=True)
    assert refused("compare", "one", "results/other").startswith("infoplane: results/one/summary.zarr: no readable man")


def test_without_any_name() -> None:
    with pytest.raises(SystemExit, match="2"):
        commands.main(["compare"])
