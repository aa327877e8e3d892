"""Figures on disk: three formats and the numbers drawn, the same bytes every time."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from infoplane import files
from infoplane.figures import style

log = logging.getLogger(__name__)
# A file must not change with the hour or the host, so every format leaves out its date.
_METADATA: Mapping[str, Mapping[str, None]] = {
    "svg": {"Date": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None},
}
# Straight to the canvas: `Figure.savefig` would draw everything once more, to lay out what is laid out already.
_CANVASES = {"svg": FigureCanvasSVG, "png": FigureCanvasAgg, "pdf": FigureCanvasPdf}


def save(figure: Figure, table: pd.DataFrame, stem: Path, /, **facts: str) -> list[Path]:
    """Write ``stem.svg``, ``.png``, ``.pdf`` and ``.csv``, and return their paths.

    Parameters
    ----------
    figure
        A figure of this package.
    table
        Its table, with units in the header.
    stem
        Path without a suffix; its folder is made if need be.
    **facts
        What the PNG file says of itself, such as what it was drawn from.
    """
    stem.parent.mkdir(parents=True, exist_ok=True)
    metadata = {**_METADATA, "png": {**_METADATA["png"], **facts}}
    contents = {kind: _rendered(figure, kind, own) for kind, own in metadata.items()}
    contents["csv"] = table.to_csv(index=False, float_format="%.10g", lineterminator="\n").encode()
    paths = {stem.with_name(f"{stem.name}.{kind}"): content for kind, content in contents.items()}
    for path, content in paths.items():
        files.write(path, content)
    log.info("wrote %s: %d files, %d bytes", stem.name, len(paths), sum(map(len, paths.values())))
    return list(paths)


def inline(path: Path) -> str:
    """The SVG of a figure as a page of HTML takes it into its text: without what stands before its element."""
    text = path.read_text(encoding="utf-8")
    return text[text.index("<svg") :]


def _rendered(figure: Figure, kind: str, metadata: Mapping[str, str | None]) -> bytes:
    buffer, dpi = BytesIO(), figure.dpi
    with style.applied():
        getattr(_CANVASES[kind](figure), f"print_{kind}")(buffer, metadata=dict(metadata))
    figure.dpi = dpi  # the vector formats leave theirs behind
    return buffer.getvalue()
