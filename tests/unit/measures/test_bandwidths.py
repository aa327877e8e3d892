"""Bandwidths against plain loops and hand-made distances, dead layers, and the text of every complaint."""

import math
import re
import statistics

import pytest
import torch

from infoplane.measures import bandwidths, gram

RANDOM = torch.Generator().manual_seed(7)
DEAD = torch.zeros(6, 6, dtype=torch.float64)


def samples(*shape):
    return torch.randn(*shape, generator=RANDOM, dtype=torch.float64)


def classes(*shape, count=3):
    return torch.randint(0, count, shape, generator=RANDOM)


def aligned_by_loop(distances, reference, candidates):
    """One kernel matrix per width, and the definition of the alignment."""
    alignments = []
    for sigma in candidates.tolist():
        kernel = torch.exp(-distances / (2 * sigma**2))
        alignments.append(((kernel * reference).sum() / (kernel.norm() * reference.norm())).item())
    return candidates[alignments.index(max(alignments))].item()


class TestTapiaEstevez:
    def test_by_hand(self):
        """2 · √4 · 256^(−1/8) = 2."""
        assert gram.tapia_estevez_bandwidth(256, 4, scale=2.0) == pytest.approx(2.0, rel=1e-15)

    @pytest.mark.parametrize(("n", "d", "scale", "name"), [(0, 1, 1, "n"), (1, 0, 1, "d"), (1, 1, -1, "scale")])
    def test_complaints(self, n, d, scale, name):
        with pytest.raises(ValueError, match=f"{name} must be above 0 and finite, got"):
            gram.tapia_estevez_bandwidth(n, d, scale=scale)


class TestStandardise:
    @pytest.mark.parametrize("size", [1e-310, 1e-162, 1.0, 1e160, 4e307])
    def test_of_every_size(self, size):
        """1, 2 and 4 times anything that is still a number."""
        x = size * torch.tensor([[1.0], [2.0], [4.0]], dtype=torch.float64)
        expected = torch.tensor([[-4.0], [-1.0], [5.0]], dtype=torch.float64) / 14**0.5
        torch.testing.assert_close(gram.standardise(x), expected, rtol=1e-12, atol=0)

    def test_moments(self):
        z = gram.standardise(samples(2, 30, 3, 4) * 7 + 1e3, batch_dims=1)
        assert z.shape == (2, 30, 3, 4)
        torch.testing.assert_close(z.mean(1), torch.zeros(2, 3, 4).double(), rtol=0, atol=1e-12)
        torch.testing.assert_close(z.square().mean(1), torch.ones(2, 3, 4).double(), rtol=0, atol=1e-12)

    def test_by_hand(self):
        """Deviations of (0, 2, 4) from 2, over √(8/3)."""
        z = gram.standardise(torch.tensor([[0], [2], [4]]))
        assert z.squeeze(1).tolist() == pytest.approx([-math.sqrt(1.5), 0, math.sqrt(1.5)], abs=1e-15)

    def test_a_constant_feature_is_zero(self):
        """The mean of seven times 0.1 is not 0.1; what rounding leaves is not blown up."""
        x = torch.cat([torch.full((7, 1), 0.1, dtype=torch.float64), samples(7, 1)], dim=1)
        assert gram.standardise(x)[:, 0].tolist() == [0] * 7

    def test_complaints(self):
        with pytest.raises(ValueError, match=re.escape("x must be finite, got nan at [1]")):
            gram.standardise(torch.tensor([1.0, math.nan]))
        with pytest.raises(ValueError, match=re.escape("got (3, 2) and batch_dims=2")):
            gram.standardise(torch.zeros(3, 2), batch_dims=2)


class TestMedian:
    def test_is_that_of_the_pairs(self):
        x = samples(2, 8, 3)
        found = gram.median_bandwidth(gram.squared_distances(x, batch_dims=1), scale=0.5)
        for sigma, points in zip(found.tolist(), x, strict=True):
            pairs = [(points[i] - points[j]).norm().item() for i in range(8) for j in range(i)]
            assert sigma == pytest.approx(0.5 * statistics.median_low(pairs), rel=1e-12)

    def test_where_most_distances_are_zero(self):
        """Five samples at 0, one at 3: ten of fifteen distances are 0, and 3 is the median of the others."""
        d2 = gram.squared_distances(torch.tensor([0.0, 0, 0, 0, 0, 3]))
        assert gram.median_bandwidth(d2, scale=2.0).item() == pytest.approx(6, rel=1e-15)

    def test_of_a_dead_layer_is_the_scale(self):
        sigma = gram.median_bandwidth(torch.stack([DEAD, DEAD]), scale=0.3)
        assert sigma.tolist() == [0.3, 0.3]
        assert (gram.gaussian_from_distances(DEAD, bandwidth=sigma) == 1 / 6).all()

    @pytest.mark.parametrize(
        ("distances", "scale", "message"),
        [
            (torch.zeros(1, 1), 1.0, "distances must be those of at least 2 samples, got shape (1, 1)"),
            (torch.zeros(2, 3), 1.0, "distances must have shape (*batch, n, n), got (2, 3)"),
            (-torch.ones(2, 2), 1.0, "distances must be at least 0, got -1"),
            (torch.ones(2, 2), 1.0, "distances must be 0 on the diagonal, got 1"),
            (torch.zeros(2, 2), 0.0, "scale must be above 0 and finite, got 0.0"),
        ],
    )
    def test_complaints(self, distances, scale, message):
        with pytest.raises(ValueError, match=re.escape(message)):
            gram.median_bandwidth(distances, scale=scale)


class TestAlignmentCandidates:
    def test_run_from_the_least_to_the_reach_of_the_mean(self):
        """Distances 0, 0, 4, 4 of two samples at 0 and 4 have the mean 2, and 1, 5.5, 10 end at 5 of those."""
        d2 = gram.squared_distances(torch.tensor([0.0, 4.0]))
        assert gram.alignment_candidates(d2, count=3, least=1.0, reach=5.0).tolist() == pytest.approx([1, 5.5, 10])

    def test_per_batch_entry_and_for_a_dead_layer(self):
        d2 = torch.stack([DEAD, gram.squared_distances(samples(6, 2))])
        found = gram.alignment_candidates(d2, count=4, least=0.1, reach=10.0)
        assert found[0].tolist() == [0.1] * 4
        assert found[1, -1].item() == pytest.approx(10 * d2[1].sqrt().mean().item(), rel=1e-13)

    @pytest.mark.parametrize("name", ["count", "least", "reach"])
    def test_complaints(self, name):
        options = {"count": 3, "least": 0.1, "reach": 10.0, name: -1}
        with pytest.raises(ValueError, match=f"{name} must be above 0 and finite, got -1"):
            gram.alignment_candidates(DEAD, **options)


class TestAligned:
    @pytest.mark.parametrize("separation", [0.0, 0.5, 3.0])
    @pytest.mark.parametrize("count", [1, 2, 3, 40])
    def test_is_the_best_of_a_loop(self, separation, count):
        """With classes apart or not, so that few candidates or many can win."""
        y = classes(4, 20)
        d2 = gram.squared_distances(samples(4, 20, 3) + separation * y[..., None], batch_dims=1)
        reference = gram.labels(y)
        candidates = gram.alignment_candidates(d2, count=count, least=0.05, reach=7.0)
        expected = [aligned_by_loop(*some) for some in zip(d2, reference, candidates, strict=True)]
        assert gram.aligned_bandwidth(d2, reference, candidates=candidates).tolist() == expected

    def test_with_a_gaussian_reference_and_candidates_in_any_order(self):
        """The kernel of the variable itself is aligned best with its own width."""
        d2 = gram.squared_distances(samples(15, 2))
        reference = gram.gaussian_from_distances(d2, bandwidth=0.7)
        assert gram.aligned_bandwidth(d2, reference, candidates=torch.tensor([2.0, 0.7, 0.1, 0.9])).item() == (
            pytest.approx(0.7, rel=1e-7)
        )

    def test_batches_share_a_reference_or_candidates(self):
        d2 = gram.squared_distances(samples(2, 3, 12, 2), batch_dims=2)
        reference, candidates = gram.labels(classes(3, 12)), torch.linspace(0.1, 5, 20, dtype=torch.float64)
        together = gram.aligned_bandwidth(d2, reference, candidates=candidates)
        assert together.shape == (2, 3)
        for i, j in ((0, 0), (1, 2)):
            alone = gram.aligned_bandwidth(d2[i, j], reference[j], candidates=candidates)
            assert together[i, j].item() == alone.item()

    def test_most_candidates_are_never_tried(self, monkeypatch):
        """Of 75, on two classes apart; each trial is one exponential of the pairs."""
        y = torch.arange(40) % 2
        d2 = gram.squared_distances(samples(40, 2) + 4 * y[:, None])
        sizes, exponential = [], torch.Tensor.exp_
        monkeypatch.setattr(torch.Tensor, "exp_", lambda x: (sizes.append(tuple(x.shape)), exponential(x))[1])
        candidates = gram.alignment_candidates(d2, count=75, least=0.1, reach=10.0)
        gram.aligned_bandwidth(d2, gram.labels(y), candidates=candidates)
        assert set(sizes) == {(40 * 39 // 2,)}
        assert len(sizes) < 30

    def test_of_a_dead_layer_is_the_least_candidate(self):
        sigma = gram.aligned_bandwidth(DEAD, gram.labels(classes(6)), candidates=torch.tensor([3.0, 0.5, 2.0]))
        assert sigma.item() == 0.5
        assert (gram.gaussian_from_distances(DEAD, bandwidth=sigma) == 1 / 6).all()

    @pytest.mark.parametrize(
        ("reference", "candidates", "message"),
        [
            (torch.eye(6), torch.ones(3), "reference must have unit trace, got 6"),
            (torch.eye(5) / 5, torch.ones(3), "reference must share n = 6 with distances, got shape (5, 5)"),
            (torch.eye(6) / 6 - 0.01 * (1 - torch.eye(6)), torch.ones(3), "reference must be at least 0, got -0.01"),
            (
                torch.eye(6).expand(2, 6, 6) / 6,
                torch.ones(3),
                "reference must broadcast to (6, 6), got shape (2, 6, 6)",
            ),
            (torch.eye(6) / 6, torch.ones(2, 3), "candidates must broadcast to (3,), got shape (2, 3)"),
            (torch.eye(6) / 6, torch.tensor([1.0, 0.0]), "candidates must be above 0 and finite, got 0.0"),
            (torch.eye(6) / 6, torch.tensor(1.0), "candidates must have shape (*batch, m), got ()"),
            (torch.eye(6) / 6, torch.ones(0), "candidates must not be empty, got shape (0,)"),
        ],
    )
    def test_complaints(self, reference, candidates, message):
        with pytest.raises(ValueError, match=re.escape(message)):
            gram.aligned_bandwidth(DEAD, reference, candidates=candidates)


class TestExponentialMovingAverage:
    def test_by_hand(self):
        """1, 0.75 · 1 + 0.25 · 5 = 2, 0.75 · 2 + 0.25 · 2 = 2; and so for each layer."""
        found = gram.exponential_moving_average(torch.tensor([[1.0, 4.0], [5.0, 4.0], [2.0, 8.0]]), decay=0.75)
        assert found.tolist() == [[1, 4], [2, 4], [2, 5]]

    def test_where_iterations_are_left_out_it_is_as_long(self):
        """1, then two iterations later 0.25 · 1 + 0.75 · 5 = 4, then at the next 0.5 · 4 + 0.5 · 2 = 3."""
        values = torch.tensor([1.0, 5.0, 2.0])
        assert gram.exponential_moving_average(values, decay=0.5, iterations=[3, 5, 6]).tolist() == [1, 4, 3]

    @pytest.mark.parametrize("iterations", [[0, 1], [0, 2, 2], [2, 1, 3]])
    def test_complains_of_the_iterations(self, iterations):
        with pytest.raises(ValueError, match=re.escape(f"iterations must be 3 ascending numbers, got {iterations}")):
            gram.exponential_moving_average(torch.ones(3), decay=0.9, iterations=iterations)

    def test_no_decay_is_no_smoothing(self):
        sigma = samples(5).exp()
        assert torch.equal(gram.exponential_moving_average(sigma, decay=0.0), sigma)

    @pytest.mark.parametrize("decay", [-0.1, 1.0, math.nan])
    def test_complains_of_the_decay(self, decay):
        with pytest.raises(ValueError, match=f"decay must be at least 0 and below 1, got {decay}"):
            gram.exponential_moving_average(torch.ones(3), decay=decay)

    def test_complains_of_the_bandwidths(self):
        with pytest.raises(ValueError, match=re.escape("bandwidths must have shape (T, *batch), got ()")):
            gram.exponential_moving_average(torch.tensor(1.0), decay=0.9)
        with pytest.raises(ValueError, match="bandwidths must be above 0 and finite, got nan"):
            gram.exponential_moving_average(torch.tensor([1.0, math.nan]), decay=0.9)


def test_gram_offers_every_rule():
    for name in ("aligned_bandwidth", "median_bandwidth", "tapia_estevez_bandwidth", "standardise"):
        assert getattr(gram, name) is getattr(bandwidths, name)
