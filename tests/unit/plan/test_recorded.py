"""An experiment that goes on from recorded stores, as it is planned, and what does not go with them."""

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import yaml
from torch import nn

from infoplane import files, plan, recordings
from infoplane.capture import Recorder
from infoplane.errors import ConfigError
from infoplane.plan import parameters

from .conftest import ROOT

STUDY: dict[str, Any] = {"title": "Mine", "recorded": "seed-{seed}.zarr", "estimators": [{"name": "renyi"}]}
MEASURES = ["information", "layer_pairs"]
INPUTS, TARGETS = torch.rand(8, 1, 4, 4), torch.arange(8) % 2


def network(*, maps: bool = False, width: int = 3) -> nn.Module:
    first: list[nn.Module] = [nn.Conv2d(1, 2, 3), nn.ReLU()] if maps else []
    return nn.Sequential(*first, nn.Flatten(), nn.Linear(8 if maps else 16, width), nn.Tanh(), nn.Linear(width, 2))


def record(path: Path, seed: int, *, split: str = "train", made: nn.Module | None = None, **options: Any) -> None:
    targets = options.pop("targets", TARGETS)
    recorder = Recorder(made or network(), seed=seed, **options)
    for epoch in (0, 2.5):
        recorder.look(INPUTS, targets, epoch=epoch)
    recorder.save(path, split=split)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stores")
    for seed in (4, 11):
        record(folder / f"seed-{seed}.zarr", seed)
    record(folder / "maps.zarr", 0, made=network(maps=True), errors=False)
    record(folder / "distances.zarr", 0, store="distances")
    record(folder / "smaller.zarr", 0, made=network(width=40), store="smaller")
    symmetric = nn.Sequential(nn.Flatten(), nn.Linear(16, 3), nn.Tanh(), nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 2))
    symmetric.pairs = (("2", "4"),)
    record(folder / "symmetric.zarr", 0, made=symmetric)
    record(folder / "continuous.zarr", 0, targets=torch.linspace(-1, 1, 16).reshape(8, 2))
    return folder


@pytest.fixture
def folder(stores: Path, tmp_path: Path) -> Path:
    """A copy of the stores, to be changed."""
    return Path(shutil.copytree(stores, tmp_path / "stores"))


def study(folder: Path, *, first: int | None = None, **changes: Any) -> plan.Study:
    (folder / "mine.yaml").write_text(yaml.safe_dump({**STUDY, **changes}))
    return plan.study({"experiments": [str(folder / "mine.yaml")], "seeds": first}, base=ROOT)


def test_every_store_is_a_run_that_is_measured_at_once(folder: Path) -> None:
    found = study(folder)
    planned = found.planned["mine"]
    assert list(planned.runs) == ["default.seeds-4", "default.seeds-11"]
    asked = SimpleNamespace(experiment="mine", run="default.seeds-11")
    assert found.activations(asked) == str(folder / "seed-11.zarr")
    assert {part["group"] for _, part in planned.parts()} == {"information", "decomposition", "error_chain"}
    assert planned.groups == {"information", "error_chain"}
    facts = parameters.aggregate(planned)["experiment"]
    assert facts["probe"] == {"splits": ["train"], "batches": 1, "size": 8, "seed": 0}
    assert "training" not in facts
    assert list(study(folder, first=1).planned["mine"].runs) == ["default.seeds-4"]


def test_nothing_is_kept_of_it_but_what_was_there(folder: Path) -> None:
    (folder / "mine.yaml").write_text(yaml.safe_dump(STUDY))
    found = plan.study({"experiments": [str(folder / "mine.yaml")], "keep": ["activations"]}, base=ROOT)
    assert (found.kept(), found.datasets) == ([], {})


def test_another_content_is_measured_anew_and_no_other(folder: Path) -> None:
    before, after = [], []
    for found in (before, after):
        planned = study(folder).planned["mine"]
        found += [parameters.measure(planned, run, "renyi") for run in planned.runs.values()]
        record(folder / "seed-11.zarr", 11)
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_what_the_stores_have_is_what_is_measured(folder: Path) -> None:
    assert study(folder, recorded="maps.zarr").planned["mine"].groups == {"information", "decomposition"}
    assert study(folder, recorded="distances.zarr").planned["mine"].groups == {"information", "error_chain"}
    assert len(set(recordings.read(folder / "smaller.zarr").held)) == 2
    assert study(folder, recorded="smaller.zarr").planned["mine"].groups == {"information", "error_chain"}


BINS = {"name": "bins", "kind": "binning", "edges": {"rule": "range", "bins": 5}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        *(
            ({key: value}, rf"key '{key}' does not go with 'recorded', .*; accepted: without it")
            for key, value in {
                "dataset": {"name": "digits"},
                "model": {"name": "mlp"},
                "training": {"epochs": 1},
                "sweep": [{"training.batch_size": [1, 2]}],
                "seeds": 2,
                "calibration": {},
            }.items()
        ),
        ({"preview": {"training": {"epochs": 1}}}, r"key 'preview\.training' does not go with 'recorded'"),
        ({"preview": {"recorded": "a.zarr"}}, r"key 'preview' has 'recorded'; accepted: an experiment of its own"),
        ({"recorded": 3}, r"key 'recorded' is 3; accepted: a text"),
        ({"recorded": "{epoch}.zarr"}, r"key 'recorded' is '\{epoch\}\.zarr'; accepted: a path, with \{seed\} in it"),
        ({"recorded": "none.zarr"}, r"key 'recorded' is 'none\.zarr', and no store matches it; there: contin"),
        ({"measures": ["weights"]}, r"key 'measures' has 'weights', and recorded activations have no checkpoints"),
        (
            {"measures": ["information", "intrinsic_dimension"]},
            r"key 'measures' has 'intrinsic_dimension', and recorded activations have no data set; accepted: without",
        ),
        ({"measures": MEASURES}, r"'layer_pairs', and the recorded activations have no sym"),
        (
            {"recorded": "symmetric.zarr", "measures": MEASURES, "claims": ["yu2019.forward_chain"]},
            r"'yu2019\.forward_chain', which needs a layer between symmetric ones; accepted: without it$",
        ),
        ({"measures": ["decomposition"]}, r"key 'measures' is \['decomposition'\], of which nothing can be measured"),
        ({"figures": ["training"]}, r"key 'figures' has 'training', which needs 'training'; accepted: without it, as"),
        ({"figures": ["redundancy_synergy"]}, r"which needs 'decomposition'; accepted: without it, as the recorded"),
        (
            {"figures": [{"figure": "data_processing", "layers": ["fc"]}]},
            r"has layers 'fc' in 'data_processing'; accep",
        ),
        ({"claims": ["yu2021.saturates_early"]}, r"which needs 'training'; accepted: without it, as the recorded"),
        ({"estimators": [{**BINS, "read": "preactivation"}]}, r"'bins', which reads net inputs, and of these nothing"),
        (
            {"recorded": "distances.zarr", "estimators": [BINS]},
            r"has 'bins' of kind 'binning', which needs the activations",
        ),
        ({"recorded": "continuous.zarr", "estimators": [BINS]}, r"and those of 'mine' are continuous; accepted"),
    ],
)
def test_what_does_not_go_with_them_is_told_before_anything_runs(
    stores: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        study(stores, **changes)


def _tell(path: Path, **changes: Any) -> None:
    """Let a store say something else of itself, with a manifest that knows it."""
    described, manifest = path / "zarr.json", path / files.MANIFEST
    content, known = json.loads(described.read_text()), json.loads(manifest.read_text())
    content["attributes"].update(changes)
    described.write_text(json.dumps({**content, "attributes": {k: v for k, v in content["attributes"].items() if v}}))
    known["zarr.json"]["sha256"] = files.sha256(described)
    manifest.write_text(json.dumps(known))


class TestStores:
    def test_one_of_another_version(self, folder: Path) -> None:
        _tell(folder / "seed-4.zarr", format_version=99)
        with pytest.raises(ConfigError, match=r"names .*seed-4\.zarr, which has format version 99; this infoplane"):
            study(folder)

    def test_one_that_was_not_recorded(self, folder: Path) -> None:
        _tell(folder / "seed-4.zarr", recorded=None)
        with pytest.raises(
            ConfigError, match=r"names .*seed-4\.zarr, which infoplane\.capture\.Recorder has not saved"
        ):
            study(folder)

    def test_one_whose_metadata_were_changed(self, folder: Path) -> None:
        path = folder / "seed-11.zarr/zarr.json"
        path.write_text(path.read_text().replace("2.5", "3.5"))
        with pytest.raises(ConfigError, match=r"names .*seed-11\.zarr, whose zarr\.json is damaged\. Record it again"):
            study(folder)

    @pytest.mark.parametrize("name", ["manifest.json", "zarr.json"])
    def test_one_that_is_not_whole(self, folder: Path, name: str) -> None:
        (folder / "seed-11.zarr" / name).unlink()
        with pytest.raises(ConfigError, match=r"names .*seed-11\.zarr, which is no whole activation store"):
            study(folder)

    def test_a_seed_that_its_name_does_not_have(self, folder: Path) -> None:
        (folder / "seed-4.zarr").rename(folder / "seed-5.zarr")
        with pytest.raises(ConfigError, match=r"seed-5\.zarr is of a network of seed 4; accepted: .*seed=5\), in its"):
            study(folder)

    def test_two_of_one_seed(self, folder: Path) -> None:
        shutil.copytree(folder / "seed-4.zarr", folder / "seed-04.zarr")
        with pytest.raises(ConfigError, match=r"seed-04\.zarr and seed-4\.zarr are both of seed 4; keep one"):
            study(folder)

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            ({"layers": ["output"]}, "1 layers (output)"),
            ({"split": "test"}, "of split 'test'"),
            ({"store": "distances"}, "dist"),
        ],
    )
    def test_one_of_another_network_or_probe(self, folder: Path, options: dict[str, Any], told: str) -> None:
        record(folder / "seed-12.zarr", 12, **options)
        with pytest.raises(ConfigError, match=rf"seed-12\.zarr .*{re.escape(told)}.*; accepted: stores of one network"):
            study(folder)


def test_targets_and_shape_are_read_from_metadata(stores: Path) -> None:
    found = recordings.read(stores / "continuous.zarr")
    assert (found.targets, found.shape, found.epochs, found.classes) == ("continuous", (1, 4, 4), (0.0, 2.5), 2)
