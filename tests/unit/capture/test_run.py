"""Captured runs: what is in the store is what the published weights compute on the probe."""

import itertools
import logging
import re
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from torch.nn import functional

from infoplane import datasets
from infoplane.capture.run import Capture, Recipe
from infoplane.errors import ConfigError, StoreError

LAYERS = ["conv1", "conv2", "fc1", "output"]


def lenet(weights, inputs):
    """Pre-activations and activations of the tiny LeNet, written out."""
    own = {name: value[0] for name, value in weights.items()}
    before, after = {}, {}
    values = inputs
    for layer in ("conv1", "conv2"):
        weight, bias = own[f"{layer}.weighted.weight"], own[f"{layer}.weighted.bias"]
        before[layer] = functional.conv2d(values, weight, bias, padding=1).requires_grad_()
        after[layer] = functional.relu(before[layer])
        values = functional.max_pool2d(after[layer], 2)
    before["fc1"] = functional.linear(values.flatten(1), own["fc1.weighted.weight"], own["fc1.weighted.bias"])
    after["fc1"] = functional.relu(before["fc1"])
    before["output"] = functional.linear(after["fc1"], own["output.weight"], own["output.bias"])
    after["output"] = torch.softmax(before["output"], 1)
    return before, after


def deltas(before, targets):
    loss = functional.cross_entropy(before["output"], targets, reduction="sum")
    return dict(zip(before, torch.autograd.grad(loss, list(before.values())), strict=True))


def distances(values):
    """Squared distances between samples (…, n, d), in float64, without any product of matrices."""
    values = values.astype(float)
    return np.square(values[..., :, None, :] - values[..., None, :, :]).sum(-1)


class TestRaw:
    def test_activations_and_errors_are_those_of_the_published_weights(self, recipe, train, capture):
        trained = train(recipe(dtype="float64", epochs=(0, 0.5, 2)))
        tree = capture(trained)
        inputs, targets = (torch.from_numpy(tree.dataset[name].values) for name in ("input", "target"))
        for seed in (0, 1):
            for index, step in enumerate(trained.record.coords["step"]):
                weights = trained.weights(step, folder=f"seed-{seed}")
                for batch in range(4):
                    before, after = lenet(weights, inputs[batch].double())
                    errors = deltas(before, targets[batch])
                    place = {"seed": seed, "epoch": index, "probe_batch": batch}
                    for layer in LAYERS:
                        group = tree[layer].dataset.isel(place)
                        np.testing.assert_allclose(group["activation"], after[layer].detach(), rtol=0, atol=1e-14)
                        np.testing.assert_allclose(group["error"], errors[layer], rtol=0, atol=1e-14)

    def test_net_inputs_are_those_of_the_published_weights(self, recipe, train, capture):
        """They are there beside what else was asked for, and only where they were."""
        trained = train(recipe(dtype="float64", epochs=(0, 2)))
        tree, without = capture(trained, preactivations=True, errors=False), capture(trained, "without")
        values = torch.from_numpy(tree.dataset["input"].values[1]).double()
        before, _ = lenet(trained.weights(trained.record.coords["step"][1], folder="seed-1"), values)
        for layer in LAYERS:
            found = tree[layer].dataset["preactivation"].isel(seed=1, epoch=1, probe_batch=1)
            np.testing.assert_allclose(found, before[layer].detach(), rtol=0, atol=1e-14)
            assert "preactivation" not in without[layer]

    def test_the_probe_is_what_its_indices_say(self, recipe, train, capture, data):
        root = capture(train(recipe("mlp", epochs=(0, 1)))).dataset
        assert root["split"].values.tolist() == ["train", "train", "test", "test"]
        for batch, split in enumerate(root["split"].values):
            inputs, targets = data[split]
            index = root["sample_index"].values[batch]
            np.testing.assert_array_equal(root["input"].values[batch], inputs[index])
            np.testing.assert_array_equal(root["target"].values[batch], targets[index])

    def test_probabilities_of_the_targets_are_those_of_the_probe(self, recipe, train, capture, data):
        """In their place for every network, where there are any."""
        random = np.random.default_rng(7)
        soft = {split: random.dirichlet([1, 1, 1], len(targets)) for split, (_, targets) in data.items()}
        trained = train(recipe("mlp", epochs=(0, 1), fraction=0.8))
        root = capture(trained, soft=soft).dataset
        assert root["target_probability"].dims == ("seed", "probe_batch", "sample", "class")
        for place in np.ndindex(*root["sample_index"].shape[:2]):
            expected = soft[root["split"].values[place[1]]][root["sample_index"].values[place]]
            np.testing.assert_array_equal(root["target_probability"].values[place], expected)
        assert "target_probability" not in capture(trained, "hard").dataset

    def test_layers_are_described(self, recipe, train, capture):
        tree = capture(train(recipe(epochs=(0, 1))))
        described = {name: tuple(tree[name].attrs.values()) for name in LAYERS}
        assert list(tree["conv1"].attrs) == ["kind", "depth", "channels", "dimension", "inputs", "dominator"]
        assert described == {
            "conv1": ("convolutional", 1, 2, 72, ["input"], "input"),
            "conv2": ("convolutional", 2, 3, 27, ["conv1"], "conv1"),
            "fc1": ("fully_connected", 3, 1, 5, ["conv2"], "conv2"),
            "output": ("output", 4, 1, 3, ["fc1"], "fc1"),
        }

    def test_an_ensemble_is_looked_at_as_its_networks_alone(self, recipe, train, capture):
        settings = {"seeds": (0, 1, 5), "dtype": "float64", "epochs": (0, 1)}
        alone = capture(train(recipe(**settings), "alone"), "alone")
        together = capture(train(recipe(**settings, ensemble=True), "together"), "together")
        for layer in LAYERS:
            for name in ("activation", "error"):
                np.testing.assert_allclose(together[layer][name], alone[layer][name], rtol=0, atol=1e-12)


BRANCHED = """

class Branched(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.stem, self.left, self.right = nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 1)
        self.act, self.head = nn.ReLU(inplace=True), nn.Linear(72, classes)

    def forward(self, x):
        stem = self.act(self.stem(x))
        return self.head((self.act(self.left(stem)) + self.act(self.right(stem))).flatten(1))


def branched(shape, classes):
    return Branched(classes)
"""


class TestWhichLayers:
    def test_those_asked_for_in_the_order_of_the_network(self, recipe, train, capture):
        trained = train(recipe(epochs=(0, 1)))
        model = {**trained.recipe.model, "layers": ["fc1", "conv1"]}
        tree = capture(trained, model=model, errors=False)
        assert {name: tree[name].attrs["depth"] for name in tree.children} == {"conv1": 1, "fc1": 3}
        assert set(tree["fc1"].data_vars) == {"activation"}

    def test_with_errors_the_output_is_one_of_them(self, recipe, train, capture):
        trained = train(recipe(epochs=(0, 1)))
        tree = capture(trained, model={**trained.recipe.model, "layers": ["conv1"]})
        assert set(tree.children) == {"conv1", "output"}
        assert set(tree["output"].data_vars) == {"activation", "error"}

    def test_their_graph_is_that_of_the_network_without_the_others(self):
        """Of two residual blocks: what goes round conv2 and conv4 still does, and conv3 is not looked at."""
        layers = ["conv1", "conv2", "conv4", "conv5", "output"]
        recipe = Recipe(
            model={"name": "resnet20", "filters": [2, 2, 2], "blocks": 1, "layers": layers},
            seeds=[0],
            ensemble=False,
            dtype="float32",
            probe={},
            store="raw",
            errors=False,
            maps=False,
            folder=Path(),
        )
        described = Capture(recipe, (1, 6, 6), 3, where=torch.device("cpu")).described()
        assert {name: (each["inputs"], each["dominator"]) for name, each in described.items()} == {
            "conv1": (["input"], "input"),
            "conv2": (["conv1"], "conv1"),
            "conv4": (["conv1", "conv2"], "conv1"),
            "conv5": (["conv1", "conv2", "conv4"], "conv1"),
            "output": (["conv5"], "conv5"),
        }

    def test_of_a_network_that_names_none(self, networks, recipe, train, capture):
        """Two convolutions beside each other behind a nonlinearity that runs three times, and their sum."""
        networks.write_text(networks.read_text() + BRANCHED)
        trained = train(recipe({"factory": "branched"}, seeds=(0,), epochs=(0, 1)))
        assert trained.record.coords["layer"] == ["act", "act-2", "act-3", "output"]
        weights = trained.weights(0, folder="seed-0")
        stem = torch.cat([weights[f"stem.{name}"].flatten() for name in ("weight", "bias")]).double()
        assert trained.record.arrays["weight_norm"][0, 0, 0] == pytest.approx(stem.norm().item(), rel=1e-6)
        found = capture(trained, maps=False)
        attrs = {name: found[name].attrs for name in ("act", "act-2", "act-3", "output")}
        assert [each["inputs"] for each in attrs.values()] == [["input"], ["act"], ["act"], ["act-2", "act-3"]]
        assert [each["dominator"] for each in attrs.values()] == ["input", "act", "act", "act"]
        assert [each["dimension"] for each in attrs.values()] == [72, 72, 72, 3]
        chosen = capture(trained, "chosen", maps=False, model={**trained.recipe.model, "layers": ["act-[23]", "right"]})
        assert set(chosen.children) == {"act-2", "act-3", "right", "output"}
        assert chosen["act-2"].attrs["inputs"] == ["input"]
        assert chosen["act-3"].attrs["inputs"] == ["right"]
        for layer, name in itertools.product(["act-2", "act-3", "output"], ["activation", "error"]):
            assert np.array_equal(chosen[layer][name], found[layer][name])

    def test_a_path_that_is_no_module_is_named(self, networks, recipe, train):
        networks.write_text(networks.read_text().replace('"hidden.1"', '"hidden.activation"'))
        with pytest.raises(ConfigError, match=r"layer 'fc1' of model .*: 'hidden.activation' is no module of it"):
            train(recipe({"factory": "dropout"}))


class TestEvaluationMode:
    @pytest.mark.parametrize("factory", ["dropout", "normalised"])
    def test_nothing_is_dropped_and_statistics_are_those_of_training(self, recipe, train, capture, factory):
        trained = train(recipe({"factory": factory}, seeds=(2,), dtype="float64"))
        tree = capture(trained)
        inputs = torch.from_numpy(tree.dataset["input"].values[0]).double().flatten(1)
        for index, step in enumerate(trained.record.coords["step"]):
            own = {name: value[0] for name, value in trained.weights(step, folder="seed-2").items()}
            values = torch.tanh(functional.linear(inputs, own["hidden.0.weight"], own["hidden.0.bias"]))
            np.testing.assert_allclose(tree["fc1"]["activation"][0, index, 0], values, rtol=0, atol=1e-14)
            if factory == "normalised":
                mean, variance = own["middle.0.running_mean"], own["middle.0.running_var"]
                scaled = (values - mean) / torch.sqrt(variance + 1e-5)
                values = scaled * own["middle.0.weight"] + own["middle.0.bias"]
            output = torch.softmax(functional.linear(values, own["output.weight"], own["output.bias"]), 1)
            np.testing.assert_allclose(tree["output"]["activation"][0, index, 0], output, rtol=0, atol=1e-14)

    def test_it_captures_the_same_twice(self, recipe, train, capture):
        trained = train(recipe({"factory": "dropout"}, epochs=(0, 1)))
        once, again = (capture(trained, name) for name in ("once", "again"))
        for layer in ("fc1", "output"):
            xr.testing.assert_identical(once[layer].to_dataset().load(), again[layer].to_dataset().load())


class TestPartOfTheData:
    @pytest.mark.parametrize("vectors", [False, True])
    @pytest.mark.parametrize("part", [{"limit": 25}, {"fraction": 0.4}])
    def test_each_network_is_looked_at_on_its_own(self, recipe, train, capture, data, part, vectors):
        if vectors:
            data.update({split: (inputs.reshape(len(inputs), 36), each) for split, (inputs, each) in data.items()})
        trained = train(recipe("mlp", epochs=(0, 1), dtype="float64", **part))
        root = capture(trained).dataset
        features = ("input_unit",) if vectors else ("input_channel", "input_height", "input_width")
        assert root["input"].dims == ("seed", "probe_batch", "sample", *features)
        for place, seed in enumerate((0, 1)):
            own = datasets.subset(60, seed=seed, **part)
            for batch, split in enumerate(["train", "train", "test", "test"]):
                index = root["sample_index"].values[place, batch]
                assert split == "test" or set(index) <= set(own)
                np.testing.assert_array_equal(root["input"].values[place, batch], data[split][0][index])
                np.testing.assert_array_equal(root["target"].values[place, batch], data[split][1][index])

    def test_its_activations_are_those_of_its_own_samples(self, recipe, train, capture):
        trained = train(recipe("mlp", epochs=(0, 1), dtype="float64", limit=25))
        tree = capture(trained)
        for place in (0, 1):
            own = {name: value[0].numpy() for name, value in trained.weights(2, folder=f"seed-{place}").items()}
            inputs = tree.dataset["input"].values[place, 1].reshape(10, -1)
            expected = np.tanh(inputs @ own["fc1.weighted.weight"].T + own["fc1.weighted.bias"])
            np.testing.assert_allclose(tree["fc1"]["activation"][place, 1, 1], expected, rtol=0, atol=1e-14)

    def test_one_network_needs_no_seed(self, recipe, train, capture):
        root = capture(train(recipe("mlp", seeds=(3,), epochs=(0, 1), limit=25))).dataset
        assert root["target"].dims == ("probe_batch", "sample")

    def test_a_probe_beyond_it_is_refused(self, recipe, train, capture):
        trained = train(recipe("mlp", epochs=(0, 1), limit=19))
        with pytest.raises(ConfigError, match=re.escape("2 × 10 = 20 samples of split 'train', which has 19 to draw")):
            capture(trained)


class TestDistances:
    @pytest.mark.parametrize("maps", [False, True])
    def test_they_are_those_of_the_raw_values(self, recipe, train, capture, maps):
        """Upper triangles, per feature map or of all together."""
        trained = train(recipe(epochs=(0, 1)))
        raw, kept = (capture(trained, store, store=store, maps=maps) for store in ("raw", "distances"))
        for layer in LAYERS:
            for name, distance in (("activation", "squared_distance"), ("error", "error_squared_distance")):
                values = raw[layer][name].values
                if maps and layer.startswith("conv"):
                    by_map = np.moveaxis(values, -3, 0)
                    expected = np.moveaxis(distances(by_map.reshape(*by_map.shape[:-2], -1)), 0, -1)
                    assert kept[layer][distance].dims[-1] == "channel"
                    expected *= np.triu(np.ones((10, 10)))[..., None]
                else:
                    expected = distances(values.reshape(*values.shape[:4], -1)) * np.triu(np.ones((10, 10)))
                np.testing.assert_allclose(kept[layer][distance], expected, rtol=1e-12, atol=1e-13)

    def test_smaller_keeps_what_takes_fewer_bytes(self, recipe, train, capture):
        """45 distances in float64 against 10 samples in float32: of 72, of 27, of 5 and of 3 numbers."""
        trained = train(recipe(epochs=(0, 1)))
        kept = {}
        for maps in (False, True):
            tree = capture(trained, f"maps-{maps}", store="smaller", maps=maps)
            kept[maps] = {name: set(group.data_vars) for name, group in tree.children.items()}
        raw, distance = {"activation", "error"}, {"squared_distance", "error_squared_distance"}
        assert kept[False] == {"conv1": distance, "conv2": distance, "fc1": raw, "output": raw}
        assert kept[True] == {"conv1": distance, "conv2": raw, "fc1": raw, "output": raw}


class TestDiverged:
    @pytest.mark.parametrize("store", ["raw", "distances"])
    def test_nan_from_there_on_and_the_others_unchanged(self, recipe, train, capture, store):
        epochs = (0, 0.25, 0.5, 1, 2, 3)
        model = {"factory": "fused", "burning": [1]}
        settings = {"epochs": epochs, "momentum": 0.0}
        with_one = train(recipe(model, **settings), "with")
        tree = capture(with_one, "with", store=store)
        without = capture(train(recipe({**model, "burning": []}, **settings), "without"), "without", store=store)
        diverged = with_one.record.arrays["diverged_epoch"][1]
        assert 0.25 < diverged < 3
        for group in tree.children.values():
            for name, values in group.data_vars.items():
                empty = np.isnan(values.values).reshape(2, len(epochs), -1)
                assert not empty[0].any()
                np.testing.assert_array_equal(empty[1].all(-1), np.array(epochs) >= diverged)
                np.testing.assert_array_equal(empty[1].any(-1), np.array(epochs) >= diverged)
                np.testing.assert_array_equal(values[0], without[group.name][name][0])

    def test_nothing_but_nan_where_all_had_from_the_start(self, recipe, train, capture):
        """The arrays have the shapes that they would have had."""
        trained = train(recipe({"factory": "broken", "seeds": [0, 1]}, epochs=(0, 1)))
        tree = capture(trained)
        assert tree["fc1"]["activation"].shape == (2, 2, 4, 10, 6)
        for group in tree.children.values():
            for values in group.data_vars.values():
                assert np.isnan(values.values).all()


def test_a_damaged_checkpoint_is_named_and_no_store_is_left(recipe, train, capture, tmp_path):
    trained = train(recipe("mlp", epochs=(0, 1, 2)))
    path = trained.output / "seed-1" / "step-000000004.pt"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(StoreError, match=rf"{re.escape(str(path))}: damaged \(SHA-256"):
        capture(trained)
    assert not list(tmp_path.glob("*activations.zarr*"))


def test_checkpoints_are_read_one_by_one(recipe, train, data, monkeypatch):
    """Nothing is loaded before a slab is asked for, and one file for each."""
    from infoplane import capture
    from infoplane.training import checkpoints

    trained = train(recipe("mlp", epochs=(0, 1, 2)))
    loaded, load = [], checkpoints.load
    monkeypatch.setattr(checkpoints, "load", lambda path: loaded.append(path.name) or load(path))
    probe = {"splits": ["train"], "batches": 1, "size": 5, "seed": 0}
    settings = capture.Recipe(trained.recipe.model, (0, 1), False, "float32", probe, "raw", False, False)
    known = {"seed": np.arange(2), "epoch": np.arange(3.0), "step": np.array([0, 4, 8])}
    known |= {name: trained.record.arrays[name] for name in ("train_index", "loss")}
    found = capture.capture_run(settings, data, 3, known, checkpoints=trained.output, where=torch.device("cpu"))
    assert loaded == []
    for count, (seed, epoch, _) in enumerate(found.slabs, start=1):
        assert (seed, epoch) == divmod(count - 1, 3)
        assert len(loaded) == count


def test_a_long_capture_says_how_far_it_is(recipe, train, capture, monkeypatch, caplog):
    from infoplane.capture import run

    trained = train(recipe("mlp", epochs=(0, 1)))
    monkeypatch.setattr(run, "_SECONDS_BETWEEN_MESSAGES", -1)
    with caplog.at_level(logging.INFO):
        capture(trained)
    said = [message for message in caplog.messages if "checkpoint" in message]
    assert said == [f"seed {seed}: checkpoint {number} of 2" for seed in (0, 1) for number in (1, 2)]
