"""The explorer as a page that needs nothing else: plotly.js, its own script and style, and the numbers."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
import xarray as xr
from jinja2 import Environment
from plotly.offline import get_plotlyjs

from infoplane import files
from infoplane.claims.write import LEGEND
from infoplane.explorer import SCRIPTS, STYLE, TEMPLATE, content

log = logging.getLogger(__name__)
_PAGE = Environment(autoescape=True)
_PAGE.policies["json.dumps_kwargs"] = {"allow_nan": False, "ensure_ascii": False, "separators": (",", ":")}


def save(page: Path, archive: Path, summary: xr.DataTree, claims: Path | None, *, digest: str) -> None:
    """Write the page of an experiment, and an archive with nothing else in it.

    Parameters
    ----------
    page, archive
        Files to write.
    summary
        Of the experiment.
    claims
        Its claims.json, if it makes claims.
    digest
        Of the summary, by which the page says what it is of.
    """
    judged = None if claims is None else json.loads(claims.read_text(encoding="utf-8"))
    text = html(content.of(summary, judged), summary=digest).encode()
    packed = _zipped(f"{summary.attrs['experiment']['name']}.{page.name}", text)
    files.write(page, text)
    files.write(archive, packed)
    log.info("wrote %s: 2 files, %d bytes", page.stem, len(text) + len(packed))


def html(shown: Mapping[str, Any], *, summary: str) -> str:
    """What `infoplane.explorer.content.of` found, as a page."""
    return _PAGE.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        **{key: shown[key] for key in ("name", "title", "source", "preview", "absent")},
        summary=summary,
        legend=LEGEND.replace("*", ""),
        style=STYLE.read_text(encoding="utf-8"),
        plotly=get_plotlyjs(),
        scripts=[script.read_text(encoding="utf-8") for script in SCRIPTS],
        content=plain(shown),
    )


def plain(value: Any) -> Any:
    """A value as JSON has it: an array as its shape and its numbers, little-endian float32 in base64."""
    match value:
        case Mapping():
            return {key: plain(each) for key, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case np.ndarray():
            return {"shape": value.shape, "base64": base64.b64encode(value.astype("<f4").tobytes()).decode()}
        case _:
            return value


def _zipped(name: str, content: bytes) -> bytes:
    """An archive of one file, the same bytes every time."""
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        archive.writestr(ZipInfo(name), content, ZIP_DEFLATED)
    return buffer.getvalue()
