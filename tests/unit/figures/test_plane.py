"""What a plane draws: paths from an open mark to a filled one, their spread over seeds, and the limits in reach."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex

from infoplane import figures

from .conftest import panels

FEW = [("3-6", "relu"), ("6-12", "relu"), ("6-12", "sigmoid")]


def test_one_variant_of_the_plane_fits_a_column(build):
    width, _ = figures.information_plane(build(FEW[:1])).get_size_inches() * 25.4
    assert width == pytest.approx(85)


@pytest.fixture(scope="module")
def plane(build):
    return figures.information_plane(build(FEW))


def test_paths_start_open_and_end_filled(plane):
    (panel, *_) = [axes for axes in panels(plane) if axes.get_title(loc="left") == "filters 3-6, relu"]
    marks = [line for line in panel.lines if line.get_marker() not in {"None", "", None, "x"}]
    starts, ends = marks[0::2], marks[1::2]
    assert len(starts) == len(ends) == 5
    assert {to_hex(line.get_markerfacecolor()) for line in starts} == {"#ffffff"}
    assert "#ffffff" not in {to_hex(line.get_markerfacecolor()) for line in ends}
    assert len({str(line.get_marker()) for line in ends}) == 5, "layers differ by marker, not by place alone"


def test_many_seeds_are_bars_at_the_ends_of_the_paths(build):
    summary = build(FEW[:1], layers=["conv1", "fc1"], epochs=[0, 1, 10], seeds=range(12), diverged=None)
    table = figures.information_plane.table(summary)
    ends = table[table["epoch [epochs]"] == 10].set_index("layer")
    (panel,) = panels(figures.information_plane(summary))[:1]
    assert not [line for line in panel.lines if line.get_linewidth() == 0.4], "no line of a single seed"
    for container, (_, end) in zip(panel.containers, ends.iterrows(), strict=True):
        across, up = (path.get_segments()[0] for path in container.lines[2])
        assert np.ptp(across[:, 0]) == pytest.approx(2 * end["mutual_information_input_layer_sd [bits]"])
        assert np.ptp(up[:, 1]) == pytest.approx(2 * end["mutual_information_layer_target_sd [bits]"])


@pytest.mark.parametrize(("length", "named"), [(1.0, {"S(X), S(Y)", "log₂ n"}), (0.8, {"S(X), S(Y)"}), (0.1, set())])
def test_limits_far_beyond_the_paths_are_left_out(build, length, named):
    summary = build(FEW[:1])
    data = summary["information"].to_dataset()
    shorter = {name: length * data[name] for name in data if str(name).startswith("mutual_information")}
    summary["information"] = data.assign(shorter)
    table = figures.information_plane.table(summary)
    figure = figures.information_plane(summary)
    key = [text.get_text() for part in figure.subfigs for legend in part.legends for text in legend.texts]
    assert {name for name in key if name.startswith(("S(", "log"))} == named
    for end, quantity in zip(
        (panels(figure)[0].get_xlim()[1], panels(figure)[0].get_ylim()[1]),
        ("mutual_information_input_layer [bits]", "mutual_information_layer_target [bits]"),
        strict=True,
    ):
        assert end < 1.7 * table[quantity].max()


def test_entropies_are_dropped_one_by_one(build):
    summary = build(FEW[:1])
    data = summary["information"].to_dataset()
    summary["information"] = data.assign(entropy_input=10 * data["entropy_input"])
    figure = figures.information_plane(summary)
    key = [text.get_text() for part in figure.subfigs for legend in part.legends for text in legend.texts]
    assert "S(Y)" in key
    assert "S(X), S(Y)" not in key


def test_paths_are_the_means_of_the_table(plane, build):
    summary = build(FEW)
    table = figures.information_plane.table(summary, variants=["v01"], layers=["fc2"])
    expected = table[table["seed"] == "mean"][
        ["mutual_information_input_layer [bits]", "mutual_information_layer_target [bits]"]
    ].to_numpy()
    (panel,) = [axes for axes in panels(plane) if axes.get_title(loc="left") == "filters 6-12, relu"]
    paths = [collection for collection in panel.collections if isinstance(collection, LineCollection)]
    drawn = [np.vstack([path.get_segments()[0][:1], [segment[1] for segment in path.get_segments()]]) for path in paths]
    assert any(np.allclose(path, expected) for path in drawn)


def test_late_epochs_are_lighter_so_that_grey_tells_them_too(plane):
    path = next(artist for artist in panels(plane)[0].collections if isinstance(artist, LineCollection))
    luminance = path.get_colors()[:, :3] @ [0.299, 0.587, 0.114]
    assert (np.diff(luminance) > 0).all()
