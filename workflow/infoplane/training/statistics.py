"""What is recorded of networks at a checkpoint."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from infoplane.models.layers import Layer
from infoplane.training.networks import State, Trainee

_SAMPLES_AT_ONCE = 1000


def loss_and_score(trainee: Trainee, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Mean loss and score of the networks' objective, each (S,), on samples (S, n, …) and (S, n[, …])."""
    losses, points = torch.zeros(len(targets)), torch.zeros(len(targets))
    for start in range(0, targets.shape[1], _SAMPLES_AT_ONCE):
        some, wanted = (each[:, start : start + _SAMPLES_AT_ONCE] for each in (inputs, targets))
        logits = trainee.logits(some).double()
        losses = losses + trainee.objective.losses(logits, wanted).sum(1).cpu()
        points = points + trainee.objective.points(logits, wanted).sum(1).cpu()
    return losses / targets.shape[1], trainee.objective.score(points, targets)


def gradient_norms(
    trainee: Trainee, batches: Iterable[tuple[Tensor, Tensor]], layers: Sequence[Layer]
) -> tuple[Tensor, Tensor]:
    """Norms of the mean and of the standard deviation of the gradient over mini-batches, by layer.

    With g_b the gradient on mini-batch b: ‖mean_b g_b‖ and √(trace of the covariance of g_b), as in
    Shwartz-Ziv and Tishby 2017, Fig. 4, without their division by the norm of the weights.

    Parameters
    ----------
    trainee
        S networks.
    batches
        Mini-batches (S, b, …) and (S, b).
    layers
        L layers.

    Returns
    -------
    tuple of Tensor
        Each (S, L); the spread of a single mini-batch is NaN.
    """
    mean: State = {}
    squares: State = {}
    for count, (inputs, targets) in enumerate(batches, start=1):
        for name, gradient in trainee.gradients(inputs, targets).items():
            # Welford 1962: one pass, and no difference of large sums
            before = gradient - mean.get(name, torch.zeros_like(gradient))
            mean[name] = mean.get(name, torch.zeros_like(gradient)) + before / count
            squares[name] = squares.get(name, torch.zeros_like(gradient)) + before * (gradient - mean[name])
    spread = {name: (value / count).clamp(min=0).sqrt() for name, value in squares.items()}
    spreads = norms(spread, layers)
    return norms(mean, layers), spreads if count > 1 else torch.full_like(spreads, torch.nan)


def norms(state: State, layers: Sequence[Layer]) -> Tensor:
    """Euclidean norm over all parameters of each layer, (S, L); 0 for a layer that has none."""
    squares = {name: value.double().reshape(len(value), -1).square().sum(1) for name, value in state.items()}
    nothing = torch.zeros_like(next(iter(squares.values())))
    rows = []
    for layer in layers:
        own = [value for name, value in squares.items() if layer.owns(name)]
        rows.append(torch.stack([nothing, *own]).sum(0).sqrt())
    return torch.stack(rows, dim=1).cpu()
