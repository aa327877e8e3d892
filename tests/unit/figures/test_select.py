"""Choosing from the summary, and averaging over probe batches and seeds."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.axes import Axes

from infoplane import figures
from infoplane.errors import ConfigError, DataError

MI = "mutual_information_input_layer [bits]"


def test_defaults_are_the_first_estimator_and_split_and_all_layers(summary):
    table = figures.information_plane.table(summary)
    assert set(table["estimator"]) == {"renyi"}
    assert set(table["split"]) == {"train"}
    assert list(table["layer"].unique()) == ["conv1", "conv2", "fc1", "fc2", "output"]


def test_options_choose(summary):
    table = figures.table(
        "information_plane", summary, {"split": "test", "layers": ["fc2", "conv1"], "variants": ["v03"]}
    )
    assert set(table["split"]) == {"test"}
    assert list(table["layer"].unique()) == ["conv1", "fc2"], "network order, not the order asked for"
    assert set(table["variant"]) == {"v03"}


def test_the_mean_over_batches_comes_before_the_one_over_seeds(build):
    summary = build([("3-6", "relu")], seeds=[0, 1])
    values = summary["information"]["mutual_information_input_layer"]
    values.loc[{"probe_batch": 1}] = values.sel(probe_batch=0) + 0.4
    values.loc[{"seed": 1}] = values.sel(seed=0) + 1.0
    point = figures.information_plane.table(summary).query("layer == 'fc1' and `epoch [epochs]` == 10")
    each = point.set_index("seed")[MI]
    first = float(
        values.sel(variant="v00", estimator="renyi", control="none", split="train").sel(
            layer="fc1", epoch=10, seed=0, probe_batch=0
        )
    )
    assert each["0"] == pytest.approx(first + 0.2)
    assert each["mean"] == pytest.approx(first + 0.7)
    spread = point.set_index("seed")["mutual_information_input_layer_sd [bits]"]
    assert spread["mean"] == pytest.approx(np.std([0, 1], ddof=1))
    assert np.isnan(spread["0"])


def test_a_diverged_seed_leaves_the_mean_and_the_count(summary):
    table = figures.information_plane.table(summary).query("variant == 'v02' and layer == 'conv1'")
    means = table[table["seed"] == "mean"].set_index("epoch [epochs]")
    assert means.loc[2.0, "seeds"] == 3
    assert means.loc[4.0, "seeds"] == 2
    assert table[table["seed"] == "1"]["epoch [epochs]"].max() == 2.0


@pytest.mark.parametrize("name", ["information_plane", "modified_information_plane", "planes"])
def test_of_many_seeds_a_plane_has_the_mean_alone(name, build):
    many, few = (
        figures.table(name, build([("3-6", "relu")], epochs=[0, 1], seeds=range(count), diverged=None))
        for count in (11, 10)
    )
    assert set(many["seed"]) == {"mean"}
    assert set(many["seeds"]) == {11}
    assert set(few["seed"]) == {"mean", *map(str, range(10))}


def test_a_layer_that_a_variant_lacks_has_no_row(summary):
    table = figures.information_plane.table(summary)
    assert "fc1" not in set(table[table["variant"] == "v03"]["layer"])
    assert "fc1" in set(table[table["variant"] == "v04"]["layer"])


def test_units_and_names_come_from_the_data_where_they_differ(build):
    summary = build([("3-6", "relu")])
    summary["training"]["loss"].attrs.update(units="1", long_name="Mean squared error")
    assert "loss [1]" in figures.training.table(summary)
    titles = {axes.get_title(loc="left") for axes in figures.training(summary).findobj(Axes)}
    assert any("Mean squared error" in title for title in titles)


def test_the_swept_keys_are_columns(summary):
    table = figures.modified_information_plane.table(summary)
    pairs = table.drop_duplicates("variant")[["model.filters", "model.activation"]]
    assert list(pairs.itertuples(index=False, name=None))[3:] == [("3-6", "sigmoid"), ("6-12", "sigmoid")]


def test_the_swept_keys_are_in_the_order_of_the_experiment(build):
    """In which the coordinates of an opened store are not."""
    summary = build([("3-6", "relu"), ("6-12", "relu")])
    summary.attrs["experiment"]["sweep"] = [{"model.activation": ["relu"]}, {"model.filters": [[3, 6], [6, 12]]}]
    columns = list(figures.modified_information_plane.table(summary).columns)
    assert columns[:3] == ["variant", "model.activation", "model.filters"]
    stored = list(summary["decomposition"].coords)
    assert stored.index("model.filters") < stored.index("model.activation")


def test_a_swept_key_need_not_have_a_dot(build):
    summary = build([("3-6", "digits"), ("3-6", "mnist")], keys=("model.filters", "dataset"))
    table = figures.data_processing.table(summary)
    assert list(table.columns[:3]) == ["variant", "model.filters", "dataset"]
    titles = [axes.get_title(loc="left") for axes in figures.data_processing(summary).findobj(Axes)]
    assert "digits\nuntrained" in titles
    assert "mnist" in titles


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimator": "reny"}, r"estimator 'reny' is not in the summary; choose from renyi, binning"),
        ({"split": "valid"}, r"split 'valid' is not in the summary; choose from train, test"),
        ({"layers": ["conv1", "conv9"]}, r"layers 'conv9' is not in the summary; choose from conv1, conv2, fc1"),
        ({"variants": ["relu"]}, r"variants 'relu' is not in the summary; choose from v00, v01"),
    ],
)
def test_unknown_names(summary, options, message):
    with pytest.raises(ConfigError, match=message):
        figures.draw("information_plane", summary, options)


def test_an_estimator_must_be_in_every_group(summary):
    with pytest.raises(ConfigError, match=r"estimator 'binning' is not in the summary; choose from renyi"):
        figures.data_processing(summary, estimator="binning")


def test_no_common_estimator(summary):
    only = xr.DataTree.from_dict(
        {
            "/": summary.to_dataset(),
            "information": summary["information"].to_dataset().sel(estimator=["binning"]),
            "error_chain": summary["error_chain"].to_dataset(),
        }
    )
    with pytest.raises(ConfigError, match="no estimator is in all of information, error_chain"):
        figures.data_processing.table(only)


def test_a_missing_group(build):
    fully_connected = build([("1", "tanh")], layers=["hidden1", "hidden2", "output"])
    with pytest.raises(ConfigError, match=r"no group 'decomposition'; have the experiment measure it, or leave"):
        figures.modified_information_plane(fully_connected)


def test_nothing_to_draw(build):
    summary = build([("3-6", "relu")], diverged=None)
    training = summary["training"]
    for name in ("loss", "accuracy", "gradient_mean_norm", "gradient_std_norm"):
        training[name] = training[name] * np.nan
    with pytest.raises(DataError, match="figure 'training' has nothing to draw"):
        figures.training.table(summary)


def test_without_an_experiment_a_figure_says_so(build):
    summary = build([("3-6", "relu")])
    del summary.attrs["experiment"]
    with pytest.raises(DataError, match="the summary has no attribute 'experiment'"):
        figures.training(summary)


def test_tables_are_tidy(summary):
    for name in figures.names():
        table = figures.table(name, summary)
        assert isinstance(table, pd.DataFrame)
        coordinates = {"variant", "chain", "stage", "of", "control", "split", "layer", "epoch [epochs]", "seed"}
        further = {
            "since [epochs]",
            "other_seed",
            "beta",
            "estimator",
            "pair",
            "sample",
            "other_sample",
            "method",
            "repetition",
        }
        keys = (coordinates | further) & set(table.columns)
        assert not table.duplicated(sorted(keys)).any(), name
