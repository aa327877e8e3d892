"""The gallery: what is under results, as a page that links it."""

import re
import shutil
import subprocess
import sys

import pytest

from infoplane import figures, gallery
from infoplane.errors import DataError
from infoplane.gallery.content import caption

from .conftest import HOSTILE, draw


def test_every_experiment_with_figures_is_read_with_its_settings(results):
    new, old = gallery.read(results)
    assert (new.name, new.preview, new.source, new.settings) == ("new-preview", True, "A paper.", {"seeds": [0, 1, 2]})
    assert new.verdicts == {"supported": 2, "contradicted": 1}
    assert new.pages == {"verdicts": "new-preview/claims.html", "explorer": "new-preview/explorer.html"}
    assert (old.name, old.title, old.settings, old.verdicts, old.pages) == ("old", "", {}, {}, {})


def test_figures_come_in_their_order_with_what_they_were_drawn_by(results):
    new, old = gallery.read(results)
    assert [(each.name, each.kind) for each in new.figures] == [("first", "information_plane"), ("curves", "training")]
    first, curves = new.figures
    assert first.settings == {"options": {"layers": ["conv1"]}, "style": {"width": "column"}, "estimator": "renyi"}
    assert curves.settings == {}
    stem = "new-preview/figures/first"
    still = {ending: f"{stem}.{ending}" for ending in ("svg", "pdf", "png", "csv")}
    assert first.files == {**still, "animation, gif": "new-preview/animations/first.gif"}
    assert [each.kind for each in old.figures] == ["training"]  # by its name, where the picture does not say


def test_figures_of_grids_and_calibrations_are_there_too(results, tmp_path):
    copy = shutil.copytree(results, tmp_path / "results")
    draw(copy / "old" / "sensitivity.png", figure="sensitivity")
    draw(copy / "old" / "calibration" / "input.png", figure="calibration/input")
    (copy / "old" / "sensitivity.html").write_text("")
    old = gallery.read(copy)[1]
    assert [each.name for each in old.figures] == ["training", "sensitivity", "calibration/input"]
    assert old.figures[2].files["csv"] == "old/calibration/input.csv"
    assert old.pages == {"sensitivity": "old/sensitivity.html"}


def test_every_link_of_the_page_leads_to_a_file_and_nothing_comes_from_outside(results):
    page = gallery.save(results)
    text = page.read_text()
    links = re.findall(r'(?:href|src)="([^"]*)"', text)
    assert len(links) == 2 + 3 * 6 + 1
    assert all((results / link).is_file() for link in links)
    assert "http" not in text
    assert HOSTILE not in text
    assert text.count('loading="lazy"') == 3


@pytest.mark.parametrize("name", figures.names())
def test_captions_are_those_of_the_report(name):
    found = caption(name, "quickstart")
    assert found.startswith("<p><strong>")
    assert "quickstart" in found
    assert "{{" not in found
    assert "system-message" not in found


def test_a_folder_without_figures_is_told(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "infoplane.gallery", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == f"infoplane: {tmp_path}: holds no figures; run snakemake, or name another folder of results\n"


def test_a_picture_that_is_none_is_named(tmp_path):
    broken = tmp_path / "mine" / "figures" / "training.png"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"\x89PNG")
    with pytest.raises(DataError, match=r"training\.png: is no picture any more; delete it and run snakemake again"):
        gallery.read(tmp_path)


def test_help_is_no_folder():
    done = subprocess.run(
        [sys.executable, "-m", "infoplane.gallery", "--help"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("usage: python -m infoplane.gallery")
