"""Bounds on the information in activations with Gaussian noise, from pairwise distances (Kolchinsky and Tracey 2017).

With noise of variance σ² on each of its units, a layer that takes the value x_i on sample i, one of n, is a mixture of
n Gaussians. Kolchinsky and Tracey 2017 bound the entropy of a mixture from pairwise divergences D between components,

    H(T) ~ H(T | X) − (1/n) Σ_i ln (1/n) Σ_j exp(−D_ij):

from above with the Kullback–Leibler divergence, D = ‖x_i − x_j‖² / (2σ²), and from below with the Bhattacharyya
distance, D = ‖x_i − x_j‖² / (8σ²). H(T | X) cancels from every mutual information, and with it the number of units.
"""

import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from infoplane.measures import checks

# Working memory for tiles of kernels and of features, in bytes.
MEMORY = 2**26

# Tiles alive at once: two kernels, and what torch makes on the way.
_COPIES = 8

# Entries of a tile: on a processor what stays in its cache, elsewhere what keeps it busy.
_TILE = {"cpu": 2**16}
_DEVICE_TILE = 2**24

# Kernels below this are nothing beside a sample's own, which is 1; their fourth powers are no denormal numbers.
_NEGLIGIBLE = 1e-40

# No exponent below this leads to a kernel that counts. Where exp(x) underflows, processors are 30 times slower.
_NEGLIGIBLE_EXPONENT = -100


class Bounds(NamedTuple):
    """A lower and an upper bound, each (*batch), bits."""

    lower: Tensor
    upper: Tensor


class Estimates(NamedTuple):
    """Two estimates, each (*batch), bits: all entropies from one divergence, or all from the other."""

    bhattacharyya: Tensor
    kullback_leibler: Tensor


class MutualInformation(NamedTuple):
    """What a layer with noise tells about its input and its target.

    - `with_input`: bounds on I(X; T) = H(T) − H(T | X).
    - `with_target`: bounds on I(T; Y) = H(T) − H(T | Y), from the bound on H(T) and the opposite bound on H(T | Y).
    - `with_target_estimates`: the same difference of two bounds of one kind, recalled of the figures of Saxe et al.
      2018; it lies between the bounds above and is itself no bound.

    Bounds and estimates keep their sign: those of I(T; Y) may leave the range from 0 to H(Y).
    """

    with_input: Bounds
    with_target: Bounds
    with_target_estimates: Estimates


def mutual_information(
    activations: Tensor,
    targets: Tensor,
    *,
    noise_variance: float | Tensor,
    batch_dims: int = 0,
    memory: int = MEMORY,
) -> MutualInformation:
    """Kolchinsky–Tracey bounds on I(X; T) and I(T; Y) for T = activations + Gaussian noise.

    The weights are uniform over the samples. Both bounds and those given the class come from one pass over the
    distances, which are matrix products of centred data in tiles, each tile also serving as its mirror image. With R
    the largest distance of a sample from the mean, rounding costs less than 1e-15 · (10 + R²/σ²) bits: under 1e-9 for
    R²/σ² < 10⁶.

    Parameters
    ----------
    activations
        (*batch, n, *features), floating point or integer; each sample is an input of its own.
    targets
        (n,) or any shape that broadcasts to (*batch, n): classes as integers.
    noise_variance
        σ², in squared units of the activations: a number, or a tensor that broadcasts to the batch.
    batch_dims
        How many leading dimensions of the activations are batch.
    memory
        Bytes of working memory, about, beside the arguments and the results.

    Returns
    -------
    MutualInformation
        Of tensors (*batch), float64, bits. I(X; T) is from 0, where all samples are equal, to log2 n, where all are
        far apart.

    Raises
    ------
    ValueError
        If activations are not finite or their squares in units of σ² not within float64; if targets are no integers or
        do not broadcast; if a variance is not above 0 and finite, or does not broadcast; if `memory` is not above 0.
    """
    checks.positive([memory], "memory")
    x = checks.samples(activations, "activations", batch_dims=batch_dims)
    y = checks.classes_of(x, targets, "targets")
    checks.finite(activations, "activations")
    batch, (n, d) = x.shape[:-2], x.shape[-2:]
    variance = checks.positive_tensor(noise_variance, "noise_variance", device=x.device)
    variance = checks.expanded(variance, "noise_variance", shape=batch)
    x, y, variance = x.reshape(-1, n, d), y.reshape(-1, n), variance.reshape(-1)

    tile = min(_TILE.get(x.device.type, _DEVICE_TILE), max(1, int(memory // (8 * _COPIES))))
    together = max(1, tile // n**2)
    chunks = zip(*(torch.split(each, together) for each in (x, y, variance)), strict=True)
    parts = torch.cat([_divergences(*chunk, tile=tile // together) for chunk in chunks], dim=1)
    below, below_given, above, above_given = parts.reshape(4, *batch)
    return MutualInformation(
        Bounds(below, above),
        Bounds(below - above_given, above - below_given),
        Estimates(below - below_given, above - above_given),
    )


def _divergences(x: Tensor, y: Tensor, variance: Tensor, *, tile: int) -> Tensor:
    """The bounds on H(T) − H(T | X) and on H(T | Y) − H(T | X), (4, b), bits: both from below, then both from above.

    For samples (b, n, d), classes (b, n) and variances (b), by tiles of about so many entries for each of the b.
    """
    n, side = x.shape[1], math.isqrt(tile)
    samples = _Samples(x, x.mean(-2, keepdim=True, dtype=torch.float64), (0.25 / variance).sqrt()[:, None, None], side)
    norms, members = samples.half_norms(), _members(y)
    # Sums over the samples of each class: those over a sample's own, and all of them together, are parts of these.
    lower, upper = torch.zeros(2, *members.shape, dtype=torch.float64, device=x.device)
    for rows, columns in itertools.combinations_with_replacement(_slices(n, side), 2):
        coefficients = _kernel(samples, norms, rows, columns)
        for total, kernel in ((lower, coefficients), (upper, coefficients.square().square_())):
            total[:, rows] += kernel @ members[:, columns]
            if rows != columns:
                total[:, columns] += kernel.mT @ members[:, rows]
    size = (members * members.sum(1, keepdim=True)).sum(-1)
    ratios = [n / lower.sum(-1), size / (lower * members).sum(-1), n / upper.sum(-1), size / (upper * members).sum(-1)]
    return torch.stack(ratios).log2_().mean(-1)


def _members(y: Tensor) -> Tensor:
    """Which samples (b, n) are of which of all classes that there are, (b, n, classes), 1 or 0."""
    known: Tensor = torch.unique(y)
    return (y[..., None] == known).double()


class _Samples(NamedTuple):
    """Samples (b, n, d) with their mean (b, 1, d) and the rate 1 / 2σ (b, 1, 1) that brings them to common units.

    A wide layer is never copied whole: so many rows, and so many features, at a time.
    """

    values: Tensor
    mean: Tensor
    rate: Tensor
    side: int

    def blocks(self, rows: slice) -> Iterator[Tensor]:
        """Some rows as z = (x − mean) / 2σ, (b, m, f), a block of features at a time."""
        parts = (torch.split(each, self.side, dim=-1) for each in (self.values[:, rows], self.mean))
        return ((block.double() - mean).mul_(self.rate) for block, mean in zip(*parts, strict=True))

    def half_norms(self) -> Tensor:
        """‖z‖² / 2, (b, n)."""
        parts = [
            torch.stack([block.square().sum(-1) for block in self.blocks(rows)]).sum(0)
            for rows in _slices(self.values.shape[1], self.side)
        ]
        norms = torch.cat(parts, dim=-1).div_(2)
        if not torch.isfinite(norms).all():
            raise ValueError(
                "activations must have squares in units of the noise_variance within float64, "
                f"got entries up to {self.values.abs().max().item():.3g}"
            )
        return norms


def _slices(n: int, side: int) -> list[slice]:
    """The range from 0 to n in slices of equal length, the last one shorter."""
    return [slice(start, min(start + side, n)) for start in range(0, n, side)]


def _kernel(samples: _Samples, half_norms: Tensor, rows: slice, columns: slice) -> Tensor:
    """exp(−‖z_i − z_j‖² / 2) of a tile, (b, m, k): the Bhattacharyya coefficients, whose fourth powers are exp(−KL)."""
    exponent = -(half_norms[:, rows, None] + half_norms[:, None, columns])
    for left, right in zip(samples.blocks(rows), samples.blocks(columns), strict=True):
        exponent.baddbmm_(left, right.mT)
    if rows == columns:
        exponent.diagonal(dim1=-2, dim2=-1).zero_()
    return functional.threshold(exponent.clamp_(min=_NEGLIGIBLE_EXPONENT, max=0).exp_(), _NEGLIGIBLE, 0.0, inplace=True)
