"""What the explorer shows of a summary: the planted numbers, and a sentence for all that is not there."""

from itertools import pairwise

import numpy as np
import pytest

from infoplane import figures
from infoplane.errors import DataError
from infoplane.explorer import SHOWN, content, planes
from infoplane.figures import style

from ..figures.conftest import DIVERGED, EPOCHS, LACKS, LAYERS, S_X, VIOLATED


@pytest.fixture(scope="module")
def one(build):
    """A summary of one variant."""
    return build([("3-6", "relu")], lacks=None, diverged=None)


@pytest.fixture(scope="module")
def shown(summary):
    return content.of(summary, None)


def _plane(shown, **wanted):
    (found,) = (plane for plane in shown["planes"] if all(plane[key] == value for key, value in wanted.items()))
    return found


class TestPlanes:
    def test_there_is_one_for_every_kind_estimator_and_split(self, shown):
        found = [(plane["kind"], plane["estimator"], plane["split"]) for plane in shown["planes"]]
        assert found == [
            (kind, estimator, split)
            for kind in ("information", "modified")
            for estimator in ("renyi", "binning")
            for split in ("train", "test")
        ]

    def test_they_are_those_of_the_figures(self):
        assert [page.name for _, page in planes.KINDS.values()] == list(SHOWN)

    def test_points_are_the_mean_of_probe_batches(self, summary, shown):
        plane = _plane(shown, kind="information", estimator="renyi", split="test")
        points = plane["variants"]["v01"]["points"]
        assert points.shape == (3, len(LAYERS), len(EPOCHS), 2)
        information = (
            summary["information"].to_dataset().sel(variant="v01", estimator="renyi", split="test", control="none")
        )
        for axis, name in enumerate(("mutual_information_input_layer", "mutual_information_layer_target")):
            expected = information[name].mean("probe_batch").transpose("seed", "layer", "epoch").values
            np.testing.assert_allclose(points[..., axis], expected)

    def test_the_modified_one_has_convolutions_alone(self, shown):
        assert _plane(shown, kind="modified", estimator="renyi", split="train")["layers"] == ["conv1", "conv2"]

    def test_a_network_that_diverged_has_no_points_from_there_on(self, shown):
        variant, seed, epoch = ("v02", DIVERGED[1], DIVERGED[2])
        points = _plane(shown, kind="information", estimator="renyi", split="train")["variants"][variant]["points"]
        gone = np.array(EPOCHS) >= epoch
        assert np.isnan(points[seed][:, gone]).all()
        assert np.isfinite(points[seed][:, ~gone]).all()

    def test_a_layer_that_a_variant_lacks_has_no_points(self, shown):
        variant, layer = LACKS
        points = _plane(shown, kind="information", estimator="renyi", split="train")["variants"][variant]["points"]
        assert np.isnan(points[:, LAYERS.index(layer)]).all()

    def test_limits_are_named_one_by_one(self, shown):
        lines = _plane(shown, kind="information", estimator="renyi", split="train")["variants"]["v00"]["lines"]
        assert {line["name"]: line["x"] for line in lines}["S(X)"] == pytest.approx(S_X)
        assert {"S(X)", "S(Y)", "log₂ n", "x = y"} == {line["name"] for line in lines}


class TestChains:
    def test_steps_of_both_chains(self, shown):
        chain = _plane(shown, kind="information", estimator="renyi", split="train")["variants"]["v00"]["chain"]
        assert chain["forward"] == [list(pair) for pair in pairwise(LAYERS)]
        assert chain["backward"] == [["fc2", "fc1"], ["fc1", "conv2"], ["conv2", "conv1"]]
        assert chain["bound"]["x"] == pytest.approx(S_X)

    def test_a_variant_without_a_layer_steps_over_it(self, shown):
        chain = _plane(shown, kind="information", estimator="renyi", split="train")["variants"][LACKS[0]]["chain"]
        assert ["conv2", "fc2"] in chain["forward"]
        assert ["fc2", "conv2"] in chain["backward"]

    def test_errors_rise_where_it_was_planted(self, shown):
        variant, layer = VIOLATED
        errors = _plane(shown, kind="information", estimator="renyi", split="train")["variants"][variant]["chain"][
            "errors"
        ]
        means = dict(zip(LAYERS, errors[:, :, -1].mean(0), strict=True))
        assert means[layer] > means["fc2"] + 0.05
        assert np.isnan(means["output"])  # whose information about itself is no step

    def test_shuffled_samples_stand_beside_them(self, shown):
        variant = _plane(shown, kind="information", estimator="renyi", split="train")["variants"]["v00"]
        shuffled = variant["chain"]["shuffled"]
        np.testing.assert_allclose(shuffled["x"], 0.2 * variant["points"][..., 0].mean(0))
        assert np.isfinite(shuffled["errors"][:-1]).all()

    def test_an_estimator_without_errors_has_the_chain_of_layers_alone(self, shown):
        chain = _plane(shown, kind="information", estimator="binning", split="train")["variants"]["v00"]["chain"]
        assert "errors" not in chain
        assert chain["forward"]


class TestTraining:
    def test_curves_of_every_split_and_seed(self, summary, shown):
        training = summary["training"].to_dataset().sel(variant="v01")
        curves = shown["training"]["variants"]["v01"]
        np.testing.assert_allclose(curves["loss"], training["loss"].transpose("split", "seed", "epoch"))
        np.testing.assert_allclose(curves["accuracy"], training["accuracy"].transpose("split", "seed", "epoch"))

    def test_signal_to_noise_is_that_of_the_whole_gradient(self, summary, shown):
        training = summary["training"].to_dataset().sel(variant="v01", epoch=1.0)
        signal, noise = (
            np.sqrt((training[name] ** 2).sum("layer")) for name in ("gradient_mean_norm", "gradient_std_norm")
        )
        found = shown["training"]["variants"]["v01"]["signal_to_noise"][0, :, EPOCHS.index(1.0)]
        np.testing.assert_allclose(found, signal / noise)

    def test_where_all_mini_batches_agree_there_is_no_ratio(self, one):
        summary = one.copy()
        training = summary["training"].to_dataset()
        summary["training"] = training.assign(gradient_std_norm=training["gradient_std_norm"] * 0)
        found = content.of(summary, None)
        assert list(found["training"]["labels"]) == ["loss", "accuracy"]
        assert any(sentence.startswith("No signal-to-noise ratio of the gradients") for sentence in found["absent"])


class TestLooks:
    def test_layers_look_as_in_an_animation(self, shown):
        looks = style.in_depth(LAYERS)
        assert [layer["name"] for layer in shown["layers"]] == list(LAYERS)
        assert [layer["symbol"] for layer in shown["layers"]] == [content.SYMBOLS[looks[n]["marker"]] for n in LAYERS]
        assert shown["layers"][0]["colour"] == "#440154"  # the dark end of viridis

    def test_every_marker_has_a_symbol_of_its_own(self):
        assert len(set(content.SYMBOLS.values())) == len(style.MARKERS)

    def test_epochs_lie_where_the_figures_have_them(self, shown):
        scale = shown["scale"]
        assert 0 < scale["zero"] < EPOCHS[1]
        assert scale["ends"] == pytest.approx([np.log10(scale["zero"]), np.log10(EPOCHS[-1])])
        assert scale["labels"][0] == "0"


class TestAbsent:
    def test_nothing_is_said_of_what_is_there(self, shown):
        assert shown["absent"] == ["No verdicts: the experiment makes no claims."]

    @pytest.mark.parametrize(
        ("group", "sentence"),
        [
            ("information", "No information plane: the experiment does not measure 'information'."),
            ("decomposition", "No modified information plane: the experiment does not measure 'decomposition'."),
            (
                "error_chain",
                "No chain of errors beside that of the layers: the experiment does not measure 'error_chain'.",
            ),
            ("training", "No curves of the training: the summary has no group 'training'."),
        ],
    )
    def test_a_group_that_was_not_measured_is_named(self, one, group, sentence):
        summary = one.copy()
        del summary[group]
        assert sentence in content.of(summary, None)["absent"]

    def test_without_any_plane_there_is_the_training(self, one):
        summary = one.copy()
        for group in ("information", "decomposition", "error_chain"):
            del summary[group]
        found = content.of(summary, None)
        assert found["planes"] == []
        assert found["scale"]["ends"][1] == 1.0
        assert found["training"]["epochs"] == list(EPOCHS)

    def test_a_plane_of_nothing_but_gaps_says_so(self, one):
        summary = one.copy()
        information = summary["information"].to_dataset()
        name = "mutual_information_input_layer"
        gone = information[name].where(information["estimator"] != "binning")
        target = "mutual_information_layer_target"
        summary["information"] = information.assign(
            {name: gone, target: information[target].where(information["estimator"] != "binning")}
        )
        (sentence, _) = (text for text in content.of(summary, None)["absent"] if "information plane by binning" in text)
        assert sentence.startswith("No information plane by binning on the train probe: figure 'information_plane' has")

    def test_a_summary_of_nobody_is_refused(self, one):
        summary = one.copy()
        del summary.attrs["experiment"]
        with pytest.raises(DataError, match="the summary has no attribute 'experiment'"):
            content.of(summary, None)


def test_a_lone_variant_is_called_by_its_name(one):
    assert content.of(one, None)["variants"] == [{"name": "v00", "title": "v00"}]


def test_variants_are_called_as_in_figures(shown, summary):
    film = figures.animation.of(figures.information_plane, summary, {})
    assert {each["name"]: each["title"] for each in shown["variants"]} == {
        name: panel.title for name, panel in film.panels.items()
    }
