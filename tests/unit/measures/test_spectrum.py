"""Entropies of known spectra, to the last digits, and how much work the eigensolver is given."""

import math
from decimal import Decimal, localcontext

import pytest
import torch

from infoplane.measures import gram, renyi, spectrum

ORDERS = [0.3, 0.5, 0.99, 1 - 1e-9, 1 - 1e-15, 1, 1 + 1e-15, 1 + 1e-9, 1.01, 1.5, 2, 3, 20, 200]

# Spectra of dyadic numbers that sum to 1 without rounding.
DYADIC = {
    "geometric": [2.0**-k for k in range(1, 30)] + [2.0**-29],
    "one large": [1 - 63 * 2.0**-40] + [2.0**-40] * 63,
    "with zeros": [0.5, 0.0, 0.25, 0.0, 0.25],
    "uniform": [1 / 128] * 128,
}


def exact_bits(eigenvalues, alpha):
    """The definition, log2 Σ λ^α / (1−α), in 80 decimal digits."""
    with localcontext(prec=80):
        values = [Decimal(x) for x in eigenvalues if x > 0]
        order = Decimal(alpha)
        if order == 1:
            return float(-sum(x * x.ln() for x in values) / Decimal(2).ln())
        return float(sum((order * x.ln()).exp() for x in values).ln() / ((1 - order) * Decimal(2).ln()))


class TestBitsOf:
    @pytest.mark.parametrize("alpha", ORDERS)
    @pytest.mark.parametrize("name", DYADIC)
    def test_to_the_last_digits(self, name, alpha):
        """Within 8 units of rounding of log2 n; the usual form has lost 1 to 100 % of it at 1 ± 1e-15."""
        values = torch.tensor(DYADIC[name], dtype=torch.float64)
        room = 8 * math.log2(len(values)) * 2**-53
        assert spectrum.bits_of(values, alpha=alpha).item() == pytest.approx(
            exact_bits(values.tolist(), alpha), abs=room
        )

    def test_min_entropy(self):
        """S_∞ = −log2 λ_max."""
        assert spectrum.bits_of(torch.tensor([0.125, 0.25, 0.625], dtype=torch.float64), alpha=math.inf).item() == (
            pytest.approx(-math.log2(0.625), rel=1e-15)
        )

    @pytest.mark.parametrize("alpha", ORDERS)
    def test_uniform_and_pure_are_exact(self, alpha):
        """S(1/2^k, …) = k and S(1, 0, …) = 0 with no rounding, and no negative zero."""
        uniform, pure = torch.full((64,), 1 / 64, dtype=torch.float64), torch.eye(64, dtype=torch.float64)[3]
        assert spectrum.bits_of(uniform, alpha=alpha).item() == 6
        assert math.copysign(1, spectrum.bits_of(pure, alpha=alpha).item()) == 1
        assert spectrum.bits_of(pure, alpha=alpha).item() == 0

    def test_rounding_of_the_trace_is_not_magnified(self):
        """An error e of Σ λ costs S log2(e) · e bits or so, where log2 Σ λ^1.01 / (1 − 1.01) makes it 144 e."""
        exact = torch.tensor(DYADIC["geometric"], dtype=torch.float64)
        off = exact * (1 + 1e-10)
        usual = (off**1.01).sum().log2() / (1 - 1.01) - (exact**1.01).sum().log2() / (1 - 1.01)
        ours = spectrum.bits_of(off, alpha=1.01) - spectrum.bits_of(exact, alpha=1.01)
        assert abs(usual) > 1e-8
        assert abs(ours) < 5e-10


class TestEigenvalues:
    @staticmethod
    def solved(monkeypatch):
        """The shapes that the eigensolver is called with from here on."""
        shapes, solver = [], torch.linalg.eigvalsh
        monkeypatch.setattr(torch.linalg, "eigvalsh", lambda a: (shapes.append(tuple(a.shape)), solver(a))[1])
        return shapes

    def test_lie_within_zero_and_one(self):
        """Rounding puts the eigenvalues of a rank-one matrix on either side of 0 and 1."""
        unit = torch.nn.functional.normalize(torch.randn(40, 31, 1, dtype=torch.float64), dim=1)
        values = spectrum.eigenvalues(unit @ unit.mT)
        assert values.min() == 0
        assert values.max() == pytest.approx(1, abs=1e-14)
        assert values.max() <= 1

    def test_labels_are_counted(self, monkeypatch):
        shapes = self.solved(monkeypatch)
        a = gram.labels(torch.tensor([[0, 1, 0, 2], [5, 5, 5, 5]]))
        assert spectrum.eigenvalues(a).sort().values.tolist() == [[0, 0.25, 0.25, 0.5], [0, 0, 0, 1]]
        assert shapes == []

    def test_a_joint_with_labels_is_solved_class_by_class(self, monkeypatch):
        """7 matrices, classes of 5, 3, 3 and 1 samples: three calls, 7, 14 and 7 matrices of 5², 3² and 1²."""
        shapes = self.solved(monkeypatch)
        t = gram.gaussian(torch.randn(7, 12, 2), bandwidth=1.0, batch_dims=1)
        renyi.joint_entropy(t, gram.labels(torch.tensor([0, 1, 2, 3, 0, 1, 2, 0, 1, 2, 0, 0])))
        assert sorted(shapes) == [(7, 1, 1), (7, 5, 5), (14, 3, 3)]

    def test_differing_labels_share_calls_too(self, monkeypatch):
        shapes = self.solved(monkeypatch)
        t = gram.gaussian(torch.randn(2, 4, 2), bandwidth=1.0, batch_dims=1)
        renyi.joint_entropy(t, gram.labels(torch.tensor([[0, 0, 1, 1], [0, 1, 1, 1]])))
        assert sorted(shapes) == [(1, 1, 1), (1, 3, 3), (2, 2, 2)]

    def test_order_two_needs_none(self, monkeypatch):
        shapes = self.solved(monkeypatch)
        renyi.entropy(gram.gaussian(torch.randn(9, 2), bandwidth=1.0), alpha=2)
        assert shapes == []

    def test_chunks_change_nothing(self, monkeypatch):
        t = gram.gaussian(torch.randn(7, 12, 2), bandwidth=1.0, batch_dims=1)
        t[3] = gram.labels(torch.arange(12) % 5)
        whole = spectrum.bits(t, alpha=1.01)
        monkeypatch.setitem(spectrum._CHUNK_BYTES, "cpu", 1)
        torch.testing.assert_close(spectrum.bits(t, alpha=1.01), whole, rtol=0, atol=1e-13)
