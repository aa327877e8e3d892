"""The networks of the experiment `szt_planes` at its own settings: trained together, and binned."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from infoplane import datasets, plan
from infoplane.analysis.information import information
from infoplane.training import Recipe

SEEDS = (0, 1, 2)
EPOCHS = (0, 15)  # of seven updates each


@pytest.fixture(scope="module")
def settings():
    found = plan.study({"experiments": ["szt_planes"]}, base=Path(__file__).parents[2], networks=False)
    return found.planned["szt_planes"].experiment.settings


@pytest.fixture
def data():
    """All patterns, to train and to test on."""
    found = datasets.load("szt")
    splits = {"train": found.train, "test": found.test}
    return {name: (split.inputs.numpy(), split.targets.numpy()) for name, split in splits.items()}


@pytest.fixture
def recipe(settings):
    def make(**changes):
        training = {**settings["training"], **changes}
        return Recipe(
            model=settings["model"],
            training=training,
            seeds=SEEDS,
            epochs=EPOCHS,
            limit=None,
            fraction=settings["dataset"]["fraction"],
            folder=Path(),
        )

    return make


@pytest.mark.parametrize(("dtype", "apart"), [("float64", 1e-10), ("float32", 1e-4)])
def test_trained_together_they_are_those_trained_alone(recipe, train, dtype, apart):
    """After 105 updates; single precision, the experiment's own, adds rounding."""
    together, alone = train(recipe(dtype=dtype), "together"), train(recipe(dtype=dtype, ensemble=False), "alone")
    assert together.record.coords["step"] == [0, 105]
    for index, seed in enumerate(SEEDS):
        single = alone.weights(105, folder=f"seed-{seed}")
        for name, stacked in together.weights(105, folder="seeds-0-to-2").items():
            assert (stacked[index] - single[name][0]).abs().max().item() < apart


def test_binning_agrees_with_counts_of_tuples(recipe, train, capture, settings, tmp_path):
    """To 1e-9 bits, in every layer, on all patterns: bins by comparison with every edge, tuples counted in Python."""
    (estimator,) = (each for each in settings["estimators"] if each["kind"] == "binning")
    tree = capture(train(recipe()), probe=settings["probe"], errors=False, maps=False)
    found = information(tree, estimator, control=[], work=tmp_path / "work", code="c").squeeze(drop=True)
    edges = np.linspace(-1, 1, 30)
    targets = tree["target"].values[0].tolist()
    for name in found["layer"].values:
        for epoch in EPOCHS:
            for index, seed in enumerate(SEEDS):
                values = tree[name]["activation"].sel(epoch=epoch).isel(seed=index, probe_batch=0).values
                states = [tuple((row[:, None] >= edges).sum(1).tolist()) for row in values]
                entropy, known = _entropy(states), _entropy(targets)
                both = _entropy(zip(states, targets, strict=True))
                own = found.sel(layer=name, epoch=epoch, seed=seed)
                assert abs(own["mutual_information_input_layer"].item() - entropy) < 1e-9
                assert abs(own["mutual_information_layer_target"].item() - (entropy + known - both)) < 1e-9


def _entropy(symbols):
    counts = np.array(list(Counter(symbols).values()), dtype=float)
    return float(-(counts / counts.sum() * np.log2(counts / counts.sum())).sum())
