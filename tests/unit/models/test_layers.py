"""What networks are told: sizes and nonlinearities, refused in words where they are none."""

import pytest
import torch
from torch import nn

from infoplane.models import layers


@pytest.mark.parametrize(
    ("name", "values"),
    [("relu", [0.0, 0.0, 2.0]), ("sigmoid", [0.1192029, 0.5, 0.8807971]), ("tanh", [-0.9640276, 0, 0.9640276])],
)
def test_nonlinearities_are_what_their_names_say(name: str, values: list[float]) -> None:
    found = layers.nonlinearity(name)(torch.tensor([-2.0, 0.0, 2.0]))
    torch.testing.assert_close(found, torch.tensor(values))


@pytest.mark.parametrize("name", ["gelu", "", None, ["relu"], nn.ReLU])
def test_another_one_is_refused(name: object) -> None:
    with pytest.raises(ValueError, match=r"^activation is .*; accepted: relu, sigmoid, tanh$"):
        layers.nonlinearity(name)  # type: ignore[arg-type]


def test_sizes_that_fit_pass() -> None:
    assert layers.positive("filters", [6, 12]) == (6, 12)
    assert layers.positive("filters", []) == ()
    assert layers.whole("padding", 0, least=0) == 0


@pytest.mark.parametrize("values", [[0], [6, -1], [1.0], [True], ["6"], 6, "66", None, {"a": 6}, [10**12]])
def test_a_list_that_is_none_is_refused(values: object) -> None:
    with pytest.raises(ValueError, match=r"^filters is .*; accepted: a list of whole numbers > 0$"):
        layers.positive("filters", values)


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "3", None, [3], 10**12])
def test_a_size_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"^kernel_size is .*; accepted: a whole number ≥ 1$"):
        layers.whole("kernel_size", value, least=1)
