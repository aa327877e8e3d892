"""What kinds of estimators share that take a layer as a function of its input, and every sample as an input of its own.

S(X) is then log2 n for n samples, whatever the inputs are.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from infoplane.analysis import controls, views
from infoplane.analysis.views import LayerView, Measured, View
from infoplane.measures import binning

Informations = tuple[Tensor, Tensor]  # I(X; T) and I(T; Y), each (estimates, P), bits


def measured(
    view: View,
    estimator: Mapping[str, Any],
    names: Sequence[str],
    informations: Callable[[LayerView, Tensor, Tensor], Informations],
    *,
    read: str,
) -> Measured:
    """Measure every layer under every control.

    Parameters
    ----------
    view, estimator, names
        What to measure, with what settings, under which controls.
    informations
        From a layer, its values (P, n, …) and classes (P, n) to I(X; T) and I(T; Y).
    read
        What of a layer: ``activation`` or ``preactivation``.

    Returns
    -------
    dict of str to ndarray
        S(X) and S(Y), (estimates, P), I(X; T) and I(T; Y), (estimates, control, layer, P). Permuted labels leave
        I(X; T) as it is, which is NaN there.
    """
    n = views.samples(view, estimator)
    targets = dict.fromkeys(names, view.states[:, :n])
    if controls.PERMUTED in targets:
        targets[controls.PERMUTED] = controls.permuted(view.states[:, :n], seed=view.seed)
    cells = [
        [informations(layer, values(view, layer, read, n, name), targets[name]) for layer in view.layers]
        for name in names
    ]
    with_input, with_target = (np.stack([[cell[part].numpy() for cell in row] for row in cells]) for part in (0, 1))
    with_input[[name == controls.PERMUTED for name in names]] = np.nan
    edges = torch.arange(view.classes - 1, dtype=torch.float64) + 0.5
    whole = {
        "entropy_input": torch.full((len(view.targets),), float(np.log2(n)), dtype=torch.float64),
        "entropy_target": binning.entropy(view.states[:, :n, None], edges=edges, batch_dims=1),
    }
    return {
        **{
            name: np.broadcast_to(entropy.numpy(), (with_input.shape[2], len(entropy))).copy()
            for name, entropy in whole.items()
        },
        "mutual_information_input_layer": np.moveaxis(with_input, 2, 0),
        "mutual_information_layer_target": np.moveaxis(with_target, 2, 0),
    }


def values(view: View, layer: LayerView, read: str, n: int, control: str) -> Tensor:
    """What is read of a layer, of the first n samples of every probe batch, under a control: (P, n, …)."""
    found = torch.from_numpy(layer.arrays[read][:, :n])
    if control != controls.SHUFFLED:
        return found
    return controls.shuffled_values(found, channels=layer.channels, seed=view.seed, depth=layer.depth)
