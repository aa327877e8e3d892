"""Samples that are their own targets, as an autoencoder has them."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from infoplane.datasets.content import Dataset, Description, Split
from infoplane.errors import ConfigError
from infoplane.targets import CONTINUOUS

_KEY, _INPUT = "target", "input"


def asked(source: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """A source without its `target`, and whether that asks for the input in place of the data's own targets.

    Raises
    ------
    ConfigError
        If it asks for anything else.
    """
    target = source.get(_KEY, _INPUT)
    if target != _INPUT:
        raise ConfigError(f"dataset {_KEY} {target!r}: accepted: {_INPUT!r}, or no such key for the data's own targets")
    return {key: value for key, value in source.items() if key != _KEY}, _KEY in source


def described(own: Description) -> Description:
    """A data set whose targets are its inputs, from the one with targets of its own."""
    checksum = hashlib.sha256(f"{own.checksum} {_KEY}: {_INPUT}".encode()).hexdigest()
    return replace(own, classes=math.prod(own.shape), checksum=checksum, targets=CONTINUOUS)


def dataset(own: Dataset) -> Dataset:
    """In memory: each target is its input, flattened, float32 (n, d). What is known of labels is left out."""
    return Dataset(_split(own.train), _split(own.test), described(own.description))


def _split(own: Split) -> Split:
    return Split(own.inputs, own.inputs.flatten(1))
