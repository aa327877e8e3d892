"""What a folder of results has for the gallery: experiments, their settings, and their figures."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from docutils.core import publish_parts
from jinja2 import Environment
from PIL import Image, UnidentifiedImageError

from infoplane import figures
from infoplane.errors import DataError

_CAPTIONS = Path(__file__).parents[2] / "report"
_PLAIN = Environment(autoescape=False)
_LEFT_OUT = {"name", "title", "source", "differences", "preview"}  # of the settings: they stand above them
_PICTURES = ("figures/*.png", "sensitivity.png", "calibration/*.png")
_FILES = ("svg", "pdf", "png", "csv")
_MOVING = ("html", "gif")


@dataclass(frozen=True)
class Figure:
    """A figure that was drawn.

    Parameters
    ----------
    name
        Of its files.
    kind
        The registered figure; its name where the picture does not say.
    shows
        What it shows, in one phrase; nothing for a figure that is not registered.
    caption
        As HTML; nothing for a figure that is not registered.
    settings
        What the picture says of its making: options, style and estimator.
    size
        Width and height of the picture, pixels.
    files
        Paths from the folder of results, by what to call them; the picture is ``png``.
    """

    name: str
    kind: str
    shows: str
    caption: str
    settings: Mapping[str, Any]
    size: tuple[int, int]
    files: Mapping[str, str]


@dataclass(frozen=True)
class Experiment:
    """An experiment with figures.

    Parameters
    ----------
    name
        Of its folder.
    title, source
        As it says; nothing where its summary is gone.
    preview
        Whether it is one.
    settings
        As resolved; empty where its summary is gone.
    verdicts
        How many claims got each verdict; empty where none is made.
    pages
        Paths of its other pages from the folder of results, by what to call them.
    figures
        In the order of the registered ones.
    """

    name: str
    title: str
    source: str
    preview: bool
    settings: Mapping[str, Any]
    verdicts: Mapping[str, int]
    pages: Mapping[str, str]
    figures: tuple[Figure, ...]


def read(results: Path) -> list[Experiment]:
    """Read all experiments that have figures, by name.

    Raises
    ------
    DataError
        If there is none.
    """
    folders = sorted({path.parents[1] for path in results.glob("*/figures/*.png")})
    if not folders:
        raise DataError(f"{results}: holds no figures; run snakemake, or name another folder of results")
    return [_experiment(folder, results) for folder in folders]


def _experiment(folder: Path, results: Path) -> Experiment:
    about = _about(folder)
    pages = {each: f"{each}.html" for each in ("explorer", "sensitivity", "calibration")} | {"verdicts": "claims.html"}
    paths = (path for pattern in _PICTURES for path in sorted(folder.glob(pattern)))
    drawn = (_figure(path, folder.name, results) for path in paths)
    order = figures.names()
    return Experiment(
        name=folder.name,
        title=about.get("title", ""),
        source=about.get("source", ""),
        preview=bool(about.get("preview")),
        settings={key: value for key, value in about.items() if key not in _LEFT_OUT},
        verdicts=_verdicts(folder / "claims.json"),
        pages={name: f"{folder.name}/{file}" for name, file in pages.items() if (folder / file).exists()},
        figures=tuple(sorted(drawn, key=lambda each: order.index(each.kind) if each.kind in order else len(order))),
    )


def _about(folder: Path) -> dict[str, Any]:
    """The experiment as its summary has it: the attributes alone, so that no array need be there or be whole."""
    try:
        attributes = json.loads((folder / "summary.zarr" / "zarr.json").read_text(encoding="utf-8"))["attributes"]
        found: dict[str, Any] = attributes["experiment"]
    except (OSError, ValueError, KeyError):
        return {}
    return found


def _verdicts(path: Path) -> dict[str, int]:
    if not path.exists():
        return {}
    return dict(Counter(claim["verdict"] for claim in json.loads(path.read_text(encoding="utf-8"))["claims"]))


def _figure(path: Path, experiment: str, results: Path) -> Figure:
    try:
        with Image.open(path) as image:
            facts, size = {str(key): value for key, value in image.info.items() if isinstance(value, str)}, image.size
    except (OSError, UnidentifiedImageError) as error:
        raise DataError(f"{path}: is no picture any more; delete it and run snakemake again") from error
    kind = facts.get("figure", path.stem)
    known = kind in figures.names()
    return Figure(
        name=path.stem if known else kind,
        kind=kind,
        shows=getattr(figures, kind).shows if known else "",
        caption=caption(kind, experiment) if known else "",
        settings={**_noted(facts), **{key: facts[key] for key in ("estimator",) if key in facts}},
        size=size,
        files=dict(_files(path, results)),
    )


def _noted(facts: Mapping[str, str]) -> dict[str, Any]:
    return {key: value for key in ("options", "style") if (value := json.loads(facts.get(key, "{}")))}


def _files(path: Path, results: Path) -> Iterator[tuple[str, str]]:
    """Names and paths of what there is of a figure, still and moving."""
    moving = path.parents[1] / "animations" / path.name
    still = ((ending, path.with_suffix(f".{ending}")) for ending in _FILES)
    over_epochs = ((f"animation, {ending}", moving.with_suffix(f".{ending}")) for ending in _MOVING)
    for name, file in (*still, *over_epochs):
        if file.exists():
            yield name, file.relative_to(results).as_posix()


def caption(figure: str, experiment: str) -> str:
    """Caption of a registered figure, as the report has it, as HTML."""
    text = (_CAPTIONS / f"{figure}.rst").read_text(encoding="utf-8")
    asked = SimpleNamespace(wildcards=SimpleNamespace(experiment=experiment, figure=figure))
    written = _PLAIN.from_string(text).render(snakemake=asked)
    return str(publish_parts(written, writer="html5", settings_overrides={"report_level": 5})["fragment"])
