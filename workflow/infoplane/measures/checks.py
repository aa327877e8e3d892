"""What every public function of this package asks of its arguments: one place for the rules and the messages.

Each check costs a few per cent of the work that follows it, so it is made once, at the public boundary.
"""

import math
from collections.abc import Iterable, Mapping
from numbers import Integral, Real

import numpy as np
import torch
from torch import Tensor

# Room for Gram matrices that were made in float32.
_TOLERANCE = 1e-6

# Multiples of the golden ratio fill the interval from 0 to 1 evenly and in no order.
_GOLDEN = (1 + math.sqrt(5)) / 2


def tensor(x: Tensor, name: str) -> Tensor:
    """`x` itself, detached, if it is a real tensor with something in it."""
    if not isinstance(x, Tensor):
        raise TypeError(f"{name} must be a torch tensor, got {type(x).__name__}: use torch.as_tensor")
    if x.is_complex():
        raise ValueError(f"{name} must be real, got dtype {x.dtype}")
    if x.numel() == 0:
        raise ValueError(f"{name} must not be empty, got shape {tuple(x.shape)}")
    return x.detach()


def finite(x: Tensor, name: str) -> None:
    """Raise unless every entry of `x` is finite; its extremes, which are NaN where any entry is, say so in one pass."""
    if not all(math.isfinite(extreme) for extreme in x.detach().aminmax()):
        place = torch.isfinite(x).logical_not().nonzero()[0].tolist()
        raise ValueError(
            f"{name} must be finite, got {x[tuple(place)].item()} at {place}: leave out or mask what diverged first"
        )


def samples(x: Tensor, name: str, *, batch_dims: int) -> Tensor:
    """(*batch, n, d) with the features flattened, if `x` is (*batch, n, *features)."""
    x = tensor(x, name)
    if not 0 <= batch_dims < x.ndim:
        raise ValueError(
            f"{name} must have shape (*batch, n, *features) with batch_dims batch dimensions, got {tuple(x.shape)} "
            f"and batch_dims={batch_dims}"
        )
    return x.reshape(*x.shape[: batch_dims + 1], -1)


def classes(y: Tensor, name: str) -> Tensor:
    """`y` itself, if it holds a class of each sample as an integer."""
    y = tensor(y, name)
    if y.is_floating_point():
        raise ValueError(f"{name} must hold classes as integers, got dtype {y.dtype}")
    if y.ndim == 0:
        raise ValueError(f"{name} must have shape (*batch, n), got ()")
    return y


def label_sets(y: Tensor, name: str) -> Tensor:
    """`y` itself, if it holds 0 or 1 for every sample and label."""
    y = tensor(y, name)
    if y.is_floating_point() or y.ndim < 2:
        raise ValueError(f"{name} must hold labels (*batch, n, k) as integers, got {tuple(y.shape)} of {y.dtype}")
    if (wrong := (y != 0) & (y != 1)).any():
        raise ValueError(f"{name} must hold 0 and 1 alone, a column for each label, got {y[wrong][0].item()}")
    return y


def classes_of(samples: Tensor, y: Tensor, name: str) -> Tensor:
    """Classes (*batch, n), expanded to checked samples (*batch, n, d)."""
    y, n = classes(y, name), samples.shape[-2]
    if y.shape[-1] != n:
        raise ValueError(f"{name} must hold a class for each of {n} samples, got shape {tuple(y.shape)}")
    if y.device != samples.device:
        raise ValueError(f"{name} must be on the device of the samples, {samples.device}, got {y.device}")
    return expanded(y, name, shape=samples.shape[:-1])


def symmetric(matrices: Tensor, name: str) -> Tensor:
    """(*batch, n, n) in float64, if square, finite and symmetric.

    Symmetry is tested on one irregular vector v, A v = Aᵀ v: two passes in memory order, which carry any NaN along too,
    where comparing A with its transpose would cost a tenth of the eigenvalues. Only what fails is compared entry by
    entry, and a difference that was made to vanish on v is not seen.
    """
    x = tensor(matrices, name)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"{name} must have shape (*batch, n, n), got {tuple(x.shape)}")
    x = x.double()
    n = x.shape[-1]
    probe = 0.5 + (_GOLDEN * torch.arange(1, n + 1, dtype=x.dtype, device=x.device)).frac()
    product = x @ probe
    excess = (product - probe @ x).abs().amax(-1) - _TOLERANCE * product.abs().amax(-1)
    if not (excess <= 0).all():
        _compare(x, name)
    return x


def _compare(matrices: Tensor, name: str) -> None:
    """Raise unless matrices (*batch, n, n) are finite and symmetric, entry by entry."""
    finite(matrices, name)
    halves = matrices / 2, matrices.mT / 2  # whose difference is within float64
    difference = (halves[0] - halves[1]).abs()
    if (difference > _TOLERANCE * halves[0].abs().amax((-2, -1), keepdim=True)).any():
        place = (difference == difference.max()).nonzero()[0].tolist()
        raise ValueError(
            f"{name} must be symmetric, got entries that differ by {2 * difference.max().item():.3g} at {place} "
            "and its mirror image"
        )


def squared_distances(matrices: Tensor, name: str) -> Tensor:
    """(*batch, n, n) in float64, if symmetric, at least 0, and 0 on the diagonal."""
    x = symmetric(matrices, name)
    if x.amin() < 0:
        raise ValueError(f"{name} must be at least 0, got {x.amin().item():.3g}")
    own = x.diagonal(dim1=-2, dim2=-1).amax()
    if own > 0:
        raise ValueError(f"{name} must be 0 on the diagonal, got {own.item():.3g}")
    return x


def gram(matrices: Tensor, name: str) -> Tensor:
    """(*batch, n, n) in float64, if symmetric and of unit trace."""
    x = symmetric(matrices, name)
    trace = x.diagonal(dim1=-2, dim2=-1).sum(-1)
    wrong = (trace - 1).abs() > _TOLERANCE
    if wrong.any():
        raise ValueError(f"{name} must have unit trace, got {trace[wrong][0].item():.9g}: divide it by its trace")
    return x


def factor(matrices: Tensor, name: str) -> Tensor:
    """As `gram`, with a positive diagonal, so that no Hadamard product has trace 0."""
    x = gram(matrices, name)
    smallest = x.diagonal(dim1=-2, dim2=-1).amin()
    if smallest <= 0:
        raise ValueError(
            f"{name} must have a positive diagonal to enter a joint entropy, got {smallest.item():.3g}: "
            "normalise the kernel as K_ij / (n √(K_ii K_jj))"
        )
    return x


def maps(matrices: Tensor, name: str) -> Tensor:
    """The Gram matrices of feature maps, (*batch, C, n, n), each a `factor`."""
    x = factor(matrices, name)
    if x.ndim < 3:
        raise ValueError(f"{name} must have shape (*batch, C, n, n), got {tuple(x.shape)}")
    return x


def factors(grams: Mapping[str, Tensor]) -> list[Tensor]:
    """Several `factor`s by name, if they share n and a device and their batch shapes broadcast."""
    checked = {name: factor(x, name) for name, x in grams.items()}
    _alike(checked)
    if _broadcast(*(x.shape[:-2] for x in checked.values())) is None:
        raise ValueError(f"batch shapes must broadcast, got {_shapes(checked)}")
    return list(checked.values())


def targets(grams: Mapping[str, Tensor], *, maps: Tensor) -> list[Tensor]:
    """Several `factor`s by name, each of which broadcasts to the batch of checked maps (*batch, C, n, n)."""
    checked = {name: factor(x, name) for name, x in grams.items()}
    _alike({"maps": maps, **checked})
    batch = maps.shape[:-3]
    for name, x in checked.items():
        if _broadcast(x.shape[:-2], batch) != batch:
            raise ValueError(
                f"{name} must broadcast to the batch {tuple(batch)} of the maps, got batch {tuple(x.shape[:-2])}"
            )
    return list(checked.values())


def _alike(grams: Mapping[str, Tensor]) -> None:
    """Raise unless the Gram matrices of a joint entropy share n and a device."""
    if len({x.shape[-1] for x in grams.values()}) > 1:
        raise ValueError(f"Gram matrices of one joint entropy must share n, got {_shapes(grams)}")
    if len({x.device for x in grams.values()}) > 1:
        places = ", ".join(f"{name} on {x.device}" for name, x in grams.items())
        raise ValueError(f"Gram matrices of one joint entropy must share a device, got {places}")


def _broadcast(*shapes: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape to which all broadcast, if any."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        return None


def _shapes(grams: Mapping[str, Tensor]) -> str:
    """Names with their shapes, for a message."""
    return ", ".join(f"{name} {tuple(x.shape)}" for name, x in grams.items())


def order(alpha: float) -> float:
    """The order α of an entropy, if above 0 (infinity included)."""
    if not isinstance(alpha, Real) or not alpha > 0:
        raise ValueError(f"alpha must be above 0 (1 is von Neumann, inf is allowed), got {alpha}")
    return float(alpha)


def positive(values: Iterable[float], name: str) -> None:
    """Raise unless every value is above 0 and finite."""
    for value in values:
        if not isinstance(value, Real) or not 0 < value < math.inf:
            raise ValueError(f"{name} must be above 0 and finite, got {value}")


def positive_tensor(value: object, name: str, *, device: torch.device) -> Tensor:
    """A number, a sequence of them or a tensor, as a float64 tensor, if all are above 0 and finite."""
    if isinstance(value, complex) or (isinstance(value, Tensor) and value.is_complex()):
        raise ValueError(f"{name} must be real, got {value}")
    try:
        x = torch.as_tensor(value, dtype=torch.float64, device=device).detach()
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{name} must be a number or a tensor of numbers, got {value!r}") from error
    positive(x.flatten().tolist(), name)
    return x


def broadcasting(value: Tensor, name: str, *, batch: torch.Size) -> None:
    """Raise unless the shape of `value` broadcasts with a batch shape."""
    if _broadcast(value.shape, batch) is None:
        raise ValueError(f"{name} must broadcast with the batch {tuple(batch)}, got shape {tuple(value.shape)}")


def expanded(value: Tensor, name: str, *, shape: torch.Size) -> Tensor:
    """`value`, expanded to a shape to which it broadcasts."""
    if _broadcast(value.shape, shape) != shape:
        raise ValueError(f"{name} must broadcast to {tuple(shape)}, got shape {tuple(value.shape)}")
    return value.expand(shape)


def at_least(value: int, name: str, *, least: int) -> None:
    """Raise unless a count is no less than it must be."""
    if not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} must be {least} or more, got {value}")


def ascending(values: Tensor, name: str) -> Tensor:
    """(*batch, K) in float64, if finite and ascending along the last dimension; ties are allowed."""
    x = tensor(values, name).double()
    if x.ndim == 0:
        raise ValueError(f"{name} must have shape (*batch, K), got ()")
    finite(x, name)
    falls = x.diff() < 0
    if falls.any():
        place = falls.nonzero()[0].tolist()
        pair = x[tuple(place)].item(), x[(*place[:-1], place[-1] + 1)].item()
        raise ValueError(f"{name} must ascend, got {pair[0]:.6g} before {pair[1]:.6g} at {place}: sort them")
    if not torch.isfinite(x[..., -1] - x[..., 0]).all():
        raise ValueError(f"{name} must span a range within float64, got {x.min().item():.3g} to {x.max().item():.3g}")
    return x


def distribution(x: Tensor, name: str, *, shape: str, over: tuple[int, ...]) -> Tensor:
    """A matrix of probabilities in float64, if at least 0 and of sum 1 over dimensions, whose rounding is put right.

    `shape` is what the message calls the matrix's shape, such as (|X|, |Y|).
    """
    x = tensor(x, name)
    if x.ndim != 2:
        raise ValueError(f"{name} must have shape {shape}, got {tuple(x.shape)}")
    finite(x, name)
    x = x.double()
    if x.amin() < 0:
        raise ValueError(f"{name} must be at least 0, got {x.amin().item():.3g}")
    total = x.sum(over, keepdim=True)
    wrong = (total - 1).abs() > _TOLERANCE
    if wrong.any():
        raise ValueError(f"{name} must sum to 1 over {shape}, got {total[wrong][0].item():.9g}: divide it by its sum")
    return x / total
