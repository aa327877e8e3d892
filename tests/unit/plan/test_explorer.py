"""The explorer of an experiment: what it is made from, and what makes it anew."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from infoplane import explorer

from .conftest import differing, digests, planned, study

MINE = SimpleNamespace(experiment="mine")


def test_every_experiment_has_one(file: Path) -> None:
    assert study(file, claims=[], figures=[]).explorers() == [
        "results/mine/explorer.html",
        "results/mine/explorer.zip",
    ]


def test_it_waits_for_the_verdicts_of_an_experiment_that_makes_claims(file: Path) -> None:
    assert study(file, claims=["yu2021.forward_chain"]).judged(MINE) == ["results/mine/claims.json"]
    file.unlink()
    assert study(file, claims=[]).judged(MINE) == []


@pytest.mark.parametrize("part", explorer.PARTS, ids=lambda part: part.name)
def test_each_of_its_files_is_one_of_its_parameters(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: Path
) -> None:
    found = planned(file)
    before = digests(found)
    (tmp_path / part.name).write_text(part.read_text() + "\n")
    parts = [tmp_path / part.name if each == part else each for each in explorer.PARTS]
    monkeypatch.setattr("infoplane.explorer.PARTS", parts)
    assert differing(before, digests(found)) == {"explore"}


def test_what_is_drawn_beside_it_does_not_concern_it(file: Path) -> None:
    before = digests(planned(file, figures=["training"]))
    assert differing(before, digests(planned(file, figures=["data_processing"]))) == {"draw"}
