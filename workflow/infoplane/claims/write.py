"""Verdicts as data, as text, and as a page of the report."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment

from infoplane import files
from infoplane.claims.claim import TOLERANCE, Rule
from infoplane.claims.findings import Failures, Findings
from infoplane.claims.verdict import Effect, Verdict

LEGEND = (
    "P1.a, P1.b, … number the claims of each paper. The effect is the mean over seeds with its 95 % interval "
    "(percentile bootstrap over seeds). *supported*: the whole interval keeps the rule; *contradicted*: the whole "
    "interval breaks it; *inconclusive*: neither; *explained by the control*: under a control, as of untrained "
    "networks or shuffled samples, the whole interval keeps it too; *no verdict*: fewer than 3 seeds show an effect, "
    "or there is nothing to compare. The effect less that under a control is a mean over seeds as well, each with "
    "itself. With 3 seeds the interval is from the least to the greatest of them, and holds the true mean less often "
    "than its name says."
)

_ROUNDING = 1e-12  # of bits or percent: less is what rounding leaves of nothing

DIFFERENCES = "Where this differs from the paper"

_PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Claims: {{ title }}</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 68rem; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th, td { text-align: left; padding: .4rem .6rem; vertical-align: top; overflow-wrap: anywhere; }
tr { border-bottom: 1px solid #ddd; } .quiet { color: #666; }
.supported { color: #1b6e3c; } .contradicted { color: #a3261b; } td.verdict { font-weight: 600; }
</style>
<h1>Claims: {{ title }}</h1>
{% if source %}<p>{{ source }}</p>{% endif %}
{% if preview %}<p><strong>PREVIEW</strong>: of a reduced experiment.</p>{% endif %}
<p class="quiet">{{ legend | replace("*", "") }}</p>
{% for sentence in failures %}<p>{{ sentence }}</p>
{% endfor %}<table>
<col style="width: 38%"><col style="width: 15%"><col style="width: 15%">{% if controlled %}<col style="width: 19%">
{% endif %}<col><tr><th>Claim</th><th>Judged with</th><th>Effect</th>{% if controlled %}<th>Controls</th>{% endif %}
<th>Verdict</th></tr>
{% for row in rows %}<tr><td><strong>{{ row.mark }}</strong> {{ row.statement }}
<div class="quiet">Measured: {{ row.measured }}; rule: {{ row.rule }}. {{ row.remark }}</div></td>
<td>{{ row.judged_with }}</td><td>{{ row.effect }}</td>
{% if controlled %}<td>{% for control in row.controls %}{{ control }}<br>{% endfor %}</td>{% endif %}
<td class="verdict {{ row.verdict }}">{{ row.verdict }}</td></tr>
{% endfor %}</table>
{% for table in tables %}<h2>{{ table.title }}</h2><p class="quiet">{{ table.meaning }}</p>
<table><tr>{% for name in table.header %}<th>{{ name }}</th>{% endfor %}</tr>
{% for row in table.rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table>{% endfor %}
{% if differences %}<h2>{{ heading }}</h2><ul>{% for each in differences %}<li>{{ each }}</li>
{% endfor %}</ul>{% endif %}</html>
""")


class Table(NamedTuple):
    """Findings as they are shown."""

    title: str
    meaning: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def write(
    verdicts: Sequence[Verdict],
    findings: Sequence[Findings],
    about: Mapping[str, Any],
    *,
    failures: Failures,
    summary: str,
    json_path: Path,
    text: Path,
    page: Path,
) -> None:
    """Write the verdicts on an experiment, and what its summary says beyond them, in three forms.

    Parameters
    ----------
    verdicts, findings
        In the order in which they are shown.
    about
        The experiment as resolved: its title, whether it is a preview, the paper that it follows, and where it differs.
    failures
        Networks that did not train as they should.
    summary
        Digest of the summary that they come from.
    json_path, text, page
        Files to write: all numbers; a table in Markdown; the same as HTML.
    """
    facts = {**identity(about), "differences": list(about.get("differences", []))}
    content = {
        **facts,
        "summary": summary,
        "failures": asdict(failures),
        "claims": [data(verdict) for verdict in verdicts],
        "findings": [asdict(found) for found in findings],
    }
    files.write(json_path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())
    files.write(text, markdown(verdicts, findings, about, failures).encode())
    controlled = any(verdict.controls for verdict in verdicts)
    shown = {"rows": _rows(verdicts), "controlled": controlled, "tables": tables(findings), "failures": told(failures)}
    files.write(page, _PAGE.render(legend=LEGEND, heading=DIFFERENCES, **shown, **facts).encode())


def identity(about: Mapping[str, Any]) -> dict[str, Any]:
    """What every page of an experiment says of it first: its name, title and paper, and whether it is a preview."""
    facts = {"experiment": about["name"], "title": about["title"], "preview": bool(about["preview"])}
    return {**facts, "source": about.get("source", "")}


def data(verdict: Verdict) -> dict[str, Any]:
    """All that is known of a verdict, as plain values."""
    claim = verdict.claim
    return {
        "id": claim.mark,
        "claim": claim.name,
        "paper": claim.source,
        "statement": claim.statement,
        "rule": ruled(claim.rule, claim.units),
        "measured": claim.measured,
        "units": claim.units,
        "estimator": verdict.estimator,
        "split": verdict.split,
        "effect": _plain(verdict.effect),
        "effect_of_those_that_learned": verdict.learned and _plain(verdict.learned),
        "controls": {name: _plain(effect) for name, effect in verdict.controls.items()},
        "beyond": {name: _plain(effect) for name, effect in verdict.beyond.items()},
        "verdict": verdict.verdict,
        "remark": verdict.remark,
    }


def markdown(
    verdicts: Iterable[Verdict],
    findings: Sequence[Findings],
    about: Mapping[str, Any],
    failures: Failures,
) -> str:
    """The verdicts and findings as tables in Markdown."""
    lines = [f"# Claims: {about['title']}", ""]
    if about["preview"]:
        lines += ["**PREVIEW**: of a reduced experiment.", ""]
    if about.get("source"):
        lines += [about["source"], ""]
    shown, rows = _rows(verdicts), []
    controlled = any(row["controls"] for row in shown)
    for row in shown:
        sentence = f"**{row['mark']}** {row['statement']}"
        sentence += f" (measured: {row['measured']}; rule: {row['rule']}) {row['remark']}"
        under = ["<br>".join(row["controls"])] * controlled
        rows.append((sentence.strip(), row["judged_with"], row["effect"], *under, row["verdict"]))
    lines += [
        LEGEND,
        "",
        *(line for sentence in told(failures) for line in (sentence, "")),
        *grid(("claim", "judged with", "effect", *["controls"] * controlled, "verdict"), rows),
    ]
    for table in tables(findings):
        lines += ["", f"## {table.title}", "", table.meaning, "", *grid(table.header, table.rows)]
    if about.get("differences"):
        lines += ["", f"## {DIFFERENCES}", "", *(f"- {each}" for each in about["differences"])]
    return "\n".join(lines) + "\n"


def grid(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table in Markdown."""
    lines = (" | ".join(cell.replace("|", "\\|") for cell in cells) for cells in (header, *rows))
    first, *others = (f"| {line} |" for line in lines)
    return [first, "|---" * len(header) + "|", *others]


def tables(findings: Sequence[Findings]) -> list[Table]:
    """The findings, without kinds of which there are none; estimators that find the same share a row."""
    filters = [
        (
            judged_with(found.estimator, found.split),
            sweep.layer,
            f"{sweep.variants[0]} to {sweep.variants[-1]}",
            ", ".join(map(str, sweep.tried)),
            str(sweep.information),
            str(sweep.accuracy),
        )
        for found in findings
        for sweep in found.filters_needed
    ]
    layers = [
        (
            judged_with(found.estimator, found.split),
            each.variant,
            each.layer,
            f"{each.information:.3g} bits",
            each.reason,
        )
        for found in findings
        for each in found.bypass
    ]
    kinds = [
        Table(
            "Filters needed",
            "The fewest filters of a layer, among those tried, with which the information of all its feature maps "
            "about the input, and the accuracy on the test split, are no further below their best than seeds are "
            f"spread; of the information {TOLERANCE:g} bits count as nothing. The claim that it saturates early asks "
            "for less, 95 % of S(X).",
            ("judged with", "layer", "variants", "tried", "for the information", "for the accuracy"),
            _together(filters),
        ),
        Table(
            "Layers that learn little",
            "Hidden layers whose errors, at the end of training, tell more of the output's error than those of the "
            f"next layer towards the output do (by more than {TOLERANCE:g} bits, mean over seeds), or no more than "
            "shuffled samples do (the 95 % interval of their difference, paired by seed, reaches 0).",
            ("judged with", "variant", "layer", "I(δ_K; δ_k)", "why"),
            _together(layers),
        ),
    ]
    return [table for table in kinds if table.rows]


def judged_with(estimator: str, split: str) -> str:
    """Estimator and split in words, if there are any."""
    return f"{estimator}, {split} probe" if estimator else "no estimator"


def told(failures: Failures) -> list[str]:
    """A sentence for each kind of failure that there is."""
    kinds = {
        "Diverged in training, and left out of every effect": failures.diverged,
        "Less than 5 percentage points better at the end than untrained, in accuracy or R², and counted in every "
        "effect but those that say so": failures.unlearned,
    }
    return [f"{kind}: {_networks(found)}." for kind, found in kinds.items() if found]


def _networks(found: Mapping[str, Sequence[int]]) -> str:
    """Networks by variant and seed, in words."""
    count = sum(map(len, found.values()))
    named = (f"{name} (seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))})" for name, seeds in found.items())
    return f"{count} network{'s' * (count > 1)}: {'; '.join(named)}"


def _together(rows: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Rows that differ in their first cell alone as one."""
    judged: dict[tuple[str, ...], list[str]] = {}
    for first, *rest in rows:
        judged.setdefault(tuple(rest), []).append(first)
    return [("; ".join(first), *rest) for rest, first in judged.items()]


def _rows(verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
    """What is shown of verdicts; those of several estimators that agree in all of it share a row."""
    shown: dict[str, dict[str, Any]] = {}
    for row in map(_row, verdicts):
        alike = shown.setdefault(repr({**row, "judged_with": ""}), {**row, "judged_with": ""})
        alike["judged_with"] = "; ".join(filter(None, [alike["judged_with"], row["judged_with"]]))
    return list(shown.values())


def _row(verdict: Verdict) -> dict[str, Any]:
    claim = verdict.claim
    return {
        "mark": claim.mark,
        "statement": claim.statement,
        "measured": claim.measured,
        "rule": ruled(claim.rule, claim.units),
        "judged_with": judged_with(verdict.estimator, verdict.split),
        "effect": effect(verdict.effect, verdict.learned, claim.units),
        "controls": controls(verdict.controls, verdict.beyond, claim.units),
        "verdict": verdict.verdict,
        "remark": verdict.remark,
    }


def effect(of_all: Effect, of_learned: Effect | None, units: str) -> str:
    """The effect, and what it is without the networks that learned nothing."""
    return words(of_all, units) + (f"; of networks that learned: {words(of_learned, units)}" if of_learned else "")


def controls(under: Mapping[str, Effect], beyond: Mapping[str, Effect], units: str) -> list[str]:
    """The effect under each control, and by how much the networks' own is above that."""
    return [
        f"{name.replace('_', ' ')}: {words(each, units)}{_above(beyond[name], units)}" for name, each in under.items()
    ]


def _above(difference: Effect, units: str) -> str:
    return f" (the effect less this: {_numbers(difference, units)})" if difference.values else ""


def words(effect: Effect, units: str) -> str:
    """Mean, interval and number of seeds."""
    count = len(effect.values)
    return f"{_numbers(effect, units)}, {count} seed{'s' if count > 1 else ''}" if count else "not seen in any seed"


def _numbers(effect: Effect, units: str) -> str:
    mean, low, high = (_number(value) for value in (effect.mean, effect.low, effect.high))
    interval = f" [{low}, {high}]" if math.isfinite(effect.low) else ""
    return f"{mean}{interval}{'' if units == '1' else f' {units}'}"


def _number(value: float) -> str:
    return f"{0 if abs(value) < _ROUNDING else value:.3g}"


def ruled(rule: Rule, units: str) -> str:
    """A rule in words."""
    return f"{rule.side} {rule.threshold:.3g}{'' if units == '1' else f' {units}'}"


def _plain(effect: Effect) -> dict[str, Any]:
    """An effect as plain values; JSON knows no NaN."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in asdict(effect).items()
    }
