"""The part that plans a workflow: names, needs, options, and their errors."""

import inspect
import subprocess
import sys

import pytest

from infoplane import figures
from infoplane.errors import ConfigError
from infoplane.schema import ARTIFACTS


def test_every_figure_has_a_page_a_phrase_and_a_caption(pytestconfig):
    captions = pytestconfig.rootpath / "workflow" / "report"
    for name in figures.names():
        page = getattr(figures, name)
        assert page.name == name
        assert page.shows
        assert "{{ snakemake.wildcards.experiment }}" in (captions / f"{name}.rst").read_text()


def test_needs_are_groups_of_the_summary():
    known = {group.removeprefix("/") for group in ARTIFACTS["summary"].groups}
    for name in figures.names():
        assert figures.needs(name) <= known
    assert figures.needs("data_processing") == {"information", "error_chain"}
    assert figures.needs("training") == {"training"}


def test_options_say_what_they_accept():
    found = figures.options("data_processing")
    assert list(found) == ["variants", "layers", "estimator", "split", "tolerance"]
    assert found["layers"] == figures.Option("a list of strings or nothing", None)
    assert found["tolerance"] == figures.Option("a number ≥ 0", 0.05)
    assert figures.options("degrees")["about"].accepts == "one of 'input', 'target'"
    assert list(figures.options("training")) == ["variants", "layers"]


def test_planning_loads_no_heavy_library():
    code = inspect.cleandoc("""
        import sys
        from infoplane import figures
        for name in figures.names():
            figures.needs(name), figures.options(name), figures.check(name, {"layers": ["conv1"]})
        print(*{"pandas", "xarray", "matplotlib", "seaborn", "torch"} & set(sys.modules))
    """)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


def test_options_may_be_lists_of_numbers_and_shares():
    assert figures.options("snapshots")["epochs"] == figures.Option("a list of numbers ≥ 0", (0, 400, 9000))
    assert figures.options("relaxation")["share"] == figures.Option("a number above 0 and at most 1", 0.95)
    figures.check("snapshots", {"epochs": [0, 0.5, 10]})
    figures.check("relaxation", {"share": 1})


@pytest.mark.parametrize("value", [[0, -1], [0, "400"], [True], [float("inf")], [], 400])
def test_a_list_of_numbers_is_nothing_else(value):
    with pytest.raises(ConfigError, match=r"option 'epochs' is .*; it accepts a list of numbers ≥ 0$"):
        figures.check("snapshots", {"epochs": value})


@pytest.mark.parametrize("value", [0, 1.01, 95, True, None])
def test_a_share_is_above_nothing_and_at_most_all(value):
    with pytest.raises(ConfigError, match=rf"option 'share' is {value}; it accepts a number above 0 and at most 1"):
        figures.check("relaxation", {"share": value})


def test_right_options_pass():
    figures.check("data_processing", {"estimator": "renyi", "layers": ["fc1"], "tolerance": 0})
    figures.check("degrees", {"about": "target", "hue": None})


def test_unknown_figure():
    with pytest.raises(
        ConfigError, match=r"figure 'ip' is unknown; choose from information_plane, information_plane_by_layer, mod"
    ):
        figures.needs("ip")


def test_unknown_option_names_those_accepted():
    with pytest.raises(ConfigError, match=r"unknown option 'layer'; it accepts variants, layers, estimator, split"):
        figures.check("information_plane", {"layer": ["conv1"]})


def test_every_fault_is_told_at_once():
    with pytest.raises(ConfigError) as caught:
        figures.check("degrees", {"layers": "conv1", "about": "output", "estimator": 3, "colour": "red"})
    lines = str(caught.value).splitlines()
    assert lines == [
        "figure 'degrees':",
        "  - unknown option 'colour'; it accepts variants, layers, estimator, split, about, hue",
        "  - option 'layers' is 'conv1'; it accepts a list of strings or nothing",
        "  - option 'about' is 'output'; it accepts one of 'input', 'target'",
        "  - option 'estimator' is 3; it accepts a string or nothing",
    ]


@pytest.mark.parametrize("value", [True, "1e-6", None])
def test_a_number_is_no_truth_and_no_text(value):
    with pytest.raises(ConfigError, match=rf"option 'tolerance' is {value!r}; it accepts a number"):
        figures.check("data_processing", {"tolerance": value})


def test_no_layers_at_all_is_a_fault():
    with pytest.raises(ConfigError, match=r"option 'layers' is \[\]; it accepts a list of strings"):
        figures.check("training", {"layers": []})
