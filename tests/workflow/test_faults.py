"""A tiny experiment on a machine that fails at the worst moment: it ends as if nothing had happened.

Archives, checkpoints and experiment files that somebody made with bad intent stand in the tests of what reads them.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from infoplane import files, store
from infoplane.errors import StoreError
from infoplane.schema import ARTIFACTS
from infoplane.training import checkpoints

from .conftest import TINY, Project, made_once

pytestmark = pytest.mark.faults

FLIPS = 200
KILLS = 6  # a round
ROUNDS = [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 5))]
STAGES = ("prepare", "train", "capture", "measure", "weights", "aggregate", "judge", "figures", "explore")
SMALL = {
    **TINY,
    "sweep": [],
    "animations": [],
    "figures": ["information_plane", "training"],
    "measures": ["information", "error_chain", "weights"],
    "claims": ["yu2021.forward_chain"],
}

PAIRED = {  # asks for what the small one has nothing for: symmetric layers, and a data set with a dimension
    **TINY,
    "dataset": {"name": "manifold", "dimension": 1, "ambient": 5, "samples": 300, "target": "input"},
    "model": {"name": "autoencoder", "hidden": [4], "code": 2},
    "training": {"batch_size": 50, "epochs": 1, "evaluation_size": 50, "gradient_batches": 2},
    "sweep": [],
    "probe": {"batches": 1, "size": 20},
    "measures": ["layer_pairs", "intrinsic_dimension"],
    "figures": [],
    "animations": [],
}


def copied(project: Project, folder: Path) -> Project:
    """A copy of a project, with all that was run in it."""
    shutil.copytree(project.folder, folder, symlinks=True)
    return Project(folder)


@pytest.fixture(scope="module")
def untouched(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The small experiment, with nothing run."""
    made = copied(project, tmp_path_factory.mktemp("untouched") / "project")
    made.write(**SMALL)
    return made


@pytest.fixture(scope="module")
def undisturbed(untouched: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The small experiment and the one with pairs, with every kind of store, run to the end with nothing removed."""

    def make(folder: Path) -> None:
        made = copied(untouched, folder)
        made.write(**SMALL, calibration={"repetitions": 2}, sensitivity={"alpha": [2]})
        made.experiment.with_name("paired.yaml").write_text(yaml.safe_dump(PAIRED))
        made.run("--notemp", experiment="study/tiny.yaml, study/paired.yaml")

    return Project(made_once(tmp_path_factory, "undisturbed-small", make))


@pytest.fixture
def copy(untouched: Project, tmp_path: Path) -> Project:
    """A copy of the small experiment for one test, with nothing run."""
    return copied(untouched, tmp_path / "project")


def ends(project: Project) -> dict[str, str]:
    """Digests of every published weight, of the numbers in the summary, and of the numbers in every figure."""
    chunks = (path for path in project.results.glob("summary.zarr/**/c/**/*") if path.is_file())
    found = [*project.results.glob("runs/*/checkpoints/**/*.pt"), *project.results.glob("figures/*.csv"), *chunks]
    return {path.relative_to(project.results).as_posix(): files.sha256(path) for path in found}


def artifacts(project: Project) -> dict[Path, str]:
    """Every folder that is a store, or has checkpoints, and which kind of artifact it is."""
    stored = {kind: each for kind, each in ARTIFACTS.items() if each.groups or kind == "checkpoints"}
    patterns = {kind: "results/" + re.sub(r"\{\w+\}", "*", each.path) for kind, each in stored.items()}
    found = ((path, kind) for kind, each in patterns.items() for path in project.folder.glob(each) if path.is_dir())
    return dict(sorted(found))


def opened(artifact: Path, kind: str) -> None:
    """Open an artifact as jobs do."""
    if kind == "checkpoints":
        files.check_folder(artifact, rule="train")
    else:
        store.load(artifact, kind)


def flip(path: Path, chosen: random.Random) -> bytes:
    """Change one bit of a file, and of that name alone where it has several; what it held before."""
    intact = path.read_bytes()
    content = bytearray(intact)
    content[chosen.randrange(len(content))] ^= 1 << chosen.randrange(8)
    path.unlink()
    path.write_bytes(content)
    return intact


class Running:
    """Snakemake as it runs, with all that it started."""

    def __init__(self, project: Project) -> None:
        self._began = time.time()
        self._results = project.folder / "results"
        self.process = subprocess.Popen(
            **project.call("--cores", "2"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def family(self) -> list[int]:
        """Snakemake and its descendants, as far as they are alive."""
        parents = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, parent, *_ = stat.read_text().rpartition(")")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            if state != "Z":
                parents[int(stat.parent.name)] = int(parent)
        found = [self.process.pid]
        for known in found:
            found += sorted(process for process, parent in parents.items() if parent == known)
        return [process for process in found if process in parents]

    def training(self) -> int:
        """The job that trains."""
        (job,) = (each for each in self.family() if b"train.py" in Path(f"/proc/{each}/cmdline").read_bytes())
        return job

    def begins(self, stage: str) -> bool:
        """Wait until a job of a stage begins to log; false if Snakemake ends before."""
        names = ["datasets/logs/*"] if stage == "prepare" else [f"*/logs/{stage}.log", f"*/logs/{stage}/*"]
        while self.process.poll() is None:
            logs = (path for name in names for path in self._results.glob(name))
            if any(path.stat().st_mtime >= self._began for path in logs):
                return True
            time.sleep(0.05)
        return False

    def leave(self) -> None:
        """Wait until it alone has ended; what it started may go on, with nobody who reads what that says."""
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()

    def end(self) -> str:
        """Wait until it and its jobs, which share its output, have ended; what they said."""
        return self.process.communicate()[0]


def killed(project: Project, stage: str, chosen: random.Random) -> bool:
    """Run, and kill a random process of the workflow within a second of the begin of a stage; whether one was left.

    What the workflow had started itself may live on.
    """
    workflow = Running(project)
    workflow.begins(stage)
    time.sleep(chosen.random())
    try:
        os.kill(chosen.choice(workflow.family()), signal.SIGKILL)
        was_alive = True
    except (IndexError, ProcessLookupError):
        was_alive = False
    workflow.leave()
    if any(project.folder.glob(".snakemake/locks/*")):  # which only Snakemake's own death leaves
        assert project.snakemake("--unlock").returncode == 0
    return was_alive


@pytest.mark.parametrize("seed", ROUNDS)
def test_sigkill_to_any_process_at_any_moment(copy: Project, undisturbed: Project, seed: int) -> None:
    """Six times at stage after stage, each time after a new start; what the last one left is run to its end."""
    chosen = random.Random(seed)
    for place in sorted(chosen.sample(range(len(STAGES)), KILLS)):
        while not killed(copy, STAGES[place], chosen):  # all of it had ended before: from the beginning, then
            shutil.rmtree(copy.folder / "results")
    copy.run()
    assert ends(copy) == ends(undisturbed)
    assert not list(copy.folder.rglob("*.partial"))


def test_any_flipped_byte_is_named(undisturbed: Project, tmp_path: Path) -> None:
    """200 bits, in every kind of artifact, as the jobs read them; the message says which rule makes it again."""
    known = artifacts(copied(undisturbed, tmp_path / "project"))
    assert set(known.values()) == {kind for kind, each in ARTIFACTS.items() if each.groups} | {"checkpoints"}
    chosen = random.Random(2)
    for artifact, kind in chosen.choices(list(known.items()), k=FLIPS):
        path = chosen.choice([each for each in artifact.rglob("*") if each.is_file() and each.stat().st_size])
        intact = flip(path, chosen)
        with pytest.raises(StoreError) as refused:
            opened(artifact, kind)
        assert f"Delete {artifact} and run snakemake again: its rule {ARTIFACTS[kind].stage} " in str(refused.value)
        assert path.name in str(refused.value) or path.name == files.MANIFEST  # which may name another file instead
        if path.suffix == ".pt":
            with pytest.raises(StoreError, match=f"{path.name}: damaged"):
                checkpoints.load(path)
        path.write_bytes(intact)
    for artifact in known:
        opened(artifact, known[artifact])


def test_sigterm_to_a_training(copy: Project) -> None:
    """It writes down where it is and ends within ten seconds; the next run goes on from there."""
    training = {**SMALL["training"], "epochs": 1500, "checkpoints": [1500]}
    copy.write(**{**SMALL, "training": training})
    workflow = Running(copy)
    assert workflow.begins("train")

    def last_step() -> int:
        """That a training can go on from."""
        return max(int(path.name[5:14]) for path in copy.results.glob("runs/*/work/**/step-*.state.pt"))

    untrained = "runs/*/work/**/step-000000000.pt"  # behind which updates follow
    while workflow.process.poll() is None and not any(copy.results.glob(untrained)):
        time.sleep(0.05)
    job = workflow.training()
    asked = time.monotonic()
    os.kill(job, signal.SIGTERM)
    while job in workflow.family():
        time.sleep(0.05)
    assert time.monotonic() - asked < 10
    said = workflow.end()
    assert workflow.process.returncode != 0
    assert "asked to end; it can go on from step" in said
    assert "asked to end (SIGTERM); run snakemake again to go on" in said
    assert 0 < last_step() < 6000
    assert f"goes on from step {last_step()}" in copy.run("--until", "train")


def test_a_job_outlives_its_workflow(copy: Project, undisturbed: Project) -> None:
    """A new start waits for it, and goes on from there: they would write the same files."""
    first = Running(copy)
    while not any(lock.stat().st_size for lock in copy.results.glob("logs/train/*.lock")):
        assert first.process.poll() is None
        time.sleep(0.05)
    job = first.training()
    os.kill(job, signal.SIGSTOP)
    first.process.kill()
    first.leave()
    assert copy.snakemake("--unlock").returncode == 0
    second = Running(copy)
    waits = f"waits for process {job} on "
    while not any(waits in log.read_text() for log in copy.results.glob("logs/train/*.log")):
        assert second.process.poll() is None
        time.sleep(0.05)
    os.kill(job, signal.SIGCONT)
    second.end()
    assert second.process.returncode == 0
    assert ends(copy) == ends(undisturbed)
    assert not list(copy.folder.rglob("*.lock"))


@pytest.fixture
def disk(copy: Project) -> Iterator[Path]:
    """A disk of its own for the results."""
    results = copy.folder / "results"
    results.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(results)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("only root may mount a disk")
    yield results
    subprocess.run(["umount", "--lazy", str(results)], check=True)


def leave(disk: Path, size: int) -> None:
    """Make a disk so large that so many bytes are free."""
    size += shutil.disk_usage(disk).used
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)


def test_a_disk_that_is_full_at_every_stage(copy: Project, disk: Path, undisturbed: Project) -> None:
    """Each stage finds one to eight pages of 4 KiB: it says so and leaves nothing; with more room it goes on."""
    chosen, room = random.Random(3), 2**26
    for before, rule in pairwise(["prepare", "train", "capture", "measure", "aggregate", "draw_information_plane"]):
        leave(disk, room)
        copy.run("--notemp", "--until", before)
        found = artifacts(copy)
        leave(disk, chosen.randint(1, 8) * 4096)
        full = copy.snakemake("--cores", "1", "--notemp", "--until", rule)
        said = full.stdout + full.stderr
        assert full.returncode != 0, rule
        assert "No space left on device" in said, rule
        assert "is full; nothing half-written is left. Make room and run again" in said, rule
        assert "Traceback" not in said, rule
        assert artifacts(copy) == found, rule
        assert not list(copy.results.glob("figures/*")), rule
        assert not list(disk.rglob("*.partial")), rule
    leave(disk, room)
    copy.run()
    assert ends(copy) == ends(undisturbed)


def test_a_damaged_checkpoint_is_made_again_as_told(undisturbed: Project, tmp_path: Path) -> None:
    copy, chosen = copied(undisturbed, tmp_path / "project"), random.Random(4)
    (published, *_) = sorted(copy.results.glob("runs/*/checkpoints/*/*.pt"))
    (own,) = copy.results.glob(f"runs/*/work/training/*/*/{published.name}")
    flip(published, chosen)
    shutil.copyfile(published, own)  # they are one file, but for the copy of the project
    for name in ("runs/*/activations.zarr", "runs/*/information/renyi.zarr", "summary.zarr"):
        (path,) = copy.results.glob(name)
        shutil.rmtree(path)
    refused = copy.snakemake("--cores", "2")
    said = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert "Traceback" not in said
    (advice,) = set(re.findall(r"Delete (results/\S+) and run snakemake again: its rule train makes", said))
    shutil.rmtree(copy.folder / advice)
    assert "was removed now, and training goes on from before it" in copy.run()
    assert ends(copy) == ends(undisturbed)


def test_two_workflows_in_one_folder(copy: Project, undisturbed: Project) -> None:
    """The second says so and stops; the first is not disturbed."""
    first = Running(copy)
    assert first.begins("prepare")
    second = copy.snakemake("--cores", "1")
    assert second.returncode != 0
    assert "Directory cannot be locked" in second.stdout + second.stderr
    first.end()
    assert first.process.returncode == 0
    assert ends(copy) == ends(undisturbed)
