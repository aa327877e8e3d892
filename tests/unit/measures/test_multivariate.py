"""Entropies of several variables: on logical gates by hand, against each other, and the text of every complaint."""

import math
import re
from collections import Counter

import pytest
import torch

from infoplane.measures import gram, renyi

RANDOM = torch.Generator().manual_seed(8)
FIRST, SECOND, XOR, AND = [0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 0], [0, 0, 0, 1]
H = 2 - 0.75 * math.log2(3)  # of a bit that is 1 in a quarter of the outcomes
FUNCTIONS = [
    renyi.conditional_entropy,
    renyi.multivariate_mutual_information,
    renyi.total_correlation,
    renyi.interaction_information,
]


def gates(*variables):
    """Label Gram matrices of variables given by their value at each equally likely outcome."""
    return [gram.labels(torch.tensor(values)) for values in variables]


def gaussian(*shape):
    """Random Gram matrices of the kernel for samples of shape (*batch, n, d)."""
    return gram.gaussian(
        torch.randn(*shape, generator=RANDOM, dtype=torch.float64), bandwidth=1.0, batch_dims=len(shape) - 2
    )


class TestGates:
    """Shannon's quantities of discrete variables, at α = 1."""

    @pytest.mark.parametrize(
        ("variables", "expected"),
        [
            ((FIRST, SECOND), 1),
            ((FIRST, FIRST), 0),
            ((XOR, FIRST, SECOND), 0),
            ((XOR, FIRST), 1),
            # H(T1 | AND) = 0.75 h(1/3).
            ((FIRST, AND), 0.75 * math.log2(3) - 0.5),
            ((AND, FIRST), 0.5),
        ],
    )
    def test_conditional_entropy(self, variables, expected):
        assert renyi.conditional_entropy(*gates(*variables), alpha=1).item() == pytest.approx(expected, abs=1e-13)

    @pytest.mark.parametrize(
        ("variables", "expected"),
        [((XOR, FIRST, SECOND), 1), ((XOR, FIRST), 0), ((AND, FIRST, SECOND), H), ((FIRST, FIRST, FIRST), 1)],
    )
    def test_multivariate_mutual_information(self, variables, expected):
        found = renyi.multivariate_mutual_information(*gates(*variables), alpha=1)
        assert found.item() == pytest.approx(expected, abs=1e-13)

    @pytest.mark.parametrize(
        ("variables", "expected"),
        [((FIRST, SECOND), 0), ((XOR, FIRST, SECOND), 1), ((FIRST,) * 4, 3), ((AND, FIRST, SECOND), H), ((FIRST,), 0)],
    )
    def test_total_correlation(self, variables, expected):
        assert renyi.total_correlation(*gates(*variables), alpha=1).item() == pytest.approx(expected, abs=1e-13)

    @pytest.mark.parametrize(
        ("variables", "expected"),
        [
            ((FIRST,), 1),
            ((FIRST, SECOND), 0),
            ((FIRST, FIRST), 1),
            ((XOR, FIRST, SECOND), -1),
            ((FIRST, FIRST, FIRST), 1),
            ((FIRST,) * 4, 1),
            # I(AND; T1) − I(AND; T1 | T2) = (h(1/4) − 1/2) − 1/2.
            ((AND, FIRST, SECOND), H - 1),
            # Parity of three bits: 4 · 1 − 6 · 2 + 4 · 3 − 3.
            (
                (
                    [0, 1, 1, 0, 1, 0, 0, 1],
                    [0, 0, 0, 0, 1, 1, 1, 1],
                    [0, 0, 1, 1, 0, 0, 1, 1],
                    [0, 1, 0, 1, 0, 1, 0, 1],
                ),
                1,
            ),
        ],
    )
    def test_interaction_information(self, variables, expected):
        found = renyi.interaction_information(*gates(*variables), alpha=1)
        assert found.item() == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_agrees_with_dit(count, dit):
    """Random classes of 16 samples. What we call interaction information is its co-information.

    The interaction information of dit has the other sign for three variables.
    """
    y = torch.randint(0, 3, (count, 16), generator=RANDOM)
    counts = Counter("".join(map(str, sample)) for sample in y.T.tolist())
    joint = dit.Distribution(list(counts), [each / 16 for each in counts.values()])
    grams, measures = list(gram.labels(y)), dit.multivariate
    pairs = [
        (renyi.joint_entropy, measures.entropy(joint)),
        (renyi.total_correlation, measures.total_correlation(joint)),
        (renyi.interaction_information, measures.coinformation(joint)),
        (renyi.interaction_information, (-1) ** count * measures.interaction_information(joint)),
        (renyi.conditional_entropy, measures.entropy(joint, [0], range(1, count))),
        (renyi.multivariate_mutual_information, measures.coinformation(joint, [[0], range(1, count)])),
    ]
    for ours, theirs in pairs:
        assert ours(*grams, alpha=1).item() == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("alpha", [0.5, 1, 1.01, 2, math.inf])
class TestIdentities:
    def test_two_variables_have_their_mutual_information(self, alpha):
        a, b = gaussian(2, 15, 2)
        expected = renyi.mutual_information(a, b, alpha=alpha).item()
        for function in FUNCTIONS[1:]:
            assert function(a, b, alpha=alpha).item() == pytest.approx(expected, abs=1e-11)

    def test_what_is_not_shared_is_conditional(self, alpha):
        """I(A; {B, C}) = S(A) − S(A | B, C)."""
        a, b, c = gaussian(3, 15, 2)
        expected = renyi.entropy(a, alpha=alpha) - renyi.conditional_entropy(a, b, c, alpha=alpha)
        found = renyi.multivariate_mutual_information(a, b, c, alpha=alpha)
        assert found.item() == pytest.approx(expected.item(), abs=1e-11)

    def test_total_correlation_by_steps(self, alpha):
        """TC(A, B, C) = I(A; B) + I(C; {A, B})."""
        a, b, c = gaussian(3, 15, 2)
        steps = renyi.mutual_information(a, b, alpha=alpha) + renyi.multivariate_mutual_information(
            c, a, b, alpha=alpha
        )
        assert renyi.total_correlation(a, b, c, alpha=alpha).item() == pytest.approx(steps.item(), abs=1e-11)

    def test_interaction_of_three(self, alpha):
        """I(A; B) + I(A; C) − I(A; {B, C})."""
        a, b, c = gaussian(3, 15, 2)
        parts = [renyi.mutual_information(a, other, alpha=alpha) for other in (b, c)]
        expected = sum(parts) - renyi.multivariate_mutual_information(a, b, c, alpha=alpha)
        assert renyi.interaction_information(a, b, c, alpha=alpha).item() == pytest.approx(expected.item(), abs=1e-11)


@pytest.mark.parametrize("function", FUNCTIONS)
class TestEach:
    def test_batches_broadcast(self, function):
        a, b, y = gaussian(2, 3, 10, 2), gaussian(3, 10, 2), gram.labels(torch.arange(10) % 3)
        found = function(a, b, y)
        assert found.shape == (2, 3)
        assert found[1, 2].item() == pytest.approx(function(a[1, 2], b[2], y).item(), abs=1e-11)
        assert function(y, y, a[0]).shape == (3,)

    def test_complaints(self, function):
        good = torch.eye(2) / 2
        with pytest.raises(ValueError, match=r"(grams|given)\[\d\] must have unit trace, got 2"):
            function(good, torch.eye(2))
        with pytest.raises(ValueError, match=r"(gram|target|grams\[0\]) must have unit trace, got 2"):
            function(torch.eye(2), good)
        with pytest.raises(ValueError, match=r"alpha must be above 0 .*, got 0"):
            function(good, good, alpha=0)
        with pytest.raises(ValueError, match=r"must share n, got .* \(2, 2\), .* \(3, 3\)"):
            function(good, torch.eye(3) / 3)


class TestOfNothing:
    @pytest.mark.parametrize("function", FUNCTIONS[2:])
    def test_complains(self, function):
        with pytest.raises(ValueError, match=re.escape("grams must hold at least one Gram matrix, got none")):
            function()

    def test_complains_of_no_others(self):
        with pytest.raises(ValueError, match="given must hold at least one Gram matrix, got none"):
            renyi.conditional_entropy(torch.eye(2) / 2)
        with pytest.raises(ValueError, match="grams must hold at least one Gram matrix, got none"):
            renyi.multivariate_mutual_information(torch.eye(2) / 2)
