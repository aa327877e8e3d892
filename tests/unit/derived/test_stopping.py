"""When early stopping would have ended a training."""

import numpy as np
import pytest
import xarray as xr

from infoplane.derived import stopping

EPOCHS = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def stop(*rows, patience):
    accuracy = xr.DataArray(np.array(rows), dims=("seed", "epoch"), coords={"epoch": EPOCHS})
    return stopping.stop(accuracy, patience)


@pytest.mark.parametrize(("patience", "expected"), [(1, 2), (2, 3), (3, np.nan)])
def test_it_ends_after_so_many_checkpoints_without_a_better_one(patience, expected):
    found = stop([0.1, 0.8, 0.7, 0.8, 0.9, 0.9], patience=patience)
    assert found.dims == ("seed",)
    np.testing.assert_array_equal(found, [expected])


def test_an_equal_accuracy_is_no_better_one():
    assert stop([0.1, 0.5, 0.5, 0.6, 0.7, 0.8], patience=1).item() == 2


def test_every_network_by_itself():
    found = stop([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [0.5, 0.4, 0.3, 0.2, 0.1, 0.0], patience=2)
    np.testing.assert_array_equal(found, [np.nan, 2])


def test_a_network_that_diverged_does_not_stop_afterwards():
    found = stop([0.1, 0.2, np.nan, np.nan, np.nan, np.nan], [0.1, 0.05, np.nan, np.nan, np.nan, np.nan], patience=1)
    np.testing.assert_array_equal(found, [np.nan, 1])
