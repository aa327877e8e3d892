"""An animation as a GIF: what stands still is drawn once, and one palette serves all frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.typing import ColorType
from PIL import Image

from infoplane.figures import canvas, plane, style

if TYPE_CHECKING:
    from infoplane.figures.animation import Film, Panel

WIDTH = 800  # pixels
TRAIL = 15  # epochs, over which the mean's way is drawn
ENDED = "no network so late"
_LAST, _OTHERS = 2000, 10_000  # ms, that the last frame is held, and that the others take together
_SHORTEST, _LONGEST = 20, 1000  # ms, that one of them takes: browsers slow down what is faster
_COUNTER = 9.0  # mm, the line in which the epoch stands
_ALONE = (120.0, 72.0)  # mm, the width of the page and the height of the panel of a lone variant
_DOT: style.Look = {"markersize": 2.8, "markeredgewidth": 0.25, "markeredgecolor": "white", "linestyle": "none"}
_MEAN: style.Look = {"markersize": 6.0, "markeredgewidth": 0.8, "markeredgecolor": style.INK, "linestyle": "none"}


def durations(count: int) -> list[int]:
    """Milliseconds that each of so many frames is shown."""
    each = min(max(_OTHERS // max(count - 1, 1), _SHORTEST), _LONGEST) // 10 * 10
    return [each] * (count - 1) + [_LAST]


def encoded(film: Film, comment: str) -> bytes:
    """Return an animation as a GIF that repeats for ever."""
    colours = [look["color"] for look in style.in_depth(film.layers).values()]
    palette, buffer = _palette(colours), BytesIO()
    pictures = (picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in _frames(film))
    with style.applied():
        next(pictures).save(
            buffer,
            "GIF",
            save_all=True,
            append_images=pictures,
            duration=durations(len(film.epochs)),
            loop=0,
            palette=palette.getpalette(),
            comment=comment.encode(),
        )
    return buffer.getvalue()


def _frames(film: Film) -> Iterator[Image.Image]:
    figure, movers = stage(film)
    drawn: Any = figure.canvas
    drawn.draw()  # without what moves
    still = drawn.copy_from_bbox(figure.bbox)
    for index in range(len(film.epochs)):
        drawn.restore_region(still)
        for mover in movers:
            mover.show(index)
            figure.draw_artist(mover.artist)
        yield Image.fromarray(np.asarray(drawn.buffer_rgba())).convert("RGB")


class _Mover(Protocol):
    @property
    def artist(self) -> Artist:
        """What moves."""

    def show(self, index: int) -> None:
        """Make it show an epoch."""


@dataclass(frozen=True)
class _Dots:
    """Marks of one layer, (mark, epoch, 2)."""

    artist: Line2D
    places: style.Floats

    def show(self, index: int) -> None:
        self.artist.set_data(*self.places[:, index].T)


@dataclass(frozen=True)
class _Trails:
    """The last steps of the means of all layers, (layer, epoch, 2)."""

    artist: LineCollection
    paths: style.Floats

    def show(self, index: int) -> None:
        seen = self.paths[:, max(index - TRAIL, 0) : index + 1]
        steps = np.stack([seen[:, :-1], seen[:, 1:]], axis=2)  # (layer, step, end, 2)
        before = np.full((len(steps), TRAIL - steps.shape[1], 2, 2), np.nan)
        self.artist.set_segments(list(np.concatenate([before, steps], axis=1).reshape(-1, 2, 2)))


@dataclass(frozen=True)
class _Words:
    """A text that is another one at each epoch."""

    artist: Text
    texts: Sequence[str]

    def show(self, index: int) -> None:
        self.artist.set_text(self.texts[index])


def stage(film: Film) -> tuple[Figure, list[_Mover]]:
    """Lay out the page within `style.applied`, and give what moves on it, from the lowest to the topmost."""
    looks = style.in_depth(film.layers)
    key = [[canvas.handle(layer, **{**_MEAN, **look}) for layer, look in looks.items()], film.frame.key()]
    narrow, room = _ALONE if len(film.panels) == 1 else (None, 0.0)
    page, panels = plane.sheet(
        film.table, film.frame, film.notes, list(filter(None, key)), room=room, above=_COUNTER, narrow=narrow
    )
    counter = page.body.suptitle(film.epochs[-1], x=0.01, ha="left", size=13, weight="bold", color=style.INK)
    figure = canvas.settled(page.figure)
    figure.dpi = WIDTH / figure.get_figwidth()
    movers: list[_Mover] = [_Words(counter, film.epochs)]
    for axes, panel in zip(panels.values(), film.panels.values(), strict=True):
        movers += _movers(axes, panel, looks, len(film.epochs))
    for mover in movers:
        mover.artist.set_animated(True)
    return figure, movers


def _movers(axes: Axes, panel: Panel, looks: Mapping[str, style.Look], count: int) -> Iterator[_Mover]:
    """Give the networks of all layers, above them the ways of the means, and above those the means."""
    layers = list(enumerate(looks.values()))
    for index, look in layers:
        pale = {**look, "color": _mixed(look["color"], 0.6)}
        yield _Dots(axes.plot([], [], **_DOT, **pale)[0], panel.networks[:, index])
    fading = [_mixed(look["color"], (step + 1) / TRAIL) for look in looks.values() for step in range(TRAIL)]
    trails = LineCollection([], colors=fading, linewidths=1.4, capstyle="round")
    axes.add_collection(trails, autolim=False)
    yield _Trails(trails, panel.means)
    for index, look in layers:
        yield _Dots(axes.plot([], [], **_MEAN, **look)[0], panel.means[[index]])
    ended = axes.text(0.5, 0.5, "", transform=axes.transAxes, ha="center", va="center", color=style.MUTED)
    yield _Words(ended, [ENDED if index > panel.last else "" for index in range(count)])


def _mixed(colour: ColorType, share: float) -> tuple[float, ...]:
    """Return a share of a colour, and white for the rest: without alpha it has a place in the palette."""
    return tuple(1 - share * (1 - part) for part in to_rgb(colour))


def _palette(colours: Sequence[ColorType]) -> Image.Image:
    """Return greys, and of each colour steps to white, as antialiased lines have them: at most 255 in all."""
    ramps = [(0.0, 0.0, 0.0), to_rgb(style.WARNING), *map(to_rgb, colours)]
    steps = min(16, 255 // len(ramps))
    wanted = [_mixed(colour, (step + 1) / steps) for step in range(steps) for colour in ramps]
    found = dict.fromkeys([(255, 255, 255), *(tuple(round(255 * part) for part in each) for each in wanted)])
    image = Image.new("P", (1, 1))
    image.putpalette([part for colour in found for part in colour])
    return image
