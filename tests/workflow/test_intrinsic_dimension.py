"""The dimension of a data set, from its store to the summary, as a user runs it."""

from typing import Any

import numpy as np
import pytest
import yaml

from infoplane import datasets, store
from infoplane.analysis.intrinsic_dimension import intrinsic_dimension

from .conftest import TINY, Project

CHANGES: dict[str, Any] = {
    "model": {"name": "mlp", "hidden": [4]},
    "training": {"batch_size": 50, "epochs": 1, "evaluation_size": 100, "gradient_batches": 2},
    "sweep": [{"dataset.limit": [100, 150]}],
    "measures": ["intrinsic_dimension"],
    "figures": [],
    "animations": [],
}
OWN = "study/sized.yaml"


@pytest.mark.long
def test_it_is_estimated_once_and_is_that_of_every_variant(project: Project) -> None:
    (project.folder / OWN).write_text(yaml.safe_dump({**TINY, **CHANGES}))
    jobs = project.planned(experiment=OWN)
    assert (jobs["intrinsic_dimension"], jobs["train"], "capture" in jobs) == (1, 2, False)
    project.run(experiment=OWN)
    assert project.planned(experiment=OWN) == {}
    found = store.load(project.results.with_name("sized") / "summary.zarr", "summary")
    assert set(found.children) == {"training", "intrinsic_dimension"}
    values = found["intrinsic_dimension"].to_dataset()["intrinsic_dimension"]
    expected = intrinsic_dimension(datasets.load("digits").train.inputs.numpy())["intrinsic_dimension"]
    assert values.sizes["variant"] == 2
    for variant in values["variant"].values:
        np.testing.assert_allclose(values.sel(variant=variant), expected, rtol=1e-9)
    (path,) = (project.folder / "results/datasets/dimension").glob("*.zarr")
    attributes = store.load(path, "intrinsic_dimension").attrs
    assert attributes["dataset"]["name"] == "digits"
    assert set(attributes["library"]) == {"scikit-dimension", "scikit-learn"}
    assert found.attrs["sources"]["datasets"] == [attributes["dataset"]]
