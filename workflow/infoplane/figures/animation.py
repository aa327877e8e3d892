"""A plane over the epochs: where every network lies at each, as a GIF and as a page with a slider.

The numbers are those of the figure's table; rows of single seeds, which a figure of many leaves out, are shown however
many there are.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite
from pathlib import Path as File
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
import xarray as xr
from jinja2 import Environment
from matplotlib.colors import to_hex
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator

from infoplane import files
from infoplane.figures import canvas, gif, notes, select, style
from infoplane.figures.frame import Frame
from infoplane.figures.notes import Notes
from infoplane.figures.variants import titles

if TYPE_CHECKING:
    from infoplane.figures.choices import Options
    from infoplane.figures.page import Moving, Page

log = logging.getLogger(__name__)
READING = f"small: each seed; large: mean over seeds, with its way over the last {gif.TRAIL} epochs that were measured"

_PAGE = Environment(autoescape=True)
_PAGE.policies["json.dumps_kwargs"] = {"allow_nan": False, "ensure_ascii": False, "separators": (",", ":")}
_TEMPLATE = File(__file__).with_name("animation.html")
_LETTERS = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C", Path.CLOSEPOLY: "Z"}


@dataclass(frozen=True)
class Panel:
    """A variant, and where its layers lie; NaN where nothing was measured.

    Parameters
    ----------
    title
        What it is called; a lone one has no name.
    table
        Its rows.
    seeds
        Its networks.
    means
        Mean over seeds, (layer, epoch, 2).
    networks
        Every seed, (seed, layer, epoch, 2).
    last
        Index of the last epoch that it was trained to.
    """

    title: str
    table: pd.DataFrame
    seeds: tuple[str, ...]
    means: style.Floats
    networks: style.Floats
    last: int


@dataclass(frozen=True)
class Film:
    """All that an animation shows.

    Parameters
    ----------
    table, frame, notes
        The figure's, with a row for every seed.
    layers
        In network order.
    epochs, steps
        What each frame shows, in words; steps are empty where the summary does not have them.
    panels
        Of the variants, by name.
    about
        Name and title of the experiment, and the figure.
    """

    table: pd.DataFrame
    frame: Frame
    notes: Notes
    layers: tuple[str, ...]
    epochs: tuple[str, ...]
    steps: tuple[str, ...]
    panels: Mapping[str, Panel]
    about: Mapping[str, str]


def of(page: Page, summary: xr.DataTree, options: Mapping[str, object]) -> Film:
    """Read from a summary what an animation of a figure with these options shows.

    Raises
    ------
    ConfigError
        If an option is none of the figure's, or names something that was not measured.
    DataError
        If there is nothing to show.
    """
    chosen = select.resolve(summary, page, page.check(options))
    known, experiment = notes.gather(summary, page, chosen, READING), notes.experiment(summary)
    table = page.numbers(summary, chosen, most=inf)
    frame = Frame.of(table, cast("Moving", page.drawing).spanned(known))
    epochs, layers = np.unique(table["epoch"]), select.in_order(table["layer"], known.layers)
    return Film(
        table=table,
        frame=frame,
        notes=known,
        layers=tuple(layers),
        epochs=tuple("untrained" if epoch == 0 else f"epoch {_number(epoch)}" for epoch in epochs),
        steps=_steps(summary[page.needs[0]].to_dataset(), chosen, epochs),
        panels={
            variant: _panel(title, table[table["variant"] == variant], frame, epochs, layers)
            for variant, title in titles(table, known.keys).items()
        },
        about={**{key: experiment[key] for key in ("name", "title")}, "figure": page.name},
    )


def save(film: Film, *, gif_path: File, page_path: File, summary: str) -> None:
    """Write an animation as a GIF and as a page, which both say by its digest what summary they are of."""
    picture = gif.encoded(film, comment=f"{film.about['figure']} of summary {summary}")
    files.write(gif_path, picture)
    text = html(film, summary=summary).encode()
    files.write(page_path, text)
    log.info("%d epochs: %d bytes as a GIF, %d as a page", len(film.epochs), len(picture), len(text))


def html(film: Film, *, summary: str) -> str:
    """Return an animation as a page that needs nothing else."""
    return _PAGE.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        **film.about,
        summary=summary,
        ended=gif.ENDED,
        preview=canvas.PREVIEW if film.notes.preview else "",
        foot=film.notes.foot,
        last=len(film.epochs) - 1,
        data=_data(film),
    )


def _number(epoch: float) -> str:
    return f"{epoch:.0f}" if epoch >= 100 else f"{epoch:.3g}"


def _steps(data: xr.Dataset, options: Options, epochs: style.Floats) -> tuple[str, ...]:
    """Optimiser updates at each epoch, from the fewest to the most of any variant."""
    if "step" not in data.coords:
        return ("",) * len(epochs)
    steps = data["step"].sel(variant=list(options.variants or ()), epoch=epochs).to_pandas()
    ends = zip(steps.min(), steps.max(), strict=True)
    return tuple(f"step {low:,.0f}" + (f" to {high:,.0f}" if low < high else "") for low, high in ends)


def _panel(title: str, shown: pd.DataFrame, frame: Frame, epochs: style.Floats, layers: list[str]) -> Panel:
    """Lay out a variant by epochs: one that it was not measured at, and others were, has what was last measured."""
    seeds = [str(seed) for seed in shown["seed"].unique() if seed != select.MEAN]
    last = shown["epoch"].max()
    cube = shown.set_index(["seed", "layer", "epoch"])[[frame.plane.x, frame.plane.y]].to_xarray().to_array("axis")
    cube = cube.reindex(seed=[select.MEAN, *seeds], layer=layers).reindex(epoch=epochs, method="pad")
    cube = cube.where(cube["epoch"] <= last)
    means, *networks = cube.transpose("seed", "layer", "epoch", "axis").to_numpy()
    return Panel(title, shown, tuple(seeds), means, np.stack(networks), int(np.searchsorted(epochs, last)))


def _data(film: Film) -> dict[str, Any]:
    """All that the page draws, as plain values."""
    plane, names = film.frame.plane, list(film.frame.lines)
    dark = style.over_time()(np.linspace(1, 0.5, len(film.layers)))  # to be seen on a dark page
    return {
        "times": [", ".join(filter(None, each)) for each in zip(film.epochs, film.steps, strict=True)],
        "pause": gif.durations(len(film.epochs))[0],
        "trail": gif.TRAIL,
        "x": {"label": plane.x_label, **_axis(film.frame.x_range, 4)},
        "y": {"label": plane.y_label, **_axis(film.frame.y_range, 5)},
        "layers": [
            {"name": name, "light": to_hex(look["color"]), "dark": to_hex(pale), "shape": shape(look["marker"])}
            for (name, look), pale in zip(style.in_depth(film.layers).items(), dark, strict=True)
        ],
        "lines": [{"name": name, "dash": _dash(look)} for name, look in film.frame.lines.items()],
        "panels": [
            {
                "title": panel.title,
                "last": panel.last,
                "seeds": panel.seeds,
                "lines": [[names.index(name), x, y] for name, x, y in film.frame.around(panel.table)],
                "means": _points(panel.means),
                "networks": [_points(network) for network in panel.networks],
            }
            for panel in film.panels.values()
        ],
    }


def _axis(limits: tuple[float, float], count: int) -> dict[str, Any]:
    low, high = limits
    ticks = [round(float(tick), 10) for tick in MaxNLocator(count).tick_values(low, high)]
    return {"range": limits, "ticks": [tick for tick in ticks if low <= tick <= high]}


def _dash(look: style.Look) -> str:
    _, lengths = look.get("linestyle", (0, ()))
    return " ".join(f"{1.2 * length:g}" for length in lengths)


def shape(marker: style.Marker) -> str:
    """Return a marker as an SVG path of size 1, whose vertical axis points down."""
    made = MarkerStyle(cast("Any", marker))
    outline = made.get_path().transformed(made.get_transform())
    return "".join(
        _LETTERS[code] + ("" if code == Path.CLOSEPOLY else " ".join(f"{value:.3g}" for value in ends * _flip(ends)))
        for ends, code in outline.iter_segments(simplify=False)
    )


def _flip(ends: style.Floats) -> style.Floats:
    return np.resize([1.0, -1.0], ends.size)


def _points(paths: style.Floats) -> list[list[list[float] | None]]:
    """Return points by layer and epoch with six digits, and None for a gap: JSON knows no NaN."""
    return [
        [[float(f"{x:.6g}"), float(f"{y:.6g}")] if isfinite(x) and isfinite(y) else None for x, y in path]
        for path in paths.tolist()
    ]
