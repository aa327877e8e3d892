"""Widths of kernels by the rules of an experiment: each by its definition, and those that follow a network."""

import numpy as np
import pytest

from infoplane.analysis.decomposition import decomposition
from infoplane.analysis.information import information
from infoplane.errors import ConfigError

GRID = {"candidates": 21, "least": 0.1, "reach": 3.0}
ALIGNMENT = {"rule": "alignment", **GRID, "smoothing": 0.0}
SMOOTHED = {**ALIGNMENT, "smoothing": 0.9}
EPOCHS = (0.0, 0.5, 1.0)


@pytest.fixture
def measured(tmp_path):
    def run(tree, settings, *, work="work", measure=information):
        found = measure(tree, settings, control=[], work=tmp_path / work, code="c")
        return found.squeeze(["estimator", "control"], drop=True)

    return run


@pytest.fixture
def best(plain):
    """The width of a grid that is best aligned with the labels, by trying all of them."""

    def search(values, targets, *, candidates, least, reach, **_):
        squared, labels = plain.squared(values.reshape(len(values), -1)), plain.indicator(targets)
        grid = np.linspace(least, reach * np.sqrt(squared).mean(), candidates)
        kernels = [np.exp(-squared / (2 * width**2)) for width in grid]
        return grid[np.argmax([(kernel * labels).sum() / np.linalg.norm(kernel) for kernel in kernels])]

    return search


def layer(tree, name, *, seed, epoch, batch):
    return tree[name].dataset["activation"].values[seed, epoch, batch]


def test_a_fixed_width(activations, estimator, measured):
    found = measured(activations(), estimator(bandwidth={"rule": "fixed", "width": 8.0}))
    assert (found["bandwidth"] == 8).all()
    assert (found["bandwidth_input"] == 8).all()


TAPIA = {"rule": "tapia_estevez", "scale": 2.0}


def test_tapia_and_estevez_by_its_definition(activations, estimator, measured, plain):
    """σ = γ √d n^(−1/(4+d)) on features of mean 0 and standard deviation 1, for a layer and for the input."""
    tree = activations(epochs=(0.0,))
    found = measured(tree, estimator(joint="tensor", alpha=2.0, bandwidth=TAPIA)).isel(seed=0, epoch=0, split=0)
    inputs = tree.dataset["input"].values[0]
    for values, entropy, width in (
        (layer(tree, "fc1", seed=0, epoch=0, batch=0), found["entropy_layer"].sel(layer="fc1"), found["bandwidth"]),
        (inputs, found["entropy_input"], found["bandwidth_input"]),
    ):
        flat = values.reshape(len(values), -1).astype(float)
        standard = (flat - flat.mean(0)) / flat.std(0)
        n, d = standard.shape
        sigma = 2 * np.sqrt(d) * n ** (-1 / (4 + d))
        own = width.sel(layer="fc1") if "layer" in width.dims else width
        np.testing.assert_allclose(own.isel(probe_batch=0), sigma, rtol=1e-12)
        gram = np.exp(-plain.squared(standard) / (2 * sigma**2)) / n
        np.testing.assert_allclose(entropy.isel(probe_batch=0), -np.log2((gram**2).sum()), rtol=1e-6)


def test_tapia_and_estevez_do_not_depend_on_the_scale_of_a_feature(activations, estimator, measured, agree):
    tree, scaled = (activations(epochs=(0.0,)) for _ in range(2))
    values = scaled["fc1"].dataset["activation"]
    factors = 10.0 ** np.arange(values.shape[-1])
    scaled["fc1"] = scaled["fc1"].dataset.assign(activation=values.astype("f8") * factors + 3)
    settings = estimator(bandwidth=TAPIA)
    one, other = measured(tree, settings), measured(scaled, settings, work="scaled")
    agree(one[["entropy_layer"]], other[["entropy_layer"]], rtol=0, atol=1e-6)


def test_tapia_and_estevez_need_the_activations(activations, estimator, measured):
    message = r"layer 'conv1' was stored as distances, .*'tapia_estevez' needs .*; accepted: store raw, or another rule"
    with pytest.raises(ConfigError, match=message):
        measured(activations(kind="distances"), estimator(bandwidth=TAPIA))


def test_the_median_of_a_layer_as_one_variable(activations, estimator, measured):
    found = measured(activations(), estimator(joint="tensor", bandwidth={"rule": "median", "scale": 0.5}))
    np.testing.assert_allclose(found["bandwidth"], 0.5 * found["median_distance"], rtol=1e-12)


def test_inputs_have_a_rule_of_their_own(activations, estimator, measured, agree):
    tree, wide = activations(), {"rule": "fixed", "width": 8.0}
    found, same = measured(tree, estimator(input_bandwidth=wide)), measured(tree, estimator(), work="same")
    assert (found["bandwidth_input"] == 8).all()
    left = ["bandwidth", "entropy_layer", "joint_entropy_layer_target"]
    agree(found[left], same[left], rtol=0, atol=0)
    assert not np.allclose(found["entropy_input"], same["entropy_input"])


@pytest.mark.parametrize("what", ["error_bandwidth", "label_kernel"])
def test_other_kernels_take_a_width_too(activations, estimator, measured, what):
    tree, rule = activations(epochs=(0.0,)), {"rule": "fixed", "width": 1e-6}
    settings = estimator(**{what: rule})
    if what == "label_kernel":  # so narrow, it tells labels apart and nothing more
        equal = measured(tree, estimator(), work="indicator")["entropy_target"]
        np.testing.assert_allclose(measured(tree, settings)["entropy_target"], equal, atol=1e-9)
    else:
        from infoplane.analysis.error_chain import error_chain

        assert (measured(tree, settings, measure=error_chain)["error_bandwidth"] == 1e-6).all()


def test_the_best_aligned_of_a_grid(activations, estimator, measured, best, cells):
    tree = activations()
    found = measured(tree, estimator(joint="tensor", bandwidth=ALIGNMENT))
    for stored, place in cells(tree):
        where = {"seed": stored["seed"], "epoch": stored["epoch"], "batch": stored["probe_batch"]}
        targets = tree.dataset["target"].values[stored["probe_batch"]]
        inputs = tree.dataset["input"].values[stored["probe_batch"]]
        assert found["bandwidth_input"].isel(place).item() == pytest.approx(best(inputs, targets, **GRID), rel=1e-9)
        for name in ("conv1", "output"):
            expected = best(layer(tree, name, **where), targets, **GRID)
            assert found["bandwidth"].isel(place).sel(layer=name).item() == pytest.approx(expected, rel=1e-9)


def test_a_width_for_each_feature_map(activations, estimator, measured, best, plain):
    tree = activations(epochs=(0.0,))
    found = measured(tree, estimator(bandwidth=ALIGNMENT)).isel(seed=1, epoch=0, split=1, probe_batch=0)
    maps = np.moveaxis(layer(tree, "conv1", seed=1, epoch=0, batch=2), 1, 0)
    targets = tree.dataset["target"].values[2]
    widths = [best(each, targets, **GRID) for each in maps]
    grams = [
        np.exp(-plain.squared(each.reshape(12, -1)) / (2 * width**2)) / 12
        for each, width in zip(maps, widths, strict=True)
    ]
    cell = found.sel(layer="conv1")
    assert cell["bandwidth"].item() == pytest.approx(sorted(widths)[1], rel=1e-9)
    assert cell["entropy_layer"].item() == pytest.approx(plain.entropy(*grams, alpha=1.01), abs=1e-9)


def test_a_smoothed_width_is_the_average_of_those_before(activations, estimator, measured):
    tree, settings = activations(epochs=EPOCHS), {"joint": "tensor", "input_bandwidth": {"rule": "fixed", "width": 2.0}}
    alone = measured(tree, estimator(bandwidth=ALIGNMENT, **settings), work="alone")["bandwidth"]
    found = measured(tree, estimator(bandwidth=SMOOTHED, **settings))
    first, second, third = (alone.isel(epoch=place) for place in range(3))
    steps = np.diff(tree["step"].values).tolist()
    assert max(steps) > 1
    early, late = (0.9**step for step in steps)
    average = early * first + (1 - early) * second
    for place, expected in enumerate((first, average, late * average + (1 - late) * third)):
        np.testing.assert_allclose(found["bandwidth"].isel(epoch=place), expected, rtol=1e-12)
    assert (found["bandwidth_input"] == 2).all()
    assert not np.allclose(first, average)


def test_entropies_are_those_of_the_smoothed_width(activations, estimator, measured, agree):
    """Of one network on one probe batch: its last epoch is measured as a fixed width of that size would be."""
    tree = activations(seeds=(4,), epochs=EPOCHS, splits=("train",)).isel(probe_batch=[0])
    smoothed = measured(tree, estimator(joint="tensor", bandwidth=SMOOTHED)).isel(epoch=2)
    for name in ("fc1", "output"):
        width = float(smoothed["bandwidth"].sel(layer=name).squeeze())
        rules = {"bandwidth": {"rule": "fixed", "width": width}, "input_bandwidth": SMOOTHED}
        fixed = measured(tree, estimator(joint="tensor", **rules), work=f"fixed {name}").isel(epoch=2)
        agree(smoothed.sel(layer=name), fixed.sel(layer=name), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("measure", [information, decomposition])
def test_later_epochs_leave_what_was_measured(activations, estimator, measured, tmp_path, measure):
    settings = estimator(bandwidth=SMOOTHED)
    short = measured(activations("short", epochs=EPOCHS[:2]), settings, measure=measure)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "work").rglob("*.npz")}
    assert len(kept) == 2 * 2 * 2  # widths and measurements, seeds, epochs
    whole = measured(activations("whole", epochs=EPOCHS), settings, measure=measure)
    for name, values in short.items():
        np.testing.assert_array_equal(values, whole[name].isel(epoch=slice(2)))
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_a_diverged_network_keeps_the_widths_before(activations, estimator, measured):
    settings = estimator(bandwidth=SMOOTHED)
    whole = measured(activations("whole", epochs=EPOCHS), settings, work="whole")["bandwidth"]
    holes = measured(activations("holes", epochs=EPOCHS, nan=((0, 1), (0, 2), (1, 0), (1, 1), (1, 2))), settings)
    first, second = (holes["bandwidth"].isel(seed=place) for place in (0, 1))
    np.testing.assert_array_equal(first.isel(epoch=0), whole.isel(seed=0, epoch=0))
    assert np.isnan(first.isel(epoch=slice(1, None))).all()
    assert np.isnan(second).all()


def test_activations_and_distances_give_the_same_widths(activations, estimator, measured, agree):
    settings = estimator(bandwidth=SMOOTHED)
    trees = [activations(kind, kind=kind, epochs=EPOCHS) for kind in ("raw", "distances")]
    raw, distances = (measured(tree, settings, work=f"{place}") for place, tree in enumerate(trees))
    agree(raw, distances, rtol=1e-9, atol=1e-9)
