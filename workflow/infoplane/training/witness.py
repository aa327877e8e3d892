"""What looks at networks while they train, and when."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from torch import Tensor, nn

from infoplane.models.layers import Layer
from infoplane.training.batches import Batches


class Witness(Protocol):
    """Looks at a network while it trains."""

    every: int
    size: int

    def look(
        self, network: nn.Module, layers: Sequence[Layer], *, step: int, inputs: Tensor, indices: np.ndarray
    ) -> dict[str, Any]:
        """What is to be kept of a network before an update, in tensors and plain values.

        Parameters
        ----------
        network
            In training; the random numbers that it draws from must be left as they are.
        layers
            All of its layers.
        step
            Updates before this one.
        inputs, indices
            The mini-batch of the update (b, …), and which samples of the training split these are (b,).
        """


def moments(witness: Witness, batches: Batches, *, last: int) -> Iterator[int]:
    """Steps at which a witness looks: of a whole training the last one too."""
    for step in [*range(0, last, witness.every), last]:
        if batches.count(step) >= witness.size:
            yield step
