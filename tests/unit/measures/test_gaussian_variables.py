"""Jointly Gaussian variables of known correlation: what the estimate converges to, how it rises, and its bias.

For samples of a normal distribution of variance v the eigenvalues of the Gaussian kernel of width σ, over n, tend to a
geometric series, λ_k = (1 − w) w^k with w = b / (a + b + c), a = 1 / 4v, b = 1 / 2σ², c = √(a² + 2ab) (Zhu, Williams,
Rohwer and Morciniec 1998). Two variables of correlation ρ and one width are, turned by 45°, independent with variances
1 + ρ and 1 − ρ, so that every S_α of theirs is a sum. The limit of the mutual information is then

    I_α(ρ) = 2 S_α(1) − S_α(1 + ρ) − S_α(1 − ρ),

0 for ρ = 0, rising with ρ, and for σ → 0 the true −½ log2(1 − ρ²).
"""

import math

import pytest
import torch

from infoplane.measures import gram, renyi

ORDERS = [1, 1.01, 2]
CORRELATIONS = [0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.99]


def limit_entropy(variance, sigma, alpha):
    """Rényi's entropy of the geometric series, bits."""
    a, b = 1 / (4 * variance), 1 / (2 * sigma**2)
    w = b / (a + b + math.sqrt(a * a + 2 * a * b))
    if alpha == 1:
        return -math.log2(1 - w) - w / (1 - w) * math.log2(w)
    if alpha == math.inf:
        return -math.log2(1 - w)
    return (alpha * math.log2(1 - w) - math.log2(1 - w**alpha)) / (1 - alpha)


def limit_information(rho, sigma, alpha):
    """I_α(ρ), bits."""
    single, along, across = (limit_entropy(variance, sigma, alpha) for variance in (1, 1 + rho, 1 - rho))
    return 2 * single - along - across


def true_information(rho):
    """−½ log2(1 − ρ²)."""
    return -0.5 * math.log2(1 - rho**2)


def quantiles(m):
    """The (i + ½)/m quantiles of the normal distribution."""
    return torch.special.ndtri((torch.arange(m, dtype=torch.float64) + 0.5) / m)


def correlated(x, z, rho):
    """What has correlation ρ with x, for independent x and z."""
    return rho * x + math.sqrt(1 - rho**2) * z


def estimate(x, y, alpha, sigma=1.0):
    """I_α of samples, or of a batch of them, bits."""
    a, b = (gram.gaussian(some, bandwidth=sigma, batch_dims=some.ndim - 1) for some in (x, y))
    return renyi.mutual_information(a, b, alpha=alpha)


def drawn(seed, *shape):
    """Two independent sets of normal samples."""
    return torch.randn(2, *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class TestLimit:
    @pytest.mark.parametrize(("alpha", "room"), [(1, 0.03), (1.01, 0.03), (2, 1e-3), (math.inf, 1e-4)])
    @pytest.mark.parametrize("sigma", [0.3, 1.0])
    def test_of_one_variable(self, sigma, alpha, room):
        """From below: 100 quantiles lack the tails, 0.02 bits at α = 1, and only large eigenvalues count at large α."""
        found = renyi.entropy(gram.gaussian(quantiles(100), bandwidth=sigma), alpha=alpha).item()
        assert -room < found - limit_entropy(1, sigma, alpha) <= 0

    @pytest.mark.parametrize("alpha", ORDERS)
    @pytest.mark.parametrize("sigma", [0.5, 1.0])
    def test_of_two_variables(self, sigma, alpha):
        """On a grid of 18² quantiles, of which the estimate is within 0.03 bits, and within 0.04 at σ = ½."""
        x, z = torch.cartesian_prod(quantiles(18), quantiles(18)).T
        x, z = (some / some.std(correction=0) for some in (x, z))
        y = torch.stack([correlated(x, z, rho) for rho in CORRELATIONS])
        found = estimate(x.expand_as(y), y, alpha, sigma)
        expected = torch.tensor([limit_information(rho, sigma, alpha) for rho in CORRELATIONS], dtype=torch.float64)
        torch.testing.assert_close(found, expected, rtol=0, atol=0.03 if sigma == 1 else 0.04)
        assert found[0].item() == pytest.approx(0, abs=1e-11)
        assert (found.diff() > 0).all()

    def test_rises_towards_the_truth_for_a_narrower_kernel(self):
        """At ρ = 0.8 and α = 1, of the true 0.737 bits: 0.23 with σ = 2, 0.47 with 1, 0.58 with 0.7."""
        x, z = drawn(0, 500)
        widths = (2.0, 1.0, 0.7)
        found = [estimate(x, correlated(x, z, 0.8), 1, sigma).item() for sigma in widths]
        assert found == pytest.approx([limit_information(0.8, sigma, 1) for sigma in widths], abs=0.1)
        assert found[0] < found[1] < found[2] < true_information(0.8)


class TestSamples:
    @pytest.mark.parametrize("alpha", ORDERS)
    @pytest.mark.parametrize("seed", range(3))
    def test_the_estimate_rises_with_the_true_information(self, seed, alpha):
        """200 samples, of which only the correlation changes: true informations 0, 0.07, 0.32, …, 2.83 bits."""
        x, z = drawn(seed, 200)
        y = torch.stack([correlated(x, z, rho) for rho in CORRELATIONS])
        assert (estimate(x.expand_as(y), y, alpha).diff() > 0).all()

    @pytest.mark.parametrize("alpha", [0.5, 1, 1.01, 2, math.inf])
    def test_is_zero_where_the_samples_themselves_are_independent(self, alpha):
        """Every x with every y: A ∘ B is a Kronecker product, whose entropy is the sum, whatever α and the kernels."""
        x, y = torch.cartesian_prod(*drawn(0, 9)).T
        assert estimate(x, y, alpha).item() == pytest.approx(0, abs=1e-6 if alpha < 1 else 1e-12)

    @pytest.mark.parametrize(
        ("alpha", "bias"), [(1, {50: 0.129, 100: 0.076, 200: 0.043}), (2, {50: 0.038, 100: 0.024, 200: 0.010})]
    )
    def test_bias_for_independent_variables(self, alpha, bias):
        """Above 0 and vanishing: 6/n to 9/n bits at α = 1 and 2/n at α = 2, for σ = 1.

        n samples of two variables are never quite independent. The means were found over 100 seeds, with standard
        deviations of 2/n and 4/n bits of a single estimate: the mean of 25 others has to be within 2/n of them.
        """
        for n, expected in bias.items():
            found = estimate(*drawn(1000 + n, 25, n), alpha).mean()
            assert found.item() == pytest.approx(expected, abs=2 / n)
            assert found > 0

    @pytest.mark.parametrize("alpha", [1.01, 2])
    def test_against_shuffled_samples(self, alpha):
        """Pairs torn apart show the bias: draws of ρ = 0.6 are beyond all 19 shuffles, of ρ = 0 in their midst.

        The rank of an independent draw is uniform from 0 to 19: the mean of ten is 9.5, with a standard error of 1.8.
        """
        x, z = drawn(5, 10, 100)
        random = torch.Generator().manual_seed(6)
        shuffles = torch.stack([torch.randperm(100, generator=random) for _ in range(19)])
        ranks = {}
        for rho in (0, 0.6):
            y = correlated(x, z, rho)
            shuffled = estimate(x.expand(19, 10, 100), y[:, shuffles].transpose(0, 1), alpha)
            ranks[rho] = (shuffled < estimate(x, y, alpha)).sum(0).double()
        assert ranks[0].mean().item() == pytest.approx(9.5, abs=4)
        assert (ranks[0.6] == 19).all()
