"""The planted pattern must show in the numbers of every figure."""

import numpy as np
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
    chain = rows[(rows["chain"] == "error") & (rows["seed"] == "mean")].set_index("layer")
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


def test_decomposition_grows_with_filters_under_its_bound(summary):
    table = figures.decomposition.table(summary)
    last = table[(table["control"] == "none") & (table[EPOCH] == 10) & (table["layer"] == "conv1")]
    relu = last[last["hue"] == "relu"].sort_values("channels")
    assert list(relu["channels"]) == [3, 6, 12]
    together = relu["multivariate_mutual_information [bits]"]
    assert together.is_monotonic_increasing
    assert (together < relu["entropy_input [bits]"]).all()
    assert relu["redundancy_synergy_tradeoff_percent [%]"].is_monotonic_decreasing


def test_shares_add_up(summary):
    table = figures.decomposition.table(summary)
    both = table["redundancy_synergy_tradeoff_percent [%]"] + table["weighted_nonredundant_information_percent [%]"]
    np.testing.assert_allclose(both, 100)


def test_shuffled_samples_are_drawn_at_the_end_only(summary):
    table = figures.decomposition.table(summary)
    assert set(table[table["control"] == "shuffled_samples"][EPOCH]) == {10}
    assert set(table[table["control"] == "none"][EPOCH]) >= {0, 10}


def test_decomposition_about_the_target(summary):
    table = figures.decomposition.table(summary, about="target")
    assert set(table["entropy_target [bits]"].round(6)) == {3.28}
    assert set(table["about"]) == {"target"}


def test_hue_is_what_the_filters_do_not_tell(build, summary):
    assert set(figures.decomposition.table(summary)["hue"]) == {"relu", "sigmoid"}
    assert set(figures.decomposition.table(summary, hue="model.filters")["hue"]) == {
        "filters 3-6",
        "filters 6-12",
        "filters 12-24",
    }
    only_filters = build([("3-6", "relu"), ("6-12", "relu")])
    assert set(figures.decomposition.table(only_filters)["hue"]) == {""}


def test_hue_must_be_swept(summary):
    with pytest.raises(ConfigError, match=r"'hue' 'model' is no swept key; choose from model.filters, model.activ"):
        figures.decomposition.table(summary, hue="model")


def test_decomposition_without_a_convolution(summary):
    with pytest.raises(ConfigError, match=r"'decomposition' needs a convolutional layer, and none of fc1, fc2 is one"):
        figures.decomposition.table(summary, layers=["fc1", "fc2"])


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
