"""The lanes engine against spectra that are known, against the eigensolver, and in every company."""

import math
import sys

import numba
import pytest
import torch
from numba.core.caching import CompileResultCacheImpl

from infoplane.measures import gram, lanes, products, renyi, spectrum

RANDOM = torch.Generator().manual_seed(7)
ORDERS = [1.0, 1 + 1e-12, 1.001, 1.01, 1.1]


def samples(*shape):
    return torch.randn(*shape, generator=RANDOM, dtype=torch.float64)


def with_spectrum(values):
    """A matrix Q diag(values) Qᵀ with a random orthogonal Q."""
    turn, _ = torch.linalg.qr(samples(len(values), len(values)))
    a = turn * torch.tensor(values, dtype=torch.float64) @ turn.mT
    return (a + a.mT) / 2


def power_sum(values, alpha):
    """Σ (λ^α − λ)/(α − 1) over λ > 0, Σ λ ln λ at α = 1."""
    logs = [(x, math.log(x)) for x in values if x > 0]
    b = alpha - 1
    return math.fsum(x * (math.expm1(b * log) / b if b else log) for x, log in logs)


def off(grams, alpha):
    """The largest difference from the eigensolver, bits."""
    by_eigenvalues = spectrum.bits_of(spectrum.eigenvalues(grams), alpha=alpha)
    return (spectrum._bits_by_lanes(grams, alpha=alpha, blocks=None) - by_eigenvalues).abs().max().item()


SPECTRA = {
    "one eigenvalue": [1.0],
    "two": [0.75, 0.25],
    "pure": [1.0] + [0.0] * 8,
    "uniform": [1 / 37] * 37,
    "geometric, down to where rounding begins": [2.0**-k for k in range(1, 41)],
    "one large": [1 - 29e-9] + [1e-9] * 29,
    "half empty": [1 / 32] * 32 + [0.0] * 32,
    "a trace below one, as of a block": [0.01, 0.02, 0.005, 0.0, 1e-7],
    "nothing": [0.0] * 6,
}


class TestPowerSums:
    @pytest.mark.parametrize("alpha", ORDERS)
    @pytest.mark.parametrize("name", SPECTRA)
    def test_of_known_spectra(self, name, alpha):
        """Diagonal, where nothing is lost on the way to tridiagonal form, and turned."""
        values = SPECTRA[name]
        matrices = torch.stack([torch.diag(torch.tensor(values, dtype=torch.float64)), with_spectrum(values)])
        expected = [power_sum(values, alpha)] * 2
        assert lanes.power_sums(matrices, alpha=alpha).tolist() == pytest.approx(expected, abs=1e-13)

    @pytest.mark.parametrize("alpha", ORDERS)
    @pytest.mark.parametrize("n", [2, 3, 5, 8, 33, 100])
    def test_against_the_eigensolver(self, n, alpha):
        """From nearly the identity (σ → 0) to nearly rank one (σ → ∞)."""
        width = torch.logspace(-2, 4, 12)
        assert off(gram.gaussian(samples(12, n, 3), bandwidth=width, batch_dims=1), alpha) < 5e-13

    def test_entries_of_every_size(self):
        """Distances along a line give entries down to 1e-42, whose products are denormal numbers, or would be."""
        line = torch.linspace(0, 60, 61)[None]
        for sigma in (0.3, 0.5, 4.4):
            assert off(gram.gaussian(line, bandwidth=sigma, batch_dims=1), 1.01) < 1e-13
        tiny = torch.eye(40, dtype=torch.float64) / 40
        tiny[0, 1:] = tiny[1:, 0] = torch.logspace(-320, -3, 39, dtype=torch.float64)
        assert off(tiny[None], 1.01) < 1e-13

    def test_the_same_bits_in_any_company(self):
        """Order, number of matrices, number of threads, and memory layout."""
        many = gram.gaussian(samples(37, 20, 3), bandwidth=torch.logspace(-1, 2, 37), batch_dims=1)
        sums = lanes.power_sums(many, alpha=1.01)
        order = torch.randperm(37, generator=RANDOM)
        assert torch.equal(lanes.power_sums(many[order], alpha=1.01), sums[order])
        assert torch.equal(torch.cat([lanes.power_sums(a[None], alpha=1.01) for a in many]), sums)
        assert torch.equal(lanes.power_sums(many.mT, alpha=1.01), sums)

    @pytest.mark.parametrize("threads", [2, 3, 50])
    def test_the_same_bits_from_any_number_of_threads(self, threads, monkeypatch):
        many = gram.gaussian(samples(37, 20, 3), bandwidth=2.0, batch_dims=1)
        sums = lanes.power_sums(many, alpha=1.01)
        monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
        assert torch.equal(lanes.power_sums(many, alpha=1.01), sums)

    def test_arguments_are_left_alone(self):
        many = gram.gaussian(samples(9, 10, 3), bandwidth=2.0, batch_dims=1)
        copy = many.clone()
        lanes.power_sums(many, alpha=1)
        assert torch.equal(many, copy)


TARGETS = {
    "none": (),
    "samples": (gram.gaussian(samples(13, 2), bandwidth=1.0),),
    "labels": (gram.labels(torch.arange(13) % 3),),
    "of every kind": (
        gram.labels(torch.arange(13) % 5),
        gram.gaussian(samples(13, 2), bandwidth=1.0),
        gram.labels(torch.arange(13) % 4),
        gram.labels(torch.arange(13)),
    ),
}


class TestJoints:
    """Products that the engine makes by itself, against those made before."""

    @staticmethod
    def joints(*targets, factors=2, count=23):
        """Subsets of nine maps of 13 samples, each with one of the targets."""
        maps = gram.gaussian(samples(9, 13, 2), bandwidth=torch.logspace(-1, 1, 9), batch_dims=1)
        subsets = torch.randint(9, (count, factors), generator=RANDOM)
        about = torch.arange(count) % max(len(targets), 1)
        return products.Joints(maps, subsets, torch.stack(targets) if targets else maps[:0], about)

    @pytest.mark.parametrize("factors", [1, 2, 3])
    @pytest.mark.parametrize("targets", TARGETS)
    @pytest.mark.parametrize("alpha", [1, 1.01])
    def test_against_the_eigensolver(self, targets, factors, alpha):
        joints = self.joints(*TARGETS[targets], factors=factors)
        by_eigenvalues = spectrum.bits_of(spectrum.eigenvalues(joints.grams()), alpha=alpha)
        found = spectrum._joint_bits_by_lanes(joints, alpha=alpha)
        torch.testing.assert_close(found, by_eigenvalues, rtol=0, atol=5e-13)

    def test_the_same_bits_in_any_company(self):
        joints = self.joints(*TARGETS["of every kind"])
        found = spectrum._joint_bits_by_lanes(joints, alpha=1.01)
        order = torch.randperm(23, generator=RANDOM)
        assert torch.equal(spectrum._joint_bits_by_lanes(joints.part(order), alpha=1.01), found[order])

    def test_traces(self):
        """A kernel with a diagonal of its own: what is multiplied is normalised."""
        diagonal = torch.rand(9, 13, generator=RANDOM, dtype=torch.float64) + 0.5
        joints = self.joints(TARGETS["labels"][0])
        uneven = joints.maps * diagonal[:, :, None] * diagonal[:, None, :]
        joints = joints._replace(maps=uneven / uneven.diagonal(dim1=-2, dim2=-1).sum(-1)[:, None, None])
        by_eigenvalues = spectrum.bits_of(spectrum.eigenvalues(joints.grams()), alpha=1.01)
        torch.testing.assert_close(
            spectrum._joint_bits_by_lanes(joints, alpha=1.01), by_eigenvalues, rtol=0, atol=5e-13
        )

    @pytest.mark.parametrize(
        ("changes", "alpha", "serves"),
        [({}, 1.01, True), ({"count": 15}, 1.01, False), ({"factors": 4}, 1.01, False), ({}, 1.2, False)],
    )
    def test_choice(self, changes, alpha, serves, monkeypatch):
        """Few products, of many factors, or of other orders are made in torch: with the same entropies."""
        joints, calls, engine = self.joints(*TARGETS["samples"], **changes), [], lanes.joint_power_sums
        monkeypatch.setattr(
            lanes, "joint_power_sums", lambda *args, **options: (calls.append(1), engine(*args, **options))[1]
        )
        found = spectrum.joint_bits(joints, alpha=alpha, memory=1)
        by_eigenvalues = spectrum.bits_of(spectrum.eigenvalues(joints.grams()), alpha=alpha)
        torch.testing.assert_close(found, by_eigenvalues, rtol=0, atol=5e-13)
        assert bool(calls) == serves


class TestChoice:
    """Of the engine, in `spectrum.bits`."""

    @staticmethod
    def counted(monkeypatch):
        """The shapes that the lanes engine is called with from here on."""
        shapes, engine = [], lanes.power_sums
        monkeypatch.setattr(
            lanes, "power_sums", lambda a, alpha: (shapes.append(tuple(a.shape)), engine(a, alpha=alpha))[1]
        )
        return shapes

    @pytest.mark.parametrize("alpha", [1, 1.01, 1.1])
    def test_many_matrices_go_through_the_lanes(self, alpha, monkeypatch):
        shapes = self.counted(monkeypatch)
        many = gram.gaussian(samples(4, 5, 12, 2), bandwidth=1.0, batch_dims=2)
        found = renyi.entropy(many, alpha=alpha)
        assert shapes == [(20, 12, 12)]
        expected = torch.stack([renyi.entropy(a, alpha=alpha) for a in many])
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-13)

    @pytest.mark.parametrize(
        ("shape", "alpha"), [((15, 9), 1.01), ((20, 9), 0.99), ((20, 9), 1.11), ((20, 9), math.inf)]
    )
    def test_what_does_not(self, shape, alpha, monkeypatch):
        shapes = self.counted(monkeypatch)
        renyi.entropy(gram.gaussian(samples(*shape, 2), bandwidth=1.0, batch_dims=1), alpha=alpha)
        assert shapes == []

    def test_joint_with_labels_goes_class_by_class(self, monkeypatch):
        """16 matrices, classes of 5, 4 and 4 samples: the sums of blocks add up."""
        shapes = self.counted(monkeypatch)
        many, y = gram.gaussian(samples(16, 13, 2), bandwidth=1.0, batch_dims=1), gram.labels(torch.arange(13) % 3)
        found = renyi.joint_entropy(many, y)
        assert sorted(shapes) == [(16, 5, 5), (32, 4, 4)]
        torch.testing.assert_close(found, torch.stack([renyi.joint_entropy(a, y) for a in many]), rtol=0, atol=1e-13)

    def test_indicators_are_counted(self, monkeypatch):
        """A batch of them alone, and some among other matrices, whose bits they do not change."""
        shapes = self.counted(monkeypatch)
        many = gram.gaussian(samples(16, 8, 2), bandwidth=1.0, batch_dims=1)
        alone = renyi.entropy(many)
        many[3], many[7] = torch.ones(8, 8) / 8, torch.eye(8) / 8
        found = renyi.entropy(many)
        assert found[3] == 0
        assert found[7] == 3
        assert torch.equal(found[8:], alone[8:])
        renyi.entropy(many[[3, 7] * 8])
        assert shapes == [(16, 8, 8), (14, 8, 8)]

    def test_without_numba_the_eigensolver_serves(self, monkeypatch):
        many = gram.gaussian(samples(16, 8, 2), bandwidth=1.0, batch_dims=1)
        found = renyi.entropy(many)
        monkeypatch.setattr(lanes, "available", lambda: False)
        shapes = self.counted(monkeypatch)
        torch.testing.assert_close(renyi.entropy(many), found, rtol=0, atol=1e-13)
        assert shapes == []

    @pytest.mark.parametrize("alpha", [1, 1.01])
    def test_no_entropy_is_negative(self, alpha):
        """Pure states, whose sums err to either side of 0."""
        unit = torch.nn.functional.normalize(samples(40, 30, 1), dim=1)
        bits = renyi.entropy(unit @ unit.mT, alpha=alpha)
        assert (bits >= 0).all()
        assert bits.max() < 1e-13


class TestAvailability:
    """Of the engine: `_engine` without what it remembers."""

    def test_without_numba_there_is_none(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "numba", None)
        assert lanes._engine.__wrapped__() is None

    def test_nor_where_numba_may_not_compile(self, monkeypatch):
        monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
        assert lanes._engine.__wrapped__() is None

    def test_nowhere_to_keep_what_is_compiled(self, monkeypatch):
        """No folder can be written to: it serves, compiled anew by each process."""
        assert lanes._engine().power_sums.stats.cache_path is not None
        monkeypatch.setattr(CompileResultCacheImpl, "_locator_classes", [])
        assert lanes._engine.__wrapped__().power_sums.stats.cache_path is None

    def test_the_engine_says_when_it_is_not_there(self, monkeypatch):
        monkeypatch.setattr(lanes, "_engine", lambda: None)
        message = "the lanes engine is not available: install numba, or use the eigenvalues"
        with pytest.raises(RuntimeError, match=message):
            lanes.power_sums(torch.eye(2, dtype=torch.float64)[None] / 2, alpha=1)
