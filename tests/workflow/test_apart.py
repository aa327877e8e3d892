"""The workflow in other folders, on other data, and with networks that fail: nothing that another test has run."""

import os
from pathlib import Path

import pytest
import xarray as xr

from infoplane import store

from .conftest import TINY, Project


@pytest.mark.long
def test_another_directory_and_another_configuration(project: Project, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(f"experiments: [{project.experiment}]\nkeep: [activations]\n")
    arguments = ("--directory", str(tmp_path / "elsewhere"), "--configfile", str(own))
    target = "results/tiny/runs/activation-relu.seeds-0/training.zarr"
    project.run(target, *arguments, experiment=str(project.experiment))
    assert store.load(tmp_path / "elsewhere" / target, "training").sizes["epoch"] == 4


@pytest.mark.long
def test_a_failing_run_leaves_the_others_going(project: Project, tmp_path: Path) -> None:
    broken = {
        **TINY,
        "sweep": [],
        "model": {"factory": "broken.py:make"},
        "seeds": [0, 7],
        "figures": [],
        "animations": [],
    }
    project.write(**broken)
    (project.folder / "study" / "broken.py").write_text(
        "import torch\n"
        "from infoplane.models.mlp import MLP\n"
        "def make(shape, classes):\n"
        "    if torch.initial_seed() == 7:\n"
        "        raise OSError('no network for seed 7')\n"
        "    return MLP(shape, classes, hidden=[4])\n"
    )
    done = project.snakemake("--cores", "1", "--keep-going", "--directory", str(tmp_path))
    project.write()
    assert done.returncode != 0
    assert "no network for seed 7" in done.stderr + done.stdout
    assert (tmp_path / "results/tiny/runs/default.seeds-0/training.zarr").exists()
    assert not (tmp_path / "results/tiny/runs/default.seeds-7/training.zarr").exists()


@pytest.mark.long
@pytest.mark.skipif("INFOPLANE_DATA" not in os.environ, reason="needs the original files of MNIST: set INFOPLANE_DATA")
def test_real_mnist(project: Project, tmp_path: Path) -> None:
    """The shipped experiment, cut down, on the original files."""
    own = project.folder / "study" / "mnist_tiny.yaml"
    text = (project.folder / "workflow" / "experiments" / "mnist_lenet.yaml").read_text()
    small = {
        "dataset: {name: mnist}": "dataset: {name: mnist, limit: 600}",
        "epochs: 10": "epochs: 1",
        "first: 0.01, per_decade: 5": "first: 1, per_decade: 1",
        "seeds: 3": "seeds: 1",
        "batches: 4, size: 128": "batches: 1, size: 32",
        "filters: [6, 16]": "filters: [3, 4]",
        "controls: [shuffled_samples]": "measures: [information]",
        "  - modified_information_plane\n  - data_processing\n  - multivariate_information\n  - redundancy_synergy\n"
        "  - degrees\n  - kernel_widths\n  - training\n": "",
    }
    for old, new in small.items():
        assert old in text
        text = text.replace(old, new)
    own.write_text(text)
    project.run("--directory", str(tmp_path), experiment=str(own))
    found = xr.open_datatree(tmp_path / "results/mnist_tiny/summary.zarr", engine="zarr")
    information = found["information"].to_dataset().mean(["seed", "probe_batch"]).isel(variant=0, estimator=0, split=0)
    assert 4 < information["entropy_input"].sel(epoch=1).item() <= 5  # log2 32 = 5
    assert found["training"].to_dataset()["accuracy"].sel(epoch=0).mean().item() < 0.3
