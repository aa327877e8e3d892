"""Variants of which no network was left at the end: their figures say so, and show nothing of an earlier epoch."""

from __future__ import annotations

import numpy as np
import pytest

from infoplane import figures
from infoplane.derived import outcomes
from infoplane.figures.absent import TEXT

from .conftest import panels

EPOCH = "epoch [epochs]"
SWEEP = [("3-6", "relu"), ("6-12", "relu"), ("3-6", "sigmoid")]
AT_THE_END = {
    "data_processing": "mutual_information_input_layer",
    "final_layers": "mutual_information_input_layer",
    "bottleneck": "bottleneck_information_input",
    "symmetric_pairs": "mutual_information_pair",
}


def _without(summary, variants, *, diverged=True):
    """Take all values of these variants away from epoch 4 on, as those of networks that diverged, or for no reason."""
    for name, node in list(summary.children.items()):
        data = node.to_dataset()
        if "epoch" in data.dims and (diverged or name != "training"):
            gone = data["variant"].isin(variants) & (data["epoch"] >= 4)
            data = data.map(lambda values, gone=gone: values.where(~gone) if "epoch" in values.dims else values)
        if diverged and name == "training":
            data["diverged_epoch"] = data["diverged_epoch"].where(~data["variant"].isin(variants), 4.0)
        summary[name] = data
    return summary


@pytest.fixture
def lacking(build):
    """The second variant has lost a network, the others all of them."""
    return _without(build(SWEEP, diverged=("v01", 1, 4.0), lacks=None), ["v00", "v02"])


@pytest.mark.parametrize("name", AT_THE_END)
@pytest.mark.parametrize("diverged", [True, False])
def test_a_lost_variant_has_no_value_at_the_end(build, name, diverged):
    table = figures.table(name, _without(build(SWEEP, lacks=None), ["v00", "v02"], diverged=diverged))
    ends = table[(table["stage"] == "at the end") if "stage" in table else table["epoch [epochs]"].notna()]
    means = ends[(ends["seed"] == "mean") & (ends["control"] == "none")].set_index("variant")
    value = f"{AT_THE_END[name]} [bits]"
    assert list(dict.fromkeys(means.index)) == ["v00", "v01", "v02"]
    assert set(means[EPOCH]) == {10.0}
    assert set(means.loc[["v00", "v02"], "seeds"]) == {0}
    assert means.loc[["v00", "v02"], value].isna().all()
    assert set(means.loc["v01", value].notna()) >= {True}


@pytest.mark.parametrize(("name", "place"), [("data_processing", 2), ("bottleneck", 0)])
def test_an_empty_panel_says_why(lacking, name, place):
    said = [any(text.get_text() == TEXT for text in axes.texts) for axes in panels(figures.draw(name, lacking))]
    expected = np.zeros((3, 3), dtype=bool)
    expected[[0, 2], place] = True
    np.testing.assert_array_equal(np.reshape(said, (3, 3)), expected)


@pytest.mark.parametrize("name", ["final_layers", "symmetric_pairs"])
def test_the_foot_names_who_is_absent(lacking, name):
    assert _foot(figures.draw(name, lacking)).endswith(f"{TEXT}: filters 3-6, relu; filters 3-6, sigmoid")


@pytest.mark.parametrize("name", AT_THE_END)
def test_a_figure_of_nobody_says_so(build, name):
    figure = figures.draw(name, _without(build(SWEEP[:1], diverged=None), ["v00"]))
    assert TEXT in " ".join([*(text.get_text() for axes in panels(figure) for text in axes.texts), _foot(figure)])


def test_where_nothing_is_known_of_the_training_the_last_epoch_is_that_of_all(build):
    summary = _without(build(SWEEP[:1], diverged=None), ["v00"]).drop_nodes("training")
    assert set(figures.final_layers.table(summary)["seeds"]) == {0}
    assert set(figures.final_layers.table(build(SWEEP[:1], diverged=None).drop_nodes("training"))["seeds"]) == {3}


@pytest.mark.parametrize("name", ["multivariate_information", "redundancy_synergy", "degrees"])
def test_against_the_filters_stand_those_that_are_left(lacking, name):
    table = figures.table(name, lacking)
    ends = table[table["at_the_end"] & (table["control"] == "none")]
    assert set(zip(ends["variant"], ends[EPOCH], strict=True)) == {("v01", 10.0)}


def test_a_variant_that_was_not_trained_so_long_is_not_lost(build):
    summary = build(SWEEP, diverged=None)
    training, information = (_shorter(summary[name].to_dataset(), 2) for name in ("training", "information"))
    assert outcomes.lost(information, training).values.tolist() == [False, False, False]
    assert outcomes.lost(_shorter(information, 1), training).values.tolist() == [False, True, False]


def _shorter(data, last):
    kept = (data["variant"] != "v01") | (data["epoch"] <= last)
    return data.map(lambda values: values.where(kept) if "epoch" in values.dims else values)


def _foot(figure):
    return " ".join(" ".join(text.get_text() for part in figure.subfigs for text in part.texts).split())
