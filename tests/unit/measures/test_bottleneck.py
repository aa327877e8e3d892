"""The bottleneck's curve against closed forms and an independent optimiser, fits against a grid, and the complaints."""

import math
import re

import numpy as np
import pytest
import torch

from infoplane.measures import bottleneck

RANDOM = torch.Generator().manual_seed(5)
TINY = torch.tensor([[0.25, 0.05], [0.15, 0.15], [0.03, 0.37]], dtype=torch.float64)


def joint_of(*shape):
    """A random joint distribution."""
    p = torch.rand(*shape, generator=RANDOM, dtype=torch.float64)
    return p / p.sum()


def encoder_of(*shape):
    """A random encoder, by rows."""
    return torch.softmax(torch.randn(*shape, generator=RANDOM, dtype=torch.float64), -1)


def binary_entropy(p):
    """Bits."""
    return -p * math.log2(p) - (1 - p) * math.log2(1 - p)


def symmetric(noise):
    """A uniform bit and what comes of it with errors of this probability."""
    return torch.tensor([[1 - noise, noise], [noise, 1 - noise]], dtype=torch.float64) / 2


def through(error, noise):
    """The error δ ∗ ε = δ(1−ε) + ε(1−δ) of two symmetric channels in a row."""
    return error * (1 - noise) + noise * (1 - error)


def log_odds(p):
    """Nats."""
    return math.log((1 - p) / p)


def symmetric_optimum(noise, beta):
    """I(X;T) and I(T;Y) for the symmetric channel: T errs with δ, where dI(T;Y)/dI(X;T) = 1/β (Mrs Gerber's lemma).

    I(X;T) = 1 − h(δ) and I(T;Y) = 1 − h(δ ∗ ε).
    """
    low, high = 1e-15, 0.5 - 1e-12
    for _ in range(200):
        middle = (low + high) / 2
        steep = (1 - 2 * noise) * log_odds(through(middle, noise)) > log_odds(middle) / beta
        low, high = (low, middle) if steep else (middle, high)
    return 1 - binary_entropy(low), 1 - binary_entropy(through(low, noise))


def divergence_bits(joint, encoder, beta):
    """E_x KL(p(t|x) ‖ p_β(t|x)), term by term in Python, from its definition."""
    joint, encoder = joint.tolist(), encoder.tolist()
    outcomes, symbols = range(len(joint[0])), range(len(encoder[0]))
    source = [sum(row) for row in joint]
    p_t = [sum(p * row[t] for p, row in zip(source, encoder, strict=True)) for t in symbols]
    decoder = [
        [sum(p[y] * q[t] for p, q in zip(joint, encoder, strict=True)) / p_t[t] for y in outcomes] for t in symbols
    ]
    total = 0.0
    for p_x, row, own in zip(source, joint, encoder, strict=True):
        distances = [sum(p / p_x * math.log(p / p_x / decoder[t][y]) for y, p in enumerate(row) if p) for t in symbols]
        weights = [p_t[t] * math.exp(-beta * distances[t]) for t in symbols]
        total += p_x * sum(q * math.log2(q * sum(weights) / weights[t]) for t, q in enumerate(own) if q)
    return total


class TestCurve:
    @pytest.mark.parametrize("joint", [[[0.5, 0], [0, 0.5]], [[0.25, 0], [0.25, 0], [0, 0.5]]])
    def test_is_at_its_origin_for_a_beta_of_one(self, joint):
        """Where X determines Y, every point of the segment I(T;Y) = I(X;T) is then as good."""
        found = bottleneck.curve(torch.tensor(joint, dtype=torch.float64), betas=[3.0, 1.0, 0.5])
        assert found.information_input[1:].tolist() == [0, 0]
        assert found.information_target[1:].tolist() == [0, 0]
        assert found.information_input[0].item() == pytest.approx(1)

    @pytest.mark.parametrize("noise", [0.02, 0.1, 0.3])
    def test_of_the_binary_symmetric_channel(self, noise):
        """I(T;Y) = 1 − h(h⁻¹(1 − I(X;T)) ∗ ε), and each point is where the slope is 1/β, from β = 1/(1−2ε)² on."""
        critical = 1 / (1 - 2 * noise) ** 2
        betas = [critical * 1.02, critical * 1.3, critical * 2, critical * 5]
        found = bottleneck.curve(symmetric(noise), betas=betas, tolerance=1e-13)
        assert found.converged.all()
        for beta, from_input, to_target in zip(*(part.tolist() for part in found[:3]), strict=True):
            assert (from_input, to_target) == pytest.approx(symmetric_optimum(noise, beta), abs=2e-6)

    def test_of_the_binary_symmetric_channel_below_its_transition(self):
        """With ε = 0.1, β ≤ 1/0.64 leaves nothing."""
        found = bottleneck.curve(symmetric(0.1), betas=[0.5, 1, 1.3, 1.55])
        assert found.information_input.tolist() == pytest.approx([0, 0, 0, 0], abs=1e-6)
        assert found.information_target.tolist() == pytest.approx([0, 0, 0, 0], abs=1e-6)

    def test_of_the_erasure_channel(self):
        """I(T;Y) = (1 − e) I(X;T), a segment: all from β = 1/(1 − e) on, nothing below, though no p(y|x) overlap."""
        erasure = torch.tensor([[0.6, 0.4, 0], [0, 0.4, 0.6]], dtype=torch.float64) / 2
        found = bottleneck.curve(erasure, betas=[3, 1.8, 1.5, 1.1])
        assert found.information_input.tolist() == pytest.approx([1, 1, 0, 0], abs=1e-7)
        assert found.information_target.tolist() == pytest.approx([0.6, 0.6, 0, 0], abs=1e-7)

    def test_of_a_function_of_the_input(self):
        """The ends of the segment I(T;Y) = I(X;T): H(Y) above β = 1, 0 below."""
        labels = torch.eye(3, dtype=torch.float64)[torch.tensor([0, 0, 1, 2, 0, 1, 0, 2])] / 8
        found = bottleneck.curve(labels, betas=[0.9, 1.1, 50])
        assert found.converged.all()
        for informations in found[1:3]:
            assert informations.tolist() == pytest.approx([0, 1.5, 1.5], abs=1e-12)

    def test_of_independent_variables_is_its_origin(self):
        independent = torch.outer(joint_of(5), joint_of(3))
        found = bottleneck.curve(independent, betas=[1, 1e3])
        assert found.converged.all()
        for informations in found[1:3]:
            assert informations.tolist() == pytest.approx([0, 0], abs=1e-12)

    def test_a_large_beta_keeps_everything(self):
        """I(T;Y) → I(X;Y) with the least I(X;T) that does, H of the distinct p(y|x)."""
        found = bottleneck.curve(TINY, betas=[1e5])
        p, q = TINY.sum(1), TINY.sum(0)
        whole = (TINY * (TINY / torch.outer(p, q)).log2()).sum()
        assert found.information_target.item() == pytest.approx(whole.item(), abs=1e-6)
        assert found.information_input.item() == pytest.approx(
            torch.special.entr(p).sum().item() / math.log(2), abs=1e-4
        )

    def test_agrees_with_dit(self, dit):
        """Which minimises I(X;T) − β I(T;Y) with a general optimiser, here from one random start."""
        from dit.rate_distortion.information_bottleneck import InformationBottleneck

        outcomes = [f"{x}{y}" for x in range(3) for y in range(2)]
        theirs = InformationBottleneck(dit.Distribution(outcomes, TINY.flatten().tolist()), beta=6.0, rvs=[[0], [1]])
        theirs.optimize(niter=1, rng=np.random.default_rng(0))
        optimum = theirs.construct_joint(theirs._optima)
        ours = bottleneck.curve(TINY, betas=[6.0])
        assert ours.information_input.item() == pytest.approx(theirs.complexity(optimum), abs=1e-5)
        assert ours.information_target.item() == pytest.approx(theirs.relevance(optimum), abs=1e-5)

    def test_merging_changes_nothing(self):
        """Inputs split into parts with equal p(y|x), some of probability 0, and an outcome that never occurs."""
        joint, share = (
            joint_of(5, 3),
            torch.tensor([1.0, 0.5, 0.25, 0.25, 0.125, 0, 0.875, 0.5, 1], dtype=torch.float64),
        )
        split = share[:, None] * joint[[0, 1, 2, 2, 3, 3, 3, 1, 4]]
        split = torch.cat([split, torch.zeros(9, 1)], dim=1).roll(1, 1)
        split[3] += 0.5 * split[2]
        split[2] *= 0.5
        split[2:4] *= joint[2].sum() / split[2:4].sum()
        assert bottleneck.merge(split).shape == (5, 3)
        betas = [30.0, 8.0, 3.0]
        one, other = bottleneck.curve(joint, betas=betas), bottleneck.curve(split, betas=betas)
        torch.testing.assert_close(one.information_input, other.information_input, rtol=0, atol=1e-6)
        torch.testing.assert_close(one.information_target, other.information_target, rtol=0, atol=1e-6)

    def test_the_order_of_the_betas_does_not_matter(self):
        betas = torch.tensor([4.0, 30.0, 1.5, 9.0])
        one, other = bottleneck.curve(TINY, betas=betas), bottleneck.curve(TINY, betas=betas.flip(0))
        assert torch.equal(one.betas, betas.double())
        for here, there in zip(one, other, strict=True):
            assert torch.equal(here, there.flip(0))

    def test_what_did_not_converge_says_so_and_is_reachable(self):
        few, many = (bottleneck.curve(TINY, betas=[6.0], iterations=count) for count in (6, 10_000))
        assert (few.converged.tolist(), many.converged.tolist()) == ([False], [True])
        lagrangian = [point.information_input - 6 * point.information_target for point in (few, many)]
        assert lagrangian[0] > lagrangian[1]

    @pytest.mark.parametrize(
        ("joint", "message"),
        [
            (torch.ones(4) / 4, "joint must have shape (|X|, |Y|), got (4,)"),
            (torch.ones(2, 2), "joint must sum to 1 over (|X|, |Y|), got 4: divide it by its sum"),
            (torch.tensor([[1.5, -0.5]]), "joint must be at least 0, got -0.5"),
            (torch.tensor([[math.nan, 0.5]]), "joint must be finite, got nan at [0, 0]"),
            (torch.ones(0, 2), "joint must not be empty, got shape (0, 2)"),
        ],
    )
    def test_complains_of_the_joint_distribution(self, joint, message):
        with pytest.raises(ValueError, match=re.escape(message)):
            bottleneck.curve(joint, betas=[2.0])
        with pytest.raises(ValueError, match=re.escape(message)):
            bottleneck.fit(joint, torch.eye(2))

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"betas": []}, "betas must have shape (m) with m > 0, got (0,)"),
            ({"betas": torch.ones(2, 2)}, "betas must have shape (m) with m > 0, got (2, 2)"),
            ({"betas": [1.0, -2.0]}, "betas must be above 0 and finite, got -2.0"),
            ({"betas": [math.inf]}, "betas must be above 0 and finite, got inf"),
            ({"betas": [1.0], "tolerance": 0.0}, "tolerance must be above 0 and finite, got 0.0"),
            ({"betas": [1.0], "iterations": 0}, "iterations must be above 0 and finite, got 0"),
        ],
    )
    def test_complains_of_options(self, options, message):
        with pytest.raises(ValueError, match=re.escape(message)):
            bottleneck.curve(TINY, **options)


class TestFit:
    @pytest.mark.parametrize("beta", [2.9, 6.0, 25.0])
    def test_an_optimal_encoder_has_its_beta_and_no_residual(self, beta):
        """The self-consistent equations, iterated plainly to their end."""
        p_x = TINY.sum(1, keepdim=True)
        encoder = torch.eye(3, dtype=torch.float64)
        for _ in range(1500):
            p_t = (p_x * encoder).sum(0)
            decoder = encoder.mT @ TINY / p_t[:, None]
            encoder = torch.softmax(p_t.log() + beta * (TINY / p_x) @ decoder.log().mT, -1)
        found = bottleneck.fit(TINY, encoder)
        assert found.beta.item() == pytest.approx(beta, rel=1e-6)
        assert found.divergence.item() == pytest.approx(0, abs=1e-12)

    def test_is_the_best_of_a_grid(self):
        """The divergence by the definition, no less anywhere else, for encoders of several sizes."""
        for inputs, outcomes, symbols in ((4, 2, 2), (6, 3, 4), (5, 4, 7)):
            joint, encoder = joint_of(inputs, outcomes), encoder_of(inputs, symbols)
            found = bottleneck.fit(joint, encoder)
            least = divergence_bits(joint, encoder, found.beta.item())
            assert found.divergence.item() == pytest.approx(least, abs=1e-12)
            grid = [found.beta.item() * factor for factor in (0, 0.1, 0.9, 0.999, 1.001, 1.1, 10)]
            assert min(divergence_bits(joint, encoder, beta) for beta in grid) >= least

    def test_merging_changes_nothing(self):
        """A binned layer: inputs with equal p(y|x) in several bins, and bins with equal p(y|t), by the definition."""
        joint = joint_of(3, 2)[[0, 0, 1, 1, 2, 2]] / 2
        encoder = torch.eye(4, dtype=torch.float64)[torch.tensor([0, 1, 0, 1, 2, 3])]
        found = bottleneck.fit(joint, torch.cat([encoder, torch.zeros(6, 2)], dim=1))
        assert found.divergence.item() == pytest.approx(divergence_bits(joint, encoder, found.beta.item()), abs=1e-12)
        assert found.divergence.item() > 0.5

    def test_nearly_impossible_outcomes_keep_their_distances(self):
        """Symbols with p(y|t) of 1e-13 and 1e-18 are alike in p, and 11 nats apart in the divergences."""
        improbable = torch.tensor([0.005, 0.6, 1e-13, 1e-18, 1e-13, 0.3], dtype=torch.float64)
        joint = torch.stack([1 - improbable, improbable], dim=1) / 6
        encoder = torch.eye(3, dtype=torch.float64)[torch.tensor([0, 0, 1, 2, 1, 0])]
        found = bottleneck.fit(joint, encoder)
        least = divergence_bits(joint, encoder, found.beta.item())
        assert 0 < found.beta < math.inf
        assert found.divergence.item() == pytest.approx(least, abs=1e-12)
        assert min(divergence_bits(joint, encoder, found.beta.item() * factor) for factor in (0.99, 1.01)) > least

    def test_an_encoder_that_tells_nothing_has_beta_zero(self):
        for encoder in (torch.ones(3, 1), torch.tensor([[0.2, 0.8]]).expand(3, 2)):
            assert [part.item() for part in bottleneck.fit(TINY, encoder)] == pytest.approx([0, 0], abs=1e-12)

    def test_an_encoder_of_nearest_symbols_has_an_infinite_beta(self):
        """The hard clusters {0}, {1, 2}; the residual is what choosing among two equal symbols costs, one bit of t."""
        near = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
        joint = torch.tensor([[0.4, 0.1], [0.05, 0.2], [0.04, 0.21]])
        assert [part.item() for part in bottleneck.fit(joint, near)] == pytest.approx([math.inf, 0], abs=1e-12)
        split = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
        equal = torch.tensor([[0.4, 0.1], [0.05, 0.2], [0.05, 0.2]])
        assert [part.item() for part in bottleneck.fit(equal, split)] == pytest.approx([math.inf, 0.5], abs=1e-12)

    def test_a_flat_divergence_has_beta_zero(self):
        """Pure symbols of hard labels, two for label 0: p_β is p(t) among those of the label, whatever β."""
        joint = torch.tensor([[0.25, 0], [0.25, 0], [0, 0.5]])
        encoder = torch.eye(3)
        assert [part.item() for part in bottleneck.fit(joint, encoder)] == pytest.approx([0, 0.5], abs=1e-12)

    @pytest.mark.parametrize(
        ("encoder", "message"),
        [
            (torch.eye(2), "encoder must have a row for each of the 3 inputs of joint on cpu, got (2, 2) on cpu"),
            (torch.ones(3), "encoder must have shape (|X|, |T|), got (3,)"),
            (torch.ones(3, 2), "encoder must sum to 1 over (|X|, |T|), got 2"),
            (torch.tensor([[2.0, -1.0]]).expand(3, 2), "encoder must be at least 0, got -1"),
        ],
    )
    def test_complains_of_the_encoder(self, encoder, message):
        with pytest.raises(ValueError, match=re.escape(message)):
            bottleneck.fit(TINY, encoder)


class TestLayer:
    """A function of the input, three inputs of which occur three times."""

    JOINT = joint_of(9, 3)[[0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 4, 5, 6, 7, 8]]
    JOINT = JOINT / JOINT.sum()
    STATES = torch.tensor([4, 4, 0, 2, 0, 2, 2, 7, 7, 0, 4, 4, 2, 7, 0])

    @pytest.fixture(scope="class")
    @classmethod
    def found(cls):
        return bottleneck.layer(cls.JOINT, cls.STATES)

    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls):
        return torch.eye(8, dtype=torch.float64)[cls.STATES]

    def test_is_the_fit_of_its_matrix(self, found, encoder):
        expected = bottleneck.fit(self.JOINT, encoder)
        assert found.beta.item() == pytest.approx(expected.beta.item(), rel=1e-9)
        assert found.divergence.item() == pytest.approx(expected.divergence.item(), abs=1e-12)
        assert found.divergence.item() == pytest.approx(
            divergence_bits(self.JOINT, encoder[:, [0, 2, 4, 7]], found.beta.item()), abs=1e-12
        )

    def test_lies_where_its_histograms_say(self, found, encoder):
        """I(X;T) = H(T), and I(T;Y) = Σ p(t, y) log p(t, y) / p(t) p(y)."""
        p_t, p_y = encoder.mT @ self.JOINT.sum(1), self.JOINT.sum(0)
        both = (encoder.mT @ self.JOINT)[p_t > 0]
        p_t = p_t[p_t > 0]
        assert found.information_input.item() == pytest.approx(-(p_t * p_t.log2()).sum().item())
        expected = (both * (both / torch.outer(p_t, p_y)).log2()).sum()
        assert found.information_target.item() == pytest.approx(expected.item())

    def test_one_input_for_those_of_equal_targets_has_the_same_beta_and_a_residual_smaller_by_the_floor(
        self, found, encoder
    ):
        """The floor is H(T | p(y|x)): what the states of inputs with equal p(y|x) differ in."""
        groups = torch.tensor([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 4, 5, 6, 7, 8])
        gathered = torch.nn.functional.one_hot(groups).double()
        merged = gathered.mT @ self.JOINT
        mixed = gathered.mT @ (encoder * self.JOINT.sum(1, keepdim=True)) / merged.sum(1, keepdim=True)
        within = torch.special.entr(mixed).sum(1) @ merged.sum(1) / math.log(2)
        expected = bottleneck.fit(merged, mixed)
        assert found.floor.item() == pytest.approx(within.item())
        assert found.floor > 0.1
        assert found.beta.item() == pytest.approx(expected.beta.item(), rel=1e-9)
        assert found.divergence.item() == pytest.approx(expected.divergence.item() + within.item(), abs=1e-12)

    def test_inputs_that_do_not_occur_change_nothing(self, found):
        never = bottleneck.layer(torch.cat([self.JOINT, torch.zeros(2, 3)]), torch.cat([self.STATES, torch.arange(2)]))
        assert [part.item() for part in never] == pytest.approx([part.item() for part in found], rel=1e-12)
