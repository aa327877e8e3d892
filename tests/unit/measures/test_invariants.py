"""Degrees of redundancy and vulnerability on logical gates by hand, against every joint on its own, and complaints."""

import math
import re

import pytest
import torch

from infoplane.measures import gram, invariants, renyi

RANDOM = torch.Generator().manual_seed(9)
FIRST, SECOND = [0, 0, 1, 1], [0, 1, 0, 1]
H = 2 - 0.75 * math.log2(3)  # of a bit that is 1 in a quarter of the outcomes

# Target, maps, and by hand: information of all maps (bits), degree of redundancy, degree of vulnerability.
GATES = {
    "XOR": ([0, 1, 1, 0], [FIRST, SECOND], (1, 0, 2)),
    "COPY of two": (FIRST, [FIRST, FIRST], (1, 2, 0)),
    "COPY of five": (FIRST, [FIRST] * 5, (1, 5, 0)),
    "UNQ": ([0, 1, 2, 3], [FIRST, SECOND], (2, 1, 1)),
    "one map": (FIRST, [FIRST], (1, 1, 1)),
    "one of two": (FIRST, [FIRST, SECOND], (1, 1, 1)),
    # I_i = h(1/4) − 1/2 each, and each map is worth 1/2 bit beside the other.
    "AND": ([0, 0, 0, 1], [FIRST, SECOND], (H, (2 * H - 1) / H, 1 / H)),
}


def gaussian(*shape):
    """Random Gram matrices of the kernel for samples of shape (*batch, n, d)."""
    x = torch.randn(*shape, generator=RANDOM, dtype=torch.float64)
    return gram.gaussian(x, bandwidth=1.5, batch_dims=len(shape) - 2)


class TestDegrees:
    @pytest.mark.parametrize("gate", GATES)
    def test_by_hand(self, gate):
        target, maps, expected = GATES[gate]
        found = invariants.degrees(gram.labels(torch.tensor(maps)), gram.labels(torch.tensor(target)), alpha=1)
        assert [value.item() for value in found] == pytest.approx(expected, abs=1e-12)

    @pytest.mark.parametrize("alpha", [0.7, 1, 1.01, 2])
    def test_against_every_joint_on_its_own(self, alpha):
        """Also where the samples have unequal weights, as the diagonals of the second set of maps."""
        maps, y = gaussian(2, 4, 12, 3), gram.labels(torch.arange(12) % 3)
        weights = torch.linspace(0.5, 1.5, 12, dtype=torch.float64)
        maps[1] *= weights[:, None] * weights / weights.square().mean()
        for target in (gaussian(2, 12, 2), y):
            found = invariants.degrees(maps, target, alpha=alpha)
            for i, some in enumerate(maps):
                x = target.expand(2, 12, 12)[i]

                def told(chosen, x=x):
                    return renyi.multivariate_mutual_information(x, *chosen, alpha=alpha).item()

                whole = told(some)
                alone = sum(told([each]) for each in some)
                lost = sum(whole - told([other for k, other in enumerate(some) if k != j]) for j in range(4))
                expected = whole, alone / whole, lost / whole
                assert [value[i].item() for value in found] == pytest.approx(expected, abs=1e-9)

    def test_three_hundred_maps_do_not_underflow(self):
        """Many noisy maps tell all 30 samples apart, and none is missed: here at α = 2, which takes no eigenvalues."""
        found = invariants.degrees(gaussian(300, 30, 2), gram.labels(torch.arange(30)), alpha=2)
        assert found.multivariate_mutual_information.item() == pytest.approx(math.log2(30), abs=1e-12)
        assert found.vulnerability.item() == pytest.approx(0, abs=1e-9)
        assert 1 < found.redundancy < 300

    def test_a_dead_layer_has_no_degrees(self):
        found = invariants.degrees(torch.full((4, 9, 9), 1 / 9).double(), gaussian(9, 2))
        assert found.multivariate_mutual_information.item() == pytest.approx(0, abs=1e-13)
        assert found.redundancy.isnan()
        assert found.vulnerability.isnan()

    def test_memory_changes_nothing(self):
        maps, target = gaussian(5, 12, 2), gaussian(12, 2)
        for one, other in zip(
            invariants.degrees(maps, target, memory=1), invariants.degrees(maps, target), strict=True
        ):
            torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


class TestComplaints:
    def test_of_arguments_by_name(self):
        maps, target = gaussian(3, 6, 2), gaussian(6, 2)
        with pytest.raises(ValueError, match=re.escape("maps must have shape (*batch, C, n, n), got (6, 6)")):
            invariants.degrees(target, target)
        with pytest.raises(ValueError, match="target must have unit trace, got 6"):
            invariants.degrees(maps, target * 6)
        message = re.escape("target must broadcast to the batch () of the maps, got batch (2,)")
        with pytest.raises(ValueError, match=message):
            invariants.degrees(maps, gaussian(2, 6, 2))
        with pytest.raises(ValueError, match=r"alpha must be above 0 .*, got -2"):
            invariants.degrees(maps, target, alpha=-2)
        with pytest.raises(ValueError, match="memory must be above 0 and finite, got 0"):
            invariants.degrees(maps, target, memory=0)
