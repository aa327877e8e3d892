"""Checkpoints and stores that were made elsewhere: which network and epoch each is of, by its name."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from infoplane.errors import ConfigError

_NUMBERS = {"{epoch}": r"(?P<epoch>\d+(\.\d+)?)", "{seed}": r"(?P<seed>\d+)"}
_ACCEPTED = "a path with {epoch} in it once, and with {seed} where networks of several seeds are"
_ACCEPTED_STORE = "a path, with {seed} in it once where networks of several seeds are"
_SHOWN = 5  # files that a message names


def find(pattern: str, seeds: Sequence[int], *, folder: Path) -> dict[int, dict[float, Path]]:
    """Files by seed and epoch, epochs ascending.

    Parameters
    ----------
    pattern
        A path in which ``{epoch}`` stands for a number, and ``{seed}`` for a whole one.
    seeds
        Of the networks that are wanted; one alone needs no ``{seed}``.
    folder
        Where a relative path starts.

    Raises
    ------
    ConfigError
        If the pattern has no epoch, no file matches it, two are of one epoch, or a seed has none.
    """
    if (
        pattern.count("{epoch}") != 1
        or pattern.count("{seed}") > 1
        or re.sub(r"\{(epoch|seed)\}", "", pattern).count("{")
    ):
        raise ConfigError(f"is {pattern!r}; accepted: {_ACCEPTED}")
    if "{seed}" not in pattern and len(seeds) > 1:
        raise ConfigError(f"is {pattern!r}, of one network, and there are {len(seeds)} seeds; accepted: {_ACCEPTED}")
    found: dict[int, dict[float, Path]] = {}
    for path, numbers in _matches(folder / pattern):
        seed, epoch = int(numbers.get("seed", seeds[0])), round(float(numbers["epoch"]), 6)
        other = found.setdefault(seed, {}).setdefault(epoch, path)
        if other != path:
            raise ConfigError(f"is {pattern!r}, and {other.name} and {path.name} are both of epoch {epoch:g}; keep one")
    for seed in (seed for seed in seeds if seed not in found):
        there = f"those of seeds {', '.join(map(str, sorted(found)))}" if found else _nearby(folder / pattern)
        raise ConfigError(f"is {pattern!r}, and no file matches it for seed {seed}; there: {there}")
    return {seed: dict(sorted(found[seed].items())) for seed in seeds}


def stores(pattern: str, *, folder: Path) -> list[tuple[Path, int | None]]:
    """Stores that match, each with the seed in its name, if one is.

    Parameters
    ----------
    pattern
        A path in which ``{seed}`` stands for a whole number; of a single store, its path.
    folder
        Where a relative path starts.

    Raises
    ------
    ConfigError
        If something else than a seed is to be put in, or no store matches.
    """
    if pattern.replace("{seed}", "", 1).count("{"):
        raise ConfigError(f"is {pattern!r}; accepted: {_ACCEPTED_STORE}")
    found = [(path, int(numbers["seed"]) if numbers else None) for path, numbers in _matches(folder / pattern)]
    if not found:
        raise ConfigError(f"is {pattern!r}, and no store matches it; there: {_nearby(folder / pattern)}")
    return found


def _matches(pattern: Path) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """Files that match, each with the numbers in its name."""
    fixed = _fixed(pattern)
    parts = re.split(r"(\{epoch\}|\{seed\})", pattern.relative_to(fixed).as_posix())
    named = re.compile("".join(_NUMBERS.get(part, re.escape(part)) for part in parts))
    for path in sorted(fixed.glob("/".join(_star(part) for part in pattern.relative_to(fixed).parts))):
        if match := named.fullmatch(path.relative_to(fixed).as_posix()):
            yield path, match.groupdict()


def _star(part: str) -> str:
    """A part of a path for `glob`, in which the numbers stand for anything and nothing else does."""
    return re.sub(r"\{(epoch|seed)\}", "*", re.sub(r"([*?\[])", r"[\1]", part))


def _fixed(pattern: Path) -> Path:
    """The deepest folder that the pattern names in full."""
    return next(parent for parent in pattern.parents if "{" not in str(parent))


def _nearby(pattern: Path) -> str:
    fixed = _fixed(pattern)
    if not fixed.is_dir():
        return f"no folder {fixed}"
    names = sorted(path.name for path in fixed.iterdir())
    return f"{', '.join(names[:_SHOWN]) or 'nothing'}{', …' if len(names) > _SHOWN else ''} in {fixed}"
