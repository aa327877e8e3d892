"""One sentence for every name that is not known, or that a layer cannot have."""

import difflib
from collections.abc import Iterable, Iterator

from infoplane.schema import ACTIVATION_ROOT, COORDINATES

_TAKEN = tuple(sorted({*ACTIVATION_ROOT, *COORDINATES}))


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


def layer_faults(names: Iterable[object], *, way_out: str) -> Iterator[str]:
    """Say which names of layers no store can have: each is that of a group, beside variables and coordinates.

    Parameters
    ----------
    names
        As networks, or the user, give them.
    way_out
        How a layer gets another name; the end of each sentence.
    """
    for name in names:
        if not isinstance(name, str) or set("/\\") & set(name) or not name.strip("."):
            yield f"layer {name!r} cannot be a group of a store; accepted: text with neither / nor \\ in it. {way_out}"
        elif name in _TAKEN:
            yield f"layer {name!r} has a name that stores need; accepted: any but {', '.join(_TAKEN)}. {way_out}"
