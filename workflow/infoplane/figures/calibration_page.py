"""The page that says what an answer of an estimator can mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil, isnan
from typing import Any, NamedTuple

import xarray as xr
from jinja2 import Environment

from infoplane.derived.answers import Curve
from infoplane.figures import calibration

_MOST = 16  # rows of a table
_NEAR = 0.05  # bits: closer to a mean answer, another is no answer of another kind
_SIDES = {
    "input": (
        "About the input",
        "Behind an answer of so many bits of I(X; T) lies, where variables are as those that were drawn, a truth of:",
    ),
    "target": (
        "About the target",
        "Behind an answer of so many bits of I(T; Y) lies, where variables are as those that were drawn, a truth of:",
    ),
}
_MEANINGS = {
    "renyi": (
        "Matrix-based entropies: X and T are Gaussian, with the dimensions of the input and of the layer and with "
        "their median distances at the end of training, and as many coordinates as the smaller has are correlated "
        "in pairs; I = −q/2 log2(1 − ρ²) for q pairs."
    ),
    "kde": (
        "Bounds by a kernel density: they take T as a function of X and noise, and every sample as an input of its "
        "own, so that a relation between X and T is no part of them, and shuffled pairs get the same answer. Their "
        "truth is that of a Gaussian layer in their own noise, d/2 log2(1 + v / noise)."
    ),
    "binning": (
        "Bins: they take T as a function of X, and every sample as an input of its own, so that a relation between "
        "X and T is no part of them, and shuffled pairs get the same answer. Their truth is log2 of the number of "
        "points, which are all equally likely."
    ),
}
_TARGET = (
    "Labels are equally likely and T is Gaussian around a centre for each, at the median distance of the layer; the "
    "truth, H(Y) − H(Y|T), is computed by Monte Carlo to 0.02 bits. An estimator that adds noise to T or bins it "
    "answers for what is then left of it."
)

_PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Calibration: {{ title }}</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 70rem; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: .4rem 0 1rem; } caption { text-align: left; font-weight: 600; }
th, td { text-align: left; padding: .25rem .7rem .25rem 0; vertical-align: top; }
tr { border-bottom: 1px solid #ddd; } .quiet { color: #666; } svg { width: 100%; height: auto; }
figure { margin: 1rem 0; }
</style>
<h1>Calibration: {{ title }}</h1>
{% if preview %}<p><strong>PREVIEW</strong>: of a reduced experiment.</p>{% endif %}
<p>What the estimators of this experiment answer to variables whose information is known, with their own settings,
at this number of samples and with the dimensions of the layers of variant {{ variant }}. {{ repetitions }}
repetitions of each truth, seed {{ seed }}. Beside the layers stand variables of one and of two dimensions: what
is told apart there and not in a layer is lost to the number of dimensions. Layers of trained networks are no
Gaussians: this says what an answer can mean where everything is as simple as can be, not what it means.</p>
{% for side in sides %}<h2>{{ side.title }}</h2>
<ul class="quiet">{% for each in side.meanings %}<li>{{ each }}</li>{% endfor %}</ul>
<figure>{{ side.figure | safe }}</figure>
{% for block in side.blocks %}<h3>{{ block.estimator }}</h3>
<ul>{% for layer, said in block.said %}<li><strong>{{ layer }}</strong>: {{ said }}</li>{% endfor %}</ul>
<table><caption class="quiet">{{ side.caption }}</caption>
<tr><th>answer</th>{% for layer in block.layers %}<th>{{ layer }}</th>{% endfor %}</tr>
{% for answer, cells in block.rows %}<tr><td>{{ answer }}</td>
{% for cell in cells %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table>
{% endfor %}{% endfor %}<p class="quiet">–: no truth that was tried gets such an answer.</p>
</html>
""")


class Block(NamedTuple):
    """What is read off the answers of one estimate."""

    estimator: str
    layers: Sequence[str]
    said: Sequence[tuple[str, str]]
    rows: Sequence[tuple[str, Sequence[str]]]


def html(
    sides: Mapping[str, xr.Dataset], figures: Mapping[str, str], about: Mapping[str, Any], design: Mapping[str, Any]
) -> str:
    """The page.

    Parameters
    ----------
    sides
        Groups of the artifact ``known``.
    figures
        The figure of each side, as `infoplane.figures.files.inline` has it.
    about
        The experiment as resolved.
    design
        Parameters of the calibration.
    """
    kinds = dict.fromkeys(each["kind"] for each in about["estimators"])
    shown = [
        {
            "title": title,
            "caption": caption,
            "meanings": [_MEANINGS[kind] for kind in kinds] if side == "input" else [_TARGET],
            "figure": figures[side],
            "blocks": blocks(sides[side], side, about, design["classes"]),
        }
        for side, (title, caption) in _SIDES.items()
    ]
    facts = {key: design[key] for key in ("variant", "repetitions", "seed")}
    return _PAGE.render(sides=shown, title=about["title"], preview=bool(about["preview"]), **facts)


def blocks(data: xr.Dataset, side: str, about: Mapping[str, Any], classes: int) -> list[Block]:
    """What every estimate of a side can mean, layer by layer."""
    found = []
    for estimator in data["estimator"].values.tolist():
        curves = {layer: curve(data, estimator, layer) for layer in data["layer"].values.tolist()}
        most = max(
            calibration.ceiling(about, estimator, side, classes), *(each.answers.max() for each in curves.values())
        )
        rows = [
            (f"{answer:.3g} bits", [each.words(float(answer)) for each in curves.values()]) for answer in _answers(most)
        ]
        measured = data["measured"].sel(estimator=estimator)
        said = [
            (layer, " ".join([each.verdict(), *_own(each, measured.sel(layer=layer))]))
            for layer, each in curves.items()
        ]
        found.append(Block(estimator, list(curves), said, rows))
    return found


def curve(data: xr.Dataset, estimator: str, layer: str) -> Curve:
    """Answers of one estimate for one layer."""
    own = data["estimate"].sel(estimator=estimator, layer=layer).transpose("control", "truth", "repetition")
    (floor,) = (each for each in own["control"].values if each != "none")
    return Curve(data["truth"].values, own.sel(control="none").values, own.sel(control=floor).values)


def _own(curve: Curve, measured: xr.DataArray) -> Iterator[str]:
    """What the networks' own layer got at the end of training, (control), and what that says here."""
    own, control = measured.sel(control="none").item(), measured.isel(control=-1)
    if isnan(own):  # a variable that stands beside the layers
        return
    name = str(control["control"].item()).replace("_", " ")
    other = "was not measured" if isnan(control.item()) else f"({name}) {control.item():.2f}"
    yield f"The networks' own layer got {own:.2f} bits at the end of training, its own control {other}."
    if curve.words(own) == "–" and abs(curve.means() - own).min() > _NEAR:
        yield (
            "No truth that was tried gets such an answer: samples of the layer do not lie as those of a Gaussian do, "
            "and its own control alone tells how much of it independent pairs get too."
        )


def _answers(most: float) -> list[float]:
    """Answers to read off, in whole, half or quarter bits, as few as a table can hold."""
    step = next(step for step in (0.25, 0.5, 1.0, 2.0, 4.0) if most / step <= _MOST)
    return [float(step * index) for index in range(1, ceil(most / step) + 1)]
