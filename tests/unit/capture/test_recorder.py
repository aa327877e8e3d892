"""Looking at networks in a loop of one's own: the store is what the workflow would have written."""

from collections import OrderedDict
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from infoplane import models, store
from infoplane.capture import Recorder
from infoplane.capture.hooks import Hooks
from infoplane.errors import ConfigError, StoreError
from infoplane.models.layers import Layer

INPUTS = torch.rand(6, 1, 4, 4, generator=torch.Generator().manual_seed(1))
TARGETS = torch.tensor([0, 1, 2, 0, 1, 2])


def network(*, dropout=0.0):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Dropout(dropout), nn.Linear(8, 5), nn.Tanh()
    ).append(nn.Linear(5, 3))


def trained(model, recorder, *, epochs=2):
    """A training loop as anyone writes it."""
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    recorder.look(INPUTS, TARGETS, epoch=0)
    for epoch in range(1, epochs + 1):
        optimiser.zero_grad()
        cross_entropy(model(INPUTS), TARGETS).backward()
        optimiser.step()
        recorder.look(INPUTS, TARGETS, epoch=epoch)
    return recorder


class TestStore:
    def test_it_is_the_one_that_the_workflow_writes_of_the_same_weights(self, recipe, train, capture, data, tmp_path):
        run = train(recipe(seeds=(3,), epochs=(0, 1, 2)))
        captured = capture(run)
        model = models.make(run.recipe.model, (1, 6, 6), 3)
        index = captured.dataset["sample_index"].values[0]
        recorder = Recorder(model, seed=3)
        for epoch, step in zip((0, 1, 2), captured.dataset["step"].values.tolist(), strict=True):
            weights = run.weights(step, folder="seed-3")
            model.load_state_dict({name: value[0] for name, value in weights.items()})
            inputs, targets = (torch.from_numpy(each[index]) for each in data["train"])
            recorder.look(inputs, targets, epoch=epoch, step=step)
        recorder.save(tmp_path / "own.zarr")
        found = store.load(tmp_path / "own.zarr", "activations")
        assert set(found.children) == set(captured.children)
        assert found.attrs["classes"] == captured.attrs["classes"]
        for name in ("seed", "epoch", "step", "input", "target"):
            expected = captured.dataset[name]
            first = expected.isel(probe_batch=slice(1)) if "probe_batch" in expected.dims else expected
            assert np.array_equal(found.dataset[name], first)
        for layer, node in captured.children.items():
            assert found[layer].attrs == node.attrs
            assert set(found[layer].data_vars) == set(node.data_vars) == {"activation", "error"}
            for name, values in node.data_vars.items():
                torch.testing.assert_close(
                    torch.from_numpy(found[layer][name].values), torch.from_numpy(values.values[:, :, :1])
                )

    @pytest.mark.parametrize("inside", [True, False])
    def test_with_or_without_the_context_training_is_the_same(self, tmp_path, inside):
        plain, watched = network(dropout=0.5), network(dropout=0.5)
        torch.manual_seed(5)
        trained(plain, SimpleNamespace(look=lambda *_, **__: None))
        torch.manual_seed(5)
        recorder = Recorder(watched, layers=["1", "5"])
        if inside:
            with recorder:
                trained(watched, recorder)
        else:
            trained(watched, recorder)
        assert all(torch.equal(a, b) for a, b in zip(plain.parameters(), watched.parameters(), strict=True))
        assert watched.training
        assert not [module for module in watched.modules() if module._forward_hooks or module._forward_pre_hooks]
        recorder.save(tmp_path / "own.zarr")
        found = store.load(tmp_path / "own.zarr", "activations")
        assert dict(found.sizes)["epoch"] == 3
        assert list(found["5"].attrs["inputs"]) == ["1"]
        assert "output" in found.children

    def test_distances_in_place_of_activations(self, tmp_path):
        recorder = trained(model := network(), Recorder(network(), store="distances", errors=False), epochs=0)
        recorder.save(tmp_path / "own.zarr")
        found = store.load(tmp_path / "own.zarr", "activations")["1"].dataset
        assert set(found.data_vars) == {"squared_distance"}
        with Hooks(model, [Layer("1", "convolutional", "1", None)]) as hooks, torch.no_grad():
            model(INPUTS)
        values = hooks.activations["1"][:, 1].flatten(1).double()
        expected = torch.cdist(values, values).square().triu()
        torch.testing.assert_close(torch.from_numpy(found["squared_distance"].values[0, 0, 0, ..., 1]), expected)

    def test_layers_by_name_are_read_by_every_forward_pass_of_the_context(self):
        with Recorder(model := network(), layers=["5"]) as recorder:
            model(INPUTS[:2])
        assert recorder.activations["5"].shape == (2, 5)
        assert set(recorder.activations) == {"5", "output"}
        assert not [module for module in model.modules() if module._forward_hooks or module._forward_pre_hooks]


class TestTakes:
    @pytest.mark.parametrize(
        ("model", "inputs"),
        [
            (
                nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.ReLU(), nn.Linear(12, 3)),
                torch.arange(18).view(6, 3) % 9,
            ),
            (nn.Sequential(nn.Flatten(), nn.Linear(16, 4), nn.ReLU(), nn.Linear(4, 3)).bfloat16(), INPUTS),
            (nn.Sequential(nn.Flatten(), nn.ReLU()), INPUTS[:, :, :1, :3]),
        ],
        ids=["whole numbers", "bfloat16", "no parameters"],
    )
    def test_any_inputs_and_precision(self, tmp_path, model, inputs):
        recorder = Recorder(model)
        recorder.look(inputs, TARGETS, epoch=0)
        recorder.save(tmp_path / "own.zarr")
        found = store.load(tmp_path / "own.zarr", "activations")
        assert np.array_equal(found.dataset["input"].values[0], inputs.float().numpy())
        assert {each["activation"].dtype for each in found.children.values()} == {np.dtype("float32")}

    def test_arrays_and_lists(self):
        recorder = Recorder(network())
        recorder.look(INPUTS.numpy(), TARGETS.tolist(), epoch=0)
        recorder.look(INPUTS, TARGETS, epoch=1)  # the same probe
        assert recorder.epochs == (0, 1)

    def test_inputs_by_keyword_do_not_break_a_training(self):
        with Recorder(model := nn.Sequential(nn.Linear(4, 3))) as recorder:
            model(input=torch.rand(2, 4))
            recorder.look(torch.rand(3, 4), TARGETS[:3], epoch=0)
            model(torch.rand(2, 4))
        assert recorder.activations["output"].shape == (2, 3)


class TestRefused:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"store": "all"}, r"^Recorder with store='all' .*; accepted: store one of raw, distances, smaller, and"),
            (
                {"seed": "a"},
                r"^Recorder with a model that is a Sequential and seed='a'; accepted: .* whole number ≥ 0$",
            ),
            ({"seed": -1}, r"seed=-1; accepted"),
            ({"seed": 1.5}, r"seed=1\.5; accepted"),
            ({"layers": "relu*"}, r"layers='relu\*'; accepted: .* layers a list"),
            ({"layers": ["1", 3]}, r"layers=\['1', 3\]; accepted: .* layers a list"),
            ({"layers": None}, r"layers=None; accepted: .* layers a list"),
            ({"layers": ["1", Layer("a", "output", "1", "1")]}, r"layers a list, either all names or all infoplane\."),
        ],
    )
    def test_when_it_is_made(self, options, message):
        with pytest.raises(ConfigError, match=message):
            Recorder(network(), **options)

    def test_names_that_no_store_can_have(self):
        model = nn.Sequential(OrderedDict({"fc": nn.Linear(4, 3), "target": nn.ReLU(), "a/b": nn.Tanh()}))
        message = (
            r"^Recorder:\n  - layer 'target' has a name that stores need; .*or leave the layer out by `layers`\.\n"
            r"  - layer 'a/b' cannot be a group of a store; "
        )
        with pytest.raises(ConfigError, match=message):
            Recorder(model)
        with pytest.raises(ConfigError, match=r"'target' has a name"):
            Recorder(model, [Layer("target", "output", "target", None)])
        Recorder(model, ["fc"]).look(torch.rand(3, 4), TARGETS[:3], epoch=0)

    def test_two_layers_of_one_name(self):
        model = nn.Sequential(OrderedDict({"output": nn.ReLU(), "fc": nn.Linear(4, 3)}))
        with pytest.raises(ConfigError, match=r"^layers of the model: the name 'output' of a layer is taken; accepted"):
            Recorder(model).look(torch.rand(3, 4), TARGETS[:3], epoch=0)

    @pytest.mark.parametrize(
        ("look", "message"),
        [
            (
                (INPUTS[:5], TARGETS, {"epoch": 1}),
                r"inputs are \(5, 1, 4, 4\) and targets \(6,\); accepted: at least two",
            ),
            (
                (INPUTS, TARGETS.double(), {"epoch": 1}),
                r"targets hold 0, 1, 2 in floating .*; accepted: whole",
            ),
            ((INPUTS[:1], TARGETS[:1], {"epoch": 1}), r"accepted: at least two inputs"),
            (
                (INPUTS.flip(0), TARGETS, {"epoch": 1}),
                r"the probe is another one than before; look at the same",
            ),
            ((INPUTS, TARGETS, {"epoch": float("nan")}), r"epoch is nan; accepted: a number ≥ 0"),
            ((INPUTS, TARGETS, {"epoch": -1}), r"epoch is -1; accepted: a number ≥ 0"),
            ((INPUTS, TARGETS, {"epoch": "a"}), r"epoch is 'a'; accepted: a number ≥ 0"),
            ((INPUTS, [["a"], [1, 2]], {"epoch": 1}), r"targets are a list .*; accepted: a tensor"),
            ((INPUTS, TARGETS, {"epoch": 0}), r"epoch 0 does not come after the last one, 0$"),
            ((INPUTS, TARGETS, {"epoch": 1, "step": 0}), r"step 0 has been looked at; give the number of updates"),
        ],
    )
    def test_when_it_looks(self, look, message):
        recorder = trained(model := network(), Recorder(model), epochs=0)
        *probe, at = look
        with pytest.raises(ConfigError, match=rf"(?s)^look:.*{message}"):
            recorder.look(*probe, **at)

    def test_a_layer_that_is_not_there(self):
        with pytest.raises(ConfigError, match=r"^module 'relu' is not known; accepted: 0, 1, "):
            Recorder(network(), ["relu"]).look(INPUTS, TARGETS, epoch=0)
        described = models.make({"name": "mlp"}, (4,), 3)
        with pytest.raises(ConfigError, match=r"^layers has conv1, which the model does not have; accepted: fc1, fc"):
            Recorder(described, ["fc1", "conv1"]).look(torch.rand(3, 4), TARGETS[:3], epoch=0)

    @pytest.mark.parametrize(
        ("inputs", "targets", "message"),
        [
            (
                INPUTS,
                TARGETS + 1,
                r"^look: targets run from 1 to 3, and the network has 3 outputs; .*: classes from 0 to 2",
            ),
            (INPUTS, TARGETS - 1, r"^look: targets run from -1 to 1"),
            (
                INPUTS[:, :, :3],
                TARGETS,
                r"^look: the network does not take inputs of shape \(6, 1, 3, 4\) and type .*Run",
            ),
        ],
    )
    def test_what_the_network_cannot_take(self, inputs, targets, message):
        recorder = Recorder(network())
        with pytest.raises(ConfigError, match=message):
            recorder.look(inputs, targets, epoch=0)
        recorder.look(INPUTS, TARGETS, epoch=0)

    def test_inference_mode(self):
        recorder = Recorder(network())
        with torch.inference_mode(), pytest.raises(ConfigError, match=r"^look: within torch\.inference_mode\(\)"):
            recorder.look(INPUTS, TARGETS, epoch=0)

    def test_another_split(self, tmp_path):
        recorder = trained(model := network(), Recorder(model), epochs=0)
        with pytest.raises(ConfigError, match=r"own\.zarr: split is 'validation'; accepted: train, test$"):
            recorder.save(tmp_path / "own.zarr", split="validation")

    def test_nothing_to_save(self, tmp_path):
        with pytest.raises(ConfigError, match=r"own\.zarr: nothing to save; call look\("):
            Recorder(network()).save(tmp_path / "own.zarr")
        assert list(tmp_path.iterdir()) == []

    def test_to_save_over_files_of_ones_own(self, tmp_path):
        (tmp_path / "project").mkdir()
        (tmp_path / "project" / "thesis.tex").write_text("years of work")
        recorder = trained(model := network(), Recorder(model), epochs=0)
        with pytest.raises(StoreError, match=r"project: is a folder with content and no readable manifest\.json"):
            recorder.save(tmp_path / "project")
        assert [path.name for path in tmp_path.rglob("*")] == ["project", "thesis.tex"]
        for _ in range(2):  # what it has saved itself, it may replace
            recorder.save(tmp_path / "own.zarr")
        store.load(tmp_path / "own.zarr", "activations")
