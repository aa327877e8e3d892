"""Seeds, epochs and an estimator added to a finished experiment: only those are computed, and nothing differs."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from .conftest import Project

SMALL: dict[str, Any] = {
    "dataset": {"name": "digits", "limit": 100},
    "model": {"name": "mlp", "hidden": [4], "activation": "tanh"},
    "sweep": [],
    "figures": [],
    "animations": [],
}
TRAINING: dict[str, Any] = {"batch_size": 50, "evaluation_size": 100, "gradient_batches": 2}
ONE, TWO = (
    {"name": "renyi"},
    {"name": "bins", "kind": "binning", "edges": {"rule": "range", "bins": 10}},
)
SUMMARY = "results/tiny/summary.zarr"
Kept = dict[str, tuple[int, bytes]]


@pytest.fixture
def small(project: Project, tmp_path: Path) -> Iterator[Project]:
    """The copy in another folder, for an experiment that is all its own."""
    for name in ("workflow", "envs", "profiles", "Snakefile", "config.yaml"):
        (tmp_path / name).symlink_to(project.folder / name)
    return Project(tmp_path)


def _change(project: Project, *, seeds: int, epochs: int, estimators: list[Mapping[str, Any]]) -> None:
    project.write(**SMALL, seeds=seeds, training={**TRAINING, "epochs": epochs}, estimators=estimators)


def _jobs(said: str) -> dict[str, int]:
    """How many jobs of each rule were run."""
    table = re.findall(r"^(\w+) +(\d+)$", said, flags=re.MULTILINE)
    return {rule: int(count) for rule, count in table if rule not in {"total", "all"}}


def _kept(project: Project, *patterns: str) -> Kept:
    """When every file was written, and what it holds."""
    found = [path for pattern in patterns for path in project.results.glob(pattern) if path.is_file()]
    assert found
    return {str(path.relative_to(project.results)): (path.stat().st_mtime_ns, path.read_bytes()) for path in found}


@pytest.mark.long
def test_what_is_added_is_computed_and_nothing_else(small: Project) -> None:
    _change(small, seeds=1, epochs=2, estimators=[ONE])
    assert _jobs(small.run(SUMMARY)) == {"prepare": 1, "train": 1, "capture": 1, "measure": 1, "aggregate": 1}

    before = _kept(small, "runs/default.seeds-0/**/*")
    _change(small, seeds=2, epochs=2, estimators=[ONE])
    assert _jobs(small.run(SUMMARY)) == {"train": 1, "capture": 1, "measure": 1, "aggregate": 1}
    assert _kept(small, "runs/default.seeds-0/**/*") == before

    done = ("runs/*/checkpoints/**/*.pt", "runs/*/work/measure-renyi/**/*.npz")  # an epoch, and what it was measured as
    before = _kept(small, *done)
    _change(small, seeds=2, epochs=3, estimators=[ONE])
    assert _jobs(small.run(SUMMARY)) == {"train": 2, "capture": 2, "measure": 2, "aggregate": 1}
    for seed in (0, 1):
        log = (small.results / f"logs/train/default.seeds-{seed}.log").read_text()
        assert "goes on from step 4" in log
    after = _kept(small, *done)
    assert {name: after.get(name) for name in before} == before
    added = [name for name in after.keys() - before.keys() if name.endswith(".pt")]
    assert sorted(added) == [f"runs/default.seeds-{seed}/checkpoints/seed-{seed}/step-000000006.pt" for seed in (0, 1)]

    trained = ("runs/*/training.zarr/**/*", "runs/*/checkpoints/**/*", "runs/*/work/measure-renyi/**/*")
    before, measured = _kept(small, *trained), _kept(small, "runs/*/*/renyi.zarr/**/*")
    _change(small, seeds=2, epochs=3, estimators=[ONE, TWO])
    # The first estimator's jobs see new activations, and find that they have measured them.
    assert _jobs(small.run(SUMMARY)) == {"capture": 2, "measure": 4, "aggregate": 1}
    assert _kept(small, *trained) == before
    after = _kept(small, "runs/*/*/renyi.zarr/**/*")
    assert {name: content for name, (_, content) in after.items()} == {
        name: content for name, (_, content) in measured.items()
    }

    small.results.rename(small.folder / "added")
    small.run(SUMMARY)
    assert _stored(small.folder / "added") == _stored(small.results)


def _stored(results: Path) -> dict[str, bytes]:
    """All arrays of the summary, to the bit; its root alone says when and how it was made."""
    folder = results / "summary.zarr"
    found = {str(path.relative_to(folder)): path for path in folder.glob("*/**/*") if path.is_file()}
    assert found
    return {name: path.read_bytes() for name, path in found.items()}
