"""Figures on disk."""

import re
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest
from PIL import Image

from infoplane import figures
from infoplane.figures.files import save


@pytest.fixture(scope="module")
def saved(build, tmp_path_factory):
    summary = build([("3-6", "relu"), ("6-12", "sigmoid")])
    stem = tmp_path_factory.mktemp("figures") / "new" / "information_plane"
    paths = save(figures.information_plane(summary), figures.information_plane.table(summary), stem)
    return {path.suffix: path for path in paths}


def test_three_formats_and_the_numbers(saved):
    assert sorted(saved) == [".csv", ".pdf", ".png", ".svg"]
    assert {path.name for path in saved[".csv"].parent.iterdir()} == {path.name for path in saved.values()}


def test_the_csv_is_the_table(saved, build):
    table = figures.information_plane.table(build([("3-6", "relu"), ("6-12", "sigmoid")]))
    read = pd.read_csv(saved[".csv"], dtype={"seed": str})
    pd.testing.assert_frame_equal(read, table, check_dtype=False, rtol=1e-9)


def test_text_stays_text(saved):
    svg = saved[".svg"].read_text()
    assert "Mutual information I(X; T) [bits]" in svg
    assert ">output<" in svg
    assert "σ:" in svg
    assert b"/Type3" not in saved[".pdf"].read_bytes()


def test_no_date_in_any_file(saved):
    assert "dc:date" not in saved[".svg"].read_text()
    assert b"CreationDate" not in saved[".pdf"].read_bytes()


def test_width_is_that_of_a_page(saved):
    (width,) = re.findall(r'<svg[^>]* width="([0-9.]+)pt"', saved[".svg"].read_text())
    assert float(width) / 72 * 25.4 == pytest.approx(180, abs=0.01)


def test_a_picture_says_what_it_was_drawn_from(summary, tmp_path):
    page, stem = figures.training, tmp_path / "figure"
    save(
        page(summary, variants=["v00"]),
        page.table(summary, variants=["v00"]),
        stem,
        figure="training",
        summary="c0ffee",
    )
    with Image.open(stem.with_suffix(".png")) as image:
        image.load()
        assert {key: image.info[key] for key in ("figure", "summary")} == {"figure": "training", "summary": "c0ffee"}


def test_the_same_figure_gives_the_same_bytes_in_another_process(saved, tmp_path):
    code = f"""
import importlib.util
from pathlib import Path
spec = importlib.util.spec_from_file_location("conftest", {str(Path(__file__).with_name("conftest.py"))!r})
conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conftest)
from infoplane import figures
from infoplane.figures.files import save
summary = conftest.synthetic([("3-6", "relu"), ("6-12", "sigmoid")])
save(figures.information_plane(summary), figures.information_plane.table(summary), Path({str(tmp_path / "again")!r}))
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    for suffix, path in saved.items():
        assert path.read_bytes() == (tmp_path / "again").with_suffix(suffix).read_bytes(), suffix


def test_drawing_leaves_no_trace(build):
    before = dict(mpl.rcParams)
    figures.training(build([("3-6", "relu")]))
    assert dict(mpl.rcParams) == before
    if "matplotlib.pyplot" in sys.modules:
        assert sys.modules["matplotlib.pyplot"].get_fignums() == []
