"""Networks that are looked at while they train: what is seen, when, and that nobody notices."""

import logging
import shutil

import numpy as np
import pytest
import torch

from infoplane.analysis.information import information
from infoplane.capture import Moments
from infoplane.errors import ConfigError
from infoplane.measures import gram, renyi
from infoplane.models.mlp import MLP
from infoplane.training import checkpoints, run
from infoplane.training.batches import Batches

PROBE = {"every": 3, "splits": ["test", "train"], "batches": 1, "size": 10, "seed": 0}
LAST = 12  # updates: three epochs of four


class Interrupted(Exception):  # noqa: N818 (what happens is no fault)
    """What training is interrupted with."""


@pytest.fixture
def moments(data):
    """A function that makes moments."""

    def make(*, maps=True, layers=(), **changes):
        settings = {key: value for key, value in {**PROBE, **changes}.items() if key != "batches"}
        return Moments.of({**settings, "layers": layers, "maps": maps}, data["test"])

    return make


@pytest.fixture
def recorded(train, capture, moments):
    """A function that trains a recipe with moments and opens what was seen."""

    def make(recipe, name="run", *, maps=True, layers=(), **changes):
        found = train(recipe, name, moments(maps=maps, layers=layers, **changes))
        model = {**recipe.model, **({"layers": list(layers)} if layers else {})}
        probe = {**PROBE, **changes}
        return found, capture(found, name, model=model, probe=probe, store="distances", errors=False, maps=maps)

    return make


def shuffled(data, seed):
    """Indices of the mini-batches of a network, step by step."""
    inputs, targets = map(torch.from_numpy, data["train"])
    batches = Batches(inputs, targets, np.arange(60)[None], (seed,), size=16)
    return lambda step: batches.indices(step)[0]


@pytest.mark.parametrize("model", ["lenet", {"factory": "normalised"}])
def test_nobody_notices(recipe, train, moments, model):
    """Batch normalisation and dropout included: the weights have the bits that they have alone."""
    alone = train(recipe(model), "alone").fingerprint()
    watched = train(recipe(model), "watched", moments(every=1)).fingerprint()
    del alone["manifest.json"], watched["manifest.json"]
    assert {name: each for name, each in watched.items() if "moment" not in name} == alone
    assert len(watched) == len(alone) + 2 * 2 * (LAST + 1)  # with a checksum beside each, of two networks


def test_when(recipe, recorded):
    """Every third update and the last, if the mini-batch, of which the fourth of an epoch is smaller, has enough."""
    _, tree = recorded(recipe())
    assert tree["step"].values.tolist() == [0, 3, 6, 9, 12]
    assert tree["epoch"].values.tolist() == [0, 0.75, 1.5, 2.25, 3]
    _, tree = recorded(recipe(), "larger", size=13)
    assert tree["step"].values.tolist() == [0, 6, 9, 12]


def test_which_samples(recipe, recorded, data):
    _, tree = recorded(recipe(seeds=(0, 5)))
    index, target = tree["sample_index"], tree["target"]
    assert index.dims == ("seed", "epoch", "probe_batch", "sample")
    assert tree["split"].values.tolist() == ["test", "train"]
    for place, seed in enumerate((0, 5)):
        batches = shuffled(data, seed)
        for moment, step in enumerate(tree["step"].values.tolist()):
            test, train = index.values[place, moment]
            np.testing.assert_array_equal(train, batches(step)[:10])
            assert len(set(test)) == 10
            np.testing.assert_array_equal(test, index.values[0, moment, 0])
            np.testing.assert_array_equal(target.values[place, moment, 0], data["test"][1][test])
            np.testing.assert_array_equal(target.values[place, moment, 1], data["train"][1][train])
    assert len({tuple(each) for each in index.values[0, :, 0]}) == 5
    _, other = recorded(recipe(seeds=(0,)), "other", seed=1)
    assert not np.array_equal(other["sample_index"].values[0, 0, 0], index.values[0, 0, 0])


@pytest.mark.parametrize("model", ["lenet", {"factory": "normalised"}])
def test_it_is_what_a_capture_sees_of_the_same_weights(recipe, recorded, capture, data, model):
    """On the same samples: a network is looked at before the update, in evaluation mode."""
    made = recipe(model, seeds=(5,), epochs=(0, 0.75, 1.5, 2.25, 3))
    found, tree = recorded(made)
    for moment, step in enumerate(tree["step"].values.tolist()):
        for row, split in enumerate(("test", "train")):
            index = tree["sample_index"].values[0, moment, row]
            probe = {"splits": [split], "batches": 1, "seed": 0, "size": len(data[split][1])}
            raw = capture(found, f"{step} {split}", probe=probe, errors=False)
            order = raw["sample_index"].values[0].tolist()
            chosen = [order.index(each) for each in index]
            named = {
                "input": raw.dataset["input"].values[0],
                **{layer: raw[layer]["activation"].values[0, moment, 0] for layer in raw.children},
            }
            assert set(named) == set(tree.children)
            for name, values in named.items():
                seen = tree[name]["squared_distance"].values[0, moment, row]
                some = torch.from_numpy(values[chosen])
                maps = name.startswith("conv")
                expected = gram.squared_distances(some.transpose(0, 1) if maps else some, batch_dims=int(maps))
                upper = torch.triu(expected).numpy()
                np.testing.assert_allclose(seen, np.moveaxis(upper, 0, -1) if maps else upper, atol=1e-6)


def test_layers_and_maps_are_those_that_are_wanted(recipe, recorded):
    _, tree = recorded(recipe(seeds=(0,)), maps=False, layers=("conv2", "output"))
    assert set(tree.children) == {"input", "conv2", "output"}
    assert tree["conv2"]["squared_distance"].dims[-2:] == ("sample", "other_sample")
    assert tree["input"].attrs == {"kind": "input", "depth": 0, "channels": 1, "dimension": 36}
    assert "input" not in tree.dataset


def test_the_input_is_measured_by_its_distances(recipe, recorded, data, tmp_path):
    """S(X) is that of the samples themselves, and the layers are all but the input."""
    _, tree = recorded(recipe(seeds=(0,)))
    rule = {"rule": "silverman", "scale": 2.0}
    settings = {"name": "a", "kind": "renyi", "alpha": 1.01, "joint": "tensor", "bandwidth": rule}
    settings["label_kernel"] = "indicator"
    found = information(tree, settings, control=[], work=tmp_path / "work", code="c")
    assert found["layer"].values.tolist() == ["conv1", "conv2", "fc1", "output"]
    assert found["split"].values.tolist() == ["test", "train"]
    for moment in range(tree.sizes["epoch"]):
        for row, split in enumerate(("test", "train")):
            inputs = torch.from_numpy(data[split][0][tree["sample_index"].values[0, moment, row]])
            width = gram.silverman_bandwidth(10, 36, scale=2.0)
            expected = renyi.entropy(gram.gaussian(inputs, bandwidth=width)).item()
            cell = found["entropy_input"].isel(seed=0, estimator=0, epoch=moment, split=row, probe_batch=0)
            assert cell.item() == pytest.approx(expected, abs=1e-9)
    assert np.isfinite(found["mutual_information_input_layer"]).all()


class TestInterrupted:
    @pytest.mark.parametrize("after", [1, 4, 7])
    def test_while_a_moment_is_kept(self, recipe, train, moments, monkeypatch, after):
        made, calls = recipe(), 0
        whole = train(made, "whole", moments()).fingerprint()
        save = checkpoints.save_moment

        def killed(*arguments):
            nonlocal calls
            calls += 1
            if calls == after:
                raise Interrupted("no moment more")
            save(*arguments)

        with monkeypatch.context() as patched:
            patched.setattr(checkpoints, "save_moment", killed)
            with pytest.raises(Interrupted, match="no moment more"):
                train(made, "killed", moments())
        assert train(made, "killed", moments()).fingerprint() == whole

    def test_a_damaged_moment_is_seen_again(self, recipe, train, moments, monkeypatch, caplog):
        monkeypatch.setattr(run, "_SECONDS_BETWEEN_STATES", -1)
        made = recipe(seeds=(0,))
        whole = train(made, "run", moments())
        before = whole.fingerprint()
        path = whole.work / "seed-0" / "moment-000000009.pt"
        content = path.read_bytes()
        path.unlink()  # the published file is a link to it
        path.write_bytes(content[:-1])
        shutil.rmtree(whole.output)
        with caplog.at_level(logging.WARNING):
            assert train(made, "run", moments()).fingerprint() == before
        assert "moment-000000009.pt: damaged" in caplog.messages[0]

    def test_a_longer_training_keeps_what_was_seen(self, recipe, train, moments):
        short = train(recipe(epochs=(0, 1, 2)), "run", moments(every=4)).fingerprint()
        long = train(recipe(epochs=(0, 1, 2, 3)), "run", moments(every=4)).fingerprint()
        again = train(recipe(epochs=(0, 1, 2, 3)), "again", moments(every=4)).fingerprint()
        assert long == again
        assert {name for name in short if "moment" in name} < {name for name in long if "moment" in name}


def test_a_network_that_diverges_has_nan_from_there_on(recipe, recorded):
    """The other one goes on, and the moments are those of both."""
    made = recipe({"factory": "fused", "burning": [1]}, seeds=(0, 1), epochs=(0, 3), learning_rate=0.01)
    found, tree = recorded(made)
    diverged = found.record.arrays["diverged_epoch"]
    assert np.isnan(diverged[0])
    assert 0 < diverged[1] < 3
    assert tree["step"].values.tolist() == [0, 3, 6, 9, LAST]
    for name in tree.children:
        distances = tree[name]["squared_distance"].values
        assert np.isfinite(distances[0]).all()
        lost = tree["epoch"].values > diverged[1]
        assert np.isnan(distances[1, lost]).all()
        assert np.isfinite(distances[1, 0]).all()


def test_an_ensemble_is_refused(recipe, train, moments):
    with pytest.raises(
        ConfigError, match=r"training\.ensemble: networks that are looked at while they train do so one"
    ):
        train(recipe("mlp", ensemble=True), "run", moments())


@pytest.mark.parametrize(
    ("values", "read"),
    [
        (np.float32([[0.5], [2.0]]), lambda outputs: outputs),
        (np.array([[0, 1], [1, 1]]), torch.sigmoid),
        (np.array([0, 1]), lambda outputs: torch.softmax(outputs, 1)),
    ],
    ids=["continuous", "labels", "classes"],
)
def test_the_output_is_read_as_the_targets_say(values, read):
    torch.manual_seed(0)
    network = MLP((3,), 2, hidden=(4,))
    inputs = np.random.default_rng(0).random((2, 3), dtype=np.float32)
    settings = {"every": 1, "splits": ["train"], "size": 2, "seed": 0, "layers": [], "maps": False}
    moments = Moments.of(settings, (inputs, values))
    seen = moments.look(network, network.layers, step=0, inputs=torch.from_numpy(inputs), indices=np.arange(2))
    outputs = read(network(torch.from_numpy(inputs)).detach().double())
    expected = (outputs[0] - outputs[1]).square().sum().item()
    assert seen["squared_distance"]["output"].item() == pytest.approx(expected, rel=1e-4)
