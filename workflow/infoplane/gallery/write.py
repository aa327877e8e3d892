"""The gallery as a page: what was found, in a template."""

from __future__ import annotations

import logging
from pathlib import Path

import yaml
from jinja2 import Environment

from infoplane import files
from infoplane.gallery import content

log = logging.getLogger(__name__)
NAME = "gallery.html"
_TEMPLATE = Path(__file__).with_name("page.html")


def save(results: Path) -> Path:
    """Write ``gallery.html`` into a folder of results, and return its path.

    Raises
    ------
    DataError
        If there are no figures, or a picture is damaged.
    """
    page = results / NAME
    text = html(content.read(results)).encode()
    files.write(page, text)
    log.info("wrote %s: %d bytes", page, len(text))
    return page


def html(found: list[content.Experiment]) -> str:
    """Return the page of these experiments."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["yaml"] = _yaml
    kinds = sorted({figure.kind for experiment in found for figure in experiment.figures})
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(experiments=found, kinds=kinds)


def _yaml(settings: object) -> str:
    return yaml.safe_dump(settings, sort_keys=False, default_flow_style=None, allow_unicode=True, width=100).strip()
