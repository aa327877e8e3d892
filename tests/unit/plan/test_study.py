"""What a config.yaml asks for."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from infoplane import plan
from infoplane.config import Settings
from infoplane.errors import ConfigError
from infoplane.plan import parameters

from .conftest import ESTIMATOR, QUICKSTART, ROOT, differing, digests, study


class TestStudy:
    def test_experiments_by_name_and_by_path(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file.write_text(yaml.safe_dump(QUICKSTART))
        monkeypatch.chdir(file.parent)
        for name in (str(file), "mine.yaml", "./mine.yaml"):
            found = plan.study({"experiments": ["quickstart", name, "quickstart"]}, base=ROOT, networks=False)
            assert list(found.planned) == ["quickstart", "mine"]

    @pytest.mark.parametrize(("preview", "name"), [(True, "mine-preview"), ("true", "mine-preview"), ("false", "mine")])
    def test_preview_as_the_command_line_gives_it(self, file: Path, preview: object, name: str) -> None:
        file.write_text(yaml.safe_dump({**QUICKSTART, "preview": {"seeds": 1}}))
        found = plan.study({"experiments": [str(file)], "preview": preview}, base=ROOT, networks=False)
        assert list(found.planned) == [name]
        assert parameters.aggregate(found.planned[name])["experiment"]["preview"] is (name == "mine-preview")

    @pytest.mark.parametrize(("seeds", "run"), [(None, 3), ("null", 3), (2, 2), ("2", 2), (100, 3)])
    def test_seeds_as_the_command_line_gives_them(self, file: Path, seeds: object, run: int) -> None:
        file.write_text(yaml.safe_dump({**QUICKSTART, "training": {**QUICKSTART["training"], "block": 1}}))
        whole, some = (
            plan.study({"experiments": [str(file)], **changes}, base=ROOT, networks=False).planned["mine"]
            for changes in ({}, {"seeds": seeds})
        )
        found = parameters.aggregate(some)["experiment"]
        assert (found["seeds"], found["seeds_left_out"]) == ([0, 1, 2][:run], [0, 1, 2][run:])
        assert len(some.runs) == len(whole.runs) * run // 3
        assert differing(digests(some), digests(whole)) <= {"aggregate"}

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            *(
                ({"seeds": seeds}, rf"key 'seeds' is {seeds!r}; accepted: a whole number ≥ 1, or null$")
                for seeds in (0, -1, 2.5, True)
            ),
            ({"seeds": "abc"}, r"key 'seeds' is 'abc'; accepted: a whole number ≥ 1, or null$"),
            ({"experiment": ["x"]}, r"key 'experiment' \(value \['x'\]\) is not known; did you mean 'experiments'\?"),
            ({"experiments": "quickstart"}, r"key 'experiments' is 'quickstart'; accepted: a list of at least 1"),
            ({"experiments": []}, r"key 'experiments' is \[\]; accepted: a list of at least 1"),
            ({"preview": "yes"}, r"key 'preview' is 'yes'; accepted: one of True, False, true, false"),
            ({"keep": ["weights"]}, r"key 'keep\.0' is 'weights'; accepted: one of activations"),
        ],
    )
    def test_what_config_yaml_does_not_take(self, settings: dict[str, Any], message: str) -> None:
        with pytest.raises(ConfigError, match=rf"^config\.yaml:\n  - {message}"):
            plan.study(settings, base=ROOT)

    def test_experiments_of_one_name_are_refused(self, file: Path) -> None:
        other = file.parent / "quickstart.yaml"
        other.write_text(yaml.safe_dump(QUICKSTART))
        with pytest.raises(
            ConfigError, match=r"^config\.yaml: two experiments are called 'quickstart'; rename one file$"
        ):
            plan.study({"experiments": ["quickstart", str(other)]}, base=ROOT, networks=False)

    def test_one_name_for_different_figures_of_two_experiments_is_refused(self, file: Path) -> None:
        other = file.with_name("other.yaml")
        for path, figure in ((file, "training"), (other, "degrees")):
            path.write_text(yaml.safe_dump({**QUICKSTART, "figures": [{"figure": figure, "name": "overview"}]}))
        message = r"^config\.yaml:\n  - experiments call training and degrees 'overview'; accepted: a name of its own"
        with pytest.raises(ConfigError, match=message):
            plan.study({"experiments": [str(file), str(other)]}, base=ROOT, networks=False)

    def test_files_and_rules_of_figures(self, file: Path) -> None:
        found = study(file, figures=["training", {"figure": "training", "name": "learning"}])
        assert found.drawn_by("training") == "learning|training"
        assert re.fullmatch(found.drawn_by("degrees"), "degrees") is None
        assert found.figures() == [
            f"results/mine/figures/{name}.{ending}"
            for name in ("training", "learning")
            for ending in ("svg", "png", "pdf", "csv")
        ]

    def test_summary_is_made_of_every_run_and_of_the_measures_asked_for(self, file: Path) -> None:
        found = study(file, estimators=[ESTIMATOR, {"name": "tensor", "joint": "tensor"}])
        wildcards = SimpleNamespace(experiment="mine")
        paths = found.stores(wildcards)
        assert len(paths) == len(set(paths)) == 6 * (1 + 3 * 2)
        assert "results/mine/runs/filters-2-4_activation-relu.seeds-0-2/decomposition/tensor.zarr" in paths
        assert found.summaries() == ["results/mine/summary.zarr"]

    def test_what_is_to_be_kept_is_asked_for_of_every_run(self, file: Path) -> None:
        study(file)
        found = plan.study({"experiments": [str(file)], "keep": ["activations"]}, base=ROOT, networks=False)
        assert found.kept() == [f"results/mine/runs/{run}/activations.zarr" for run in found.planned["mine"].runs]
        assert study(file).kept() == []

    def test_a_job_is_planned_without_making_the_networks(self, file: Path) -> None:
        study(file, networks=False, model={"kernel_size": 9, "padding": 0})
        with pytest.raises(ConfigError, match=r"key 'model': .*too small"):
            study(file, networks=True, model={"kernel_size": 9, "padding": 0})


OWN = """
from collections import OrderedDict

import torch
from torch import nn

class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(1, 4, 3), nn.Linear(144, 10)

    def forward(self, x):
        return self.head(torch.relu(self.conv(x)).flatten(1))

def functional(shape, classes):
    return Functional()

def modular(shape, classes):
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))

def colliding(shape, classes):
    named = {"flat": nn.Flatten(), "fc": nn.Linear(64, 8), "target": nn.ReLU(), "act": nn.Tanh()}
    return nn.Sequential(OrderedDict(named, head=nn.Linear(8, 10)))
"""


class TestLayersOfANetworkThatNamesNone:
    """The experiment is the quickstart's, but for its model, whose options another network would not take."""

    @pytest.fixture
    def own(self, file: Path) -> Callable[..., plan.Study]:
        file.with_name("own.py").write_text(OWN)

        def found(function: str, *, layers: Sequence[str] = (), drawn: Sequence[str] = ()) -> plan.Study:
            model = {"factory": f"own.py:{function}", **({"layers": list(layers)} if layers else {})}
            figure = {"figure": "information_plane", **({"layers": list(drawn)} if drawn else {})}
            settings = {**QUICKSTART, "sweep": [], "model": model, "figures": [figure], "animations": [], "claims": []}
            file.write_text(yaml.safe_dump(settings))
            return plan.study({"experiments": [str(file)]}, base=ROOT)

        return found

    def test_figures_take_their_names(self, own: Callable[..., plan.Study]) -> None:
        assert own("modular", drawn=["1", "output"]).planned["mine"].figures
        assert own("functional", layers=["conv"], drawn=["conv", "output"]).planned["mine"].figures
        with pytest.raises(ConfigError, match=r"has layers '2' in 'information_plane'; accepted: 1, output$"):
            own("modular", drawn=["2"])

    def test_other_layers_are_no_other_training(self, own: Callable[..., plan.Study]) -> None:
        before = digests(own("modular").planned["mine"])
        after = digests(own("modular", layers=["0", "1"]).planned["mine"])
        assert differing(before, after) == {"capture", "measure", "aggregate"}

    def test_functions_are_no_layers(self, own: Callable[..., plan.Study]) -> None:
        message = (
            r"key 'model': 'own\.py:functional' has no nonlinearity that is a module, and no attribute `layers`; "
            r"accepted: 'model\.layers' with names or patterns of its modules, or \[output\] for the output alone"
        )
        with pytest.raises(ConfigError, match=message):
            own("functional")
        assert own("functional", layers=["output"])

    def test_names_that_stores_need_are_none_of_layers(self, own: Callable[..., plan.Study]) -> None:
        assert own("colliding", layers=["act"])
        with pytest.raises(ConfigError, match=r"key 'model': layer 'target' has a name that .* leave the layer out by"):
            own("colliding", layers=["act", "target"])


class TestCheckpointsFromElsewhere:
    @pytest.fixture
    def elsewhere(self, file: Path) -> Callable[..., plan.Study]:
        for seed, epoch in ((0, 0), (0, 4), (1, 0), (1, 2)):
            (file.parent / f"net{seed}-{epoch}.pt").touch()

        def found(
            pattern: str = "net{seed}-{epoch}.pt", *, training: Settings | None = None, **changes: Any
        ) -> plan.Study:
            own = {"checkpoints_from": pattern, "batch_size": 64, **(training or {})}
            settings = {**QUICKSTART, "sweep": [], "seeds": 2, **changes, "training": own}
            file.write_text(yaml.safe_dump(settings))
            return plan.study({"experiments": [str(file)]}, base=ROOT, networks=False)

        return found

    def test_each_run_takes_those_of_its_seed(self, elsewhere: Callable[..., plan.Study], file: Path) -> None:
        found = elsewhere()
        mine = found.planned["mine"]
        taken = {run.name: parameters.train(mine, run)["epochs"] for run in mine.runs.values()}
        assert taken == {"default.seeds-0": [0, 4], "default.seeds-1": [0, 2]}
        wildcards = SimpleNamespace(experiment="mine", run="default.seeds-1")
        assert found.adopted(wildcards) == [str(file.parent / f"net1-{epoch}.pt") for epoch in (0, 2)]

    def test_others_take_none(self, file: Path) -> None:
        found = study(file)
        name = next(iter(found.planned["mine"].runs))
        assert found.adopted(SimpleNamespace(experiment="mine", run=name)) == []

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            (
                {"seeds": 3},
                r"key 'training\.checkpoints_from' is .*, and no file matches it for seed 2; there: those of",
            ),
            (
                {"pattern": "net0-{epoch}.pt"},
                r"key 'training\.checkpoints_from' is .* of one network, and there are 2 s",
            ),
            (
                {"training": {"epochs": 3}},
                r"accepted: a mapping with exactly one of the keys epochs, checkpoints_from$",
            ),
            (
                {"training": {"ensemble": True}},
                r"'training\.checkpoints_from' goes with one network at a time; accepted",
            ),
            ({"training": {"block": 2}}, r"'training\.checkpoints_from' goes with one network at a time; accepted"),
        ],
    )
    def test_what_does_not_go_with_them(
        self, elsewhere: Callable[..., plan.Study], changes: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(ConfigError, match=message):
            elsewhere(**changes)
