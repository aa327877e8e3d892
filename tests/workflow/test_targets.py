"""From a data set whose targets are no classes to its figures, as a user runs it."""

from typing import Any

import numpy as np
import pytest
import yaml

from infoplane import store

from .conftest import TINY, Project

CHANGES: dict[str, Any] = {
    "model": {"name": "mlp", "hidden": [6], "activation": "tanh"},
    "training": {"batch_size": 32, "epochs": 10, "learning_rate": 0.1, "checkpoints": [1], "gradient_batches": 2},
    "sweep": [],
    "probe": {"batches": 1, "size": 40},
    "figures": ["information_plane", "training"],
    "animations": [],
}


@pytest.mark.long
def test_regression_and_sets_of_labels_from_end_to_end(project: Project) -> None:
    """Both in one workflow: what is measured is there, and the scores are those of networks that learned."""
    random = np.random.default_rng(0)
    x = random.normal(size=(300, 6)).astype(np.float32)
    y = (x @ random.normal(size=(6, 3)) > 0).astype(int)
    np.savez(project.experiment.parent / "sets.npz", x_train=x[:200], y_train=y[:200], x_test=x[200:], y_test=y[200:])
    own = {"regression": {"name": "diabetes"}, "sets": {"file": "sets.npz"}}
    for name, dataset in own.items():
        settings = {**TINY, **CHANGES, "dataset": dataset}
        project.experiment.with_name(f"{name}.yaml").write_text(yaml.safe_dump(settings))
    project.run(experiment="study/regression.yaml, study/sets.yaml")
    for name, score, least in (("regression", "determination", 0.2), ("sets", "accuracy", 0.6)):
        results = project.results.with_name(name)
        found = store.load(results / "summary.zarr", "summary")
        values = found["training"].to_dataset()[score].sel(split="test", epoch=10).item()
        assert values > least
        information = found["information"].to_dataset().sel(control="none")
        assert not information["mutual_information_layer_target"].isnull().any()
        assert not found["error_chain"].to_dataset()["mutual_information_error"].isnull().any()
        assert all((results / f"figures/{figure}.png").exists() for figure in CHANGES["figures"])
        assert (results / "explorer.html").exists()
