"""Training that is killed at any moment, however often, ends as if nothing had happened."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from infoplane import device
from infoplane.training import Recipe, train_run

folder, ensemble = Path(sys.argv[1]), sys.argv[2] == "ensemble"
random = np.random.default_rng(0)
data = {
    split: (random.random((n, 1, 6, 6), dtype=np.float32), random.integers(0, 3, n))
    for split, n in (("train", 60), ("test", 20))
}
training = {
    "optimiser": "adam", "learning_rate": 0.01, "momentum": 0.0, "weight_decay": 0.0, "batch_size": 7, "epochs": 20,
    "init": {"scheme": "default", "gain": 1.0}, "dtype": "float32", "threads": 1, "ensemble": ensemble,
    "evaluation_size": 50, "gradient_batches": 3,
}
model = {"name": "mlp", "hidden": [8, 4]}
recipe = Recipe(model, training, [0, 1], [float(epoch) for epoch in range(21)], fraction=0.9)
record = train_run(
    recipe, data, 3, work=folder / "work" / "digest", output=folder / "checkpoints", where=device.prepare(threads=1)
)
np.savez(folder / "record.npz", **record.arrays)
"""


def start(folder: Path, kind: str) -> subprocess.Popen[bytes]:
    folder.mkdir(exist_ok=True)
    return subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder), kind], stderr=subprocess.DEVNULL)


def written(folder: Path) -> int:
    """Files of checkpoints so far; those of a moment ago may be gone."""
    return len(list(folder.glob("work/digest/*/step-*")))


def everything(folder: Path) -> dict[str, bytes]:
    """Content of every published file, and of the record."""
    paths = [*(folder / "checkpoints").rglob("*"), folder / "record.npz"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths if path.is_file()}


@pytest.mark.parametrize("kind", ["alone", "ensemble"])
def test_killed_training_ends_with_the_same_bytes(tmp_path: Path, kind: str) -> None:
    assert start(tmp_path / "undisturbed", kind).wait() == 0
    expected = everything(tmp_path / "undisturbed")
    assert len([name for name in expected if name.endswith(".pt")]) == (21 if kind == "ensemble" else 42)
    moments, folder, kills = random.Random(5), tmp_path / "killed", 0
    while kills < 5:
        process = start(folder, kind)
        wanted = written(folder) + moments.randint(1, 8)
        while written(folder) < wanted and process.poll() is None:
            time.sleep(0.001 * moments.random())
        if process.poll() is not None:
            break
        process.kill()
        process.wait()
        kills += 1
        assert not (folder / "checkpoints").exists()
    assert kills == 5
    assert start(folder, kind).wait() == 0
    assert everything(folder) == expected
