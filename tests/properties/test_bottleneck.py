"""Theorems about the information bottleneck, on random distributions. Each docstring is the statement."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.measures import bottleneck

quick = settings(max_examples=15, deadline=None)
BETAS = torch.logspace(2.5, -0.2, 10, dtype=torch.float64)


@st.composite
def joints(draw):
    """A joint distribution (|X|, |Y|), peaked or not, at times with zeros."""
    shape = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    random = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    p = torch.rand(*shape, generator=random, dtype=torch.float64) ** draw(st.sampled_from([0.5, 1, 4]))
    if draw(st.booleans()):
        p = torch.where(p < 0.3, 0, p)
        p[0, 0] += 0.1
    return p / p.sum()


def information(joint):
    """I(X;Y), bits."""
    p, q = joint.sum(1, keepdim=True), joint.sum(0, keepdim=True)
    return torch.where(joint > 0, joint * (joint / (p * q)).log2(), 0).sum()


def entropy(p):
    """H, bits, of a distribution."""
    return torch.special.entr(p).sum() / torch.tensor(2.0, dtype=torch.float64).log()


class TestCurve:
    @quick
    @given(joints())
    def test_data_processing(self, joint):
        """0 ≤ I(T;Y) ≤ min(I(X;T), I(X;Y)), and I(X;T) ≤ H(X)."""
        found = bottleneck.curve(joint, betas=BETAS, iterations=300)
        assert (found.information_target >= -1e-12).all()
        assert (found.information_target <= found.information_input + 1e-12).all()
        assert (found.information_target <= information(joint) + 1e-12).all()
        assert (found.information_input <= entropy(joint.sum(1)) + 1e-6).all()

    @quick
    @given(joints())
    def test_monotony_and_concavity(self, joint):
        """Both informations fall with β, and 1/β lies between the slopes of the chords on either side."""
        found = bottleneck.curve(joint, betas=BETAS, iterations=300)
        along, up = -found.information_input.diff(), -found.information_target.diff()
        assert (along >= -1e-11).all()
        assert (up >= -1e-11).all()
        assert (up * BETAS[:-1] >= along - 1e-9).all()
        assert (up * BETAS[1:] <= along + 1e-9).all()

    @quick
    @given(joints(), st.randoms(use_true_random=False))
    def test_names_do_not_matter(self, joint, random):
        """Permuting the inputs and the outcomes changes nothing."""
        rows, columns = (random.sample(range(size), size) for size in joint.shape)
        one, other = (bottleneck.curve(p, betas=BETAS[3:6]) for p in (joint, joint[rows][:, columns]))
        lagrangians = [found.information_input - found.betas * found.information_target for found in (one, other)]
        torch.testing.assert_close(*lagrangians, rtol=0, atol=1e-6)


class TestFit:
    @quick
    @given(joints(), st.integers(1, 4), st.integers(0, 2**31))
    def test_residual(self, joint, symbols, seed):
        """0 ≤ residual ≤ I(X;T), which is the divergence at β = 0 where p(y|t) > 0."""
        random = torch.Generator().manual_seed(seed)
        encoder = torch.softmax(3 * torch.randn(len(joint), symbols, generator=random, dtype=torch.float64), -1)
        found = bottleneck.fit(joint, encoder)
        assert found.beta >= 0
        assert found.divergence >= -1e-12
        assert found.divergence <= information(encoder * joint.sum(1, keepdim=True)) + 1e-12

    @quick
    @given(joints())
    def test_of_the_identity(self, joint):
        """Each input its own symbol: β* = inf, or 0 where no input has only outcomes of another, unlike one.

        The residual is H(X | p(y|x)), as no bottleneck tells inputs of equal p(y|x) apart.
        """
        found, merged = bottleneck.fit(joint, torch.eye(len(joint))), bottleneck.merge(joint)
        possible = merged > 0
        within = (possible[:, None] <= possible[None]).all(-1)  # all outcomes of one are outcomes of the other
        assert found.beta == (torch.inf if within.sum() > len(merged) else 0)
        apart = entropy(joint.sum(1)) - entropy(merged.sum(1))
        assert found.divergence.item() == pytest.approx(apart.item(), abs=1e-9)
