"""A folder of results with two experiments, one of them without its summary, and a folder that is none."""

import json

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

HOSTILE = "</script><script>alert(1)</script>"


def draw(path, size=(1004, 900), **facts):
    path.parent.mkdir(parents=True, exist_ok=True)
    info = PngInfo()
    for key, value in facts.items():
        info.add_text(key, value)
    Image.new("RGB", size, "navy").save(path, pnginfo=info)
    for ending in ("svg", "pdf", "csv"):
        path.with_suffix(f".{ending}").write_text(ending)


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery") / "results"
    new, old = folder / "new-preview", folder / "old"
    facts = {"figure": "information_plane", "options": '{"layers": ["conv1"]}', "style": '{"width": "column"}'}
    draw(new / "figures" / "first.png", **facts, estimator="renyi")
    draw(new / "figures" / "curves.png", (2126, 700), figure="training", options="{}")
    draw(old / "figures" / "training.png", (2126, 700))
    (new / "animations").mkdir()
    (new / "animations" / "first.gif").write_bytes(b"")
    (new / "explorer.html").write_text("")
    (new / "claims.html").write_text("")
    verdicts = [{"verdict": verdict} for verdict in ("supported", "supported", "contradicted")]
    (new / "claims.json").write_text(json.dumps({"claims": verdicts}))
    about = {
        "name": "new-preview",
        "title": f"New {HOSTILE}",
        "source": "A paper.",
        "preview": True,
        "seeds": [0, 1, 2],
    }
    (new / "summary.zarr").mkdir()
    (new / "summary.zarr" / "zarr.json").write_text(json.dumps({"attributes": {"experiment": about}}))
    (folder / "datasets").mkdir()
    return folder
