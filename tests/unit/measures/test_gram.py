"""Gram matrices against direct formulas, their limits, and the text of every complaint."""

import math
import re

import pytest
import torch

from infoplane.measures import gram, renyi

RANDOM = torch.Generator().manual_seed(1)


def samples(*shape):
    return torch.randn(*shape, generator=RANDOM, dtype=torch.float64)


def by_difference(x):
    """‖x_i − x_j‖² from the n × n × d array of differences."""
    return (x[..., :, None, :] - x[..., None, :, :]).square().sum(-1)


class TestSquaredDistances:
    def test_against_differences(self):
        x = samples(3, 20, 7)
        torch.testing.assert_close(gram.squared_distances(x, batch_dims=1), by_difference(x), rtol=1e-13, atol=1e-13)

    def test_is_a_squared_metric_exactly(self):
        d2 = gram.squared_distances(samples(50, 3) + 1e3)
        assert torch.equal(d2, d2.mT)
        assert torch.equal(d2.diagonal(), torch.zeros(50, dtype=torch.float64))
        assert (d2 >= 0).all()

    def test_far_from_the_origin_nothing_is_lost(self):
        """‖(x_i + c) − (x_j + c)‖² = ‖x_i − x_j‖²: c = 2²⁰ would cost 40 of 53 bits without centring."""
        x = samples(20, 4).mul(2**20).round().div(2**20)
        shifted = gram.squared_distances(x + 2**20)
        torch.testing.assert_close(shifted, by_difference(x), rtol=0, atol=1e-13)

    def test_several_feature_dimensions_are_flattened(self):
        x = samples(2, 10, 3, 4, 5)
        assert torch.equal(gram.squared_distances(x, batch_dims=1), gram.squared_distances(x.flatten(2), batch_dims=1))

    def test_samples_may_be_numbers(self):
        expected = torch.tensor([[0, 1, 9], [1, 0, 4], [9, 4, 0]], dtype=torch.float64)
        d2 = gram.squared_distances(torch.tensor([0.0, 1.0, 3.0]))
        torch.testing.assert_close(d2, expected, rtol=1e-15, atol=1e-15)

    @pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.bool, torch.float32])
    def test_any_real_type_is_computed_in_float64(self, dtype):
        x = torch.randint(0, 2, (12, 6), generator=RANDOM)
        d2 = gram.squared_distances(x.to(dtype))
        assert d2.dtype == torch.float64
        torch.testing.assert_close(d2, by_difference(x.double()), rtol=0, atol=1e-13)

    @pytest.mark.parametrize("shape", [(9, 5), (3, 9, 5), (2, 3, 9, 5)])
    @pytest.mark.parametrize("values", [1, 18, 27, 90])
    def test_in_blocks(self, shape, values, monkeypatch):
        """Of one feature of 9 samples, of two, of three, and of two batch entries at a time."""
        monkeypatch.setitem(gram._BLOCK_BYTES, "cpu", 8 * values)
        x = samples(*shape)
        found = gram.squared_distances(x, batch_dims=len(shape) - 2)
        torch.testing.assert_close(found, by_difference(x), rtol=1e-13, atol=1e-13)

    @pytest.mark.parametrize("n", [1, 3, 4, 9, 31, 32])
    def test_in_bands(self, n, monkeypatch):
        """Up to eight bands, all of one height or the last one lower."""
        monkeypatch.setitem(gram._BAND_ROWS, "cpu", 2)
        x = samples(2, n, 3)
        d2 = gram.squared_distances(x, batch_dims=1)
        assert torch.equal(d2, d2.mT)
        torch.testing.assert_close(d2, by_difference(x), rtol=1e-13, atol=1e-13)

    def test_batches_may_lie_in_any_order(self):
        """Feature maps lie with the samples before the maps."""
        x = samples(4, 10, 3, 2)
        found = gram.squared_distances(x.transpose(1, 2), batch_dims=2)
        torch.testing.assert_close(found, by_difference(x.transpose(1, 2)), rtol=1e-13, atol=1e-13)

    def test_gradients_are_left_behind(self):
        assert not gram.squared_distances(samples(4, 2).requires_grad_()).requires_grad

    @pytest.mark.parametrize(
        ("x", "batch_dims", "message"),
        [
            (torch.tensor([[0.0, 1.0], [math.nan, 2.0]]), 0, "x must be finite, got nan at [1, 0]"),
            (torch.tensor([0.0, math.inf]), 0, "x must be finite, got inf at [1]"),
            (torch.tensor([0.0, 1e200], dtype=torch.float64), 0, "squares within float64, got entries up to 1e+200"),
            (torch.tensor([-9e153, 9e153], dtype=torch.float64), 0, "within float64, got entries up to 9e+153"),
            (torch.zeros(3, 2), 2, "got (3, 2) and batch_dims=2"),
            (torch.zeros(3, 2), -1, "got (3, 2) and batch_dims=-1"),
            (torch.tensor(1.0), 0, "x must have shape (*batch, n, *features)"),
            (torch.zeros(0, 4), 0, "x must not be empty, got shape (0, 4)"),
            (torch.zeros(3, 2, dtype=torch.complex64), 0, "x must be real, got dtype torch.complex64"),
        ],
    )
    def test_complaints(self, x, batch_dims, message):
        with pytest.raises(ValueError, match=re.escape(message)):
            gram.squared_distances(x, batch_dims=batch_dims)

    def test_only_tensors(self):
        with pytest.raises(TypeError, match=r"x must be a torch tensor, got list: use torch\.as_tensor"):
            gram.squared_distances([[1.0], [2.0]])


class TestGaussian:
    def test_has_the_factor_two(self):
        """A_ij = exp(−d² / (2σ²)) / n with d = 3, σ = 2, n = 2."""
        a = gram.gaussian(torch.tensor([[0.0], [3.0]]), bandwidth=2.0)
        off = math.exp(-9 / 8) / 2
        torch.testing.assert_close(a, torch.tensor([[0.5, off], [off, 0.5]], dtype=torch.float64), rtol=1e-15, atol=0)

    def test_a_dead_layer_is_all_ones_over_n(self):
        for value in (0.0, 0.1, 1e6):
            a = gram.gaussian(torch.full((7, 5), value), bandwidth=0.1)
            assert torch.equal(a, torch.full((7, 7), 1 / 7, dtype=torch.float64))

    def test_from_distances_is_the_same(self):
        x = samples(2, 8, 3)
        d2 = gram.squared_distances(x, batch_dims=1)
        assert torch.equal(
            gram.gaussian_from_distances(d2, bandwidth=0.7), gram.gaussian(x, bandwidth=0.7, batch_dims=1)
        )

    def test_bandwidth_per_batch_entry(self):
        x = samples(3, 8, 2)
        sigma = torch.tensor([0.1, 1.0, 10.0])
        together = gram.gaussian(x, bandwidth=sigma, batch_dims=1)
        for a, one, width in zip(together, x, sigma.double().tolist(), strict=True):
            torch.testing.assert_close(a, gram.gaussian(one, bandwidth=width), rtol=1e-12, atol=0)

    def test_bandwidths_may_extend_the_batch(self):
        d2 = gram.squared_distances(samples(8, 2))
        assert gram.gaussian_from_distances(d2, bandwidth=torch.tensor([[0.5], [1.0], [2.0]])).shape == (3, 1, 8, 8)

    def test_limits_of_the_bandwidth(self):
        """σ → 0 is the identity over n, σ → ∞ all ones over n, also where σ² leaves the range of floating point."""
        x = samples(5, 2)
        for sigma in (1e-3, 1e-200):
            assert torch.equal(gram.gaussian(x, bandwidth=sigma), torch.eye(5, dtype=torch.float64) / 5)
        for sigma in (1e12, 1e200):
            assert torch.equal(gram.gaussian(x, bandwidth=sigma), torch.full((5, 5), 0.2, dtype=torch.float64))

    def test_float32_and_float64_inputs_agree(self):
        x = samples(30, 6)
        torch.testing.assert_close(
            gram.gaussian(x.float(), bandwidth=1.0), gram.gaussian(x, bandwidth=1.0), rtol=0, atol=1e-6 / 30
        )

    @pytest.mark.parametrize("bandwidth", [0.0, -1.0, math.nan, math.inf])
    def test_complains_of_the_bandwidth(self, bandwidth):
        with pytest.raises(ValueError, match=f"bandwidth must be above 0 and finite, got {bandwidth}"):
            gram.gaussian(samples(4, 2), bandwidth=bandwidth)

    def test_complains_of_the_shape_of_the_bandwidth(self):
        message = re.escape("bandwidth must broadcast with the batch (3,), got shape (2,)")
        with pytest.raises(ValueError, match=message):
            gram.gaussian(samples(3, 4, 2), bandwidth=torch.ones(2), batch_dims=1)

    @pytest.mark.parametrize(
        ("distances", "message"),
        [
            (torch.zeros(3, 2), "squared_distances must have shape (*batch, n, n), got (3, 2)"),
            (torch.tensor([[0.0, -1.0], [-1.0, 0.0]]), "squared_distances must be at least 0, got -1"),
            (torch.tensor([[0.5, 1.0], [1.0, 0.0]]), "squared_distances must be 0 on the diagonal, got 0.5"),
            (
                torch.tensor([[0.0, 1.0], [3.0, 0.0]]),
                "squared_distances must be symmetric, got entries that differ by 2",
            ),
            (torch.tensor([[0.0, math.nan], [math.nan, 0.0]]), "squared_distances must be finite, got nan at [0, 1]"),
        ],
    )
    def test_complains_of_distances(self, distances, message):
        with pytest.raises(ValueError, match=re.escape(message)):
            gram.gaussian_from_distances(distances, bandwidth=1.0)


class TestNegligible:
    def test_what_is_dropped_moves_no_eigenvalue(self):
        """Weyl: |λ_i(A) − λ_i(A − E)| ≤ ‖E‖_F < 1e-40, for distances that fill every magnitude."""
        d2 = gram.squared_distances(torch.linspace(0, 40, 60, dtype=torch.float64))
        whole = torch.exp(-d2 / 2) / 60
        dropped = gram.gaussian_from_distances(d2, bandwidth=1.0)
        gone = (dropped == 0) & (whole > 0)
        assert gone.any()
        assert torch.equal(dropped[~gone], whole[~gone])
        assert (whole * gone).norm() < 1e-40
        torch.testing.assert_close(torch.linalg.eigvalsh(dropped), torch.linalg.eigvalsh(whole), rtol=0, atol=1e-15)

    def test_the_threshold_follows_the_smallest_diagonal_entry(self):
        """An entry of 1e-45 matters beside a sample that has weight 1e-20: the Hadamard product may raise it."""
        a = torch.diag(torch.tensor([1 - 1e-20, 1e-20], dtype=torch.float64))
        a[0, 1] = a[1, 0] = 1e-45
        assert torch.equal(gram.drop_negligible(a), a)
        a[0, 1] = a[1, 0] = 1e-61
        assert gram.drop_negligible(a)[0, 1] == 0

    def test_negative_entries_count_by_magnitude(self):
        a = torch.tensor([[0.5, -0.1], [-0.1, 0.5]], dtype=torch.float64)
        assert torch.equal(gram.drop_negligible(a), a)


class TestLabels:
    def test_by_hand(self):
        a = gram.labels(torch.tensor([3, 7, 3]))
        assert torch.equal(3 * a, torch.tensor([[1, 0, 1], [0, 1, 0], [1, 0, 1]], dtype=torch.float64))

    def test_booleans_and_batches(self):
        y = torch.tensor([[True, False], [True, True]])
        assert torch.equal(gram.labels(y)[1], torch.full((2, 2), 0.5, dtype=torch.float64))

    @pytest.mark.parametrize(
        ("y", "message"),
        [
            (torch.tensor([0.0, 1.0]), "y must hold classes as integers, got dtype torch.float32"),
            (torch.tensor(1), "y must have shape (*batch, n), got ()"),
            (torch.zeros(0, dtype=torch.int64), "y must not be empty, got shape (0,)"),
        ],
    )
    def test_complaints(self, y, message):
        with pytest.raises(ValueError, match=re.escape(message)):
            gram.labels(y)


class TestClasses:
    def test_undoes_labels(self):
        """Samples share a class if and only if they did."""
        y = torch.randint(0, 4, (5, 30), generator=RANDOM)
        found = gram.classes(gram.labels(y))
        assert torch.equal(found[..., :, None] == found[..., None, :], y[..., :, None] == y[..., None, :])
        assert (found >= 0).all()

    def test_the_limits_of_a_bandwidth_are_indicators(self):
        x = samples(6, 2)
        assert gram.classes(gram.gaussian(x, bandwidth=1e-3)).tolist() == list(range(6))
        assert gram.classes(gram.gaussian(x, bandwidth=1e9)).tolist() == [0] * 6

    def test_tells_apart_within_a_batch(self):
        y = torch.arange(6) % 2
        mixed = torch.stack([gram.gaussian(samples(6, 2), bandwidth=1.0), gram.labels(y)])
        assert gram.classes(mixed).tolist() == [[-1] * 6, [0, 1, 0, 1, 0, 1]]

    @pytest.mark.parametrize(
        "matrix",
        [
            [[1, 1, 0], [1, 1, 1], [0, 1, 1]],  # not transitive
            [[1, 1, 0], [1, 1, 0], [0, 0, 1 + 1e-9]],
            [[1, 1 - 1e-9, 0], [1 - 1e-9, 1, 0], [0, 0, 1]],
            [[1, 0, 0], [0, 1, 1e-9], [0, 1e-9, 1]],
            [[1, -1, 0], [-1, 1, 0], [0, 0, 1]],
            [[1, 0, 0], [0, 0, 0], [0, 0, 1]],
        ],
    )
    def test_is_not_fooled(self, matrix):
        assert gram.classes(torch.tensor(matrix, dtype=torch.float64) / 3).tolist() == [-1, -1, -1]


class TestSilverman:
    @pytest.mark.parametrize(("d", "sigma"), [(10, 3.536), (84, 4.732), (784, 4.969), (3072, 4.992)])
    def test_tabulated_values(self, d, sigma):
        """σ = 5 · 128^(−1/(4+d))."""
        assert gram.silverman_bandwidth(128, d, scale=5) == pytest.approx(sigma, abs=5e-4)

    @pytest.mark.parametrize(
        ("n", "d", "scale", "message"),
        [
            (0, 3, 1.0, "n must be above 0 and finite, got 0"),
            (9, 0, 1.0, "d must be above 0 and finite, got 0"),
            (9, 3, -5.0, "scale must be above 0 and finite, got -5.0"),
        ],
    )
    def test_complaints(self, n, d, scale, message):
        with pytest.raises(ValueError, match=message):
            gram.silverman_bandwidth(n, d, scale=scale)


class TestSymmetry:
    """Asked of every Gram matrix and of distances."""

    def test_a_difference_that_vanishes_on_even_steps(self):
        """N v = 0 for v = 0.5, 1, 1.5, as for any two of the cross products of evenly spaced weights."""
        a, b, c = 0.5, 1.0, 1.5
        turn = torch.tensor([[0, -c, b], [c, 0, -a], [-b, a, 0]], dtype=torch.float64)
        with pytest.raises(ValueError, match=r"^gram must be symmetric, got entries that differ by 0.6 at \[0, 1\]"):
            renyi.entropy(torch.eye(3, dtype=torch.float64) / 3 + 0.2 * turn)

    def test_entries_near_the_largest_number(self):
        """Their sums overflow, and they are symmetric nevertheless."""
        distances = gram.squared_distances(torch.tensor([1e154, 0.0, -1e153, 5e153], dtype=torch.float64))
        found = gram.gaussian_from_distances(distances, bandwidth=1e154)
        torch.testing.assert_close(found, found.mT, rtol=0, atol=0)
        assert found[0, 1].item() == pytest.approx(0.25 * math.exp(-0.5))
