"""Mutual information between layers: of symmetric pairs, and of every layer with the output."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from infoplane import pairs
from infoplane.analysis import controls, views
from infoplane.analysis.kernels import Kernels
from infoplane.analysis.views import LayerView, Measured, Method, View
from infoplane.measures import renyi
from infoplane.pairs import Pair
from infoplane.schema import estimates

ABOUT = ["reconstruction"]
Informations = dict[str, Tensor]


def layer_pairs(
    tree: xr.DataTree, estimator: Mapping[str, Any], *, control: Sequence[str], work: Path, code: str
) -> xr.Dataset:
    """Measure a run: I(T_k; T_k′) of symmetric layers, I(X; X′), and I(T; X′) of every layer T, in bits.

    X is the input and X′ the output, of an autoencoder the reconstruction; I(X; X′) is the first of the pairs. All
    entropies that these follow from are kept: I(A; B) = S(A) + S(B) − S(A, B). Where samples are shuffled, those of the
    second of a pair are, and those of T but not of X′, so that S(T_k) and S(X′) of these are those without a control.

    Parameters
    ----------
    tree, estimator, control, work, code
        As in `infoplane.analysis.information.information`; the estimator is of kind ``renyi``.

    Returns
    -------
    xarray.Dataset
        The group ``/layer_pairs`` of the data model, for one run and one estimator. It has no pairs and NaN for layers,
        where the store has no symmetric layers or lacks the output.
    """
    names = controls.names(control)
    layers = views.layer_names(tree)
    found = pairs.of_layers({name: tree[name].attrs for name in layers})
    kernels = Kernels.along(tree, estimator, layers=layers, code=code, work=work)
    method = Method(
        lambda view: _measure(view, kernels, found, names),
        variables=("activation", "squared_distance"),
        facts=lambda view: ["layer_pairs", dict(estimator), found, names, code, kernels.facts(view)],
    )
    measured = views.measure_each(tree, method, layers=layers, work=work) if found else {}
    firsts, seconds = [first for first, _ in found], [second for _, second in found]
    coords = {"pair": [f"{first}, {second}" for first, second in found], "first": firsts, "second": seconds}
    return views.labelled(
        "layer_pairs", measured, tree, layers, control=names, estimator=estimates(estimator), about=ABOUT, **coords
    )


def _measure(view: View, kernels: Kernels, found: Sequence[Pair], names: Sequence[str]) -> Measured:
    alpha = kernels.estimator["alpha"]
    grams = {each.name: kernels.of(view, each).joint() for each in view.variables()}
    entropies = {name: renyi.entropy(gram, alpha=alpha) for name, gram in grams.items()}
    rows = [_of_control(name, view, kernels, grams, entropies, found) for name in names]
    stacked = {name: np.stack([row[name].numpy() for row in rows]) for name in rows[0]}
    whole = {"entropy_input": entropies[view.input.name].numpy(), **stacked}
    return {name: values[np.newaxis] for name, values in whole.items()}


def _of_control(
    name: str,
    view: View,
    kernels: Kernels,
    grams: Mapping[str, Tensor],
    entropies: Mapping[str, Tensor],
    found: Sequence[Pair],
) -> Informations:
    """Quantities under one control: of layers (L, P), about what they tell of (L, 1, P), of pairs (N, P)."""
    alpha, output = kernels.estimator["alpha"], found[0][1]
    drawn, own = dict(grams), dict(entropies)
    if name == controls.SHUFFLED:
        drawn = {layer.name: _shuffled(view, layer, kernels) for layer in view.layers}
        own = {layer: renyi.entropy(gram, alpha=alpha) for layer, gram in drawn.items()}
    entropy = torch.stack([own[layer.name] for layer in view.layers])
    with_output = _joints([(output, layer.name) for layer in view.layers], grams, drawn, alpha)
    of_pairs = _joints(found, grams, drawn, alpha)
    alone = torch.stack([entropies[first] + own[second] for first, second in found])
    measured = {
        "entropy_layer": entropy,
        "joint_entropy": with_output.unsqueeze(1),
        "joint_entropy_pair": of_pairs,
        "mutual_information": (entropy + entropies[output] - with_output).unsqueeze(1),
        "mutual_information_pair": alone - of_pairs,
    }
    if name == controls.PERMUTED:  # no label is in any of these
        return {each: torch.full_like(values, torch.nan) for each, values in measured.items()}
    return measured


def _joints(found: Sequence[Pair], grams: Mapping[str, Tensor], drawn: Mapping[str, Tensor], alpha: float) -> Tensor:
    """Joint entropies (N, P) of pairs, the first as it is and the second as it is drawn."""
    return torch.stack([renyi.joint_entropy(grams[first], drawn[second], alpha=alpha) for first, second in found])


def _shuffled(view: View, layer: LayerView, kernels: Kernels) -> Tensor:
    kernel = kernels.of(view, layer)
    return replace(kernel, maps=controls.shuffled(kernel.maps, seed=view.seed, depth=layer.depth)).joint()
