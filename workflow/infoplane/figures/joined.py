"""Summaries of several experiments as one, whose variants carry the name of their experiment: for figures of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr

from infoplane import config, experiment
from infoplane.derived import moving
from infoplane.errors import ConfigError, raise_all
from infoplane.figures import notes
from infoplane.schema import COORDINATES, estimates

EXPERIMENT = "experiment"  # the key that is swept from one to the next
_SHARED = {"seed", "other_seed", "split", "probe_batch"}  # of which there is what all have
_APART = {"kernel_matrices"}  # a figure of one network alone
_BESIDE = {"turn_back": "intrinsic_dimension", "kernel_widths": "error_chain"}  # shown of those that have measured it
_SOURCES = ("name", "file", "factory")  # of a data set, one of these
_PARTS = ("dataset", "model")  # of an experiment, that say what a network and its data are
_Abouts = Mapping[str, Mapping[str, Any]]


def join(summaries: Mapping[str, xr.DataTree], *, figure: str, needs: Iterable[str]) -> xr.DataTree:
    """One summary of several, with all of their variants, layers and epochs.

    What one lacks and another has is NaN. Of seeds, estimators, splits and probe batches there are those that all have:
    in a summary every variant has every seed, and means are over as many. An estimator counts as the same if its
    settings are, and the number of samples.

    Parameters
    ----------
    summaries
        By the name that each goes by.
    figure
        The registered figure that it is for.
    needs
        Groups that the figure reads.

    Raises
    ------
    ConfigError
        One message with every reason why they cannot lie in one figure.
    """
    abouts = {name: notes.experiment(tree) for name, tree in summaries.items()}
    raise_all(
        _faults(summaries, abouts, figure, needs), heading=f"{' and '.join(abouts)} in one figure", error=ConfigError
    )
    batches = min(about["probe"]["batches"] for about in abouts.values())
    same = _same_estimators(abouts)
    joined = {
        name: _one({of: tree[name].to_dataset() for of, tree in held.items()}, abouts, same, batches)
        for name, held in _held(summaries, figure, needs).items()
    }
    about = xr.Dataset(attrs={"experiment": _about(abouts, same, batches, _swept(next(iter(joined.values()))))})
    return xr.DataTree.from_dict({"/": about, **{f"/{name}": data for name, data in joined.items()}})


def _held(summaries: Mapping[str, xr.DataTree], figure: str, needs: Iterable[str]) -> dict[str, dict[str, xr.DataTree]]:
    """Summaries that have a group, by each that is joined: of the training all or none."""
    groups = dict.fromkeys([*needs, "training", *filter(None, [_BESIDE.get(figure)])])
    held = {group: {name: tree for name, tree in summaries.items() if group in tree.children} for group in groups}
    return {group: own for group, own in held.items() if own and (group != "training" or len(own) == len(summaries))}


def _faults(summaries: Mapping[str, xr.DataTree], abouts: _Abouts, figure: str, needs: Iterable[str]) -> Iterator[str]:
    if figure in _APART:
        yield f"figure {figure!r} is of one network; choose another"
    for group in needs:
        lacking = [name for name, tree in summaries.items() if group not in tree.children]
        if lacking:
            yield f"{' and '.join(lacking)} has not measured {group!r}, which figure {figure!r} shows"
    measured = any("estimator" in tree[group].dims for tree in summaries.values() for group in tree.children)
    if measured and set(needs) - {"training", "weights"} and not _same_estimators(abouts):
        yield f"no estimator is the same in all: {_differences(abouts)}; measure all by one, with as many samples"
    for dim in ("seed", "split"):
        held = {name: _labels(tree, dim, needs) for name, tree in summaries.items()}
        if all(held.values()) and not set.intersection(*map(set, held.values())):
            yield f"they share no {dim}: {_listed({name: ', '.join(map(str, each)) for name, each in held.items()})}"
    lengths = {name: moving.length(about) for name, about in abouts.items()}
    if len(set(lengths.values())) > 1:
        yield f"the moving averages are over {_listed(lengths)} epochs; give all the same"
    elif max(lengths.values()) > 1 and len({_epochs(tree, needs) for tree in summaries.values()}) > 1:
        yield "they are shown as moving averages, and were not looked at in the same epochs; leave moving_average out"


def _labels(tree: xr.DataTree, dim: str, groups: Iterable[str]) -> list[Any]:
    """Labels of a dimension in the first of some groups that has it."""
    found = (tree[group].to_dataset() for group in groups if group in tree.children)
    return next((data[dim].values.tolist() for data in found if dim in data.dims), [])


def _epochs(tree: xr.DataTree, groups: Iterable[str]) -> tuple[float, ...]:
    """All epochs of those of some groups that have any."""
    found = [tree[group].to_dataset() for group in groups if group in tree.children]
    return tuple(epoch for data in found if "epoch" in data.dims for epoch in data["epoch"].values.tolist())


def _same_estimators(abouts: _Abouts) -> list[dict[str, Any]]:
    """Estimators that all have, with the same settings and as many samples."""
    first, *others = [_estimators(about) for about in abouts.values()]
    return [settings for name, settings in first.items() if all(other.get(name) == settings for other in others)]


def _estimators(about: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Estimators by name, each with the number of samples that it is given."""
    return {each["name"]: {"probe_size": about["probe"]["size"], **each} for each in about["estimators"]}


def _differences(abouts: _Abouts) -> str:
    """In what the estimators of a name differ, or what they are called."""
    every = {name: _estimators(about) for name, about in abouts.items()}
    shared = [name for name in next(iter(every.values())) if all(name in each for each in every.values())]
    if not shared:
        return _listed({name: ", ".join(each) for name, each in every.items()})
    told = []
    for name in shared:
        own = {label: each[name] for label, each in every.items()}
        keys = dict.fromkeys(key for settings in own.values() for key in settings)
        for key in keys:
            values = {label: settings.get(key) for label, settings in own.items()}
            if len({repr(value) for value in values.values()}) > 1:
                told.append(f"{key} of {name!r} is {_listed(values)}")
    return "; ".join(told)


def _listed(values: Mapping[str, object]) -> str:
    return " and ".join(f"{value} in {name}" for name, value in values.items())


def _differing(abouts: _Abouts) -> list[str]:
    """Dotted keys of models and data that differ from one experiment to another."""
    keys = dict.fromkeys(f"{part}.{key}" for part in _PARTS for about in abouts.values() for key in about.get(part, {}))
    return [key for key in keys if len({_said(about, key) for about in abouts.values()}) > 1]


def _said(about: Mapping[str, Any], key: str) -> str:
    """What an experiment has for a dotted key, as a sweep labels it; nothing where it has none."""
    value = config.value_at(about, key)
    return "" if value is None else experiment.label(value)


def _one(
    groups: Mapping[str, xr.Dataset], abouts: _Abouts, same: Sequence[Mapping[str, Any]], batches: int
) -> xr.Dataset:
    """A group of all of them, one variant behind the other; what tells them apart is said of each, swept or not."""
    wanted = [label for settings in same for label in estimates(settings)]
    own = {name: _own(name, data, wanted, batches) for name, data in groups.items()}
    keys = dict.fromkeys([*(key for data in own.values() for key in _swept(data)), *_differing(abouts)])
    dims = dict.fromkeys(str(dim) for data in own.values() for dim in data.dims if dim != "variant")
    frame = {dim: _union(dim, [data[dim].values.tolist() for data in own.values()]) for dim in dims}
    for dim in _SHARED & frame.keys():
        frame[dim] = [value for value in frame[dim] if all(value in data[dim].values for data in own.values())]
    even = []
    for of, data in own.items():
        text = {name: "" for name, each in data.variables.items() if each.dtype.kind in "OUT"}
        others = {name: np.nan for name in data.variables if name not in text}
        filled = data.reindex(frame, fill_value={**others, **text})
        rest = [key for key in keys if key not in data.coords]
        said = {key: ("variant", [_said(abouts[of], key)] * data.sizes["variant"]) for key in rest}
        even.append(filled.assign_coords(said))
    names = [name for name in even[0].data_vars if all(name in each.data_vars for each in even)]
    return xr.concat(
        [each[names] for each in even],
        dim="variant",
        join="exact",
        coords="minimal",
        data_vars="minimal",
        compat="override",
        combine_attrs="override",
    )


def _own(name: str, data: xr.Dataset, estimators: Sequence[str], batches: int) -> xr.Dataset:
    """What one experiment brings: its variants under names of their own, measured as the others are."""
    if "estimator" in data.dims:
        data = data.sel(estimator=[label for label in estimators if label in data["estimator"].values])
    if "probe_batch" in data.dims:
        data = data.isel(probe_batch=slice(batches))
    variants = [f"{name}: {variant}" for variant in data["variant"].values.tolist()]
    swept = {key: data[key].variable for key in _swept(data)}
    first = {"variant": variants, EXPERIMENT: ("variant", [name] * len(variants))}
    return data.drop_vars(swept).assign_coords({**first, **swept})


def _swept(data: xr.Dataset) -> list[str]:
    return [str(key) for key in data.coords if data[key].dims == ("variant",) and key != "variant"]


def _union(dim: str, values: Sequence[Sequence[Any]]) -> list[Any]:
    """All labels of a dimension: numbers in rising order, layers in that of the networks, others as they come."""
    found = list(dict.fromkeys(value for each in values for value in each))
    if COORDINATES[dim].dtype != "str":
        return sorted(found)
    if dim != "layer":
        return found
    order: TopologicalSorter[Any] = TopologicalSorter(dict.fromkeys(found, ()))
    for each in values:
        for before, after in pairwise(each):
            order.add(after, before)
    try:
        return list(order.static_order())
    except CycleError:  # networks in which two layers lie in opposite order
        return found


def _about(abouts: _Abouts, same: Sequence[Mapping[str, Any]], batches: int, swept: Sequence[str]) -> dict[str, Any]:
    """What stands under a figure: of the first experiment, and where another differs, of all."""
    first = next(iter(abouts.values()))
    sizes = {each["probe_size"] for each in same} or {first["probe"]["size"]}
    return {
        **first,
        "name": " and ".join(abouts),
        "title": " and ".join(abouts),
        "sweep": [{key: [] for key in swept}],
        "dataset": _dataset(abouts),
        "estimators": [dict(each) for each in same],
        "probe": {**first["probe"], "size": max(sizes), "batches": batches},
        "preview": any(about.get("preview") for about in abouts.values()),
    }


def _dataset(abouts: _Abouts) -> dict[str, Any]:
    """The data set, with what all say of it; if there are several, whose is which."""
    titles = {}
    for name, about in abouts.items():
        (source,) = (about["dataset"][key] for key in _SOURCES if key in about["dataset"])
        titles[name] = str(source).rpartition("/")[2]
    first = next(iter(abouts.values()))["dataset"]
    apart = _differing(abouts)
    same = {key: value for key, value in first.items() if key not in _SOURCES and f"dataset.{key}" not in apart}
    if len(set(titles.values())) == 1:
        return {**same, "name": next(iter(titles.values()))}
    return {**same, "name": ", ".join(f"{title} ({name})" for name, title in titles.items())}
