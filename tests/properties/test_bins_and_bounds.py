"""Theorems about binned layers and about layers with Gaussian noise. Each docstring is the statement."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.measures import binning, kde

quick = settings(max_examples=25, deadline=None)


@st.composite
def layers(draw):
    """Activations (n, d) with ties, and classes (n)."""
    n, d, seed = draw(st.integers(1, 25)), draw(st.integers(1, 12)), draw(st.integers(0, 2**31))
    random = torch.Generator().manual_seed(seed)
    x = torch.randn(n, d, generator=random, dtype=torch.float64) * 10 ** draw(st.floats(-1, 1))
    decimals = draw(st.sampled_from([0, 1, 15]))
    return x.round(decimals=decimals), torch.randint(0, draw(st.integers(1, 6)), (n,), generator=random)


edges = st.lists(st.floats(-3, 3), min_size=1, max_size=12).map(lambda some: torch.tensor(sorted(some)).double())
permutations = st.integers(0, 2**31).map(lambda seed: torch.Generator().manual_seed(seed))


def counted(y):
    """H(Y) from class counts, bits."""
    p = y.unique(return_counts=True)[1].double() / len(y)
    return -(p * p.log2()).sum().item()


class TestBinning:
    @quick
    @given(layers(), edges)
    def test_range(self, layer, edges):
        """0 ≤ I(T; Y) ≤ min(H(T), H(Y)), and I(X; T) = H(T) ≤ log2 n."""
        x, y = layer
        found = binning.mutual_information(x, y, edges=edges)
        states = binning.entropy(x, edges=edges).item()
        assert found.with_input.item() == pytest.approx(states, abs=1e-13)
        assert -1e-13 <= found.with_target.item() <= min(states, counted(y)) + 1e-13
        assert 0 <= states <= math.log2(len(x)) + 1e-13

    @quick
    @given(layers(), edges, edges)
    def test_nested_edges(self, layer, coarse, more):
        """Further edges cannot lower I(X; T) or I(T; Y): the coarse state is a function of the fine one."""
        x, y = layer
        few, many = (
            binning.mutual_information(x, y, edges=some) for some in (coarse, torch.cat([coarse, more]).sort().values)
        )
        assert few.with_input <= many.with_input + 1e-13
        assert few.with_target <= many.with_target + 1e-13

    @quick
    @given(layers(), edges)
    def test_nested_units(self, layer, edges):
        """Nor can further units."""
        x, y = layer
        some = sorted({1, x.shape[1] // 2 + 1, x.shape[1]})
        found = [binning.mutual_information(x[:, :count], y, edges=edges) for count in some]
        for informations in zip(*found, strict=True):
            assert (torch.stack(informations).diff() >= -1e-13).all()

    @quick
    @given(layers(), edges, permutations)
    def test_permutation(self, layer, edges, random):
        """The order of samples and of units says nothing."""
        x, y = layer
        samples, units = (torch.randperm(size, generator=random) for size in x.shape)
        found = binning.mutual_information(x, y, edges=edges)
        for same in (
            binning.mutual_information(x[samples], y[samples], edges=edges),
            binning.mutual_information(x[:, units], y, edges=edges),
        ):
            torch.testing.assert_close(same.with_input, found.with_input, rtol=0, atol=1e-13)
            torch.testing.assert_close(same.with_target, found.with_target, rtol=0, atol=1e-13)

    @quick
    @given(layers(), st.integers(2, 12))
    def test_equal_counts_see_ranks_only(self, layer, bins):
        """I(X; T) with equal-count edges is that of any increasing function of the activations, here x³ + x."""
        x, _ = layer
        changed = x**3 + x
        one, other = (
            binning.entropy(some, edges=binning.equal_count_edges(some, bins, per_unit=True)) for some in (x, changed)
        )
        torch.testing.assert_close(one, other, rtol=0, atol=1e-13)


class TestNoise:
    @quick
    @given(layers(), st.floats(-3, 3))
    def test_order(self, layer, power):
        """0 ≤ lower ≤ upper ≤ log2 n for I(X; T); for I(T; Y) lower ≤ both estimates ≤ upper."""
        x, y = layer
        found = kde.mutual_information(x, y, noise_variance=10**power)
        lower, upper = found.with_input
        assert -1e-12 <= lower <= upper + 1e-12
        assert upper <= math.log2(len(x)) + 1e-12
        for estimate in found.with_target_estimates:
            assert found.with_target.lower - 1e-12 <= estimate <= found.with_target.upper + 1e-12

    @quick
    @given(layers(), st.floats(-2, 2), st.floats(1, 10))
    def test_noise(self, layer, power, factor):
        """More noise cannot raise a bound of I(X; T)."""
        x, y = layer
        less, more = (kde.mutual_information(x, y, noise_variance=10**power * each).with_input for each in (1, factor))
        assert more.lower <= less.lower + 1e-12
        assert more.upper <= less.upper + 1e-12

    @quick
    @given(layers(), st.floats(-2, 2))
    def test_four_times_the_noise(self, layer, power):
        """The upper bound at 4σ² is the lower bound at σ²: D_KL = 4 D_B."""
        x, y = layer
        lower = kde.mutual_information(x, y, noise_variance=10**power).with_input.lower
        upper = kde.mutual_information(x, y, noise_variance=4 * 10**power).with_input.upper
        torch.testing.assert_close(upper, lower, rtol=0, atol=1e-11)

    @quick
    @given(layers(), permutations)
    def test_permutation(self, layer, random):
        """The order of samples and of units says nothing."""
        x, y = layer
        samples, units = (torch.randperm(size, generator=random) for size in x.shape)
        found = kde.mutual_information(x, y, noise_variance=0.5)
        for same in (
            kde.mutual_information(x[samples], y[samples], noise_variance=0.5),
            kde.mutual_information(x[:, units], y, noise_variance=0.5),
        ):
            for pair, expected in zip(same, found, strict=True):
                torch.testing.assert_close(torch.stack(list(pair)), torch.stack(list(expected)), rtol=0, atol=1e-11)

    @quick
    @given(layers(), st.floats(-2, 2))
    def test_one_class(self, layer, power):
        """With one class only, both estimates of I(T; Y) are 0."""
        x, _ = layer
        found = kde.mutual_information(x, torch.zeros(len(x)).long(), noise_variance=10**power)
        assert found.with_target_estimates.bhattacharyya.item() == pytest.approx(0, abs=1e-13)
        assert found.with_target_estimates.kullback_leibler.item() == pytest.approx(0, abs=1e-13)
