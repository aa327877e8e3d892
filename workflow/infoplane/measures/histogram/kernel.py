"""The compiled part of the engine: joint histograms of the bins of many units, and their entropies.

A state has a code, with a digit for each unit: its bin. When the next digit could make it too large, codes give way to
numbers, in the order in which states appear, and these are the first digits from then on. Numbers come from a table
of hashes in which codes are compared whole, so that different states never meet in one.

Two things would cost most: loops that no compiler can turn into SIMD instructions, and branches that no processor can
foresee. So bins between evenly spaced edges are arithmetic, for one unit of some samples at a time, and a state that
is new goes the way of one that is known.

All that is compiled stays in this file, the only one at which numba looks for changes since it compiled last.
"""

import math
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from infoplane.measures.native import inner

# The largest code of a state, and the odd number near 2^64 / φ, multiples of which spread over a table of hashes.
_LARGEST = 2**63 - 1
_SPREAD = np.uint64(0x9E3779B97F4A7C15)

# Samples that are binned at a time: some ten units of so many fit into the first cache.
_BLOCK = 256

# By how much evenly spaced edges may miss their places, in parts of their distance: they may come from float32.
_SLACK = 2.0**-16

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]
Counts: TypeAlias = npt.NDArray[np.int32]


class Grid(NamedTuple):
    """The K edges of each unit, and a uniform grid over them, whose cells are half as wide as their mean distance.

    The place of a value is value · rate − shift. It does not fall when the value rises, whatever the rounding, and
    edges from number 0 up would have the places 1/2, 3/2, … if evenly spaced.

    - `rate`, `shift`: (units).
    - `even`: whether all edges but the first and the last are where they would be, (units).
    - `before`: how many edges are in earlier cells, (units, 2 K).
    - `widest`: the first step of a binary search among the edges of the fullest cell, a power of two, (units).
    - `ends`: the edges, followed by infinity as far as such a search may look, (units, 3 K).
    """

    rate: Floats
    shift: Floats
    even: npt.NDArray[np.bool_]
    before: Integers
    widest: Integers
    ends: Floats


@inner
def _lay(edges: Floats, grid: Grid) -> None:
    """Lay the grid over edges (units, K)."""
    units, count = edges.shape
    cells = 2 * count
    grid.ends[:, count:] = np.inf
    for unit in range(units):
        # Equal edges may differ as −0 and 0 do, which would make the rate negative.
        distance = abs(edges[unit, count - 1] - edges[unit, 0]) / max(count - 1, 1)
        rate = min(1 / distance, np.finfo(np.float64).max)
        shift = edges[unit, 0] * rate - 0.5
        even, passed, most = True, 0, 1
        for k in range(count):
            even &= abs(edges[unit, k] * rate - shift - (k + 0.5)) <= _SLACK or k in (0, count - 1)
            grid.ends[unit, k] = edges[unit, k]
        for cell in range(cells):
            first = passed
            while passed < count and _cell(edges[unit, passed] * rate - shift, cells) == cell:
                passed += 1
            grid.before[unit, cell] = first
            most = max(most, passed - first)
        grid.rate[unit], grid.shift[unit], grid.even[unit] = rate, shift, even
        grid.widest[unit] = 1 << math.frexp(most)[1] - 1


@inner
def _cell(place: float, cells: int) -> int:
    """The cell of a place."""
    place *= 2
    place = place if place > 0.0 else 0.0
    return int(place if place < cells - 1 else cells - 1.0)


@inner
def _finite(x: Floats) -> bool:
    """Whether all values of x are finite."""
    finite = True
    for value in x.flat:
        finite &= bool(abs(value) < math.inf)
    return finite


@inner
def _calculate(values: Floats, count: int, rate: float, shift: float, first: float, last: float, bins: Floats) -> bool:
    """Set the bins of values between evenly spaced edges, of which there are `count`; whether all are certain.

    A bin is the whole number next to the place, and the nearest edge is half-way to the next whole number. A value is
    on its own side of an edge if its place is, by more than the edge may miss its own. It is compared with the first
    and the last edge, on which activations tend to be.
    """
    certain = True
    for i in range(len(values)):
        value = values[i]
        place = value * rate - shift
        place = place if place > 1.0 else 1.0
        place = place if place < count - 1.0 else count - 1.0
        reached = np.rint(place)
        certain &= bool(abs(place - reached) < 0.5 - _SLACK)
        reached = reached if value < last else float(count)
        bins[i] = reached if value >= first else 0.0
    return certain


@inner
def _search(values: Floats, unit: int, grid: Grid, bins: Floats) -> None:
    """Set the bins of values by the edges of a unit.

    The bin of a value is how many edges it reaches: all those in earlier cells, none of those in later ones, and what
    a binary search from the first edge of its own cell finds.
    """
    rate, shift, widest = grid.rate[unit], grid.shift[unit], grid.widest[unit]
    before, ends = grid.before[unit], grid.ends[unit]
    for i in range(len(values)):
        value = values[i]
        # Unsigned indices are not looked at for being negative.
        reached = before[np.uint64(_cell(value * rate - shift, len(before)))]
        step = widest
        while step > 1:
            reached += step * np.int64(ends[np.uint64(reached + step - 1)] <= value)
            step //= 2
        bins[i] = reached + np.int64(ends[np.uint64(reached)] <= value)


@inner
def _append(x: Floats, first: int, stop: int, grid: Grid, width: int, codes: Integers) -> bool:
    """Append the bins of units `first` up to `stop` of x (n, d) to the codes (n), `width` bits each; whether finite."""
    count, several, finite = grid.before.shape[1] // 2, len(grid.rate) > 1, True
    column, bins = np.empty(_BLOCK), np.empty(_BLOCK)
    for start in range(0, len(x), _BLOCK):
        block, own_codes = x[start : start + _BLOCK], codes[start : start + _BLOCK]
        values = column[: len(block)]
        for unit in range(first, stop):
            for i in range(len(block)):
                values[i] = block[i, unit]
            finite &= _finite(values)
            own = unit if several else 0
            ends = grid.ends[own]
            if not (
                grid.even[own]
                and _calculate(values, count, grid.rate[own], grid.shift[own], ends[0], ends[count - 1], bins)
            ):
                _search(values, own, grid, bins)
            for i in range(len(block)):
                own_codes[i] = own_codes[i] << width | np.int64(bins[i])
    return finite


@inner
def _number(codes: Integers, table: Counts, known: Integers) -> int:
    """Number the codes (n) from 0 up in the order in which they appear; how many there are.

    Slots of the table, a power of two, hold numbers, or n where they are free, and `known` (n) the codes of numbers.
    """
    found, last = 0, np.uint64(len(table) - 1)
    shift = np.uint64(64 - round(np.log2(len(table))))
    table[:] = len(codes)
    for i in range(len(codes)):
        # A free slot stands for the next number, which has this code: the search ends alike, whether it is new or not.
        code = known[found] = codes[i]
        slot = np.uint64(code) * _SPREAD >> shift
        number = min(table[slot], found)
        while known[np.uint64(number)] != code:
            slot = (slot + np.uint64(1)) & last
            number = min(table[slot], found)
        table[slot] = codes[i] = number
        found += number == found
    return found


@inner
def _count(codes: Integers, both: Integers, counts: tuple[Counts, Counts], more: tuple[Integers, Integers]) -> None:
    """Count how often each of the codes (n) is there, and how many of them more than 0, 1, … times; the same of `both`.

    All counts are 0 before. Neither loop could run on while a count is on its way to memory and back, so they are one.
    """
    of_codes, of_both = counts
    more_codes, more_both = more
    for i in range(len(codes)):
        code, joint = np.uint64(codes[i]), np.uint64(both[i])
        more_codes[np.uint64(of_codes[code])] += 1
        more_both[np.uint64(of_both[joint])] += 1
        of_codes[code] += 1
        of_both[joint] += 1


@inner
def _bits(more: Integers, terms: Floats) -> float:
    """The sum of the terms (n + 1) of counts, in an order that does not depend on theirs.

    For how many of them are above 0, 1, … up to n, which is all 0 afterwards.
    """
    total, count = 0.0, 0
    while more[count]:
        alike = more[count] - more[count + 1]
        more[count] = 0
        count += 1
        if alike:
            total += alike * terms[count]
    return total


def entropies(x: Floats, y: Integers, classes: int, edges: Floats, terms: Floats, bits: Floats) -> bool:
    """Write H(T) and H(T, Y) of each batch entry to `bits` (b, 2); False, and no more, where one is not finite.

    For activations (b, n, d), classes y from 0 to below `classes` (b or 1, n), edges (b or 1, d or 1, K), and the term
    of each count from 0 to n that adds up to an entropy (n + 1).
    """
    b, n, d = x.shape
    _, units, count = edges.shape
    width = math.frexp(count)[1]
    grid = Grid(
        np.empty(units),
        np.empty(units),
        np.empty(units, np.bool_),
        np.empty((units, 2 * count), np.int64),
        np.empty(units, np.int64),
        np.empty((units, 3 * count)),
    )
    # In a table of which three quarters are free, few slots are taken by others.
    size = 1 << math.frexp(4 * n - 1)[1]
    table, counts = np.empty(size, np.int32), (np.empty(size, np.int32), np.empty(size, np.int32))
    more = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    codes, both, known = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    for entry in range(b):
        if entry < len(edges):
            _lay(edges[entry], grid)
        codes[:], states, unit, finite = 0, 1, 0, True
        # Once all samples differ, no further unit can tell more.
        while unit < d and states < n:
            first, span = unit, states
            while unit < d and span <= _LARGEST >> width:
                span <<= width
                unit += 1
            finite &= _append(x[entry], first, unit, grid, width, codes)
            # Few codes are counted as they are.
            states = span if span <= size else _number(codes, table, known)
        if not finite or (unit < d and not _finite(x[entry])):
            return False
        own = y[entry if len(y) > 1 else 0]
        for i in range(n):
            both[i] = codes[i] * classes + own[i]
        joint = states * classes
        if joint > size:
            joint = _number(both, table, known)
        counts[0][:states], counts[1][:joint] = 0, 0
        _count(codes, both, counts, more)
        bits[entry, 0], bits[entry, 1] = _bits(more[0], terms), _bits(more[1], terms)
    return True
