"""Parameters of jobs: what an edit changes in them, and what it leaves alone."""

import copy
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml

from infoplane import figures, files, plan
from infoplane.config import merged
from infoplane.errors import ConfigError

ROOT = Path(__file__).parents[2]
QUICKSTART: dict[str, Any] = yaml.safe_load((ROOT / "workflow" / "experiments" / "quickstart.yaml").read_text())
ESTIMATOR = QUICKSTART["estimators"][0]
BINNING = {"name": "bins", "kind": "binning", "edges": {"rule": "range", "bins": 30}}
Parameters = dict[str, dict[str, str]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.yaml"


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> Parameters:
    return parameters(planned(tmp_path_factory.mktemp("quickstart") / "mine.yaml"))


def study(file: Path, *, networks: bool = False, **changes: Any) -> plan.Study:
    """A study of the quickstart with changes; a mapping changes key by key."""
    file.write_text(yaml.safe_dump(merged(QUICKSTART, changes), sort_keys=False))
    return plan.study({"experiments": [str(file)]}, base=ROOT, networks=networks)


def planned(file: Path, **changes: Any) -> plan.Planned:
    return study(file, **changes).planned["mine"]


def parameters(found: plan.Planned) -> Parameters:
    """A digest of the parameters of every job, by rule and by what tells its jobs apart."""
    runs = found.runs.items()
    own = {
        "train": {name: found.train(run) for name, run in runs},
        "capture": {name: found.capture(run) for name, run in runs},
        "measure": {f"{name} {each}": found.measure(run, each) for name, run in runs for each in found.estimators},
        "weights": {each.name: found.weights(each) for each in found.experiment.variants if found.weighs},
        "aggregate": {"": found.aggregate()},
        "draw": {name: found.draw(name) for name in found.figures},
        "animate": {name: found.animate(name) for name in found.experiment.settings["animations"]},
    }
    return {rule: {job: files.digest(each) for job, each in jobs.items()} for rule, jobs in own.items()}


def differing(before: Parameters, after: Parameters) -> set[str]:
    """Rules of which a job that was there before has other parameters now, or is gone."""
    return {rule for rule, jobs in before.items() if any(after[rule].get(job) != each for job, each in jobs.items())}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"title": "Another"}, {"aggregate"}),
        ({"source": "A paper.", "differences": ["Ours is smaller."]}, {"aggregate"}),
        ({"preview": {"seeds": 1}}, set()),
        ({"animations": ["information_plane"]}, set()),
        ({"figures": ["training", {"figure": "training", "name": "more"}, *QUICKSTART["figures"][:-1]]}, set()),
        ({"figures": [{"figure": "training", "layers": ["conv1"]}, *QUICKSTART["figures"][:-1]]}, {"draw"}),
        ({"estimators": [ESTIMATOR, {"name": "tensor", "joint": "tensor"}]}, {"aggregate"}),
        ({"estimators": [ESTIMATOR, BINNING]}, {"aggregate"}),
        ({"estimators": [ESTIMATOR, {**BINNING, "read": "preactivation"}]}, {"capture", "measure", "aggregate"}),
        ({"estimators": [{**ESTIMATOR, "alpha": 2}]}, {"measure", "aggregate"}),
        ({"controls": []}, {"measure", "aggregate"}),
        ({"probe": {"size": 50}}, {"capture", "measure", "aggregate"}),
        ({"store": "distances"}, {"capture", "measure", "aggregate"}),
        ({"model": {"layers": ["conv1", "fc1"]}}, {"capture", "measure", "aggregate"}),
        ({"training": {"learning_rate": 0.2}}, {"train", "aggregate"}),
        ({"training": {"epochs": 12}}, {"train", "aggregate"}),
        ({"training": {"threads": 2}}, {"train", "capture", "measure", "aggregate"}),
        ({"dataset": {"limit": 700}}, {"train", "aggregate"}),
    ],
    ids=lambda each: "+".join(each) if isinstance(each, dict) else "",
)
def test_an_edit_changes_the_parameters_of_the_rules_that_read_it(
    file: Path, quickstart: Parameters, changes: dict[str, Any], expected: set[str]
) -> None:
    assert differing(quickstart, parameters(planned(file, **changes))) == expected


def test_more_seeds_and_more_variants_leave_the_runs_that_are_there_alone(file: Path) -> None:
    before = parameters(planned(file, training={"block": 1}))
    seeds = parameters(planned(file, training={"block": 1}, seeds=5))
    blocks = copy.deepcopy(QUICKSTART["sweep"])
    blocks[0]["model.filters"].append([8, 16])
    variants = parameters(planned(file, training={"block": 1}, sweep=blocks))
    for after in (seeds, variants):
        assert differing(before, after) == {"aggregate"}
    assert len(seeds["train"]) == len(before["train"]) * 5 // 3
    assert len(variants["train"]) == len(before["train"]) + 3


@pytest.mark.parametrize("store", ["raw", "distances"])
def test_another_multivariate_estimator_leaves_the_first_as_it_was(file: Path, store: str) -> None:
    before = parameters(planned(file, store=store))
    after = parameters(planned(file, store=store, estimators=[ESTIMATOR, {**ESTIMATOR, "name": "more", "alpha": 2}]))
    assert differing(before, after) == {"aggregate"}


def test_distances_per_map_are_kept_only_where_an_estimator_needs_them(file: Path) -> None:
    tensor, both = [{"name": "tensor", "joint": "tensor"}], [{"name": "tensor", "joint": "tensor"}, ESTIMATOR]
    options = {"figures": [], "claims": [], "store": "distances"}
    alone, together = (planned(file, estimators=each, **options) for each in (tensor, both))
    run = next(iter(alone.runs.values()))
    assert not alone.capture(run)["maps"]
    assert together.capture(run)["maps"]
    assert alone.measures("tensor") == ["information", "error_chain"]
    raw = [parameters(planned(file, figures=[], claims=[], estimators=each)) for each in (tensor, both)]
    assert differing(*raw) == {"aggregate"}


def test_bounds_are_two_estimates_of_one_job_that_measures_information_alone(file: Path) -> None:
    found = planned(file, estimators=[{"name": "noisy", "kind": "kde"}, BINNING], figures=[], claims=[])
    assert found.estimates == ["noisy_upper", "noisy_lower", "bins"]
    assert list(found.estimators) == ["noisy", "bins"]
    assert found.measures("noisy") == found.measures("bins") == ["information"]
    assert not found.capture(next(iter(found.runs.values())))["errors"]


def test_the_bottleneck_is_measured_by_bins_alone_and_only_where_it_is_asked_for(file: Path) -> None:
    options = {"estimators": [ESTIMATOR, BINNING], "figures": ["bottleneck"], "claims": []}
    with pytest.raises(
        ConfigError, match="has 'bottleneck', which needs 'bottleneck'; accepted: with 'bottleneck' among"
    ):
        planned(file, **options)
    found = planned(file, **options, measures=["information", "bottleneck"])
    assert found.measures("bins") == ["information", "bottleneck"]
    assert found.measures(ESTIMATOR["name"]) == ["information"]
    without = planned(file, **{**options, "figures": []}, measures=["information"])
    changed = differing(parameters(without), parameters(found))
    assert changed == {"measure", "aggregate"}
    run = next(iter(found.runs.values()))
    assert found.measure(run, ESTIMATOR["name"]) == without.measure(run, ESTIMATOR["name"])


WEIGHED = ["information", "decomposition", "error_chain", "weights"]


class TestWeights:
    def test_they_are_a_job_of_every_variant_that_leaves_all_others_alone(
        self, file: Path, quickstart: Parameters
    ) -> None:
        found = planned(file, measures=WEIGHED)
        after = parameters(found)
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
        before = parameters(planned(file, measures=WEIGHED))
        assert "weights" not in differing(before, parameters(planned(file, measures=WEIGHED, **changes)))

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
        assert {part["group"] for part in found.parts()} == {"training", "weights"}
        assert found.groups == {"training", "weights"}

    def test_what_needs_them_says_how_to_have_them(self, file: Path) -> None:
        message = r"key 'figures' has 'diffusion', which needs 'weights'; accepted: with 'weights' among 'measures'$"
        with pytest.raises(ConfigError, match=message):
            study(file, figures=["diffusion"])

    def test_a_figure_of_weights_alone_has_no_layers(self, file: Path) -> None:
        figures = [{"figure": "diffusion", "layers": ["fc1"]}]
        with pytest.raises(ConfigError, match=r"key 'figures' has layers 'fc1' in 'diffusion'; accepted: none$"):
            study(file, measures=WEIGHED, figures=figures, networks=True)


PLANES: list[Any] = ["information_plane", {"figure": "information_plane", "name": "early", "layers": ["conv1"]}]


class TestAnimations:
    def test_they_are_two_files_of_each_that_is_asked_for(self, file: Path) -> None:
        found = study(file, figures=[*PLANES, "training"], animations=["early", "information_plane"])
        assert found.animations() == [
            f"results/mine/animations/{name}.{ending}"
            for name in ("early", "information_plane")
            for ending in ("gif", "html")
        ]
        assert study(file).animations() == []

    def test_they_are_made_as_their_figure_is_drawn(self, file: Path) -> None:
        found = study(file, figures=PLANES, animations=["early"])
        wildcards = SimpleNamespace(experiment="mine", figure="early")
        drawn, moving = found.draw(wildcards), found.animate(wildcards)
        assert {key: moving[key] for key in ("figure", "options")} == {key: drawn[key] for key in ("figure", "options")}
        assert moving["options"] == {"layers": ["conv1"]}

    def test_an_option_of_a_figure_concerns_its_own_animation_alone(self, file: Path) -> None:
        both = ["information_plane", "early"]
        before = parameters(planned(file, figures=PLANES, animations=both))
        edited = [PLANES[0], {**PLANES[1], "layers": ["conv2"]}]
        after = parameters(planned(file, figures=edited, animations=both))
        assert differing(before, after) == {"draw", "animate"}
        assert [name for name in both if before["animate"][name] != after["animate"][name]] == ["early"]

    def test_the_page_that_they_are_put_in_is_one_of_their_parameters(
        self, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = planned(file, figures=PLANES, animations=["early"])
        before = parameters(found)
        (tmp_path / "animation.html").write_text("another page")
        monkeypatch.setattr("infoplane.plan.planned._TEMPLATE", tmp_path / "animation.html")
        assert differing(before, parameters(found)) == {"animate"}

    def test_a_preview_has_them_too(self, file: Path) -> None:
        file.write_text(yaml.safe_dump({**QUICKSTART, "animations": ["information_plane"], "preview": {"seeds": 1}}))
        found = plan.study({"experiments": [str(file)], "preview": True}, base=ROOT, networks=False)
        assert found.animations()[0] == "results/mine-preview/animations/information_plane.gif"

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            (
                "erly",
                "has 'erly', which is not among 'figures'; did you mean 'early'? accepted: information_plane, early",
            ),
            ("planes", "has 'planes', which is not among 'figures'; accepted: information_plane, early"),
            ("learning", "has 'learning', a figure 'training', which has none; accepted: information_plane, early"),
        ],
    )
    def test_what_does_not_move_is_refused(self, file: Path, name: str, message: str) -> None:
        shown = [*PLANES, {"figure": "training", "name": "learning"}]
        with pytest.raises(ConfigError) as caught:
            study(file, figures=shown, animations=["early", name])
        assert str(caught.value) == f"{file}:\n  - key 'animations' {message}"

    def test_without_a_plane_there_is_nothing_to_accept(self, file: Path) -> None:
        with pytest.raises(ConfigError, match=r"'training', a figure 'training', which has none; accepted: none$"):
            study(file, figures=["training"], animations=["training"])

    def test_each_is_asked_for_once(self, file: Path) -> None:
        with pytest.raises(ConfigError, match="key 'animations' has 'early' more than once; accepted: each once"):
            study(file, figures=PLANES, animations=["early", "early"])


def test_later_epochs_resume_where_the_earlier_ended(file: Path) -> None:
    """The parameters of training change, and the digest under which it resumes does not; else it does."""
    from infoplane.training import Recipe, work_digest

    def digest(**changes: Any) -> str:
        found = planned(file, **changes)
        return work_digest(Recipe.of(found.train(next(iter(found.runs.values())))), {"device": "cpu"})

    before = digest()
    assert digest(training={"epochs": 20, "checkpoints": {"per_decade": 5}}) == before
    others = [
        digest(**changes)
        for changes in (
            {"training": {"learning_rate": 0.2}},
            {"training": {"threads": 2}},
            {"training": {"block": 2}},
            {"dataset": {"limit": 700}},
            {"model": {"hidden": [16]}},
        )
    ]
    assert len({before, *others}) == 6


def test_results_do_not_hang_on_where_the_project_lies(file: Path) -> None:
    before = study(file)
    other = file.parent / "elsewhere" / "mine.yaml"
    other.parent.mkdir()
    after = study(other)
    assert parameters(after.planned["mine"]) == parameters(before.planned["mine"])
    assert _prepared(after) == _prepared(before)


def test_a_data_set_is_prepared_alike_whichever_experiments_are_asked_for(file: Path) -> None:
    mine = study(file)
    both = plan.study({"experiments": ["quickstart", str(file)]}, base=ROOT, networks=False)
    assert _prepared(both) == _prepared(mine)


def _prepared(found: plan.Study) -> dict[str, Any]:
    return {name: found.prepare(SimpleNamespace(dataset=name)) for name in found.datasets}


class TestCode:
    """Parameters follow the code of the stage, and of nothing else."""

    @pytest.fixture(scope="class")
    @classmethod
    def package(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """A copy of the library."""
        target = tmp_path_factory.mktemp("copy") / "infoplane"
        shutil.copytree(ROOT / "workflow" / "infoplane", target, ignore=shutil.ignore_patterns("__pycache__"))
        return target

    @pytest.fixture(scope="class")
    @classmethod
    def of_copy(
        cls, package: Path, load_provenance: Callable[[Path], ModuleType], tmp_path_factory: pytest.TempPathFactory
    ) -> Callable[[], Parameters]:
        """A function for the parameters as they are with the copy of the library as it is now."""
        file = tmp_path_factory.mktemp("study") / "mine.yaml"
        every = {
            "figures": figures.names(),
            "measures": [*WEIGHED, "bottleneck"],
            "estimators": [ESTIMATOR, BINNING],
            "animations": figures.animated(),
        }
        lenet = planned(file, **every)
        mlp = planned(file, model={"name": "mlp"}, sweep=[], figures=[])

        def found() -> Parameters:
            code_digest = load_provenance(package).code_digest
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr("infoplane.plan.code_digest", code_digest)
                patched.setattr("infoplane.plan.planned.code_digest", code_digest)
                both = {"": parameters(lenet), "mlp": parameters(mlp)}
            return {f"{name}{rule}": jobs for name, each in both.items() for rule, jobs in each.items()}

        return found

    @pytest.fixture(scope="class")
    @classmethod
    def before(cls, of_copy: Callable[[], Parameters]) -> Parameters:
        return of_copy()

    @pytest.fixture
    def edit(self, package: Path, before: Parameters) -> Iterator[Callable[[str], None]]:
        """A function that edits a module of the copy, which is put back afterwards."""
        kept: dict[Path, str] = {}
        assert before

        def edited(name: str) -> None:
            path = package / name
            kept[path] = path.read_text()
            path.write_text(kept[path] + "\n# edited\n")

        yield edited
        for path, text in kept.items():
            path.write_text(text)

    @pytest.mark.parametrize(
        ("edited", "rules"),
        [
            ("models/lenet.py", {"train", "capture", "measure", "weights"}),
            ("models/mlp.py", {"mlptrain", "mlpcapture", "mlpmeasure"}),
            ("training/batches.py", {"train", "capture", "measure", "weights", "mlptrain", "mlpcapture", "mlpmeasure"}),
            ("training/published.py", {"weights"}),
            ("analysis/weights.py", {"weights"}),
            ("capture/recorder.py", {"capture", "measure", "mlpcapture", "mlpmeasure"}),
            ("analysis/error_chain.py", {"measure", "mlpmeasure"}),
            ("measures/renyi.py", {"measure", "mlpmeasure"}),
            ("analysis/bottleneck.py", {"measure"}),
            ("measures/binning.py", {"measure"}),
            ("analysis/measure.py", {"measure", "mlpmeasure"}),
            ("analysis/summary.py", {"aggregate", "mlpaggregate"}),
            ("figures/style.py", {"draw", "animate"}),
            ("figures/files.py", {"draw"}),
            ("figures/animation.py", {"animate"}),
            ("figures/gif.py", {"animate"}),
            ("figures/pages/training.py", {"draw"}),
            ("plan/planned.py", set()),
            ("experiment.py", set()),
            ("config.py", set()),
        ],
    )
    def test_an_edited_module(
        self,
        before: Parameters,
        of_copy: Callable[[], Parameters],
        edit: Callable[[str], None],
        edited: str,
        rules: set[str],
    ) -> None:
        edit(edited)
        assert differing(before, of_copy()) == rules

    @pytest.mark.parametrize("name", figures.names())
    def test_a_page_of_a_figure_is_that_figure_s_alone(
        self, before: Parameters, of_copy: Callable[[], Parameters], edit: Callable[[str], None], name: str
    ) -> None:
        edit(f"figures/pages/{name}.py")
        after = of_copy()["draw"]
        assert [figure for figure in after if after[figure] != before["draw"][figure]] == [name]

    @pytest.mark.parametrize("edited", ["store.py", "jobs.py"])
    def test_what_every_script_uses_concerns_every_rule(
        self, before: Parameters, of_copy: Callable[[], Parameters], edit: Callable[[str], None], edited: str
    ) -> None:
        edit(edited)
        assert differing(before, of_copy()) == {rule for rule, jobs in before.items() if jobs}

    def test_a_users_own_network_is_followed(self, file: Path) -> None:
        own = file.with_name("own.py")
        own.write_text("def make(shape, classes): ...\n")
        settings = {**QUICKSTART, "model": {"factory": "own.py:make"}, "sweep": [], "figures": []}
        file.write_text(yaml.safe_dump(settings))

        def now() -> Parameters:
            return parameters(plan.study({"experiments": [str(file)]}, base=ROOT, networks=False).planned["mine"])

        before = now()
        own.write_text("def make(shape, classes): pass\n")
        assert differing(before, now()) == {"train", "capture", "measure"}


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
        assert found.planned[name].aggregate()["experiment"]["preview"] is (name == "mine-preview")

    @pytest.mark.parametrize(("seeds", "run"), [(None, 3), ("null", 3), (2, 2), ("2", 2), (100, 3)])
    def test_seeds_as_the_command_line_gives_them(self, file: Path, seeds: object, run: int) -> None:
        file.write_text(yaml.safe_dump({**QUICKSTART, "training": {**QUICKSTART["training"], "block": 1}}))
        whole, some = (
            plan.study({"experiments": [str(file)], **changes}, base=ROOT, networks=False).planned["mine"]
            for changes in ({}, {"seeds": seeds})
        )
        found = some.aggregate()["experiment"]
        assert (found["seeds"], found["seeds_left_out"]) == ([0, 1, 2][:run], [0, 1, 2][run:])
        assert len(some.runs) == len(whole.runs) * run // 3
        assert differing(parameters(some), parameters(whole)) <= {"aggregate"}

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

    def test_summary_is_made_of_every_run_and_measure(self, file: Path) -> None:
        found = study(file, estimators=[ESTIMATOR, {"name": "tensor", "joint": "tensor"}])
        wildcards = SimpleNamespace(experiment="mine")
        paths = found.stores(wildcards)
        assert len(paths) == len(set(paths)) == 6 * (1 + 4 * 2)
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
