"""The transition from drift to diffusion in the figures that mark it."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.text import Text

from infoplane import figures

MI = ["mutual_information_input_layer [bits]", "mutual_information_layer_target [bits]"]
MEDIAN = "transition [epochs]"


@pytest.fixture(scope="module")
def base(build):
    return build([("3-6", "sigmoid")], layers=["conv1", "output"], lacks=None, seeds=range(6), diverged=None)


@pytest.fixture
def planted(base):
    """Return a function that gives the summary with one seed for each of these epochs of transition; NaN for never."""

    def plant(epochs):
        found = {name: base[name].to_dataset().isel(seed=slice(len(epochs))) for name in ("information", "training")}
        data = found["training"]
        drift = ~(data["epoch"] >= xr.DataArray(epochs, dims="seed"))
        found["training"] = data.assign(gradient_mean_norm=data["gradient_std_norm"] * xr.where(drift, 2.0, 0.5))
        return xr.DataTree.from_dict({"/": base.to_dataset(), **found})

    return plant


def _texts(figure):
    return " ".join(text.get_text() for text in figure.findobj(Text)).replace("\n", " ")


def _crosses(figure):
    return np.array(
        [
            line.get_xydata()[0]
            for axes in figure.findobj(lambda artist: hasattr(artist, "get_xlim"))
            for line in axes.lines
            if line.get_marker() == "x"
        ]
    )


def test_the_median_and_the_quartiles_are_epochs_of_seeds(planted):
    table = figures.information_plane.table(planted([0.5, 1.0, 2.0, 4.0, 7.0, 7.0]))
    columns = [MEDIAN, "transition_lower [epochs]", "transition_upper [epochs]"]
    assert table[columns].drop_duplicates().to_numpy().tolist() == [[2.0, 1.0, 7.0]]


def test_a_seed_that_never_changes_counts_as_later_than_all(planted):
    table = figures.information_plane.table(planted([1.0, np.nan, 2.0, np.nan, 4.0]))
    assert set(table[MEDIAN]) == {4.0}
    assert table["transition_upper [epochs]"].isna().all()
    few = figures.information_plane.table(planted([1.0, np.nan, np.nan]))
    assert few[MEDIAN].isna().all()


def test_the_transition_is_marked_on_the_mean_path_of_every_layer(planted):
    summary = planted([2.0, 2.0, 4.0])
    table = figures.information_plane.table(summary)
    at = table[(table["seed"] == "mean") & (table["epoch [epochs]"] == 2.0)]
    figure = figures.information_plane(summary)
    np.testing.assert_allclose(_crosses(figure), at[MI].to_numpy())
    assert "drift → diffusion" in _texts(figure)


def test_the_foot_counts_the_networks_with_a_transition(planted):
    assert "in 2 of 3 networks" in _texts(figures.information_plane(planted([1.0, 2.0, np.nan])))
    assert "in all networks" in _texts(figures.information_plane(planted([1.0, 2.0, 4.0])))


@pytest.mark.parametrize("name", ["information_plane", "gradients"])
def test_the_foot_promises_nothing_of_single_epochs(planted, name):
    foot = _texts(getattr(figures, name)(planted([1.0, 2.0, 4.0])))
    assert "drift → diffusion: epoch that best parts gradients" in foot
    assert ("shaded: quartiles of the transition" in foot) == (name == "gradients")


def test_layers_left_out_of_a_figure_still_make_the_gradient(planted):
    summary = planted([1.0, 1.0, 1.0])
    data = summary["training"].to_dataset()
    of_output = (data["layer"] == "output") & (data["epoch"] < 4)
    summary["training"] = data.assign(gradient_mean_norm=data["gradient_mean_norm"].where(~of_output, 100.0))
    assert set(figures.information_plane.table(summary, layers=["conv1"])[MEDIAN]) == {4.0}


@pytest.mark.parametrize("recorded", [True, False])
def test_without_a_transition_nothing_is_marked(planted, recorded):
    summary = planted([np.nan] * 3)
    if not recorded:
        del summary["training"]
    figure = figures.information_plane(summary)
    assert not _crosses(figure).size
    assert "diffusion" not in _texts(figure)


def test_the_gradients_have_the_transition_as_a_line_in_a_band(planted):
    figure = figures.gradients(planted([0.5, 1.0, 2.0, 4.0, 7.0, 7.0]))
    (axes,) = [axes for axes in figure.findobj(lambda artist: hasattr(artist, "get_xlim")) if axes.get_subplotspec()]
    (line,) = [line for line in axes.lines if list(line.get_ydata()) == [0, 1]]
    (band,) = axes.patches
    assert list(line.get_xdata()) == [2.0, 2.0]
    assert (band.get_x(), band.get_x() + band.get_width()) == (1.0, 7.0)


def test_a_quartile_that_never_changes_is_the_end_of_the_axis(planted):
    figure = figures.gradients(planted([1.0, np.nan, 2.0, np.nan, 4.0]))
    (axes,) = [axes for axes in figure.findobj(lambda artist: hasattr(artist, "get_xlim")) if axes.get_subplotspec()]
    (band,) = axes.patches
    assert band.get_x() + band.get_width() == pytest.approx(axes.get_xlim()[1])
