"""An ensemble is its networks trained alone, and says so where it cannot be."""

import numpy as np
import pytest
import torch

from infoplane.errors import ConfigError

STEPS = 100
OPTIMISERS = {
    "sgd": {"optimiser": "sgd", "learning_rate": 0.1, "momentum": 0.9, "weight_decay": 1e-3},
    "adam": {"optimiser": "adam", "learning_rate": 0.01},
}


def difference(one, other):
    """The largest difference of two sets of weights that may have other names for their folders."""
    return max((one[name] - other[name]).abs().max().item() for name in one)


@pytest.mark.parametrize(
    ("model", "optimiser", "fraction"),
    [("mlp", "sgd", None), ("mlp", "sgd", 0.5), ("mlp", "adam", None), ("mlp", "adam", 0.5), ("lenet", "sgd", 0.5)],
)
def test_an_ensemble_equals_networks_trained_alone(recipe, train, model, optimiser, fraction):
    """To 1e-10 over 100 updates in float64; with a fraction, each on its own part of the data."""
    per_epoch = 4 if fraction is None else 2
    settings = {
        "seeds": (0, 3, 4),
        "epochs": (0, 5, STEPS / per_epoch),
        "dtype": "float64",
        "fraction": fraction,
        **OPTIMISERS[optimiser],
    }
    together = train(recipe(model, ensemble=True, **settings), "together")
    alone = train(recipe(model, **settings), "alone")
    assert together.record.coords["step"] == [0, 5 * per_epoch, STEPS]
    for step in together.record.coords["step"]:
        stacked = together.weights(step, folder="seeds-0-to-4")
        for index, seed in enumerate((0, 3, 4)):
            own = {name: value[index] for name, value in stacked.items()}
            single = {name: value[0] for name, value in alone.weights(step, folder=f"seed-{seed}").items()}
            assert difference(own, single) < 1e-10
    for name, values in together.record.arrays.items():
        np.testing.assert_allclose(values, alone.record.arrays[name], rtol=0, atol=1e-10, err_msg=name)
    parts = {tuple(row) for row in together.record.arrays["train_index"]}
    assert len(parts) == (1 if fraction is None else 3)


def test_the_networks_of_an_ensemble_differ(recipe, train):
    found = train(recipe("mlp", ensemble=True)).weights(12, folder="seeds-0-to-1")
    assert all((value[0] - value[1]).abs().max().item() > 1e-3 for value in found.values())


def test_dropout_differs_between_the_networks_of_an_ensemble(recipe, train):
    """The same network twice, on the same samples in the same order, but for what dropout leaves out."""
    alike = train(recipe({"factory": "dropout"}, seeds=(0, 1), ensemble=True, epochs=(0, 1)))
    assert alike.fingerprint() == train(alike.recipe, "again").fingerprint()
    without = train(recipe({"factory": "broken"}, seeds=(0, 1), ensemble=True, epochs=(0, 1)), "without")
    weights = [each.weights(4, folder="seeds-0-to-1")["output.weight"] for each in (alike, without)]
    assert not torch.equal(*weights)


def test_buffers_are_refused(recipe, train):
    with pytest.raises(
        ConfigError, match=r"training.ensemble: the network has buffers \(middle.0.running_mean, .*false"
    ):
        train(recipe({"factory": "normalised"}, ensemble=True))
