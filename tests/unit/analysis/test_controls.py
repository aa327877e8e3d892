"""What results are held against: permutations that keep what they should and destroy the rest."""

import numpy as np
import pytest
import torch

from infoplane.analysis import controls
from infoplane.analysis.information import information
from infoplane.measures import gram, renyi


def maps(batches=2, channels=3, n=9):
    random = torch.Generator().manual_seed(0)
    values = torch.randn(batches, channels, n, 2, generator=random, dtype=torch.float64)
    return values, gram.gaussian(values, bandwidth=1.0, batch_dims=2)


class TestShuffled:
    def test_each_map_is_that_of_its_samples_in_another_order(self):
        values, grams = maps()
        found = controls.shuffled(grams, seed=3, depth=2)
        orders = np.random.default_rng([3, 21, 2]).permuted(np.tile(np.arange(9), (2, 3, 1)), axis=-1)
        assert len({tuple(order) for order in orders.reshape(-1, 9)}) == 6
        for batch, channel in np.ndindex(2, 3):
            expected = gram.gaussian(values[batch, channel][orders[batch, channel]], bandwidth=1.0)
            torch.testing.assert_close(found[batch, channel], expected, rtol=0, atol=1e-15)

    def test_each_map_keeps_its_entropy(self):
        _, grams = maps()
        found = controls.shuffled(grams, seed=0, depth=1)
        torch.testing.assert_close(renyi.entropy(found), renyi.entropy(grams), rtol=0, atol=1e-12)

    def test_a_map_that_knew_the_target_knows_nothing_of_it(self):
        """Of 300 samples in four classes of equal size: two bits before; by chance, 0.03 to be expected after."""
        targets = torch.arange(300) % 4
        known = gram.gaussian(20.0 * torch.nn.functional.one_hot(targets), bandwidth=1.0)
        wanted = gram.labels(targets)
        assert renyi.mutual_information(known, wanted).item() == pytest.approx(2, abs=1e-9)
        found = controls.shuffled(known[None, None], seed=0, depth=1)[0, 0]
        assert abs(renyi.mutual_information(found, wanted).item()) < 0.1

    def test_the_order_is_that_of_the_network_and_the_layer(self):
        _, grams = maps()
        orders = [controls.shuffled(grams, seed=seed, depth=depth) for seed, depth in ((0, 1), (0, 1), (0, 2), (1, 1))]
        assert torch.equal(orders[0], orders[1])
        assert not any(torch.equal(orders[0], other) for other in orders[2:])


class TestPermuted:
    def test_the_labels_of_a_probe_batch_stay_its_own(self):
        targets = torch.arange(24).reshape(3, 8)
        found = controls.permuted(targets, seed=1)
        assert not torch.equal(found, targets)
        assert torch.equal(found.sort(dim=1).values, targets)
        assert len({tuple((row - row.min()).tolist()) for row in found}) == 3

    def test_the_order_is_that_of_the_network(self):
        targets = torch.arange(24).reshape(3, 8)
        one, again, other = (controls.permuted(targets, seed=seed) for seed in (1, 1, 2))
        assert torch.equal(one, again)
        assert not torch.equal(one, other)


class TestInAStore:
    @pytest.fixture
    def found(self, activations, estimator, tmp_path):
        """Clusters of inputs, one per class, that two layers tell apart."""
        tree = activations(epochs=(0.0,), seeds=(0,)).load()
        classes = 5 * np.eye(4)[tree.dataset["target"].values]
        tree.dataset["input"].values[:, :, 0, 0, :4] = classes
        tree["fc1"]["activation"].values[0, 0, ..., :4] = classes
        tree["output"]["activation"].values[0, 0] = classes
        control = ["shuffled_samples", "permuted_labels"]
        return information(tree, estimator(), control=control, work=tmp_path, code="").squeeze("estimator", drop=True)

    def test_shuffling_keeps_the_entropy_of_layers_of_one_map(self, found):
        entropy = found["entropy_layer"].sel(layer=["conv2", "fc1", "output"])
        kept, shuffled = (entropy.sel(control=control) for control in ("none", "shuffled_samples"))
        np.testing.assert_allclose(shuffled, kept, rtol=0, atol=1e-12)

    def test_shuffling_changes_the_joint_entropy_of_maps(self, found):
        entropy = found["entropy_layer"].sel(layer="conv1")
        assert (abs(entropy.sel(control="shuffled_samples") - entropy.sel(control="none")) > 1e-6).all()

    @pytest.mark.parametrize("layer", ["fc1", "output"])
    @pytest.mark.parametrize("about", ["input_layer", "layer_target"])
    def test_shuffling_destroys_what_a_layer_knows(self, found, layer, about):
        knows = found[f"mutual_information_{about}"].sel(layer=layer)
        assert (knows.sel(control="shuffled_samples") < knows.sel(control="none") - 0.1).all()

    def test_permuting_destroys_what_a_layer_knows_of_the_labels(self, found):
        about_target = found["mutual_information_layer_target"].sel(layer="output")
        assert (about_target.sel(control="permuted_labels") < about_target.sel(control="none") - 0.1).all()

    def test_what_a_control_leaves_as_it_is_is_nan(self, found):
        permuted = found.sel(control="permuted_labels")
        for name in ("entropy_layer", "joint_entropy_input_layer", "mutual_information_input_layer"):
            assert np.isnan(permuted[name]).all()
        for name in ("joint_entropy_layer_target", "mutual_information_layer_target"):
            assert np.isfinite(permuted[name]).all()
        for name in ("none", "shuffled_samples"):
            assert all(np.isfinite(values).all() for values in found.sel(control=name).data_vars.values())

    def test_without_controls_there_are_the_networks_alone(self, activations, estimator, tmp_path):
        tree = activations(epochs=(0.0,), seeds=(0,))
        alone = information(tree, estimator(), control=[], work=tmp_path / "a", code="")
        beside = information(tree, estimator(), control=["permuted_labels"], work=tmp_path / "b", code="")
        assert alone["control"].values.tolist() == ["none"]
        for name, values in alone.data_vars.items():
            expected = beside[name].sel(control=["none"]) if "control" in values.dims else beside[name]
            np.testing.assert_array_equal(values, expected)
