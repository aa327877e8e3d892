"""Verdicts as data, text and page."""

import dataclasses
import json

import pytest

from infoplane import claims
from infoplane.claims import findings, verdict, write

ABOUT = {
    "name": "planted",
    "title": "Planted & <b>",
    "preview": True,
    "source": "A. Uthor, A Paper.",
    "differences": ["Ours is smaller, as n < 9.", "Theirs is open."],
}


FINE = findings.Failures({}, {})


@pytest.fixture
def written(summary, tmp_path):
    wanted = [claims.claim(name, folder=tmp_path) for name in ("yu2021.information_grows", "yu2021.error_chain")]
    paths = {"json_path": tmp_path / "c.json", "text": tmp_path / "c.md", "page": tmp_path / "c.html"}
    tree = summary(diverged={"3-6_relu": [1, 4]}, unlearned={"6-1_sigmoid": [3]})
    facts = {"failures": findings.failures(tree), "summary": "c0ffee", **paths}
    write.write(claims.judge(summary(), wanted), findings.of_summary(summary()), ABOUT, **facts)
    return {name: path.read_text() for name, path in paths.items()}


def test_data(written):
    found = json.loads(written["json_path"])
    assert found["experiment"] == "planted"
    assert found["preview"] is True
    assert found["summary"] == "c0ffee"
    first, second = found["claims"]
    assert first["id"] == "P1.c"
    assert first["estimator"] == "renyi"
    assert first["rule"] == "above -0.05 bits"
    assert first["effect"]["seeds"] == [0, 1, 2, 3, 4]
    assert first["effect"]["low"] <= first["effect"]["mean"] <= first["effect"]["high"]
    assert first["effect"]["mean"] == pytest.approx(sum(first["effect"]["values"]) / 5)
    assert set(first["controls"]) == {"untrained", "shuffled_samples"}
    assert first["verdict"] == "explained by the control"
    assert set(second["controls"]) == {"shuffled_samples"}
    assert second["effect"]["values"] == [1.0] * 5
    assert second["remark"].startswith("Of the untrained networks' steps 100 % keep it. At the end 100 % do")


def test_networks_that_failed_are_named(written):
    found = json.loads(written["json_path"])["failures"]
    assert found["diverged"] == {"3-6_relu": [1, 4]}
    assert found["unlearned"] == {"6-1_sigmoid": [3]}
    diverged = "Diverged in training, and left out of every effect: 2 networks: 3-6_relu (seeds 1, 4)."
    unlearned = (
        "Less than 5 percentage points better at the end than untrained, in accuracy or R², and counted in every "
        "effect but those that say so: 1 network: 6-1_sigmoid (seed 3)."
    )
    assert f"\n\n{diverged}\n\n{unlearned}\n\n|" in written["text"]
    assert f"<p>{diverged}</p>\n<p>{unlearned}</p>" in written["page"]


def test_text(written):
    assert written["text"].startswith("# Claims: Planted & <b>\n\n**PREVIEW**")
    row = next(line for line in written["text"].splitlines() if line.startswith("| **P1.b**"))
    under = "shuffled samples: 1 [1, 1], 5 seeds (the effect less this: 0 [0, 0])"
    assert f"| renyi, train probe | 1 [1, 1], 5 seeds | {under} |" in row
    assert row.endswith("| explained by the control |")


def test_page(written):
    """As HTML, where a title cannot become markup."""
    assert "<h1>Claims: Planted &amp; &lt;b&gt;</h1>" in written["page"]
    assert "PREVIEW" in written["page"]
    assert "<h2>Filters needed</h2>" in written["page"]


def test_without_controls_there_is_no_column_of_them(summary, tmp_path):
    known = claims.judge(summary(), [claims.claim("yu2021.error_chain", folder=tmp_path)])
    bare = [dataclasses.replace(verdict, controls={}) for verdict in known]
    paths = {"json_path": tmp_path / "c.json", "text": tmp_path / "c.md", "page": tmp_path / "c.html"}
    write.write(bare, findings.of_summary(summary()), ABOUT, failures=FINE, summary="c0ffee", **paths)
    assert "| claim | judged with | effect | verdict |" in paths["text"].read_text()
    assert "<th>Effect</th>\n<th>Verdict</th>" in paths["page"].read_text()
    assert "Controls" not in paths["page"].read_text()


def test_the_paper_and_where_the_experiment_differs_from_it(written):
    found = json.loads(written["json_path"])
    assert (found["source"], found["differences"]) == (ABOUT["source"], ABOUT["differences"])
    assert "\n\nA. Uthor, A Paper.\n\n" in written["text"]
    listed = "\n\n## Where this differs from the paper\n\n- Ours is smaller, as n < 9.\n- Theirs is open.\n"
    assert written["text"].endswith(listed)
    assert "<p>A. Uthor, A Paper.</p>" in written["page"]
    assert "<ul><li>Ours is smaller, as n &lt; 9.</li>\n<li>Theirs is open.</li>" in written["page"]


def test_an_experiment_that_follows_no_paper(summary):
    about = {"name": "own", "title": "Own", "preview": False, "differences": []}
    text = write.markdown([], findings.of_summary(summary()), about, FINE)
    assert text.startswith("# Claims: Own\n\nP1.a, P1.b, … number the claims of each paper. The effect is the mean")
    assert "differs" not in text
    assert "Diverged" not in text


def test_findings(written):
    found = json.loads(written["json_path"])["findings"]
    assert found[0]["filters_needed"][0] == {
        "layer": "conv1",
        "variants": ["1-6_relu", "3-6_relu", "6-6_relu", "12-6_relu"],
        "tried": [1, 3, 6, 12],
        "information": 3,
        "accuracy": 6,
    }
    assert found[0]["bypass"][0]["layer"] == "fc1"
    assert "| renyi, train probe | conv1 | 1-6_relu to 12-6_relu | 1, 3, 6, 12 | 3 | 6 |" in written["text"]
    assert "not surely more than with shuffled samples" in written["text"]


def test_no_number_that_json_does_not_know(summary, tmp_path):
    verdicts = claims.judge(summary(filters=[(6, 12)]), [claims.claim("yu2021.synergy_grows", folder=tmp_path)])
    (found,) = map(write.data, verdicts)
    assert found["effect"]["mean"] is None
    assert "NaN" not in json.dumps(found)
    assert "not seen in any seed" in write.markdown(verdicts, [], ABOUT, FINE)


def test_estimators_that_agree_share_a_row(summary, tmp_path):
    (one,) = claims.judge(summary(), [claims.claim("yu2021.information_grows", folder=tmp_path)])
    alike = dataclasses.replace(one, estimator="other")
    otherwise = dataclasses.replace(one, estimator="third", verdict="inconclusive")
    text = write.markdown([one, alike, otherwise], [], ABOUT, FINE)
    judged = [line.split(" | ")[1] for line in text.splitlines() if line.startswith("| **P1.c**")]
    assert judged == ["renyi, train probe; other, train probe", "third, train probe"]


def test_findings_that_agree_share_a_row(summary):
    (found,) = findings.of_summary(summary())
    both = write.tables([found, dataclasses.replace(found, estimator="other")])
    for alone, together in zip(write.tables([found]), both, strict=True):
        assert [row[1:] for row in together.rows] == [row[1:] for row in alone.rows]
        assert {row[0] for row in together.rows} == {"renyi, train probe; other, train probe"}


def test_what_rounding_leaves_of_nothing_is_told_as_nothing():
    effect = verdict.Effect((0, 1, 2), (2.84e-14, -1e-15, 0.0), 9.1e-15, -1e-15, 2.84e-14)
    assert write.words(effect, "%") == "0 [0, 0] %, 3 seeds"
