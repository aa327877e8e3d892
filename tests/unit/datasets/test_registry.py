import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infoplane import datasets
from infoplane.errors import ConfigError


def test_registered_names() -> None:
    images, generated = ("digits", "mnist", "fashion_mnist", "cifar10"), ("szt", "szt_soft", "szt_committee")
    assert datasets.names() == (*images, *generated, "diabetes", "manifold")


@pytest.mark.parametrize(
    ("name", "shape", "classes", "train", "test"),
    [
        ("digits", (1, 8, 8), 10, 1437, 360),
        ("mnist", (1, 28, 28), 10, 60_000, 10_000),
        ("fashion_mnist", (1, 28, 28), 10, 60_000, 10_000),
        ("cifar10", (3, 32, 32), 10, 50_000, 10_000),
        ("szt", (12,), 2, 4096, 4096),
        ("szt_soft", (12,), 2, 4096, 4096),
        ("szt_committee", (12,), 2, 4096, 4096),
    ],
)
def test_a_registered_set_is_described_without_its_files(
    monkeypatch: pytest.MonkeyPatch, name: str, shape: tuple[int, ...], classes: int, train: int, test: int
) -> None:
    monkeypatch.setenv("INFOPLANE_DATA", "/nowhere")
    description = datasets.describe({"name": name})
    assert (description.name, description.shape, description.classes) == (name, shape, classes)
    assert description.sizes == {"train": train, "test": test}
    assert len(bytes.fromhex(description.checksum)) == 32


def test_checksums_tell_the_registered_sets_apart() -> None:
    assert len({datasets.describe({"name": name}).checksum for name in datasets.names()}) == len(datasets.names())


def test_planning_imports_neither_torch_nor_other_slow_packages(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", x_train=np.ones((2, 3)), y_train=[0, 1], x_test=np.ones((2, 3)), y_test=[0, 1])
    script = (
        "import sys; from infoplane import datasets; "
        "[datasets.describe({'name': name}) for name in datasets.names()]; datasets.subset(10, seed=0, limit=3); "
        "datasets.describe({'file': 'own.npz'}); "
        "print(sorted({'torch', 'sklearn', 'pooch', 'scipy', 'pandas', 'xarray', 'snakemake'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == "[]"


def test_an_unknown_name_is_told_with_the_nearest_and_all_known() -> None:
    message = r"dataset 'fashion-mnist' is not known; did you mean 'fashion_mnist'\? accepted: digits, mnist, .*cifar10"
    with pytest.raises(ConfigError, match=message):
        datasets.load("fashion-mnist")
    with pytest.raises(ConfigError, match=r"dataset 'my\.npz' is not known; accepted: .*give `file:"):
        datasets.load("my.npz")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({}, r"dataset \{\}: accepted: exactly one of the keys name, file, factory"),
        ({"name": "mnist", "file": "x.npz"}, r"exactly one of the keys"),
        ({"nmae": "mnist"}, r"\{'nmae': 'mnist'\}: accepted: exactly one of the keys"),
        ({"name": 5}, r"dataset name 5: accepted: a string"),
        ({"name": "mnist", "limit": 5}, r"dataset name 'mnist' takes no options; got limit"),
        ({"file": "x.npz", "fraction": 0.5}, r"dataset file 'x\.npz' takes no options; got fraction"),
    ],
)
def test_a_source_of_no_kind_is_refused(source: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        datasets.describe(source)
    with pytest.raises(ConfigError, match=message):
        datasets.load(source)
