"""Estimates of the dimension, on distances whose answer is exact and on manifolds whose dimension is known."""

import logging

import numpy as np
import pytest

from infoplane import datasets
from infoplane.analysis import intrinsic_dimension as module
from infoplane.analysis.intrinsic_dimension import intrinsic_dimension, maximum_likelihood, neighbours, two_nn


@pytest.fixture
def random():
    return np.random.default_rng(1)


def means(x):
    """By method, over the subsets."""
    return intrinsic_dimension(x)["intrinsic_dimension"].mean("repetition", skipna=False).values


class TestMethods:
    @pytest.mark.parametrize("dimension", [0.5, 3, 40])
    def test_two_nn_reads_off_the_law_of_the_ratios(self, dimension):
        """Of n ratios at the quantiles i/n of the Pareto law, all but the last tenth lie on the line."""
        first = np.linspace(0.1, 2, 100)
        ratios = (1 - np.arange(100) / 100) ** (-1 / dimension)
        ratios = np.append(ratios[1:], 1e6)  # the quantile of 1 is infinite, and among those that are left out
        found = two_nn(np.stack([first, first * ratios, first * ratios * 2], axis=1))
        assert found == pytest.approx(dimension, rel=1e-12)

    def test_likelihoods_of_samples_are_combined_by_the_mean_of_the_inverses(self):
        """Distances with Σ ln(T_k / T_j) / (k − 1) = 1/m: of samples with m = 1 and m = 3, d = 1.5, not 2."""
        distances = np.ones((30, 20))
        distances[::2, :-1], distances[1::2, :-1] = np.exp(-1), np.exp(-1 / 3)
        assert maximum_likelihood(distances) == pytest.approx(1.5, rel=1e-12)
        assert maximum_likelihood(7 * distances) == pytest.approx(1.5, rel=1e-12)


class TestNeighbours:
    def test_they_are_the_nearest_others(self, random):
        x = random.normal(size=(50, 30))
        every = np.sort(np.linalg.norm(x[:, None] - x, axis=-1), axis=1)
        np.testing.assert_allclose(neighbours(x), every[:, 1:21], rtol=1e-12)

    def test_samples_that_nearly_agree_are_not_at_no_distance(self, random):
        """Pairs 1e-9 apart, where inner products of size 1e4 have a rounding of 1e-12 and more, not 1e-18."""
        x = 100 * random.normal(size=(30, 4))
        other = x.copy()
        other[:, 0] += 1e-9
        apart = other[:, 0] - x[:, 0]  # as it was rounded
        found = neighbours(np.concatenate([x, other]))
        np.testing.assert_allclose(found[:, 0], np.tile(apart, 2), rtol=1e-12)


class TestKnownDimensions:
    @pytest.mark.parametrize(("dimension", "low"), [(1, 0.95), (2, 1.85), (4, 3.5)])
    def test_points_of_a_cube(self, random, dimension, low):
        """Of 2,000 points a subset; too low by the share of points near a face, never too high by more than chance."""
        points = random.uniform(size=(6000, dimension))
        found = means(points)
        assert (found >= low).all()
        assert (found <= 1.05 * dimension).all()

    @pytest.mark.parametrize(("dimension", "low"), [(2, 1.9), (4, 3.6), (8, 6.7)])
    def test_the_manifold_of_which_the_dimension_is_proved(self, dimension, low):
        x = datasets.load({"name": "manifold", "dimension": dimension, "samples": 6000}).train.inputs.numpy()
        found = means(x)
        assert (found >= low).all()
        assert (found <= 1.05 * dimension).all()

    def test_where_it_lies_in_space_is_nothing_to_it(self, random):
        flat = random.uniform(size=(600, 3))
        turned, _ = np.linalg.qr(random.normal(size=(40, 3)))
        np.testing.assert_allclose(means(5 * flat @ turned.T + 7), means(flat), rtol=1e-9)

    def test_images_are_flattened(self, random):
        x = random.random((300, 1, 4, 4), dtype=np.float32)
        np.testing.assert_array_equal(means(x), means(x.reshape(300, 16)))

    def test_it_repeats_itself(self, random):
        x = random.random((300, 5))
        assert intrinsic_dimension(x).identical(intrinsic_dimension(x))


class TestSubsets:
    @pytest.mark.parametrize(("count", "size"), [(100, 33), (1000, 200)])
    def test_they_are_random_disjoint_thirds_up_to_a_size(self, monkeypatch, count, size):
        seen = []
        monkeypatch.setattr(module, "_SIZE", 200)
        monkeypatch.setattr(module, "_estimates", lambda x: seen.append(x[:, 0]) or {"two_nn": 1.0})
        found = intrinsic_dimension(np.arange(float(count))[:, None])
        assert found["repetition"].values.tolist() == [0, 1, 2]
        assert [len(each) for each in seen] == [size] * 3
        assert len(set(np.concatenate(seen))) == 3 * size
        for each in seen:
            assert abs(each.mean() - count / 2) < 5 * count / np.sqrt(12 * size)
            assert (np.diff(each) < 0).any()

    def test_a_sample_that_is_there_several_times_counts_once(self, random, caplog):
        x = random.random((300, 5), dtype=np.float32)
        x[0, 0] = 0
        again = x[::-1].copy()
        again[-1, 0] = -0.0
        with caplog.at_level(logging.INFO, logger=module.__name__):
            found = intrinsic_dimension(np.concatenate([x, again, x[:50]]))
        assert found.identical(intrinsic_dimension(x))
        assert caplog.messages == ["350 of 650 samples are there several times and count once"]


class TestWithoutAnAnswer:
    def test_too_few_samples(self, random, caplog):
        assert np.isfinite(means(random.random((63, 2)))).all()
        assert not caplog.messages
        found = intrinsic_dimension(random.random((62, 2)))["intrinsic_dimension"]
        assert found.sizes == {"method": 2, "repetition": 3}
        assert found["method"].values.tolist() == ["two_nn", "maximum_likelihood"]
        assert found.isnull().all()
        assert caplog.messages == ["a subset of 20 different samples has no dimension; more than 20 are needed"] * 3

    def test_all_alike(self, caplog):
        assert np.isnan(means(np.ones((500, 3)))).all()
        assert caplog.messages == ["a subset of 0 different samples has no dimension; more than 20 are needed"] * 3

    def test_neighbours_that_are_all_equally_far(self, caplog):
        """Corners of a simplex: every distance is √2, exactly, since it is that of a sum of two ones."""
        assert np.isnan(means(np.eye(90))).all()
        assert {message.partition(":")[0] for message in caplog.messages} == {"two_nn", "maximum_likelihood"}
        assert all("neighbours are all equally far, as on a grid" in message for message in caplog.messages)
