"""All that the explorer shows of an experiment, read from its summary and its verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.colors import to_hex

from infoplane.explorer import curves, planes, verdicts
from infoplane.figures import animation, canvas, gif, notes, style
from infoplane.figures.against import CONTROLS
from infoplane.figures.choices import Processing
from infoplane.figures.epochs import EpochScale

SYMBOLS = dict(  # what plotly.js calls the markers of printed figures
    zip(
        style.MARKERS,
        [
            "circle",
            "square",
            "triangle-up",
            "diamond",
            "triangle-down",
            "cross",
            "x",
            "triangle-left",
            "triangle-right",
            "pentagon",
            "star",
            "diamond-tall",
            "hexagon",
            "star-square",
            "octagon",
            "star-triangle-up",
        ],
        strict=True,
    )
)
_TICKS = 70.0  # mm, the width of an axis of epochs on a laptop's screen


def of(summary: xr.DataTree, claims: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the page shows: plain values, and arrays of numbers, NaN where nothing was measured.

    Parameters
    ----------
    summary
        Of an experiment.
    claims
        What its claims.json holds, if it makes claims.

    Returns
    -------
    dict
        ``planes``, one for each kind of plane, estimator and split (`infoplane.explorer.planes.of`); ``training``, or
        None (`infoplane.explorer.curves.of`); ``verdicts``, a list; ``layers`` with their looks, in network order;
        ``variants`` with their titles; ``scale``, where epochs lie on an axis; ``absent``, a sentence for all that
        there is not; and what the experiment is called.

    Raises
    ------
    DataError
        If the summary does not say what experiment it is of.
    """
    about = notes.experiment(summary)
    drawn, no_planes = planes.of(summary)
    training, no_curves = curves.of(summary)
    judged, no_verdicts = verdicts.of(claims)
    epochs = [*(epoch for plane in drawn for epoch in plane["epochs"]), *(training or {}).get("epochs", [])]
    return {
        **{key: about[key] for key in ("name", "title")},
        "source": about.get("source", ""),
        "preview": canvas.PREVIEW if about.get("preview") else "",
        "variants": planes.variants(summary),
        "layers": _layers(summary),
        "planes": drawn,
        "training": training,
        "verdicts": judged,
        "scale": _scale(epochs),
        "looks": _looks(),
        "trail": gif.TRAIL,
        "ended": gif.ENDED,
        "tolerance": Processing().tolerance,
        "absent": [*no_planes, *no_curves, *no_verdicts],
    }


def _layers(summary: xr.DataTree) -> list[dict[str, str]]:
    """Layers in network order, dark to light as in an animation, each with its marker by name and as a path."""
    return [
        {
            "name": name,
            "colour": to_hex(look["color"]),
            "symbol": SYMBOLS[look["marker"]],
            "shape": animation.shape(look["marker"]),
        }
        for name, look in style.in_depth(planes.layers(summary)).items()
    ]


def _scale(epochs: list[float]) -> dict[str, Any]:
    """Where epochs lie on a logarithmic axis, on which the untrained network has a place of its own."""
    scale = EpochScale.of(epochs)
    at, labels = scale.ticks(_TICKS)
    ends = scale.position([min(epochs, default=0.0), max(epochs, default=1.0)])
    return {"zero": float(scale.position([0.0])[0]), "ends": np.log10(ends).tolist(), "at": at, "labels": labels}


def _looks() -> dict[str, Any]:
    """Colours and dashes that are no layer's, as the figures `training` and `data_processing` have them."""
    first, second = style.categories(2)
    greys = {"ink": style.INK, "muted": style.MUTED, "grey": style.GREY, "faint": style.FAINT}
    return {
        **{name: to_hex(grey) for name, grey in greys.items()},
        "train": {"colour": first, "dash": "solid"},
        "test": {"colour": second, "dash": "dash"},
        "forward": {"colour": first, "dash": "solid", "symbol": SYMBOLS["o"]},
        "error": {"colour": second, "dash": "dot", "symbol": SYMBOLS["s"]},
        "shuffled": to_hex(CONTROLS["shuffled samples"]["color"]),
        "untrained": to_hex(CONTROLS["untrained"]["color"]),
    }
