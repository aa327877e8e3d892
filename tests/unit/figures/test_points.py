"""Small multiples over a grid: every point has its panel, and the experiment's own is marked."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.text import Text

from infoplane import grid
from infoplane.figures import points

from .conftest import SAMPLES, panels

SILVERMAN = {"rule": "silverman", "scale": 5.0}
RENYI = {"name": "renyi", "kind": "renyi", "alpha": 1.01, "joint": "tensor", "bandwidth": SILVERMAN}
BINS = {"name": "bins", "kind": "binning", "edges": {"rule": "range", "bins": 30}}


@pytest.fixture(scope="module")
def tried(build) -> xr.DataTree:
    """The planted summary at every point of a grid, where I(X; T) is α times as much."""
    tree = build()
    settings = {
        "estimators": [RENYI],
        "probe": {"size": SAMPLES},
        "sensitivity": {"alpha": [2], "size": [50], "estimators": ["renyi", BINS]},
    }
    found = grid.points(settings)
    plain = tree["information"].to_dataset().isel(estimator=[0])
    name = "mutual_information_input_layer"
    parts = []
    for point in found:
        own = plain.assign_coords(estimator=[point.name])
        parts.append(own.assign({name: own[name] * point.choices.get("alpha", 1.0)}))
    data = xr.concat(parts, "estimator", data_vars="all", coords="minimal", compat="override")
    tree["information"] = xr.DataTree(data)
    about = tree.attrs["experiment"]
    tree.attrs["experiment"] = {
        **about,
        "estimators": [point.settings for point in found],
        "grid": [
            {"name": each.name, "base": each.base, "own": each.name == "renyi", "choices": dict(each.choices)}
            for each in found
        ],
    }
    return tree


@pytest.fixture(scope="module")
def table(tried):
    return points.table(tried)


def test_the_table_has_every_point_of_the_first_variant(table) -> None:
    assert list(table["point"].unique()) == [
        "renyi",
        "renyi.size-50",
        "renyi.alpha-2",
        "renyi.alpha-2_size-50",
        "bins",
        "bins.size-50",
    ]
    assert set(table["variant"]) == {"v00"}
    assert table.loc[table["own"], "point"].unique().tolist() == ["renyi"]
    most = table.groupby("point")["log2_n [bits]"].first()
    assert most["renyi.alpha-2"] == pytest.approx(np.log2(SAMPLES))
    assert most["bins.size-50"] == pytest.approx(np.log2(50))


def test_values_are_those_of_the_point(table) -> None:
    means = table[(table["seed"] == "mean") & (table["layer"] == "fc1") & (table["epoch"] == 10)].set_index("point")
    values = means["mutual_information_input_layer"]
    assert values["renyi.alpha-2"] / values["renyi"] == pytest.approx(2 / 1.01)


def test_a_panel_per_point_and_the_own_one_is_bold(tried, table) -> None:
    figure = points.draw(table, tried)
    assert set(_titles(figure)) == {
        "renyi, α = 1.01, n = 50",
        "renyi, α = 1.01, n = 100",
        "renyi, α = 2, n = 50",
        "renyi, α = 2, n = 100",
        "bins, n = 50",
        "bins, n = 100",
    }
    bold = [text.get_text() for text in figure.findobj(Text) if text.get_weight() == "bold" and text.get_text()]
    assert [text.replace("\n", " ") for text in bold] == ["renyi, α = 1.01, n = 100"]


def test_points_of_one_estimator_share_their_ranges(tried, table) -> None:
    shown = {text: axes.get_xlim() for text, axes in _titles(points.draw(table, tried)).items()}
    assert shown["renyi, α = 2, n = 50"] == shown["renyi, α = 1.01, n = 100"]
    assert shown["bins, n = 50"] == shown["bins, n = 100"] != shown["renyi, α = 2, n = 50"]


def test_the_foot_tells_the_own_settings_and_how_to_read_the_marks(tried, table) -> None:
    figure = points.draw(table, tried)
    said = " ".join(text.get_text().replace("\n", " ") for part in figure.subfigs for text in part.texts)
    assert "α = 1.01" in said
    assert "bold: the experiment’s own settings" in said


def test_units_stand_in_the_header(tried, table) -> None:
    assert "mutual_information_input_layer [bits]" in points.with_units(table, tried).columns


def _titles(figure):
    """Panels by their titles, on one line each."""
    return {axes.get_title(loc="left").replace("\n", " "): axes for axes in panels(figure)}
