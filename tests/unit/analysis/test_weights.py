"""Displacements of walks whose law is known, and networks that differ in the order and sign of their units."""

import gc
import weakref
from itertools import permutations, product

import numpy as np
import pytest

from infoplane.analysis.weights import Block, Chain, distance, distances, matched_distance, weights

CHAIN = Chain(shapes=[(3, 5), (2, 4), (2, 3)], odd=[True, False])  # 4 inputs, a bias for every unit
TANH = Chain(CHAIN.shapes, [True, True])
SIZE = sum(units * inputs for units, inputs in CHAIN.shapes)


def slope(path):
    """Of the displacement from the first point against the number of steps, both in logarithms."""
    steps = np.arange(1, len(path))
    return np.polyfit(np.log(steps), np.log(distances(path)[0, 1:]), 1)[0]


@pytest.fixture
def random():
    return np.random.default_rng(0)


class TestDisplacement:
    def test_a_drift_goes_with_the_time(self, random):
        velocity = random.normal(size=7)
        times = np.array([0, 0.1, 1, 5, 300])
        found = distances(times[:, None] * velocity)
        np.testing.assert_allclose(found, abs(times[:, None] - times) * np.linalg.norm(velocity), rtol=1e-12)
        assert slope(np.arange(9)[:, None] * velocity) == pytest.approx(1)

    def test_a_random_walk_goes_with_the_root_of_the_time(self, random):
        """‖w(t) − w(s)‖² is a sum of P |t − s| squares of mean 1; at P = 20,000 it is within 4 % of that."""
        path = random.normal(size=(30, 20_000)).cumsum(axis=0)
        times = np.arange(30)
        expected = np.sqrt(20_000 * abs(times[:, None] - times))
        np.testing.assert_allclose(distances(path), expected, rtol=0.04)
        assert slope(path) == pytest.approx(0.5, abs=0.02)

    def test_several_networks_at_once_are_those_alone(self, random):
        paths = random.normal(size=(5, 3, 8))
        together = distances(paths)
        assert together.shape == (3, 5, 5)
        for place in range(3):
            np.testing.assert_array_equal(together[place], distances(paths[:, place]))

    def test_small_steps_of_large_weights_are_not_lost(self):
        """Squares of norms would cancel: (1e8 + 1e-6)² − (1e8)² has no digit of the step."""
        path = np.array([[1e8, 0.0], [1e8, 1e-6]])
        assert distances(path)[0, 1] == 1e-6

    def test_what_is_not_known_is_nan_and_the_rest_is_not(self, random):
        path = random.normal(size=(4, 2, 3))
        path[2, 0] = np.nan
        found = distances(path)
        np.testing.assert_array_equal(np.isnan(found[0]), [[i == 2 or j == 2 for j in range(4)] for i in range(4)])
        assert np.isfinite(found[1]).all()


class Fetched:
    """Points that count how many of them are in memory."""

    def __init__(self, values):
        self._values, self.alive, self.most, self.times = values, 0, 0, 0

    def __len__(self):
        return len(self._values)

    def __getitem__(self, index):
        point = self._values[index].copy()
        self.times += 1
        self.alive += 1
        self.most = max(self.most, self.alive)
        weakref.finalize(point, self._gone)
        return point

    def _gone(self):
        self.alive -= 1


class TestMemory:
    @pytest.mark.parametrize("together", [1, 2, 3, 10, 50])
    def test_few_points_are_held_and_the_result_is_that_of_all(self, random, together):
        values = random.normal(size=(10, 2, 6))
        points = Fetched(values)
        gc.disable()
        try:
            found = distances(points, held=together * values[0].nbytes)
        finally:
            gc.enable()
        np.testing.assert_array_equal(found, distances(values))
        assert points.most <= min(together, 10) + 3  # the first of all, one that passes by, and the one before it
        assert points.times <= 1 + 10 * -(-10 // together)

    def test_a_point_larger_than_the_bound_is_held_alone(self, random):
        values = random.normal(size=(3, 6))
        np.testing.assert_array_equal(distances(values, held=1), distances(values))


def moved(vector, orders, signs, chain=CHAIN):
    """The network with the units of each hidden layer in another order and with other signs, written out."""
    layers = [layer.copy() for layer in chain.layers(vector)]
    for index, (order, sign) in enumerate(zip(orders, signs, strict=True)):
        own, after = layers[index].copy(), layers[index + 1].copy()
        for place, unit in enumerate(order):
            layers[index][place] = sign[place] * own[unit]
            layers[index + 1][:, place] = sign[place] * after[:, unit]
    return np.concatenate([layer.ravel() for layer in layers])


def logits(vector, inputs, functions):
    """Of a network with a bias in the last column of each layer."""
    values = inputs
    for layer, function in zip(CHAIN.layers(vector), [*functions, lambda z: z], strict=True):
        values = function(values @ layer[:, :-1].T + layer[:, -1])
    return values


def smallest(one, other, chain):
    """Smallest distance over all orders and allowed signs."""
    units = [layer[0] for layer in chain.shapes[:-1]]
    orders = [permutations(range(count)) for count in units]
    signs = [product([1, -1] if odd else [1], repeat=count) for count, odd in zip(units, chain.odd, strict=True)]
    changes = product(product(*orders), list(product(*signs)))
    return min(float(distance(one, moved(other, *change))) for change in changes)


class TestMatchedDistance:
    ORDERS, SIGNS = ((2, 0, 1), (1, 0)), ((1, -1, -1), (1, 1))

    def test_the_changes_looked_for_leave_the_network_as_it_is(self, random):
        vector, inputs = random.normal(size=SIZE), random.normal(size=(6, 4))
        other = moved(vector, self.ORDERS, self.SIGNS)
        functions = [np.tanh, lambda z: np.maximum(z, 0)]
        np.testing.assert_allclose(logits(other, inputs, functions), logits(vector, inputs, functions), atol=1e-12)

    def test_networks_that_differ_in_order_and_sign_alone_are_no_distance_apart(self, random):
        vector = random.normal(size=SIZE)
        other = moved(vector, self.ORDERS, self.SIGNS)
        assert distance(vector, other) > 1
        assert matched_distance(vector, other, CHAIN) == 0

    def test_a_sign_is_changed_where_the_nonlinearity_is_odd_and_nowhere_else(self, random):
        vector = random.normal(size=SIZE)
        flipped = moved(vector, ((0, 1, 2), (0, 1)), ((1, 1, 1), (-1, 1)))
        assert matched_distance(vector, flipped, CHAIN) > 0.1
        assert matched_distance(vector, flipped, TANH) == 0

    def test_a_little_noise_is_the_distance_that_is_left(self, random):
        vector = random.normal(size=SIZE)
        noise = 1e-3 * random.normal(size=SIZE)
        other = moved(vector + noise, self.ORDERS, self.SIGNS)
        assert matched_distance(vector, other, CHAIN) == pytest.approx(np.linalg.norm(noise), rel=1e-9)

    @pytest.mark.parametrize("chain", [CHAIN, TANH])
    def test_it_lies_between_the_smallest_of_all_matchings_and_the_plain_distance(self, random, chain):
        for _ in range(3):
            one, other = random.normal(size=(2, SIZE))
            found = matched_distance(one, other, chain)
            assert smallest(one, other, chain) - 1e-12 <= found <= distance(one, other)
            assert found == pytest.approx(matched_distance(other, one, chain), rel=1e-9)

    def test_units_without_a_bias(self, random):
        chain = Chain([(3, 4), (2, 3)], [True])
        vector = random.normal(size=18)
        assert matched_distance(vector, moved(vector, [(1, 2, 0)], [(1, -1, 1)], chain), chain) == 0

    def test_a_diverged_network_is_at_no_distance(self, random):
        vector = random.normal(size=SIZE)
        assert np.isnan(matched_distance(vector, np.full(SIZE, np.nan), CHAIN))
        assert np.isnan(matched_distance(np.full(SIZE, np.inf), vector, CHAIN))


class TestDataset:
    @pytest.fixture
    def path(self, random):
        """Three epochs of three networks, of which the second is the first in another order, and the last diverges."""
        values = random.normal(size=(3, 3, SIZE))
        values[2, 1] = moved(values[2, 0], TestMatchedDistance.ORDERS, TestMatchedDistance.SIGNS)
        values[1:, 2] = np.nan
        return values

    def measured(self, blocks, chain):
        return weights(blocks, epoch=[0, 0.5, 2], step=[0, 1, 4], chain=chain)

    def test_all_networks_of_a_variant(self, path):
        found = self.measured([Block((0, 1), path[:, :2]), Block((5,), path[:, 2:])], CHAIN)
        assert found["seed"].values.tolist() == found["other_seed"].values.tolist() == [0, 1, 5]
        expected = np.linalg.norm(path[2, 1] - path[1, 1])
        assert found["weight_displacement"].sel(seed=1, epoch=0.5, other_epoch=2).item() == pytest.approx(expected)
        expected = np.linalg.norm(path[2, 1] - path[2, 0])
        assert found["weight_distance"].sel(seed=0, other_seed=1).item() == pytest.approx(expected)
        assert found["weight_distance_matched"].sel(seed=0, other_seed=1).item() == 0
        for name in ("weight_distance", "weight_distance_matched"):
            assert np.isnan(found[name].sel(seed=5)).all()
            assert np.isfinite(found[name].sel(seed=[0, 1], other_seed=[0, 1])).all()
        assert np.isfinite(found["weight_displacement"].sel(seed=5)).values.tolist() == [
            [True, False, False],
            [False] * 3,
            [False] * 3,
        ]

    def test_blocks_make_no_difference(self, path):
        one = self.measured([Block((0, 1, 5), path)], CHAIN)
        each = self.measured([Block((seed,), path[:, [place]]) for place, seed in enumerate((0, 1, 5))], CHAIN)
        for name in one.data_vars:
            np.testing.assert_array_equal(one[name], each[name])

    def test_networks_that_are_no_chain_have_no_matched_distance(self, path):
        found = self.measured([Block((0, 1, 5), path)], None)
        assert np.isnan(found["weight_distance_matched"]).all()
        assert np.isfinite(found["weight_distance"].sel(seed=0, other_seed=1))
