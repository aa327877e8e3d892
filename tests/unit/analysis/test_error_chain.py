"""The error chain of a store, cell by cell against the definition."""

import numpy as np
import pytest

from infoplane.analysis.error_chain import error_chain
from infoplane.schema import ARTIFACTS

CONTROLS = ["shuffled_samples", "permuted_labels"]


@pytest.fixture
def measured(tmp_path):
    def run(tree, settings, control=CONTROLS):
        found = error_chain(tree, settings, control=control, work=tmp_path / "work", code="c")
        return found.squeeze("estimator", drop=True)

    return run


@pytest.mark.parametrize(
    ("changes", "options"),
    [
        ({}, {"stored": True}),
        ({"alpha": 2, "joint": "tensor"}, {}),
        ({"probe_size": 8}, {"own": True}),
        ({}, {"kind": "distances", "stored": True}),
        ({"joint": "tensor"}, {"kind": "distances"}),
    ],
    ids=str,
)
def test_against_the_definition(
    both, estimator, measured, plain, cells, take, put, blank, agree, shuffle, changes, options
):
    """I(δ_K; δ_k) with the width of the errors; shuffled against the output as it is; no labels to permute."""
    settings, (tree, raw) = estimator(**changes), both(**options)
    found, alpha, n = measured(tree, settings), settings["alpha"], settings.get("probe_size", 12)
    scale, expected = settings["error_bandwidth"]["scale"], blank(found).drop_vars("error_median_distance")
    for stored, place in cells(tree):
        drawn = {"batch": stored["probe_batch"], "batches": 4, "seed": int(raw["seed"].values[stored["seed"]])}
        output = plain.gaussian(take(raw["output"].dataset["error"], stored)[:n], scale)
        for depth, layer in enumerate(found["layer"].values):
            values = take(raw[layer].dataset["error"], stored)[:n]
            apart = settings["joint"] == "multivariate" and layer.startswith("conv")
            maps = list(np.moveaxis(values, 1, 0)) if apart else [values]
            put(expected["error_bandwidth"], {**place, "layer": depth}, plain.width(maps[0], scale))
            for control, some in enumerate([maps, shuffle(maps, depth=depth + 1, **drawn)]):
                value = plain.information([output], [plain.gaussian(each, scale) for each in some], alpha=alpha)
                put(expected["mutual_information_error"], {**place, "layer": depth, "control": control}, value)
    agree(found, expected, rtol=1e-12, atol=1e-9)


def test_dimensions_are_those_of_the_data_model(activations, estimator, measured):
    found = measured(activations(seeds=(4,), epochs=(0.5,)), estimator())
    assert {name: values.dims for name, values in found.data_vars.items()} == {
        name: tuple(dim for dim in variable.dims if dim != "estimator")
        for name, variable in ARTIFACTS["error_chain"].groups["/"].items()
    }


def test_the_chain_begins_with_the_entropy_of_the_output(activations, estimator, measured, plain):
    """With an order of 2, I(δ_K; δ_K) = 2 S(A) − S(A ∘ A), which is no entropy, but knows no layer."""
    tree = activations(seeds=(4,), epochs=(0.5,))
    found = measured(tree, estimator(alpha=2), control=[])
    gram = plain.gaussian(tree["output"]["error"].values[0, 0, 0], 1.5)
    expected = 2 * plain.entropy(gram, alpha=2) - plain.entropy(gram, gram, alpha=2)
    first = found["mutual_information_error"].isel(seed=0, epoch=0, split=0, probe_batch=0, control=0)
    assert first.sel(layer="output").item() == pytest.approx(expected, abs=1e-10)


def test_a_diverged_network_is_nan(activations, estimator, measured):
    found = measured(activations(nan={(1, 1)}), estimator(), control=[])
    for values in found.data_vars.values():
        empty = np.isnan(values.transpose("seed", "epoch", ...).values).reshape(2, 3, -1)
        np.testing.assert_array_equal(empty.all(-1), [[False] * 3, [False, True, False]])
        np.testing.assert_array_equal(empty.any(-1), [[False] * 3, [False, True, False]])
