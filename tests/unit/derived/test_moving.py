"""The moving average of an experiment, over epochs and never over networks."""

import numpy as np
import xarray as xr

from infoplane.derived import moving

DIMS = ("seed", "epoch", "probe_batch")


def group(values):
    values = np.asarray(values, dtype=float)[..., None]
    loss = xr.DataArray(values[..., 0], dims=DIMS[:2])
    return xr.Dataset({"entropy": xr.DataArray(values, dims=DIMS, attrs={"units": "bits"}), "loss": loss})


def test_an_epoch_is_averaged_with_those_before():
    found = moving.averaged(group([[6.0, 0.0, 3.0, 9.0]]), 3)
    assert found["entropy"].squeeze().values.tolist() == [6, 3, 3, 4]
    assert found["entropy"].attrs == {"units": "bits"}
    assert found["entropy"].dims == DIMS


def test_what_is_not_measured_on_mini_batches_stays():
    data = group([[6.0, 0.0, 3.0, 9.0]])
    xr.testing.assert_identical(moving.averaged(data, 3)["loss"], data["loss"])
    xr.testing.assert_identical(moving.averaged(data, 1), data)


def test_a_network_that_diverged_has_nothing_from_there_on():
    found = moving.averaged(group([[1.0, 3.0, np.nan, np.nan], [1.0, 1.0, 4.0, 4.0]]), 3)["entropy"].squeeze()
    np.testing.assert_array_equal(found.isel(seed=0), [1, 2, np.nan, np.nan])
    np.testing.assert_array_equal(found.isel(seed=1), [1, 1, 2, 3])


def test_an_experiment_without_one_has_none():
    assert moving.length({}) == 1
    assert moving.length({"moving_average": 10}) == 10
