"""Symmetric layers of a network, such as those of an encoder and of its decoder: how a network and a store name them.

A network says which they are by an attribute `pairs`, a tuple of (first, second), names of its layers, the outermost
pair first. An activation store has the second as an attribute of the first, so that measuring needs no network.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infoplane.schema import INPUT, OUTPUT

COUNTERPART = "counterpart"  # attribute of the first layer of a pair in an activation store: the name of the second
Pair = tuple[str, str]


def of_network(network: object) -> tuple[Pair, ...]:
    """Pairs that a network names in its attribute `pairs`; none, if it has none or one of another meaning."""
    held = getattr(network, "pairs", ())
    if not isinstance(held, tuple | list) or not all(
        isinstance(each, tuple | list) and len(each) == 2 for each in held
    ):
        return ()
    return tuple((first, second) for first, second in held if isinstance(first, str) and isinstance(second, str))


def counterparts(pairs: Sequence[Pair], layers: Sequence[str]) -> dict[str, str]:
    """The second layer of each pair by the first, of the pairs whose layers are both there."""
    return {first: second for first, second in pairs if {first, second} <= set(layers)}


def between(pairs: Sequence[Pair], layers: Sequence[str]) -> str:
    """The layer between those of the innermost pair, such as a code; of several the middle, or the first of two.

    Parameters
    ----------
    pairs
        Of layers; one whose layers are not both there counts for nothing.
    layers
        Names of those that are there, in the order of the network.

    Returns
    -------
    str
        Empty where there is none, or no pair.
    """
    ends = [sorted(layers.index(name) for name in pair) for pair in pairs if set(pair) <= set(layers)]
    if not ends:
        return ""
    start, end = min(ends, key=lambda places: places[1] - places[0])
    inside = layers[start + 1 : end]
    return inside[(len(inside) - 1) // 2] if inside else ""


def of_layers(layers: Mapping[str, Mapping[Any, Any]]) -> list[Pair]:
    """Pairs of a store, from its layers' attributes: input and output, then the layers' own, outermost first.

    None at all, if none of its layers has a counterpart or the output is not among them.
    """
    order = sorted(layers, key=lambda name: int(layers[name]["depth"]))
    own = [(name, str(layers[name][COUNTERPART])) for name in order if COUNTERPART in layers[name]]
    outputs = [name for name in order if layers[name]["kind"] == OUTPUT]
    return [(INPUT, outputs[-1]), *own] if own and outputs else []


def faults(pairs: Sequence[Pair], layers: Sequence[str]) -> Iterator[str]:
    """What is wrong with the pairs that a network names: names that its layers do not have, or have twice, or order.

    Parameters
    ----------
    pairs
        As the network names them.
    layers
        Names of its layers, in network order.
    """
    named = Counter(name for pair in pairs for name in pair)
    for name in (name for name in named if name not in layers):
        yield f"`pairs` has {name!r}, which is no layer; accepted: {', '.join(layers)}"
    for name in (name for name, count in named.items() if count > 1):
        yield f"`pairs` has {name!r} more than once; accepted: every layer in one pair at most"
    places = [[layers.index(name) for name in pair] for pair in pairs if set(pair) <= set(layers)]
    inwards = [first for first, _ in places] + [second for _, second in reversed(places)]
    if inwards != sorted(inwards):
        yield "`pairs` are not one within the other; accepted: the outermost first, of each the layer that comes first"
