"""The planted pattern in the figures of networks with symmetric layers."""

from functools import partial

import numpy as np
import pytest

from infoplane import figures

from .conftest import EPOCHS, LACKS, S_X, panels, synthetic

LAYERS = ("conv1", "conv2", "code", "fc1", "fc2", "output")
PAIR, OUTPUT, I_X = (f"mutual_information_{name} [bits]" for name in ("pair", "reconstruction", "input_layer"))
AT = "epoch [epochs]"


@pytest.fixture(scope="module")
def build():
    return partial(synthetic, layers=LAYERS)


@pytest.fixture(scope="module")
def summary(build):
    return build()


class TestSymmetricPairs:
    def test_every_pair_at_three_stages(self, summary):
        table = figures.symmetric_pairs.table(summary, variants=["v00"])
        mean = table[(table["seed"] == "mean") & (table["control"] == "none")]
        stages = mean.drop_duplicates("stage").set_index("stage")[AT]
        assert stages.to_dict() == {"untrained": 0, "half-way": 4, "at the end": 10}
        for stage, epoch in stages.items():
            own = mean[mean["stage"] == stage]
            assert own["pair"].tolist() == ["input, output", "conv1, fc2", "conv2, fc1"]
            planted = np.array([2, 2.5, 3]) * (1 - 0.5 * np.exp(-epoch))
            np.testing.assert_allclose(own[PAIR], planted, atol=1e-12)
            np.testing.assert_allclose(own["mutual_information_pair_sd [bits]"], 0.1)

    def test_shuffled_samples_at_the_end_alone(self, summary):
        table = figures.symmetric_pairs.table(summary, variants=["v00"])
        shuffled = table[(table["seed"] == "mean") & (table["control"] == "shuffled_samples")]
        assert set(shuffled["stage"]) == {"at the end"}
        np.testing.assert_allclose(shuffled[PAIR], np.array([2, 2.5, 3]) * 0.2 * (1 - 0.5 * np.exp(-10)), atol=1e-12)

    def test_a_pair_is_drawn_where_both_layers_are(self, summary):
        table = figures.symmetric_pairs.table(summary, layers=["conv1", "fc2", "fc1"], variants=["v00"])
        assert set(table["pair"]) == {"conv1, fc2"}
        lacking = figures.symmetric_pairs.table(summary, variants=[LACKS[0]])
        assert set(lacking["pair"]) == {"input, output", "conv1, fc2"}

    def test_a_line_for_each_stage_with_its_band_and_one_in_grey(self, build):
        figure = figures.symmetric_pairs(build([("3-6", "relu"), ("6-12", "relu")], diverged=None))
        first, second = panels(figure)
        for axes in (first, second):
            assert len(axes.collections) == 3
            marked = [line for line in axes.lines if line.get_marker() in {"o", "s", "^"}]
            assert [line.get_xdata().tolist() for line in marked] == [[0, 1, 2]] * 4
        assert [text.get_text() for text in first.get_xticklabels()] == ["input\noutput", "conv1\nfc2", "conv2\nfc1"]

    def test_a_stage_that_two_variants_reach_at_different_epochs_has_no_epoch_in_the_key(self, build):
        summary = build([("3-6", "relu"), ("6-12", "relu")], diverged=None)
        assert "at the end (epoch 10)" in _key(figures.symmetric_pairs(summary))
        for name in ("training", "layer_pairs"):
            data = summary[name].to_dataset()
            kept = (data["variant"] != "v01") | (data["epoch"] <= 2)
            summary[name] = data.map(lambda each, kept=kept: each.where(kept) if "epoch" in each.dims else each)
        assert {"at the end", "half-way", "untrained"} <= set(_key(figures.symmetric_pairs(summary)))


class TestReconstructionPlane:
    def test_what_layers_know_of_the_output(self, summary):
        table = figures.reconstruction_plane.table(summary, variants=["v00"])
        mean = table[(table["seed"] == "mean") & (table["layer"] == "conv1")]
        assert mean[AT].tolist() == list(EPOCHS)
        fit = 1 - 0.5 * np.exp(-np.array(EPOCHS))
        np.testing.assert_allclose(mean[OUTPUT], 0.8 * S_X * 0.98 * fit, atol=1e-12)
        assert mean[I_X].iloc[-1] == pytest.approx(S_X * 0.98)
        assert PAIR not in table
        assert set(table["entropy_input [bits]"].round(9)) == {S_X}

    def test_what_the_first_of_a_pair_knows_of_the_second(self, summary):
        table = figures.reconstruction_plane.table(summary, variants=["v00"], against="counterpart")
        mean = table[(table["seed"] == "mean") & (table[AT] == 10)].set_index("layer")
        np.testing.assert_allclose(mean[PAIR], np.array([2.5, 3]) * (1 - 0.5 * np.exp(-10)), atol=1e-12)
        assert mean.index.tolist() == ["conv1", "conv2"]
        assert OUTPUT not in table

    def test_the_axes_say_which(self, build):
        summary = build([("3-6", "relu")])
        labels = [
            figures.reconstruction_plane(summary, against=against).findobj(_is_label)
            for against in ("output", "counterpart")
        ]
        assert ["I(T; X′)" in " ".join(text.get_text() for text in own) for own in labels] == [True, False]
        assert ["I(Tₖ; Tₖ′)" in " ".join(text.get_text() for text in own) for own in labels] == [False, True]


def _is_label(artist):
    return hasattr(artist, "get_text")


def _key(figure):
    return [
        text.get_text()
        for legend in figure.findobj(lambda artist: hasattr(artist, "legend_handles"))
        for text in legend.get_texts()
    ]
