"""How far weights move: a job of every variant, beside all others."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infoplane.errors import ConfigError

from .conftest import ESTIMATOR, WEIGHED, Parameters, differing, digests, planned, study


class TestWeights:
    def test_they_are_a_job_of_every_variant_that_leaves_all_others_alone(
        self, file: Path, quickstart: Parameters
    ) -> None:
        found = planned(file, measures=WEIGHED)
        after = digests(found)
        assert quickstart["weights"] == {}
        assert list(after["weights"]) == [variant.name for variant in found.experiment.variants]
        assert differing(quickstart, after) == {"aggregate"}

    @pytest.mark.parametrize(
        "changes",
        [
            {"probe": {"size": 50}},
            {"store": "distances"},
            {"controls": []},
            {"estimators": [{**ESTIMATOR, "alpha": 2}]},
            {"model": {"layers": ["conv1"]}},
        ],
        ids=lambda each: "+".join(each),
    )
    def test_what_is_captured_and_how_it_is_measured_is_nothing_to_them(
        self, file: Path, changes: dict[str, Any]
    ) -> None:
        before = digests(planned(file, measures=WEIGHED))
        assert "weights" not in differing(before, digests(planned(file, measures=WEIGHED, **changes)))

    def test_a_job_reads_all_runs_of_its_variant(self, file: Path) -> None:
        found = study(file, measures=WEIGHED, training={"block": 2})
        variant = "filters-2-4_activation-relu"
        wildcards = SimpleNamespace(experiment="mine", variant=variant)
        runs = [f"results/mine/runs/{variant}.seeds-{seeds}" for seeds in ("0-1", "2")]
        assert found.checkpoints(wildcards) == [f"{run}/checkpoints" for run in runs]
        assert found.trained(wildcards) == [f"{run}/training.zarr" for run in runs]
        assert found.weights(wildcards)["shape"] == [1, 8, 8]
        stores = [path for path in found.stores(wildcards) if "/weights/" in path]
        assert len(stores) == 6
        assert stores[0] == f"results/mine/weights/{variant}.zarr"

    def test_alone_they_need_no_activations(self, file: Path) -> None:
        found = planned(file, measures=["weights"], figures=["training"], claims=[])
        assert {part["group"] for _, part in found.parts()} == {"training", "weights"}
        assert found.groups == {"training", "weights"}

    def test_what_needs_them_says_how_to_have_them(self, file: Path) -> None:
        message = r"key 'figures' has 'diffusion', which needs 'weights'; accepted: with 'weights' among 'measures'$"
        with pytest.raises(ConfigError, match=message):
            study(file, figures=["diffusion"])

    def test_a_figure_of_weights_alone_has_no_layers(self, file: Path) -> None:
        figures = [{"figure": "diffusion", "layers": ["fc1"]}]
        with pytest.raises(ConfigError, match=r"key 'figures' has layers 'fc1' in 'diffusion'; accepted: none$"):
            study(file, measures=WEIGHED, figures=figures, networks=True)
