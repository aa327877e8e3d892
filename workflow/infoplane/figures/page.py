"""A figure as the rest of the project sees it: what it reads, what it accepts, its numbers and its drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from infoplane.errors import DataError
from infoplane.figures import choices

if TYPE_CHECKING:  # so that planning a workflow loads neither pandas, xarray nor matplotlib
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

    from infoplane.figures.frame import Plane
    from infoplane.figures.notes import Notes


class Drawing(Protocol):
    """What a module of `infoplane.figures.pages` holds: the numbers of a figure, and their drawing."""

    READING: str  # one phrase for the foot: what thick, thin and bars mean

    def table(self, summary: xr.DataTree, options: Any) -> pd.DataFrame:
        """Return a row per drawn point, under plain variable names."""

    def draw(self, table: pd.DataFrame, notes: Notes) -> Figure:
        """Draw the table, and nothing that is not in it."""


class Moving(Drawing, Protocol):
    """A module whose table an animation can show too."""

    def table(self, summary: xr.DataTree, options: Any, most: float = ...) -> pd.DataFrame:
        """Return a row per drawn point, with rows of single seeds if there are at most so many."""

    def spanned(self, notes: Notes) -> Plane:
        """Return the plane that the points lie in."""


@dataclass(frozen=True)
class Page:
    """One figure; calling it draws it.

    Parameters
    ----------
    name
        Its name in an experiment file, and of its module in `infoplane.figures.pages`.
    shows
        What it shows, in one phrase.
    needs
        Groups of the summary that it reads; the order of the first one's estimators decides the default.
    options
        Class of the options that it accepts.
    after
        The figure of a paper that it takes up, if there is one.
    animated
        Whether its module is a `Moving` one.
    smooth
        Whether it shows the moving average of an experiment that has one.
    """

    name: str
    shows: str
    needs: tuple[str, ...]
    options: type[choices.Options]
    after: str = ""
    animated: bool = False
    smooth: bool = True

    def check(self, values: Mapping[str, object]) -> choices.Options:
        """Options from plain values, or a ConfigError that tells every fault."""
        return choices.read(self.options, values, figure=self.name)

    def table(self, summary: xr.DataTree, **values: object) -> pd.DataFrame:
        """Everything that the figure draws, a row per point, with units in the header."""
        from infoplane.figures import select

        chosen = select.resolve(summary, self, self.check(values))
        return select.with_units(self.numbers(summary, chosen), summary)

    def __call__(self, summary: xr.DataTree, **values: object) -> Figure:
        """Draw the figure from a summary."""
        from infoplane.figures import canvas, notes, select, style

        chosen = select.resolve(summary, self, self.check(values))
        table = self.numbers(summary, chosen)
        with style.applied():
            return canvas.settled(self.drawing.draw(table, notes.gather(summary, self, chosen, self.drawing.READING)))

    def numbers(self, summary: xr.DataTree, chosen: choices.Options, **more: float) -> pd.DataFrame:
        """The table under plain names; `more` is for a `Moving` module.

        Raises
        ------
        DataError
            If there is nothing in it.
        """
        table = self.drawing.table(summary, chosen, **more)
        if table.empty:
            raise DataError(f"figure {self.name!r} has nothing to draw: no value of {chosen} is finite")
        return table

    @property
    def drawing(self) -> Drawing:
        """The module that holds its numbers and its drawing."""
        return cast("Drawing", import_module(f"infoplane.figures.pages.{self.name}"))
