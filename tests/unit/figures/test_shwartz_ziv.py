"""Figures after Shwartz-Ziv and Tishby 2017: the planted pattern in their numbers, and what their marks say."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from infoplane import figures
from infoplane.errors import ConfigError

LAYERS = ("conv1", "conv2", "fc1", "fc2", "output")
X, Y = "mutual_information_input_layer [bits]", "mutual_information_layer_target [bits]"
EPOCH = "epoch [epochs]"
BEFORE, RELAXED = "compression_before [bits]", "relaxation [epochs]"


def _panels(figure):
    return [axes for axes in figure.findobj(lambda artist: hasattr(artist, "get_xlim")) if axes.get_subplotspec()]


def _titles(figure):
    return [axes.get_title(loc="left") for axes in _panels(figure)]


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        ([0, 400, 9000], {0.0, 10.0}),
        ([0, 1.4, 8], {0.0, 1.0, 7.0}),
        ([0.01], {0.25}),
        ([3], {2.0}),
    ],
    ids=["beyond the last", "nearest", "untrained only if asked", "the earlier of two"],
)
def test_snapshots_take_the_nearest_epochs(summary, wanted, taken):
    assert set(figures.snapshots.table(summary, variants=["v00"], epochs=wanted)[EPOCH]) == taken


def test_a_snapshot_has_a_mark_for_every_layer_and_network(summary):
    figure = figures.snapshots(summary, variants=["v00"], epochs=[0, 1, 10])
    table = figures.information_plane.table(summary, variants=["v00"])
    assert _titles(figure) == ["untrained", "epoch 1", "epoch 10"]
    for axes, epoch in zip(_panels(figure), (0, 1, 10), strict=True):
        drawn = np.concatenate([line.get_xydata() for line in axes.lines if line.get_linestyle() == "None"])
        there = table[(table[EPOCH] == epoch) & (table["seed"] != "mean")][[X, Y]].to_numpy()
        np.testing.assert_allclose(sorted(map(tuple, drawn)), sorted(map(tuple, there)))


def test_a_variant_that_was_not_trained_so_long_says_so(summary):
    short = summary.copy(deep=True)
    data = short["information"].to_dataset()
    short["information"] = data.where((data["variant"] != "v01") | (data["epoch"] <= 1))
    figure = figures.snapshots(short, variants=["v00", "v01"], epochs=[1, 10])
    assert _titles(figure) == ["filters 3-6\nepoch 1", "epoch 10", "filters 6-12\nepoch 1", "no network so late"]


def test_gradients_are_relative_to_the_weights(summary):
    data = summary["training"].to_dataset().sel(variant="v00", layer="fc1", epoch=4.0).mean("seed")
    table = figures.gradients.table(summary, variants=["v00"], layers=["fc1"]).set_index(EPOCH)
    for norm in ("gradient_mean_norm", "gradient_std_norm"):
        assert table.loc[4.0, f"{norm}_over_weights [1]"] == pytest.approx(float(data[norm] / data["weight_norm"]))


def test_a_layer_without_weights_has_no_gradient(summary):
    changed = summary.copy(deep=True)
    data = changed["training"].to_dataset()
    changed["training"] = data.assign(weight_norm=data["weight_norm"].where(data["layer"] != "fc1", 0.0))
    assert set(figures.gradients.table(changed)["layer"]) == {"conv1", "conv2", "fc2", "output"}


def test_final_layers_are_where_the_paths_end(summary):
    ends = figures.final_layers.table(summary, variants=["v00", "v04"]).set_index(["variant", "layer"])
    paths = figures.information_plane.table(summary, variants=["v00", "v04"])
    last = paths[(paths["seed"] == "mean") & (paths[EPOCH] == 10)].set_index(["variant", "layer"])
    columns = [X, Y, X.replace(" [", "_sd ["), "seeds"]
    np.testing.assert_allclose(ends[columns].to_numpy(), last.loc[ends.index, columns].to_numpy())


def test_final_layers_of_the_other_swept_keys_have_panels(summary):
    by_filters = figures.final_layers.table(summary)
    assert set(by_filters["hue"]) == {"filters 3-6", "filters 6-12", "filters 12-24"}
    assert set(by_filters["panel"]) == {"relu", "sigmoid"}
    by_kind = figures.final_layers.table(summary, hue="model.activation")
    assert set(by_kind["hue"]) == {"relu", "sigmoid"}
    with pytest.raises(ConfigError, match=r"'final_layers': option 'hue' 'model' is no swept key; choose from model.f"):
        figures.final_layers.table(summary, hue="model")


def test_numbers_are_coloured_in_their_order(build):
    sweep = [(fraction, "tanh") for fraction in ("0.85", "0.05", "0.1", "0.45")]
    figure = figures.final_layers(
        build(sweep, keys=("dataset.fraction", "model.activation"), layers=["fc1", "fc2"], epochs=[0, 1], lacks=None)
    )
    legends = [legend for part in figure.subfigs for legend in part.legends]
    colours = {
        text.get_text(): to_rgb(line.get_color())
        for legend in legends
        for text, line in zip(legend.texts, legend.get_lines(), strict=True)
    }
    shades = [colours[f"fraction {value}"] @ np.array([0.299, 0.587, 0.114]) for value in (0.05, 0.1, 0.45, 0.85)]
    assert (np.diff(shades) > 0).all()


@pytest.mark.parametrize(("share", "epoch"), [(0.9, 2.0), (0.95, 4.0), (1, 10.0)])
def test_a_layer_has_relaxed_when_it_has_its_share(summary, share, epoch):
    table = figures.relaxation.table(summary, variants=["v00"], share=share)
    assert set(table[RELAXED]) == {epoch}, "I(T; Y) is a multiple of 1 - exp(-t) / 2"
    assert set(table["share"]) == {share}


def test_relaxation_stands_against_the_compression_of_the_layer_before(summary):
    table = figures.relaxation.table(summary).query("seed == '0'").set_index(["variant", "layer"])
    paths = figures.information_plane.table(summary).query("seed == '0'")
    for variant, layer, before in (("v04", "conv2", "conv1"), ("v04", "fc2", "fc1"), ("v03", "fc2", "conv2")):
        path = paths[(paths["variant"] == variant) & (paths["layer"] == before)].set_index(EPOCH)[X]
        so_far = path.loc[: table.loc[(variant, layer), RELAXED]]
        fall = so_far.max() - so_far.iloc[-1]
        assert fall > 0.1
        assert table.loc[(variant, layer), BEFORE] == pytest.approx(fall)
    assert (table.loc[["v00", "v01"], BEFORE] == 0).all(), "nothing compresses with relu"
    assert "conv1" not in table.index.get_level_values("layer")


def test_the_layer_before_need_not_be_drawn(summary):
    alone = figures.relaxation.table(summary, layers=["fc2"])
    among = figures.relaxation.table(summary).query("layer == 'fc2'")
    np.testing.assert_allclose(alone[[BEFORE, RELAXED]].to_numpy(), among[[BEFORE, RELAXED]].to_numpy())


def _layer_marks(figure):
    """Return colour and marker of every layer in the keys."""
    keys = [legend for part in figure.subfigs for legend in part.legends]
    return {
        text.get_text(): (to_rgb(line.get_color()), line.get_marker())
        for key in keys
        for text, line in zip(key.texts, key.legend_handles, strict=True)
        if text.get_text() in LAYERS
    }


@pytest.mark.parametrize(
    "name",
    [
        "relaxation",
        "snapshots",
        *(
            pytest.param(name, marks=pytest.mark.long)
            for name in ("bottleneck", "final_layers", "training", "gradients")
        ),
    ],
)
def test_a_layer_that_drops_out_leaves_the_others_their_colours_and_markers(summary, name):
    """Of `relaxation` the first one always does."""
    changed = summary.copy(deep=True)
    for group in ("training", "information", "bottleneck"):
        changed[group] = (
            changed[group]
            .to_dataset()
            .map(lambda values: values.where(values["layer"] != "fc1") if "layer" in values.dims else values)
        )
    whole, left = _layer_marks(figures.snapshots(summary)), _layer_marks(getattr(figures, name)(changed))
    assert set(left) == set(LAYERS) - {"fc1"} - ({"conv1"} if name == "relaxation" else set())
    for layer, (colour, marker) in left.items():
        assert marker == whole[layer][1]
        assert colour == whole[layer][0] or name == "final_layers", "there colours tell networks apart"


def test_relaxation_leaves_out_a_network_that_diverged(summary):
    table = figures.relaxation.table(summary).query("variant == 'v02'")
    assert set(table["seed"]) == {"0", "2", "median"}


def test_relaxation_has_the_quartiles_of_the_seeds(summary):
    changed = summary.copy(deep=True)
    data = changed["information"].to_dataset()
    late = (data["seed"] == 2) & (data["epoch"] < 7)
    values = data["mutual_information_layer_target"]
    changed["information"] = data.assign(mutual_information_layer_target=values.where(~late, 0.0))
    medians = figures.relaxation.table(changed, variants=["v04"]).query("seed == 'median'")
    assert set(medians[RELAXED]) == {4.0}
    assert set(medians["relaxation_lower [epochs]"]) == {4.0}
    assert set(medians["relaxation_upper [epochs]"]) == {5.5}
