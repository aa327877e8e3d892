"""Which samples a network sees when."""

import numpy as np
import pytest
import torch

from infoplane.training.batches import Batches

SAMPLES = 23


def batches(seeds=(3, 7), size=5, indices=None):
    """Batches of samples whose input is their index, and whose target is its double."""
    every = torch.arange(SAMPLES)
    own = np.tile(np.arange(SAMPLES), (len(seeds), 1)) if indices is None else indices
    return Batches(every[:, None].double(), 2 * every, own, seeds, size=size)


def epoch(made, number):
    """Inputs of each network over an epoch, (S, m)."""
    steps = range(number * made.per_epoch, (number + 1) * made.per_epoch)
    return torch.cat([made.at(step)[0][..., 0] for step in steps], dim=1).numpy().astype(int)


class TestAt:
    @pytest.mark.parametrize("size", [1, 5, 23, 100])
    def test_an_epoch_visits_every_sample_once(self, size):
        made = batches(size=size)
        for number in range(3):
            for row in epoch(made, number):
                assert sorted(row) == list(range(SAMPLES))

    def test_a_network_with_a_part_of_the_data_visits_only_that(self):
        own = np.array([[1, 2, 5, 8, 9], [0, 2, 4, 6, 8]])
        made = batches(indices=own, size=2)
        assert made.per_epoch == 3
        np.testing.assert_array_equal(np.sort(epoch(made, 1), axis=1), own)

    def test_targets_belong_to_inputs(self):
        inputs, targets = batches().at(7)
        np.testing.assert_array_equal(2 * inputs[..., 0], targets)

    def test_the_order_is_a_new_one_every_epoch_and_for_every_seed(self):
        made = batches()
        orders = {tuple(row) for number in range(4) for row in epoch(made, number)}
        assert len(orders) == 8

    def test_the_order_depends_on_seed_and_epoch_alone(self):
        """Not on what was asked before, on the other networks, nor on anybody else's random numbers."""
        made, alone = batches(seeds=(3, 7)), batches(seeds=(7,))
        epoch(made, 0)
        torch.manual_seed(5)
        np.random.default_rng(5).random(3)
        np.testing.assert_array_equal(epoch(made, 4)[1], epoch(alone, 4)[0])

    def test_a_larger_batch_has_the_same_order(self):
        np.testing.assert_array_equal(epoch(batches(size=4), 2), epoch(batches(size=9), 2))

    def test_the_last_batch_of_an_epoch_holds_the_rest(self):
        made = batches(size=5)
        assert [made.at(step)[1].shape[1] for step in range(made.per_epoch)] == [5, 5, 5, 5, 3]


class TestForGradients:
    def test_whole_batches_that_share_no_sample_while_the_data_last(self):
        found = [inputs[0, :, 0].tolist() for inputs, _ in batches(size=5).for_gradients(9, count=4)]
        assert [len(each) for each in found] == [5] * 4
        assert len({sample for each in found for sample in each}) == 20

    def test_there_are_no_more_than_the_data_have(self):
        found = [targets for _, targets in batches(size=5).for_gradients(9, count=6)]
        assert [each.shape[1] for each in found] == [5] * 4

    def test_they_depend_on_the_step(self):
        made = batches()
        one, other = (next(iter(made.for_gradients(step, count=1)))[1].tolist() for step in (1, 2))
        assert one != other

    def test_they_leave_the_order_of_the_epoch_alone(self):
        made, untouched = batches(), batches()
        list(made.for_gradients(0, count=3))
        made.for_evaluation(size=4)
        np.testing.assert_array_equal(epoch(made, 0), epoch(untouched, 0))


class TestForEvaluation:
    def test_always_the_same_samples_of_the_network_s_own(self):
        own = np.array([[1, 2, 5, 8, 9], [0, 2, 4, 6, 8]])
        made = batches(indices=own)
        some = made.for_evaluation(size=3)[0][..., 0].numpy().astype(int)
        assert [set(row) <= set(mine) for row, mine in zip(some, own, strict=True)] == [True, True]
        made.at(11)
        np.testing.assert_array_equal(made.for_evaluation(size=3)[0][..., 0], some)

    def test_all_where_there_are_fewer(self):
        every = batches().for_evaluation(size=1000)[0][..., 0].numpy().astype(int)
        np.testing.assert_array_equal(np.sort(every, axis=1), np.tile(np.arange(SAMPLES), (2, 1)))
