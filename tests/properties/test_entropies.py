"""Theorems about matrix-based entropies, on random variables of random kinds. Each docstring is the statement."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.measures import gram, invariants, pid, renyi

quick = settings(max_examples=50, deadline=None)
orders = st.one_of(st.sampled_from([0.5, 1.0, 1.01, 2.0, math.inf]), st.floats(0.5, 8))


@st.composite
def variables(draw, count):
    """Gram matrices (count, n, n): Gaussian kernels of any width on random samples, or the labels of random classes."""
    n = draw(st.integers(2, 14))
    random = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    return torch.stack([draw(variable(n, random)) for _ in range(count)])


@st.composite
def variable(draw, n, random):
    """One Gram matrix (n, n)."""
    if draw(st.booleans()):
        return gram.labels(torch.randint(0, draw(st.integers(1, n)), (n,), generator=random))
    samples = torch.randn(n, draw(st.integers(1, 4)), generator=random, dtype=torch.float64)
    return gram.gaussian(samples, bandwidth=10 ** draw(st.floats(-1, 1)))


def room(alpha):
    """Rounding, bits: below α = 1 an eigenvalue that should be 0 counts with the power α of its rounding."""
    return 1e-6 if alpha < 1 else 1e-11


class TestEveryOrder:
    @quick
    @given(variables(4), orders)
    def test_range(self, grams, alpha):
        """0 ≤ S_α(A) ≤ log2 n."""
        bits = renyi.entropy(grams, alpha=alpha)
        assert (bits >= 0).all()
        assert (bits <= math.log2(grams.shape[-1]) + 1e-13).all()

    @quick
    @given(variables(4), orders, orders)
    def test_order(self, grams, one, other):
        """S_α(A) ≥ S_β(A) for α ≤ β."""
        low, high = sorted([one, other])
        assert (renyi.entropy(grams, alpha=low) >= renyi.entropy(grams, alpha=high) - 1e-12).all()

    @quick
    @given(variables(3), orders)
    def test_marginals(self, grams, alpha):
        """S_α(A) ≤ S_α(A, B) ≤ S_α(A, B, C)."""
        a, b, c = grams
        one, two, three = (renyi.joint_entropy(*some, alpha=alpha) for some in ([a], [a, b], [a, b, c]))
        assert one <= two + room(alpha)
        assert two <= three + room(alpha)

    @quick
    @given(variables(2), orders)
    def test_information_is_within_both(self, grams, alpha):
        """I_α(A; B) ≤ min(S_α(A), S_α(B))."""
        information = renyi.mutual_information(*grams, alpha=alpha)
        assert information <= renyi.entropy(grams, alpha=alpha).min() + room(alpha)

    @quick
    @given(variables(3), orders)
    def test_conditional_entropy(self, grams, alpha):
        """0 ≤ S_α(A | B, C)."""
        assert renyi.conditional_entropy(*grams, alpha=alpha) >= -room(alpha)

    @quick
    @given(variables(2), orders, st.randoms(use_true_random=False))
    def test_permutation(self, grams, alpha, random):
        """Naming the samples otherwise, alike in A and B, changes nothing."""
        order = list(range(grams.shape[-1]))
        random.shuffle(order)
        shuffled = grams[:, order][:, :, order]
        torch.testing.assert_close(
            renyi.mutual_information(*shuffled, alpha=alpha),
            renyi.mutual_information(*grams, alpha=alpha),
            rtol=0,
            atol=3 * room(alpha),
        )

    @quick
    @given(st.integers(2, 12), st.integers(1, 5), st.integers(0, 2**31), st.floats(0.1, 10))
    def test_motion(self, n, d, seed, sigma):
        """A Gaussian Gram matrix does not change when its samples turn and move: ‖Q x + c − Q x′ − c‖ = ‖x − x′‖."""
        random = torch.Generator().manual_seed(seed)
        x = torch.randn(n, d, generator=random, dtype=torch.float64)
        turn, _ = torch.linalg.qr(torch.randn(d, d, generator=random, dtype=torch.float64))
        moved = x @ turn.mT + torch.randn(d, generator=random, dtype=torch.float64)
        torch.testing.assert_close(
            gram.gaussian(moved, bandwidth=sigma), gram.gaussian(x, bandwidth=sigma), rtol=0, atol=1e-11
        )

    @quick
    @given(st.integers(1, 20), st.integers(1, 6), st.integers(0, 2**31), orders)
    def test_labels(self, n, classes, seed, alpha):
        """S_α(Y) is the Rényi entropy of the class frequencies."""
        y = torch.randint(0, classes, (n,), generator=torch.Generator().manual_seed(seed))
        p = y.unique(return_counts=True)[1].double() / n
        if alpha == 1:
            expected = -(p * p.log2()).sum()
        elif alpha == math.inf:
            expected = -p.max().log2()
        else:
            expected = torch.logsumexp(alpha * p.log(), 0) / ((1 - alpha) * math.log(2))
        # The plain form divides its own rounding by |1 − α|.
        near = 1e-14 / min(1, abs(alpha - 1) or 1)
        assert renyi.entropy(gram.labels(y), alpha=alpha).item() == pytest.approx(expected.item(), abs=1e-12 + near)

    @quick
    @given(variables(2), st.integers(1, 5), st.integers(0, 2**31), st.floats(1, 8))
    def test_class_by_class(self, grams, classes, seed, alpha):
        """S(T, Y) is that of the eigenvalues of T ∘ Y, with no blocks and no counting."""
        n = grams.shape[-1]
        y = gram.labels(torch.randint(0, classes, (n,), generator=torch.Generator().manual_seed(seed)))
        dense = torch.linalg.eigvalsh(n * grams * y).clamp(min=0)
        if alpha == 1:
            expected = torch.special.entr(dense).sum(-1) / math.log(2)
        else:
            expected = torch.log1p((dense**alpha - dense).sum(-1)) / ((1 - alpha) * math.log(2))
        near = 1e-14 / min(1, abs(alpha - 1) or 1) + 1e-15 * n ** (alpha - 1)
        torch.testing.assert_close(renyi.joint_entropy(grams, y, alpha=alpha), expected, rtol=0, atol=1e-11 + near)

    @quick
    @given(st.integers(1, 6), st.integers(2, 12), st.integers(0, 2**31), st.floats(0.5, 10))
    def test_tensor_kernel(self, count, n, seed, sigma):
        """The Hadamard product of kernels of equal width is the kernel of the concatenated variables."""
        maps = torch.randn(count, n, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        product = renyi.joint(gram.gaussian(maps, bandwidth=sigma, batch_dims=1))
        together = gram.gaussian(maps.transpose(0, 1), bandwidth=sigma)
        torch.testing.assert_close(product, together, rtol=0, atol=1e-12)

    @quick
    @given(variables(4), orders)
    def test_percentages(self, grams, alpha):
        """RST % + WNI % = 100 where a pair counts, as WNI_ij = I_ij − RST_ij; both NaN where none does."""
        found = pid.pairwise(grams[1:], grams[0], alpha=alpha)
        total = found.redundancy_synergy_tradeoff_percent + found.weighted_nonredundant_information_percent
        if found.pairs_excluded == 3:
            assert total.isnan()
        else:
            assert total.item() == pytest.approx(
                100, abs=1e-9 * found.redundancy_synergy_tradeoff_percent.abs().item() + 1e-9
            )


class TestOrderOne:
    @quick
    @given(variables(2))
    def test_subadditivity(self, grams):
        """S(A, B) ≤ S(A) + S(B), so I(A; B) ≥ 0."""
        assert renyi.mutual_information(*grams, alpha=1) >= -1e-12

    @quick
    @given(variables(3))
    def test_conditioning(self, grams):
        """S(A | B, C) ≤ S(A | B) ≤ S(A)."""
        a, *given = grams
        both, one = (renyi.conditional_entropy(a, *given[:count], alpha=1) for count in (2, 1))
        assert both <= one + 1e-12
        assert one <= renyi.entropy(a, alpha=1) + 1e-12

    @quick
    @given(variables(4))
    def test_total_correlation(self, grams):
        """0 ≤ TC(A, B, C) ≤ TC(A, B, C, D)."""
        three, four = (renyi.total_correlation(*grams[:count], alpha=1) for count in (3, 4))
        assert -1e-12 <= three <= four + 1e-12

    @quick
    @given(variables(3))
    def test_interaction_information(self, grams):
        """−min I(A; B | C) ≤ I(A; B; C) ≤ min I(A; B), over the pairs of three variables."""
        pairs = renyi.mutual_information(grams[[0, 0, 1]], grams[[1, 2, 2]], alpha=1)
        interaction = renyi.interaction_information(*grams, alpha=1)
        assert interaction <= pairs.min() + 1e-12
        assert (pairs - interaction).min() >= -1e-12

    @quick
    @given(variables(5))
    def test_nested_sets(self, grams):
        """I(X; {T1}) ≤ I(X; {T1, T2}) ≤ …: one map more never tells less, by strong subadditivity."""
        x, *maps = grams
        sets = torch.stack(list(itertools.accumulate(maps, renyi.hadamard)))
        assert (renyi.mutual_information(sets, x, alpha=1).diff() >= -1e-12).all()

    @quick
    @given(variables(4))
    def test_nonredundant_information(self, grams):
        """WNI ≥ 0, and so RST % ≤ 100, since I(X; {Ti, Tj}) ≥ I(X; Ti)."""
        found = pid.pairwise(grams[1:], grams[0], alpha=1)
        assert found.weighted_nonredundant_information >= -1e-12
        if found.pairs_excluded < 3:
            assert found.redundancy_synergy_tradeoff_percent <= 100 + 1e-4  # 1e-12 bits of a pair of 1e-6

    @quick
    @given(variables(4))
    def test_degrees(self, grams):
        """Degrees of redundancy and of vulnerability lie between 0 and C, as 0 ≤ I_i, I(X; T^i | others) ≤ I."""
        found = invariants.degrees(grams[1:], grams[0], alpha=1)
        for degree in (found.redundancy, found.vulnerability):
            assert degree.isnan() or -1e-4 <= degree <= 3 + 1e-4  # 1e-12 bits over more than 1e-6

    @quick
    @given(variables(3))
    def test_atoms(self, grams):
        """No atom of the minimum-mutual-information redundancy is negative."""
        atoms = pid.minimum_mutual_information_atoms(grams[1:], grams[0], alpha=1)
        assert min(atom.item() for atom in atoms) >= -1e-12

    @quick
    @given(variables(1), st.integers(1, 3), st.integers(0, 2**31))
    def test_bandwidth(self, grams, d, seed):
        """I(X; T) cannot rise with T's σ: the narrow kernel is the wide one times another Gaussian."""
        t = torch.randn(grams.shape[-1], d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        informations = renyi.mutual_information(
            gram.gaussian(t.expand(12, -1, -1), bandwidth=torch.logspace(-2, 2, 12), batch_dims=1), grams[0], alpha=1
        )
        assert (informations.diff() <= 1e-12).all()


class TestAwayFromOrderOne:
    """Each theorem of order one fails at α = 2, and the estimates say so with their sign.

    X = (0, 0, 0, 1) on four samples, T1 = (0, 0, 1, 1), and T2 = (0, 1, 2, 2), which refines T1.
    S_2: X log2(16/10), T1 log2(16/8), T2 log2(16/6), (X, T1) log2(16/6), (X, T2) log2(16/4).
    So I_2(X; T1) = log2(1.2) and I_2(X; T2) = I_2(X; {T1, T2}) = log2(16/15).
    """

    X, T1, T2 = (gram.labels(torch.tensor(y)) for y in ([0, 0, 0, 1], [0, 0, 1, 1], [0, 1, 2, 2]))

    def test_subadditivity(self):
        """Two bits with counts 8, 1, 1, 0: I_2 = log2(0.66 / 0.82²) = −0.027."""
        a = gram.labels(torch.tensor([0] * 9 + [1]))
        b = gram.labels(torch.tensor([0] * 8 + [1, 0]))
        assert renyi.mutual_information(a, b, alpha=2).item() == pytest.approx(math.log2(0.66 / 0.82**2), abs=1e-13)
        assert renyi.mutual_information(a, b, alpha=2) < -0.026

    def test_nested_sets(self):
        """I_2(X; {T1, T2}) = log2(16/15) < log2(1.2) = I_2(X; T1)."""
        alone = renyi.mutual_information(self.X, self.T1, alpha=2)
        both = pid.pairwise(torch.stack([self.T1, self.T2]), self.X, alpha=2).multivariate_mutual_information
        assert alone.item() == pytest.approx(math.log2(1.2), abs=1e-13)
        assert both.item() == pytest.approx(math.log2(16 / 15), abs=1e-13)

    def test_nonredundant_information(self):
        """WNI = 2 I_12 − I_1 − I_2 = log2(16/15) − log2(1.2) = −0.170 bits, RST % = 282."""
        found = pid.pairwise(torch.stack([self.T1, self.T2]), self.X, alpha=2)
        one, both = math.log2(1.2), math.log2(16 / 15)
        assert found.weighted_nonredundant_information.item() == pytest.approx(both - one, abs=1e-13)
        assert found.redundancy_synergy_tradeoff_percent.item() == pytest.approx(100 * one / both, abs=1e-10)

    def test_bandwidth(self):
        """T = (0, 1, 100, 100) has the classes of T2 under a narrow kernel and those of T1 under a wide one."""
        t = torch.tensor([0.0, 1.0, 100.0, 100.0])
        narrow, wide = (
            renyi.mutual_information(self.X, gram.gaussian(t, bandwidth=sigma), alpha=2).item() for sigma in (0.01, 10)
        )
        assert narrow == pytest.approx(math.log2(16 / 15), abs=1e-12)
        assert wide == pytest.approx(math.log2(1.2), abs=0.01)
        assert wide > narrow + 0.15

    def test_strong_subadditivity_fails_at_the_default_order_too(self):
        """At α = 1.01, seven samples: one map more loses 4e-3 bits."""
        x, one, other = (
            gram.labels(torch.tensor(y)) for y in ([0, 0, 0, 2, 0, 0, 1], [0, 1, 1, 0, 1, 1, 0], [1, 3, 2, 1, 2, 1, 1])
        )
        lost = renyi.mutual_information(x, one) - renyi.mutual_information(x, renyi.hadamard(one, other))
        assert lost.item() == pytest.approx(0.00403, abs=1e-5)
