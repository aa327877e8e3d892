"""From the summary to tidy tables: choose, average over probe batches, then over seeds, and keep every seed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import pandas as pd
import xarray as xr

from infoplane.derived import moving, outcomes
from infoplane.errors import ConfigError, raise_all
from infoplane.figures.choices import Options
from infoplane.schema import ARTIFACTS, COORDINATES, Variable

if TYPE_CHECKING:
    from infoplane.figures.page import Page

MEAN = "mean"  # in the column `seed`: the mean over the seeds that are finite there
SPREAD = "_sd"  # behind a variable's name: its standard deviation over those seeds
PLACE = ["layer", "kind", "depth", "channels"]  # the columns that say where in the network a row is
PAIR = ["pair", "first", "second"]  # and between which of its layers

_SINGLE = {"estimator": "estimator", "split": "split"}
_SEVERAL = {"variants": "variant", "layers": "layer"}
VARIABLES: dict[str, Variable] = {
    name: variable for variables in ARTIFACTS["summary"].groups.values() for name, variable in variables.items()
}


def resolve(summary: xr.DataTree, page: Page, options: Options) -> Options:
    """Fill in the defaults that depend on the summary, and check every name against it.

    Raises
    ------
    ConfigError
        If it is no summary, a group that the figure needs is missing, or an option names something that was not
        measured.
    """
    if not isinstance(summary, xr.DataTree):
        raise ConfigError(
            f"figure {page.name!r} is of a {type(summary).__name__}; accepted: an xarray.DataTree, as "
            "infoplane.analyse returns it and summary.zarr holds it"
        )
    missing = [name for name in page.needs if name not in summary.children]
    raise_all(
        (
            f"the summary has no group {name!r}; have the experiment measure it, or leave this figure out"
            for name in missing
        ),
        heading=f"figure {page.name!r}",
        error=ConfigError,
    )
    groups = [summary[name].to_dataset() for name in page.needs]
    names = vars(options)
    known = {option: _shared(groups, dim) for option, dim in _SINGLE.items() if option in names}
    known |= {option: _present(groups, dim) for option, dim in _SEVERAL.items()}
    faults = [f"no {option} is in all of {', '.join(page.needs)}" for option in _SINGLE if known.get(option) == ()]
    faults += [
        f"{option} {value!r} is not in the summary; choose from {', '.join(known[option]) or 'none'}"
        for option in known
        for value in _listed(names[option])
        if (known[option] or option in _SEVERAL) and value not in known[option]
    ]
    raise_all(faults, heading=f"figure {page.name!r}", error=ConfigError)
    several: dict[str, Any] = {
        option: tuple(label for label in known[option] if label in (names[option] or known[option]))
        for option in _SEVERAL
    }
    single: dict[str, Any] = {option: names[option] or known[option][0] for option in _SINGLE if option in known}
    return replace(options, **several, **single)


def estimators(summary: xr.DataTree, groups: Sequence[str]) -> tuple[str, ...]:
    """Names of the estimators that all of these groups of the summary have, as far as they have any."""
    return _shared([summary[name].to_dataset() for name in groups], "estimator")


def group(summary: xr.DataTree, name: str, options: Options, *, smooth: bool = True) -> xr.Dataset:
    """One group of the summary, cut to the options and averaged over probe batches.

    Where the experiment has a moving average over epochs it is that, unless the figure is not `smooth`.
    """
    data = summary[name].to_dataset()
    chosen: dict[str, str | list[str]] = {
        dim: getattr(options, option)
        for option, dim in _SINGLE.items()
        if dim in data.dims and hasattr(options, option)
    }
    for option, dim in _SEVERAL.items():
        if dim in data.dims:
            chosen[dim] = [label for label in data[dim].to_numpy() if label in getattr(options, option)]
    data = _in_order_of_the_sweep(data.sel(chosen), summary)
    data = moving.averaged(data, moving.length(summary.attrs.get("experiment", {})) if smooth else 1)
    return data.mean("probe_batch", keep_attrs=True) if "probe_batch" in data.dims else data


def _in_order_of_the_sweep(data: xr.Dataset, summary: xr.DataTree) -> xr.Dataset:
    """Put the swept keys in the order of the experiment; a store gives them in that of the alphabet."""
    blocks = summary.attrs.get("experiment", {}).get("sweep", [])
    keys = [key for key in dict.fromkeys(key for block in blocks for key in block) if key in data.coords]
    return data.drop_vars(keys).assign_coords({key: data[key].variable for key in keys})


def swept(data: xr.Dataset | pd.DataFrame) -> list[str]:
    """Names of the swept keys, in order; in a table they stand between the variant and the other coordinates."""
    if isinstance(data, pd.DataFrame):
        return list(takewhile(lambda name: name not in COORDINATES, data.columns[1:]))
    return [str(name) for name in data.coords if data[name].dims == ("variant",) and name != "variant"]


def rows(data: xr.Dataset, variables: Sequence[str]) -> pd.DataFrame:
    """A row per point at which any of the variables exists, with the coordinates that tell which point it is."""
    table = data[list(variables)].to_dataframe().dropna(subset=list(variables), how="all").reset_index()
    coordinates = ["variant", *swept(data), "estimator", "control", "split", *PLACE, *PAIR, "epoch", "seed"]
    return table[[name for name in coordinates if name in table.columns] + list(variables)]


def with_mean(table: pd.DataFrame, variables: Sequence[str]) -> pd.DataFrame:
    """Add the mean over seeds, its spread and the number of seeds, as rows whose seed is ``mean``."""
    seeds = table.assign(seed=table["seed"].astype(str), seeds=1)
    return pd.concat([seeds, mean(table, variables)], ignore_index=True)


def mean(table: pd.DataFrame, variables: Sequence[str]) -> pd.DataFrame:
    """Rows of the mean over seeds, epoch after epoch, with the standard deviation and the number of seeds."""
    by = [name for name in table.columns if name not in {"seed", *variables}]
    place = {variant: index for index, variant in enumerate(table["variant"].unique())}
    ordered = table.sort_values("epoch", kind="stable").sort_values(
        "variant", key=lambda at: at.map(place), kind="stable"
    )
    grouped = ordered.groupby(by, sort=False, dropna=False)
    spread = grouped[list(variables)].std().add_suffix(SPREAD)
    counted = grouped["seed"].nunique().rename("seeds")
    return pd.concat([grouped[list(variables)].mean(), spread, counted], axis=1).reset_index().assign(seed=MEAN)


def lost(summary: xr.DataTree, name: str, options: Options) -> list[str]:
    """Variants that are shown of which no network was left at their last epoch, by one group of the summary."""
    data = group(summary, name, options)
    known = "training" in summary.children
    training = summary["training"].to_dataset().sel(variant=data["variant"].values) if known else None
    gone = outcomes.lost(data, training)
    return [str(variant) for variant in gone["variant"].values[gone.values]]


def last_epochs(table: pd.DataFrame, lost: Collection[str]) -> pd.DataFrame:
    """The rows of every variant's last epoch, of those that are lost none."""
    last = table["epoch"] == table.groupby("variant")["epoch"].transform("max")
    return table[last & ~table["variant"].isin(lost)]


def in_order(values: Iterable[str], order: Collection[str]) -> list[str]:
    """Return the distinct values, in the order given."""
    present = set(values)
    return [value for value in order if value in present]


def variable(summary: xr.DataTree, name: str) -> Variable:
    """A variable of the summary: unit and axis label as the data have them, else as the data model has them."""
    stored = next((node[name].attrs for node in summary.children.values() if name in node.data_vars), {})
    known = VARIABLES[name]
    return replace(known, units=stored.get("units", known.units), long_name=stored.get("long_name", known.long_name))


def with_units(table: pd.DataFrame, summary: xr.DataTree) -> pd.DataFrame:
    """Return the table with the unit behind the name of every measured column."""
    headers = {column: f"{column} [{unit}]" for column in table.columns if (unit := _unit(summary, column))}
    return table.rename(columns=headers)


def _unit(summary: xr.DataTree, column: str) -> str | None:
    """Unit of the variable that a column is named after: the mean, spread or aspect of one has the same."""
    if column == "epoch":
        return COORDINATES[column].units
    named_after = [name for name in VARIABLES if column == name or column.startswith(f"{name}_")]
    return variable(summary, max(named_after, key=len)).units if named_after else None


def _shared(groups: Sequence[xr.Dataset], dim: str) -> tuple[str, ...]:
    lists = [[str(label) for label in data[dim].to_numpy()] for data in groups if dim in data.dims]
    return tuple(label for label in lists[0] if all(label in others for others in lists)) if lists else ()


def _present(groups: Sequence[xr.Dataset], dim: str) -> tuple[str, ...]:
    labels = [str(label) for data in groups if dim in data.dims for label in data[dim].to_numpy()]
    return tuple(dict.fromkeys(labels))


def _listed(value: str | Sequence[str] | None) -> Sequence[str]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value
