"""What estimators answer where the truth is known: those that should be right are, and others show their bias."""

import numpy as np
import pytest
import xarray as xr

from infoplane import store
from infoplane.analysis import calibration
from infoplane.analysis.calibration import Design, Shape

INPUT = Shape("input", "input", 1, 6, distance=3.0)
FC = Shape("fc1", "fully_connected", 1, 4, distance=2.0)
CONV = Shape("conv1", "convolutional", 2, 8, distance=2.0, maps=True)
DESIGN = Design(size=64, classes=3, repetitions=3, seed=0)
RENYI = {
    "name": "renyi",
    "kind": "renyi",
    "alpha": 1.01,
    "joint": "multivariate",
    "bandwidth": {"rule": "silverman", "scale": 1.0},
    "label_kernel": "indicator",
}
BINS = {
    "name": "bins",
    "kind": "binning",
    "edges": {"rule": "equal_width", "bins": 30, "low": -1.0, "high": 1.0},
    "read": "activation",
}
NOISE = {"name": "noise", "kind": "kde", "noise_variance": 0.1, "probe_size": 32}


@pytest.fixture(scope="module")
def found() -> dict[str, xr.Dataset]:
    return calibration.calibrate(calibration.pairs(INPUT, [CONV, FC]), [RENYI, BINS, NOISE], DESIGN)


def test_truths_go_beyond_what_so_many_samples_can_tell(found) -> None:
    assert found["input"]["truth"].values.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert found["target"]["truth"].values == pytest.approx(np.log2(3) * np.array(calibration.SHARES))
    assert found["input"]["layer"].values.tolist() == ["1 dimension", "2 dimensions", "conv1", "fc1"]
    assert found["input"]["estimator"].values.tolist() == ["renyi", "bins", "noise_upper", "noise_lower"]
    assert found["input"]["control"].values.tolist() == ["none", "shuffled_samples"]
    assert found["target"]["control"].values.tolist() == ["none", "permuted_labels"]
    assert all(np.isfinite(side["estimate"]).all() for side in found.values())


def test_many_samples_have_truths_that_lie_further_apart() -> None:
    assert Design(4096, 2, 5, 0).truths("input") == [0, 2, 4, 6, 8, 10, 12, 14]


def test_bins_are_right_where_samples_are_many_and_end_at_log2_n(found) -> None:
    """Two points in 64 samples lack 1 / (2 · 64 ln 2) = 0.01 bits, eight 0.08, and the draws spread by as much."""
    answers = found["input"]["estimate"].sel(estimator="bins", layer="fc1", control="none")
    assert answers.sel(truth=[0, 1, 2, 3]).mean("repetition").values == pytest.approx([0, 1, 2, 3], abs=0.15)
    assert answers.max() <= 6
    assert (answers.sel(truth=8) < 6.01).all()
    assert (answers.sel(truth=8) > 5.5).all()


def test_bins_show_how_many_of_them_there_are(found) -> None:
    """256 points on a line of 30 bins are 30 at most."""
    answers = found["input"]["estimate"].sel(estimator="bins", layer="1 dimension", control="none", truth=8)
    assert float(answers.max()) < np.log2(30)


def test_bins_and_bounds_do_not_see_how_samples_are_paired(found) -> None:
    answers = found["input"]["estimate"].sel(estimator=["bins", "noise_upper"], layer="fc1")
    assert answers.sel(control="shuffled_samples").values == pytest.approx(answers.sel(control="none").values)


def test_bounds_bracket_the_truth_where_samples_fill_the_space(found) -> None:
    """To 0.25 bits, of 32 samples in one dimension."""
    answers = found["input"]["estimate"].sel(layer="1 dimension", control="none", truth=[1, 2]).mean("repetition")
    assert (answers.sel(estimator="noise_lower") < answers["truth"] + 0.25).all()
    assert (answers.sel(estimator="noise_upper") > answers["truth"] - 0.25).all()


def test_the_bounds_of_a_part_of_the_samples_end_at_their_own_log2_n(found) -> None:
    assert float(found["input"]["estimate"].sel(estimator=["noise_upper", "noise_lower"]).max()) < 5 + 1e-9


def test_a_matrix_based_estimate_shows_its_bias(found) -> None:
    """In one dimension answers rise with the truth, from a floor above 0 that independent pairs have too."""
    answers = found["input"]["estimate"].sel(estimator="renyi", layer="1 dimension").mean("repetition")
    own, floor = answers.sel(control="none"), answers.sel(control="shuffled_samples")
    assert float(own.sel(truth=0)) == pytest.approx(float(floor.mean()), abs=0.3)
    assert float(floor.min()) > 0.2
    assert (own.sel(truth=[0, 1, 2, 3]).diff("truth") > 0.1).all()
    assert float(own.sel(truth=8)) < 5


def test_labels_are_told_apart_but_by_bins_that_a_layer_leaves_on_both_sides(found) -> None:
    answers = found["target"]["estimate"].sel(layer="1 dimension").mean("repetition")
    own, floor = answers.sel(control="none"), answers.sel(control="permuted_labels")
    gained = own - floor
    assert (abs(gained.isel(truth=0)) < 0.3).all()
    assert (gained.isel(truth=-1).sel(estimator=["renyi", "noise_upper"]) > 0.6).all()
    assert float(gained.isel(truth=-1).sel(estimator="bins")) < 0.6


def test_draws_hang_on_nothing_but_the_seed(found) -> None:
    again = calibration.calibrate(calibration.pairs(INPUT, [CONV]), [RENYI], DESIGN)
    for side, data in again.items():
        expected = found[side].sel(estimator=["renyi"], layer=data["layer"])
        xr.testing.assert_identical(data["estimate"].drop_attrs(), expected["estimate"].drop_attrs())


def test_samples_that_lie_close_together_are_one_to_a_kernel(found) -> None:
    near = Shape("fc1", "fully_connected", 1, 4, distance=1e-3)
    answers = calibration.calibrate([(INPUT, near)], [RENYI], DESIGN)["input"]["estimate"]
    assert float(answers.max()) < 1e-3
    assert float(found["input"]["estimate"].sel(estimator="renyi", layer="fc1").min()) > 1


def test_a_layer_whose_distance_nobody_measured_is_drawn_as_wide_as_the_bins() -> None:
    unknown = Shape("fc1", "fully_connected", 1, 1)
    answers = calibration.calibrate([(unknown, unknown)], [BINS], DESIGN)["target"]["estimate"]
    assert float(answers.sel(control="none").isel(truth=-1).min()) > 1


def test_shapes_take_their_distances_from_the_end_of_training() -> None:
    layers = {"fc1": {"kind": "fully_connected", "channels": 1, "dimension": 4}}
    inputs, fc1 = calibration.shapes((2, 3), layers)
    assert (inputs.dimension, fc1.dimension) == (6, 4)
    dims = ("variant", "seed", "estimator", "split", "epoch", "layer", "probe_batch")
    values = xr.DataArray(np.zeros((2, 3, 1, 1, 3, 1, 1)), dims=dims)
    by_epoch = xr.DataArray([1.0, 2.0, np.nan], dims="epoch")
    by_variant = xr.DataArray([1.0, 10.0], dims="variant")
    layer = (values + by_epoch * by_variant).transpose(*dims)
    data = xr.Dataset({"median_distance": layer, "median_distance_input": 0 * layer.isel(layer=0) + 7})
    tree = xr.DataTree.from_dict(
        {"information": data.assign_coords(variant=["a", "b"], layer=["fc1"], estimator=["renyi"])}
    )
    tree.attrs["experiment"] = {"estimators": [BINS, RENYI]}
    found = calibration.with_distances([inputs, fc1], tree, variant="b")
    assert [each.distance for each in found] == [7, 20]
    assert [each.maps for each in found] == [False, True]
    tree.attrs["experiment"] = {"estimators": [BINS]}
    assert calibration.with_distances([inputs, fc1], tree, variant="b") == [inputs, fc1]


def test_it_is_an_artifact_of_the_data_model(found, tmp_path) -> None:
    dims = ("estimator", "control", "layer")
    with store.writing(tmp_path / "known.zarr", "known", provenance={}) as writer:
        for side, answers in found.items():
            data = answers.assign(measured=(dims, np.zeros((4, 2, 4)), {"units": "bits"}))
            writer.add(data, group=f"/{side}")
    read = store.load(tmp_path / "known.zarr", "known")
    assert read["target"].to_dataset()["estimate"].equals(found["target"]["estimate"])


def test_what_the_networks_got_is_the_mean_at_the_end(found) -> None:
    """Of three epochs the last has no value, of two seeds both count; few dimensions and other estimators have none."""
    dims = ("variant", "seed", "estimator", "control", "split", "epoch", "layer", "probe_batch")
    values = np.zeros((2, 2, 1, 2, 1, 3, 1, 1))
    values[1, 1] = 4.0
    values[:, :, :, 1] += 1.0
    values[..., 2, :, :] = np.nan
    information = xr.DataArray(
        values,
        {
            "variant": ["a", "b"],
            "estimator": ["renyi"],
            "control": ["none", "shuffled_samples"],
            "layer": ["fc1"],
            "kind": ("layer", np.array(["fully_connected"], dtype=np.dtypes.StringDType())),
        },
        dims,
    )
    names = ("mutual_information_input_layer", "mutual_information_layer_target")
    summary = xr.DataTree.from_dict({"information": xr.Dataset(dict.fromkeys(names, information))})
    both = calibration.with_measured(found, summary, variant="b")
    own = both["input"]["measured"].sel(estimator="renyi")
    assert own.sel(layer="fc1").values.tolist() == [2.0, 3.0]
    assert own.sel(layer=["1 dimension", "conv1"]).isnull().all()
    assert both["input"]["measured"].sel(estimator="bins").isnull().all()
    assert both["target"]["measured"].sel(estimator="renyi", layer="fc1").values[0] == 2.0
    assert np.isnan(both["target"]["measured"].sel(estimator="renyi", layer="fc1", control="permuted_labels"))
    assert both["input"]["measured"].attrs["units"] == "bits"
