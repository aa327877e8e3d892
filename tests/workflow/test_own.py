"""The example of README.md as a user runs it: a network of their own, in a folder of their own."""

import os
from pathlib import Path

import pytest
import torch
import xarray as xr
import yaml

from infoplane import factories, store

from .conftest import Project
from .readme import block, commands, run

# Without the original files of Fashion-MNIST, digits stand in for it: the same commands on other images.
DATA = "fashion_mnist" if "INFOPLANE_DATA" in os.environ else "digits"


def contents(folder: Path) -> dict[Path, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in files if not {"__pycache__", ".snakemake"} & set(path.parts)}


@pytest.mark.long
def test_the_example_and_the_same_network_from_its_checkpoints(project: Project, tmp_path: Path) -> None:
    """Nothing in the copy changes, and checkpoints that are taken in tell what training told."""
    before = contents(project.folder)
    (tmp_path / "my_model.py").write_text(block("my_model.py"))
    (tmp_path / "my_study.yaml").write_text(block("my_study.yaml").replace("fashion_mnist", DATA))
    (tmp_path / "infoplane").symlink_to(project.folder)
    (command,) = commands(block("own"))
    run(command, project, tmp_path)
    found = xr.open_datatree(tmp_path / "results/my_study/summary.zarr", engine="zarr")
    information = found["information"].to_dataset().isel(variant=0).load()
    assert information["layer"].values.tolist() == ["0.relu", "0.relu-2", "1.relu", "1.relu-2", "output"]
    assert information["dominator"].values.tolist() == ["input", "input", "0.relu-2", "0.relu-2", "1.relu-2"]
    assert information["inputs"].values.tolist()[3] == "0.relu-2, 1.relu"
    accuracy = found["training"].to_dataset()["accuracy"].sel(split="test").squeeze().values
    assert accuracy[-1] > accuracy[0] + 0.2
    assert (tmp_path / "results/my_study/figures/information_plane.png").exists()

    elsewhere(tmp_path)
    settings = yaml.safe_load((tmp_path / "my_study.yaml").read_text())
    settings["training"] = {"checkpoints_from": "saved/epoch-{epoch}.pt", "batch_size": 50, "evaluation_size": 1000}
    (tmp_path / "adopted.yaml").write_text(yaml.safe_dump({**settings, "figures": []}))
    train = "--until train --config"
    run(command.replace("my_study.yaml", "adopted.yaml").replace("--config", train), project, tmp_path)
    trained, adopted = (
        store.load(tmp_path / f"results/{name}/runs/default.seeds-0/training.zarr", "training").to_dataset().load()
        for name in ("my_study", "adopted")
    )
    xr.testing.assert_equal(adopted, trained)
    assert list(adopted.attrs["adopted"]) == ["epoch-0.pt", "epoch-1.pt", "epoch-2.pt"]
    assert contents(project.folder) == before


def elsewhere(folder: Path) -> None:
    """State dicts of the network's epochs, as a script of one's own would have saved them."""
    made = folder / "results/my_study/runs/default.seeds-0"
    trained = store.load(made / "training.zarr", "training").dataset
    network = factories.function("my_model.py:make", folder=folder)((1, 28, 28), 10)
    (folder / "saved").mkdir()
    for epoch, step in zip(trained["epoch"].values, trained["step"].values, strict=True):
        content = torch.load(made / f"checkpoints/seed-0/step-{step:09d}.pt", weights_only=True)
        network.load_state_dict({name: value[0] for name, value in content["weights"].items()})
        torch.save(network.state_dict(), folder / "saved" / f"epoch-{epoch:g}.pt")
