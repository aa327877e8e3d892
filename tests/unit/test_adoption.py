"""Checkpoints from elsewhere are found by their names, and what is not there is told."""

import re
from pathlib import Path

import pytest

from infoplane import adoption
from infoplane.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a/epoch-0.pt", "a/epoch-10.pt", "a/epoch-2.5.pt", "a/epoch-x.pt", "a/last.pt", "s/3/net[1]-e1.pt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "s/4").mkdir()
    (tmp_path / "s/4/net[1]-e2.pt").touch()
    return tmp_path


def test_epochs_by_their_number_and_files_of_other_names_left_out(folder: Path) -> None:
    found = adoption.find("a/epoch-{epoch}.pt", [7], folder=folder)
    assert {seed: {epoch: path.name for epoch, path in own.items()} for seed, own in found.items()} == {
        7: {0: "epoch-0.pt", 2.5: "epoch-2.5.pt", 10: "epoch-10.pt"}
    }
    assert list(found[7]) == [0, 2.5, 10]
    assert found == adoption.find(f"{folder}/a/epoch-{{epoch}}.pt", [7], folder=Path("/elsewhere"))


def test_seeds_in_folders_and_characters_that_a_glob_would_read(folder: Path) -> None:
    found = adoption.find("s/{seed}/net[1]-e{epoch}.pt", [4, 3], folder=folder)
    assert found == {4: {2: folder / "s/4/net[1]-e2.pt"}, 3: {1: folder / "s/3/net[1]-e1.pt"}}


@pytest.mark.parametrize(
    ("pattern", "seeds", "message"),
    [
        ("a/last.pt", [0], r"^is 'a/last\.pt'; accepted: a path with \{epoch\} in it once, and with \{seed\} where"),
        ("a/{epoch}-{step}.pt", [0], r"^is 'a/\{epoch\}-\{step\}\.pt'; accepted: a path"),
        ("a/epoch-{epoch}.pt", [0, 1], r"of one network, and there are 2 seeds; accepted: a path"),
        ("a/e-{epoch}.pt", [0], r"no file matches it for seed 0; there: epoch-0\.pt, .*, last\.pt in .*a$"),
        ("b/e-{epoch}.pt", [0], r"no file matches it for seed 0; there: no folder .*b$"),
        ("s/{seed}/net[1]-e{epoch}.pt", [3, 5], r"no file matches it for seed 5; there: those of seeds 3, 4$"),
    ],
)
def test_what_is_not_there_is_told(folder: Path, pattern: str, seeds: list[int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        adoption.find(pattern, seeds, folder=folder)


def test_two_files_of_one_epoch_are_refused(folder: Path) -> None:
    (folder / "a/epoch-00.pt").touch()
    with pytest.raises(ConfigError, match=re.escape("epoch-0.pt and epoch-00.pt are both of epoch 0; keep one")):
        adoption.find("a/epoch-{epoch}.pt", [0], folder=folder)
