"""The planted pattern must show in the numbers of every figure."""

import numpy as np
import pandas as pd
import pytest

from infoplane import figures
from infoplane.errors import ConfigError

EPOCH = "epoch [epochs]"


def _mean(table, **chosen):
    rows = table[table["seed"] == "mean"]
    for column, value in chosen.items():
        rows = rows[rows[column] == value]
    return rows.set_index(EPOCH)


def test_information_plane_shows_compression_for_sigmoid_only(summary):
    table = figures.information_plane.table(summary)
    quantity = "mutual_information_input_layer [bits]"
    for variant, compresses in (("v01", False), ("v04", True)):
        for layer in ("conv1", "output"):
            path = _mean(table, variant=variant, layer=layer)[quantity]
            assert (path.max() - path.loc[10.0] > 0.5) == compresses


def test_information_plane_has_the_limits(summary):
    table = figures.information_plane.table(summary)
    np.testing.assert_allclose(table["entropy_input [bits]"], 5.8)
    np.testing.assert_allclose(table["entropy_target [bits]"], 3.28)
    np.testing.assert_allclose(table["log2_n [bits]"], np.log2(100))


def test_an_estimator_may_have_its_own_number_of_samples(build):
    summary = build([("3-6", "relu")], estimators=[{"name": "renyi", "kind": "renyi", "probe_size": 64}])
    assert set(figures.information_plane.table(summary)["log2_n [bits]"]) == {6.0}


def test_modified_plane_keeps_convolutions_with_two_maps(build):
    table = figures.modified_information_plane.table(build([("1-6", "relu"), ("3-6", "relu")]))
    assert set(table.query("variant == 'v00'")["layer"]) == {"conv2"}
    assert set(table.query("variant == 'v01'")["layer"]) == {"conv1", "conv2"}


def test_modified_plane_shows_both_sides_in_bits(summary):
    last = _mean(figures.modified_information_plane.table(summary), variant="v00", layer="conv1").loc[10.0]
    about_input = last["weighted_nonredundant_information_input [bits]"]
    about_target = last["weighted_nonredundant_information_target [bits]"]
    assert about_input / about_target == pytest.approx(5.8 / 3.28)


def test_modified_plane_without_a_convolution(summary):
    with pytest.raises(
        ConfigError, match=r"needs a convolutional layer with two feature maps or more, and none of fc1"
    ):
        figures.modified_information_plane.table(summary, layers=["fc1", "fc2"])


def test_data_processing_finds_the_planted_violation_alone(summary):
    table = figures.data_processing.table(summary)
    violated = table[table["violates"]]
    assert violated[["variant", "chain", "stage", "layer"]].to_numpy().tolist() == [
        ["v01", "error", "at the end", "fc1"]
    ]
    assert violated["rise [bits]"].item() == pytest.approx(0.3)


def test_the_tolerance_decides_what_is_a_violation(summary):
    assert not figures.data_processing.table(summary, tolerance=0.31)["violates"].any()
    assert figures.data_processing.table(summary, tolerance=0.29)["violates"].any()


def test_a_rising_forward_chain_is_violated(build):
    summary = build([("3-6", "relu")])
    summary["information"]["mutual_information_input_layer"].loc[{"layer": "fc2"}] += 2.0
    violated = figures.data_processing.table(summary).query("violates and chain == 'forward'")
    assert set(violated["layer"]) == {"fc2"}
    assert set(violated["stage"]) == {"untrained", "after the first epoch", "at the end"}


def test_chains_step_over_a_missing_layer(summary):
    rows = figures.data_processing.table(summary).query("variant == 'v03' and stage == 'at the end'")
    chain = rows.query("chain == 'error' and seed == 'mean' and control == 'none'").set_index("layer")
    assert chain.loc["conv2", "rise [bits]"] == pytest.approx(-1.0), "from fc2 straight to conv2"


def test_the_error_chain_starts_beside_the_output(summary):
    table = figures.data_processing.table(summary)
    assert "output" not in set(table.query("chain == 'error'")["layer"])
    assert "output" in set(table.query("chain == 'forward'")["layer"])


@pytest.mark.parametrize(
    ("epochs", "stages"),
    [
        ((0, 0.5, 1.1, 3), {"untrained": 0, "after the first epoch": 1.1, "at the end": 3}),
        ((0, 0.5, 1), {"untrained": 0, "at the end": 1}),
        ((2, 5), {"after the first epoch": 2, "at the end": 5}),
    ],
)
def test_stages(build, epochs, stages):
    table = figures.data_processing.table(build([("3-6", "relu")], epochs=epochs))
    assert dict(zip(table["stage"], table[EPOCH], strict=True)) == stages


MAPS = ("multivariate_information", "redundancy_synergy", "degrees")
RST, WNI = "redundancy_synergy_tradeoff_percent [%]", "weighted_nonredundant_information_percent [%]"


def _at_the_end(table, layer="conv1", hue="relu"):
    chosen = (table["control"] == "none") & (table[EPOCH] == 10) & (table["layer"] == layer) & (table["hue"] == hue)
    return table[chosen].sort_values("channels")


def test_information_grows_with_filters_under_its_bound(summary):
    relu = _at_the_end(figures.multivariate_information.table(summary))
    assert list(relu["channels"]) == [3, 6, 12]
    together = relu["multivariate_mutual_information [bits]"]
    assert together.is_monotonic_increasing
    assert (together < relu["entropy_input [bits]"]).all()


def test_information_comes_with_the_accuracy_at_the_end(summary):
    table = figures.multivariate_information.table(summary)
    training = summary["training"].to_dataset()["accuracy"].sel(split="test")
    expected = training.sel(epoch=10.0).mean("seed").to_series()
    diverged = training.sel(variant="v02", epoch=10.0).dropna("seed").mean()
    assert expected["v02"] == pytest.approx(float(diverged)), "of the seeds that are left"
    for variant, rows in table.groupby("variant"):
        np.testing.assert_allclose(rows["accuracy [1]"], expected[variant])


def test_redundancy_falls_with_filters(summary):
    assert _at_the_end(figures.redundancy_synergy.table(summary))[RST].is_monotonic_decreasing


def test_shares_add_up(summary):
    table = figures.redundancy_synergy.table(summary)
    np.testing.assert_allclose(table[RST] + table[WNI], 100)


def test_degrees_go_opposite_ways_with_filters(summary):
    relu = _at_the_end(figures.degrees.table(summary))
    assert relu["degree_of_redundancy [1]"].is_monotonic_increasing
    assert relu["degree_of_vulnerability [1]"].is_monotonic_decreasing


@pytest.mark.parametrize("name", MAPS)
def test_shuffled_samples_are_drawn_at_the_end_only(name, summary):
    table = figures.table(name, summary)
    assert set(table[table["control"] == "shuffled_samples"][EPOCH]) == {10}
    assert set(table[table["control"] == "none"][EPOCH]) >= {0, 10}


def test_maps_about_the_target(summary):
    table = figures.multivariate_information.table(summary, about="target")
    assert set(table["entropy_target [bits]"].round(6)) == {3.28}
    assert set(table["about"]) == {"target"}


def test_hue_is_what_the_filters_do_not_tell(build, summary):
    assert set(figures.degrees.table(summary)["hue"]) == {"relu", "sigmoid"}
    assert set(figures.degrees.table(summary, hue="model.filters")["hue"]) == {
        "filters 3-6",
        "filters 6-12",
        "filters 12-24",
    }
    only_filters = build([("3-6", "relu"), ("6-12", "relu")])
    assert set(figures.degrees.table(only_filters)["hue"]) == {""}


def test_a_series_varies_the_maps_of_one_layer(build):
    crossed = build([("3-6", "relu"), ("6-6", "relu"), ("12-6", "relu"), ("6-12", "relu"), ("6-12", "sigmoid")])
    table = figures.degrees.table(crossed).drop_duplicates(["variant", "layer"])
    members = table.groupby(["layer", "series"])["variant"].agg(set).to_dict()
    assert members[("conv1", "6 in conv2, relu")] == {"v00", "v01", "v02"}
    assert members[("conv2", "6 in conv1, relu")] == {"v01", "v03"}
    assert members[("conv1", "12 in conv2, relu")] == {"v03"}
    assert {"v04"} in members.values(), "sigmoid has no series"


def test_layers_left_out_still_tell_series_apart(build):
    crossed = build([("3-6", "relu"), ("6-6", "relu"), ("6-12", "relu"), ("6-24", "relu")])
    table = figures.degrees.table(crossed, layers=["conv1"])
    assert set(table.query("variant in ('v00', 'v01')")["series"]) == {"6 in conv2"}
    assert set(table.query("variant == 'v03'")["series"]) == {"24 in conv2"}


def test_filters_that_vary_together_are_one_series(build):
    table = figures.degrees.table(build([("3-6", "relu"), ("6-12", "relu"), ("12-24", "relu")]))
    assert set(table["series"]) == {""}


def test_hue_must_be_swept(summary):
    with pytest.raises(ConfigError, match=r"'hue' 'model' is no swept key; choose from model.filters, model.activ"):
        figures.degrees.table(summary, hue="model")


@pytest.mark.parametrize("name", MAPS)
def test_maps_without_a_convolution(name, summary):
    with pytest.raises(ConfigError, match=rf"'{name}' needs a convolutional layer, and none of fc1, fc2 is one"):
        figures.table(name, summary, {"layers": ["fc1", "fc2"]})


def test_planes_show_what_each_plane_shows(summary):
    both = figures.planes.table(summary)
    measured = both[both["control"] == "none"].drop(columns="control")
    for page in (figures.information_plane, figures.modified_information_plane):
        alone = page.table(summary, layers=["conv1", "conv2"]).drop(
            columns=["control", "log2_n [bits]"], errors="ignore"
        )
        shared = [name for name in alone if name in measured]
        pd.testing.assert_frame_equal(
            measured[shared].reset_index(drop=True), alone[shared].reset_index(drop=True), check_dtype=False
        )


def test_planes_show_compression_in_the_modified_plane_for_sigmoid_only(summary):
    table = figures.planes.table(summary)
    for variant, compresses in (("v01", False), ("v04", True)):
        path = _mean(table, variant=variant, layer="conv1", control="none")[
            "weighted_nonredundant_information_input [bits]"
        ]
        assert (path.max() - path.loc[10.0] > 0.1 * path.max()) == compresses


def test_planes_have_the_shuffled_samples(summary):
    table = figures.planes.table(summary)
    quantity = "mutual_information_input_layer [bits]"
    shuffled = _mean(table, variant="v00", layer="conv1", control="shuffled_samples")[quantity]
    measured = _mean(table, variant="v00", layer="conv1", control="none")[quantity]
    np.testing.assert_allclose(shuffled, 0.2 * measured, atol=1e-6)


def test_planes_without_a_convolution(summary):
    with pytest.raises(ConfigError, match=r"'planes' needs a convolutional layer with two feature maps or more"):
        figures.planes.table(summary, layers=["fc1"])


def test_kernel_widths_show_every_layer_its_errors_and_the_input(summary):
    table = figures.kernel_widths.table(summary)
    ratio = "median_distance_over_bandwidth [1]"
    activations, errors = (
        _mean(table, variant="v00", layer="conv1", of=what)[ratio] for what in ("activations", "errors")
    )
    np.testing.assert_allclose(activations, 2 * 0.98)
    np.testing.assert_allclose(errors.loc[[0.0, 4.0]], [5.0, 1.0])
    np.testing.assert_allclose(table["median_distance_over_bandwidth_input [1]"], 2.1)


def test_a_layer_whose_samples_are_all_alike_counts_as_zero(build):
    summary = build([("3-6", "relu")])
    data = summary["information"].to_dataset()
    alike = (data["layer"] == "fc1") & (data["seed"] == 0) & (data["epoch"] == 10)
    data["median_distance"] = data["median_distance"].where(~alike, 0.0)
    summary["information"] = data
    table = figures.kernel_widths.table(summary)
    at_the_end = _mean(table, layer="fc1", of="activations").loc[10.0]
    before = _mean(table, layer="fc1", of="activations").loc[7.0]
    ratio = "median_distance_over_bandwidth [1]"
    assert at_the_end[ratio] == pytest.approx(2 / 3 * before[ratio])
    assert at_the_end["seeds"] == 3


def test_kernel_widths_do_without_an_error_chain(build):
    summary = build([("3-6", "relu")])
    del summary["error_chain"]
    assert set(figures.kernel_widths.table(summary)["of"]) == {"activations"}


def test_a_layer_without_a_bandwidth_has_no_ratio(build):
    summary = build([("3-6", "relu")])
    data = summary["information"].to_dataset()
    data["bandwidth"] = data["bandwidth"].where(data["layer"] != "fc1", 0.0)
    summary["information"] = data
    assert "fc1" not in set(figures.kernel_widths.table(summary).query("of == 'activations'")["layer"])


def test_training_shows_the_gap_and_the_phases(summary):
    table = figures.training.table(summary)
    last = _mean(table, variant="v00").loc[[10.0]]
    loss = last.dropna(subset=["split"]).set_index("split")["loss [nats]"]
    assert loss["test"] > loss["train"]
    drift = _mean(table, variant="v00", layer="conv1")
    ratio = drift["gradient_mean_norm [1]"] / drift["gradient_std_norm [1]"]
    assert ratio.loc[0.25] > 1 > ratio.loc[10.0]


def test_training_counts_diverged_seeds(summary):
    table = figures.training.table(summary)
    diverged = table[table["diverged_epoch [epochs]"].notna()]
    assert set(zip(diverged["variant"], diverged["seed"], strict=True)) == {("v02", "1")}
    assert diverged[EPOCH].max() == 2.0


def test_the_bottleneck_has_a_fit_of_every_layer_and_an_infinite_one(summary):
    table = figures.bottleneck.table(summary)
    layers = table[(table["seed"] == "mean") & (table["variant"] == "v00") & (table["control"] == "none")]
    betas = layers.set_index("layer")["bottleneck_beta_median [1]"]
    np.testing.assert_allclose(betas, [np.inf, *(1 + 60 * np.exp(-np.arange(1, 5)))])
    informations = layers[[f"bottleneck_information_{side} [bits]" for side in ("input", "target")]].to_numpy()
    np.testing.assert_allclose(informations[:, 1], 0.9 * 3.28 * -np.expm1(-informations[:, 0] / 3.28), rtol=1e-3)
    assert set(table[EPOCH].dropna()) == {10.0}


def test_quartiles_of_beta_are_values_of_seeds(build):
    summary = build([("3-6", "relu")], seeds=range(5))
    values = summary["bottleneck"]["bottleneck_beta"].values
    values[:] = np.reshape([1, np.inf, 3, 2, np.inf], (1, 5, *[1] * (values.ndim - 2)))
    point = figures.bottleneck.table(summary).query("seed == 'mean' and layer == 'fc1' and control == 'none'").iloc[0]
    names = [f"bottleneck_beta_{name} [1]" for name in ("lower_quartile", "median", "upper_quartile")]
    assert point[names].tolist() == [2, 3, np.inf]


def test_the_bottleneck_has_its_curve_once_a_variant(summary):
    table = figures.bottleneck.table(summary)
    curve = table[(table["variant"] == "v01") & table["layer"].isna()]
    x, y = (curve[f"curve_information_{side} [bits]"] for side in ("input", "target"))
    np.testing.assert_allclose(y, 3.28 * -np.expm1(-x / 3.28))
    assert len(curve) == 12
    np.testing.assert_allclose(table["curve_bound [bits]"], 3.28)
