"""Which jobs would run, by what is on the disk; tests/workflow holds it against Snakemake itself."""

import json
import os
import shutil
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from infoplane.plan import jobs, missing
from infoplane.plan.folder import Folder
from infoplane.plan.jobs import Job

from .conftest import BINNING, ESTIMATOR, ROOT, study

SCRIPTS = ROOT / "workflow" / "scripts"
SHOWN = Counter(aggregate=1, judge=1, figures=6, explore=1)
ALL = Counter(prepare=1, train=6, capture=6, measure=6) + SHOWN
NOW = 4e9  # seconds: later than any script was written


def done(root: Path, finished: Iterable[Job], *, start: float = NOW) -> None:
    """Leave what jobs leave that have run one after another, without the activations, which are removed."""
    for moment, job in enumerate(finished, int(start)):
        for path in job.outputs:
            record = root / ".snakemake" / "metadata" / urlsafe_b64encode(path.encode()).decode()
            record.parent.mkdir(parents=True, exist_ok=True)
            record.write_text(json.dumps({"params": sorted(job.parameters), "input": sorted(job.inputs)}))
            if job.stage != "capture":
                _touch(root / path, moment)


def _touch(path: Path, moment: float) -> None:
    folder = path.suffix in {".zarr", ""}
    (path if folder else path.parent).mkdir(parents=True, exist_ok=True)
    target = path / ".snakemake_timestamp" if folder else path
    target.touch()
    os.utime(target, (moment, moment))


def stages(found: Iterable[Job]) -> Counter[str]:
    return Counter(job.stage for job in found)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture
def every(file: Path, root: Path) -> list[Job]:
    """The jobs of the quickstart, after all of them have run."""
    found = jobs.of_study(study(file))
    done(root, found)
    return found


def wanted(file: Path, root: Path, **changes: object) -> Counter[str]:
    return stages(missing.of_study(study(file, **changes), Folder(root), scripts=SCRIPTS)[1])


def test_all_of_it_in_an_empty_folder(file: Path, root: Path) -> None:
    assert wanted(file, root) == ALL


def test_nothing_when_all_has_run(file: Path, root: Path, every: list[Job]) -> None:
    assert len(every) == ALL.total()
    assert wanted(file, root) == Counter()


def test_what_is_left_of_a_workflow_that_was_stopped(file: Path, root: Path) -> None:
    done(root, jobs.of_study(study(file))[:5])  # a data set, a run, and the training of another
    assert wanted(file, root) == ALL - Counter(prepare=1, train=2, capture=1, measure=1)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"title": "Another"}, SHOWN),
        ({"figures": ["training"]}, Counter()),
        ({"training": {"epochs": 12}}, ALL - Counter(prepare=1)),
        ({"estimators": [ESTIMATOR, BINNING]}, Counter(capture=6, measure=12) + SHOWN),
        ({"training": {"checkpoints": {"per_decade": 3}}}, ALL - Counter(prepare=1)),
    ],
)
def test_what_an_edit_computes(
    file: Path, root: Path, every: list[Job], changes: dict[str, object], expected: Counter[str]
) -> None:
    assert every
    assert wanted(file, root, **changes) == expected


def test_what_is_gone_is_missed_only_where_somebody_reads_it(file: Path, root: Path, every: list[Job]) -> None:
    """As in Snakemake: with a summary, nobody reads what it was made of."""
    measured = next(job for job in every if job.stage == "measure")
    shutil.rmtree(root / measured.outputs[0])
    assert wanted(file, root) == Counter()
    shutil.rmtree(root / "results" / "mine" / "summary.zarr")
    assert wanted(file, root) == Counter(capture=1, measure=1) + SHOWN


def test_what_is_newer_than_what_was_made_of_it(file: Path, root: Path, every: list[Job]) -> None:
    trained = next(job for job in every if job.stage == "train")
    _touch(root / trained.outputs[1], NOW + len(every))
    assert wanted(file, root) == Counter(capture=1, measure=1) + SHOWN


def test_what_a_killed_job_has_left(file: Path, root: Path, every: list[Job]) -> None:
    path = next(job for job in every if job.stage == "judge").outputs[0]
    mark = root / ".snakemake" / "incomplete" / urlsafe_b64encode(path.encode()).decode()
    mark.parent.mkdir()
    mark.touch()
    assert wanted(file, root) == Counter(judge=1, explore=1)


def test_a_script_that_is_newer_than_what_it_made(file: Path, root: Path) -> None:
    done(root, jobs.of_study(study(file)), start=1)
    assert wanted(file, root) == ALL


def test_an_estimator_that_measures_nothing_is_no_job(file: Path, root: Path) -> None:
    found = wanted(file, root, measures=["information"], figures=["training"], animations=[], claims=[])
    assert found == ALL - Counter(judge=1, figures=5)
    found = wanted(file, root, measures=["weights"], figures=["diffusion"], animations=[], claims=[])
    assert found == Counter(prepare=1, train=6, weights=6, aggregate=1, figures=1, explore=1)


def test_a_long_path_is_remembered_in_folders(root: Path) -> None:
    """Snakemake breaks the name of its note where a file's name may be no longer."""
    path = f"results/{'long' * 60}/summary.zarr"
    name = urlsafe_b64encode(path.encode()).decode()
    note = root / ".snakemake" / "metadata" / f"@{name[:254]}" / name[254:]
    note.parent.mkdir(parents=True)
    note.write_text('{"params": ["1"]}')
    assert Folder(root).remembered(path) == {"params": ["1"]}
    note.write_text('{"params": ')  # being written
    assert Folder(root).remembered(path) == {}
