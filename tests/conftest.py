"""Tiny data, networks and recipes that the tests of several stages share."""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: more threads only get in each other's way

MODELS: dict[str, dict[str, Any]] = {
    "lenet": {"name": "lenet", "filters": [2, 3], "hidden": [5], "kernel_size": 3, "padding": 1, "activation": "relu"},
    "mlp": {"name": "mlp", "hidden": [6, 4], "activation": "tanh"},
}
TRAINING: dict[str, Any] = {
    "optimiser": "sgd",
    "learning_rate": 0.1,
    "momentum": 0.9,
    "weight_decay": 0.0,
    "batch_size": 16,
    "init": {"scheme": "default", "gain": 1.0},
    "dtype": "float32",
    "threads": 1,
    "ensemble": False,
    "evaluation_size": 1000,
    "gradient_batches": 3,
}
PROBE = {"splits": ["train", "test"], "batches": 2, "size": 10, "seed": 0}
NETWORKS = """
import torch
from torch import nn
from infoplane.models.layers import Layer

HIDDEN = Layer("fc1", "fully_connected", "hidden.1", "hidden.0")
OUTPUT = Layer("output", "output", "output", "output")


class Network(nn.Module):
    def __init__(self, shape, classes, *, middle=nn.Identity, output=nn.Linear):
        super().__init__()
        self.flatten = nn.Flatten()
        self.hidden = nn.Sequential(nn.Linear(36, 6), nn.Tanh())
        self.middle = middle()
        self.output = output(6, classes)
        self.layers = (HIDDEN, OUTPUT)

    def forward(self, inputs):
        return self.output(self.middle(self.hidden(self.flatten(inputs))))


def dropout(shape, classes):
    return Network(shape, classes, middle=lambda: nn.Dropout(0.5))


def normalised(shape, classes):
    return Network(shape, classes, middle=lambda: nn.Sequential(nn.BatchNorm1d(6), nn.Dropout(0.5)))


class Fused(nn.Linear):
    # A cubic term whose gradient is 0 at 0, where it stays; from 1 it grows until its square is no number any more.
    def __init__(self, features, classes, fuse):
        super().__init__(features, classes)
        self.fuse = nn.Parameter(torch.tensor(fuse))

    def forward(self, inputs):
        return super().forward(inputs) + self.fuse**3 * torch.tensor([1e3, 0.0, -1e3])


def fused(shape, classes, burning=()):
    fuse = 1.0 if torch.initial_seed() in burning else 0.0
    return Network(shape, classes, output=lambda *sizes: Fused(*sizes, fuse))


def broken(shape, classes, seeds=()):
    network = Network(shape, classes)
    if torch.initial_seed() in seeds:
        nn.init.constant_(network.output.bias, float("nan"))
    return network
"""


@dataclass(frozen=True)
class Trained:
    """A run that was trained: its recipe, its record, and where its files are."""

    recipe: Any
    record: Any
    work: Path
    output: Path

    def fingerprint(self) -> dict[str, str]:
        """Digest of every published file and of every array of the record."""
        files = {path.relative_to(self.output).as_posix(): path.read_bytes() for path in self.output.rglob("*.*")}
        arrays = {
            name: repr((each.dtype, each.shape)).encode() + each.tobytes() for name, each in self.record.arrays.items()
        }
        return {name: hashlib.sha256(content).hexdigest() for name, content in {**files, **arrays}.items()}

    def weights(self, step: int, *, folder: str) -> Mapping[str, Any]:
        """Published weights of one block of networks."""
        from infoplane.training import checkpoints

        weights: Mapping[str, Any] = checkpoints.load(checkpoints.weights_path(self.output / folder, step))["weights"]
        return weights


@pytest.fixture
def data() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """60 images to train on and 30 to test on, random, 1 × 6 × 6, of 3 classes."""
    random = np.random.default_rng(0)
    return {
        split: (random.random((size, 1, 6, 6), dtype=np.float32), random.integers(0, 3, size))
        for split, size in (("train", 60), ("test", 30))
    }


def _classes(data: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> int:
    return max(int(targets.max()) for _, targets in data.values()) + 1


@pytest.fixture
def networks(tmp_path: Path) -> Path:
    """A user's own file with networks."""
    path = tmp_path / "networks.py"
    path.write_text(NETWORKS)
    return path


@pytest.fixture
def recipe(networks: Path) -> Callable[..., Any]:
    """A function that makes training recipes: four updates an epoch; keys of `training` change by keyword."""
    from infoplane.training import Recipe

    def make(
        model: str | Mapping[str, Any] = "lenet",
        *,
        seeds: tuple[int, ...] = (0, 1),
        epochs: tuple[float, ...] = (0, 0.5, 1, 2, 3),
        limit: int | None = None,
        fraction: float | None = None,
        **training: Any,
    ) -> Recipe:
        settings = MODELS[model] if isinstance(model, str) else {**model, "factory": f"networks.py:{model['factory']}"}
        return Recipe(
            model=settings,
            training={**TRAINING, **training},
            seeds=seeds,
            epochs=epochs,
            limit=limit,
            fraction=fraction,
            folder=networks.parent,
        )

    return make


@pytest.fixture(autouse=True)
def unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting for the disk, which only a loss of power would show."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def train(data: dict[str, tuple[np.ndarray, np.ndarray]], tmp_path: Path) -> Callable[..., Trained]:
    """A function that trains a recipe in a folder of a name; what it finds there it goes on from."""
    import torch

    from infoplane.training import train_run

    def run(recipe: Any, name: str = "run", witness: Any = None, **options: Any) -> Trained:
        work, output = tmp_path / name / "work" / "digest", tmp_path / name / "checkpoints"
        there = {"work": work, "output": output, "where": torch.device("cpu")}
        record = train_run(recipe, data, _classes(data), witness=witness, **there, **options)
        return Trained(recipe, record, work, output)

    return run


@pytest.fixture
def capture(data: dict[str, tuple[np.ndarray, np.ndarray]], tmp_path: Path) -> Callable[..., Any]:
    """A function that captures a trained run into a store of a name, as the workflow does, and opens it."""
    import torch

    from infoplane import labels, store
    from infoplane.capture import Recipe, capture_run, recorded_run

    def run(trained: Trained, name: str = "activations", soft: Any = None, **changes: Any) -> Any:
        own, path = trained.recipe, tmp_path / f"{name}.zarr"
        known = {each: np.asarray(trained.record.coords[each]) for each in ("seed", "epoch", "step")}
        settings = {
            "model": own.model,
            "seeds": own.seeds,
            "ensemble": own.training["ensemble"],
            "dtype": own.training["dtype"],
            "probe": PROBE,
            "store": "raw",
            "errors": True,
            "maps": True,
            "folder": own.folder,
        }
        made = Recipe(**{**settings, **changes})
        found = (recorded_run if "every" in made.probe else capture_run)(
            made,
            data,
            _classes(data),
            {**trained.record.arrays, **known},
            checkpoints=trained.output,
            where=torch.device("cpu"),
            soft=soft,
        )
        root = labels.label("activations", found.arrays, found.coords, leading=found.leading)
        store.write_slabs(
            path, root=root, layers=found.layers, slabs=found.slabs, provenance={"classes": _classes(data)}
        )
        return store.load(path, "activations")

    return run
