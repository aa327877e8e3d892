"""Training a run: its bits, its record, its files."""

import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from infoplane import datasets, files
from infoplane.models.lenet import LeNet
from infoplane.training import Recipe, work_digest
from infoplane.training.batches import Batches
from infoplane.training.run import steps_of

BOTH = pytest.mark.parametrize("ensemble", [False, True])
OPTIMISERS = {
    "sgd": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 1e-3}),
    "adam": (torch.optim.Adam, {"lr": 0.01, "weight_decay": 1e-3}),
}


class TestBits:
    @BOTH
    @pytest.mark.parametrize("model", ["lenet", "mlp", {"factory": "dropout"}])
    def test_the_same_recipe_gives_the_same_bits(self, recipe, train, model, ensemble):
        """Whatever the process did before."""
        first = train(recipe(model, ensemble=ensemble), "first").fingerprint()
        torch.manual_seed(99)
        assert train(recipe(model, ensemble=ensemble), "second").fingerprint() == first

    def test_another_seed_gives_another_network(self, recipe, train):
        found = train(recipe(seeds=(0, 1), epochs=(0, 1)))
        for step in (0, 4):
            one, other = (found.weights(step, folder=f"seed-{seed}") for seed in (0, 1))
            assert all(not torch.equal(one[name], other[name]) for name in one)

    def test_a_network_alone_does_not_depend_on_its_neighbours(self, recipe, train):
        together, alone = train(recipe(seeds=(0, 1)), "together"), train(recipe(seeds=(1,)), "alone")
        found = together.fingerprint()
        for name, digest in alone.fingerprint().items():
            if name.startswith("seed-1/"):
                assert found[name] == digest
        for name, values in alone.record.arrays.items():
            np.testing.assert_array_equal(together.record.arrays[name][1:], values)

    @pytest.mark.parametrize("optimiser", OPTIMISERS)
    def test_it_is_the_plain_loop(self, recipe, train, data, optimiser):
        """Written out with torch alone, on the same batches: the same bits."""
        kind, options = OPTIMISERS[optimiser]
        settings = {"lr": "learning_rate", "momentum": "momentum", "weight_decay": "weight_decay"}
        found = train(
            recipe(seeds=(5,), optimiser=optimiser, **{settings[name]: value for name, value in options.items()})
        )
        torch.manual_seed(5)
        network = LeNet((1, 6, 6), 3, filters=(2, 3), hidden=(5,), kernel_size=3, padding=1)
        loop = kind(network.parameters(), fused=True, **options)
        inputs, targets = map(torch.from_numpy, data["train"])
        batches = Batches(inputs, targets, np.arange(60)[None], (5,), size=16)
        for step in range(12):
            some, wanted = batches.at(step)
            loop.zero_grad()
            cross_entropy(network(some[0]), wanted[0]).backward()
            loop.step()
        weights = found.weights(12, folder="seed-5")
        for name, value in network.state_dict().items():
            assert torch.equal(weights[name][0], value)

    def test_the_schedule_of_checkpoints_does_not_change_what_is_trained(self, recipe, train):
        model = {"factory": "dropout"}
        dense = train(recipe(model, epochs=(0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3)), "dense").fingerprint()
        sparse = train(recipe(model, epochs=(0, 3)), "sparse").fingerprint()
        shared = [name for name in sparse if name.startswith("seed-")]
        assert len(shared) == 8
        assert {name: dense[name] for name in shared} == {name: sparse[name] for name in shared}


class TestRecord:
    def test_loss_and_accuracy_are_those_of_the_published_weights(self, recipe, train, data):
        """On all samples, with a forward pass written out in NumPy."""
        found = train(recipe("mlp", dtype="float64"))
        for place, seed in enumerate(found.recipe.seeds):
            for index, step in enumerate(found.record.coords["step"]):
                weights = {name: value[0].numpy() for name, value in found.weights(step, folder=f"seed-{seed}").items()}
                for column, split in enumerate(found.record.coords["split"]):
                    values, targets = data[split][0].reshape(len(data[split][0]), -1).astype(float), data[split][1]
                    for layer in ("fc1.weighted", "fc2.weighted"):
                        values = np.tanh(values @ weights[f"{layer}.weight"].T + weights[f"{layer}.bias"])
                    powers = np.exp(values @ weights["output.weight"].T + weights["output.bias"])
                    surprise = -np.log(powers[np.arange(len(targets)), targets] / powers.sum(1))
                    hits = powers.argmax(1) == targets
                    assert found.record.arrays["loss"][place, index, column] == pytest.approx(
                        surprise.mean(), abs=1e-12
                    )
                    assert found.record.arrays["accuracy"][place, index, column] == pytest.approx(hits.mean(), abs=1e-7)

    def test_weight_norms_are_those_of_the_published_weights(self, recipe, train):
        found = train(recipe())
        paths = ["conv1.weighted", "conv2.weighted", "fc1.weighted", "output"]
        for index, step in enumerate(found.record.coords["step"]):
            weights = found.weights(step, folder="seed-1")
            for column, path in enumerate(paths):
                own = np.concatenate([weights[f"{path}.{kind}"].double().ravel() for kind in ("weight", "bias")])
                norm = found.record.arrays["weight_norm"][1, index, column]
                assert norm == pytest.approx(np.linalg.norm(own), rel=1e-12)

    def test_gradient_norms_are_those_of_the_published_weights(self, recipe, train, data):
        """Mean and spread over three mini-batches of 16, parameter by parameter."""
        found = train(recipe("mlp", seeds=(2,), dtype="float64"))
        inputs, targets = torch.from_numpy(data["train"][0]).double(), torch.from_numpy(data["train"][1])
        batches = Batches(inputs, targets, np.arange(60)[None], (2,), size=16)
        step = found.record.coords["step"][-1]
        weights = {name: value[0].requires_grad_() for name, value in found.weights(step, folder="seed-2").items()}
        gradients = []
        for some, wanted in batches.for_gradients(step, count=3):
            values = some[0].flatten(1)
            for layer in ("fc1.weighted", "fc2.weighted"):
                values = torch.tanh(values @ weights[f"{layer}.weight"].T + weights[f"{layer}.bias"])
            logits = values @ weights["output.weight"].T + weights["output.bias"]
            loss = nn.CrossEntropyLoss()(logits, wanted[0])
            gradients.append(dict(zip(weights, torch.autograd.grad(loss, list(weights.values())), strict=True)))
        for column, path in enumerate(["fc1.weighted", "fc2.weighted", "output"]):
            own = np.stack(
                [np.concatenate([each[f"{path}.{kind}"].ravel() for kind in ("weight", "bias")]) for each in gradients]
            )
            arrays = found.record.arrays
            assert arrays["gradient_mean_norm"][0, -1, column] == pytest.approx(np.linalg.norm(own.mean(0)), rel=1e-9)
            assert arrays["gradient_std_norm"][0, -1, column] == pytest.approx(np.linalg.norm(own.std(0)), rel=1e-9)

    def test_evaluation_takes_so_many_samples_of_each_split(self, recipe, train, data):
        """The first of the test split; of the training split, some of the network's own."""
        found = train(recipe("mlp", seeds=(0,), epochs=(0, 1), evaluation_size=7, limit=20))
        assert set(np.round(7 * found.record.arrays["accuracy"].ravel(), 5)) <= set(range(8))
        data["test"] = (data["test"][0][:7], data["test"][1][:7])
        again = train(found.recipe, "again")
        np.testing.assert_array_equal(again.record.arrays["loss"], found.record.arrays["loss"])

    def test_coordinates(self, recipe, train):
        found = train(recipe(seeds=(4, 2), epochs=(0, 0.5, 1)))
        assert found.record.coords == {
            "seed": [4, 2],
            "epoch": [0, 0.5, 1],
            "step": [0, 2, 4],
            "split": ["train", "test"],
            "layer": ["conv1", "conv2", "fc1", "output"],
            "depth": [1, 2, 3, 4],
            "kind": ["convolutional", "convolutional", "fully_connected", "output"],
        }
        assert np.isnan(found.record.arrays["diverged_epoch"]).all()

    @pytest.mark.parametrize("part", [{"limit": 25}, {"fraction": 0.4}])
    def test_each_network_is_trained_on_its_own_part(self, recipe, train, data, part):
        """What is left of the data when the rest is made useless gives the same network."""
        found = train(recipe(**part, evaluation_size=1000), "found")
        for place, seed in enumerate((0, 1)):
            own = found.record.arrays["train_index"][place]
            np.testing.assert_array_equal(own, datasets.subset(60, seed=seed, **part))
        assert set(found.record.arrays["train_index"][0]) != set(found.record.arrays["train_index"][1])
        alone = recipe(seeds=(1,), **part)
        used = np.isin(np.arange(60), found.record.arrays["train_index"][1])
        data["train"][0][~used] = 1e6
        again = train(alone, "again")
        np.testing.assert_array_equal(again.record.arrays["loss"][0], found.record.arrays["loss"][1])


class TestFiles:
    def test_the_published_folder_has_a_manifest_that_agrees(self, recipe, train):
        found = train(recipe(epochs=(0, 1)))
        files.check_folder(found.output)
        assert {path.name for path in found.output.iterdir()} == {"seed-0", "seed-1", "manifest.json"}
        names = {path.name for path in (found.output / "seed-0").iterdir()}
        assert names == {f"step-00000000{step}.pt{end}" for step in (0, 4) for end in ("", ".sha256")}

    def test_the_folder_of_a_stale_recipe_is_removed(self, recipe, train):
        found = train(recipe(epochs=(0, 1)))
        stale = found.work.parent / "0123456789abcdef" / "seed-0"
        stale.mkdir(parents=True)
        (stale / "step-000000000.pt").write_bytes(b"old")
        train(found.recipe)
        assert [path.name for path in found.work.parent.iterdir()] == ["digest"]

    def test_a_full_disk_leaves_nothing_that_looks_complete(self, recipe, train, monkeypatch, tmp_path):
        written = files.write
        room = 9

        def full(path, content):
            nonlocal room
            room -= 1
            if room < 0:
                raise OSError(28, "No space left on device", str(path))
            written(path, content)

        monkeypatch.setattr(files, "write", full)
        with pytest.raises(OSError, match="No space left on device"):
            train(recipe())
        assert not (tmp_path / "run" / "checkpoints").exists()
        monkeypatch.undo()
        assert train(recipe()).fingerprint() == train(recipe(), "undisturbed").fingerprint()


class TestWorkDigest:
    def test_longer_training_resumes_and_anything_else_does_not(self, recipe):
        """Epochs and their schedule may change; block of seeds, threads, data and code may not."""
        known = work_digest(recipe(), {"code": "a"})
        longer = recipe(epochs=(0, 10))
        longer = Recipe(**{**vars(longer), "training": {**longer.training, "epochs": 10, "checkpoints": [5]}})
        assert work_digest(longer, {"code": "a"}) == known
        others = [
            work_digest(recipe(), {"code": "b"}),
            *(
                work_digest(each, {"code": "a"})
                for each in (
                    recipe(seeds=(0,)),
                    recipe(seeds=(1, 0)),
                    recipe("mlp"),
                    recipe(limit=5),
                    recipe(fraction=0.5),
                    recipe(threads=2),
                    recipe(ensemble=True),
                    recipe(learning_rate=0.2),
                )
            ),
        ]
        assert len({known, *others}) == 1 + len(others)


def test_epochs_that_round_to_the_same_update_are_one():
    assert steps_of([0, 0.1, 0.2, 1, 2.5], per_epoch=4) == {0: 0, 0.2: 1, 1: 4, 2.5: 10}


def test_user_model_that_is_missing_is_named(recipe, train):
    with pytest.raises(Exception, match=re.escape("no function 'nothing' there")):
        train(recipe({"factory": "nothing"}))
