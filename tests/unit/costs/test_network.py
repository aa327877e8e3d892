"""Sizes of networks, counted by hand."""

from pathlib import Path

import pytest

from infoplane.costs import network
from infoplane.errors import ConfigError

from ...conftest import MODELS


def size(model: dict[str, object], shape: tuple[int, ...] = (1, 6, 6), **more: Path) -> network.Size:
    return network.size(model, shape, 3, **{"folder": Path(), **more})


def test_a_fully_connected_network() -> None:
    """36 → 6 → 4 → 3, each with its biases; every weight works once for a sample."""
    found = size(MODELS["mlp"])
    assert found.parameters == 36 * 6 + 6 + 6 * 4 + 4 + 4 * 3 + 3
    assert found.operations == 36 * 6 + 6 * 4 + 4 * 3
    assert found.layers == ((1, 6), (1, 4), (1, 3))
    assert found.numbers == 13


def test_a_convolution_works_at_every_position() -> None:
    """Two filters of 3 × 3 at 6 × 6 places, then three on two maps of 3 × 3, each pooled to half."""
    found = size(MODELS["lenet"])
    assert found.operations == 2 * 9 * 36 + 3 * 2 * 9 * 9 + 3 * 5 + 5 * 3
    assert found.layers == ((2, 2 * 36), (3, 3 * 9), (1, 5), (1, 3))


def test_layers_that_are_looked_at(networks: Path) -> None:
    own = {"factory": "networks.py:dropout"}
    assert size(own, folder=networks.parent).layers == ((1, 6), (1, 3))


def test_a_network_that_cannot_be_made() -> None:
    with pytest.raises(ConfigError, match="model 'mpl' is not known; did you mean 'mlp'"):
        size({"name": "mpl"})
