"""A calibration as a figure and as a page, of estimators whose bias is planted."""

import numpy as np
import pytest
import xarray as xr

from infoplane.figures import calibration, calibration_page

from .conftest import panels

TRUTHS = np.arange(0.0, 9.0)
ABOUT = {
    "name": "planted",
    "title": "Planted answers",
    "preview": False,
    "probe": {"size": 64},
    "estimators": [
        {"name": "renyi", "kind": "renyi"},
        {"name": "noise", "kind": "kde", "probe_size": 32},
    ],
}
DESIGN = {"variant": "relu", "repetitions": 3, "seed": 0, "classes": 8}


@pytest.fixture(scope="module")
def answers() -> xr.Dataset:
    """Half of the truth and a bit more for renyi, which is blind for fc1; the truth up to log2 n for the bounds."""
    half = TRUTHS / 2 + 1
    blind = np.full(9, 5.5)
    bounds = np.minimum(TRUTHS, 5.0)
    own = np.array([[half, blind], [bounds, bounds], [bounds, bounds]])
    floor = np.array([[0 * half + 1, blind], [bounds, bounds], [bounds, bounds]])
    values = np.stack([own, floor], axis=1)[..., None] + np.array([-0.1, 0.0, 0.1])
    measured = np.full((3, 2, 2), np.nan)
    measured[:, :, 1] = [[6.4, 6.3], [2.0, np.nan], [2.0, np.nan]]
    return xr.Dataset(
        {
            "estimate": (("estimator", "control", "layer", "truth", "repetition"), values),
            "measured": (("estimator", "control", "layer"), measured),
        },
        {
            "estimator": ["renyi", "noise_upper", "noise_lower"],
            "control": ["none", "shuffled_samples"],
            "layer": ["2 dimensions", "fc1"],
            "truth": TRUTHS,
            "repetition": range(3),
            "kind": ("layer", ["fully_connected"] * 2),
            "channels": ("layer", [1, 1]),
            "dimension": ("layer", [2, 32]),
        },
    )


def test_the_table_has_every_answer(answers) -> None:
    table = calibration.with_units(calibration.table(answers))
    assert len(table) == answers["estimate"].size
    row = table[(table["estimator"] == "renyi") & (table["truth [bits]"] == 4) & (table["control"] == "none")].iloc[1]
    assert (row["layer"], row["dimension"], row["estimate [bits]"]) == ("2 dimensions", 2, pytest.approx(3.0))


def test_a_row_per_estimate_and_a_column_per_layer(answers) -> None:
    figure = calibration.draw(calibration.table(answers), "input", ABOUT, DESIGN)
    shown = panels(figure)
    assert len(shown) == 6
    assert [axes.get_title(loc="left") for axes in shown[:2]] == ["2 dimensions", "fc1, 32 units"]
    assert [axes.get_ylabel() for axes in shown[::2]] == ["renyi", "noise_upper", "noise_lower"]
    curves = {line.get_color(): line for line in shown[0].get_lines() if len(line.get_xdata()) == 9}
    assert curves[calibration._ANSWERS["color"]].get_ydata() == pytest.approx(TRUTHS / 2 + 1)
    said = " ".join(text.get_text().replace("\n", " ") for part in figure.subfigs for text in part.texts)
    assert "planted, variant relu" in said
    assert "samples shuffled, where the truth is 0" in said


def test_the_ceiling_is_that_of_the_samples_or_of_the_labels() -> None:
    assert calibration.ceiling(ABOUT, "renyi", "input", 8) == 6
    assert calibration.ceiling(ABOUT, "noise_upper", "input", 8) == 5
    assert calibration.ceiling(ABOUT, "noise_upper", "target", 8) == 3


def test_what_is_read_off(answers) -> None:
    renyi, upper, _ = calibration_page.blocks(answers, "input", ABOUT, 8)
    rows = dict(renyi.rows)
    reach = 2 * 0.1 * np.sqrt(4 / 3)
    assert rows["3 bits"] == [f"{4 - 2 * reach:.1f} to {4 + 2 * reach:.1f}", "–"]
    assert rows["5.5 bits"] == ["–", "anything"]
    assert "it cannot tell how much there is to be known." in dict(renyi.said)["fc1"]
    assert dict(upper.rows)["5 bits"][0] == f"{5 - reach:.1f} or more"


def test_what_the_networks_got_stands_beside_it(answers) -> None:
    renyi, upper, _ = (dict(each.said) for each in calibration_page.blocks(answers, "input", ABOUT, 8))
    told = "layer got 6.40 bits at the end of training, its own control (shuffled samples) 6.30. No truth that was"
    assert told in renyi["fc1"]
    assert upper["fc1"].endswith("layer got 2.00 bits at the end of training, its own control was not measured.")
    assert "networks" not in renyi["2 dimensions"]


def test_page(answers) -> None:
    sides = {"input": answers, "target": answers.assign_coords(control=["none", "permuted_labels"])}
    page = calibration_page.html(sides, dict.fromkeys(sides, "<svg>figure</svg>"), ABOUT, DESIGN)
    page = " ".join(page.split())
    assert page.count("<figure><svg>figure</svg></figure>") == 2
    assert "<h3>noise_lower</h3>" in page
    assert "Bounds by a kernel density" in page
    assert "Bins:" not in page
    assert "5 repetitions" not in page
    assert "3 repetitions" in page
    assert "PREVIEW" not in page
