"""Targets that are continuous, or sets of labels: their kernel, and what estimators make of them."""

import numpy as np
import pytest
import torch
from torch import nn

import infoplane
from infoplane import figures, store
from infoplane.capture import Recorder
from infoplane.errors import ConfigError

RANDOM = np.random.default_rng(6)
N = 40
X = RANDOM.random((N, 5))
LAYERS = {"fc1": RANDOM.random((N, 4)).astype(np.float32), "output": RANDOM.random((N, 3)).astype(np.float32)}
CLASSES = np.arange(N) % 3
BINS = {"name": "bins", "kind": "binning", "edges": {"rule": "range", "bins": 4}}
ALIGNED = {"name": "aligned", "bandwidth": {"rule": "alignment"}}
ESTIMATORS = [{"name": "renyi"}, ALIGNED, BINS, {"name": "kde", "kind": "kde"}]
ONE = ["information"]
EVERY = ["information", "decomposition", "bottleneck", "kernel_matrices"]


def entropy(kernel, alpha):
    """Of a kernel whose diagonal is 1, by its eigenvalues, in bits."""
    values = np.linalg.eigvalsh(kernel / len(kernel)).clip(0)
    return np.log2((values**alpha).sum()) / (1 - alpha)


def gaussian(x, width):
    """exp(−d² / (2σ²)), sample by sample."""
    return np.exp(-((x[:, None] - x[None]) ** 2).sum(-1) / (2 * width**2))


def median_distance(y):
    apart = np.sqrt(((y[:, None] - y[None]) ** 2).sum(-1))
    pairs = np.sort(apart[np.triu_indices(len(y), 1)])
    return pairs[(len(pairs) - 1) // 2]


@pytest.mark.parametrize(
    ("y", "rule", "width", "alpha"),
    [
        (RANDOM.normal(size=N), {}, median_distance, 1.01),
        (RANDOM.normal(size=(N, 3)), {}, median_distance, 2.0),
        (RANDOM.normal(size=(N, 3)), {"rule": "median", "scale": 0.5}, lambda y: 0.5 * median_distance(y), 1.01),
        (RANDOM.normal(size=N), {"rule": "fixed", "width": 0.7}, lambda _: 0.7, 2.0),
    ],
    ids=["number", "vector", "scaled", "fixed"],
)
def test_continuous_by_an_independent_computation(y, rule, width, alpha):
    estimator = {"name": "renyi", "alpha": alpha, "bandwidth": {"rule": "fixed", "width": 0.8}}
    estimator |= {"target_bandwidth": rule} if rule else {}
    found = (
        infoplane.analyse(LAYERS, X, y, estimators=[estimator], measures=ONE)["information"]
        .to_dataset()
        .squeeze(drop=True)
    )
    wanted = y.astype(np.float32).astype(float).reshape(N, -1)
    target, layer = gaussian(wanted, width(wanted)), gaussian(LAYERS["fc1"].astype(float), 0.8)
    entropies = [entropy(each, alpha) for each in (layer, target, layer * target)]
    own = found.sel(layer="fc1")
    names = "entropy_layer", "entropy_target", "joint_entropy_layer_target"
    for name, expected in zip(names, entropies, strict=True):
        assert own[name].item() == pytest.approx(expected, abs=1e-9)
    expected = entropies[0] + entropies[1] - entropies[2]
    assert own["mutual_information_layer_target"].item() == pytest.approx(expected, abs=1e-9)


def test_targets_are_standardised_by_the_rule_of_tapia_and_estevez():
    y = RANDOM.normal(size=(N, 3)) * [1, 10, 100]
    kernel = gaussian((y - y.mean(0)) / y.std(0), 2 * np.sqrt(3) * N ** (-1 / 7))
    estimator = {"name": "renyi", "alpha": 2.0, "target_bandwidth": {"rule": "tapia_estevez", "scale": 2.0}}
    found = infoplane.analyse(LAYERS, X, y, estimators=[estimator], measures=ONE)["information"].to_dataset()
    np.testing.assert_allclose(found["entropy_target"].values.ravel(), entropy(kernel, 2.0), atol=1e-6)


def test_in_another_unit_continuous_targets_tell_the_same():
    y = RANDOM.normal(size=N)
    one, other = (
        infoplane.analyse(LAYERS, X, each, measures=ONE)["information"].to_dataset()["mutual_information_layer_target"]
        for each in (y, 1000 * y - 40)
    )
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-4)  # as float32 rounds the shifted targets
    assert one.min() > 0.01


def test_a_layer_that_is_the_target_knows_all_of_it_and_permuted_targets_little():
    y = RANDOM.normal(size=(N, 2)).astype(np.float32)
    estimator = {"name": "renyi", "alpha": 2.0, "bandwidth": {"rule": "median", "scale": 1.0}}
    found = infoplane.analyse({"fc1": y}, X, y, estimators=[estimator], measures=ONE, controls=["permuted_labels"])
    data = found["information"].to_dataset().squeeze(drop=True)
    square = gaussian(y.astype(float), median_distance(y.astype(float))) ** 2
    known = data["mutual_information_layer_target"].sel(control="none").item()
    assert known == pytest.approx(2 * data["entropy_target"].item() - entropy(square, 2.0), abs=1e-6)
    assert data["mutual_information_layer_target"].sel(control="permuted_labels").item() < known / 2


def test_one_label_each_is_classification():
    """To the last bit, by every kind of estimator and under every control."""
    settings = {"estimators": ESTIMATORS, "measures": EVERY, "controls": ["shuffled_samples", "permuted_labels"]}
    sets = np.eye(3, dtype=int)[CLASSES]
    one, other = (infoplane.analyse(LAYERS, X, y, **settings) for y in (CLASSES, sets))
    assert set(one.children) == set(other.children)
    for group in one.children:
        for name, values in one[group].data_vars.items():
            assert np.array_equal(values, other[group][name], equal_nan=True), name


def test_sets_of_labels_are_classes_to_estimators_that_bin():
    sets = RANDOM.integers(0, 2, (N, 3))
    by_set = sets @ [4, 2, 1]  # 0 to 7: a class for every set
    one, other = (
        infoplane.analyse(LAYERS, X, y, estimators=[BINS])["information"].to_dataset() for y in (sets, by_set)
    )
    for name in one.data_vars:
        np.testing.assert_allclose(one[name], other[name], rtol=0, atol=1e-12)


def test_sets_of_labels_by_an_independent_computation():
    sets = RANDOM.integers(0, 2, (N, 3))
    estimator = {"name": "renyi", "bandwidth": {"rule": "fixed", "width": 0.8}}
    gaussians = {**estimator, "name": "vectors", "label_kernel": {"rule": "fixed", "width": 1.5}}
    found = infoplane.analyse(LAYERS, X, sets, estimators=[estimator, gaussians])["information"].to_dataset()
    shared = sets @ sets.T
    united = sets.sum(1)[:, None] + sets.sum(1) - shared
    layer = gaussian(LAYERS["fc1"].astype(float), 0.8)
    jaccard = np.where(united > 0, shared / united.clip(1), 1)
    for name, target in (("renyi", jaccard), ("vectors", gaussian(sets.astype(float), 1.5))):
        expected = entropy(layer, 1.01) + entropy(target, 1.01) - entropy(layer * target, 1.01)
        own = found["mutual_information_layer_target"].sel(estimator=name, layer="fc1").item()
        assert own == pytest.approx(expected, abs=1e-9)


CONTINUOUS = RANDOM.normal(size=N)


@pytest.mark.parametrize(
    ("y", "options", "message"),
    [
        (CONTINUOUS, {"estimators": [BINS]}, r"has 'bins' of kind 'binning', which needs targets that are classes or"),
        (CONTINUOUS, {"estimators": [{"name": "k", "kind": "kde"}]}, r"'k' of kind 'kde', .* accepted: kind renyi, or"),
        (
            CONTINUOUS,
            {"estimators": [{"name": "r", "label_kernel": {"rule": "median", "scale": 1.0}}]},
            r"'r' with a label_kernel, .* continuous; accepted: target_bandwidth",
        ),
        (CONTINUOUS, {"measures": ["kernel_matrices"]}, r"'kernel_matrices', which are in the order of classes"),
        (
            CLASSES,
            {"estimators": [{"name": "r", "target_bandwidth": {"rule": "median", "scale": 1.0}}]},
            r"'r' with a target_bandwidth, .* are classes; accepted: label_kernel",
        ),
        (np.where(CONTINUOUS > 1, np.nan, CONTINUOUS), {}, r"targets has \d+ targets that are not finite in float32"),
        (CONTINUOUS[:-1], {}, r"the targets \(39,\); accepted: \(40 samples, …\) .* and a target for each sample"),
        (np.full((N, 2), 2), {}, r"targets is int64 of shape \(40, 2\) and runs from 2 to 2; .*sets of labels"),
        (-CLASSES, {}, r"targets from -2 .*; accepted: classes from 0"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_measured(y, options, message):
    with pytest.raises(ConfigError, match=rf"(?s)^analyse:.*{message}"):
        infoplane.analyse(LAYERS, X, y, **options)


class TestRecorder:
    """Networks in a loop of one's own, whose targets are no classes."""

    def network(self):
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 2)).double()

    def recorded(self, tmp_path, targets):
        recorder, inputs = Recorder(model := self.network()), torch.from_numpy(X)
        for epoch in (0, 1):
            recorder.look(inputs, targets, epoch=epoch)
        recorder.save(tmp_path / "own.zarr")
        with torch.no_grad():
            return store.load(tmp_path / "own.zarr", "activations"), model(inputs)

    def test_continuous(self, tmp_path):
        """The output is what the network returns, and its error that of the summed squares' means."""
        y = torch.from_numpy(RANDOM.normal(size=(N, 2)))
        tree, outputs = self.recorded(tmp_path, y)
        np.testing.assert_allclose(tree["output"]["activation"][0, 0, 0], outputs, rtol=1e-6)
        expected = outputs - y.float()  # of Σ (f − y)² / 2
        np.testing.assert_allclose(tree["output"]["error"][0, 0, 0], expected, rtol=1e-5, atol=1e-6)
        assert tree["target"].dims == ("probe_batch", "sample", "target_unit")
        found = infoplane.analyse(tmp_path / "own.zarr", controls=["shuffled_samples"])
        assert not found["error_chain"].to_dataset()["mutual_information_error"].isnull().any()
        assert figures.information_plane(found).axes

    def test_sets_of_labels(self, tmp_path):
        y = torch.from_numpy(RANDOM.integers(0, 2, (N, 2)))
        tree, outputs = self.recorded(tmp_path, y)
        probabilities = 1 / (1 + torch.exp(-outputs))
        np.testing.assert_allclose(tree["output"]["activation"][0, 0, 0], probabilities, rtol=1e-6)
        np.testing.assert_allclose(tree["output"]["error"][0, 0, 0], (probabilities - y) / 2, rtol=1e-5, atol=1e-6)

    def test_one_number_each_needs_one_output(self):
        recorder, y = Recorder(self.network()), torch.from_numpy(CONTINUOUS)
        with pytest.raises(ConfigError, match=r"^the network gives 2 outputs and the targets have 1 numbers"):
            recorder.look(torch.from_numpy(X), y, epoch=0)

    def test_the_probe_may_not_become_another_one(self):
        recorder, y = Recorder(self.network()), torch.from_numpy(RANDOM.normal(size=(N, 2)))
        recorder.look(torch.from_numpy(X), y, epoch=0)
        with pytest.raises(ConfigError, match="the probe is another one than before"):
            recorder.look(torch.from_numpy(X), y + 1, epoch=1)
