"""Reading activations and pre-activations of a network while it runs."""

from collections import Counter
from collections.abc import Collection, Sequence
from types import TracebackType
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from infoplane.errors import ConfigError
from infoplane.measures import gram
from infoplane.models.layers import Layer
from infoplane.names import unknown
from infoplane.schema import OUTPUT
from infoplane.training.objectives import Objective

_CLASSES = Objective()


class Hooks:
    """While the context lasts, every forward pass leaves its activations and pre-activations here.

    The hooks are removed when the context ends, also after a forward pass that raised.

    Parameters
    ----------
    model
        Any module; it is not changed.
    layers
        Where to read it.
    objective
        What it is trained for, which says what its output is read as.

    Attributes
    ----------
    activations : dict of str to Tensor
        By layer, of the last forward pass: after the nonlinearity, before pooling; probabilities for the
        output, or itself if it is trained for continuous targets.
    preactivations : dict of str to Tensor
        By layer, in the graph of the last forward pass, so that gradients with respect to them can be taken.

    Examples
    --------
    >>> network = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    >>> layer = Layer("fc1", "fully_connected", activation="1", preactivation="0")
    >>> with Hooks(network, layers=[layer]) as hooks:
    ...     _ = network(torch.ones(1, 2))
    >>> hooks.activations["fc1"].shape
    torch.Size([1, 2])
    """

    def __init__(self, model: nn.Module, layers: Sequence[Layer], *, objective: Objective = _CLASSES) -> None:
        self._model, self._layers, self._objective = model, layers, objective
        self._handles: list[RemovableHandle] = []
        self._calls: Counter[tuple[object, ...]] = Counter()  # in this forward pass
        self.activations: dict[str, Tensor] = {}
        self.preactivations: dict[str, Tensor] = {}

    def __enter__(self) -> Self:
        try:
            self._handles.append(self._model.register_forward_pre_hook(self._begin))
            self._attach(self._layers)
        except AttributeError:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def squared_distances(self, *, maps: Collection[str] = ()) -> dict[str, Tensor]:
        """Squared distances between the samples of the last forward pass, all that Gaussian kernels need of a layer.

        Parameters
        ----------
        maps
            Names of convolutions whose feature maps are to be told apart.

        Returns
        -------
        dict of str to Tensor
            By layer, (n, n) in float64, or (C, n, n) for C feature maps; NaN where an activation is not finite.

        Raises
        ------
        ConfigError
            If a name is not that of a layer that was recorded.
        """
        for name in sorted(set(maps) - set(self.activations)):
            raise ConfigError(f"maps has {unknown('layer', name, list(self.activations))}")
        return {name: squared_distances(values, maps=name in maps) for name, values in self.activations.items()}

    def _begin(self, _module: nn.Module, _inputs: tuple[Any, ...]) -> None:
        self._calls.clear()

    def _attach(self, layers: Sequence[Layer]) -> None:
        for layer in layers:
            self._hook_output(layer.activation, self.activations, layer)
            if layer.preactivation is None:
                self._hook_input(layer)
            else:
                self._hook_output(layer.preactivation, self.preactivations, layer)

    def _hook_output(self, path: str, kept: dict[str, Tensor], layer: Layer) -> None:
        is_read = layer.kind == OUTPUT and kept is self.activations
        counted = ("output", id(kept), layer.name)

        def keep(_module: nn.Module, _inputs: Any, output: Tensor) -> Tensor | None:
            if not self._is_call(layer, counted):
                return None
            kept[layer.name] = self._objective.read(output.detach()) if is_read else output
            return output.clone()  # the network may go on in place, as ReLU(inplace=True) does

        self._handles.append(self._model.get_submodule(path).register_forward_hook(keep))

    def _hook_input(self, layer: Layer) -> None:
        def keep(_module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...] | None:
            if not self._is_call(layer, ("input", layer.name)):
                return None
            self.preactivations[layer.name], *others = inputs
            return (inputs[0].clone(), *others)  # the module may work in place

        self._handles.append(self._model.get_submodule(layer.activation).register_forward_pre_hook(keep))

    def _is_call(self, layer: Layer, counted: tuple[object, ...]) -> bool:
        """Whether it is the layer's turn among the calls of its module in this forward pass."""
        self._calls[counted] += 1
        return layer.call is None or layer.call == self._calls[counted] - 1

    def _remove(self) -> None:
        while self._handles:
            self._handles.pop().remove()


@torch.no_grad()
def squared_distances(values: Tensor, *, maps: bool = False) -> Tensor:
    """Squared distances of samples (n, …), (n, n), or of each feature map of (n, C, …), (C, n, n); NaN where any is."""
    by_map = values.transpose(0, 1) if maps else values[None]
    n = len(values)
    if not torch.isfinite(values).all():
        found = values.new_full((len(by_map), n, n), torch.nan, dtype=torch.float64)
    else:
        found = gram.squared_distances(by_map, batch_dims=1)
    return found if maps else found[0]


def errors(loss: Tensor, hooks: Hooks) -> dict[str, Tensor]:
    """Back-propagated error of every sample at every layer: ∂(Σ loss)/∂(pre-activation).

    Parameters
    ----------
    loss
        Loss of every sample (n,), summed and never averaged, so that δ does not depend on n.
    hooks
        Of the forward pass that gave the loss.

    Returns
    -------
    dict of str to Tensor
        By layer, (n, …) as its pre-activation; 0 where the loss does not depend on it.
    """
    found = torch.autograd.grad(loss.sum(), list(hooks.preactivations.values()), materialize_grads=True)
    return dict(zip(hooks.preactivations, found, strict=True))
