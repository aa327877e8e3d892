"""Published weights as vectors: one per network and epoch, read when they are asked for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from infoplane import models
from infoplane.training import checkpoints
from infoplane.training.recipe import BaseRecipe
from infoplane.training.run import blocks_of

_LOOKED_AT = 16  # random inputs on which networks are compared
State = dict[str, Tensor]


@dataclass(frozen=True)
class Recipe(BaseRecipe):
    """What the networks of a variant are.

    Parameters
    ----------
    model
        As the experiment has it.
    shape, classes
        Of one input, and number of classes.
    ensemble
        Whether the seeds of a run were trained as one.
    """

    model: Mapping[str, Any]
    shape: Sequence[int]
    classes: int
    ensemble: bool


@dataclass(frozen=True)
class Layout:
    """How the parameters of a network, weights and biases, lie in one vector (P,).

    Parameters
    ----------
    groups
        Names of parameters, group after group; the arrays (units, …) of a group are joined row by row.
    size
        P.
    shapes
        Of a chain of fully connected layers, (units, weights of a unit) of each; empty for any other network.
    odd
        Of a chain, whether the nonlinearity of each hidden layer is odd, as tanh is.
    """

    groups: Sequence[Sequence[str]]
    size: int
    shapes: Sequence[tuple[int, int]]
    odd: Sequence[bool]

    def vectors(self, state: Mapping[str, Tensor]) -> np.ndarray:
        """Weights of S networks, (S, P) in float64, from their parameters and buffers, each (S, …)."""
        parts = []
        for group in self.groups:
            rows = [state[name].reshape(*state[name].shape[:2], -1) for name in group]
            parts.append(torch.cat(rows, dim=-1).flatten(1))
        found: np.ndarray = torch.cat(parts, dim=1).double().numpy()
        return found


class Trajectory:
    """Weights of networks that were trained together, by the index of the epoch: (S, P), NaN where one had diverged.

    Parameters
    ----------
    folder
        Published checkpoints of the networks.
    steps
        Of the checkpoints.
    masked
        Where a network had diverged, (S, E).
    layout
        Of the vectors.
    """

    def __init__(self, folder: Path, steps: Sequence[int], masked: np.ndarray, layout: Layout) -> None:
        self._folder, self._steps, self._masked, self._layout = folder, steps, masked, layout

    def __len__(self) -> int:
        return len(self._steps)

    def __getitem__(self, index: int, /) -> np.ndarray:
        masked = self._masked[:, index]
        if masked.all():  # then there may be no file
            return np.full((len(masked), self._layout.size), np.nan)
        content = checkpoints.load(checkpoints.weights_path(self._folder, self._steps[index]))
        return np.where(masked[:, None], np.nan, self._layout.vectors(content["weights"]))


def trajectories(
    recipe: Recipe, layout: Layout, trained: Mapping[str, np.ndarray], folder: Path
) -> list[tuple[tuple[int, ...], Trajectory]]:
    """The networks of a run, block by block: their seeds, and their weights.

    Parameters
    ----------
    recipe
        What they are.
    layout
        Of the vectors.
    trained
        Of the run's training: its seeds and steps, and its loss, which is NaN where a network had diverged.
    folder
        Published weights of the run.
    """
    seeds, steps = trained["seed"].tolist(), trained["step"].tolist()
    masked = np.isnan(trained["loss"][:, :, 0])
    found = []
    for block in blocks_of(seeds, ensemble=recipe.ensemble):
        own = masked[[seeds.index(seed) for seed in block]]
        found.append((block, Trajectory(folder / checkpoints.folder_name(block), steps, own, layout)))
    return found


def layout(recipe: Recipe) -> Layout:
    """How the parameters of a recipe's networks lie in a vector, layer by layer if they are a chain.

    A network is a chain if its parameters are those of linear layers whose hidden units can change places without
    changing what it computes; that, and whether they can change sign, is tried out with random weights.
    """
    made: Any = models.make(recipe.model, tuple(recipe.shape), recipe.classes, folder=recipe.folder)
    network: nn.Module = made.double().eval()
    parameters = {name: value.detach() for name, value in network.named_parameters()}
    size = sum(value.numel() for value in parameters.values())
    plain = Layout([[name] for name in parameters], size, (), ())
    paths = [layer.preactivation for layer in models.layers_of(made)]
    linear = {path: network.get_submodule(path) for path in paths if path}
    groups = [[f"{path}.{name}" for name, _ in module.named_parameters()] for path, module in linear.items()]
    if sorted(name for group in groups for name in group) != sorted(parameters) or not _fit(list(linear.values())):
        return plain
    moves = _Moves(network, parameters, tuple(recipe.shape))
    if not all(moves.same(own, after[0], torch.flipud) for own, after in pairwise(groups)):
        return plain
    shapes = [(len(parameters[own[0]]), sum(parameters[name][0].numel() for name in own)) for own in groups]
    return Layout(groups, size, shapes, [moves.same(own, after[0], torch.neg) for own, after in pairwise(groups)])


class _Moves:
    """What a network of random weights computes on random inputs, and whether a change of its units changes it."""

    def __init__(self, network: nn.Module, parameters: State, shape: tuple[int, ...]) -> None:
        random = torch.Generator().manual_seed(0)  # of its own: a network's own first weights may be all 0
        self._network = network
        self._state = {name: torch.randn(each.shape, generator=random).double() for name, each in parameters.items()}
        self._inputs = torch.randn(_LOOKED_AT, *shape, generator=random).double()

    def same(self, own: Sequence[str], after: str, change: Callable[[Tensor], Tensor]) -> bool:
        """Whether all stays as it was when the rows of a layer and the columns of the next one change alike."""
        rows = {name: change(self._state[name]) for name in own}
        moved = {**self._state, **rows, after: change(self._state[after].T).T}
        return torch.allclose(self._logits(moved), self._logits(self._state))

    @torch.no_grad()
    def _logits(self, state: State) -> Tensor:
        found: Tensor = functional_call(self._network, state, (self._inputs,))
        return found


def _fit(modules: Sequence[nn.Module]) -> bool:
    """Whether modules are plain linear layers of which each takes as many numbers as the one before gives."""
    linear = [module for module in modules if type(module) is nn.Linear]  # a subclass may compute anything
    return len(linear) == len(modules) and all(one.out_features == other.in_features for one, other in pairwise(linear))
