"""Each claim of a figure of Shwartz-Ziv and Tishby 2017 on summaries with its effect planted, absent and reversed."""

import numpy as np
import pytest
import xarray as xr

from infoplane import claims

from .planted_szt2017 import EPOCH, LAYER, LAYERS, NOISE, SEEDS, gradients, judged, summary

SIGN = xr.DataArray([-1, 1, -1, 1, 1], dims="seed")  # of an effect that seeds do not share
NETWORKS = {"model.activation": ["tanh", "relu", "tanh"], "training.batch_size": ["512", "512", "4096"]}
FRACTIONS = {"dataset.fraction": ["0.05", "0.45", "0.85"]}


def variants(*values):
    return xr.DataArray(np.array(values, dtype=float), dims="variant")


def path(fall):
    """I(X; T) that rises to 8 bits at epoch 400 and falls by so much until the end, less by a little noise."""
    rise = 8 * np.minimum(EPOCH / 400, 1)
    return {"mutual_information_input_layer": rise - (fall + NOISE) * (EPOCH > 1000)}


class TestCompression:
    @pytest.mark.parametrize(
        ("fall", "word", "mean"), [(2.0, "supported", 2), (0.5, "inconclusive", 0.5), (0.1, "contradicted", 0.1)]
    )
    def test_is_the_fall_after_the_peak(self, fall, word, mean):
        found = judged("szt2017.compression", information=path(fall))
        assert found.verdict == word
        assert found.effect.mean == pytest.approx(mean)
        assert found.controls == {}

    def test_is_that_of_the_last_three_hidden_layers_and_of_the_one_that_falls_least(self):
        falls = xr.DataArray([0.0, 3.0, 2.0, 4.0, 0.0], dims="layer")  # neither the first nor the output counts
        found = judged("szt2017.compression", information=path(falls))
        assert found.effect.mean == pytest.approx(2)
        names = LAYERS[1:4]
        said = f"{names[0]} 3 (100 %), {names[1]} 2 (100 %), {names[2]} 4 (100 %)"
        assert found.remark == f"Mean fall in bits, and of how many networks it is above 0.5: {said}."

    def test_an_estimate_that_is_never_so_large_gets_no_verdict(self):
        small = {"mutual_information_input_layer": 0.05 * path(2.0)["mutual_information_input_layer"]}
        found = judged("szt2017.compression", information=small)
        assert found.verdict == "no verdict"
        assert found.remark == "No layer ever has 0.5 bits of I(X; T) to lose."

    def test_is_that_of_networks_as_in_the_paper(self):
        """Neither ReLU units nor batches of all data decide it."""
        found = judged("szt2017.compression", information={**path(variants(2, 0.1, 0.2)), "labels": NETWORKS})
        assert found.effect.mean == pytest.approx(2)

    def test_the_remark_tells_variants_apart(self):
        information = {**path(variants(2, 0.5)), "labels": {"model.activation": ["tanh", "relu"]}, "hidden": [1, 2]}
        found = judged("szt2017.compression", information=information)
        first, second = LAYERS[:2]
        assert found.remark.endswith(f"{first} 2 (100 %) of v0; {first} 0.5 (40 %), {second} 0.5 (40 %) of v1.")

    def test_a_network_with_fewer_hidden_layers_shows_those_it_has(self):
        falls = xr.DataArray([2.5, 9.0, 9.0, 9.0, 0.0], dims="layer")
        found = judged("szt2017.compression", information={**path(falls), "hidden": [1]})
        assert found.effect.mean == pytest.approx(2.5)

    def test_of_a_network_that_diverged_is_none(self):
        values = path(2.0)["mutual_information_input_layer"]
        gone = xr.DataArray(np.arange(SEEDS) == 1, dims="seed") & (EPOCH > 400)
        found = judged("szt2017.compression", information={"mutual_information_input_layer": values.where(~gone)})
        assert found.effect.seeds == (0, 2, 3, 4)

    @pytest.mark.parametrize(("relu", "word"), [(2.0, "supported"), (0.5, "inconclusive"), (0.1, "contradicted")])
    def test_with_relu_is_that_of_relu(self, relu, word):
        information = {**path(variants(2, relu, 2)), "labels": NETWORKS}
        found = judged("szt2017.compression_with_relu", information=information)
        assert found.verdict == word
        assert found.effect.mean == pytest.approx(relu)

    @pytest.mark.parametrize(
        ("full", "word", "mean"),
        [(0.5, "supported", 1.5), (2.0, "contradicted", -1e-9), (3.0, "contradicted", -1)],
    )
    def test_by_noise_is_what_full_batches_lack(self, full, word, mean):
        information = {**path(variants(2, 7, full + 1e-9)), "labels": NETWORKS}
        found = judged("szt2017.noise_compresses", information=information)
        assert found.verdict == word
        assert found.effect.mean == pytest.approx(mean)

    @pytest.mark.parametrize(("relu", "word"), [(0.5, "supported"), (3.0, "contradicted")])
    def test_is_compared_with_that_of_relu(self, relu, word):
        information = {**path(variants(2, relu, 7)), "labels": NETWORKS}
        found = judged("szt2017.less_with_relu", information=information)
        assert found.verdict == word
        assert found.effect.mean == pytest.approx(2 - relu)

    @pytest.mark.parametrize(("net_input", "word"), [(0.0, "supported"), (3.0, "contradicted")])
    def test_is_compared_with_that_of_net_inputs(self, net_input, word):
        other = xr.DataArray([2.0, net_input], dims="estimator")
        tree = summary(information={**path(other), "labels": {"model.activation": ["tanh"]}})
        tree.attrs["experiment"]["estimators"] = [
            {"name": "binning", "kind": "binning"},
            {"name": "net", "kind": "binning", "read": "preactivation"},
        ]
        (found,) = claims.judge(tree, [claims.claim("szt2017.less_in_net_inputs", folder=None)])
        assert found.estimator == "binning"
        assert found.verdict == word
        assert found.effect.mean == pytest.approx(2 - net_input, abs=0.01)

    @pytest.mark.parametrize("name", ["compression_with_relu", "noise_compresses", "learns_the_label"])
    def test_where_nothing_was_compared_there_is_no_verdict(self, name):
        found = judged(f"szt2017.{name}", information={**path(2.0), "mutual_information_layer_target": 0.9 + 0 * EPOCH})
        assert found.verdict == "no verdict"


class TestLabel:
    def of(self, name, values, first=1.0):
        """With a first of four hidden layers that knows nearly all from the start."""
        whole = xr.where(LAYER == 1, first, values)
        known = {"mutual_information_layer_target": whole, "mutual_information_input_layer": 5 * EPOCH / 10000}
        return judged(f"szt2017.{name}", information={**known, "labels": FRACTIONS})

    def test_an_estimate_that_never_sees_it_cannot_show_that_it_is_learned(self):
        values = 0.1 * (EPOCH > 0) + NOISE
        assert self.of("learns_the_label", values, first=0.5).verdict == "no verdict"
        assert self.of("forgets_the_label", values, first=0.5).verdict == "contradicted"

    @pytest.mark.parametrize(("end", "word"), [(0.97, "supported"), (0.9, "inconclusive"), (0.6, "contradicted")])
    def test_is_learned_with_the_most_data(self, end, word):
        found = self.of("learns_the_label", variants(0.1, 0.2, end) * (EPOCH > 0) + NOISE)
        assert found.verdict == word
        assert found.effect.mean == pytest.approx(end)

    @pytest.mark.parametrize(
        ("ends", "word", "mean"),
        [
            ((0.4, 0.6, 0.97), "supported", 1),
            ((0.97, 0.6, 0.4), "contradicted", -1),
            ((0.6, 0.5, 0.7), "supported", 0.5),
        ],
    )
    def test_grows_with_the_data(self, ends, word, mean):
        found = self.of("grows_with_data", variants(*ends) * (EPOCH > 0) + NOISE)
        assert found.verdict == word
        assert found.effect.mean == pytest.approx(mean)
        assert f"5 %: 5.00 and {ends[0]:.2f}; 45 %: 5.00 and {ends[1]:.2f}; 85 %" in found.remark

    @pytest.mark.parametrize(("fall", "word"), [(0.2, "supported"), (0.05, "inconclusive"), (0.0, "contradicted")])
    def test_is_forgotten_with_the_least(self, fall, word):
        values = 0.8 - (variants(fall, 0.6, 0.6) + NOISE * (fall > 0)) * (EPOCH > 1000)
        found = self.of("forgets_the_label", values)
        assert found.verdict == word
        assert found.effect.mean == pytest.approx(fall)


class TestTransition:
    @pytest.mark.parametrize(
        ("changes", "word"),
        [
            ([400, 400, 1000, 400, 400], "supported"),
            ([1, 400, 400, 400, 10000], "inconclusive"),
            ([10, 10, 10, 10, 10], "contradicted"),
            ([0, 0, 0, 0, 0], "contradicted"),  # never drift
            ([2e4, 2e4, 2e4, 2e4, 2e4], "contradicted"),  # never diffusion
        ],
    )
    def test_is_in_the_range(self, changes, word):
        found = judged("szt2017.transition_in_time", training=gradients(changes))
        assert found.verdict == word
        assert (found.estimator, found.split) == ("", "")

    def test_one_that_never_comes_is_where_the_training_begins_or_beyond_its_end(self):
        found = judged("szt2017.transition_in_time", training=gradients([0, 0, 2e4, 400, 400]))
        middle = np.sqrt(100 * 1500)
        expected = np.abs(np.log10(np.array([1, 1, 2e4, 400, 400]) / middle))
        np.testing.assert_allclose(found.effect.values, expected)
        assert "(2 of 5 networks, 1 different times)" in found.remark

    def test_the_remark_tells_layers_apart_and_how_long_it_lasts(self):
        """Layers change at 10 and at 400 epochs, and every network is back once, after 4,000."""
        early = xr.where(LAYER < 3, 10, 400) > EPOCH
        mean = xr.where(early | (EPOCH == 4000), 2.0, 0.5)
        found = judged("szt2017.transition_in_time", training={"gradient_mean_norm": mean, "gradient_std_norm": 1.0})
        assert "of single layers fc1 10, fc2 10, fc3 400, fc4 400, output 400, then" in found.remark
        assert "below the spread at 75 % of the checkpoints" in found.remark

    def test_variants_without_a_spread_are_left_out_by_name(self):
        """Their data have no second full mini-batch."""
        norms = gradients([400] * 5)
        single = xr.DataArray([np.nan, 1.0], dims="variant")
        training = {**norms, "gradient_std_norm": norms["gradient_std_norm"] * single, "labels": {"a": [1, 2]}}
        found = judged("szt2017.transition_in_time", training=training)
        assert found.effect.mean == pytest.approx(abs(np.log10(400 / np.sqrt(100 * 1500))))
        assert found.remark.endswith("Left out for want of a second full mini-batch: v0.")
        peaked = -abs(np.log(EPOCH.where(EPOCH > 0, 0.5) / 400))
        information = {"mutual_information_input_layer": 5 + 0.1 * peaked, "labels": {"a": [1, 2]}}
        near = judged("szt2017.transition_at_the_bend", training=training, information=information)
        assert near.effect.mean == pytest.approx(0, abs=1e-12)
        assert "100 % of seeds have the two within a factor of 3" in near.remark
        assert "the bends of single layers are at fc1 400, fc2 400, fc3 400, fc4 400, output 400." in near.remark

    def test_without_any_spread_there_is_no_verdict(self):
        training = {"gradient_mean_norm": 1.0, "gradient_std_norm": np.nan}
        found = judged("szt2017.transition_in_time", training=training)
        assert found.verdict == "no verdict"
        assert found.remark == "No network has two phases."

    @pytest.mark.parametrize(
        ("bend", "word"),
        [
            ([400, 1000, 400, 400, 1000], "supported"),
            ([1, 400, 10, 400, 400], "inconclusive"),
            ([10, 10, 10, 10, 10], "contradicted"),
        ],
    )
    def test_is_at_the_bend(self, bend, word):
        peaked = -abs(np.log(EPOCH.where(EPOCH > 0, 0.5) / xr.DataArray(bend, dims="seed")))
        information = {"mutual_information_input_layer": 5 + 0.1 * peaked}
        found = judged(
            "szt2017.transition_at_the_bend", training=gradients([400, 1000, 400, 400, 1000]), information=information
        )
        assert found.verdict == word
        low = {"mutual_information_input_layer": 0.3 + 0.01 * peaked}
        blind = judged("szt2017.transition_at_the_bend", training=gradients([400] * 5), information=low)
        assert blind.verdict == "no verdict"
        assert blind.remark == "I(X; T) of no layer is ever above 0.5 bits, so that no path bends."
        together = "rank correlation of 1.00" in found.remark
        assert together == (word == "supported")


class TestDepth:
    @pytest.mark.parametrize(
        ("reached", "word", "mean"),
        [
            ([1000, 400, 100], "supported", -1),
            ([10, 100, 1000], "contradicted", 1),
            ([np.inf, 1000, 1000], "supported", -np.sqrt(0.75)),
        ],
    )
    def test_is_judged_by_when_the_output_knows(self, reached, word, mean):
        values = 0.5 + 0.45 * (variants(*reached) <= EPOCH) + 0 * LAYER
        information = {"mutual_information_layer_target": values, "hidden": [1, 2, 4], "labels": {"a": [1, 2, 3]}}
        found = judged("szt2017.depth_helps", information=information)
        assert found.verdict == word
        assert found.effect.mean == pytest.approx(mean)
        times = ["never" if np.isinf(each) else str(each) for each in reached]
        assert found.remark.startswith(f"Median epochs until then, by hidden layers: {times[0]} with 1 (")
        assert f"{times[1]} with 2 (5 of 5 networks get there), {times[2]} with 4 (" in found.remark

    def test_the_remark_leaves_the_fewest_layers_out(self):
        values = 0.5 + 0.45 * (variants(1000, 10, 100) <= EPOCH) + 0 * LAYER
        information = {"mutual_information_layer_target": values, "hidden": [1, 2, 4], "labels": {"a": [1, 2, 3]}}
        found = judged("szt2017.depth_helps", information=information)
        assert found.effect.mean == pytest.approx(-0.5)
        assert found.remark.endswith("; without the fewest layers the correlation is 1.00.")

    def test_that_seeds_do_not_agree_on_is_inconclusive(self):
        late = xr.where(SIGN > 0, variants(1, 2, 3), variants(3, 2, 1))
        values = 0.5 + 0.45 * (10**late <= EPOCH) + 0 * LAYER
        information = {"mutual_information_layer_target": values, "hidden": [1, 2, 4], "labels": {"a": [1, 2, 3]}}
        assert judged("szt2017.depth_helps", information=information).verdict == "inconclusive"


@pytest.mark.parametrize(
    ("sign", "untrained", "word", "mean"),
    [
        (-1, SIGN, "supported", -1),
        (-1, -1, "explained by the control", -1),
        (1, SIGN, "contradicted", 1),
        (SIGN, SIGN, "inconclusive", 0.2),
    ],
)
def test_beta_falls_with_depth(sign, untrained, word, mean):
    sign = xr.where(EPOCH == 0, untrained, sign)
    beta = xr.where(LAYER * sign == -1, np.inf, 10 + sign * LAYER)  # an infinite one is the greatest
    beta = beta.where(LAYER < 5, 1e9)  # the output is no hidden layer
    bottleneck = {"bottleneck_beta": beta, "bottleneck_residual": 0.2 + 0 * LAYER, "bottleneck_residual_floor": 0.15}
    found = judged("szt2017.beta_falls", bottleneck=bottleneck)
    assert found.verdict == word
    assert found.effect.mean == pytest.approx(mean)
    assert found.remark.endswith("is 0.2 bits in the mean, of which no β would spare 0.15.")
    assert found.controls["untrained"].mean == pytest.approx(0.2 if untrained is SIGN else -1)
