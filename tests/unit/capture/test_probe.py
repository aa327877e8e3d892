"""The samples on which networks are looked at."""

import re

import numpy as np
import pytest

from infoplane.capture import probe
from infoplane.errors import ConfigError

SIZES = {"train": 60, "test": 30}


def settings(**changes):
    return {"splits": ["train"], "batches": 2, "size": 10, "seed": 0, **changes}


def whole(count=3):
    return np.tile(np.arange(60), (count, 1))


class TestDraw:
    def test_the_same_for_all_networks(self):
        found = probe.draw(settings(), SIZES, whole()).sample_index
        assert probe.all_equal(list(found))

    def test_no_sample_twice(self):
        found = probe.draw(settings(batches=6), SIZES, whole()).sample_index
        assert sorted(found[0].ravel()) == list(range(60))

    def test_it_depends_on_its_own_seed_alone(self):
        one, again, other = (probe.draw(settings(seed=seed), SIZES, whole()).sample_index for seed in (0, 0, 1))
        np.testing.assert_array_equal(one, again)
        assert not np.array_equal(one, other)

    def test_a_larger_probe_begins_with_the_smaller(self):
        small, large = (probe.draw(settings(batches=batches), SIZES, whole()).sample_index for batches in (2, 3))
        np.testing.assert_array_equal(large[:, :2], small)

    def test_a_network_that_saw_a_part_is_looked_at_on_that_part(self):
        random = np.random.default_rng(1)
        seen = np.stack([np.sort(random.permutation(60)[:25]) for _ in range(3)])
        found = probe.draw(settings(), SIZES, seen).sample_index
        assert not probe.all_equal(list(found))
        for own, drawn in zip(seen, found, strict=True):
            assert set(drawn.ravel()) <= set(own)
            assert len(set(drawn.ravel())) == 20

    def test_the_test_split_is_the_same_for_all_whatever_they_saw(self):
        seen = np.stack([np.arange(0, 25), np.arange(25, 50)])
        found = probe.draw(settings(splits=["test"]), SIZES, seen).sample_index
        assert probe.all_equal(list(found))

    def test_splits_follow_one_another(self):
        found = probe.draw(settings(splits=["test", "train"], batches=3), SIZES, whole())
        assert found.split == ("test",) * 3 + ("train",) * 3
        assert found.sample_index[:, :3].max() < 30 <= found.sample_index[:, 3:].max()

    def test_values_are_gathered_from_the_split(self):
        found = probe.draw(settings(splits=["test", "train"], batches=1), SIZES, whole())
        arrays = {"train": np.arange(60) + 1000, "test": np.arange(30) + 2000}
        for seed in range(3):
            expected = found.sample_index[seed] + np.array([[2000], [1000]])
            np.testing.assert_array_equal(found.gathered(arrays, seed), expected)


class TestTooLarge:
    @pytest.mark.parametrize(
        ("changes", "seen", "fault"),
        [
            ({"size": 31}, 60, "2 × 31 = 62 samples of split 'train', which has 60"),
            ({"splits": ["train", "test"], "size": 16}, 60, "2 × 16 = 32 samples of split 'test', which has 30"),
            ({"batches": 3}, 25, "3 × 10 = 30 samples of split 'train', which has 25"),
        ],
    )
    def test_the_message_names_split_numbers_and_way_out(self, changes, seen, fault):
        expected = f"probe takes {fault} to draw from; make probe.size or probe.batches smaller"
        with pytest.raises(ConfigError, match=f"^{re.escape(expected)}$"):
            probe.draw(settings(**changes), SIZES, whole()[:, :seen])

    def test_a_split_may_be_used_up(self):
        found = probe.draw(settings(splits=["test"], size=15), SIZES, whole()).sample_index
        assert sorted(found[0].ravel()) == list(range(30))
