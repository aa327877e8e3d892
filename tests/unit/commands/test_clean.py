"""What is removed, and what never is."""

import json
import os
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from infoplane import datasets, files
from infoplane.commands import study
from infoplane.schema import MEASURED

RUN, OTHER, GONE = (f"activation-{name}.seeds-0" for name in ("tanh", "relu", "sigmoid"))
DIGITS: dict[str, Any] = {"name": "digits", "checksum": datasets.describe({"name": "digits"}).checksum}
SOURCE = {**DIGITS, "parameters": {"settings": {"source": {"name": "digits"}, "folder": "."}}}


def artifact(path: Path, attributes: dict[str, Any] | None = None) -> None:
    """An artifact of a kilobyte, as the project makes them."""
    with files.new_folder(path) as folder:
        (folder / "values").write_bytes(b"v" * 1000)
        if attributes is not None:
            (folder / "zarr.json").write_text(json.dumps({"attributes": attributes}))
    (path / ".snakemake_timestamp").touch()


def trained(run: Path, **attributes: Any) -> None:
    """A run that is trained and measured, with what its jobs keep; weights have two names."""
    recipe = {"training": {}, "model": {"name": "mlp"}, "folder": "", "source": ""}
    artifact(run / "training.zarr", {"parameters": {"recipe": recipe}, "dataset": SOURCE, **attributes})
    artifact(run / "information" / "renyi.zarr", {})
    work = run / "work" / "training" / "digest" / "seed-0"
    work.mkdir(parents=True)
    for name in ("step-000000001.pt", "step-000000001.state.pt", "step-000000001.state.pt.sha256"):
        (work / name).write_bytes(b"s" * 500)
    with files.new_folder(run / "checkpoints") as folder:
        os.link(work / "step-000000001.pt", folder / "step-000000001.pt")
    cache = run / "work" / "measure-renyi" / "information"
    cache.mkdir(parents=True)
    files.write_checked(cache / "digest.npz", b"c" * 700)


def listed_by_snakemake(*runs: str, dataset: str = "digits-0") -> str:
    """What Snakemake says of a study of some runs that has run, as far as it matters here."""
    files = [(f"results/datasets/{dataset}.zarr", "prepare"), ("results/mine/summary.zarr", "aggregate")]
    for run in runs:
        files += [(f"results/mine/runs/{run}/{name}", "train") for name in ("checkpoints", "training.zarr")]
        files += [(f"results/mine/runs/{run}/activations.zarr", "capture")]
        files += [(f"results/mine/runs/{run}/{group}/renyi.zarr", "measure") for group in MEASURED]
    rows = [f"{path}\t-\t{rule}\t-\tok\tno update\n" for path, rule in files]
    return "".join(["output_file\tdate\trule\tlog-file(s)\tstatus\tplan\n", *rows])


@pytest.fixture
def results(folder: Path, says: Callable[[str], None]) -> Path:
    """A study of two variants that has run, and was of three before."""
    says(listed_by_snakemake(RUN, OTHER))
    (folder / "mine.yaml").write_text(
        yaml.safe_dump(
            {
                "title": "Mine",
                "dataset": {"name": "digits"},
                "model": {"name": "mlp", "hidden": [6], "activation": "tanh"},
                "training": {"batch_size": 64, "epochs": 1},
                "seeds": 1,
                "sweep": [{"model.activation": ["tanh", "relu"]}],
                "probe": {"size": 50, "batches": 1},
                "estimators": [{"name": "renyi"}],
                "measures": ["information"],
                "figures": ["training"],
            }
        )
    )
    for name in (RUN, OTHER, GONE):
        trained(folder / "results/mine/runs" / name)
    return folder / "results"


def listed(said: str) -> dict[str, str]:
    """What is listed, by its path below the results: its kind and its size."""
    rows = re.findall(r"^(\w+(?: \w+)*) +results/(\S+) +(.+ [kM]?B)  made again ", said, flags=re.MULTILINE)
    return {path: f"{kind}, {size}" for kind, path, size in rows}


def everything(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_without_yes_it_says_what_and_touches_nothing(results: Path, infoplane: Callable[..., str]) -> None:
    before = everything(results)
    said = infoplane("clean", "mine.yaml")
    assert everything(results) == before
    found = listed(said)
    assert found.keys() == {
        f"mine/runs/{GONE}",
        *(f"mine/runs/{run}/work/{kind}" for run in (OTHER, RUN) for kind in ("measure-renyi", "training")),
    }
    # A state and its checksum; the weights themselves have another name among the checkpoints, and free nothing
    assert found[f"mine/runs/{RUN}/work/training"] == "work folder, 1 kB"
    assert "Nothing has been removed. With --yes these are, which frees " in said


def test_with_yes_it_is_gone_and_all_else_stays(results: Path, infoplane: Callable[..., str]) -> None:
    before = everything(results)
    assert "Removed, which freed " in infoplane("clean", "mine.yaml", "--yes")
    left = everything(results)
    assert left == {path for path in before if GONE not in path and "/work/" not in path}
    assert infoplane("clean", "mine.yaml") == "There is nothing to remove.\n"
    for run in (RUN, OTHER):
        files.check_folder(results / "mine/runs" / run / "checkpoints")


def test_files_of_somebody_else_stay(results: Path, infoplane: Callable[..., str]) -> None:
    own = [
        results / "mine/runs" / GONE / "notes.txt",
        results / "mine/runs" / GONE / "training.zarr" / "mine.txt",
        results / "mine/runs" / RUN / "work/training/digest/seed-0/mine.pt",
        results / "mine/runs/my_run/weights.pt",
    ]
    for path in own:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    said = infoplane("clean", "mine.yaml", "--yes")
    assert all(path.read_text() == "mine" for path in own)
    assert "results/mine/runs/my_run  does not say how it was trained" in said
    assert not (results / "mine/runs" / GONE / "checkpoints").exists()


def test_while_a_workflow_runs_it_refuses(results: Path, refused: Callable[..., str]) -> None:
    before = everything(results)
    lock = results.parent / ".snakemake/locks/0.input.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    assert refused("clean", "mine.yaml", "--yes").startswith("infoplane: a workflow runs in this folder, and its files")
    assert everything(results) == before


def test_what_a_killed_job_has_done_so_far_stays(results: Path, infoplane: Callable[..., str]) -> None:
    path = f"results/mine/runs/{RUN}/information/renyi.zarr"
    mark = results.parent / ".snakemake/incomplete" / urlsafe_b64encode(path.encode()).decode()
    mark.parent.mkdir(parents=True)
    mark.touch()
    assert {path for path in listed(infoplane("clean", "mine.yaml")) if RUN in path} == set()


def test_a_run_that_is_not_trained_yet_keeps_its_work(results: Path, infoplane: Callable[..., str]) -> None:
    (results / "mine/runs" / RUN / "checkpoints/manifest.json").unlink()
    assert f"mine/runs/{RUN}/work/training" not in listed(infoplane("clean", "mine.yaml"))


def test_kept_activations_go_unless_they_are_asked_for(
    folder: Path, results: Path, infoplane: Callable[..., str]
) -> None:
    artifact(results / "mine/runs" / RUN / "activations.zarr", {})
    benchmark = results / "mine/benchmarks/capture" / f"{RUN}.tsv"
    benchmark.parent.mkdir(parents=True)
    benchmark.write_text("s\th:m:s\n90.5\t0:01:30\n")
    said = infoplane("clean", "mine.yaml")
    assert listed(said)[f"mine/runs/{RUN}/activations.zarr"] == "activations, 1.2 kB"
    assert "made again by a capture (90 s)" in said
    (folder / "kept.yaml").write_text("keep: [activations]")
    said = infoplane("clean", "mine.yaml", "--configfile", "kept.yaml")
    assert f"mine/runs/{RUN}/activations.zarr" not in listed(said)


def test_estimators_and_variants_that_nobody_names(results: Path, infoplane: Callable[..., str]) -> None:
    artifact(results / "mine/runs" / RUN / "information/bins.zarr", {})
    artifact(results / "mine/weights/activation-tanh.zarr", {})
    found = listed(infoplane("clean", "mine.yaml"))
    assert found[f"mine/runs/{RUN}/information/bins.zarr"].startswith("unused estimator")
    assert found["mine/weights/activation-tanh.zarr"].startswith("unused variant")


def test_seeds_that_are_left_out_for_now_are_still_named(
    results: Path, infoplane: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = "activation-tanh.seeds-1"
    by_seeds = {"1": listed_by_snakemake(RUN, OTHER), "null": listed_by_snakemake(RUN, OTHER, later)}
    monkeypatch.setattr(study, "summary", lambda chosen: by_seeds[chosen.seeds])
    trained(results / "mine/runs" / later)
    unused = [path for path, kind in listed(infoplane("clean", "mine.yaml", "--seeds", "1")).items() if "run" in kind]
    assert f"mine/runs/{GONE}" in unused
    assert f"mine/runs/{later}" not in unused


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"adopted": {"x.pt": "digest"}}, "was trained elsewhere"),
        ({"dataset": {**SOURCE, "checksum": "another"}}, "the source of its data is another now"),
        (
            {"dataset": {**SOURCE, "parameters": {"settings": {"source": {"file": "gone.npz"}, "folder": "."}}}},
            "gone.npz",
        ),
        (
            {
                "parameters": {
                    "recipe": {"training": {}, "model": {"factory": "own.py:make"}, "folder": ".", "source": "digest"}
                }
            },
            "its network, own.py:make, is another now",
        ),
    ],
)
def test_what_could_not_be_made_again_stays(
    folder: Path, results: Path, infoplane: Callable[..., str], attributes: dict[str, Any], why: str
) -> None:
    (folder / "own.py").write_text("def make(shape, classes): ...")
    trained(results / "mine/runs/activation-elu.seeds-0", **attributes)
    said = infoplane("clean", "mine.yaml", "--yes")
    assert "Not used any more, and left alone, since it could not be made again:\n" in said
    assert re.search(rf"^  results/mine/runs/activation-elu.seeds-0  .*{why}", said, flags=re.MULTILINE)
    assert (results / "mine/runs/activation-elu.seeds-0/checkpoints/step-000000001.pt").is_file()


def test_data_sets_that_nothing_uses(results: Path, says: Callable[[str], None], infoplane: Callable[..., str]) -> None:
    of_study = "digits-of-study"
    says(listed_by_snakemake(RUN, OTHER, dataset=of_study))
    old = {**SOURCE, "parameters": {"settings": {**SOURCE["parameters"]["settings"], "code": "old"}}}
    gone = {**old, "name": "gone", "parameters": {"settings": {"source": {"file": "gone.npz"}, "folder": "."}}}
    for name, attributes in ((of_study, {}), ("digits-trained", SOURCE), ("digits-old", old), ("gone-1", gone)):
        artifact(results / "datasets" / f"{name}.zarr", attributes)
    said = infoplane("clean", "mine.yaml", "--yes")
    assert [path for path in listed(said) if path.startswith("datasets/")] == ["datasets/digits-old.zarr"]
    assert "results/datasets/gone-1.zarr  its source is gone (" in said
    assert {path.name for path in (results / "datasets").iterdir()} == {
        f"{of_study}.zarr",
        "digits-trained.zarr",
        "gone-1.zarr",
    }


def test_dimensions_go_with_their_data_sets(
    results: Path, says: Callable[[str], None], infoplane: Callable[..., str]
) -> None:
    says(listed_by_snakemake(RUN, OTHER, dataset="digits-of-study"))
    settings = {"source": {"name": "digits"}, "folder": "."}
    old = {**DIGITS, "parameters": {"settings": {**settings, "code": "old"}}}
    gone = {"name": "gone", "parameters": {"settings": {**settings, "source": {"file": "gone.npz"}}}}
    for name, data in (("digits-of-study", old), ("digits-trained", SOURCE), ("digits-old", old), ("gone-1", gone)):
        artifact(results / "datasets" / "dimension" / f"{name}.zarr", {"dataset": data})
    benchmark = results / "datasets/benchmarks/intrinsic_dimension/digits-old.tsv"
    benchmark.parent.mkdir(parents=True)
    benchmark.write_text("s\th:m:s\n12\t0:00:12\n")
    said = infoplane("clean", "mine.yaml", "--yes")
    found = {path: kind for path, kind in listed(said).items() if path.startswith("datasets/")}
    assert {path: kind.partition(",")[0] for path, kind in found.items()} == {
        "datasets/dimension/digits-old.zarr": "unused dimension"
    }
    assert "made again by estimating it (12 s)" in said
    assert "results/datasets/dimension/gone-1.zarr  its source is gone (" in said
    left = {path.name for path in (results / "datasets/dimension").iterdir()}
    assert left == {"digits-of-study.zarr", "digits-trained.zarr", "gone-1.zarr"}


def test_another_experiment_is_none_of_its_business(results: Path, infoplane: Callable[..., str]) -> None:
    trained(results / "theirs/runs" / GONE)
    before = set(_below(results / "theirs"))
    infoplane("clean", "mine.yaml", "--yes")
    assert set(_below(results / "theirs")) == before


def _below(folder: Path) -> Iterator[Path]:
    yield from folder.rglob("*")
