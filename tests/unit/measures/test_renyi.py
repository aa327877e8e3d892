"""Matrix-based Rényi entropies against closed forms, and the text of every complaint."""

import math
import re

import pytest
import torch

from infoplane.measures import checks, gram, renyi

RANDOM = torch.Generator().manual_seed(2)
ORDERS = [0.5, 0.9, 1, 1.01, 1.5, 2, 3, 10, math.inf]


def gaussian(*shape, bandwidth=1.0):
    """A random Gram matrix of the kernel for samples of shape (*batch, n, d)."""
    x = torch.randn(*shape, generator=RANDOM, dtype=torch.float64)
    return gram.gaussian(x, bandwidth=bandwidth, batch_dims=len(shape) - 2)


def frequencies_bits(counts, alpha):
    """Rényi's entropy of class frequencies, log2 Σ p^α / (1−α)."""
    p = torch.tensor([c for c in counts if c], dtype=torch.float64) / sum(counts)
    if alpha == 1:
        return -(p * p.log2()).sum().item()
    if alpha == math.inf:
        return -p.max().log2().item()
    return (p**alpha).sum().log2().item() / (1 - alpha)


def gates(*variables):
    """Label Gram matrices of variables given by their value at each equally likely outcome."""
    return [gram.labels(torch.tensor(values)) for values in variables]


class TestEntropy:
    @pytest.mark.parametrize("alpha", ORDERS)
    @pytest.mark.parametrize("n", [1, 2, 7, 100])
    def test_identity_over_n_has_log2_n(self, n, alpha):
        assert renyi.entropy(torch.eye(n).double() / n, alpha=alpha).item() == pytest.approx(math.log2(n), abs=1e-13)

    @pytest.mark.parametrize("alpha", ORDERS)
    def test_rank_one_has_none_and_is_never_negative(self, alpha):
        """Below α = 1 the rounding of the zero eigenvalues, 1e-18, counts: its root is 1e-9."""
        unit = torch.nn.functional.normalize(torch.randn(20, 30, 1, generator=RANDOM, dtype=torch.float64), dim=1)
        bits = renyi.entropy(unit @ unit.mT, alpha=alpha)
        assert (bits >= 0).all()
        assert bits.max() < (1e-5 if alpha < 1 else 1e-13)

    @pytest.mark.parametrize("alpha", ORDERS)
    def test_a_dead_layer_has_exactly_none(self, alpha):
        assert renyi.entropy(gram.gaussian(torch.ones(100, 3), bandwidth=1.0), alpha=alpha).item() == 0

    @pytest.mark.parametrize("alpha", ORDERS)
    def test_labels_have_that_of_their_frequencies(self, alpha):
        """S_α(Y) = log2 Σ_c p_c^α / (1−α)."""
        y = torch.tensor([0] * 8 + [1] * 3 + [2] * 3 + [3])
        a = gram.labels(y[torch.randperm(15, generator=RANDOM)])
        assert renyi.entropy(a, alpha=alpha).item() == pytest.approx(frequencies_bits([8, 3, 3, 1], alpha), abs=1e-13)

    @pytest.mark.parametrize("alpha", ORDERS)
    def test_equal_correlations(self, alpha):
        """((1−ρ) I + ρ 11ᵀ)/n has eigenvalues (1 + (n−1) ρ)/n, once, and (1−ρ)/n."""
        n, rho = 40, 0.3
        a = ((1 - rho) * torch.eye(n, dtype=torch.float64) + rho) / n
        weights = [1 + (n - 1) * rho] + [1 - rho] * (n - 1)
        assert renyi.entropy(a, alpha=alpha).item() == pytest.approx(frequencies_bits(weights, alpha), abs=1e-12)

    @pytest.mark.parametrize("alpha", ORDERS)
    def test_samples_on_a_circle(self, alpha):
        """A circulant Gram matrix has the Fourier transform of its first row for eigenvalues."""
        angle = torch.arange(32, dtype=torch.float64) * 2 * math.pi / 32
        a = gram.gaussian(torch.stack([angle.cos(), angle.sin()], -1), bandwidth=0.15)
        weights = torch.fft.fft(a[0]).real.tolist()
        assert renyi.entropy(a, alpha=alpha).item() == pytest.approx(frequencies_bits(weights, alpha), abs=1e-12)

    def test_order_two_is_a_closed_form(self):
        """S_2 = −log2 ‖A‖²_F, which the eigenvalues give too."""
        a = gaussian(5, 40, 3)
        by_norm = -a.square().sum((-2, -1)).log2()
        torch.testing.assert_close(renyi.entropy(a, alpha=2), by_norm, rtol=0, atol=1e-13)
        torch.testing.assert_close(renyi.entropy(a, alpha=2 + 1e-12), by_norm, rtol=0, atol=1e-11)

    @pytest.mark.parametrize("alpha", [0.999, 1.001, 1.99, 2.01, 60])
    def test_no_other_order_is_taken_for_an_exact_case(self, alpha):
        """Beside 1, 2 and ∞ too it is log2 Σ λ^α / (1−α) of the eigenvalues."""
        a = gaussian(40, 3)
        expected = frequencies_bits(torch.linalg.eigvalsh(a).clamp(min=0).tolist(), alpha)
        assert renyi.entropy(a, alpha=alpha).item() == pytest.approx(expected, abs=1e-11)
        for exact in (1, 2, math.inf):
            assert abs(renyi.entropy(a, alpha=exact).item() - expected) > 1e-4

    def test_infinite_order_is_the_limit(self):
        """S_α − S_∞ = O(1/α)."""
        a = gaussian(5, 40, 3)
        torch.testing.assert_close(renyi.entropy(a, alpha=1e9), renyi.entropy(a, alpha=math.inf), rtol=0, atol=1e-8)

    @pytest.mark.parametrize("step", [1e-3, 1e-6, 1e-9, 1e-12, 1e-15])
    def test_is_continuous_in_alpha_through_one(self, step):
        """|S_α − S_1| ≤ c |α − 1|: half the variance of −log2 λ times ln 2, here below 10."""
        a = gaussian(5, 40, 3)
        shannon = renyi.entropy(a, alpha=1)
        for alpha in (1 - step, 1 + step):
            assert (renyi.entropy(a, alpha=alpha) - shannon).abs().max() < 10 * step + 1e-14

    def test_batches_are_one_by_one(self):
        a = gaussian(2, 3, 25, 4)
        one_by_one = torch.stack([renyi.entropy(x) for x in a.flatten(0, 1)]).reshape(2, 3)
        torch.testing.assert_close(renyi.entropy(a), one_by_one, rtol=0, atol=1e-12)

    def test_a_batch_with_some_indicators(self):
        """A matrix has the same entropy in any company, also where rounding of zeros counts."""
        a = torch.stack([gaussian(20, 2), gram.labels(torch.arange(20) % 3), torch.ones(20, 20).double() / 20])
        for alpha in (0.3, 1.01):
            one_by_one = torch.stack([renyi.entropy(x, alpha=alpha) for x in a])
            torch.testing.assert_close(renyi.entropy(a, alpha=alpha), one_by_one, rtol=0, atol=1e-13)
        assert renyi.entropy(a, alpha=0.3)[2] == 0

    def test_float32_is_computed_in_float64(self):
        """Rounding of entries, 1e-8, costs 1e-6 bits or so; none is added."""
        a = gaussian(60, 3)
        bits = renyi.entropy(a.float())
        assert bits.dtype == torch.float64
        assert bits.item() == pytest.approx(renyi.entropy(a).item(), abs=5e-6)
        assert bits.item() == pytest.approx(renyi.entropy(a.float().double()).item(), abs=1e-15)


class TestJointEntropy:
    @pytest.mark.parametrize("alpha", ORDERS)
    def test_of_labels_is_that_of_the_joint_frequencies(self, alpha):
        """Counts 8, 1, 1, 0 of the pairs (0,0), (0,1), (1,0), (1,1)."""
        a, b = gates([0] * 9 + [1], [0] * 8 + [1, 0])
        expected = frequencies_bits([8, 1, 1], alpha)
        assert renyi.joint_entropy(a, b, alpha=alpha).item() == pytest.approx(expected, abs=1e-13)

    @pytest.mark.parametrize("alpha", ORDERS)
    def test_class_by_class_is_the_dense_way(self, alpha):
        """S(T, Y) from the eigenvalues of T ∘ Y, n times, with no blocks known."""
        t, y = gaussian(4, 30, 3), gram.labels(torch.randint(0, 5, (30,), generator=RANDOM))
        values = torch.linalg.eigvalsh(30 * t * y)
        for bits, spectrum in zip(renyi.joint_entropy(t, y, alpha=alpha), values.tolist(), strict=True):
            assert bits.item() == pytest.approx(frequencies_bits([max(x, 0) for x in spectrum], alpha), abs=1e-10)

    def test_some_of_a_batch_may_be_labels(self):
        t, y = gaussian(3, 20, 2), gram.labels(torch.randint(0, 3, (20,), generator=RANDOM))
        other = torch.stack([y, gaussian(20, 2), gram.labels(torch.arange(20))])
        together = renyi.joint_entropy(t, other)
        one_by_one = torch.stack([renyi.joint_entropy(*pair) for pair in zip(t, other, strict=True)])
        torch.testing.assert_close(together, one_by_one, rtol=0, atol=1e-12)
        assert together[2].item() == pytest.approx(math.log2(20), abs=1e-13)

    def test_batches_broadcast_and_order_does_not_matter(self):
        t, y, x = gaussian(2, 3, 15, 2), gram.labels(torch.arange(15) % 4), gaussian(3, 15, 2)
        bits = renyi.joint_entropy(t, y, x)
        assert bits.shape == (2, 3)
        torch.testing.assert_close(renyi.joint_entropy(x, t, y), bits, rtol=0, atol=1e-12)
        assert bits[1, 2].item() == pytest.approx(renyi.joint_entropy(t[1, 2], y, x[2]).item(), abs=1e-12)

    def test_of_one_is_its_entropy(self):
        a = gaussian(15, 2)
        assert renyi.joint_entropy(a).item() == renyi.entropy(a).item()

    def test_a_constant_adds_nothing(self):
        """S(A, 11ᵀ/n) = S(A)."""
        a, constant = gaussian(15, 2), torch.full((15, 15), 1 / 15)
        assert renyi.joint_entropy(a, constant.double()).item() == pytest.approx(renyi.entropy(a).item(), abs=1e-13)

    def test_three_hundred_maps_do_not_underflow(self):
        """100^−300 is no floating-point number; many noisy maps tell all samples apart."""
        assert renyi.joint_entropy(*gaussian(300, 100, 2)).item() == pytest.approx(math.log2(100), abs=1e-12)


class TestMutualInformation:
    def test_by_hand(self):
        """I(A; B) of counts 8, 1, 1, 0 at α = 2: 2 · (−log2 0.82) + log2 0.66 = −0.027, kept with its sign."""
        a, b = gates([0] * 9 + [1], [0] * 8 + [1, 0])
        assert renyi.mutual_information(a, b, alpha=2).item() == pytest.approx(-0.027, abs=5e-4)
        assert renyi.mutual_information(a, b, alpha=1).item() > 0

    @pytest.mark.parametrize("alpha", ORDERS)
    def test_with_itself_of_labels_is_the_entropy(self, alpha):
        (y,) = gates([0, 0, 1, 2, 2, 2])
        own = renyi.mutual_information(y, y, alpha=alpha).item()
        assert own == pytest.approx(renyi.entropy(y, alpha=alpha).item(), abs=1e-13)

    def test_is_symmetric_and_broadcasts(self):
        t, x = gaussian(4, 20, 2), gaussian(20, 2)
        there, back = renyi.mutual_information(t, x), renyi.mutual_information(x, t)
        assert there.shape == (4,)
        torch.testing.assert_close(there, back, rtol=0, atol=1e-12)


class TestHadamard:
    def test_of_equal_widths_is_the_tensor_kernel(self):
        """∏_c exp(−d_c²/2σ²) = exp(−Σ_c d_c²/2σ²)."""
        maps = torch.randn(16, 25, 6, generator=RANDOM, dtype=torch.float64)
        product = renyi.joint(gram.gaussian(maps, bandwidth=4.0, batch_dims=1))
        concatenated = gram.gaussian(maps.permute(1, 0, 2), bandwidth=4.0)
        torch.testing.assert_close(product, concatenated, rtol=1e-12, atol=1e-40)

    def test_joint_is_hadamard_along_a_dimension(self):
        maps = gaussian(2, 7, 10, 3)
        torch.testing.assert_close(renyi.joint(maps), renyi.hadamard(*maps.unbind(1)), rtol=1e-13, atol=0)

    def test_unequal_diagonals_are_normalised(self):
        """diag(0.8, 0.2) ∘ diag(0.5, 0.5) / 0.5."""
        a, b = torch.diag(torch.tensor([0.8, 0.2])), torch.eye(2) / 2
        torch.testing.assert_close(renyi.hadamard(a, b), a.double())

    def test_no_denormal_numbers_in_long_products(self):
        maps = torch.randn(64, 50, 3, generator=RANDOM, dtype=torch.float64)
        product = renyi.joint(gram.gaussian(maps, bandwidth=1.0, batch_dims=1))
        assert ((product == 0) | (product > 1e-290)).all()
        assert (product == 0).any()


BAD = [
    (torch.ones(3), "must have shape (*batch, n, n), got (3,)"),
    (torch.ones(3, 2), "must have shape (*batch, n, n), got (3, 2)"),
    (torch.zeros(2, 0, 0), "must not be empty, got shape (2, 0, 0)"),
    (torch.eye(2, dtype=torch.complex64) / 2, "must be real, got dtype torch.complex64"),
    (torch.eye(2), "must have unit trace, got 2: divide it by its trace"),
    (torch.tensor([[0.5, 0.3], [0.1, 0.5]]), "must be symmetric, got entries that differ by 0.2 at [0, 1]"),
    (torch.tensor([[0.5, math.nan], [math.nan, 0.5]]), "must be finite, got nan at [0, 1]: leave out or mask"),
    (torch.tensor([[math.inf, 0.0], [0.0, 0.5]]), "must be finite, got inf at [0, 0]"),
]


class TestComplaints:
    @pytest.mark.parametrize(("matrix", "message"), BAD)
    def test_of_a_gram_matrix_by_name(self, matrix, message):
        good = torch.eye(2) / 2
        with pytest.raises(ValueError, match=re.escape("gram " + message)):
            renyi.entropy(matrix)
        with pytest.raises(ValueError, match=re.escape("grams[1] " + message)):
            renyi.joint_entropy(good, matrix)
        with pytest.raises(ValueError, match=re.escape("b " + message)):
            renyi.mutual_information(good, matrix)
        with pytest.raises(ValueError, match=re.escape("grams[0] " + message)):
            renyi.hadamard(matrix, good)
        with pytest.raises(ValueError, match=re.escape("maps " + message)):
            renyi.joint(matrix)

    def test_one_bad_matrix_of_a_batch_is_enough(self):
        a = gaussian(3, 8, 2)
        a[1, 5, 2] += 1e-4
        with pytest.raises(
            ValueError, match=r"gram must be symmetric, got entries that differ by 0\.0001 at \[1, 2, 5\]"
        ):
            renyi.entropy(a)

    @pytest.mark.parametrize("alpha", [0, -1, math.nan])
    def test_of_the_order(self, alpha):
        a = torch.eye(2) / 2
        for call in (renyi.entropy, renyi.joint_entropy, lambda a, alpha: renyi.mutual_information(a, a, alpha=alpha)):
            with pytest.raises(ValueError, match=f"alpha must be above 0 .*, got {alpha}"):
                call(a, alpha=alpha)

    def test_of_what_cannot_go_together(self):
        with pytest.raises(ValueError, match=re.escape("must share n, got a (2, 2), b (3, 3)")):
            renyi.mutual_information(torch.eye(2) / 2, torch.eye(3) / 3)
        message = re.escape("batch shapes must broadcast, got grams[0] (2, 5, 5), grams[1] (3, 5, 5)")
        with pytest.raises(ValueError, match=message):
            renyi.joint_entropy(gaussian(2, 5, 2), gaussian(3, 5, 2))
        with pytest.raises(ValueError, match="share a device, got a on cpu, b on meta"):
            checks._alike({"a": torch.eye(2), "b": torch.eye(2, device="meta")})

    def test_of_a_diagonal_that_has_no_joint(self):
        corner = torch.diag(torch.tensor([1.0, 0.0]))
        assert renyi.entropy(corner).item() == 0
        with pytest.raises(
            ValueError, match=re.escape("b must have a positive diagonal to enter a joint entropy, got 0")
        ):
            renyi.mutual_information(torch.eye(2) / 2, corner)

    def test_of_nothing(self):
        with pytest.raises(ValueError, match="grams must hold at least one Gram matrix, got none"):
            renyi.joint_entropy()

    def test_of_too_few_dimensions(self):
        with pytest.raises(ValueError, match=re.escape("maps must have shape (*batch, C, n, n), got (4, 4)")):
            renyi.joint(torch.eye(4) / 4)

    def test_of_another_kind_of_array(self):
        with pytest.raises(TypeError, match="gram must be a torch tensor, got ndarray"):
            renyi.entropy((torch.eye(2) / 2).numpy())
