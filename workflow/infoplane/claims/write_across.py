"""What holds across a grid, as data, as text, and as a page of the report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment

from infoplane import files
from infoplane.claims.across import Conclusion, Place
from infoplane.claims.verdict import CONTRADICTED, EXPLAINED, INCONCLUSIVE, NONE, SUPPORTED, Verdict
from infoplane.claims.write import LEGEND as VERDICTS
from infoplane.claims.write import data, identity, ruled, words

LEGEND = (
    "Each conclusion is judged at every point of the grid by the same rule, on the same networks. *holds across the "
    "grid*: supported at every point; *fails*: contradicted at every point; *explained by a control*: supported at "
    "every point, and so is a control; *flips*: supported at one and contradicted at another, so that it is a "
    "conclusion about the settings; *wavers*: neither the same at every point, nor both supported and contradicted; "
    "*open*: inconclusive throughout; *no verdict*: none anywhere. A step changes one choice and leaves the others as "
    "they are; the last column says which choices change the verdict, or why there is none."
)
SIGNS = {SUPPORTED: "✓", CONTRADICTED: "✗", INCONCLUSIVE: "~", EXPLAINED: "=", NONE: "·"}

_PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Sensitivity: {{ title }}</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 78rem; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .5rem; vertical-align: top; overflow-wrap: anywhere; }
tr { border-bottom: 1px solid #ddd; } .quiet { color: #666; } .outcome { font-weight: 600; }
.probe, .outcome { white-space: nowrap; } figure { margin: 1rem 0; } svg { width: 100%; height: auto; }
.cells { white-space: normal; min-width: 9rem; line-height: 1.9; }
.cell { display: inline-block; min-width: 1.5em; text-align: center; border-radius: 3px; margin: 0 2px 2px 0; }
.own { outline: 2px solid #222; }
.supported { background: #d5ead9; } .contradicted { background: #f3cfc9; } .inconclusive { background: #ececec; }
.explained { background: #f5e8c4; } .no { background: #fff; color: #888; }
summary { cursor: pointer; } details table { margin: .4rem 0 1rem; }
</style>
<h1>Sensitivity: {{ title }}</h1>
{% if source %}<p>{{ source }}</p>{% endif %}
{% if preview %}<p><strong>PREVIEW</strong>: of a reduced experiment.</p>{% endif %}
<p>{{ counted }}</p>
<p class="quiet">{{ legend | replace("*", "") }}</p>
<table><tr><th>Conclusion</th><th class="probe">Probe</th><th>Across the grid</th><th>Verdict at each point</th>
<th>What changes it</th></tr>
{% for row in rows %}<tr><td><strong>{{ row.mark }}</strong> {{ row.statement }}
<details><summary class="quiet">Measured: {{ row.measured }}; rule: {{ row.rule }}. Show every effect.</summary>
<table><tr><th>Point</th><th>Effect</th><th>Controls</th><th>Verdict</th></tr>
{% for cell in row.cells %}<tr><td>{{ cell.place }}{% if cell.own %} <em>(the experiment's own)</em>{% endif %}</td>
<td>{{ cell.effect }}</td><td>{% for each in cell.controls %}{{ each }}<br>{% endfor %}</td>
<td>{{ cell.verdict }}</td></tr>
{% endfor %}</table></details></td>
<td class="probe">{{ row.split }}</td><td class="outcome">{{ row.outcome }}</td>
<td class="cells">{% for cell in row.cells -%}
<span class="cell {{ cell.verdict.split()[0] }}{% if cell.own %} own{% endif %}" \
title="{{ cell.place }}: {{ cell.verdict }}, {{ cell.effect }}">{{ cell.sign }}</span>
{%- endfor %}</td><td>{{ row.deciding }}</td></tr>
{% endfor %}</table>
<p class="quiet">{% for verdict, sign in signs.items() %}<span class="cell {{ verdict.split()[0] }}">{{ sign }}</span> \
{{ verdict }} &ensp;{% endfor %}<span class="cell own">&ensp;</span> the experiment's own settings.
{{ verdicts | replace("*", "") }}</p>
<figure>{{ figure | safe }}</figure>
<h2>The grid</h2><p class="quiet">Points in the order in which verdicts stand above.</p><ol>
{% for place in places %}<li>{{ place.words() }}{% if place.own %} <em>(the experiment's own)</em>{% endif %}</li>
{% endfor %}</ol>
</html>
""")


def write(
    conclusions: Sequence[Conclusion],
    places: Sequence[Place],
    about: Mapping[str, Any],
    *,
    summary: str,
    figure: str,
    json_path: Path,
    text: Path,
    page: Path,
) -> None:
    """Write what holds across a grid in three forms.

    Parameters
    ----------
    conclusions
        In the order in which they are shown.
    places
        Every estimate of the grid.
    about
        The experiment as resolved.
    summary
        Digest of the summary of the grid.
    figure
        The information plane at every point, as SVG that stands in a page.
    json_path, text, page
        Files to write: all numbers; a table in Markdown; the same as HTML.
    """
    facts = identity(about)
    grid = [
        {"estimate": each.estimate, "base": each.base, "own": each.own, "choices": dict(each.choices)}
        for each in places
    ]
    content = {**facts, "summary": summary, "grid": grid, "conclusions": [_data(each) for each in conclusions]}
    files.write(json_path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())
    files.write(text, markdown(conclusions, places, about).encode())
    shown = {"rows": [_row(each) for each in conclusions], "places": places, "counted": counted(conclusions)}
    files.write(
        page, _PAGE.render(figure=figure, legend=LEGEND, verdicts=VERDICTS, signs=SIGNS, **shown, **facts).encode()
    )


def markdown(conclusions: Sequence[Conclusion], places: Sequence[Place], about: Mapping[str, Any]) -> str:
    """What holds across a grid, as a page of Markdown."""
    lines = [
        f"# Sensitivity: {about['title']}",
        *([f"{about['source']}"] if about.get("source") else []),
        *(["**PREVIEW**: of a reduced experiment."] if about["preview"] else []),
        counted(conclusions),
        LEGEND,
        _table(conclusions),
        "## The grid",
        "\n".join(f"- {each.words()}{' (the experiment’s own)' if each.own else ''}" for each in places),
    ]
    return "\n\n".join(lines) + "\n"


def counted(conclusions: Sequence[Conclusion]) -> str:
    """How many conclusions have which outcome, in one sentence."""
    outcomes = [each.outcome for each in conclusions]
    if not outcomes:
        return "No conclusion hangs on an estimator."
    told = ", ".join(f"{outcomes.count(each)} × {each}" for each in dict.fromkeys(outcomes))
    return f"Of {len(outcomes)} conclusion{'s' * (len(outcomes) > 1)}: {told}."


def _table(conclusions: Sequence[Conclusion]) -> str:
    rows = ["| conclusion | probe | across the grid | verdicts | what changes it |", "|---|---|---|---|---|"]
    for each in conclusions:
        row = _row(each)
        cells = (f"**{row['mark']}** {row['statement']}", row["split"], row["outcome"], _told(each), row["deciding"])
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def _told(conclusion: Conclusion) -> str:
    """Verdicts with the places that have each, the most frequent by their number alone."""
    found = sorted(conclusion.places().items(), key=lambda each: -len(each[1]))
    whole = len(conclusion.verdicts)
    (most, places), *others = found
    said = [f"{most} at {len(places)} of {whole}"]
    return "; ".join([*said, *(f"{word} at {', '.join(place.words() for place in own)}" for word, own in others)])


def _row(conclusion: Conclusion) -> dict[str, Any]:
    claim = conclusion.claim
    return {
        "mark": claim.mark,
        "statement": claim.statement,
        "measured": claim.measured,
        "rule": ruled(claim.rule, claim.units),
        "split": conclusion.split,
        "outcome": conclusion.outcome,
        "deciding": conclusion.deciding() or conclusion.reason(),
        "cells": [_cell(place, each) for place, each in conclusion.verdicts],
    }


def _cell(place: Place, found: Verdict) -> dict[str, Any]:
    units = found.claim.units
    return {
        "place": place.words(),
        "own": place.own,
        "effect": words(found.effect, units),
        "controls": [f"{name.replace('_', ' ')}: {words(each, units)}" for name, each in found.controls.items()],
        "verdict": found.verdict,
        "sign": SIGNS[found.verdict],
    }


def _data(conclusion: Conclusion) -> dict[str, Any]:
    """All that is known of a conclusion, as plain values."""
    shared = ("id", "claim", "paper", "statement", "rule", "measured", "units", "split")
    each = [data(found) for _, found in conclusion.verdicts]
    return {
        **{key: each[0][key] for key in shared},
        "outcome": conclusion.outcome,
        "steps": {step.axis: {"changed": step.changed, "compared": step.compared} for step in conclusion.steps()},
        "deciding": conclusion.deciding(),
        "verdicts": [{key: value for key, value in found.items() if key not in shared} for found in each],
    }
