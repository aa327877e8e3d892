"""Nothing is cut, nothing overlaps, and the marks say what they should."""

from itertools import combinations

import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_hex
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from infoplane import figures
from infoplane.figures import animation, canvas, gif, joined, style

from .conftest import panels

FEW = [("3-6", "relu"), ("6-12", "relu"), ("6-12", "sigmoid")]
MANY = [(f"{maps}-{2 * maps}", kind) for maps in (2, 3, 4, 6, 8, 12) for kind in ("relu", "sigmoid")] + [
    ("16-32", "relu")
]
LONG = [("3-6", "a-rather-long-label-of-an-activation"), ("6-12", "another-rather-long-label-of-an-activation")]
STUDIES = [
    "yu2019_fashion_autoencoder_part",
    "a_rather_long_name_of_a_study",
    "wickstrom2023_vgg16_part_again",
    "networks_of_many_widths_on_cifar10",
    "mnist_lenet_with_two_activations",
    "the_same_without_any_normalisation",
]
VGG = [f"conv{number}" for number in range(1, 14)] + ["fc1", "fc2", "output"]
CASES = {
    "few": {"sweep": FEW},
    "preview of one variant, two epochs": {"sweep": FEW[:1], "preview": True, "epochs": [0, 1]},
    "one seed, many epochs": {
        "sweep": FEW[1:],
        "seeds": [0],
        "epochs": [0, *np.round(np.geomspace(0.1, 9876, 12), 6)],
    },
    "long names": {"sweep": LONG, "preview": True},
    "deep": {"sweep": [("64-64-128-128-256", "relu")], "layers": VGG, "lacks": None},
    "fully connected": {"sweep": [("1", "tanh"), ("1", "sigmoid")], "layers": ["h1", "h2", "h3", "output"]},
}
CONVOLUTIONAL = {"modified_information_plane", "planes", "multivariate_information", "redundancy_synergy", "degrees"}
SHORT = {"long names"}
OFTEN = {"information_plane", "training", "bottleneck", "data_processing", "snapshots"}  # the others are long
DRAWN = [
    pytest.param(case, name, marks=[] if case in SHORT and name in OFTEN else pytest.mark.long)
    for case in CASES
    for name in figures.names()
    if not (case == "fully connected" and name in CONVOLUTIONAL)
]


def _texts(figure, monkeypatch):
    """Return what is really drawn, which is less than what a figure holds, and where."""
    found = []
    original = Text.draw

    def record(self, renderer, *rest, **more):
        original(self, renderer, *rest, **more)
        if self.get_visible() and self.get_text().strip():
            found.extend(_lines(self, renderer))

    monkeypatch.setattr(Text, "draw", record)
    figure.canvas.draw()
    return found


def _lines(text, renderer):
    """Return the lines of a text and their boxes: beside its short second line another text may stand."""
    box, lines = Text.get_window_extent(text, renderer), text.get_text().split("\n")
    if text.get_rotation() or text.get_horizontalalignment() != "left":
        return [(text.get_text(), box)]
    height, longest = box.height / len(lines), max(map(len, lines))
    return [
        (
            line,
            Bbox.from_bounds(
                box.x0, box.y1 - (row + 1) * height, min(1, 1.2 * len(line) / longest) * box.width, height
            ),
        )
        for row, line in enumerate(lines)
    ]


def _assert_readable(figure, monkeypatch):
    found = _texts(figure, monkeypatch)
    page = figure.bbox
    cut = [
        text
        for text, box in found
        if box.x0 < -0.5 or box.y0 < -0.5 or box.x1 > page.x1 + 0.5 or box.y1 > page.y1 + 0.5
    ]
    assert not cut
    touching = [
        (one, other)
        for (one, box), (other, beside) in combinations(found, 2)
        if min(box.x1, beside.x1) - max(box.x0, beside.x0) > 0.5
        and min(box.y1, beside.y1) - max(box.y0, beside.y0) > 0.5
    ]
    assert not touching


@pytest.mark.parametrize(("case", "name"), DRAWN)
def test_text_is_neither_cut_nor_overlapping(case, name, build, monkeypatch):
    _assert_readable(figures.draw(name, build(**CASES[case])), monkeypatch)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == "information_plane_by_layer" else pytest.mark.long)
        for name in figures.names()
        if name != "kernel_matrices"
    ],
)
def test_a_comparison_of_experiments_with_long_names_is_readable(name, build, monkeypatch):
    summaries = {study: build(FEW[: 1 + place % 2]) for place, study in enumerate(STUDIES)}
    tree = joined.join(summaries, figure=name, needs=figures.needs(name))
    _assert_readable(figures.draw(name, tree), monkeypatch)


@pytest.mark.parametrize("low", [0.9, 0.12, 0.01])
def test_losses_within_a_decade_and_over_several_have_readable_ticks(low, build, monkeypatch):
    summary = build(FEW)
    data = summary["training"].to_dataset()
    data["loss"] = low * (6 / low) ** (data["loss"] / data["loss"].max())
    summary["training"] = data
    figure = figures.training(summary)
    _assert_readable(figure, monkeypatch)
    losses = panels(figure)[0]
    bottom, top = losses.get_ylim()
    named = [
        text.get_text()
        for place, text in zip(losses.get_yticks(), losses.get_yticklabels(), strict=True)
        if bottom <= place <= top
    ]
    assert len(named) >= 2
    assert all(named)


@pytest.fixture(scope="module")
def gaps(build):
    """Return a summary with one estimate missing, one variant that ends early, and another without its start."""
    summary = build(FEW)
    for group in figures.needs("data_processing") | {"training", "decomposition", "layer_pairs"}:
        data = summary[group].to_dataset()
        early = (data["variant"] == "v01") & (data["epoch"] > 1)
        late = (data["variant"] == "v02") & (data["epoch"] == 0)
        missing = (data["variant"] == "v00") & (data["epoch"] == 1) & (data["seed"] == 0)
        for name in data.data_vars:
            if "epoch" in data[name].dims:
                data[name] = data[name].where(~(early | late | missing))
        summary[group] = data
    return summary


_WITHOUT_EPOCHS = {
    "bottleneck",
    "diffusion",
    "diversity",
    "final_layers",
    "kernel_matrices",
    "processing_steps",
    "relaxation",
    "snapshots",
    "symmetric_pairs",
    "turn_back",
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in OFTEN else pytest.mark.long) for name in figures.names()]
)
def test_gaps_leave_a_figure_readable(name, gaps, monkeypatch):
    _assert_readable(figures.draw(name, gaps), monkeypatch)


@pytest.mark.parametrize("name", sorted(set(figures.names()) - _WITHOUT_EPOCHS))
def test_gaps_are_drawn_around(name, gaps):
    table = figures.table(name, gaps)
    means = table[(table["variant"] == "v00") & (table["seed"] == "mean")]
    assert set(means.loc[means["epoch [epochs]"] == 1, "seeds"]) == {2}


def test_a_gap_does_not_turn_a_path_back(gaps):
    figure = figures.information_plane(gaps, variants=["v00"])
    for path in panels(figure)[0].collections:
        luminance = path.get_colors()[:, :3] @ [0.299, 0.587, 0.114]
        assert (np.diff(luminance) > 0).all()


def test_a_kernel_width_that_is_never_seen_leaves_the_panel_readable(build, monkeypatch):
    summary = build(FEW[:1])
    data = summary["information"].to_dataset()
    data["median_distance"] = data["median_distance"].where(data["layer"] != "fc1", 0.0)
    summary["information"] = data
    _assert_readable(figures.kernel_widths(summary), monkeypatch)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=[] if case in SHORT else pytest.mark.long)
        for case in ("few", "preview of one variant, two epochs", "long names", "deep")
    ],
)
def test_text_of_an_animation_is_neither_cut_nor_overlapping(case, build, monkeypatch):
    _assert_readable(_stage(build(**CASES[case])), monkeypatch)


@pytest.mark.long
def test_thirteen_variants_of_an_animation_are_readable(build, monkeypatch):
    _assert_readable(_stage(build(MANY)), monkeypatch)


def _stage(summary):
    """Return the page of an animation at its last epoch, with all that moves on it."""
    with style.applied():
        film = animation.of(figures.information_plane, summary, {})
        figure, movers = gif.stage(film)
    for mover in movers:
        mover.show(len(film.epochs) - 1)
        mover.artist.set_animated(False)
    return figure


@pytest.mark.long
@pytest.mark.parametrize("name", figures.names())
def test_thirteen_variants_fit_a_page(name, build, monkeypatch):
    figure = figures.draw(name, build(MANY))
    _assert_readable(figure, monkeypatch)
    width, height = figure.get_size_inches() * 25.4
    assert width == pytest.approx(180)
    assert height < 260


@pytest.mark.parametrize(("variants", "expected"), [(1, (1, 1)), (5, (5, 1)), (6, (3, 2)), (13, (7, 2))])
def test_many_variants_come_two_in_a_row(variants, expected):
    assert canvas.stacked(variants) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("szt_depth, hidden 12-10-8-6-4-2", "szt_depth,\nhidden 12-10-8-6-4-2"),
        ("a_name_that_is_longer_than_a_line, filters 6-12", "a_name_that_is_longer_\nthan_a_line,\nfilters 6-12"),
        ("words that are longer than a line", "words that are longer than\na line"),
    ],
)
def test_titles_break_at_commas_and_never_within_a_word(text, expected):
    assert canvas.title(text, 26.5 * style.character() * style.NORMAL / style.SMALL) == expected


def test_the_floor_of_the_residual_is_no_slope(build):
    figure = figures.bottleneck(build(FEW[:1]))
    looks = {
        text.get_text(): (line.get_linestyle(), to_hex(line.get_color()))
        for part in figure.subfigs
        for legend in part.legends
        for text, line in zip(legend.texts, legend.legend_handles, strict=True)
    }
    dash, colour = looks["floor of the residual"]
    assert dash == "None"
    assert colour not in {other for name, (_, other) in looks.items() if name != "floor of the residual"}
    *_, residuals = panels(figure)
    assert colour in {to_hex(line.get_color()) for line in residuals.lines if line.get_marker() == "_"}


def test_the_violated_step_is_crossed_between_its_layers(build):
    figure = figures.data_processing(build([("3-6", "relu"), ("6-12", "relu")]))
    crosses = [
        line.get_xydata()
        for axes in panels(figure)
        for line in axes.lines
        if line.get_marker() == "X" and len(line.get_xdata())
    ]
    assert len(crosses) == 1
    np.testing.assert_allclose(crosses[0], [[2.5, (5.0 + 5.3) / 2]])


def _points(figure, layer):
    (panel,) = [axes for axes in panels(figure) if axes.get_title(loc="left") == layer]
    return [line for line in panel.lines if line.get_marker() == "o"]


def test_a_line_joins_the_filters_of_one_series(build):
    together = figures.degrees(build([("3-6", "relu"), ("6-12", "relu")]))
    swept = figures.degrees(build([("6-6", "relu"), ("6-12", "relu"), ("6-24", "relu")]))
    for figure, layer, lengths in ((together, "conv1", {2}), (swept, "conv2", {3}), (swept, "conv1", {1})):
        assert {len(line.get_xdata()) for line in _points(figure, layer)} == lengths


def test_a_panel_leaves_out_what_belongs_to_the_sweep_of_another_layer(build):
    figure = figures.degrees(
        build([("3-6", "relu"), ("6-6", "relu"), ("6-12", "relu"), ("6-24", "relu"), ("6-6", "tanh")])
    )
    drawn = {tuple(np.round(line.get_xdata())) for line in _points(figure, "conv1")}
    assert drawn == {(3.0, 6.0)}
    names = {text.get_text() for axes in panels(figure) for text in axes.texts}
    assert names == {"3-6", "6-6", "6-12", "6-24"}


def test_the_accuracy_stands_at_the_end_of_each_line(build):
    summary = build([("6-6", "relu"), ("6-12", "relu")], diverged=None)
    names = {text.get_text() for axes in panels(figures.multivariate_information(summary)) for text in axes.texts}
    accuracy = figures.multivariate_information.table(summary)["accuracy [1]"].iloc[0]
    assert names == {f"{filters} ({100 * accuracy:.1f} %)" for filters in ("6-6", "6-12")}


def test_long_names_beside_the_lines_are_not_cut(build, monkeypatch):
    sweep = [(f"{maps}-16-16-16", "relu") for maps in (2, 4, 16)] + [("8-32-16-16", "relu"), ("8-4-16-16", "relu")]
    _assert_readable(
        figures.multivariate_information(
            build(sweep, layers=["conv1", "conv2", "conv3", "conv4", "output"], lacks=None)
        ),
        monkeypatch,
    )


def test_the_untrained_network_and_the_shuffled_samples_are_grey(build):
    figure = figures.multivariate_information(build([("3-6", "relu"), ("6-12", "relu")]))
    colours = [to_hex(line.get_color()) for line in _points(figure, "conv1")]
    greys = [colour for colour in colours if colour[1:3] == colour[3:5] == colour[5:7]]
    assert len(colours) == 3
    assert len(set(greys)) == 2


def test_the_chains_have_their_controls_in_grey(build):
    figure = figures.data_processing(build([("3-6", "relu")]))
    greys = [
        [to_hex(line.get_color()) for line in axes.lines if line.get_marker() in "os" and len(line.get_xdata())]
        for axes in panels(figure)
    ]
    faint, grey = to_hex("0.7"), to_hex("0.5")
    assert [(colours.count(faint), colours.count(grey)) for colours in greys] == [(2, 0), (2, 2), (2, 2)]


def test_a_diverged_seed_is_crossed_and_counted(build):
    figure = figures.training(build(FEW))
    titles = [axes.get_title(loc="left") for axes in panels(figure)]
    assert sum("(1 of 3 seeds diverged)" in title for title in titles) == 1
    crosses = [
        line for axes in panels(figure) for line in axes.lines if line.get_marker() == "X" and len(line.get_xdata())
    ]
    assert {tuple(line.get_xdata()) for line in crosses} == {(2.0, 2.0)}


def _tangents(axes):
    """Return the slopes of the lines through the layers, which are as dark as ink and have no mark."""
    lines = [line for line in axes.lines if line.get_color() == "0.15" and line.get_marker() == "None"]
    steps = [np.diff(line.get_xydata(), axis=0)[0] for line in lines]
    return [np.inf if np.isclose(across, 0) else up / across for across, up in steps]


def test_every_layer_has_a_tangent_of_its_slope(build):
    """Level for the first one, whose β* is infinite, and as steep as 1/β* = 1/(1 + 60 exp(−k)) for the others."""
    figure = figures.bottleneck(build(FEW[:1]))
    expected = 1 / (1 + 60 * np.exp(-np.arange(1, 5)))
    np.testing.assert_allclose(_tangents(panels(figure)[0]), [0, *expected], rtol=1e-9)


@pytest.mark.parametrize("beta", [0.0, np.inf, 1.0])
def test_one_beta_for_all_layers_is_drawn(beta, build, monkeypatch):
    summary = build(FEW[:1], seeds=[0])
    data = summary["bottleneck"].to_dataset()
    data["bottleneck_beta"] = xr.full_like(data["bottleneck_beta"], beta)
    summary["bottleneck"] = data
    figure = figures.bottleneck(summary)
    _assert_readable(figure, monkeypatch)
    plane, betas, _ = panels(figure)
    assert len(_tangents(plane)) == 5
    labels = [text.get_text() for text in betas.get_yticklabels()]
    assert {0.0: "0", np.inf: "∞", 1.0: "1"}[beta] in labels
