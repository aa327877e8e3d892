"""What every recipe has: how the parameters of a job become one."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class BaseRecipe:
    """What a stage is told of its work, as fields of a dataclass.

    Parameters
    ----------
    folder
        Where relative paths of the experiment start.
    """

    folder: Path = Path()

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """The recipe that the parameters of a job hold."""
        own = {field.name: settings[field.name] for field in fields(cls)}
        return cls(**{**own, "folder": Path(own["folder"])})
