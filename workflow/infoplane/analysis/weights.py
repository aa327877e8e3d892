"""How far the weights of networks travel while they train, and how far those of different seeds end apart.

Shwartz-Ziv and Tishby 2017 (arXiv 1703.00810) describe the later phase of training as a diffusion of the weights, and
the networks that it ends in as many and diverse. How either is measured here is this project's choice.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import xarray as xr
from scipy.optimize import linear_sum_assignment

from infoplane import labels

_HELD_BYTES = 256 * 2**20  # of points that stay in memory while the others pass by
Array = np.ndarray[Any, Any]
Layers = list[Array]


class Points(Protocol):
    """Arrays of one shape, perhaps read from a file each time that one is asked for; an array of them is one too."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Array: ...


@dataclass(frozen=True)
class Chain:
    """What is known of networks of fully connected layers, each of which sees the one before alone.

    Parameters
    ----------
    shapes
        Of each layer, (units, weights of a unit): those from the layer before, then its bias, if it has one.
    odd
        Of each hidden layer, whether its nonlinearity is odd, f(−z) = −f(z), as tanh is.
    """

    shapes: Sequence[tuple[int, int]]
    odd: Sequence[bool]

    def layers(self, vector: Array) -> Layers:
        """The matrices of a network whose weights are a vector (P,), first layer to last."""
        ends = np.cumsum([units * inputs for units, inputs in self.shapes])
        parts = np.split(vector, ends[:-1])
        return [part.reshape(shape) for part, shape in zip(parts, self.shapes, strict=True)]


@dataclass(frozen=True)
class Block:
    """Networks that were trained together.

    Parameters
    ----------
    seeds
        Of the S networks.
    path
        Their weights (S, P) at every epoch, NaN where a network had diverged.
    """

    seeds: Sequence[int]
    path: Points


def weights(blocks: Sequence[Block], *, epoch: Sequence[float], step: Sequence[int], chain: Chain | None) -> xr.Dataset:
    """Measure the networks of one variant, all of their parameters (weights and biases) taken as one vector w.

    `weight_displacement` is ‖w(epoch) − w(other_epoch)‖ of each network, so that it can be read from any start on;
    `weight_distance` is that between the final weights of two networks, and `weight_distance_matched` the same after
    `matched_distance`, NaN where the networks are no chain. All are NaN where a network had diverged.

    At most 256 MiB of float64 weights, or one checkpoint if that is more, stay in memory while others pass by one
    after another, whatever the number of seeds and epochs; results are those of the whole, to the bit.

    Parameters
    ----------
    blocks
        The networks.
    epoch, step
        At which their weights are known, the same for all, ascending.
    chain
        How weights belong together, or None if the networks are no such chain.

    Returns
    -------
    xarray.Dataset
        The group ``/weights`` of the data model, for one variant.
    """
    ends = _Ends(blocks)
    seeds = [seed for block in blocks for seed in block.seeds]
    unknown = np.full((len(seeds), len(seeds)), np.nan)
    arrays = {
        "weight_displacement": np.concatenate([distances(block.path) for block in blocks]),
        "weight_distance": distances(ends),
        "weight_distance_matched": distances(ends, partial(matched_distance, chain=chain)) if chain else unknown,
    }
    coords = {"seed": seeds, "other_seed": seeds, "epoch": epoch, "other_epoch": epoch, "step": step}
    return labels.label("weights", arrays, coords)


def distance(one: Array, other: Array) -> Array:
    """Euclidean distance ‖other − one‖ over the last axis, (…, P) to (…)."""
    found: Array = np.linalg.norm(other - one, axis=-1)
    return found


def distances(points: Points, between: Callable[[Array, Array], Any] = distance, *, held: int = _HELD_BYTES) -> Array:
    """Symmetric matrix of the distances between points.

    Parameters
    ----------
    points
        n arrays (…, P), NaN where one is not known.
    between
        Distance of two of them, (…).
    held
        Bytes of points that may stay in memory, at least one; the others are fetched again for every such group.

    Returns
    -------
    numpy.ndarray
        (…, n, n), with 0 in the diagonal, or NaN.
    """
    first = points[0]
    found = np.empty((len(points), len(points), *np.shape(between(first, first))))
    for one, other, begin, end in _pairs(points, max(1, held // first.nbytes)):
        found[one, other] = found[other, one] = between(begin, end)
    return np.moveaxis(found, (0, 1), (-2, -1))


def matched_distance(one: Array, other: Array, chain: Chain) -> float:
    """Distance of two networks after the hidden units of the other were put in the order that suits best.

    A network computes the same when units of a hidden layer change places, and when all weights into and out of a unit
    of an odd nonlinearity change sign; so the plain distance between networks that are one and the same can be large.
    Each layer's units are assigned to those of the first network so that the distance falls most, given the layers
    around it, layer after layer and again until nothing falls (weight matching, as in Ainsworth, Hayase and Srinivasa
    2023, arXiv 2209.04836). It is done from two starts, the network as it is and the units assigned from the first
    layer to the last by what comes into them, and the smaller end is taken.

    The result is 0 for networks that differ in order and sign alone, and never above the plain distance; it is an upper
    bound of the smallest distance, since each end is the best of its neighbours only. What else leaves a network as it
    is, such as the scale of a ReLU, is not looked for.

    Parameters
    ----------
    one, other
        Weights (P,).
    chain
        How they belong together.

    Returns
    -------
    float
        In the unit of the weights; NaN if any of them is not finite.
    """
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        return np.nan
    fixed, moved = chain.layers(one), chain.layers(other)
    return min(_settled(fixed, start, chain.odd) for start in (moved, _forward(fixed, moved, chain.odd)))


class _Ends:
    """Final weights (P,) of the networks of all blocks."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._places = [(block, place) for block in blocks for place in range(len(block.seeds))]

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int, /) -> Array:
        block, place = self._places[index]
        row: Array = block.path[len(block.path) - 1][place]
        return row.copy()  # or the rows of all the others would stay in memory with it


def _pairs(points: Points, together: int) -> Iterator[tuple[int, int, Array, Array]]:
    """Every two points once, each with itself too: their indices, the smaller first, and the points."""
    for start in range(0, len(points), together):
        yield from _pairs_of(points, range(start, min(start + together, len(points))))


def _pairs_of(points: Points, held: range) -> Iterator[tuple[int, int, Array, Array]]:
    """The same for the first point in a group, which is held while all later points pass by."""
    group = [points[index] for index in held]
    for later in range(held.start, len(points)):
        end = group[later - held.start] if later in held else points[later]
        for place, begin in enumerate(group[: later - held.start + 1]):
            yield held.start + place, later, begin, end


def _forward(fixed: Layers, moved: Layers, odd: Sequence[bool]) -> Layers:
    """Order the units of each hidden layer by what comes into them; what goes out is not in order yet."""
    for layer, signed in enumerate(odd):
        moved = _reordered(moved, layer, fixed[layer] @ moved[layer].T, signed)
    return moved


def _settled(fixed: Layers, moved: Layers, odd: Sequence[bool]) -> float:
    """Distance when no hidden layer can be put in a better order, given the others."""
    found = _apart(fixed, moved)
    while True:
        for layer, signed in enumerate(odd):
            units = len(fixed[layer])
            after = fixed[layer + 1][:, :units].T @ moved[layer + 1][:, :units]
            moved = _reordered(moved, layer, fixed[layer] @ moved[layer].T + after, signed)
        closer = _apart(fixed, moved)
        if closer >= found:  # it falls strictly until here, and there are only so many orders
            return found
        found = closer


def _reordered(moved: Layers, layer: int, products: Array, signed: bool) -> Layers:
    """The same network with a layer's units in the order, and of the signs, of the largest sum of products (u, u)."""
    _, order = linear_sum_assignment(np.abs(products) if signed else products, maximize=True)
    negative = signed & (products[np.arange(len(order)), order] < 0)
    signs = np.where(negative, -1.0, 1.0)
    after = moved[layer + 1].copy()
    after[:, : len(order)] = after[:, order] * signs
    return [*moved[:layer], moved[layer][order] * signs[:, None], after, *moved[layer + 2 :]]


def _apart(fixed: Layers, moved: Layers) -> float:
    return float(np.sqrt(sum(np.square(one - other).sum() for one, other in zip(fixed, moved, strict=True))))
