"""One sentence for every name that is not known, or that a layer cannot have."""

import numpy as np
import pytest

from infoplane.labels import of_one_probe
from infoplane.names import accepted, layer_faults, unknown
from infoplane.schema import ACTIVATION_ROOT


def test_the_nearest_name_is_offered_before_all_that_are_known() -> None:
    found = unknown("model", "lennet", ["mlp", "lenet"])
    assert found == "model 'lennet' is not known; did you mean 'lenet'? accepted: mlp, lenet"


def test_nothing_is_guessed_where_nothing_is_near() -> None:
    assert unknown("model", "transformer", ["mlp", "lenet"]) == "model 'transformer' is not known; accepted: mlp, lenet"


def test_with_no_names_at_all() -> None:
    assert accepted("x", []) == "accepted: none"


def test_a_name_that_is_no_text() -> None:
    assert accepted(5, iter(["4", "5"])) == "did you mean '5'? accepted: 4, 5"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../b", "a\\b", 1, None])
def test_a_layer_is_a_group(name: object) -> None:
    (found,) = layer_faults(["fc1", name, "0.relu-2"], way_out="Rename it.")
    assert (
        found == f"layer {name!r} cannot be a group of a store; accepted: text with neither / nor \\ in it. Rename it."
    )


def test_a_layer_has_no_name_of_what_lies_beside_it() -> None:
    beside = {*ACTIVATION_ROOT, *of_one_probe(np.ones((1, 1)), np.ones(1), seed=0, epochs=[0], steps=[0]).variables}
    assert {"target", "seed", "step", "split", "sample_index"} < beside
    found = list(layer_faults(["output", *sorted(beside)], way_out="Rename it."))
    assert len(found) == len(beside)
    assert found[-1].startswith(
        "layer 'target_probability' has a name that stores need; accepted: any but about, beta, "
    )
    assert found[-1].endswith("variant. Rename it.")
