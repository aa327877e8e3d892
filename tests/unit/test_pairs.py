"""Symmetric layers, as a network names them and as a store has them."""

from types import SimpleNamespace

import pytest

from infoplane import pairs

OWN = (("encoder1", "decoder1"), ("encoder2", "decoder2"))
LAYERS = ["encoder1", "encoder2", "code", "decoder2", "decoder1", "output"]


def described(**changes: str) -> dict[str, dict[str, object]]:
    """Attributes of layers, the deepest first, the second of some pairs beside the first."""
    found: dict[str, dict[str, object]] = {
        name: {"depth": depth, "kind": "output" if name == "output" else "fully_connected"}
        for depth, name in enumerate(LAYERS, start=1)
    }
    for name, counterpart in changes.items():
        found[name]["counterpart"] = counterpart
    return dict(reversed(found.items()))


@pytest.mark.parametrize("held", [OWN, [list(pair) for pair in OWN]], ids=["tuples", "lists"])
def test_a_network_names_them(held: object) -> None:
    assert pairs.of_network(SimpleNamespace(pairs=held)) == OWN


@pytest.mark.parametrize("held", [None, 3, "ab", ((1, 2),), (("a", "b", "c"),), ("ab",), {"a": "b"}], ids=str)
def test_an_attribute_of_another_meaning_names_none(held: object) -> None:
    assert pairs.of_network(SimpleNamespace(pairs=held)) == ()
    assert pairs.of_network(SimpleNamespace()) == ()


def test_a_pair_is_there_if_both_its_layers_are() -> None:
    assert pairs.counterparts(OWN, LAYERS) == dict(OWN)
    assert pairs.counterparts(OWN, ["encoder1", "encoder2", "decoder2"]) == {"encoder2": "decoder2"}


def test_a_store_has_input_and_output_first_and_then_the_outermost() -> None:
    found = pairs.of_layers(described(encoder2="decoder2", encoder1="decoder1"))
    assert found == [("input", "output"), *OWN]


def test_without_layers_of_its_own_or_an_output_a_store_has_none() -> None:
    assert pairs.of_layers(described()) == []
    without = {name: each for name, each in described(encoder1="decoder1").items() if name != "output"}
    assert pairs.of_layers(without) == []


def test_what_is_wrong_with_names() -> None:
    assert list(pairs.faults(OWN, LAYERS)) == []
    wrong = [("encoder1", "decoder1"), ("encoder1", "decodr2")]
    assert list(pairs.faults(wrong, LAYERS)) == [
        f"`pairs` has 'decodr2', which is no layer; accepted: {', '.join(LAYERS)}",
        "`pairs` has 'encoder1' more than once; accepted: every layer in one pair at most",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        [("decoder1", "encoder1")],
        [("encoder2", "decoder2"), ("encoder1", "decoder1")],
        [("encoder1", "decoder2"), ("encoder2", "decoder1")],
    ],
)
def test_pairs_lie_one_within_the_other(wrong: list[pairs.Pair]) -> None:
    (fault,) = pairs.faults(wrong, LAYERS)
    assert fault.startswith("`pairs` are not one within the other; accepted: the outermost first")
