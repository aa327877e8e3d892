"""What to call a variant: the values of the swept keys, which say more than its identifier."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from infoplane.errors import ConfigError
from infoplane.figures import select


def titles(table: pd.DataFrame, keys: Sequence[str]) -> dict[str, str]:
    """Name every variant by those of the keys in which the ones that are shown differ; a lone one needs no name."""
    variants = table["variant"].unique()
    if len(variants) == 1:
        return {str(variants[0]): ""}
    named = labels(table, [key for key in keys if len(table[key].unique()) > 1])
    distinct = len(set(named.values())) == len(named)
    return named if distinct else {variant: f"{variant} {name}".strip() for variant, name in named.items()}


def shared(table: pd.DataFrame, keys: Sequence[str]) -> str:
    """Name what all variants that are shown have in common, of these keys."""
    first = table.drop_duplicates("variant").head(1)
    common = [key for key in keys if len(table[key].unique()) == 1]
    return next(iter(labels(first, common).values()))


def labels(table: pd.DataFrame, keys: Sequence[str]) -> dict[str, str]:
    """Name every variant by its values of these keys; a key that it does not have is left out."""
    variants = table.drop_duplicates("variant").set_index("variant")
    values = variants[list(keys)].fillna("").astype(str)
    return {
        str(variant): ", ".join(_named(str(key), value) for key, value in row.items() if value)
        for variant, row in values.iterrows()
    }


def differing(table: pd.DataFrame) -> list[str]:
    """Return the swept keys that tell variants apart; one that follows from those before it says nothing more."""
    variants = table.drop_duplicates("variant")
    chosen: list[str] = []
    for key in select.swept(table):
        if len(variants.drop_duplicates([*chosen, key])) > len(variants.drop_duplicates(chosen) if chosen else [0]):
            chosen.append(key)
    return chosen


def swept_key(figure: str, table: pd.DataFrame, wanted: str) -> str:
    """Return the key that a figure's option `hue` asks for.

    Raises
    ------
    ConfigError
        If it is no swept key.
    """
    if wanted not in select.swept(table):
        known = ", ".join(select.swept(table)) or "nothing: the experiment has no sweep"
        raise ConfigError(f"figure {figure!r}: option 'hue' {wanted!r} is no swept key; choose from {known}")
    return wanted


def varies(table: pd.DataFrame, column: str, *, within: str) -> bool:
    """Tell whether a column has several values at any one value of another."""
    return len(table.drop_duplicates([within, column])) > len(table.drop_duplicates(within))


def _named(key: str, value: str) -> str:
    """Return a number, a truth or a default with its key, a name by itself: ``filters 6-12``, ``relu``."""
    speaks = not value[:1].isdigit() and value.lower() not in {"true", "false", "on", "off", "default"}
    return value if speaks else f"{key.rpartition('.')[2].replace('_', ' ')} {value}"
