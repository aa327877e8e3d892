"""Layers that say nothing, and layers of thousands of units, through every measure."""

import math

import pytest
import torch

from infoplane.measures import binning, bottleneck, gradients, gram, histogram, invariants, kde, pid, renyi

RANDOM = torch.Generator().manual_seed(12)
ORDERS = [0.5, 0.9, 1, 1.01, 2, 10, math.inf]
N = 24
X = gram.gaussian(torch.randn(N, 3, generator=RANDOM, dtype=torch.float64), bandwidth=1.0)
Y = torch.arange(N) % 3


def room(alpha):
    """Rounding, bits: below α = 1 that of zero eigenvalues counts."""
    return 1e-6 if alpha < 1 else 1e-12


def numbers(found):
    """All numbers of a result, whatever its tuples and lists."""
    return found.flatten().tolist() if isinstance(found, torch.Tensor) else [x for part in found for x in numbers(part)]


@pytest.fixture(params=["counting", "sorting"])
def engine(request, monkeypatch):
    """Either engine of binning, where there is enough to do for the first."""
    monkeypatch.setattr(histogram, "available", lambda: request.param == "counting")
    monkeypatch.setattr(binning, "_MANY", 1)


@pytest.fixture(params=[(0.0, 1), (0.1, 7), (-7.3, 300), (1e6 / 3, 5000)], ids=lambda some: f"{some[0]:.3g}x{some[1]}")
def dead(request):
    """A dead layer: equal activations, which need not be numbers whose mean is exact."""
    value, units = request.param
    return torch.full((N, units), value, dtype=torch.float64)


class TestADeadLayer:
    def test_has_the_all_ones_gram_matrix_under_every_bandwidth(self, dead):
        distances = gram.squared_distances(dead)
        assert (distances == 0).all()
        assert (gram.standardise(dead) == 0).all()
        candidates = gram.alignment_candidates(distances, count=5, least=0.1, reach=10)
        widths = [
            torch.tensor([1e-300, 1.0, 1e300], dtype=torch.float64),
            gram.silverman_bandwidth(N, dead.shape[1], scale=5),
            gram.tapia_estevez_bandwidth(N, dead.shape[1], scale=1),
            gram.median_bandwidth(distances, scale=0.5),
            gram.aligned_bandwidth(distances, gram.labels(Y), candidates=candidates),
        ]
        for width in widths:
            assert (gram.gaussian_from_distances(distances, bandwidth=width) == 1 / N).all()

    @pytest.mark.parametrize("alpha", ORDERS)
    def test_has_no_entropy_and_no_information(self, alpha):
        """S(T) = 0, S(T, X) = S(X), and I(T; …) = 0, with one other variable or two."""
        t, y = gram.gaussian(torch.full((N, 7), 0.1), bandwidth=1.0), gram.labels(Y)
        assert renyi.entropy(t, alpha=alpha).item() == pytest.approx(0, abs=1e-15)
        assert renyi.joint_entropy(t, t, alpha=alpha).item() == pytest.approx(0, abs=1e-15)
        own = renyi.entropy(X, alpha=alpha).item()
        assert renyi.joint_entropy(t, X, alpha=alpha).item() == pytest.approx(own, abs=room(alpha))
        assert renyi.conditional_entropy(X, t, alpha=alpha).item() == pytest.approx(own, abs=room(alpha))
        nothing = [
            renyi.conditional_entropy(t, X, alpha=alpha),
            renyi.mutual_information(t, X, alpha=alpha),
            renyi.mutual_information(y, t, alpha=alpha),
            renyi.multivariate_mutual_information(X, t, t, alpha=alpha),
            renyi.multivariate_mutual_information(t, X, y, alpha=alpha),
            renyi.total_correlation(t, X, t, alpha=alpha),
            renyi.interaction_information(t, X, y, alpha=alpha),
        ]
        assert numbers(nothing) == pytest.approx([0] * len(nothing), abs=room(alpha))

    @pytest.mark.parametrize("alpha", [0.5, 1, 1.01, 2])
    def test_has_nothing_to_decompose(self, alpha):
        """All that is in bits is 0; shares of nothing are NaN, and every pair is counted as left out of them."""
        maps = gram.gaussian(torch.full((4, N, 7), 0.1), bandwidth=1.0, batch_dims=1)
        for target in (X, gram.labels(Y)):
            found = pid.pairwise(maps, target, alpha=alpha)
            assert numbers(found[:3]) == pytest.approx([0] * 3, abs=room(alpha))
            assert found.pairs_excluded.item() == 6
            atoms = pid.minimum_mutual_information_atoms(maps, target, alpha=alpha)
            assert numbers(atoms) == pytest.approx([0] * 24, abs=room(alpha))
            degrees = invariants.degrees(maps, target, alpha=alpha)
            assert degrees.multivariate_mutual_information.item() == pytest.approx(0, abs=room(alpha))

    @pytest.mark.usefixtures("engine")
    @pytest.mark.parametrize("per_unit", [False, True])
    def test_is_in_one_bin(self, per_unit):
        dead = torch.full((N, 7), 0.1)
        for edges in (
            binning.fixed_edges(30, low=-1, high=1),
            binning.range_edges(dead, 10, per_unit=per_unit),
            binning.equal_count_edges(dead, 10, per_unit=per_unit),
        ):
            assert numbers(binning.mutual_information(dead, Y, edges=edges)) == pytest.approx([0, 0], abs=1e-14)
            assert binning.entropy(dead, edges=edges).item() == 0
            assert set(binning.states(dead, edges=edges).tolist()) == {0}

    @pytest.mark.parametrize("variance", [1e-12, 1e-3, 1e12])
    def test_tells_nothing_through_noise(self, dead, variance):
        found = kde.mutual_information(dead, Y, noise_variance=variance)
        assert numbers(found) == pytest.approx([0] * 6, abs=1e-14)

    def test_is_the_origin_of_the_bottleneck(self):
        """One symbol for all inputs."""
        joint = torch.rand(N, 3, generator=RANDOM, dtype=torch.float64)
        found = bottleneck.fit(joint / joint.sum(), torch.ones(N, 1))
        assert numbers(found) == pytest.approx([0, 0], abs=1e-12)

    def test_has_no_gradient(self):
        """Neither mean nor deviation; their ratio is 0/0, and NaN."""
        found = gradients.signal_to_noise(torch.zeros(5, 3000))
        assert numbers(found[:2]) == [0, 0]
        assert found.ratio.isnan()

    def test_leaves_the_others_of_its_batch_alone(self, dead):
        alive = dead + torch.randn(dead.shape, generator=RANDOM, dtype=torch.float64)
        grams = gram.gaussian(torch.stack([dead, alive, dead]), bandwidth=1.0, batch_dims=1)
        found = renyi.mutual_information(grams, X)
        assert found[[0, 2]].tolist() == pytest.approx([0, 0], abs=1e-12)
        assert found[1].item() == pytest.approx(renyi.mutual_information(grams[1], X).item(), abs=1e-12)


class TestThousandsOfUnits:
    @pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.uint8])
    def test_are_summed_in_float64(self, dtype):
        """Squares of 250, and their sums over 5,000 units, leave the range of the smaller types."""
        x = (250 * torch.rand(N, 5000, generator=RANDOM)).to(dtype)
        expected = (x.double()[:, None] - x.double()).square().sum(-1)
        torch.testing.assert_close(gram.squared_distances(x), expected, rtol=1e-12, atol=1e-6)
        small, wide = (kde.mutual_information(some, Y, noise_variance=1e7) for some in (x, x.double()))
        assert numbers(small) == pytest.approx(numbers(wide), abs=1e-12)
        assert 0 < small.with_input.lower < small.with_input.upper < math.log2(N)

    @pytest.mark.usefixtures("engine")
    def test_are_binned_without_overflow(self):
        """31^2000 states: units 1,000 and 1,999 part 24 samples into 1, 11 and 12, and no others do."""
        x = torch.zeros(N, 2000)
        x[::2, 1000] = x[1, 1999] = 1
        expected = sum(-count / N * math.log2(count / N) for count in (1, 11, 12))
        found = binning.mutual_information(x, torch.arange(N), edges=binning.fixed_edges(30, low=-1, high=1))
        assert numbers(found) == pytest.approx([expected, expected], abs=1e-14)

    def test_in_as_many_maps(self):
        """24^−2000 is no floating-point number: 2,000 wide kernels on one line are one of width σ / √2,000."""
        line = torch.linspace(0, 1, N, dtype=torch.float64)
        wide, narrow = (gram.gaussian(line, bandwidth=sigma) for sigma in (5.0, 5.0 / math.sqrt(2000)))
        torch.testing.assert_close(renyi.joint(wide.expand(2000, N, N)), narrow, rtol=1e-10, atol=1e-40)

    def test_of_gradients(self):
        """Means of norm √5,000 · 1e150, whose square is a number, and of no spread."""
        found = gradients.signal_to_noise(torch.full((4, 5000), 1e150, dtype=torch.float64))
        assert found.mean_norm.item() == pytest.approx(math.sqrt(5000) * 1e150, rel=1e-12)
        assert found.ratio == math.inf
