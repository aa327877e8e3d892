"""A seed whose loss is not finite is masked from there on, and nothing else changes.

The networks burn a fuse: a cubic term that is 0 for ever in most seeds, and in some grows within a few updates until
its square is no number any more.
"""

import logging

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from infoplane.training import run
from infoplane.training.batches import Batches

EVERY_UPDATE = tuple(step / 4 for step in range(13))
ENSEMBLE = pytest.mark.parametrize("ensemble", [False, True])
STATISTICS = ("loss", "accuracy", "gradient_mean_norm", "gradient_std_norm", "weight_norm")


@pytest.fixture
def fused(recipe):
    """A recipe with networks in which some seeds burn."""

    def make(burning, **changes):
        model = {"factory": "fused", "burning": list(burning)}
        return recipe(model, **{"epochs": EVERY_UPDATE, "momentum": 0.0, **changes})

    return make


def first_bad_update(recipe, data, seed):
    """The update before which the loss on its mini-batch is not finite, in a plain loop."""
    network = run._network(recipe, (1, 6, 6), 3, seed)
    inputs, targets = map(torch.from_numpy, data["train"])
    batches = Batches(inputs, targets, np.arange(60)[None], (seed,), size=16)
    for step in range(12):
        some, wanted = batches.at(step)
        loss = cross_entropy(network(some[0]), wanted[0])
        if not torch.isfinite(loss):
            return step
        gradients = torch.autograd.grad(loss, list(network.parameters()))
        with torch.no_grad():
            for value, gradient in zip(network.parameters(), gradients, strict=True):
                value -= 0.1 * gradient
    raise AssertionError("the fuse did not burn")


class TestOneOfTwo:
    @ENSEMBLE
    def test_it_is_masked_from_the_epoch_on_that_the_warning_names(self, fused, train, data, caplog, ensemble):
        with caplog.at_level(logging.WARNING):
            found = train(fused([1], ensemble=ensemble)).record
        bad = first_bad_update(fused([1]), data, 1)
        assert 1 < bad < 12
        assert caplog.messages == [f"seed 1: the loss is not finite at epoch {bad / 4:.6g}; masked from there on"]
        np.testing.assert_array_equal(found.arrays["diverged_epoch"], [np.nan, bad / 4])
        for name in STATISTICS:
            masked = np.isnan(found.arrays[name]).reshape(2, len(EVERY_UPDATE), -1)
            assert not masked[0].any(), name
            assert not masked[1, :bad].any(), name
            assert masked[1, bad:].all(), name

    @ENSEMBLE
    def test_the_other_goes_on_with_the_same_bits(self, fused, train, ensemble):
        beside, undisturbed = train(fused([1], ensemble=ensemble), "a"), train(fused([], ensemble=ensemble), "b")
        for name in (*STATISTICS, "train_index", "diverged_epoch"):
            assert beside.record.arrays[name][0].tobytes() == undisturbed.record.arrays[name][0].tobytes()
        folder = "seeds-0-to-1" if ensemble else "seed-0"
        for step in range(13):
            one, other = (each.weights(step, folder=folder) for each in (beside, undisturbed))
            assert all(torch.equal(one[name][0], other[name][0]) for name in one)

    @ENSEMBLE
    def test_between_checkpoints_it_is_the_update_that_counts(self, fused, train, data, ensemble):
        """The statistics are masked from the next checkpoint on."""
        bad = first_bad_update(fused([1]), data, 1) / 4
        found = train(fused([1], ensemble=ensemble, epochs=(0, 0.25, 3))).record
        assert found.arrays["diverged_epoch"][1] == bad
        np.testing.assert_array_equal(np.isnan(found.arrays["loss"][:, :, 0]), [[False] * 3, [False, False, True]])

    @ENSEMBLE
    @pytest.mark.parametrize("updates", [2, 7, 11])
    def test_it_is_remembered_when_training_is_resumed(
        self, fused, train, interrupt, monkeypatch, caplog, ensemble, updates
    ):
        """And said once: a resumed job does not say again what its predecessor said before its last state."""
        monkeypatch.setattr(run, "_SECONDS_BETWEEN_STATES", -1)
        made = fused([0], ensemble=ensemble, epochs=(0, 1, 2, 3))
        undisturbed = train(made, "undisturbed").fingerprint()
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            interrupt(made, "interrupted", updates)
            assert train(made, "interrupted").fingerprint() == undisturbed
        assert [message.partition(" at epoch")[0] for message in caplog.messages] == ["seed 0: the loss is not finite"]


class TestAllAtOnce:
    @ENSEMBLE
    def test_training_ends_there_and_the_record_is_whole(self, fused, train, steps, data, ensemble):
        made = fused([0, 1], ensemble=ensemble)
        found = train(made)
        bad = [first_bad_update(made, data, seed) for seed in (0, 1)]
        np.testing.assert_array_equal(found.record.arrays["diverged_epoch"], np.array(bad) / 4)
        assert steps.count < 24 if not ensemble else steps.count < 12
        for place, step in enumerate(bad):
            np.testing.assert_array_equal(
                np.isnan(found.record.arrays["loss"][place, :, 0]), np.arange(len(EVERY_UPDATE)) >= step
            )
        assert train(made).fingerprint() == found.fingerprint()

    @ENSEMBLE
    def test_a_longer_run_remains_so(self, fused, train, ensemble):
        made = fused([0, 1], ensemble=ensemble)
        at_once = train(made, "at-once").fingerprint()
        train(fused([0, 1], ensemble=ensemble, epochs=EVERY_UPDATE[:9]), "extended")
        assert train(made, "extended").fingerprint() == at_once


@ENSEMBLE
def test_a_network_that_is_broken_from_the_start(recipe, train, caplog, ensemble):
    """Epoch 0 is masked too."""
    with caplog.at_level(logging.WARNING):
        found = train(recipe({"factory": "broken", "seeds": [1]}, ensemble=ensemble)).record
    assert caplog.messages == ["seed 1: the loss is not finite at epoch 0; masked from there on"]
    np.testing.assert_array_equal(found.arrays["diverged_epoch"], [np.nan, 0])
    for name in STATISTICS:
        assert np.isnan(found.arrays[name][1]).all()
        assert np.isfinite(found.arrays[name][0]).all()


def test_a_learning_rate_that_is_far_too_large(recipe, train):
    """LeNet with weights drawn 1e4 times too large: nothing needs to be crafted for it."""
    made = recipe(init={"scheme": "kaiming_normal", "gain": 1e4}, learning_rate=1e6, seeds=(0,))
    found = train(made).record
    assert 0 < found.arrays["diverged_epoch"][0] < 3
    assert np.isfinite(found.arrays["loss"][0, 0]).all()
    assert np.isnan(found.arrays["loss"][0, -1]).all()
