"""What networks are trained for, by the kind of their targets: loss, score, and what their outputs are read as.

- Classes: cross-entropy in nats. Outputs are read as probabilities, by a softmax. The score is the accuracy, the share
  of samples that are right.
- Sets of labels: binary cross-entropy in nats, its mean over labels. Outputs are read as probabilities, each by a
  sigmoid. The score is the accuracy of Godbole and Sarawagi 2004: the mean share of labels in common,
  |A ∩ B| / |A ∪ B|, of a sample's labels and those whose probability is above ½; 1 of two empty sets.
- Continuous targets: squared or absolute error, its mean over dimensions. Outputs are read as they are. The score is
  the coefficient of determination, R² = 1 − Σ‖y − f‖² / Σ‖y − ȳ‖².

Outputs are (…, outputs); targets (…) of classes and (…, outputs) of the others.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from infoplane import targets as kinds
from infoplane.errors import ConfigError


@dataclass(frozen=True)
class Objective:
    """Loss and score of networks with one kind of targets.

    Parameters
    ----------
    targets
        Their kind.
    loss
        Name of the loss; None is the usual one of the kind.
    """

    targets: str = kinds.CLASSES
    loss: str | None = None

    @property
    def score_name(self) -> str:
        """The variable of the data model that the score is."""
        return kinds.score(self.targets)

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Loss of every sample, of the shape of the outputs but for the last dimension."""
        if self.targets == kinds.CLASSES:
            return functional.cross_entropy(outputs.movedim(-1, 1), targets, reduction="none")
        _check(outputs, targets)
        return _LOSSES[kinds.loss(self.targets, self.loss)](outputs, targets.to(outputs.dtype)).mean(-1)

    def mean_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean loss of one network's samples, outputs (n, outputs)."""
        if self.targets == kinds.CLASSES:  # in the order of summation that PyTorch has
            return functional.cross_entropy(outputs, targets)
        return self.losses(outputs, targets).mean()

    def read(self, outputs: Tensor) -> Tensor:
        """What outputs (n, outputs) are read as: probabilities, or themselves."""
        return _READ[self.targets](outputs)

    def points(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """What every sample adds to the score, of the shape of the outputs but for the last dimension."""
        return _POINTS[self.targets](outputs, targets)

    def score(self, points: Tensor, targets: Tensor) -> Tensor:
        """Score of S networks from the sum of the points (S,) and the targets (S, n[, outputs])."""
        if self.targets != kinds.CONTINUOUS:
            return points / targets.shape[1]
        values = targets.double()
        return 1 - points / (values - values.mean(1, keepdim=True)).square().sum((1, 2)).cpu()


def _check(outputs: Tensor, targets: Tensor) -> None:
    if outputs.shape != targets.shape:  # which would be broadcast, and trained on in silence
        raise ConfigError(
            f"the network gives {outputs.shape[-1]} outputs and the targets have {targets.shape[-1]} numbers (shapes "
            f"{tuple(outputs.shape)} and {tuple(targets.shape)}); accepted: an output for each"
        )


def _share(outputs: Tensor, targets: Tensor) -> Tensor:
    """The share of labels that two sets have in common."""
    told, wanted = outputs > 0, targets > 0
    united = (told | wanted).sum(-1)
    return torch.where(united > 0, (told & wanted).sum(-1) / united.clamp(min=1), 1.0)


_LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "binary_cross_entropy": lambda outputs, targets: functional.binary_cross_entropy_with_logits(
        outputs, targets, reduction="none"
    ),
    "mean_squared_error": lambda outputs, targets: (outputs - targets).square(),
    "mean_absolute_error": lambda outputs, targets: (outputs - targets).abs(),
}
_READ: dict[str, Callable[[Tensor], Tensor]] = {
    kinds.CLASSES: lambda outputs: torch.softmax(outputs, dim=1),
    kinds.LABELS: torch.sigmoid,
    kinds.CONTINUOUS: lambda outputs: outputs,
}
_POINTS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    kinds.CLASSES: lambda outputs, targets: outputs.argmax(-1) == targets,
    kinds.LABELS: _share,
    kinds.CONTINUOUS: lambda outputs, targets: (outputs - targets).square().sum(-1),
}
