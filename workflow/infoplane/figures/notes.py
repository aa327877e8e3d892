"""What stands under a figure: all that a reader must know before believing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from infoplane.derived import moving, outcomes
from infoplane.errors import DataError
from infoplane.figures import select, variants
from infoplane.figures.choices import Estimated, Measured, Options
from infoplane.schema import Variable, estimates

if TYPE_CHECKING:
    from infoplane.figures.page import Page

_WIDTHS = {  # the variables whose ratio says how wide the kernel was for the data, by group of the summary
    "information": {
        "X": ("median_distance_input", "bandwidth_input"),
        "T": ("median_distance", "bandwidth"),
    },
    "error_chain": {"δ": ("error_median_distance", "error_bandwidth")},
}
_SAME_KERNELS = {"layer_pairs": "information"}  # groups that are measured with the kernels of another


@dataclass(frozen=True)
class Notes:
    """What a drawing knows beside its table.

    Parameters
    ----------
    foot
        Phrases for the foot of the figure.
    preview
        Whether the experiment is a preview, which the face of the figure must then say.
    layers
        Layers in network order.
    labels
        Axis label of every variable: its name and unit.
    keys
        Swept keys that tell the experiment's variants apart, shown or not.
    end
        What the key calls the end of a path: no last epoch where every network of a variant was gone by then.
    """

    foot: tuple[str, ...]
    preview: bool
    layers: tuple[str, ...]
    labels: Mapping[str, str]
    keys: tuple[str, ...]
    end: str = "last epoch"


def gather(summary: xr.DataTree, page: Page, options: Options, reading: str) -> Notes:
    """Notes for one figure of one experiment, as its options have it."""
    about = experiment(summary)
    variants_of = _variants(summary, page)
    keys = variants.differing(variants_of)
    shown = variants_of[variants_of["variant"].isin(options.variants or ())]
    phrases = [_data(about, options), *filter(None, [variants.shared(shown, keys)])]
    measured = _measured(summary, page, options)
    phrases += [_estimator(about, each, errors="error_chain" in page.needs) for each in measured]
    phrases += dict.fromkeys(_sample(about, each, smooth=page.smooth) for each in measured)
    for each in measured:
        whose = f" of {each.estimator}" if len(measured) > 1 else ""
        phrases += [f"median distance / σ{whose}: {said}" for said in _widths(summary, page, each)]
    gone, failed = _failed(summary, page, options)
    phrases += [_seeds(summary, page, options), reading, *failed]
    if about.get("preview"):
        phrases.append("PREVIEW")
    names = [str(name) for group in page.needs for name in summary[group].data_vars if name in select.VARIABLES]
    labels = {name: label(select.variable(summary, name)) for name in names}
    return Notes(tuple(phrases), bool(about.get("preview")), options.layers or (), labels, tuple(keys), _end(gone))


def _measured(summary: xr.DataTree, page: Page, options: Options) -> list[Measured]:
    """The options as they are for each estimator that a figure draws."""
    if isinstance(options, Measured):
        return [options]
    if not isinstance(options, Estimated):
        return []
    return [Measured(estimator=name, **vars(options)) for name in select.estimators(summary, page.needs)]


def experiment(summary: xr.DataTree) -> Mapping[str, Any]:
    """Return the resolved experiment that the summary was made by.

    Raises
    ------
    DataError
        If the summary does not say.
    """
    if "experiment" not in summary.attrs:
        raise DataError(
            "the summary has no attribute 'experiment'; figures state what they were made from, so set it to the "
            "resolved experiment"
        )
    found: Mapping[str, Any] = summary.attrs["experiment"]
    return found


def samples(summary: xr.DataTree, options: Measured) -> int:
    """Return the number of samples in one probe batch of the chosen estimator."""
    return _samples(experiment(summary), options)


def _samples(about: Mapping[str, Any], options: Measured) -> int:
    return int(_settings(about, options).get("probe_size") or about["probe"]["size"])


def _settings(about: Mapping[str, Any], options: Measured) -> Mapping[str, Any]:
    """Settings of the estimator that gives an estimate."""
    known: dict[str, Mapping[str, Any]] = {
        name: settings for settings in about["estimators"] for name in estimates(settings)
    }
    return known.get(str(options.estimator), {"name": options.estimator, "kind": options.estimator})


def _data(about: Mapping[str, Any], options: Options) -> str:
    """Return the data set's name, or that of the file or function that it comes from."""
    (source,) = (about["dataset"][key] for key in ("name", "file", "factory") if key in about["dataset"])
    name = source.rpartition("/")[2]
    return f"{name}, {options.split} probe" if isinstance(options, Measured | Estimated) else name


def _estimator(about: Mapping[str, Any], options: Measured, *, errors: bool) -> str:
    settings = dict(_settings(about, options))
    name, kind = settings.pop("name"), settings.pop("kind")
    settings.pop("probe_size", None)
    if not errors:
        settings.pop("error_bandwidth", None)
    title = str(options.estimator) if name == kind else f"{options.estimator} ({kind})"
    words = {
        "alpha": "α =",
        "joint": "joint",
        "bandwidth": "σ:",
        "input_bandwidth": "σ of inputs:",
        "error_bandwidth": "σ of errors:",
    }
    parts = [f"{words.get(key, key.replace('_', ' '))} {_plain(value)}" for key, value in settings.items()]
    said = " ".join([title, *([", ".join(parts)] if parts else [])])
    return f"{said}; I(T; Y) is of two such bounds, itself no bound" if kind == "kde" else said


def _plain(value: object) -> str:
    """Return a setting in words: a bandwidth rule is a mapping, anything else speaks for itself."""
    if not isinstance(value, Mapping):
        return f"{value:g}" if isinstance(value, float) else str(value)
    rest = {key: item for key, item in value.items() if key not in {"rule", "scale"}}
    scale = [f"× {value['scale']:g}"] if "scale" in value else []
    more = [f"({', '.join(f'{key} {_plain(item)}' for key, item in rest.items())})"] if rest else []
    return " ".join([str(value.get("rule", "")), *scale, *more]).strip()


def _sample(about: Mapping[str, Any], options: Measured, *, smooth: bool) -> str:
    count, batches = _samples(about, options), about["probe"]["batches"]
    epochs, every = moving.length(about) if smooth else 1, about["probe"].get("every")
    averaged = f"mean of {batches} probe batches" if batches > 1 else "1 probe batch"
    looked_at = f"1 mini-batch every {every} updates" if every else averaged
    moved = f", moving average over {epochs} {'of them' if every else 'epochs'}" if epochs > 1 else ""
    return f"n = {count} (log₂ n = {np.log2(count):.2f} bits), {looked_at}{moved}"


def _widths(summary: xr.DataTree, page: Page, options: Options) -> list[str]:
    """Median distance over kernel width: far below or above 1, an entropy says little."""
    found = []
    groups = dict.fromkeys(_SAME_KERNELS.get(group, group) for group in page.needs)
    for group in (group for group in groups if group in _WIDTHS and group in summary.children):
        data = select.group(summary, group, options)
        for name, (distance, width) in _WIDTHS[group].items():
            if not {distance, width} <= set(data.data_vars):
                continue
            ratio = data[distance] / data[width].where(data[width] > 0)
            if ratio.count():
                low, high = (f"{float(end):.2g}" for end in (ratio.min(), ratio.max()))
                found.append(f"{low} ({name})" if low == high else f"{low} to {high} ({name})")
    return [", ".join(found)] if found else []


def _seeds(summary: xr.DataTree, page: Page, options: Options) -> str:
    seeds = [int(seed) for seed in select.group(summary, page.needs[0], options)["seed"]]
    whole = len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1))
    listed = f"{seeds[0]} to {seeds[-1]}" if whole else ", ".join(map(str, seeds))
    return f"seed {listed}" if len(seeds) == 1 else f"{len(seeds)} seeds ({listed})"


def _variants(summary: xr.DataTree, page: Page) -> pd.DataFrame:
    """All variants of the experiment with their swept keys, a row for each."""
    data = summary[page.needs[0]].to_dataset()
    return pd.DataFrame({name: data[name].to_numpy() for name in ("variant", *select.swept(data))})


def _failed(summary: xr.DataTree, page: Page, options: Options) -> tuple[xr.DataArray, list[str]]:
    """Which networks that are shown were gone at the end, and how many these are, and how many learned nothing.

    Gone are those that diverged, or, where nothing is known of their training, that have no value at the last epoch.
    """
    if "training" in summary.children:
        training = summary["training"].to_dataset().sel(variant=list(options.variants or ()))
        gone = outcomes.diverged(training)
        kinds = {"diverged": gone, "learned nothing": outcomes.unlearned(training)}
    else:
        data = select.group(summary, page.needs[0], options)
        gone = outcomes.unmeasured(data)
        kinds = {f"without a value at epoch {float(data['epoch'][-1]):g}, the last": gone}
    told = [f"{int(marked.sum())} of {marked.size} networks {kind}" for kind, marked in kinds.items() if marked.any()]
    return gone, told


def _end(gone: xr.DataArray) -> str:
    return "last epoch with values" if gone.all("seed").any() else "last epoch"


def label(variable: Variable) -> str:
    """Return what to write on an axis: the variable's name, and its unit if it has one."""
    return variable.long_name if variable.units == "1" else f"{variable.long_name} [{variable.units}]"
