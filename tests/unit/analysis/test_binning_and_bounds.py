"""Layers as functions of their input: binned, and with noise, cell by cell against independent counts and sums."""

from collections import Counter

import numpy as np
import pytest

from infoplane.analysis.information import information

CONTROLS = ["shuffled_samples", "permuted_labels"]
FIXED = {"rule": "fixed", "count": 7, "low": -1.0, "high": 1.0}
EDGES = {
    "fixed": FIXED,
    "equal_width": {"rule": "equal_width", "bins": 6, "low": -1.0, "high": 1.0},
    "range": {"rule": "range", "bins": 4},
    "equal_count": {"rule": "equal_count", "bins": 3},
}


@pytest.fixture
def measured(tmp_path):
    def run(tree, settings, control=()):
        settings = {"read": "activation", **settings, "name": settings["kind"]}
        return information(tree, settings, control=list(control), work=tmp_path / "work", code="c")

    return run


def bits(*symbols):
    """Shannon entropy of the joint frequencies of sequences of symbols."""
    counts = np.array(list(Counter(zip(*symbols, strict=True)).values()))
    return -(counts / counts.sum() * np.log2(counts / counts.sum())).sum()


def states(values, edges):
    """The tuple of bins of every sample."""
    return [tuple(np.searchsorted(edges, row, side="right")) for row in values.reshape(len(values), -1)]


def inner_edges(rule, values, whole):
    """Edges for the values of one probe batch, of a layer that takes the values `whole` over all epochs."""
    match rule:
        case "fixed":
            return np.linspace(-1, 1, 7)
        case "equal_width":
            return np.linspace(-1, 1, 7)[1:-1]
        case "range":
            return np.linspace(whole.min(), whole.max(), 5)[1:-1]
        case "equal_count":
            ordered = np.sort(values.ravel())
            return ordered[[len(ordered) // 3, 2 * len(ordered) // 3]]


@pytest.mark.parametrize("rule", EDGES)
def test_binning_against_counts(activations, measured, cells, take, shuffle, permute, rule):
    """The bins of a layer under every control, of two networks at two epochs."""
    tree = activations(epochs=(0.0, 0.5))
    found = measured(tree, {"kind": "binning", "edges": EDGES[rule]}, CONTROLS).squeeze("estimator")
    for stored, place in cells(tree):
        drawn = {"batch": stored["probe_batch"], "batches": tree.sizes["probe_batch"]}
        seed = int(tree["seed"].values[stored["seed"]])
        targets = take(tree.dataset["target"], stored)
        wrong = permute(targets, seed=seed, **drawn)
        here = found.isel(place)
        assert here["entropy_input"].item() == pytest.approx(np.log2(12))
        assert here["entropy_target"].item() == pytest.approx(bits(targets))
        for depth, layer in enumerate(found["layer"].values, start=1):
            whole = tree[layer].dataset["activation"].isel(seed=stored["seed"]).values
            values = take(tree[layer].dataset["activation"], stored)
            maps = list(np.moveaxis(values, 1, 0)) if layer.startswith("conv") else [values]
            mixed = np.stack(shuffle(maps, seed=seed, depth=depth, **drawn), axis=1)
            mixed = mixed if layer.startswith("conv") else mixed[:, 0]
            for control, (some, target) in zip(
                ["none", *CONTROLS], ((values, targets), (mixed, targets), (values, wrong)), strict=True
            ):
                own = states(some, inner_edges(rule, some, whole))
                cell = here.sel(layer=layer, control=control)
                joint = bits(own, target)
                about_target = bits(own) + bits(target) - joint
                assert cell["mutual_information_layer_target"].item() == pytest.approx(about_target, abs=1e-12)
                assert cell["joint_entropy_layer_target"].item() == pytest.approx(joint, abs=1e-12)
                of_layer = {"entropy_layer": bits(own), "mutual_information_input_layer": bits(own)}
                for name, value in {**of_layer, "joint_entropy_input_layer": np.log2(12)}.items():
                    wanted = np.nan if control == "permuted_labels" else value
                    assert cell[name].item() == pytest.approx(wanted, abs=1e-12, nan_ok=True)


def test_net_inputs_are_binned_where_they_are_asked_for(activations, measured):
    tree = activations(epochs=(0.5,))
    for layer in ("conv1", "conv2", "fc1", "output"):
        tree[layer]["preactivation"] = tree[layer]["activation"] * 0 + 3.0
        tree[layer]["preactivation"].values[..., 0, :2] *= -1
    settings = {"kind": "binning", "edges": {"rule": "range", "bins": 2}}
    found = measured(tree, {**settings, "read": "preactivation"}).sel(layer="output")
    values = tree["output"].dataset["preactivation"].values
    expected = bits(states(values[0, 0, 0], [0.0]))
    assert found["entropy_layer"].isel(seed=0, split=0, probe_batch=0).item() == pytest.approx(expected)
    assert float(found["entropy_layer"].max()) < float(measured(tree, settings)["entropy_layer"].min())


@pytest.mark.parametrize("size", [12, 7])
def test_bounds_against_sums(activations, measured, cells, take, size):
    """Both kinds of bounds written out, sample by sample; I(T; Y) is of two of one kind."""
    tree, variance = activations(epochs=(0.0,), splits=("test",)), 0.4
    settings = {"kind": "kde", "noise_variance": variance, **({"probe_size": size} if size < 12 else {})}
    found = measured(tree, settings)
    assert found["estimator"].values.tolist() == ["kde_upper", "kde_lower"]
    assert np.isnan(found["entropy_layer"]).all()

    def mixture(values, scale):
        squared = np.square(values[:, None] - values[None]).sum(-1)
        return -np.log2(np.exp(-squared / (scale * variance)).mean(1)).mean()

    for stored, place in cells(tree):
        targets = take(tree.dataset["target"], stored)[:size]
        here = found.isel(place)
        assert here["entropy_input"].values == pytest.approx([np.log2(size)] * 2)
        for layer in found["layer"].values:
            values = take(tree[layer].dataset["activation"], stored)[:size].reshape(size, -1).astype(float)
            whole = [mixture(values, scale) for scale in (2, 8)]
            given = [
                sum((targets == each).mean() * mixture(values[targets == each], scale) for each in np.unique(targets))
                for scale in (2, 8)
            ]
            cell = here.sel(layer=layer, control="none")
            assert cell["mutual_information_input_layer"].values == pytest.approx(whole, abs=1e-9)
            expected = [whole[0] - given[0], whole[1] - given[1]]
            assert cell["mutual_information_layer_target"].values == pytest.approx(expected, abs=1e-9)


def test_a_control_of_the_bounds(activations, measured):
    """Shuffled samples leave the bounds on I(X; T) of a layer without maps as they are; permuted labels say nothing."""
    found = measured(activations(epochs=(0.0,)), {"kind": "kde", "noise_variance": 0.1}, CONTROLS)
    of_input = found["mutual_information_input_layer"].sel(layer=["fc1", "output"])
    np.testing.assert_allclose(of_input.sel(control="shuffled_samples"), of_input.sel(control="none"), atol=1e-9)
    assert np.isnan(of_input.sel(control="permuted_labels")).all()
    about_target = found["mutual_information_layer_target"]
    for control in CONTROLS:
        assert abs(about_target.sel(control=control) - about_target.sel(control="none")).max() > 0.1


@pytest.mark.parametrize(
    "settings", [{"kind": "binning", "edges": EDGES["range"]}, {"kind": "kde", "noise_variance": 1.0}]
)
def test_a_network_that_diverged(activations, measured, settings):
    """It has no values, and its range is that of the epochs before."""
    found = measured(activations(nan={(0, 2), (1, 0), (1, 1), (1, 2)}), settings)["mutual_information_input_layer"]
    alone = measured(activations(seeds=(0,), epochs=(0.0, 0.5)), settings)["mutual_information_input_layer"]
    np.testing.assert_array_equal(found.isel(seed=0, epoch=[0, 1]), alone.isel(seed=0))
    assert np.isnan(found.isel(seed=0, epoch=2)).all()
    assert np.isnan(found.isel(seed=1)).all()
