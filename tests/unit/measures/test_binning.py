"""Binned layers by hand and against the distinct rows of a table of bins; where edges lie; every complaint."""

import math
import re

import numpy as np
import pytest
import torch

from infoplane.measures import binning

RANDOM = torch.Generator().manual_seed(5)
PAPER = binning.fixed_edges(30, low=-1, high=1)


def samples(*shape):
    return torch.randn(*shape, generator=RANDOM, dtype=torch.float64)


def entropy_of_rows(table):
    """Shannon's entropy of the distinct rows, bits."""
    p = np.unique(table, axis=0, return_counts=True)[1] / len(table)
    return -(p * np.log2(p)).sum()


def table_of_bins(x, edges):
    """How many edges each value (n, d) reaches, for edges that broadcast to (d, K)."""
    edges = np.broadcast_to(edges, (x.shape[1], np.shape(edges)[-1]))
    return np.stack([(x[:, unit, None].numpy() >= edges[unit]).sum(-1) for unit in range(x.shape[1])], axis=1)


def check(x, y, edges):
    """One batch entry against its table of bins."""
    found = binning.mutual_information(x, y, edges=edges)
    table = table_of_bins(x, edges.numpy())
    layer, target = entropy_of_rows(table), entropy_of_rows(y.numpy()[:, None])
    assert found.with_input.item() == pytest.approx(layer, abs=1e-12)
    both = entropy_of_rows(np.column_stack([table, y.numpy()]))
    assert found.with_target.item() == pytest.approx(layer + target - both, abs=1e-12)


class TestByHand:
    X = torch.tensor([[-0.5, 2.0], [-0.1, 3.0], [0.5, 2.5], [0.9, -1.0]])

    def test_two_units_and_one_edge(self):
        """Bins (0, 1), (0, 1), (1, 1), (1, 0): H(T) = 3/2. With Y = 0, 0, 0, 1: T tells all of H(Y) = 0.811."""
        found = binning.mutual_information(self.X, torch.tensor([0, 0, 0, 1]), edges=torch.tensor([0.0]))
        assert found.with_input.item() == 1.5
        assert found.with_target.item() == pytest.approx(2 - 0.75 * math.log2(3), abs=1e-15)

    def test_a_state_with_both_classes(self):
        """Y = 0, 1, 0, 0: the state of the first two samples leaves one bit, half of the time."""
        found = binning.mutual_information(self.X, torch.tensor([0, 1, 0, 0]), edges=torch.tensor([0.0]))
        assert found.with_target.item() == pytest.approx(2 - 0.75 * math.log2(3) - 0.5, abs=1e-15)

    def test_a_dead_layer_tells_nothing(self):
        found = binning.mutual_information(torch.zeros(7, 3), torch.arange(7) % 2, edges=PAPER)
        assert found.with_input.item() == 0
        assert found.with_target.item() == pytest.approx(0, abs=1e-15)

    def test_states_that_all_differ(self):
        """I(X; T) = log2 n and I(T; Y) = H(Y)."""
        found = binning.mutual_information(torch.arange(8.0), torch.arange(8) % 2, edges=torch.arange(8.0))
        assert found.with_input.item() == pytest.approx(3, abs=1e-15)
        assert found.with_target.item() == pytest.approx(1, abs=1e-15)


class TestStates:
    def test_lexicographic_numbers_without_gaps(self):
        x = torch.tensor([[0.5, 2.0], [-1.0, 9.0], [0.5, -3.0], [0.6, 2.0]])
        assert binning.states(x, edges=torch.tensor([0.0])).tolist() == [2, 0, 1, 2]

    def test_tell_apart_what_bins_tell_apart(self):
        x = samples(3, 40, 25).round()
        found = binning.states(x, edges=PAPER, batch_dims=1)
        for states, entry in zip(found, x, strict=True):
            expected = np.unique(table_of_bins(entry, PAPER.numpy()), axis=0, return_inverse=True)[1]
            assert states.tolist() == expected.ravel().tolist()


class TestBorders:
    def test_a_value_on_an_edge_is_above_it(self):
        """Also next to edges that floating point cannot hold exactly, and in float32."""
        below, above = (torch.nextafter(PAPER, torch.full_like(PAPER, side)) for side in (-math.inf, math.inf))
        for values, expected in ((below, range(30)), (PAPER, range(1, 31)), (above, range(1, 31))):
            assert binning._bins(values[None], PAPER[None])[0].tolist() == list(expected)

    def test_nothing_lies_outside(self):
        """Below −1 is one bin, 1 and above another: H = log2 3 of two samples each."""
        x = torch.tensor([-1e30, -1.1, -1.0, -0.999, 1.0, 1e30])
        assert binning.entropy(x, edges=PAPER).item() == pytest.approx(math.log2(3), abs=1e-15)

    @pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.int64, torch.bool])
    def test_other_types(self, dtype):
        x = samples(50, 3).mul(2).to(dtype)
        check(x.double(), torch.arange(50) % 3, PAPER)
        assert binning.entropy(x, edges=PAPER) == binning.entropy(x.double(), edges=PAPER)

    @pytest.mark.parametrize(
        "edges",
        [
            torch.tensor([0.0]),
            torch.zeros(9),
            torch.tensor([0.0, -0.0]),
            torch.tensor([-1.0, 0, 0, 0, 1]),
            torch.cat([torch.linspace(0, 1e-9, 20), torch.tensor([1e9])]),  # twenty edges in one cell of the grid
            torch.tensor([-1e300, -5e-324, 0, 5e-324, 1e300], dtype=torch.float64),
            torch.tensor([0.0, 5e-324], dtype=torch.float64),
        ],
    )
    def test_edges_of_every_kind(self, edges):
        x = torch.cat(
            [samples(40), samples(40) * 1e-9, edges, torch.tensor([-1e308, 0.0, 1e308], dtype=torch.float64)]
        )[:, None]
        check(x, torch.arange(len(x)) % 2, edges.double())


class TestManyUnits:
    def test_no_overflow(self):
        """31 bins of 200 units, of which only the last tells two samples apart."""
        x = torch.zeros(64, 200)
        x[:, 100] = (torch.arange(64) % 2).float()
        x[0, -1] = 1
        check(x, torch.arange(64) % 3, PAPER)

    def test_units_after_all_samples_differ_change_nothing(self):
        x = samples(30, 200)
        assert binning.entropy(x, edges=PAPER).item() == pytest.approx(math.log2(30), abs=1e-14)

    def test_a_batch_waits_for_its_slowest_entry(self):
        """One entry all apart after ten units, one that needs the last."""
        x = torch.stack([samples(30, 50), torch.zeros(30, 50).double()])
        x[1, :15, -1] = 1
        found = binning.entropy(x, edges=PAPER, batch_dims=1)
        torch.testing.assert_close(found, torch.tensor([math.log2(30), 1]).double(), rtol=0, atol=1e-6)


class TestBatches:
    @pytest.mark.parametrize("chunk", [1, 90, 2**16])
    def test_are_one_by_one(self, monkeypatch, chunk):
        """Edges shared, per unit, per entry, and both; targets shared and per entry."""
        monkeypatch.setitem(binning._CHUNK, "cpu", chunk)
        x, y = samples(2, 3, 30, 2, 2), torch.randint(-4, 3, (2, 3, 30), generator=RANDOM)
        flat = x.flatten(3)
        for edges in (
            PAPER,
            samples(4, 5).sort().values,
            binning.range_edges(x, 6, batch_dims=2),
            binning.equal_count_edges(x, 6, per_unit=True, batch_dims=2),
            samples(3, 1, 5).sort().values,
        ):
            every = edges.expand(2, 3, 4, edges.shape[-1])
            for targets in (y[0, 0], y):
                found = binning.mutual_information(x, targets, edges=edges, batch_dims=2)
                for i, j in ((0, 0), (0, 2), (1, 1)):
                    own = targets.expand(2, 3, 30)[i, j]
                    alone = binning.mutual_information(flat[i, j], own, edges=every[i, j])
                    assert found.with_input[i, j] == alone.with_input
                    assert found.with_target[i, j] == alone.with_target
                    check(flat[i, j], own, every[i, j])

    def test_gradients_are_left_behind(self):
        assert not binning.entropy(samples(4, 2).requires_grad_(), edges=PAPER).requires_grad


class TestEdges:
    def test_of_the_paper(self):
        assert torch.equal(PAPER, torch.from_numpy(np.linspace(-1, 1, 30)))

    def test_of_equal_bins(self):
        """Four bins from 0 to 2, and what a histogram counts within them."""
        assert binning.equal_width_edges(4, low=0, high=2).tolist() == [0.5, 1, 1.5]
        x = torch.rand(200, generator=RANDOM, dtype=torch.float64)
        counts = np.histogram(x.numpy(), bins=30, range=(0, 1))[0]
        found = binning._bins(x[None], binning.equal_width_edges(30, low=0, high=1)[None])
        assert torch.bincount(found[0], minlength=30).tolist() == counts.tolist()

    def test_of_a_range(self):
        x = torch.tensor([[[0.0, -2.0], [4.0, 2.0]], [[1.0, 1.0], [1.0, 1.0]]])
        assert binning.range_edges(x, 3, batch_dims=1).tolist() == [[[0, 2]], [[1, 1]]]
        assert binning.range_edges(x, 2, per_unit=True, batch_dims=1).tolist() == [[[2], [0]], [[1], [1]]]
        assert binning.range_edges(x, 3).tolist() == [[0, 2]]

    def test_the_extremes_are_in_the_outermost_bins(self):
        x = samples(100) * 1e-3 + 7
        counts = torch.bincount(binning._bins(x[None], binning.range_edges(x, 10))[0], minlength=10)
        assert counts.tolist() == np.histogram(x.numpy(), bins=10)[0].tolist()
        assert len(counts) == 10

    @pytest.mark.parametrize("bins", [2, 7, 50, 80])
    def test_of_equal_counts(self, bins):
        x = samples(2, 50, 3)
        edges = binning.equal_count_edges(x, bins, per_unit=True, batch_dims=1)
        assert edges.shape == (2, 3, bins - 1)
        for values, own in zip(x.mT.flatten(0, 1), edges.flatten(0, 1), strict=True):
            counts = torch.bincount(binning._bins(values[None], own[None])[0], minlength=bins)
            assert set(counts.tolist()) <= {50 // bins, -(-50 // bins)}

    def test_of_equal_counts_of_a_layer(self):
        assert binning.equal_count_edges(torch.tensor([[5.0, 1.0], [3.0, 7.0]]), 2).tolist() == [[5]]

    def test_ties_stay_together(self):
        """Of 0, 0, 0, 0, 1, 2, 3, 4 in four bins the edges are 0, 1 and 3: bins of 0, 4, 2 and 2."""
        x = torch.tensor([0, 3, 0, 1, 0, 4, 0, 2])
        edges = binning.equal_count_edges(x, 4)
        assert edges.tolist() == [[0, 1, 3]]
        assert torch.bincount(binning._bins(x[None].double(), edges)[0]).tolist() == [0, 4, 2, 2]


class TestComplaints:
    X, Y = torch.zeros(5, 3), torch.zeros(5, dtype=torch.int64)

    @pytest.mark.parametrize(
        ("edges", "message"),
        [
            (torch.tensor([0.0, 2.0, 1.0]), "edges must ascend, got 2 before 1 at [1]: sort them"),
            (torch.tensor([0.0, math.nan]), "edges must be finite, got nan at [1]"),
            (torch.tensor(1.0), "edges must have shape (*batch, K), got ()"),
            (torch.zeros(4, 2), "edges must broadcast to (5, 3, 2), got shape (4, 2)"),
            (torch.tensor([-1.7e308, 1.7e308], dtype=torch.float64), "edges must span a range within float64"),
        ],
    )
    def test_of_edges(self, edges, message):
        x = self.X.expand(5, 5, 3)
        with pytest.raises(ValueError, match=re.escape(message)):
            binning.mutual_information(x, self.Y, edges=edges, batch_dims=1)
        for function in (binning.entropy, binning.states):
            with pytest.raises(ValueError, match=re.escape(message)):
                function(x, edges=edges, batch_dims=1)

    @pytest.mark.parametrize(
        ("targets", "message"),
        [
            (torch.zeros(5), "targets must hold classes as integers, got dtype torch.float32"),
            (torch.zeros(4, dtype=torch.int64), "targets must hold a class for each of 5 samples, got shape (4,)"),
            (torch.zeros(2, 5, dtype=torch.int64), "targets must broadcast to (5,), got shape (2, 5)"),
        ],
    )
    def test_of_targets(self, targets, message):
        with pytest.raises(ValueError, match=re.escape(message)):
            binning.mutual_information(self.X, targets, edges=PAPER)

    def test_of_activations(self):
        x = torch.tensor([[0.0], [math.inf]])
        for function in (
            lambda: binning.entropy(x, edges=PAPER),
            lambda: binning.range_edges(x, 3),
            lambda: binning.equal_count_edges(x, 3),
        ):
            with pytest.raises(ValueError, match=re.escape("activations must be finite, got inf at [1, 0]")):
                function()
        with pytest.raises(ValueError, match=re.escape("activations must have shape (*batch, n, *features)")):
            binning.entropy(x, edges=PAPER, batch_dims=2)

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: binning.fixed_edges(1, low=0, high=1), "count must be 2 or more, got 1"),
            (lambda: binning.equal_width_edges(1, low=0, high=1), "bins must be 2 or more, got 1"),
            (lambda: binning.range_edges(torch.ones(3), 0), "bins must be 2 or more, got 0"),
            (lambda: binning.equal_count_edges(torch.ones(3), 1), "bins must be 2 or more, got 1"),
            (lambda: binning.fixed_edges(5, low=1, high=1), "low must be below high and both finite, got low=1"),
            (lambda: binning.fixed_edges(5, low=0, high=math.inf), "both finite, got low=0 and high=inf"),
            (lambda: binning.fixed_edges(5, low=math.nan, high=1), "both finite, got low=nan and high=1"),
        ],
    )
    def test_of_options(self, make, message):
        with pytest.raises(ValueError, match=re.escape(message)):
            make()
