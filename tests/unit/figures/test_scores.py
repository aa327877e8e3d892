"""Figures of networks with continuous targets, which have R² and no accuracy."""

import numpy as np
import pytest

from infoplane import figures
from infoplane.explorer import curves


@pytest.fixture
def regression(summary):
    """The summary with its accuracy as R²."""
    summary = summary.copy(deep=True)
    data = summary["training"].to_dataset().rename(accuracy="determination")
    data["loss"].attrs |= {"units": "1", "long_name": "Mean squared error"}
    data["determination"].attrs = {}
    summary["training"] = data
    return summary


def text(figure):
    return " ".join(each.get_text() for each in figure.findobj(lambda each: hasattr(each, "get_text")))


def test_training_draws_it_under_its_own_name(regression):
    table = figures.training.table(regression)
    assert "determination [1]" in table.columns
    assert "loss [1]" in table.columns
    assert not [name for name in table.columns if "accuracy" in name]
    drawn = text(figures.training(regression))
    assert "Mean squared error" in drawn
    assert "R²" in drawn
    assert "ccuracy" not in drawn


def test_early_stopping_waits_for_a_better_one(regression):
    drawn = text(figures.early_stopping(regression))
    assert "a better R² on" in " ".join(drawn.split())


def test_lines_of_feature_maps_end_with_it(regression):
    drawn = text(figures.multivariate_information(regression))
    table = figures.multivariate_information.table(regression)
    assert f"(R² {table['determination [1]'].iloc[0]:.2f})" in drawn
    assert "accuracy or R² on" in " ".join(drawn.split())


def test_the_explorer_has_its_curve(regression):
    found, _ = curves.of(regression)
    assert list(found["labels"])[:2] == ["loss", "determination"]
    assert found["short"]["determination"] == "R²"
    (variant, *_) = found["variants"].values()
    expected = regression["training"]["determination"].isel(variant=0).transpose("split", "seed", "epoch")
    np.testing.assert_allclose(variant["determination"], expected)
