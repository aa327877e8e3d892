"""Pairs of layers of a summary, by the graphs of its networks."""

import numpy as np
import pytest
import xarray as xr

from infoplane.derived import chains

LAYERS = ["conv1", "conv2", "conv3", "output"]


@pytest.fixture
def data():
    """A chain that lacks conv3, and a network with a skip connection from conv1 to conv3."""
    place = ("variant", "layer")
    return xr.Dataset(
        {"information": (("variant", "layer", "seed"), np.arange(16.0).reshape(2, 4, 2) ** 2)},
        {
            "variant": ["chain", "skip"],
            "layer": LAYERS,
            "inputs": (place, [["input", "conv1", "", "conv2"], ["input", "conv1", "conv1, conv2", "conv3"]]),
            "dominator": (place, [["input", "conv1", "", "conv2"], ["input", "conv1", "conv1", "conv3"]]),
        },
    )


def test_of_a_chain_they_are_neighbours(data):
    assert chains.markov_pairs(data, "chain") == [("conv1", "conv2"), ("conv2", "output")]
    assert chains.bypassed(data, "chain") == []


def test_a_skip_connection_goes_round_a_layer(data):
    assert chains.markov_pairs(data, "skip") == [("conv1", "conv2"), ("conv1", "conv3"), ("conv3", "output")]
    assert chains.bypassed(data, "skip") == [("conv2", "conv3")]


def test_falls_are_from_the_first_to_the_second(data):
    found = chains.falls(data["information"], "skip", [("conv1", "conv3"), ("conv3", "output")])
    assert found["pair"].values.tolist() == ["conv1 → conv3", "conv3 → output"]
    assert found.transpose("pair", "seed").values.tolist() == [[64 - 144, 81 - 169], [144 - 196, 169 - 225]]


def test_without_pairs_there_are_no_falls(data):
    assert chains.falls(data["information"], "chain", []).sizes["pair"] == 0
