"""The errors a user meets. Each message says what is wrong, with which value, and the way out."""

from collections.abc import Iterable


class InfoplaneError(Exception):
    """Base of every error that a user can cause and mend."""


class ConfigError(InfoplaneError):
    """An experiment or the configuration asks for something that cannot be."""


class DataError(InfoplaneError):
    """A data set is missing, damaged or not what it should be."""


class StoreError(InfoplaneError):
    """A store or a checkpoint is missing, damaged, incomplete or of another format."""


def raise_all(faults: Iterable[str], *, heading: str, error: type[InfoplaneError]) -> None:
    """Raise one error that tells every fault, or none if there is none.

    Parameters
    ----------
    faults
        One sentence each.
    heading
        What the faults were found in.
    error
        The class to raise.

    Raises
    ------
    InfoplaneError
        Of the class `error`, if there is any fault.
    """
    lines = list(faults)
    if lines:
        raise error("\n".join([f"{heading}:", *(f"  - {line}" for line in lines)]))
