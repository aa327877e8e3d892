"""Claims of the papers, and the verdict that the summary of an experiment gives on each.

A claim is a sentence, a function from the summary to an effect of every seed, and a rule; see `Claim`. A paper's claims
are an entry here and a module beside this one. A user's own are in a file of theirs::

    claims: [yu2021.forward_chain, "my_claims.py:compresses"]

where ``compresses()`` returns a `Claim`. Planning a workflow needs `names` and `claim` only, and loads no xarray.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from infoplane import factories
from infoplane.claims import (
    szt2017,
    szt2017_phases,
    szt2017_text,
    wickstrom2023,
    yu2019,
    yu2019_encoders,
    yu2019_turns,
    yu2021,
)
from infoplane.claims.claim import Claim, Rule
from infoplane.errors import ConfigError
from infoplane.names import unknown

if TYPE_CHECKING:
    import xarray as xr

    from infoplane.claims.verdict import Verdict

__all__ = ["Claim", "Rule", "claim", "judge", "modules", "names"]

_PAPERS = (
    *yu2021.CLAIMS,
    *yu2019.CLAIMS,
    *yu2019_turns.CLAIMS,
    *yu2019_encoders.CLAIMS,
    *wickstrom2023.CLAIMS,
    *szt2017.CLAIMS,
    *szt2017_phases.CLAIMS,
    *szt2017_text.CLAIMS,
)
_CLAIMS = {each.name: each for each in _PAPERS}


def names() -> list[str]:
    """Names of all claims that are here."""
    return list(_CLAIMS)


def modules() -> list[str]:
    """The modules that claims are in."""
    return sorted({each.effect.__module__ for each in _CLAIMS.values()})


def claim(name: str, *, folder: Path) -> Claim:
    """A claim by its name, or from the user's own file.

    Parameters
    ----------
    name
        A registered name, or ``path/to/file.py:function`` or ``package.module:function``, which returns one.
    folder
        Where relative paths start.

    Raises
    ------
    ConfigError
        If there is none of that name, or what is there is no `Claim`.
    """
    if ":" not in name:
        if name not in _CLAIMS:
            raise ConfigError(unknown("claim", name, names()))
        return _CLAIMS[name]
    found = factories.function(name, folder=folder)()
    if not isinstance(found, Claim):
        raise ConfigError(f"claim {name!r} returns a {type(found).__name__}; accepted: an infoplane.claims.Claim")
    return found


def judge(summary: xr.DataTree, claims: Iterable[Claim]) -> list[Verdict]:
    """A verdict on every claim, with every estimator and split that the summary has.

    Raises
    ------
    ConfigError
        If the summary lacks a group that a claim needs.
    """
    from infoplane.claims import verdict

    return [found for each in claims for found in verdict.verdicts(each, summary)]
