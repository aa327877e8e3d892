"""Codes, their widths, and where they switch from staying to turning back, on curves of which these are known."""

import numpy as np
import pytest
import xarray as xr

from infoplane.derived import autoencoders
from infoplane.derived.autoencoders import Family

NAN = np.nan
SYMMETRIC = ["encoder1", "encoder2", "code", "decoder2", "decoder1", "output"]
PAIRS = [("input", "output"), ("encoder1", "decoder1"), ("encoder2", "decoder2")]
EIGHTS = Family({}, ("a", "b", "c"), (2.0, 4.0, 8.0))


def network(layers, pairs, *, lacks=()):
    """Layers and pairs of one variant, as the group /layer_pairs has them, but for those that it lacks."""
    own = [name for name in layers if name not in lacks]
    depths = [own.index(name) + 1 if name in own else NAN for name in layers]
    kept = [(first, second) if not {first, second} & set(lacks) else ("", "") for first, second in pairs]
    at = ("variant", "pair")
    return xr.Dataset(
        coords={
            "variant": ["v"],
            "layer": layers,
            "depth": (("variant", "layer"), [depths]),
            "pair": [", ".join(pair) for pair in pairs],
            "first": (at, [[first for first, _ in kept]]),
            "second": (at, [[second for _, second in kept]]),
        }
    )


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (network(SYMMETRIC, PAIRS), "code"),
        (network(SYMMETRIC, PAIRS[:2]), "code"),  # the middle one of three
        (network(SYMMETRIC, PAIRS, lacks=["code"]), ""),
        (network(SYMMETRIC, PAIRS, lacks=["decoder2"]), "encoder2"),  # with the code between encoder1 and decoder1
        (network(SYMMETRIC, PAIRS[:1]), ""),  # the input is no layer
        (network(["a", "b", "c", "d", "output"], [("input", "output"), ("a", "d")]), "b"),  # the first of two
        (network(["b", "z", "a", "output"], [("input", "output"), ("a", "b")]), "z"),  # named the other way round
    ],
)
def test_the_code_is_between_the_innermost_pair(data, name):
    assert autoencoders.codes(data).values.tolist() == [name]


def test_values_of_the_code_are_those_of_each_variant():
    values = xr.DataArray([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], {"variant": [*"abc"], "layer": ["h", "z"]})
    codes = xr.DataArray(["h", "z", ""], {"variant": [*"abc"]})
    np.testing.assert_array_equal(autoencoders.of_code(values, codes), [1, 4, NAN])


def test_values_before_the_code_are_those_of_each_variant():
    depth = [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [NAN, 1.0, 2.0], [1.0, 2.0, 3.0]]
    values = xr.DataArray(
        [[1.0, 2.0, 3.0]] * 4,
        {"variant": [*"abcd"], "layer": ["g", "h", "z"], "depth": (("variant", "layer"), depth)},
        ("variant", "layer"),
    )
    codes = xr.DataArray(["z", "h", "z", ""], {"variant": [*"abcd"]})
    expected = [[1, 2, NAN], [1, NAN, NAN], [NAN, 2, NAN], [NAN] * 3]
    np.testing.assert_array_equal(autoencoders.before_code(values, codes), expected)


class TestWidths:
    DATA = xr.Dataset(coords={"variant": ["a", "b"], "model.code": ("variant", ["2", "wide"])})

    def test_of_the_sweep(self):
        np.testing.assert_array_equal(autoencoders.widths(self.DATA, {"model": {"code": 36}}), [2, NAN])

    def test_of_the_experiment(self):
        data = self.DATA.drop_vars("model.code")
        np.testing.assert_array_equal(autoencoders.widths(data, {"model": {"code": 36}}), [36, 36])

    @pytest.mark.parametrize("experiment", [{}, {"model": {"name": "autoencoder"}}])
    def test_where_nothing_says(self, experiment):
        data = self.DATA.drop_vars("model.code")
        np.testing.assert_array_equal(autoencoders.widths(data, experiment), [NAN, NAN])


class TestKnownDimension:
    DATA = xr.Dataset(
        coords={
            "variant": ["a", "b"],
            "dataset.name": ("variant", ["manifold", "mnist"]),
            "dataset.dimension": ("variant", ["3", "3"]),
        }
    )

    def test_of_a_manifold_alone(self):
        np.testing.assert_array_equal(autoencoders.known_dimension(self.DATA, {}), [3, NAN])

    def test_of_the_experiment(self):
        data = self.DATA[["variant"]].drop_vars(["dataset.name", "dataset.dimension"])
        for name, known in (("manifold", 5), ("mnist", NAN)):
            experiment = {"dataset": {"name": name, "dimension": 5}}
            np.testing.assert_array_equal(autoencoders.known_dimension(data, experiment), [known, known])

    def test_noise_takes_data_off_their_manifold(self):
        data = self.DATA.assign_coords({"dataset.noise": ("variant", ["0.1", "0.1"])})
        assert np.isnan(autoencoders.known_dimension(data, {})).all()
        clean = {"dataset": {"noise": 0}}
        np.testing.assert_array_equal(autoencoders.known_dimension(self.DATA, clean), [3, NAN])


class TestFamilies:
    def test_every_value_of_the_other_keys_has_one_by_ascending_width(self):
        data = xr.Dataset(
            coords={
                "variant": [*"abcde"],
                "dataset.dimension": ("variant", ["2", "2", "6", "6", "6"]),
                "model.code": ("variant", ["16", "8", "8", "unknown", "2"]),
            }
        )
        two, six = autoencoders.families(data, {})
        assert two == Family({"dataset.dimension": "2"}, ("b", "a"), (8.0, 16.0))
        assert six == Family({"dataset.dimension": "6"}, ("e", "c"), (2.0, 8.0))
        assert (two.name, six.name) == ("dimension 2", "dimension 6")

    def test_of_one_that_is_not_swept(self):
        data = xr.Dataset(coords={"variant": ["default"]})
        (found,) = autoencoders.families(data, {"model": {"code": 3}})
        assert found == Family({}, ("default",), (3.0,))
        assert found.name == ""
        assert autoencoders.families(data, {}) == []


class TestTurnBack:
    """The first rises and falls, the second rises, the third ends early, the fourth falls alone; one diverges."""

    VALUES = xr.DataArray(
        [
            [[1, 4, 3], [3.8, 4, 2]],
            [[1, 2, 4], [0, 0, 0]],
            [[1, 2, NAN], [1, 0.5, NAN]],
            [[2, 1, 1], [2, 1, NAN]],
        ],
        dims=("variant", "seed", "epoch"),
        coords={"epoch": [0.0, 1.0, 2.0]},
    )

    def test_it_rises_and_it_falls_by_shares_of_the_peak(self):
        np.testing.assert_allclose(autoencoders.rise(self.VALUES), [[75, 5], [75, NAN], [50, 0], [0, NAN]])
        np.testing.assert_allclose(autoencoders.fall(self.VALUES), [[25, 50], [0, NAN], [0, 50], [50, NAN]])

    def test_without_the_untrained_networks_nothing_is_known_of_the_rise(self):
        later = self.VALUES.isel(epoch=slice(1, None))
        assert autoencoders.rise(later).isnull().all()
        assert autoencoders.turn_back(later).isnull().all()

    def test_it_turns_back_by_the_smaller_of_both(self):
        np.testing.assert_allclose(autoencoders.turn_back(self.VALUES), [[25, 5], [0, NAN], [0, 0], [0, NAN]])

    def test_no_unit_matters(self):
        few = autoencoders.turn_back(self.VALUES / 1000)
        np.testing.assert_allclose(few, autoencoders.turn_back(self.VALUES))


def test_estimates_of_the_dimension_are_averaged_as_factors():
    estimates = xr.DataArray(
        [[[2.0, 8.0], [4.0, 4.0]], [[NAN, 3.0], [0.0, 12.0]], [[NAN, NAN], [NAN, NAN]]],
        dims=("variant", "method", "repetition"),
    )
    np.testing.assert_allclose(autoencoders.intrinsic_dimension(estimates), [4, 6, NAN])
    by_method = autoencoders.intrinsic_dimension(estimates, dims=("repetition",))
    np.testing.assert_allclose(by_method, [[4, 4], [3, 12], [NAN, NAN]])


@pytest.mark.parametrize(
    ("turned", "switching"),
    [
        ([0.0, 20.0, 30.0], 4),
        ([0.0, 5.0, 30.0], 8),  # as much as the tolerance is not more
        ([20.0, 0.0, 30.0], 8),  # a narrower one that turns back where a wider one does not counts for nothing
        ([20.0, 20.0, 30.0], 2),
        ([20.0, 20.0, 0.0], np.inf),
        ([0.0, NAN, 30.0], NAN),
    ],
)
def test_the_switch_is_where_all_wider_codes_turn_back(turned, switching):
    values = xr.DataArray([turned], {"seed": [0], "variant": [*"abc"]})
    found = autoencoders.switching_width(values, EIGHTS)
    assert found.dims == ("seed",)
    np.testing.assert_array_equal(found, [switching])


def test_another_tolerance_switches_elsewhere():
    values = xr.DataArray([[10.0, 20.0, 30.0]], {"seed": [0], "variant": [*"abc"]})
    assert autoencoders.switching_width(values, EIGHTS, tolerance=15).values.tolist() == [4]
