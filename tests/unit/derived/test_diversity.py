"""How far apart networks end, where it is known."""

import numpy as np
import pytest
import xarray as xr

from infoplane.derived import diversity

NAN = np.nan


def _weights(*, plain, matched, travelled):
    """Three seeds and two epochs; what they travelled (seed, epoch)."""
    moved = np.zeros((1, 3, 2, 2))
    moved[0, :, 0] = travelled
    pairs = ("variant", "seed", "other_seed")
    return xr.Dataset(
        {
            "weight_displacement": (("variant", "seed", "epoch", "other_epoch"), moved),
            "weight_distance": (pairs, np.array([plain])),
            "weight_distance_matched": (pairs, np.array([matched])),
        },
        {"variant": ["v"], "seed": [0, 1, 2], "other_seed": [0, 1, 2], "epoch": [0.0, 9.0], "other_epoch": [0.0, 9.0]},
    )


PLAIN = [[0.0, 6, 8], [6, 0, 9], [8, 9, 0]]
MATCHED = [[0.0, 4, 2], [4, 0, 6], [2, 6, 0]]
TRAVELLED = [[0, 2], [0, 4], [0, 1]]


def test_nearest_is_matched_and_in_shares_of_the_way():
    found = diversity.nearest(_weights(plain=PLAIN, matched=MATCHED, travelled=TRAVELLED))
    np.testing.assert_array_equal(found.squeeze(), [1, 1, 2])


def test_networks_that_cannot_be_matched_are_compared_as_they_are():
    found = diversity.nearest(_weights(plain=PLAIN, matched=np.full((3, 3), NAN), travelled=TRAVELLED))
    np.testing.assert_array_equal(found.squeeze(), [3, 1.5, 8])


def test_a_network_that_diverged_or_never_moved_has_no_nearest():
    gone = np.where(np.arange(3) == 1, NAN, PLAIN)
    gone[1] = NAN
    found = diversity.nearest(_weights(plain=gone, matched=gone, travelled=[[0, 2], [0, NAN], [0, 0]]))
    np.testing.assert_array_equal(found.squeeze(), [4, NAN, NAN])


def test_the_distance_of_planes_is_over_layers_and_both_informations():
    dims = ("seed", "epoch", "layer")
    x, y = np.zeros((2, 2, 2)), np.zeros((2, 2, 2))
    x[1, 1], y[1, 1] = [3.0, 0.0], [4.0, 1.0]
    data = xr.Dataset(
        dict(zip(diversity.COORDINATES, ((dims, x), (dims, y)), strict=True)),
        {"seed": [0, 1], "epoch": [0.0, 9.0], "layer": ["fc1", "output"], "kind": ("layer", ["fully_connected"] * 2)},
    )
    found = diversity.plane_distance(data)
    assert found.values[0, 1] == found.values[1, 0] == pytest.approx(np.sqrt((25 + 1) / 2))
    assert not found.values.diagonal().any()
