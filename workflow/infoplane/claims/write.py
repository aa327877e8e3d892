"""Verdicts as data, as text, and as a page of the report."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jinja2 import Environment

from infoplane import files
from infoplane.claims.claim import Rule
from infoplane.claims.verdict import Effect, Verdict

_LEGEND = (
    "The effect is the mean over seeds with its 95 % interval (percentile bootstrap over seeds). *supported*: the "
    "whole interval keeps the rule; *contradicted*: the whole interval breaks it; *inconclusive*: neither; *explained "
    "by the control*: the untrained network, or shuffled samples, keep the rule as firmly; *no verdict*: fewer than 3 "
    "seeds."
)

_PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Claims: {{ title }}</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 68rem; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th, td { text-align: left; padding: .4rem .6rem; vertical-align: top; }
tr { border-bottom: 1px solid #ddd; } .quiet { color: #666; }
.supported { color: #1b6e3c; } .contradicted { color: #a3261b; } td.verdict { font-weight: 600; }
</style>
<h1>Claims: {{ title }}</h1>
{% if preview %}<p><strong>PREVIEW</strong>: of a reduced experiment.</p>{% endif %}
<p class="quiet">{{ legend | replace("*", "") }}</p>
<table>
<col style="width: 42%"><col style="width: 11%"><col style="width: 15%"><col style="width: 19%"><col>
<tr><th>Claim</th><th>Judged with</th><th>Effect</th><th>Controls</th><th>Verdict</th></tr>
{% for row in rows %}<tr><td><strong>{{ row.mark }}</strong> {{ row.statement }}
<div class="quiet">Measured: {{ row.measured }}; rule: {{ row.rule }}. {{ row.remark }}</div></td>
<td>{{ row.judged_with }}</td><td>{{ row.effect }}</td>
<td>{% for control in row.controls %}{{ control }}<br>{% endfor %}</td>
<td class="verdict {{ row.verdict }}">{{ row.verdict }}</td></tr>
{% endfor %}</table></html>
""")


def write(verdicts: Sequence[Verdict], about: Mapping[str, Any], *, json_path: Path, text: Path, page: Path) -> None:
    """Write the verdicts on an experiment in three forms.

    Parameters
    ----------
    verdicts
        In the order in which they are shown.
    about
        The experiment as resolved: its title, and whether it is a preview.
    json_path, text, page
        Files to write: all numbers; a table in Markdown; the same as HTML.
    """
    facts = {"experiment": about["name"], "title": about["title"], "preview": bool(about["preview"])}
    content = {**facts, "claims": [data(verdict) for verdict in verdicts]}
    files.write(json_path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())
    files.write(text, markdown(verdicts, about).encode())
    rows = [_row(verdict) for verdict in verdicts]
    files.write(page, _PAGE.render(rows=rows, legend=_LEGEND, **facts).encode())


def data(verdict: Verdict) -> dict[str, Any]:
    """All that is known of a verdict, as plain values."""
    claim = verdict.claim
    return {
        "id": claim.mark,
        "claim": claim.name,
        "paper": claim.source,
        "statement": claim.statement,
        "rule": _rule(claim.rule, claim.units),
        "measured": claim.measured,
        "units": claim.units,
        "estimator": verdict.estimator,
        "split": verdict.split,
        "effect": _plain(verdict.effect),
        "controls": {name: _plain(effect) for name, effect in verdict.controls.items()},
        "verdict": verdict.verdict,
        "remark": verdict.remark,
    }


def markdown(verdicts: Iterable[Verdict], about: Mapping[str, Any]) -> str:
    """The verdicts as a table in Markdown."""
    lines = [f"# Claims: {about['title']}", ""]
    if about["preview"]:
        lines += ["**PREVIEW**: of a reduced experiment.", ""]
    lines += [_LEGEND, "", "| claim | judged with | effect | controls | verdict |", "|---|---|---|---|---|"]
    for row in map(_row, verdicts):
        sentence = f"**{row['mark']}** {row['statement']}"
        sentence += f" (measured: {row['measured']}; rule: {row['rule']}) {row['remark']}"
        cells = (sentence.strip(), row["judged_with"], row["effect"], "<br>".join(row["controls"]), row["verdict"])
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _row(verdict: Verdict) -> dict[str, Any]:
    claim = verdict.claim
    controls = [f"{name.replace('_', ' ')}: {_words(each, claim.units)}" for name, each in verdict.controls.items()]
    return {
        "mark": claim.mark,
        "statement": claim.statement,
        "measured": claim.measured,
        "rule": _rule(claim.rule, claim.units),
        "judged_with": f"{verdict.estimator}, {verdict.split} probe",
        "effect": _words(verdict.effect, claim.units),
        "controls": controls,
        "verdict": verdict.verdict,
        "remark": verdict.remark,
    }


def _words(effect: Effect, units: str) -> str:
    """Mean, interval and number of seeds."""
    count = len(effect.values)
    if not count:
        return "not seen in any seed"
    unit = "" if units == "1" else f" {units}"
    interval = f" [{effect.low:.3g}, {effect.high:.3g}]" if math.isfinite(effect.low) else ""
    return f"{effect.mean:.3g}{interval}{unit}, {count} seed{'s' if count > 1 else ''}"


def _rule(rule: Rule, units: str) -> str:
    return f"{rule.side} {rule.threshold:g}{'' if units == '1' else f' {units}'}"


def _plain(effect: Effect) -> dict[str, Any]:
    """An effect as plain values; JSON knows no NaN."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in asdict(effect).items()
    }
