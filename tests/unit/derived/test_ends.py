"""Where curves start and end, for variants that were not looked at in the same epochs."""

import numpy as np
import pytest
import xarray as xr

from infoplane.derived import ends

NAN = np.nan


@pytest.fixture
def values() -> xr.DataArray:
    """The first variant is looked at untrained and to the end; the second later, and not so long."""
    rows = [[[0.0, 1, 2, NAN, 4], [0.5, 1, 2, NAN, NAN]], [[NAN, 10, NAN, 30, NAN], [NAN, 11, NAN, 31, NAN]]]
    coords = {"variant": ["a", "b"], "seed": [0, 1], "epoch": [0.0, 0.5, 1.0, 2.0, 4.0]}
    return xr.DataArray(rows, coords, ("variant", "seed", "epoch"))


def test_every_variant_has_a_last_epoch_of_its_own(values: xr.DataArray) -> None:
    np.testing.assert_array_equal(ends.last_epoch(values), [4.0, 2.0])


def test_a_network_that_has_gone_has_no_end(values: xr.DataArray) -> None:
    np.testing.assert_array_equal(ends.at_the_end(values), [[4, NAN], [30, 31]])


def test_what_was_not_looked_at_untrained_is_not_known(values: xr.DataArray) -> None:
    """The first epoch that there is is another one."""
    np.testing.assert_array_equal(ends.at(values, 0.0), [[0, 0.5], [NAN, NAN]])
    assert ends.at(values.sel(epoch=[0.5, 1.0]), 0.0).isnull().all()


@pytest.mark.parametrize(("epoch", "expected"), [(1.0, [1.0, 0.5]), (0.0, [0.5, 0.5]), (3.0, [4.0, 2.0])])
def test_the_nearest_epoch_is_one_of_training(values: xr.DataArray, epoch: float, expected: list[float]) -> None:
    np.testing.assert_array_equal(ends.nearest_epoch(values, epoch), expected)


def test_of_two_that_are_as_near_it_is_the_earlier(values: xr.DataArray) -> None:
    np.testing.assert_array_equal(ends.nearest_epoch(values, 1.25), [1.0, 0.5])
