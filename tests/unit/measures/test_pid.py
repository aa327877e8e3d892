"""The decomposition on logical gates, where it is known by hand, on special maps, and its complaints."""

import math
import re

import pytest
import torch

from infoplane.measures import gram, pid, products, renyi

RANDOM = torch.Generator().manual_seed(3)


def gaussian(*shape, bandwidth=1.0):
    """A random Gram matrix of the kernel for samples of shape (*batch, n, d)."""
    x = torch.randn(*shape, generator=RANDOM, dtype=torch.float64)
    return gram.gaussian(x, bandwidth=bandwidth, batch_dims=len(shape) - 2)


def variables(*values):
    """Label Gram matrices (C, n, n) of variables given by their value at each equally likely outcome."""
    return gram.labels(torch.tensor(values))


def quarter_bits():
    """The entropy of a bit that is 1 in a quarter of the outcomes."""
    return 2 - 0.75 * math.log2(3)


FIRST, SECOND = [0, 0, 1, 1], [0, 1, 0, 1]
H = quarter_bits()

# Target, maps, and by hand: I(X; {T1, T2}), mean of Rdn − Syn, mean of Unq + Unq + 2 Syn, and the last two in %.
GATES = {
    "XOR: one bit, known to both only together": ([0, 1, 1, 0], [FIRST, SECOND], (1, -1, 2, -100, 200)),
    "COPY: one bit, known to each": (FIRST, [FIRST, FIRST], (1, 1, 0, 100, 0)),
    "UNQ: two bits, each known to one": ([0, 1, 2, 3], [FIRST, SECOND], (2, 0, 2, 0, 100)),
    # I(X; Ti) = h(1/4) − 1/2, I(X; {T1, T2}) = h(1/4).
    "AND": ([0, 0, 0, 1], [FIRST, SECOND], (H, H - 1, 1, 100 * (H - 1) / H, 100 / H)),
    # Pairs: (T1, T2) is UNQ, each of them with T3 = (T1, T2) has I_ij = 2, I_3 = 2: RST 1, WNI 1.
    "UNQ with a third map that knows both": (
        [0, 1, 2, 3],
        [FIRST, SECOND, [0, 1, 2, 3]],
        (2, 2 / 3, 4 / 3, 100 / 3, 200 / 3),
    ),
}


class TestGates:
    @pytest.mark.parametrize("gate", GATES)
    def test_by_hand(self, gate):
        target, maps, expected = GATES[gate]
        found = pid.pairwise(variables(*maps), gram.labels(torch.tensor(target)), alpha=1)
        assert [value.item() for value in found] == pytest.approx([*expected, 0], abs=1e-12)

    @pytest.mark.parametrize("alpha", [0.5, 1.01, 2, math.inf])
    @pytest.mark.parametrize("gate", [name for name in GATES if name != "AND"])
    def test_uniform_variables_have_the_same_for_every_order(self, gate, alpha):
        target, maps, expected = GATES[gate]
        found = pid.pairwise(variables(*maps), gram.labels(torch.tensor(target)), alpha=alpha)
        assert [value.item() for value in found] == pytest.approx([*expected, 0], abs=1e-12)

    def test_gaussian_kernels_of_small_width_are_gates_too(self):
        """σ → 0 makes an indicator of any kernel: XOR on ±1, one map per input."""
        maps = torch.tensor([FIRST, SECOND]).double()[..., None]
        target = gram.labels(torch.tensor([0, 1, 1, 0]))
        found = pid.pairwise(gram.gaussian(maps, bandwidth=0.01, batch_dims=1), target, alpha=1)
        assert found.redundancy_synergy_tradeoff.item() == pytest.approx(-1, abs=1e-12)


class TestPairwise:
    def test_a_single_map_has_no_pair(self):
        """Only I(X; T) is defined."""
        maps, target = gaussian(2, 1, 12, 3), gaussian(12, 3)
        found = pid.pairwise(maps, target)
        expected = renyi.mutual_information(maps[:, 0], target)
        torch.testing.assert_close(found.multivariate_mutual_information, expected, rtol=0, atol=1e-12)
        for name in found._fields[1:5]:
            assert getattr(found, name).isnan().all()
        assert found.pairs_excluded.tolist() == [0, 0]

    def test_dead_maps_are_counted_out_of_the_percentages(self):
        """Of 5 maps two are dead and tell nothing: the one pair of these is excluded, and nothing else."""
        maps = gaussian(5, 20, 2)
        maps[1] = maps[3] = 1 / 20
        found = pid.pairwise(maps, gaussian(20, 2))
        assert found.pairs_excluded.item() == 1
        total = found.redundancy_synergy_tradeoff_percent + found.weighted_nonredundant_information_percent
        assert total.item() == pytest.approx(100, abs=1e-9)

    def test_pairs_with_next_to_no_information_are_counted_out(self):
        """Widths of 3,000 and 20,000 leave 1e-5 and 3e-7 bits to a pair: above 1e-6 it counts, below not."""
        x = torch.randn(2, 20, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        target = gram.gaussian(x.sum(0), bandwidth=1.0)
        for bandwidth, excluded in ((3e3, 0), (2e4, 1)):
            found = pid.pairwise(gram.gaussian(x, bandwidth=bandwidth, batch_dims=1), target)
            assert found.multivariate_mutual_information > 0
            assert found.pairs_excluded.item() == excluded
            assert found.redundancy_synergy_tradeoff_percent.isnan() == bool(excluded)

    def test_a_dead_layer_has_no_percentages(self):
        found = pid.pairwise(torch.full((4, 9, 9), 1 / 9).double(), gaussian(9, 2))
        assert found.pairs_excluded.item() == 6
        assert found.redundancy_synergy_tradeoff.item() == pytest.approx(0, abs=1e-13)
        assert found.redundancy_synergy_tradeoff_percent.isnan()
        assert found.weighted_nonredundant_information_percent.isnan()

    @pytest.mark.parametrize("alpha", [0.5, 1, 1.01, 2])
    def test_the_two_percentages_sum_to_100(self, alpha):
        """WNI_ij = I_ij − RST_ij."""
        found = pid.pairwise(gaussian(3, 6, 15, 2), gaussian(3, 15, 2), alpha=alpha)
        total = found.redundancy_synergy_tradeoff_percent + found.weighted_nonredundant_information_percent
        torch.testing.assert_close(total, torch.full((3,), 100.0, dtype=torch.float64), rtol=0, atol=1e-9)

    def test_the_order_of_the_maps_does_not_matter(self):
        maps, target = gaussian(5, 15, 2), gaussian(15, 2)
        for one, other in zip(pid.pairwise(maps, target), pid.pairwise(maps.flip(0), target), strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=1e-10)

    def test_several_targets_share_the_work_and_give_the_same(self):
        maps, x, y = gaussian(2, 4, 12, 2), gaussian(2, 12, 2), gram.labels(torch.arange(12) % 3)
        together = pid.pairwise_many(maps, [x, y])
        for decomposition, target in zip(together, (x, y), strict=True):
            for one, other in zip(decomposition, pid.pairwise(maps, target), strict=True):
                torch.testing.assert_close(one, other, rtol=0, atol=1e-12)

    def test_batches_are_one_by_one(self):
        """Targets may have the batch of the maps, part of it, or none."""
        maps = gaussian(2, 3, 4, 12, 2)
        for target in (gaussian(12, 2), gaussian(3, 12, 2), gaussian(2, 1, 12, 2), gaussian(2, 3, 12, 2)):
            together = pid.pairwise(maps, target)
            every = target.expand(2, 3, 12, 12)
            for i, j in ((0, 0), (0, 2), (1, 1)):
                for one, other in zip(pid.pairwise(maps[i, j], every[i, j]), together, strict=True):
                    torch.testing.assert_close(one, other[i, j], rtol=0, atol=1e-10)

    @pytest.mark.parametrize("memory", [1, 8 * 8 * 12 * 12 * 5])
    def test_memory_changes_nothing(self, memory):
        """One pair at a time, and five: the last chunk is not full."""
        maps, targets = gaussian(2, 4, 12, 2), [gaussian(12, 2), gram.labels(torch.arange(12) % 3)]
        for few, many in zip(
            pid.pairwise_many(maps, targets, memory=memory), pid.pairwise_many(maps, targets), strict=True
        ):
            for one, other in zip(few, many, strict=True):
                torch.testing.assert_close(one, other, rtol=0, atol=1e-12)

    def test_no_chunk_exceeds_the_memory(self, monkeypatch):
        """5 of the 28 pairs at a time, where the products are made in torch."""
        sizes, product = [], products.product
        monkeypatch.setattr(products, "product", lambda grams: (sizes.append(len(out := product(grams))), out)[1])
        pid.pairwise(gaussian(8, 12, 2), gaussian(12, 2), alpha=0.9, memory=8 * 8 * 12 * 12 * 5)
        assert max(sizes) == 5


class TestMinimumMutualInformationAtoms:
    @pytest.mark.parametrize(
        ("target", "maps", "expected"),
        [
            ([0, 1, 1, 0], [FIRST, SECOND], (0, 0, 0, 1)),
            (FIRST, [FIRST, FIRST], (1, 0, 0, 0)),
            (FIRST, [FIRST, SECOND], (0, 1, 0, 0)),
            (FIRST, [SECOND, FIRST], (0, 0, 1, 0)),
            # The choice's known oddity: two independent bits are amounts of one bit each.
            ([0, 1, 2, 3], [FIRST, SECOND], (1, 0, 0, 1)),
            ([0, 0, 0, 1], [FIRST, SECOND], (H - 0.5, 0, 0, 0.5)),
        ],
    )
    def test_by_hand(self, target, maps, expected):
        found = pid.minimum_mutual_information_atoms(variables(*maps), gram.labels(torch.tensor(target)), alpha=1)
        assert [value.item() for value in found] == pytest.approx(expected, abs=1e-12)

    @pytest.mark.parametrize("alpha", [0.5, 1, 1.01, 2])
    def test_sum_to_what_the_maps_tell(self, alpha):
        """Rdn + Unq_i = I_i, and all four make I_ij, for each pair in the order of `torch.combinations`."""
        maps, target = gaussian(2, 4, 12, 2), gaussian(2, 12, 2)
        found = pid.minimum_mutual_information_atoms(maps, target, alpha=alpha)
        for place, (i, j) in enumerate(torch.combinations(torch.arange(4)).tolist()):
            one, other = (renyi.mutual_information(maps[:, k], target, alpha=alpha) for k in (i, j))
            both = renyi.multivariate_mutual_information(target, maps[:, i], maps[:, j], alpha=alpha)
            redundant, first, second, synergistic = (atom[:, place] for atom in found)
            torch.testing.assert_close(redundant + first, one, rtol=0, atol=1e-11)
            torch.testing.assert_close(redundant + second, other, rtol=0, atol=1e-11)
            torch.testing.assert_close(redundant + first + second + synergistic, both, rtol=0, atol=1e-11)
            assert torch.minimum(first, second).tolist() == [0, 0]

    def test_their_means_are_those_of_the_pairs(self):
        """RST = mean of Rdn − Syn, WNI = mean of Unq + Unq + 2 Syn, under this choice as under any."""
        maps, target = gaussian(5, 12, 2), gaussian(12, 2)
        atoms, means = pid.minimum_mutual_information_atoms(maps, target), pid.pairwise(maps, target)
        tradeoff = (atoms.redundant - atoms.synergistic).mean()
        nonredundant = (atoms.unique_first + atoms.unique_second + 2 * atoms.synergistic).mean()
        assert tradeoff.item() == pytest.approx(means.redundancy_synergy_tradeoff.item(), abs=1e-12)
        assert nonredundant.item() == pytest.approx(means.weighted_nonredundant_information.item(), abs=1e-12)

    def test_a_single_map_has_none(self):
        assert pid.minimum_mutual_information_atoms(gaussian(2, 1, 8, 2), gaussian(8, 2)).redundant.shape == (2, 0)

    def test_complaints(self):
        maps, target = gaussian(3, 6, 2), gaussian(6, 2)
        with pytest.raises(ValueError, match="maps must have unit trace, got 6"):
            pid.minimum_mutual_information_atoms(maps * 6, target)
        with pytest.raises(ValueError, match=r"alpha must be above 0 .*, got 0"):
            pid.minimum_mutual_information_atoms(maps, target, alpha=0)


class TestComplaints:
    def test_of_matrices_by_name(self):
        maps, target = gaussian(3, 6, 2), gaussian(6, 2)
        with pytest.raises(ValueError, match=re.escape("maps must have shape (*batch, C, n, n), got (6, 6)")):
            pid.pairwise(target, target)
        with pytest.raises(ValueError, match="maps must have unit trace, got 6"):
            pid.pairwise(maps * 6, target)
        with pytest.raises(ValueError, match="target must have unit trace, got 6"):
            pid.pairwise(maps, target * 6)
        with pytest.raises(ValueError, match=re.escape("targets[1] must be finite, got nan at [0, 0]")):
            pid.pairwise_many(maps, [target, target * math.nan])
        with pytest.raises(ValueError, match="target must have a positive diagonal to enter a joint entropy, got 0"):
            pid.pairwise(maps, torch.diag(torch.tensor([1.0, 0, 0, 0, 0, 0])))

    def test_of_what_cannot_go_together(self):
        maps = gaussian(2, 3, 6, 2)
        with pytest.raises(ValueError, match=re.escape("must share n, got maps (2, 3, 6, 6), target (5, 5)")):
            pid.pairwise(maps, gaussian(5, 2))
        for batch in (3, 4):
            message = re.escape(f"target must broadcast to the batch (2,) of the maps, got batch ({batch},)")
            with pytest.raises(ValueError, match=message):
                pid.pairwise(maps, gaussian(batch, 6, 2))
        message = re.escape("target must broadcast to the batch () of the maps, got batch (2,)")
        with pytest.raises(ValueError, match=message):
            pid.pairwise(maps[0], gaussian(2, 6, 2))

    def test_of_options(self):
        maps, target = gaussian(3, 6, 2), gaussian(6, 2)
        with pytest.raises(ValueError, match=r"alpha must be above 0 .*, got -2"):
            pid.pairwise(maps, target, alpha=-2)
        with pytest.raises(ValueError, match="memory must be above 0 and finite, got 0"):
            pid.pairwise(maps, target, memory=0)
