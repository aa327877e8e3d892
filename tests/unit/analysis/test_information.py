"""Entropies and mutual informations of a store, cell by cell against the definitions."""

import numpy as np
import pytest

from infoplane import labels
from infoplane.analysis.information import information
from infoplane.schema import ARTIFACTS

CONTROLS = ["shuffled_samples", "permuted_labels"]
GAUSSIAN = {"rule": "silverman", "scale": 1.0}


@pytest.fixture
def measured(tmp_path):
    def run(tree, settings, control=CONTROLS):
        found = information(tree, settings, control=control, work=tmp_path / "work", code="c")
        return found.squeeze("estimator", drop=True)

    return run


@pytest.mark.parametrize(
    ("changes", "options"),
    [
        ({}, {"stored": True}),
        ({"alpha": 2}, {}),
        ({"alpha": 1}, {}),
        ({"joint": "tensor"}, {}),
        ({"label_kernel": GAUSSIAN}, {}),
        ({"probe_size": 8}, {}),
        ({"probe_size": 8, "label_kernel": GAUSSIAN, "joint": "tensor"}, {"own": True}),
        ({}, {"kind": "distances", "stored": True}),
        ({"joint": "tensor", "probe_size": 8}, {"kind": "distances", "splits": ("test",)}),
    ],
    ids=str,
)
def test_against_the_definitions(
    both, estimator, measured, plain, cells, take, put, blank, agree, shuffle, permute, changes, options
):
    """Every variable at every place, for the networks and both controls."""
    settings, (tree, raw) = estimator(**changes), both(**options)
    found, alpha, n = measured(tree, settings), settings["alpha"], settings.get("probe_size", 12)
    scale, kernel = settings["bandwidth"]["scale"], settings["label_kernel"]
    expected = blank(found).drop_vars(["median_distance", "median_distance_input"])
    for stored, place in cells(tree):
        drawn = {"batch": stored["probe_batch"], "batches": raw.sizes["probe_batch"]}
        seed = int(raw["seed"].values[stored["seed"]])
        inputs, targets = (take(raw.dataset[name], stored)[:n] for name in ("input", "target"))
        x, y = plain.gaussian(inputs, scale), plain.labels(targets, kernel)
        wrong = plain.labels(permute(targets, seed=seed, **drawn), kernel)
        put(expected["entropy_input"], place, plain.entropy(x, alpha=alpha))
        put(expected["entropy_target"], place, plain.entropy(y, alpha=alpha))
        put(expected["bandwidth_input"], place, plain.width(inputs, scale))
        for depth, layer in enumerate(found["layer"].values):
            values = take(raw[layer].dataset["activation"], stored)[:n]
            apart = settings["joint"] == "multivariate" and layer.startswith("conv")
            maps = list(np.moveaxis(values, 1, 0)) if apart else [values]
            put(expected["bandwidth"], {**place, "layer": depth}, plain.width(maps[0], scale))
            orders = [maps, shuffle(maps, seed=seed, depth=depth + 1, **drawn), maps]
            for control, (some, target) in enumerate(zip(orders, (y, y, wrong), strict=True)):
                grams, here = (
                    [plain.gaussian(each, scale) for each in some],
                    {**place, "layer": depth, "control": control},
                )
                put(expected["joint_entropy_layer_target"], here, plain.entropy(*grams, target, alpha=alpha))
                about_target = plain.information(grams, [target], alpha=alpha)
                put(expected["mutual_information_layer_target"], here, about_target)
                if control < 2:  # permuted labels change nothing else
                    put(expected["entropy_layer"], here, plain.entropy(*grams, alpha=alpha))
                    put(expected["joint_entropy_input_layer"], here, plain.entropy(x, *grams, alpha=alpha))
                    put(expected["mutual_information_input_layer"], here, plain.information([x], grams, alpha=alpha))
    agree(found, expected, rtol=1e-12, atol=1e-9)


def test_dimensions_and_coordinates_are_those_of_the_data_model(activations, estimator, measured):
    found = measured(activations(), estimator())
    for name, variable in ARTIFACTS["information"].groups["/"].items():
        assert found[name].dims == tuple(dim for dim in variable.dims if dim != "estimator")
        assert found[name].attrs == labels.described(variable)
    assert found["entropy_layer"].attrs["units"] == "bits"
    assert found["entropy_layer"].attrs["valid_min"] == 0
    assert {name: values.values.tolist() for name, values in found.coords.items()} == {
        "seed": [0, 4],
        "epoch": [0, 0.5, 1],
        "step": [0, 2, 4],
        "split": ["train", "test"],
        "probe_batch": [0, 1],
        "layer": ["conv1", "conv2", "fc1", "output"],
        "depth": [1, 2, 3, 4],
        "kind": ["convolutional", "convolutional", "fully_connected", "output"],
        "channels": [3, 1, 1, 1],
        "inputs": ["input", "conv1", "conv2", "fc1"],
        "dominator": ["input", "conv1", "conv2", "fc1"],
        "control": ["none", "shuffled_samples", "permuted_labels"],
    }


def test_median_distances(activations, estimator, measured, plain):
    """Over all pairs of samples and all feature maps: of an even number, the lower of the two in the middle."""
    tree = activations()
    found, upper = measured(tree, estimator()), np.triu_indices(12, 1)
    values = tree["conv1"]["activation"].values[1, 2, 3].astype(float)
    apart = np.sqrt(np.concatenate([plain.squared(each.reshape(12, -1))[upper] for each in np.moveaxis(values, 1, 0)]))
    assert len(apart) == 198
    cell = found.isel(seed=1, epoch=2, split=1, probe_batch=1)
    assert cell["median_distance"].sel(layer="conv1").item() == pytest.approx(np.sort(apart)[98], rel=1e-12)
    inputs = np.sqrt(plain.squared(tree.dataset["input"].values[3].reshape(12, -1))[upper])
    assert cell["median_distance_input"].item() == pytest.approx(np.sort(inputs)[32], rel=1e-12)


def test_mutual_informations_are_derivable_from_the_entropies(activations, estimator, measured):
    found = measured(activations(seeds=(4,), epochs=(0.5,)), estimator())
    again = found["entropy_input"] + found["entropy_layer"] - found["joint_entropy_input_layer"]
    np.testing.assert_allclose(
        found["mutual_information_input_layer"],
        again.transpose(*found["mutual_information_input_layer"].dims),
        rtol=0,
        atol=1e-14,
    )


@pytest.mark.parametrize("joint", ["multivariate", "tensor"])
def test_the_same_estimates_from_activations_and_from_distances(activations, estimator, measured, agree, joint):
    trees = [activations(kind, kind=kind, epochs=(0.0,)) for kind in ("raw", "distances")]
    agree(*(measured(tree, estimator(joint=joint)) for tree in trees), rtol=0, atol=1e-9)


def test_a_diverged_network_is_nan_and_the_others_unchanged(activations, estimator, measured):
    whole, holes = (measured(activations(f"{nan}", nan=nan), estimator()) for nan in ((), ((0, 2), (1, 0))))
    for name, values in holes.data_vars.items():
        moved = values.transpose("seed", "epoch", ...)
        for seed, epoch in np.ndindex(2, 3):
            if (seed, epoch) in {(0, 2), (1, 0)}:
                assert np.isnan(moved[seed, epoch]).all()
            else:
                np.testing.assert_array_equal(
                    moved[seed, epoch], whole[name].transpose("seed", "epoch", ...)[seed, epoch]
                )


def test_networks_that_had_all_diverged_from_the_start_are_nan(activations, estimator, measured):
    """With the layers, dimensions and coordinates that they would have had."""
    every = {(seed, epoch) for seed in (0, 1) for epoch in (0, 1, 2)}
    found, whole = measured(activations(nan=every), estimator()), measured(activations("whole"), estimator())
    assert found.sizes == whole.sizes
    for name, values in found.data_vars.items():
        assert values.dims == whole[name].dims
        assert np.isnan(values).all()
    assert found["layer"].values.tolist() == whole["layer"].values.tolist()
