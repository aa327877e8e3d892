"""Which pairs of layers are theorems: on graphs drawn by hand, and against all paths of random ones."""

from collections import Counter
from itertools import pairwise
from math import log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.models import graph
from infoplane.models.layers import Layer
from infoplane.models.lenet import LeNet
from infoplane.models.resnet20 import ResNet20

quick = settings(max_examples=60, deadline=None)


def network(**inputs: tuple[str, ...] | None) -> list[Layer]:
    """Layers by name, each with what feeds it."""
    return [Layer(name, "fully_connected", name, name, inputs=each) for name, each in inputs.items()]


BRANCHES = network(a=None, b=None, c=("a",), d=("b", "c"), e=None)  # from a two branches, of which one is longer
APART = network(a=("input",), b=("input",), c=("a", "b"))


@st.composite
def acyclic(draw: st.DrawFn) -> list[Layer]:
    """Up to seven layers, each fed by some of those before it."""
    names = ["input", "a", "b", "c", "d", "e", "f", "g"][: draw(st.integers(2, 8))]
    return network(
        **{
            name: tuple(draw(st.lists(st.sampled_from(names[:place]), min_size=1, unique=True)))
            for place, name in enumerate(names)
            if place > 0
        }
    )


def paths(layers: list[Layer], name: str) -> list[list[str]]:
    """Every path from the input to a layer."""
    if name == "input":
        return [["input"]]
    (inputs,) = [layer.inputs for layer in layers if layer.name == name]
    assert inputs is not None
    return [[*path, name] for each in inputs for path in paths(layers, each)]


def dominating(layers: list[Layer], name: str) -> set[str]:
    """What lies on every path to a layer, but for itself."""
    return set.intersection(*(set(path) for path in paths(layers, name))) - {name}


def test_a_chain_is_its_adjacent_pairs() -> None:
    layers = LeNet((1, 28, 28), 10).layers
    names = ["input", *(layer.name for layer in layers)]
    assert graph.markov_pairs(layers) == list(pairwise(names))
    assert graph.edges(layers) == []
    assert graph.predecessors(layers) == {after: (before,) for before, after in pairwise(names)}


def test_around_a_residual_block_the_block_before_counts() -> None:
    layers = ResNet20((3, 8, 8), 10, filters=(2, 2, 2), blocks=1).layers
    assert graph.markov_pairs(layers) == [
        ("input", "conv1"),
        ("conv1", "conv2"),
        ("conv1", "conv3"),
        ("conv3", "conv4"),
        ("conv3", "conv5"),
        ("conv5", "conv6"),
        ("conv5", "conv7"),
        ("conv7", "output"),
    ]
    assert graph.edges(layers) == [("conv2", "conv3"), ("conv4", "conv5"), ("conv6", "conv7")]


def test_where_branches_meet_their_root_counts() -> None:
    assert graph.dominators(BRANCHES) == {"a": "input", "b": "a", "c": "a", "d": "a", "e": "d"}
    assert graph.edges(BRANCHES) == [("b", "d"), ("c", "d")]
    assert graph.markov_pairs(APART) == [("input", "a"), ("input", "b"), ("input", "c")]
    assert graph.edges(APART) == [("a", "c"), ("b", "c")]


@pytest.mark.parametrize(
    ("names", "inputs"),
    [
        ("ce", {"c": ("input",), "e": ("input", "c")}),
        ("bce", {"b": ("input",), "c": ("input",), "e": ("b", "c")}),
        ("ade", {"a": ("input",), "d": ("a",), "e": ("d",)}),
        ("", {}),
    ],
)
def test_layers_that_are_left_out_are_passed_through(names: str, inputs: dict[str, tuple[str, ...]]) -> None:
    assert graph.predecessors(graph.among(BRANCHES, names)) == inputs


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            network(conv1=None, conv2=("conv",)),
            r"^layer 'conv2' has input 'conv', which is not before it; did you mean 'conv1'\? accepted: input, conv1$",
        ),
        (network(a=("b",), b=("a",)), r"^layer 'a' has input 'b', which is not before it; accepted: input$"),
        (network(a=("a",)), r"^layer 'a' has input 'a', which is not before it; accepted: input$"),
        (network(a=None, b=()), r"^layer 'b' has no inputs; accepted: input, a$"),
        ([*network(a=None), *network(a=None)], r"^the name 'a' of a layer is taken; accepted: any but input, a$"),
        (network(input=None), r"^the name 'input' of a layer is taken; accepted: any but input$"),
    ],
)
def test_what_is_no_graph_is_refused(layers: list[Layer], message: str) -> None:
    for function in (graph.predecessors, graph.dominators, graph.markov_pairs, graph.edges):
        with pytest.raises(ValueError, match=message):
            function(layers)


@quick
@given(acyclic())
def test_the_immediate_dominator_is_the_last_layer_on_all_paths(layers: list[Layer]) -> None:
    order = ["input", *(layer.name for layer in layers)]
    found = [(max(dominating(layers, name), key=order.index), name) for name in order[1:]]
    assert graph.markov_pairs(layers) == found


@quick
@given(acyclic())
def test_edges_are_those_that_a_path_goes_round(layers: list[Layer]) -> None:
    joined = [(before, after) for after, inputs in graph.predecessors(layers).items() for before in inputs]
    assert graph.edges(layers) == [pair for pair in joined if pair[0] not in dominating(layers, pair[1])]


@quick
@given(acyclic(), st.sets(st.sampled_from("abcdefg")))
def test_among_some_of_the_layers_domination_stays(layers: list[Layer], names: set[str]) -> None:
    some = graph.among(layers, names)
    assert [layer.name for layer in some] == [layer.name for layer in layers if layer.name in names]
    for layer in some:
        assert dominating(some, layer.name) == dominating(layers, layer.name) & {"input", *names}


@quick
@given(acyclic(), st.randoms(use_true_random=False), st.integers(1, 5))
def test_information_about_the_input_does_not_rise_along_the_pairs(layers: list[Layer], random, states: int) -> None:  # type: ignore[no-untyped-def]
    """Of sixteen equally likely inputs and layers that are any functions of what feeds them: I(X; T) = H(T)."""
    values = {"input": tuple(range(16))}
    for name, inputs in graph.predecessors(layers).items():
        fed = list(zip(*(values[each] for each in inputs), strict=True))
        table = {each: random.randrange(states) for each in fed}
        values[name] = tuple(table[each] for each in fed)
    for before, after in graph.markov_pairs(layers):
        assert entropy(values[after]) <= entropy(values[before]) + 1e-12


def entropy(values: tuple[int, ...]) -> float:
    return -sum(count / len(values) * log2(count / len(values)) for count in Counter(values).values())
