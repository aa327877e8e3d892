"""Information between the layers of an autoencoder, from a user's own file to the summary."""

import shutil
from typing import Any

import numpy as np
import pytest
import yaml

from infoplane import store

from .conftest import ROOT, TINY, Project

CHANGES: dict[str, Any] = {
    "dataset": {"file": "digits.npz"},
    "model": {"factory": "autoencoder.py:make"},
    "training": {"batch_size": 32, "epochs": 1, "learning_rate": 0.1, "checkpoints": [1], "gradient_batches": 2},
    "sweep": [],
    "probe": {"batches": 1, "size": 30},
    "estimators": [{"name": "renyi"}],
    "measures": ["information", "layer_pairs"],
    "store": "distances",
    "figures": [],
    "animations": [],
}


@pytest.fixture
def own(project: Project) -> Project:
    """Two experiments with one network, of which the first asks for pairs of its layers."""
    folder = project.experiment.parent
    shutil.copy(ROOT / "tests" / "autoencoder.py", folder)
    x = np.random.default_rng(0).random((120, 9), dtype=np.float32)
    np.savez(folder / "digits.npz", x_train=x[:80], y_train=x[:80], x_test=x[80:], y_test=x[80:])
    (folder / "paired.yaml").write_text(yaml.safe_dump({**TINY, **CHANGES}))
    (folder / "plain.yaml").write_text(yaml.safe_dump({**TINY, **CHANGES, "measures": ["information"]}))
    return project


BOTH = "study/paired.yaml, study/plain.yaml"


def test_only_the_experiment_that_asks_has_another_rule(own: Project) -> None:
    both = own.planned(experiment=BOTH)
    assert (both["measure"], both["measure_pairs"]) == (1, 1)


@pytest.mark.long
def test_it_is_in_the_summary_of_the_experiment_that_asks_and_nowhere_else(own: Project) -> None:
    own.run(experiment=BOTH)
    paired, plain = (own.results.with_name(name) for name in ("paired", "plain"))
    assert not list(plain.rglob("layer_pairs*"))
    found = store.load(paired / "summary.zarr", "summary")
    data, information = (found[name].to_dataset() for name in ("layer_pairs", "information"))
    assert data["pair"].values.tolist() == ["input, output", "encoder1, decoder1", "encoder2, decoder2"]
    other = information["mutual_information_input_layer"].sel(layer="output")
    ours = data["mutual_information_pair"].sel(pair="input, output").transpose(*other.dims)
    np.testing.assert_allclose(ours, other, rtol=1e-12, atol=1e-9)
    assert not data["mutual_information"].isnull().any()
    assert own.planned(experiment=BOTH) == {}
