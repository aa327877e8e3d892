"""The histogram engine against sorting and against tables of bins, and in every company."""

import math
import re
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.measures import binning, histogram

RANDOM = torch.Generator().manual_seed(11)
PAPER = binning.fixed_edges(30, low=-1, high=1)


def samples(*shape):
    return torch.randn(*shape, generator=RANDOM, dtype=torch.float64)


def counted(x, y, edges):
    """H(T) and H(T, Y) (b, 2) by the engine, for activations (b, n, d)."""
    return histogram.entropies(x, y, edges=edges, terms=binning._terms(x.shape[1], x.device))


def check(x, y, edges):
    """The engine against sorting, for activations (b, n, d)."""
    torch.testing.assert_close(counted(x, y, edges), binning._by_sorting(x, y, edges), rtol=0, atol=1e-12)


@st.composite
def values_on_edges(draw):
    """Activations (b, n, d) that are often edges or next to one, with as many ties, classes, and edges (b or 1, …)."""
    chosen = draw(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=9))
    edges = torch.tensor(sorted(chosen), dtype=torch.float64)
    some = torch.cat([edges, *(torch.nextafter(edges, torch.tensor(side).double()) for side in (-math.inf, math.inf))])
    some = torch.cat([some, torch.tensor([-1e308, -0.0, 0.0, 1e308], dtype=torch.float64)])
    b, n, d = (draw(st.integers(1, most)) for most in (3, 30, 30))
    random = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    x = some[torch.randint(len(some), (b, n, d), generator=random)]
    classes = torch.randint(0, draw(st.sampled_from([1, 2, 50])), (draw(st.sampled_from([1, b])), n), generator=random)
    rows, units = draw(st.sampled_from([1, b])), draw(st.sampled_from([1, d]))
    return x, classes, edges[torch.randint(len(edges), (rows, units, 7), generator=random)].sort().values


class TestEntropies:
    @settings(max_examples=60, deadline=None)
    @given(values_on_edges())
    def test_are_those_of_sorting(self, layer):
        check(*layer)

    @pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.int32, torch.bool])
    def test_other_types(self, dtype):
        x, y = samples(3, 50, 4).mul(2).to(dtype), torch.arange(50) % 3
        assert torch.equal(counted(x, y, PAPER[None, None]), counted(x.double(), y, PAPER[None, None]))
        check(x, y, PAPER[None, None])

    @pytest.mark.parametrize("span", [0.01, 1, 3])
    def test_against_a_table_of_bins(self, span):
        """Few states and many, of enough samples for chains of collisions."""
        x, y = samples(2000, 9) * span, torch.arange(2000) % 7
        table = np.digitize(x.numpy(), PAPER.numpy())
        for rows, found in zip(
            (table, np.column_stack([table, y])), counted(x[None], y, PAPER[None, None])[0], strict=True
        ):
            p = np.unique(rows, axis=0, return_counts=True)[1] / 2000
            assert found.item() == pytest.approx(-(p * np.log2(p)).sum(), abs=1e-12)

    @settings(max_examples=60, deadline=None)
    @given(st.integers(1, 40), st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.booleans(), st.integers(0, 2**31))
    def test_values_next_to_evenly_spaced_edges(self, count, low, span, single, seed):
        """Where arithmetic alone could be wrong by one bin: edges from float64 or float32, also far from 0."""
        edges = torch.linspace(low, low + span, count, dtype=torch.float32 if single else torch.float64).double()
        some = [torch.nextafter(edges, torch.tensor(side).double()) for side in (-math.inf, math.inf)]
        some = torch.cat([edges, *some, edges - span / 100, edges + span, edges - span])
        x = some[torch.randint(len(some), (2, 300, 3), generator=torch.Generator().manual_seed(seed))]
        check(x, torch.arange(300) % 3, edges[None, None])

    def test_codes_that_would_overflow(self):
        """Units that tell samples apart only before and after codes have given way to numbers; then never again."""
        x = torch.zeros(2, 64, 200)
        x[0, :, 3], x[0, :, -1] = (torch.arange(64) % 2).float(), (torch.arange(64) % 3).float()
        x[1] = samples(64, 200)
        check(x, torch.arange(64) % 5, PAPER[None, None])
        check(x, torch.arange(64), PAPER[None, None])

    @pytest.mark.parametrize("threads", [2, 3, 50])
    def test_the_same_bits_in_any_company(self, threads, monkeypatch):
        """Number of threads, order of entries, order of samples, and memory layout."""
        x, y = samples(7, 300, 5), torch.randint(0, 4, (7, 300), generator=RANDOM)
        edges = samples(7, 1, 9).sort().values
        found = counted(x, y, edges)
        monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
        order, place = torch.randperm(7, generator=RANDOM), torch.randperm(300, generator=RANDOM)
        assert torch.equal(counted(x, y, edges), found)
        assert torch.equal(counted(x[order], y[order], edges[order]), found[order])
        assert torch.equal(counted(x[:, place], y[:, place], edges), found)
        assert torch.equal(counted(x.mT.contiguous().mT, y, edges), found)

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_what_is_not_finite_is_seen_wherever_it_is(self, value):
        """Also in units that tell nothing more, since all samples differ before them."""
        x = samples(2, 30, 200)
        x[1, 29, 199] = value
        assert counted(x, torch.zeros(30, dtype=torch.int64), PAPER[None, None]) is None


class TestChoice:
    """Of the engine, in `binning`."""

    X, Y = samples(3, 4096, 6), torch.arange(4096) % 2

    def test_much_is_counted(self, monkeypatch):
        found = binning.mutual_information(self.X, self.Y, edges=PAPER, batch_dims=1)
        alone = binning.entropy(self.X, edges=PAPER, batch_dims=1)
        assert torch.equal(alone, found.with_input)
        monkeypatch.setattr(histogram, "available", lambda: False)
        monkeypatch.setattr(histogram, "entropies", None)
        expected = binning.mutual_information(self.X, self.Y, edges=PAPER, batch_dims=1)
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=1e-12)

    def test_little_is_sorted(self, monkeypatch):
        monkeypatch.setattr(histogram, "entropies", None)
        assert binning.entropy(self.X[0], edges=PAPER) > 0

    @pytest.mark.parametrize("kept", [True, False])
    def test_what_diverged_is_named(self, kept, monkeypatch):
        monkeypatch.setattr(histogram, "available", lambda: kept)
        x = self.X.clone().reshape(3, 4096, 2, 3)
        x[2, 7, 1, 0] = math.nan
        message = re.escape("activations must be finite, got nan at [2, 7, 1, 0]")
        for function in (binning.entropy, binning.states):
            with pytest.raises(ValueError, match=message):
                function(x, edges=PAPER, batch_dims=1)
        with pytest.raises(ValueError, match=message):
            binning.mutual_information(x, self.Y, edges=PAPER, batch_dims=1)


class TestAvailability:
    def test_without_numba_there_is_none(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "numba", None)
        assert histogram._engine.__wrapped__() is None

    def test_the_engine_says_when_it_is_not_there(self, monkeypatch):
        monkeypatch.setattr(histogram, "_engine", lambda: None)
        with pytest.raises(RuntimeError, match="the histogram engine is not available: install numba, or sort"):
            counted(samples(1, 4, 2), torch.arange(4), PAPER[None, None])
