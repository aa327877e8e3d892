"""Training that is killed again and again, in a process of its own, ends with the same bytes as if it never was."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

KILLS = 6
EPOCHS = [round(step / 6, 6) for step in range(25)]  # a checkpoint at every second update
# Trains for every line that it reads, in a child of its own: what is killed has not to import torch each time.
DRIVER = """
import json, os, sys, traceback
from pathlib import Path

import numpy as np
import torch

from infoplane.training import Recipe, train_run

torch.set_num_threads(1)
torch.optim.SGD([torch.zeros(1)], lr=1.0)  # imports what every optimiser imports
numbers = np.random.default_rng(0)
data = {
    split: (numbers.random((size, 1, 6, 6), dtype=np.float32), numbers.integers(0, 3, size))
    for split, size in (("train", 120), ("test", 30))
}


def train(folder, settings):
    record = train_run(
        Recipe.of(settings),
        data,
        3,
        work=folder / "work" / "digest",
        output=folder / "checkpoints",
        where=torch.device("cpu"),
    )
    np.savez(folder / "record.npz", **record.arrays)


for line in sys.stdin:
    task = json.loads(line)
    child = os.fork()
    if child == 0:
        try:
            train(Path(task["folder"]), task["settings"])
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""
KINDS: dict[str, dict[str, Any]] = {
    "one after another": {"model": {"factory": "dropout"}, "momentum": 0.9},
    "ensemble": {"model": "mlp", "ensemble": True, "optimiser": "adam", "learning_rate": 0.01},
}


class Trainer:
    """The driver: starts attempts, one at a time."""

    def __init__(self, script: Path) -> None:
        script.write_text(DRIVER)
        self._process = subprocess.Popen(
            [sys.executable, script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    def start(self, folder: Path, recipe: Any) -> int:
        """Begin or go on with a training; the process that does it."""
        settings = {**vars(recipe), "folder": str(recipe.folder)}
        print(json.dumps({"folder": str(folder), "settings": settings}), file=self._process.stdin, flush=True)
        return int(self._answer())

    def end(self) -> int:
        """Wait for the attempt; its status."""
        return int(self._answer())

    def close(self) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def _answer(self) -> str:
        return self._process.stdout.readline()


@pytest.fixture(scope="module")
def trainer(tmp_path_factory):
    made = Trainer(tmp_path_factory.mktemp("driver") / "driver.py")
    yield made
    made.close()


def running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def checkpoints(folder: Path) -> int:
    """Checkpoints so far: published is none of them."""
    return sum(1 for path in folder.glob("work/digest/*/step-*.pt") if not path.name.endswith(".state.pt"))


def wait_until(condition: Any, process: int) -> None:
    while running(process) and not condition():
        time.sleep(0.0005)


def content(folder: Path) -> dict[str, bytes]:
    """Every published file, and every array of the record."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.glob("checkpoints/**/*.*")}
    with np.load(folder / "record.npz") as record:
        arrays = {name: repr(values.shape).encode() + values.tobytes() for name, values in record.items()}
    return {**files, **arrays}


@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_random_moments(trainer, recipe, tmp_path, kind):
    """At six moments of training, and once while the weights are published if that can be caught."""
    settings = dict(KINDS[kind])
    made = recipe(settings.pop("model"), epochs=EPOCHS, batch_size=10, **settings)
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    trainer.start(undisturbed, made)
    assert trainer.end() == 0

    moments = random.Random(kind)
    total = checkpoints(undisturbed)
    assert total == len(EPOCHS) * (1 if kind == "ensemble" else 2)
    for count in sorted(moments.sample(range(1, total - 8), KILLS)):
        process, spins = trainer.start(killed, made), moments.randrange(20)
        wait_until(lambda count=count: checkpoints(killed) >= count, process)
        for _ in range(spins):  # a moment more, of no particular length
            checkpoints(killed)
        os.kill(process, signal.SIGKILL)
        assert os.WTERMSIG(trainer.end()) == signal.SIGKILL
        assert count <= checkpoints(killed) < total
        assert not (killed / "checkpoints").exists()

    process = trainer.start(killed, made)
    wait_until((killed / ".checkpoints.partial").exists, process)
    if running(process):
        os.kill(process, signal.SIGKILL)
    trainer.end()

    trainer.start(killed, made)
    assert trainer.end() == 0
    found, expected = content(killed), content(undisturbed)
    assert sorted(found) == sorted(expected)
    assert [name for name in expected if found[name] != expected[name]] == []
    assert not list(killed.rglob("*.partial"))
