"""Which layers of a network feed which, and between which of them data processing is a theorem.

In evaluation mode a layer is a function of the layers that feed it. If every path from the input X to a layer T passes
through T', which is then said to dominate T (Prosser 1959), T is a function of T' alone: X → T' → T is a Markov chain,
and I(X; T) ≤ I(X; T') in Shannon information, whatever the weights. (Both may be infinite.) If some path goes round T',
as a skip connection does, there is no such theorem of the two, even where T' feeds T: I(X; T) may be the greater one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from infoplane.names import accepted
from infoplane.schema import INPUT

RENAMED = "Rename the module in the network, or leave the layer out by `layers`."

if TYPE_CHECKING:  # so that the registry loads no torch
    from infoplane.models.layers import Layer


def predecessors(layers: Sequence[Layer]) -> dict[str, tuple[str, ...]]:
    """Names of the layers, or ``input``, that feed each layer.

    Raises
    ------
    ValueError
        If two layers have one name, one has the input's, or one is fed by nothing, or by what is not before it in the
        list: an unknown layer, itself, or a later one. So there is no cycle.
    """
    found: dict[str, tuple[str, ...]] = {}
    before = [INPUT]
    for layer in layers:
        inputs = before[-1:] if layer.inputs is None else layer.inputs
        if layer.name in before:
            raise ValueError(f"the name {layer.name!r} of a layer is taken; accepted: any but {', '.join(before)}")
        if not inputs:
            raise ValueError(f"layer {layer.name!r} has no inputs; accepted: {', '.join(before)}")
        for name in inputs:
            if name not in before:
                raise ValueError(
                    f"layer {layer.name!r} has input {name!r}, which is not before it; {accepted(name, before)}"
                )
        found[layer.name] = tuple(inputs)
        before.append(layer.name)
    return found


def dominators(layers: Sequence[Layer]) -> dict[str, str]:
    """The immediate dominator of each layer: of all that every path to it passes through, the nearest, or ``input``.

    Raises
    ------
    ValueError
        As `predecessors`.
    """
    passed: dict[str, tuple[str, ...]] = {INPUT: (INPUT,)}  # by every path to a layer, in order, and the layer itself
    for name, inputs in predecessors(layers).items():
        passed[name] = (*_shared([passed[each] for each in inputs]), name)
    return {name: chain[-2] for name, chain in passed.items() if name != INPUT}


def markov_pairs(layers: Sequence[Layer]) -> list[tuple[str, str]]:
    """Pairs (before, after) for which data processing is a theorem: each layer and its immediate dominator.

    All other such pairs follow from these. Of a chain they are the adjacent ones; the first is ``input`` and a layer.

    Raises
    ------
    ValueError
        As `predecessors`.
    """
    return [(before, after) for after, before in dominators(layers).items()]


def edges(layers: Sequence[Layer]) -> list[tuple[str, str]]:
    """Pairs (before, after) of which the first feeds the second, and data processing is no theorem all the same.

    Raises
    ------
    ValueError
        As `predecessors`.
    """
    nearest = dominators(layers)  # a layer that feeds another and dominates it does so immediately
    return [
        (before, after)
        for after, inputs in predecessors(layers).items()
        for before in inputs
        if before != nearest[after]
    ]


def among(layers: Sequence[Layer], names: Collection[str]) -> list[Layer]:
    """Some of the layers, each fed by the nearest of them; which of them dominates which stays as it is.

    Raises
    ------
    ValueError
        As `predecessors`.
    """
    nearest: dict[str, tuple[str, ...]] = {INPUT: (INPUT,)}
    found = []
    for layer, inputs in zip(layers, predecessors(layers).values(), strict=True):
        feeding = tuple(dict.fromkeys(name for each in inputs for name in nearest[each]))
        nearest[layer.name] = (layer.name,) if layer.name in names else feeding
        if layer.name in names:
            found.append(replace(layer, inputs=feeding))
    return found


def chosen(layers: Sequence[Layer], patterns: Sequence[str]) -> list[Layer]:
    """Layers whose name, or that of whose module, is one of the patterns; all of them if there is no pattern.

    In a pattern ``*`` stands for any text, ``?`` for any character and ``[12]`` for one of these.
    """
    return [
        layer
        for layer in layers
        if not patterns or any(fnmatchcase(name, each) for each in patterns for name in (layer.name, layer.activation))
    ]


def _shared(chains: Sequence[tuple[str, ...]]) -> list[str]:
    """What chains of dominators begin with alike; each layer has one chain, so once apart they stay apart."""
    return [step[0] for step in zip(*chains, strict=False) if len(set(step)) == 1]
