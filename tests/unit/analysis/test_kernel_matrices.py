"""Kernel matrices that are kept: those that entropies are made of, in the order of the classes."""

import numpy as np
import pytest

from infoplane.analysis.information import information
from infoplane.analysis.kernel_matrices import kernel_matrices

EPOCHS = (0.0, 0.5, 1.0)


@pytest.fixture
def measured(tmp_path):
    def run(tree, settings, measure=kernel_matrices):
        return measure(tree, settings, control=[], work=tmp_path / measure.__name__, code="c").isel(estimator=0)

    return run


def test_only_the_first_and_the_last_epoch_are_kept(activations, estimator, measured):
    found = measured(activations(epochs=EPOCHS), estimator())
    assert found["epoch"].values.tolist() == [0, 1]
    assert found["kernel"].dims == ("seed", "split", "epoch", "layer", "probe_batch", "sample", "other_sample")
    assert found["layer"].values.tolist() == ["conv1", "conv2", "fc1", "output"]


def test_samples_are_in_the_order_of_their_classes(activations, estimator, measured, plain, cells):
    """And among those of a class in that of the probe; the kernel is 1 of a sample with itself."""
    tree = activations(epochs=EPOCHS).isel(epoch=[0, 2])
    found = measured(tree, estimator(joint="tensor"))
    for stored, place in cells(tree):
        targets = tree.dataset["target"].values[stored["probe_batch"]]
        order = np.argsort(targets, kind="stable")
        cell = found.isel(place)
        np.testing.assert_array_equal(cell["sample_class"], targets[order])
        values = tree["fc1"].dataset["activation"].values[stored["seed"], stored["epoch"], stored["probe_batch"]]
        expected = 12 * plain.gaussian(values[order], 3.0)
        np.testing.assert_allclose(cell["kernel"].sel(layer="fc1"), expected, atol=1e-12)


@pytest.mark.parametrize("joint", ["multivariate", "tensor"])
def test_entropies_are_those_of_the_matrices(activations, estimator, measured, plain, joint):
    tree, settings = activations(epochs=(0.0,), seeds=(0,)), estimator(joint=joint)
    entropies = measured(tree, settings, information)["entropy_layer"].isel(control=0)
    found = measured(tree, settings)["kernel"]
    for layer in ("conv1", "output"):
        own = found.sel(layer=layer).isel(seed=0, split=1, epoch=0, probe_batch=1)
        expected = entropies.sel(layer=layer).isel(seed=0, split=1, epoch=0, probe_batch=1).item()
        assert plain.entropy(own.values / 12, alpha=1.01) == pytest.approx(expected, abs=1e-9)


def test_fewer_samples_and_diverged_networks(activations, estimator, measured):
    found = measured(activations(epochs=EPOCHS, nan=((1, 2),)), estimator(probe_size=8))
    assert found.sizes["sample"] == found.sizes["other_sample"] == 8
    kernel = found["kernel"].transpose("seed", "epoch", ...)
    assert np.isnan(kernel[1, 1]).all()
    assert np.isfinite(kernel[0]).all()
    assert np.isfinite(kernel[1, 0]).all()
