"""Kolchinsky–Tracey bounds by hand, against the formula written out, and every complaint."""

import math
import re

import numpy as np
import pytest
import torch

from infoplane.measures import kde

RANDOM = torch.Generator().manual_seed(6)


def samples(*shape):
    return torch.randn(*shape, generator=RANDOM, dtype=torch.float64)


def by_formula(x, y, variance):
    """Lower and upper of I(X; T), of I(T; Y), and both estimates, from all n × n × d differences."""
    x, y = x.double().reshape(len(x), -1).numpy(), y.numpy()
    squares = ((x[:, None] - x[None]) ** 2).sum(-1)
    below, above = (-np.log2(np.exp(-squares / (factor * variance)).mean(1)).mean() for factor in (8, 2))
    below_given = above_given = 0.0
    for label in set(y.tolist()):
        own = squares[y == label][:, y == label]
        weight = (y == label).mean()
        below_given -= weight * np.log2(np.exp(-own / (8 * variance)).mean(1)).mean()
        above_given -= weight * np.log2(np.exp(-own / (2 * variance)).mean(1)).mean()
    return [below, above, below - above_given, above - below_given, below - below_given, above - above_given]


def flat(found):
    """All numbers of a result in the order of `by_formula`."""
    return [value for pair in found for value in pair]


class TestByHand:
    def test_two_samples(self):
        """At distance 2 with σ² = 1/2: exp(−1) from below and exp(−4) from above, each beside the sample's own 1."""
        found = kde.mutual_information(torch.tensor([0.0, 2.0]), torch.tensor([0, 1]), noise_variance=0.5)
        below, above = (1 - math.log2(1 + math.exp(-power)) for power in (1, 4))
        assert [value.item() for value in flat(found)] == pytest.approx([below, above] * 3, abs=1e-15)

    def test_samples_far_apart(self):
        """I(X; T) = log2 n, and I(T; Y) = H(Y) whichever way it is bounded."""
        y = torch.tensor([0, 0, 1, 2, 2, 2, 2, 1])
        found = kde.mutual_information(1e3 * torch.arange(8.0), y, noise_variance=1e-3)
        assert [value.item() for value in flat(found)] == pytest.approx([3, 3] + [1.5] * 4, abs=1e-14)

    def test_equal_samples(self):
        for value in (0.0, 0.1, 1e6):
            found = kde.mutual_information(torch.full((7, 3), value), torch.arange(7) % 2, noise_variance=1e-3)
            assert [each.item() for each in flat(found)] == pytest.approx([0] * 6, abs=1e-15)

    def test_large_noise(self):
        found = kde.mutual_information(samples(20, 3), torch.arange(20) % 3, noise_variance=1e12)
        assert [each.item() for each in flat(found)] == pytest.approx([0] * 6, abs=1e-11)

    def test_two_separate_clusters_of_one_class_each(self):
        """Each of 4 equal samples, far from the other: one bit about X and one about Y."""
        y = torch.arange(8) % 2
        found = kde.mutual_information(100.0 * y, y, noise_variance=0.1)
        assert [value.item() for value in flat(found)] == pytest.approx([1] * 6, abs=1e-14)


class TestAgainstTheFormula:
    @pytest.mark.parametrize("variance", [1e-3, 0.1, 10.0])
    @pytest.mark.parametrize(("n", "d", "classes"), [(1, 1, 1), (2, 5, 2), (97, 3, 4), (60, 300, 60)])
    def test_all_numbers(self, n, d, classes, variance):
        x, y = samples(n, d) / math.sqrt(d), torch.randint(0, classes, (n,), generator=RANDOM)
        found = kde.mutual_information(x, y, noise_variance=variance)
        assert [value.item() for value in flat(found)] == pytest.approx(by_formula(x, y, variance), abs=1e-11)

    @pytest.mark.parametrize("ratio", [1e2, 1e4, 1e6, 1e8])
    def test_rounding(self, ratio):
        """Samples a noise apart, at a distance R from the mean: below 1e-15 · (10 + R²/σ²) bits."""
        x = samples(100, 20)
        x[::2] += 2 * math.sqrt(ratio / 20)
        radius = (x - x.mean(0)).square().sum(-1).max().item()
        y = torch.arange(100) % 2
        found = kde.mutual_information(x, y, noise_variance=1.0)
        room = 1e-15 * (10 + radius)
        assert [value.item() for value in flat(found)] == pytest.approx(by_formula(x, y, 1.0), abs=room)

    @pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.int64, torch.uint8, torch.bool])
    def test_other_types(self, dtype):
        x, y = samples(20, 6).abs().mul(3).to(dtype), torch.arange(20) % 3
        found = kde.mutual_information(x, y, noise_variance=0.5)
        assert [value.item() for value in flat(found)] == pytest.approx(by_formula(x, y, 0.5), abs=1e-12)

    def test_far_from_the_origin_nothing_is_lost(self):
        x, y = samples(20, 4).mul(2**20).round().div(2**20), torch.arange(20) % 3
        shifted = kde.mutual_information(x + 2**20, y, noise_variance=0.1)
        assert [value.item() for value in flat(shifted)] == pytest.approx(by_formula(x, y, 0.1), abs=1e-12)


class TestBatches:
    @pytest.mark.parametrize("tile", [9, 50, 300, 2**16])
    def test_are_one_by_one(self, monkeypatch, tile):
        """Tiles within an entry and of several entries; targets and variances of every shape."""
        monkeypatch.setitem(kde._TILE, "cpu", tile)
        x, y = samples(2, 3, 11, 2, 2), torch.randint(-2, 2, (2, 3, 11), generator=RANDOM)
        for targets, variance in ((y[0, 0], 0.3), (y, torch.tensor([0.1, 0.3, 2])), (y[:, :1], torch.ones(2, 1))):
            found = kde.mutual_information(x, targets, noise_variance=variance, batch_dims=2)
            every = torch.as_tensor(variance, dtype=torch.float64).expand(2, 3)
            for i, j in ((0, 0), (0, 2), (1, 1)):
                expected = by_formula(x[i, j], targets.expand(2, 3, 11)[i, j], every[i, j].item())
                assert [value[i, j].item() for value in flat(found)] == pytest.approx(expected, abs=1e-12)

    @pytest.mark.parametrize("memory", [1, 10_000, 100_000])
    def test_memory_changes_nothing_and_bounds_the_tiles(self, monkeypatch, memory):
        sizes, kernel = [], kde._kernel
        monkeypatch.setattr(kde, "_kernel", lambda *some: (sizes.append((out := kernel(*some)).numel()), out)[1])
        x, y = samples(3, 12, 4), torch.arange(12) % 4
        few = kde.mutual_information(x, y, noise_variance=0.1, batch_dims=1, memory=memory)
        assert max(sizes) <= max(1, memory // 64)
        many = kde.mutual_information(x, y, noise_variance=0.1, batch_dims=1)
        for one, other in zip(flat(few), flat(many), strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=1e-13)

    def test_gradients_are_left_behind(self):
        found = kde.mutual_information(samples(4, 2).requires_grad_(), torch.arange(4), noise_variance=1.0)
        assert not found.with_input.upper.requires_grad


class TestComplaints:
    X, Y = torch.zeros(3, 5, 2), torch.zeros(5, dtype=torch.int64)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"noise_variance": 0.0}, "noise_variance must be above 0 and finite, got 0.0"),
            ({"noise_variance": -1.0}, "noise_variance must be above 0 and finite, got -1.0"),
            ({"noise_variance": math.nan}, "noise_variance must be above 0 and finite, got nan"),
            ({"noise_variance": torch.ones(2)}, "noise_variance must broadcast to (3,), got shape (2,)"),
            ({"noise_variance": torch.ones(2, 1)}, "noise_variance must broadcast to (3,), got shape (2, 1)"),
            ({"memory": 0}, "memory must be above 0 and finite, got 0"),
            ({"targets": torch.zeros(5)}, "targets must hold classes as integers, got dtype torch.float32"),
            ({"targets": torch.tensor(1)}, "targets must have shape (*batch, n), got ()"),
            ({"targets": torch.zeros(4).int()}, "targets must hold a class for each of 5 samples, got shape (4,)"),
            ({"targets": torch.zeros(2, 5).int()}, "targets must broadcast to (3, 5), got shape (2, 5)"),
            ({"activations": torch.full((3, 5, 2), math.nan)}, "activations must be finite, got nan at [0, 0, 0]"),
            (
                {"activations": torch.eye(5).double().expand(3, 5, 5) * 1e200},
                "activations must have squares in units of the noise",
            ),
            ({"batch_dims": 3}, "activations must have shape (*batch, n, *features) with batch_dims batch dimensions"),
        ],
    )
    def test_by_name(self, changes, message):
        given = {"activations": self.X, "targets": self.Y, "noise_variance": 1.0, "batch_dims": 1, **changes}
        x, y = given.pop("activations"), given.pop("targets")
        with pytest.raises(ValueError, match=re.escape(message)):
            kde.mutual_information(x, y, **given)
