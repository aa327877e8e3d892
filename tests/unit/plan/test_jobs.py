"""Jobs from what Snakemake says of their files."""

import os
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from infoplane.errors import InfoplaneError
from infoplane.plan import jobs
from infoplane.plan.folder import Folder
from infoplane.plan.jobs import Job
from infoplane.schema import ARTIFACTS

HEADER = "output_file\tdate\trule\tlog-file(s)\tstatus\tplan"


def said(*files: str, plan: str = "update pending") -> str:
    """What Snakemake says of files, each after the rule that makes it."""
    rows = [each.split() for each in files]
    return "\n".join([HEADER, *(f"results/{path}\t-\t{rule}\t-\tmissing\t{plan}" for rule, path in rows), ""])


def test_files_of_a_job_are_together_and_jobs_of_a_rule_apart() -> None:
    found = jobs.read(
        said(
            "aggregate mine/summary.zarr",
            "train mine/runs/a.seeds-0/checkpoints",
            "train mine/runs/a.seeds-0/training.zarr",
            "prepare datasets/digits-12.zarr",
            "prepare datasets/digits-34.zarr",
            "intrinsic_dimension datasets/dimension/digits-12.zarr",
            "intrinsic_dimension datasets/dimension/digits-34.zarr",
            "train mine/runs/b.seeds-0/checkpoints",
            "train mine/runs/b.seeds-0/training.zarr",
            "measure mine/runs/a.seeds-0/information/renyi.zarr",
            "measure mine/runs/a.seeds-0/error_chain/renyi.zarr",
            "measure mine/runs/a.seeds-0/information/kde.zarr",
            "weights mine/weights/a.zarr",
            "weights mine/weights/b.zarr",
            "draw_training mine/figures/one.svg",
            "draw_training mine/figures/one.csv",
            "draw_training mine/figures/two.svg",
            "animate mine/animations/one.gif",
            "judge mine/claims.json",
            "judge mine/claims.md",
            "gather mine/sensitivity.zarr",
            "conclude mine/sensitivity.json",
            "conclude mine/sensitivity.svg",
        )
    )
    assert [(each.stage, each.run, each.estimator, len(each.outputs)) for each in found] == [
        ("aggregate", "", "", 1),
        ("train", "a.seeds-0", "", 2),
        ("prepare", "", "", 1),
        ("prepare", "", "", 1),
        ("intrinsic_dimension", "", "", 1),
        ("intrinsic_dimension", "", "", 1),
        ("train", "b.seeds-0", "", 2),
        ("measure", "a.seeds-0", "renyi", 2),
        ("measure", "a.seeds-0", "kde", 1),
        ("weights", "", "", 1),
        ("weights", "", "", 1),
        ("figures", "", "", 2),
        ("figures", "", "", 1),
        ("figures", "", "", 1),
        ("judge", "", "", 2),
        ("gather", "", "", 1),
        ("conclude", "", "", 2),
    ]
    of_data = {"prepare", "intrinsic_dimension"}
    assert {each.experiment for each in found if each.stage not in of_data} == {"mine"}
    assert jobs.experiments(found) == ["", "mine"]
    order = ["prepare", "intrinsic_dimension", "train", "measure", "weights", "aggregate", "judge", "gather"]
    assert jobs.stages(found) == [*order, "conclude", "figures"]


def test_a_rule_that_is_new_is_a_stage_of_its_own() -> None:
    found = jobs.read(said("novel mine/new.json", "novel mine/new.svg", "novel other/new.json", "whole all.html"))
    assert found == [
        Job("novel", "novel", "mine", "", "", ("results/mine/new.json", "results/mine/new.svg"), done=False),
        Job("novel", "novel", "other", "", "", ("results/other/new.json",), done=False),
        Job("whole", "whole", "", "", "", ("results/all.html",), done=False),
    ]
    assert jobs.stages([*found, *jobs.read(said("explore mine/explorer.html"))]) == ["explore", "novel", "whole"]


def test_what_is_done_is_what_needs_no_update() -> None:
    """Activations are removed once they have been measured, and then need none."""
    (found,) = jobs.read(said("capture mine/runs/a/activations.zarr", plan="no update"))
    assert found.done
    assert not jobs.read(said("capture mine/runs/a/activations.zarr"))[0].done


def test_what_comes_before_the_table_is_none_of_it() -> None:
    assert jobs.read("Config file is extended.\n" + said("aggregate mine/summary.zarr"))[0].stage == "aggregate"
    with pytest.raises(InfoplaneError, match=r"without the columns 'output_file.*; is it another version\?"):
        jobs.read("output_file\trule\n")


def test_every_artifact_is_of_its_stage() -> None:
    names = {"name": "digits", "digest": "1", "experiment": "mine", "run": "a", "estimator": "b", "variant": "c"}
    for artifact in ARTIFACTS.values():
        path = artifact.path.replace(".{svg,png,pdf,csv}", ".svg").replace(".{gif,html}", ".gif")
        (job,) = jobs.read(said(f"rule {path.format(**names, figure='d')}"))
        assert job.stage == artifact.stage


def test_since_when_a_job_runs(tmp_path: Path) -> None:
    """Snakemake breaks the name of its note where a file's name may be no longer."""
    folder = Folder(tmp_path)
    for path in ("results/mine/summary.zarr", f"results/{'long' * 60}/summary.zarr"):
        name = urlsafe_b64encode(path.encode()).decode()
        parts = [name] if len(name) < 255 else [f"@{name[:254]}", name[254:]]
        note = tmp_path.joinpath(".snakemake", "incomplete", *parts)
        assert folder.begun(path) is None
        note.parent.mkdir(parents=True, exist_ok=True)
        note.touch()
        os.utime(note, (1000, 1000))
        assert folder.begun(path) == 1000
