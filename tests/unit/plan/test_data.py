"""Data sets of a study, and probes of them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml

from infoplane import plan
from infoplane.errors import ConfigError

from .conftest import QUICKSTART, ROOT, study


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
