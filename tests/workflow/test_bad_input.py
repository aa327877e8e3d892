"""Every bad input ends before any job starts, with one message: file, key, value, and what is accepted."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from infoplane import plan
from infoplane.errors import ConfigError
from infoplane.plan import parameters

from .conftest import ROOT, refusal

QUICKSTART: dict[str, Any] = yaml.safe_load((ROOT / "workflow/experiments/quickstart.yaml").read_text())
ESTIMATOR = QUICKSTART["estimators"][0]
BINNING = {"name": "bins", "kind": "binning", "edges": {"rule": "range", "bins": 30}}
PLANE = {"figure": "information_plane"}
QUIET: dict[str, Any] = {"figures": [], "claims": []}
DIABETES: dict[str, Any] = {
    **QUIET,
    "dataset": {"name": "diabetes"},
    "model": {"name": "mlp", "hidden": [4]},
    "sweep": [],
    "probe": {"size": 50, "batches": 1},
}


def planned(path: Path | str, **settings: Any) -> plan.Study:
    return plan.study({"experiments": [str(path)], **settings}, base=ROOT)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.yaml"


def changed(**changes: Any) -> dict[str, Any]:
    """The quickstart with changes; a double underscore leads into a mapping."""
    settings = copy.deepcopy(QUICKSTART)
    for key, value in changes.items():
        inner, (*path, last) = settings, key.split("__")
        for part in path:
            inner = inner[part]
        inner[last] = value
    return settings


def studied(file: Path, **changes: Any) -> plan.Study:
    file.write_text(yaml.safe_dump(changed(**changes), sort_keys=False))
    return planned(file)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "misspelt key": (
        changed(training__optimser="sgd"),
        r"key 'training\.optimser' \(value 'sgd'\) is not known; did you mean 'optimiser'\? accepted: .*momentum",
    ),
    "misspelt top-level key": (changed(seed=3), r"key 'seed' \(value 3\) is not known; did you mean 'seeds'\?"),
    "wrong type": (
        changed(training__learning_rate="fast"),
        r"key 'training\.learning_rate' is 'fast'; accepted: a number > 0",
    ),
    "missing key": (
        {key: value for key, value in QUICKSTART.items() if key != "training"},
        r"key 'training' is missing; accepted: a mapping with the keys batch_size",
    ),
    "unknown data set": (
        changed(dataset={"name": "minst"}),
        r"key 'dataset': dataset 'minst' is not known; did you mean 'mnist'\? accepted: digits, mnist",
    ),
    "no data set file": (changed(dataset={"file": "none.npz"}), r"key 'dataset': .*none\.npz"),
    "two sources": (
        changed(dataset={"name": "mnist", "file": "x.npz"}),
        r"key 'dataset' is .*; accepted: a mapping with exactly one of the keys name, file, factory",
    ),
    "unknown model": (
        changed(model={"name": "lenett"}, sweep=[]),
        r"model 'lenett' is not known; did you mean 'lenet'\? accepted: alexnet, autoencoder, cnn, lenet, "
        r"mlp, resnet20, vgg16",
    ),
    "a seed twice": (changed(seeds=[1, 2, 1]), r"key 'seeds' has 1 more than once; accepted: each once$"),
    "a sweep of nothing": (changed(sweep=[{}]), r"key 'sweep\.0' is empty; accepted: at least 1 in it, or no such key"),
    "a bandwidth without its scale": (
        changed(estimators=[{**ESTIMATOR, "bandwidth": {"rule": "silverman"}}]),
        r"key 'estimators\.0\.bandwidth\.scale' is missing; accepted: a number > 0",
    ),
    "unknown option of a model": (
        changed(model__fliters=[3, 6]),
        r"key 'model': model lenet: option 'fliters' \(value \[3, 6\]\) is not known; did you mean 'filters'\?",
    ),
    "wrong value of a model": (
        changed(model__hidden=[0]),
        r"key 'model': model 'lenet' .*hidden is \[0\]; accepted: a list of whole numbers > 0",
    ),
    "filters larger than the image": (
        changed(model__kernel_size=9, model__padding=0),
        r"key 'model': .*images of 8 × 8 are too small for the filters and the pooling",
    ),
    "unknown figure": (changed(figures=["information_plan"]), r"key 'figures': figure 'information_plan' is unknown"),
    "unknown option of a figure": (
        changed(figures=[{"figure": "information_plane", "colour": "red"}]),
        r"key 'figures': figure 'information_plane': unknown option 'colour'; it accepts",
    ),
    "unknown estimator of a figure": (
        changed(figures=[{"figure": "information_plane", "estimator": "kde"}]),
        r"key 'figures' has estimator 'kde' in 'information_plane'; accepted: renyi",
    ),
    "figure of what is not measured": (
        changed(measures=["information"]),
        r"key 'figures' has 'redundancy_synergy', which needs 'decomposition'; accepted: with 'decomposition' among",
    ),
    "an estimator of classes and continuous targets": (
        changed(**DIABETES, estimators=[BINNING]),
        r"has 'bins' of kind 'binning', which needs targets that are classes or labels, and those of 'diabetes' are "
        r"continuous; accepted: kind renyi",
    ),
    "kernel matrices in the order of no classes": (
        changed(**DIABETES, measures=["kernel_matrices"]),
        r"key 'measures' has 'kernel_matrices', .* targets of 'diabetes' are continuous; accepted: without it",
    ),
    "a claim about the accuracy of a regression": (
        changed(**{**DIABETES, "claims": ["yu2021.saturates_early"]}),
        r"key 'claims' has 'yu2021\.saturates_early', which speaks of accuracy, .* continuous; accepted: without it",
    ),
    "a loss of other targets": (
        changed(training__loss="mean_squared_error"),
        r"key 'training\.loss' is 'mean_squared_error', .* of 'digits' are classes; accepted: cross_entropy$",
    ),
    "a loss of classes for continuous targets": (
        changed(**DIABETES, training__loss="cross_entropy"),
        r"'diabetes' are continuous; accepted: mean_squared_error, mean_absolute_error",
    ),
    "a loss that there is not": (
        changed(training__loss="hinge"),
        r"key 'training\.loss' is 'hinge'; accepted: one of cross_entropy, binary_cross_entropy, mean_squared_error",
    ),
    "a width of targets that are classes": (
        changed(estimators=[{**ESTIMATOR, "target_bandwidth": {"rule": "median", "scale": 1.0}}]),
        r"has 'renyi' with a target_bandwidth, and the targets of 'digits' are classes; accepted: label_kernel",
    ),
    "a kernel of labels for continuous targets": (
        changed(**DIABETES, estimators=[{**ESTIMATOR, "label_kernel": {"rule": "median", "scale": 1.0}}]),
        r"with a label_kernel, and the targets of 'diabetes' are continuous; accepted: target_bandwidth",
    ),
    "unknown kind of estimator": (
        changed(estimators=[{**ESTIMATOR, "kind": "guess"}]),
        r"key 'estimators\.0\.kind' is 'guess'; accepted: one of renyi, binning, kde$",
    ),
    "a setting of another kind of estimator": (
        changed(estimators=[{**BINNING, "alpha": 1.01}]),
        r"key 'estimators\.0\.alpha' \(value 1\.01\) is not known; .*accepted: edges, kind, name, probe_size, read$",
    ),
    "binning without edges": (
        changed(estimators=[{"name": "bins", "kind": "binning"}]),
        r"key 'estimators\.0\.edges' is missing; accepted: a mapping with the keys count, high, low, rule, or a mapp",
    ),
    "unknown edges": (
        changed(estimators=[{**BINNING, "edges": {"rule": "equal", "bins": 30}}]),
        r"key 'estimators\.0\.edges\.rule' is 'equal'; accepted: one of fixed, equal_width, range, equal_count$",
    ),
    "edges without their ends": (
        changed(estimators=[{**BINNING, "edges": {"rule": "equal_width", "bins": 30, "low": -1}}]),
        r"key 'estimators\.0\.edges\.high' is missing; accepted: a number$",
    ),
    "edges that do not ascend": (
        changed(estimators=[{**BINNING, "edges": {"rule": "fixed", "count": 30, "low": 1, "high": 1}}], **QUIET),
        r"key 'estimators' has edges from 1 to 1 in 'bins'; accepted: low below high$",
    ),
    "binning of distances": (
        changed(estimators=[ESTIMATOR, BINNING], store="smaller"),
        r"key 'store' is 'smaller', and estimator 'bins' needs the activations themselves; accepted: raw, or esti",
    ),
    "an estimator called as a bound of another": (
        changed(estimators=[{**ESTIMATOR, "name": "b_upper"}, {"name": "b", "kind": "kde"}], **QUIET),
        r"key 'estimators' gives 'b_upper' more than once; accepted: names that stay apart, with _upper and _lower$",
    ),
    "unknown bound of a figure": (
        changed(estimators=[{"name": "b", "kind": "kde"}], claims=[], figures=[{**PLANE, "estimator": "b"}]),
        r"key 'figures' has estimator 'b' in 'information_plane'; .*accepted: b_upper, b_lower$",
    ),
    "layer that the model lacks": (
        changed(model__layers=["conv1", "conv3"]),
        r"layer of model 'lenet': 'conv3' is not known; did you mean 'conv2'\? accepted: conv1, conv2, fc1, output",
    ),
    "probe larger than the split": (
        changed(probe={"batches": 15, "size": 100}),
        r"key 'probe' asks for 15 batches of 100 = 1500 samples of split 'train'; accepted: at most the 1437",
    ),
    "probe larger than the part trained on": (
        changed(dataset={"name": "digits", "limit": 150}, probe__batches=2),
        r"key 'probe' asks for 2 batches of 100 = 200 samples of split 'train'; accepted: at most the 150",
    ),
    "epochs beyond the last": (
        changed(training__checkpoints=[1, 20]),
        r"key 'training\.checkpoints' asks for epoch 20, beyond the last; accepted: at most training\.epochs \(10\)",
    ),
    "alpha of zero": (
        changed(estimators=[{**ESTIMATOR, "alpha": 0}]),
        r"key 'estimators\.0\.alpha' is 0; accepted: a number > 0",
    ),
    "alpha below zero": (
        changed(estimators=[{**ESTIMATOR, "alpha": -1.5}]),
        r"key 'estimators\.0\.alpha' is -1\.5; accepted: a number > 0",
    ),
    "batch size of zero": (
        changed(training__batch_size=0),
        r"key 'training\.batch_size' is 0; accepted: a whole number ≥ 1",
    ),
    "estimators of the same name": (
        changed(estimators=[ESTIMATOR, ESTIMATOR]),
        r"key 'estimators' has 'renyi' more than once",
    ),
    "figures of the same name": (
        changed(figures=["training", "training"]),
        r"key 'figures' has 'training' more than once",
    ),
    "probe of an estimator larger than the probe": (
        changed(estimators=[{**ESTIMATOR, "probe_size": 101}]),
        r"key 'estimators' has probe_size 101 in 'renyi'; accepted: at most probe\.size \(100\)",
    ),
    "momentum without sgd": (
        changed(training__optimiser="adam"),
        r"key 'training\.momentum' is 0\.9 with optimiser adam",
    ),
    "sweep of what cannot be swept": (
        changed(sweep=[{"seeds": [1, 2]}]),
        r"key 'sweep\.0\.seeds' cannot be swept; accepted: a dotted key below dataset, model or training",
    ),
    "wrong value in the sweep": (
        changed(sweep=[{"training.batch_size": [32, 0]}]),
        r"sweep 0:\n  - key 'training\.batch_size' is 0; accepted: a whole number ≥ 1",
    ),
    "wrong preview": (
        changed(preview={"training": {"epochs": -1}}),
        r"with its preview section:\n  - key 'training\.epochs' is -1; accepted: a number > 0",
    ),
}


@pytest.mark.parametrize(("settings", "message"), BAD.values(), ids=BAD.keys())
def test_message_names_file_key_value_and_what_is_accepted(file: Path, settings: dict[str, Any], message: str) -> None:
    file.write_text(yaml.safe_dump(settings))
    with pytest.raises(ConfigError, match=message) as caught:
        planned(file)
    assert str(file) in str(caught.value)


def test_every_fault_is_told_at_once(file: Path) -> None:
    file.write_text(yaml.safe_dump(changed(training__batch_size=0, training__epochs="ten", titel="x")))
    with pytest.raises(ConfigError) as caught:
        planned(file)
    for key in ("training.batch_size", "training.epochs", "titel"):
        assert f"key '{key}'" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: [", r"is not valid YAML"),
        ("- a\n- b\n", r"holds \['a', 'b'\]; accepted: a mapping"),
        ("title: a\ntitle: b\n", r"key 'title'.*is given twice"),
        ("1: a\n", r"key 1.*is not a string"),
        ("title: !!python/object/apply:os.system ['touch executed']\n", r"is not valid YAML"),
        ("\x00", r"is not valid YAML"),
    ],
)
def test_what_is_no_experiment(file: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str) -> None:
    monkeypatch.chdir(file.parent)
    file.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        planned(file)
    assert str(file) in str(caught.value)
    assert not (file.parent / "executed").exists()


def test_missing_file(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"mine\.yaml: cannot be read .*Name a YAML file that exists"):
        planned(file)


def test_a_missing_file_is_named_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not as if it lay in the clone, where files of the project's own may be named from anywhere."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"^studies/nope\.yaml: cannot be read"):
        planned("studies/nope.yaml")
    assert planned("workflow/experiments/quickstart.yaml").planned.keys() == {"quickstart"}


def test_unknown_experiment() -> None:
    message = r"experiment 'quickstrat' is not known; did you mean 'quickstart'\? accepted: mnist_lenet, quickstart"
    with pytest.raises(ConfigError, match=message):
        planned("quickstrat")


def test_wrong_value_in_config() -> None:
    with pytest.raises(
        ConfigError, match=r"config\.yaml:\n  - key 'keep\.0' is 'weights'; accepted: one of activations"
    ):
        planned("quickstart", keep=["weights"])


@pytest.mark.parametrize("name", ["misspelt key", "probe larger than the split", "unknown model"])
def test_command_line_says_it_once_and_fails(file: Path, name: str) -> None:
    settings, message = BAD[name]
    file.write_text(yaml.safe_dump(settings))
    said = refusal(file)
    assert said.count(str(file)) >= 1
    assert len([line for line in said.splitlines() if line.startswith("  - key")]) == 1
    with pytest.raises(ConfigError, match=message):
        planned(file)


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        (None, [], "mine.yaml: cannot be read"),
        ("title: !!python/object/apply:os.mkdir [executed]\n", [], "mine.yaml: is not valid YAML"),
        (yaml.safe_dump(QUICKSTART), ["keep=[x]"], "key 'keep.0' is 'x'; accepted: one of activations"),
    ],
    ids=["missing", "code", "config"],
)
def test_command_line_without_a_usable_file(file: Path, text: str | None, arguments: list[str], message: str) -> None:
    if text is not None:
        file.write_text(text)
    assert refusal(file, *arguments).count(message) == 1
    assert not (file.parent / "executed").exists()
    assert not (file.parent / "results").exists()


class TestFigureOptions:
    """What a figure is asked for and the experiment does not have is told before anything runs."""

    @pytest.mark.parametrize(
        ("figure", "options", "message"),
        [
            (
                "information_plane",
                {"estimator": "reny"},
                r"has estimator 'reny' in 'f'; did you mean 'renyi'\? accepted: r",
            ),
            ("information_plane", {"split": "test"}, r"has split 'test' in 'f'; .*accepted: train$"),
            ("training", {"variants": ["v1"]}, r"has variants 'v1' in 'f'; accepted: filters-2-4_activation-relu, "),
            ("information_plane", {"layers": ["conv1", "conv9"]}, r"has layers 'conv9' in 'f'; did you mean 'conv2'\?"),
            (
                "training",
                {"layers": ["fc2"]},
                r"has layers 'fc2' in 'f'; did you mean 'fc1'\? accepted: conv1, conv2, fc1",
            ),
            (
                "degrees",
                {"hue": "filters"},
                r"has hue 'filters' in 'f'; .*accepted: model\.filters, model\.activ",
            ),
            ("training", {"split": "train"}, r"unknown option 'split'; it accepts variants, layers$"),
            ("degrees", {"about": "both"}, r"option 'about' is 'both'; it accepts one of 'input', 'target'$"),
            ("data_processing", {"tolerance": "big"}, r"option 'tolerance' is 'big'; it accepts a number ≥ 0$"),
            ("data_processing", {"tolerance": -1}, r"option 'tolerance' is -1; it accepts a number ≥ 0$"),
            (
                "degrees",
                {"layers": ["fc1", "output"]},
                r"has 'f', which needs a convolution, and none of fc1, output is one; accepted: layers among conv1, c",
            ),
        ],
    )
    def test_wrong(self, file: Path, figure: str, options: dict[str, Any], message: str) -> None:
        with pytest.raises(ConfigError, match=rf"^{re.escape(str(file))}:\n  - key 'figures'.*{message}"):
            studied(file, figures=[{"figure": figure, "name": "f", **options}])

    @pytest.mark.parametrize(
        ("figure", "options"),
        [
            ("information_plane", {"estimator": "renyi", "split": "train", "layers": ["output", "conv1"]}),
            ("degrees", {"hue": "model.activation", "variants": ["filters-2-4_activation-relu"]}),
        ],
    )
    def test_right(self, file: Path, figure: str, options: dict[str, Any]) -> None:
        found = studied(file, figures=[{"figure": figure, "name": "f", **options}])
        assert parameters.draw(found.planned["mine"], "f")["options"] == options

    def test_feature_maps_of_a_network_without_any(self, file: Path) -> None:
        message = (
            r"'degrees', which needs a convolution, and none of fc1, output is one; accepted: without this figure$"
        )
        with pytest.raises(ConfigError, match=message):
            studied(file, model={"name": "mlp", "hidden": [8]}, sweep=[], figures=["degrees"])

    def test_a_layer_that_is_trained_and_not_looked_at(self, file: Path) -> None:
        model = {**QUICKSTART["model"], "layers": ["conv1"]}
        studied(file, model=model, figures=[{"figure": "training", "layers": ["fc1"]}])
        studied(file, model=model, figures=[{"figure": "information_plane", "layers": ["output"]}])
        with pytest.raises(ConfigError, match=r"has layers 'fc1' in 'information_plane'; .*accepted: conv1, output$"):
            studied(file, model=model, figures=[{"figure": "information_plane", "layers": ["fc1"]}])
