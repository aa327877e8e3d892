"""Information between layers, cell by cell against the definition."""

import numpy as np
import pytest

from infoplane import store
from infoplane.analysis import layer_pairs as module
from infoplane.analysis.information import information
from infoplane.analysis.layer_pairs import layer_pairs
from infoplane.schema import ARTIFACTS

CONTROLS = ["shuffled_samples", "permuted_labels"]
PAIRS = [("input", "output"), ("conv1", "fc1")]


@pytest.fixture
def measured(tmp_path):
    def run(tree, settings, control=CONTROLS):
        found = layer_pairs(tree, settings, control=control, work=tmp_path / "work", code="c")
        return found.squeeze("estimator", drop=True)

    return run


@pytest.fixture
def paired(both):
    """A function that makes a store in which two layers are symmetric, and the raw values that it was made of."""

    def make(**options):
        tree, raw = both(**options)
        tree["conv1"].attrs["counterpart"] = "fc1"
        return tree, raw

    return make


@pytest.mark.parametrize(
    ("changes", "options"),
    [
        ({}, {"stored": True}),
        ({"alpha": 2, "joint": "tensor"}, {}),
        ({"probe_size": 8, "input_bandwidth": {"rule": "silverman", "scale": 6.0}}, {"own": True}),
        ({}, {"kind": "distances", "stored": True}),
        ({"joint": "tensor"}, {"kind": "distances"}),
    ],
    ids=str,
)
def test_against_the_definition(
    paired, estimator, measured, plain, cells, take, put, blank, agree, shuffle, changes, options
):
    """I(A; B) = S(A) + S(B) − S(A, B) by Gram matrices; the second of a pair is shuffled, and T but not X′."""
    settings, (tree, raw) = estimator(**changes), paired(**options)
    found, alpha, n = measured(tree, settings), settings["alpha"], settings.get("probe_size", 12)
    expected, layers = blank(found), found["layer"].values.tolist()
    assert found["about"].values.tolist() == ["reconstruction"]
    assert list(zip(found["first"].values, found["second"].values, strict=True)) == PAIRS
    scale = settings["bandwidth"]["scale"]
    for stored, place in cells(tree):
        drawn = {"batch": stored["probe_batch"], "batches": 4, "seed": int(raw["seed"].values[stored["seed"]])}
        inputs = take(raw.dataset["input"], stored)[:n]
        own = {"input": [plain.gaussian(inputs, settings.get("input_bandwidth", {"scale": scale})["scale"])]}
        put(expected["entropy_input"], place, plain.entropy(*own["input"], alpha=alpha))
        for layer in layers:
            values = take(raw[layer].dataset["activation"], stored)[:n]
            apart = settings["joint"] == "multivariate" and layer.startswith("conv")
            own[layer] = [plain.gaussian(each, scale) for each in (np.moveaxis(values, 1, 0) if apart else [values])]
        orders = {
            layer: [
                gram[np.ix_(order, order)]
                for gram, order in zip(
                    own[layer], shuffle([np.arange(n)] * len(own[layer]), depth=depth, **drawn), strict=True
                )
            ]
            for depth, layer in enumerate(layers, start=1)
        }
        for control, others in enumerate([own, orders]):
            for index, layer in enumerate(layers):
                at = {**place, "layer": index, "control": control}
                joint = plain.entropy(*others[layer], *own["output"], alpha=alpha)
                put(expected["entropy_layer"], at, plain.entropy(*others[layer], alpha=alpha))
                put(expected["joint_entropy"], {**at, "about": 0}, joint)
                value = plain.information(others[layer], own["output"], alpha=alpha)
                put(expected["mutual_information"], {**at, "about": 0}, value)
            for index, (first, second) in enumerate(PAIRS):
                at = {**place, "pair": index, "control": control}
                put(expected["joint_entropy_pair"], at, plain.entropy(*own[first], *others[second], alpha=alpha))
                value = plain.information(own[first], others[second], alpha=alpha)
                put(expected["mutual_information_pair"], at, value)
    agree(found, expected, rtol=1e-12, atol=1e-9)


def test_input_and_output_know_of_each_other_what_the_information_of_the_output_says(
    paired, estimator, measured, tmp_path
):
    """I(X; X′) is I(X; T) of the output, and S(T) and S(X) are those of the layers, with smoothed widths too."""
    rule = {"rule": "alignment", "candidates": 5, "least": 0.1, "reach": 2.0, "smoothing": 0.5}
    settings, (tree, _) = estimator(bandwidth=rule, joint="tensor"), paired()
    found, control = measured(tree, settings), CONTROLS[:1]
    other = information(tree, settings, control=control, work=tmp_path / "other", code="c").squeeze("estimator", True)
    pair = found["mutual_information_pair"].sel(pair="input, output", control=["none", *control])
    expected = other["mutual_information_input_layer"].sel(layer="output")
    np.testing.assert_allclose(pair, expected.transpose(*pair.dims), rtol=1e-12, atol=1e-9)
    for name in ("entropy_input", "entropy_layer"):
        values = found[name].sel(control=["none", *control]) if "control" in found[name].dims else found[name]
        np.testing.assert_allclose(values, other[name], rtol=1e-12, atol=1e-9)


def test_what_has_been_measured_is_not_measured_again(paired, estimator, measured, monkeypatch):
    tree, _ = paired()
    first = measured(tree.isel(epoch=[0]), estimator())
    looked = []
    monkeypatch.setattr(
        module, "_measure", lambda view, *_, kept=module._measure: looked.append(view) or kept(view, *_)
    )
    second = measured(tree, estimator())
    assert [view.epoch for view in looked] == [0.5, 0.5]
    np.testing.assert_array_equal(second["mutual_information_pair"].isel(epoch=[0]), first["mutual_information_pair"])
    tree["conv1"].attrs["counterpart"] = "conv2"
    measured(tree, estimator())
    assert len(looked) == 2 + 4


def test_dimensions_are_those_of_the_data_model(paired, estimator, measured):
    found = measured(paired(seeds=(4,), epochs=(0.5,))[0], estimator())
    assert {name: values.dims for name, values in found.data_vars.items()} == {
        name: tuple(dim for dim in variable.dims if dim != "estimator")
        for name, variable in ARTIFACTS["layer_pairs"].groups["/"].items()
    }


def test_a_diverged_network_is_nan(paired, estimator, measured):
    found = measured(paired(nan={(1, 1)})[0], estimator(), control=[])
    for values in found.data_vars.values():
        empty = np.isnan(values.transpose("seed", "epoch", ...).values).reshape(2, 2, -1)
        np.testing.assert_array_equal(empty.all(-1), [[False] * 2, [False, True]])
        np.testing.assert_array_equal(empty.any(-1), [[False] * 2, [False, True]])


def test_a_store_without_symmetric_layers_has_no_pairs_and_nothing_of_its_layers(activations, estimator, tmp_path):
    found = layer_pairs(activations(), estimator(), control=[], work=tmp_path / "work", code="c")
    assert found.sizes["pair"] == 0
    assert all(np.isnan(values).all() for values in found.data_vars.values())
    store.write(tmp_path / "none.zarr", "layer_pairs", found, provenance={})
    assert store.load(tmp_path / "none.zarr", "layer_pairs").dataset.sizes["layer"] == 4
