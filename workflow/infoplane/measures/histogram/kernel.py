"""The compiled part of the engine: joint histograms of the bins of many units, and their entropies.

A state has a code, whose digits are the bins of its units. When the next digit could make it too large, codes give way
to numbers, in the order in which states appear, and these are the first digits from then on. Numbers come from a table
of hashes in which codes are compared whole, so that different states never meet in one.

All that is compiled stays in this file, the only one at which numba looks for changes since it compiled last.
"""

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from infoplane.measures.native import inner

# The largest code of a state, and the odd number near 2^64 / φ, multiples of which spread over a table of hashes.
_LARGEST = 2**63 - 1
_SPREAD = np.uint64(0x9E3779B97F4A7C15)

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]
Counts: TypeAlias = npt.NDArray[np.int32]
Grid: TypeAlias = tuple[Floats, Floats, Integers, Floats]


@inner
def _grid(edges: Floats, grid: Grid) -> int:
    """Lay a uniform grid of cells over the edges (units, K) of each unit, and count the edges in the fullest cell.

    A grid has the first edge and the cells per unit of activation (units), how many edges are in earlier cells
    (units, cells), and the edges, followed by infinity (units, K + …).
    """
    low, rate, before, ends = grid
    units, count = edges.shape
    cells, most = before.shape[1], 0
    ends[:, count:] = np.inf
    for unit in range(units):
        low[unit] = edges[unit, 0]
        # Equal edges may differ as −0 and 0 do, which would make the rate negative.
        rate[unit] = min(cells / abs(edges[unit, count - 1] - edges[unit, 0]), np.finfo(np.float64).max)
        passed = 0
        for cell in range(cells):
            before[unit, cell] = passed
            while passed < count and _cell(edges[unit, passed], low[unit], rate[unit], cells) == cell:
                ends[unit, passed] = edges[unit, passed]
                passed += 1
            most = max(most, passed - before[unit, cell])
    return most


@inner
def _cell(value: float, low: float, rate: float, cells: int) -> int:
    """The cell of a value, which does not fall when the value rises, whatever the rounding."""
    place = (value - low) * rate
    place = place if place > 0.0 else 0.0
    return int(place if place < cells - 1 else cells - 1.0)


@inner
def _finite(x: Floats) -> bool:
    """Whether all values of x (n, d) are finite."""
    finite = True
    for value in x.flat:
        finite &= bool(abs(value) < math.inf)
    return finite


@inner
def _append(x: Floats, first: int, stop: int, count: int, most: int, grid: Grid, codes: Integers) -> None:
    """Append the bins of units `first` up to `stop` of x (n, d) to the codes (n), for `count` edges.

    The bin of a value is how many edges it reaches: all those in earlier cells, none of those in later ones, and what
    a binary search from the first edge of its own cell finds.
    """
    low, rate, before, ends = grid
    cells, several = before.shape[1], np.int64(len(low) > 1)
    widest = 1
    while 2 * widest <= most:
        widest *= 2
    for i in range(len(x)):
        code = codes[i]
        for unit in range(first, stop):
            # Unsigned indices are not looked at for being negative, which costs a fifth of the time.
            value, own = np.float64(x[i, unit]), np.uint64(unit * several)
            reached = before[own, np.uint64(_cell(value, low[own], rate[own], cells))]
            step = widest
            while step > 1:
                reached += step * np.int64(ends[own, np.uint64(reached + step - 1)] <= value)
                step //= 2
            reached += np.int64(ends[own, np.uint64(reached)] <= value)
            code = code * (count + 1) + reached
        codes[i] = code


@inner
def _count(codes: Integers, span: int, table: Counts, known: Integers, counts: Counts) -> int:
    """Count how often each code (n) from 0 to below `span` is there; how many counts there are.

    Few codes index the counts themselves, and some counts may be 0. Many are numbered from 0 up in the order in which
    they appear, and the numbers, by which they are counted, take their place. Slots of the table, a power of two, then
    hold numbers, or −1 where they are free, and `known` the codes of the numbers.
    """
    if span <= len(counts):
        counts[:span] = 0
        for code in codes:
            counts[np.uint64(code)] += 1
        return span
    found, last = 0, np.uint64(len(table) - 1)
    shift = np.uint64(64 - round(np.log2(len(table))))
    table[:] = -1
    for i in range(len(codes)):
        code = codes[i]
        slot = np.uint64(code) * _SPREAD >> shift
        while table[slot] >= 0 and known[np.uint64(table[slot])] != code:
            slot = (slot + np.uint64(1)) & last
        if table[slot] < 0:
            table[slot], known[found], counts[found] = found, code, 0
            found += 1
        codes[i] = table[slot]
        counts[np.uint64(table[slot])] += 1
    return found


@inner
def _bits(counts: Counts, alike: Integers, terms: Floats) -> float:
    """The sum of the terms (n + 1) of counts, in an order that does not depend on theirs.

    `alike` (n + 1), how many counts are equal, is 0 before and after.
    """
    total, largest = 0.0, 0
    for count in counts:
        alike[np.uint64(count)] += 1
        largest = max(largest, count)
    for count in range(largest + 1):
        if alike[count]:
            total += alike[count] * terms[count]
            alike[count] = 0
    return total


def entropies(x: Floats, y: Integers, classes: int, edges: Floats, terms: Floats, bits: Floats) -> bool:
    """Write H(T) and H(T, Y) of each batch entry to `bits` (b, 2); False, and no more, where one is not finite.

    For activations (b, n, d), classes y from 0 to below `classes` (b or 1, n), edges (b or 1, d or 1, K), and the term
    of each count from 0 to n that adds up to an entropy (n + 1).
    """
    b, n, d = x.shape
    _, units, count = edges.shape
    grid = (np.empty(units), np.empty(units), np.empty((units, 2 * count), np.int64), np.empty((units, 3 * count)))
    size = 2
    while size < 2 * n:
        size *= 2
    table, counts, alike = np.empty(size, np.int32), np.empty(size, np.int32), np.zeros(n + 1, np.int64)
    codes, known = np.empty(n, np.int64), np.empty(n, np.int64)
    most = 0
    for entry in range(b):
        if not _finite(x[entry]):
            return False
        if entry < len(edges):
            most = _grid(edges[entry], grid)
        codes[:], counts[0], states, unit = 0, n, 1, 0
        # Once all samples differ, no further unit can tell more.
        while unit < d and states < n:
            first, span = unit, states
            while unit < d and span <= _LARGEST // (count + 1):
                span *= count + 1
                unit += 1
            _append(x[entry], first, unit, count, most, grid, codes)
            states = _count(codes, span, table, known, counts)
        bits[entry] = _bits(counts[:states], alike, terms)
        if classes > 1:
            own = y[entry if len(y) > 1 else 0]
            for i in range(n):
                codes[i] = codes[i] * classes + own[i]
            joint = _count(codes, states * classes, table, known, counts)
            bits[entry, 1] = _bits(counts[:joint], alike, terms)
    return True
