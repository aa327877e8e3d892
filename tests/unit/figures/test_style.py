"""Figures in a style: its widths, its text, its colours, and that they leave nothing cut."""

import logging

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from infoplane import config, explorer, figures
from infoplane.errors import ConfigError
from infoplane.explorer import content
from infoplane.figures import animation, files, style

from .conftest import LAYERS, panels
from .test_layout import CASES, OFTEN, _assert_readable

ONE, THREE = CASES["few"]["sweep"][:1], CASES["few"]["sweep"]
NARROW = {"width": "column", "font": "serif", "font_size": 9}
ORDERED = ("cividis", "viridis", "plasma", "inferno", "magma", "mako", "rocket")


def _width(figure):
    return figure.get_size_inches()[0] * 25.4


def _luminance(colours):
    parts = np.asarray(colours)[..., :3]
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_the_defaults_of_the_schema_are_those_of_a_style():
    assert style.Style.of(config.complete({}, schema="config", origin="")["style"]) == style.Style()


@pytest.mark.parametrize(
    ("settings", "of_one", "of_three"),
    [
        ({}, 85, 180),
        pytest.param({"width": "column"}, 85, 85, marks=pytest.mark.long),
        pytest.param({"width": "page", "page": 183}, 183, 183, marks=pytest.mark.long),
        pytest.param({"width": 120}, 120, 120, marks=pytest.mark.long),
        ({"column": 89, "page": 150, "font_size": 9}, 89, 150),
    ],
)
def test_figures_are_as_wide_as_the_style_says(settings, of_one, of_three, build):
    with figures.styled(**settings):
        widths = [_width(figures.information_plane(build(sweep))) for sweep in (ONE, THREE)]
    assert widths == pytest.approx([of_one, of_three])


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in OFTEN else pytest.mark.long) for name in figures.names()]
)
def test_a_single_column_with_large_serifs_leaves_nothing_cut(name, build, monkeypatch):
    with figures.styled(**NARROW):
        figure = figures.draw(name, build(ONE))
    assert _width(figure) == pytest.approx(85)
    _assert_readable(figure, monkeypatch)


@pytest.mark.long
@pytest.mark.parametrize("name", figures.names())
def test_a_deep_network_fits_a_single_column(name, build, monkeypatch):
    with figures.styled(width="column"):
        figure = figures.draw(name, build(**CASES["deep"]))
    _assert_readable(figure, monkeypatch)


def test_text_has_the_size_and_the_font_that_are_asked_for_whoever_saves_it(build):
    with figures.styled(font="serif", font_size=9):
        figure = figures.information_plane(build(ONE))
    (panel,) = panels(figure)
    written = [*panel.get_xticklabels(), *panel.texts, *figure.subfigs[2].texts]
    assert {text.get_fontsize() for text in written} == {9}
    assert {text.get_fontfamily()[0] for text in written} == {"DejaVu Serif"}


def test_all_lengths_go_with_the_text(build):
    summary = build(ONE)
    usual = figures.information_plane(summary)
    with figures.styled(width=85 * 9 / 7, font_size=9):
        magnified = figures.information_plane(summary)
    assert magnified.get_size_inches() == pytest.approx(usual.get_size_inches() * 9 / 7)


def test_a_font_that_is_not_installed_is_told_with_what_is_taken_in_its_place(build, caplog):
    with caplog.at_level(logging.WARNING), figures.styled(font="No Such Grotesk"):
        figure = figures.training(build(ONE))
    assert "font 'No Such Grotesk' is not installed here; figures are drawn in DejaVu Sans" in caplog.text
    assert panels(figure)[0].get_xticklabels()[0].get_fontfamily()[0] == "DejaVu Sans"


def test_the_svg_names_the_font(build, tmp_path):
    with figures.styled(font="monospace"):
        figure, table = figures.training(build(ONE)), figures.training.table(build(ONE))
        files.save(figure, table, tmp_path / "training")
    assert "DejaVu Sans Mono" in (tmp_path / "training.svg").read_text()


def test_epochs_have_the_colours_of_their_palette(build):
    with figures.styled(palette={"epochs": "plasma"}):
        figure = figures.information_plane(build(ONE))
    drawn = np.concatenate([path.get_colors()[:, :3] for path in panels(figure)[0].collections])
    known = mpl.colormaps["plasma"](np.linspace(0, 0.9, 1000))[:, :3]
    assert np.abs(drawn[:, None] - known).max(-1).min(-1).max() < 0.01


def test_groups_have_the_colours_that_are_listed(build):
    with figures.styled(palette={"groups": ["#112233", "#aabbcc"]}):
        figure = figures.training(build(ONE))
    assert {"#112233", "#aabbcc"} <= {to_hex(line.get_color()) for line in panels(figure)[0].lines}


def test_pages_on_the_screen_have_the_colours_of_the_printed_figures(build):
    summary = build(ONE)
    with figures.styled(palette={"layers": "magma", "groups": "dark"}):
        shown = content.of(summary, None)
        moving = animation.html(animation.of(figures.information_plane, summary, {}), summary="")
        printed = figures.gradients(summary)
    expected = [to_hex(colour) for colour in mpl.colormaps["magma"](np.linspace(0, 0.82, len(LAYERS)))]
    assert [layer["colour"] for layer in shown["layers"]] == expected
    assert all(colour in moving for colour in expected)
    assert set(expected) <= {to_hex(line.get_color()) for line in panels(printed)[0].lines}
    assert shown["looks"]["train"]["colour"] == "#001c7f"
    assert set(explorer.SHOWN) <= set(figures.names())


def test_outside_everything_is_as_it_was(build):
    with pytest.raises(ZeroDivisionError), figures.styled(width=120, palette={"layers": "magma"}):
        raise ZeroDivisionError
    assert _width(figures.information_plane(build(ONE))) == pytest.approx(85)
    assert to_hex(style.sequence(2)[0]) == to_hex(mpl.colormaps["viridis"](0.0))


@pytest.mark.parametrize("name", ORDERED)
def test_a_palette_of_an_order_keeps_it_in_grey_and_can_be_read_on_paper(name):
    with figures.styled(palette={"epochs": name, "layers": name}):
        shades = [style.over_time()(np.linspace(0, 1, 64)), np.array([to_rgb(each) for each in style.sequence(8)])]
    for colours in shades:
        assert (np.diff(_luminance(colours)) > 0).all()
        assert 1.05 / (_luminance(colours[-1]) + 0.05) > 1.4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"widht": 90}, r"key 'style\.widht' \(value 90\) is not known; did you mean 'width'\?"),
        (
            {"width": 20},
            r"key 'style\.width' is 20; accepted: one of fitting, column, page, or a number ≥ 80 and ≤ 400",
        ),
        ({"font_size": 12}, r"key 'style\.font_size' is 12; accepted: a number ≥ 5 and ≤ 9"),
        (
            {"palette": {"epochs": "jet"}},
            r"key 'style\.palette\.epochs' is 'jet'; accepted: one of cividis, viridis, plasma",
        ),
        ({"palette": {"groups": ["red", "#00ff00"]}}, r"key 'style\.palette\.groups"),
    ],
)
def test_a_slip_is_told_with_what_would_be_accepted(settings, message):
    with pytest.raises(ConfigError, match=message), figures.styled(**settings):
        pass
