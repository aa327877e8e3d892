"""The page: whole in itself, its numbers as they were, hostile texts as texts, and its size."""

import base64
import json
import re
from html.parser import HTMLParser
from zipfile import ZipFile

import numpy as np
import pytest

from infoplane.explorer import PARTS, content, verdicts, write

from ..figures.conftest import LAYERS
from .conftest import HOSTILE

MOST = 8_000_000  # bytes


class Page(HTMLParser):
    """The elements of a page, and the numbers in it."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.content, self.reading = [], "", False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.reading = dict(attrs).get("id") == "content"

    def handle_data(self, data):
        self.content += data * self.reading

    def handle_endtag(self, _):
        self.reading = False


@pytest.fixture(scope="module")
def page(summary, claims):
    return Page(write.html({**content.of(summary, claims), "title": HOSTILE}, summary="c0ffee"))


def test_it_asks_for_nothing_outside(page):
    named = [attrs for _, attrs in page.tags if {"src", "srcset", "data"} & set(attrs)]
    assert named == []
    assert [attrs["href"] for _, attrs in page.tags if "href" in attrs] == ["#"]
    (policy,) = (attrs["content"] for _, attrs in page.tags if "http-equiv" in attrs)
    assert policy.startswith("default-src 'none';")


def test_it_says_what_summary_it_is_of(page):
    assert ("meta", {"name": "summary", "content": "c0ffee"}) in page.tags


def test_texts_of_an_experiment_are_no_scripts(page):
    assert sum(tag == "script" for tag, _ in page.tags) == 2 + sum(part.suffix == ".js" for part in PARTS)
    assert HOSTILE in json.loads(page.content)["verdicts"][0]["statement"]


def test_numbers_are_as_they_were(page, summary, claims):
    points = content.of(summary, claims)["planes"][0]["variants"]["v03"]["points"]
    packed = json.loads(page.content)["planes"][0]["variants"]["v03"]["points"]
    found = np.frombuffer(base64.b64decode(packed["base64"]), "<f4").reshape(packed["shape"])
    np.testing.assert_array_equal(found, points.astype("float32"))
    assert np.isnan(found).any()


def test_every_control_has_a_label():
    text = PARTS[0].read_text()
    for name in re.findall(r'<(?:select|input) id="(\w+)"', text):
        assert re.search(rf'<label>[^<]*<select id="{name}"|id="{name}"[^>]*aria-label=', text), name


def test_fifty_networks_fit(build):
    epochs = [0.0, *np.geomspace(0.1, 1000, 59)]
    summary = build([("3-6", "relu")], seeds=range(50), epochs=epochs, diverged=None, lacks=None)
    assert (len(epochs), len(LAYERS), summary["information"].sizes["estimator"]) == (60, 5, 2)
    assert len(write.html(content.of(summary, None), summary="c0ffee").encode()) < MOST


class TestVerdicts:
    def test_they_have_their_interval(self, claims):
        (row,), absent = verdicts.of(claims)
        assert row["effect"] == "0.7 [0.6, 0.8] bits, 3 seeds"
        assert row["controls"] == ["shuffled samples: not seen in any seed"]
        assert (row["verdict"], row["estimator"], row["rule"]) == ("supported", "renyi", "above 0.5 bits")
        assert absent == []

    def test_an_experiment_without_claims_has_none(self):
        assert verdicts.of(None) == ([], ["No verdicts: the experiment makes no claims."])


def test_a_page_is_written_with_the_verdicts_beside_it(tmp_path, summary, claims):
    path = tmp_path / "claims.json"
    path.write_text(json.dumps(claims))
    page, archive = tmp_path / "explorer.html", tmp_path / "explorer.zip"
    write.save(page, archive, summary, path, digest="c0ffee")
    text = page.read_text()
    assert json.loads(Page(text).content)["verdicts"][0]["id"] == "M.1"
    assert "explained by the control: under a control" in text  # what the words of verdicts mean
    assert "holds the true mean less often" in text
    with ZipFile(archive) as packed:
        assert packed.namelist() == ["synthetic.explorer.html"]
        assert packed.read("synthetic.explorer.html") == page.read_bytes()
    before = archive.read_bytes()
    write.save(page, archive, summary, path, digest="c0ffee")
    assert archive.read_bytes() == before
