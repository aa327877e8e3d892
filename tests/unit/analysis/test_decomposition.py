"""The decomposition of a store, cell by cell against the definitions."""

import numpy as np
import pytest

from infoplane.analysis.decomposition import decomposition
from infoplane.schema import ARTIFACTS

CONTROLS = ["shuffled_samples", "permuted_labels"]
VARIABLES = ARTIFACTS["decomposition"].groups["/"]


@pytest.fixture
def measured(tmp_path):
    def run(tree, settings, control=CONTROLS):
        found = decomposition(tree, settings, control=control, work=tmp_path / "work", code="c")
        return found.squeeze("estimator", drop=True)

    return run


@pytest.mark.parametrize(
    ("changes", "options"),
    [
        ({}, {"stored": True}),
        ({"alpha": 2}, {}),
        ({"probe_size": 8, "label_kernel": {"rule": "silverman", "scale": 1.0}}, {"own": True}),
        ({}, {"kind": "distances", "stored": True}),
        # so wide that the kernels are flat: every pair has less than 1e-6 bits
        ({"bandwidth": {"rule": "silverman", "scale": 1e5}}, {"splits": ("train",)}),
    ],
    ids=str,
)
def test_against_the_definitions(
    both, estimator, measured, plain, cells, take, put, blank, agree, shuffle, permute, changes, options
):
    settings, (tree, raw) = estimator(**changes), both(**options)
    found, alpha, n = measured(tree, settings), settings["alpha"], settings.get("probe_size", 12)
    scale, kernel, expected = settings["bandwidth"]["scale"], settings["label_kernel"], blank(found)

    for stored, place in cells(tree):
        seed = int(raw["seed"].values[stored["seed"]])
        inputs, targets = (take(raw.dataset[name], stored)[:n] for name in ("input", "target"))
        drawn = {"batch": stored["probe_batch"], "batches": raw.sizes["probe_batch"], "seed": seed}
        x, y = plain.gaussian(inputs, scale), plain.labels(targets, kernel)
        wrong = plain.labels(permute(targets, **drawn), kernel)
        for index, layer in enumerate(["conv1", "conv2"]):
            maps = list(np.moveaxis(take(raw[layer].dataset["activation"], stored)[:n], 1, 0))
            shuffled = shuffle(maps, depth=index + 1, **drawn)
            # control, feature maps, about, target; permuted labels change nothing about the input
            for control, some, about, target in [
                (0, maps, 0, x),
                (0, maps, 1, y),
                (1, shuffled, 0, x),
                (1, shuffled, 1, y),
                (2, maps, 1, wrong),
            ]:
                values = plain.decomposition([plain.gaussian(each, scale) for each in some], target, alpha=alpha)
                here = {**place, "layer": index, "control": control, "about": about}
                for name, value in zip(VARIABLES, values, strict=True):
                    put(expected[name], here, value)
    agree(found, expected, rtol=1e-7, atol=1e-8)


def test_percentages_sum_to_a_hundred(activations, estimator, measured):
    """WNI_ij = I_ij − RST_ij for every pair; a single map has no pair."""
    found = measured(activations(seeds=(4,), epochs=(0.5,)), estimator())
    total = sum(found[f"{name}_percent"] for name in list(VARIABLES)[1:3])
    counted = total.sel(layer="conv1", control=["none", "shuffled_samples"])
    np.testing.assert_allclose(counted, 100, rtol=0, atol=1e-9)
    assert np.isnan(total.sel(layer="conv2")).all()


def test_dimensions_and_layers(activations, estimator, measured):
    """The convolutions alone."""
    found = measured(activations(seeds=(4,), epochs=(0.5,)), estimator())
    assert {name: values.dims for name, values in found.data_vars.items()} == {
        name: tuple(dim for dim in variable.dims if dim != "estimator") for name, variable in VARIABLES.items()
    }
    assert found["layer"].values.tolist() == ["conv1", "conv2"]
    assert found["channels"].values.tolist() == [3, 1]
    assert found["about"].values.tolist() == ["input", "target"]


def test_the_joint_information_is_that_of_the_layer(activations, estimator, measured, tmp_path):
    """The multivariate mutual information is I(X; T) and I(T; Y) of the information store."""
    from infoplane.analysis.information import information

    tree = activations(seeds=(4,), epochs=(0.5,))
    found = measured(tree, estimator())["multivariate_mutual_information"]
    whole = (
        information(tree, estimator(), control=CONTROLS, work=tmp_path / "other", code="c")
        .squeeze("estimator")
        .sel(layer=["conv1", "conv2"])
    )
    for about, name in (("input", "mutual_information_input_layer"), ("target", "mutual_information_layer_target")):
        np.testing.assert_allclose(found.sel(about=about), whole[name], rtol=0, atol=1e-10)


def test_a_diverged_network_is_nan(activations, estimator, measured):
    found = measured(activations(nan={(0, 1)}), estimator(), control=[]).sel(layer=["conv1"])
    for values in found.data_vars.values():
        empty = np.isnan(values.transpose("seed", "epoch", ...).values).reshape(2, 3, -1)
        np.testing.assert_array_equal(empty.all(-1), [[False, True, False], [False] * 3])
        np.testing.assert_array_equal(empty.any(-1), [[False, True, False], [False] * 3])
