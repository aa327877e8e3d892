"""Data sets of a study, and probes of them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml

from infoplane import plan
from infoplane.errors import ConfigError

from .conftest import BINNING, QUICKSTART, ROOT, study


class TestData:
    def test_a_data_set_is_named_by_its_content(self, file: Path) -> None:
        own = file.with_name("own.npz")

        def written(value: float) -> str:
            x = np.full((300, 1, 8, 8), value, dtype=np.float32)
            y = np.arange(300) % 10
            np.savez(own, x_train=x, y_train=y, x_test=x, y_test=y)
            settings = {**QUICKSTART, "dataset": {"file": "own.npz"}}
            file.write_text(yaml.safe_dump(settings))
            found = plan.study({"experiments": [str(file)]}, base=ROOT, networks=False)
            (name,) = found.datasets
            assert found.prepare(SimpleNamespace(dataset=name))["folder"] == str(file.parent)
            return name

        one, same, other = written(0.5), written(0.5), written(0.25)
        assert one == same != other
        assert one.startswith("own-")

    @pytest.mark.parametrize(
        ("dataset", "probe", "limit"),
        [
            ({"name": "digits", "fraction": 0.1}, {"batches": 1, "size": 145}, 144),
            ({"name": "digits", "limit": 50, "fraction": 0.5}, {"batches": 1, "size": 51}, 50),
            ({"name": "digits", "limit": 50}, {"batches": 4, "size": 100, "splits": ["test"]}, 360),
        ],
    )
    def test_probe_is_held_against_what_is_trained_on(
        self, file: Path, dataset: dict[str, Any], probe: dict[str, Any], limit: int
    ) -> None:
        split = probe.get("splits", ["train"])[0]
        message = rf"samples of split '{split}'; accepted: at most the {limit} that it has$"
        with pytest.raises(ConfigError, match=message):
            study(file, dataset=dataset, probe=probe, estimators=[{"name": "renyi"}])
        study(file, dataset=dataset, probe={**probe, "batches": 1, "size": 50})

    def test_a_training_of_less_than_half_an_update_trains_nothing(self, file: Path) -> None:
        """1,437 digits in batches of 64 are 23 updates in an epoch."""
        message = r"'training\.epochs' is 0\.02 with an epoch of 23 updates, so that nothing is trained"
        with pytest.raises(ConfigError, match=message):
            study(file, training={"epochs": 0.02, "checkpoints": [0]})
        study(file, training={"epochs": 0.03, "checkpoints": [0]})

    def test_variants_with_the_input_as_target_have_a_store_of_their_own(self, file: Path) -> None:
        reconstructing = {"name": "digits", "target": "input"}
        renyi = [{"name": "renyi", "label_kernel": "indicator"}]
        own = set(study(file, dataset={"name": "digits"}).datasets)
        both = study(file, estimators=renyi, sweep=[{"dataset.name": ["digits"]}, {"dataset.target": ["input"]}])
        assert own < set(both.datasets)
        assert len(both.datasets) == 2
        (other,) = set(both.datasets) - own
        assert both.prepare(SimpleNamespace(dataset=other))["source"] == reconstructing

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"estimators": [BINNING]}, r"'bins' of kind 'binning', which needs targets that are classes or labels"),
            (
                {"estimators": [{"name": "renyi", "label_kernel": {"rule": "silverman", "scale": 5}}]},
                r"label_kernel, and the targets of 'digits' are continuous; accepted: target_bandwidth",
            ),
            ({"calibration": {}}, r"key 'calibration' knows information about classes"),
            ({"training": {"loss": "cross_entropy"}}, r"accepted: mean_squared_error, mean_absolute_error"),
            ({"measures": ["information", "kernel_matrices"]}, r"in the order of classes"),
            ({"claims": ["yu2021.saturates_early"]}, r"which speaks of accuracy"),
            ({"dataset": {"target": "output"}}, r"'dataset\.target' is 'output'; accepted: one of input"),
        ],
    )
    def test_what_only_classes_have_is_refused_of_inputs_as_targets(
        self, file: Path, changes: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(ConfigError, match=message):
            study(file, **{**changes, "dataset": {"target": "input", **changes.get("dataset", {})}})

    def test_a_network_for_other_targets_is_refused(self, file: Path) -> None:
        """Classes may be as many as an input has numbers, and the shape alone then tells nothing."""
        x = np.random.default_rng(0).random((300, 4))
        y = np.arange(300) % 4
        np.savez(file.with_name("own.npz"), x_train=x, y_train=y, x_test=x, y_test=y)
        changes = {"figures": [], "claims": [], "animations": [], "measures": ["information"]}
        settings = {**QUICKSTART, **changes, "dataset": {"file": "own.npz"}}
        settings |= {"model": {"name": "autoencoder", "hidden": [3], "code": 2}, "sweep": []}

        def planned() -> None:
            file.write_text(yaml.safe_dump(settings))
            plan.study({"experiments": [str(file)]}, base=ROOT)

        with pytest.raises(
            ConfigError, match=r"'autoencoder' is for continuous targets, and those of 'own' are classes"
        ):
            planned()
        settings["dataset"]["target"] = "input"
        planned()


class TestWidths:
    @pytest.mark.parametrize("key", ["bandwidth", "input_bandwidth"])
    def test_standardised_kernels_need_activations(self, file: Path, key: str) -> None:
        estimators = [{"name": "renyi", "joint": "tensor", key: {"rule": "tapia_estevez", "scale": 2}}]
        message = rf"key 'store' is 'distances', and {key} of estimator 'renyi' has rule 'tapia_estevez'"
        with pytest.raises(ConfigError, match=message):
            study(file, estimators=estimators, store="distances")
