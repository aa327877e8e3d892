"""One sentence for every name that is not known."""

from infoplane.names import accepted, unknown


def test_the_nearest_name_is_offered_before_all_that_are_known() -> None:
    found = unknown("model", "lennet", ["mlp", "lenet"])
    assert found == "model 'lennet' is not known; did you mean 'lenet'? accepted: mlp, lenet"


def test_nothing_is_guessed_where_nothing_is_near() -> None:
    assert unknown("model", "transformer", ["mlp", "lenet"]) == "model 'transformer' is not known; accepted: mlp, lenet"


def test_with_no_names_at_all() -> None:
    assert accepted("x", []) == "accepted: none"


def test_a_name_that_is_no_text() -> None:
    assert accepted(5, iter(["4", "5"])) == "did you mean '5'? accepted: 4, 5"
