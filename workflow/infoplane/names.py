"""One sentence for every name that is not known."""

import difflib
from collections.abc import Iterable


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Say that a name is not known, which one may have been meant, and which are.

    Parameters
    ----------
    what
        The kind of thing that the name names.
    name
        As the user gave it.
    known
        Names that are accepted.
    """
    return f"{what} {name!r} is not known; {accepted(name, known)}"


def accepted(name: object, known: Iterable[str]) -> str:
    """The names that are accepted, after the one that comes nearest to a name."""
    names = list(known)
    near = difflib.get_close_matches(str(name), names, n=1)
    return f"{f'did you mean {near[0]!r}? ' if near else ''}accepted: {', '.join(names) or 'none'}"
