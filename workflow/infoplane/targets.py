"""What a network is to tell of a sample: a class, a set of labels, or numbers. Type and shape of the targets say which.

| targets | kind |
|---|---|
| whole numbers (n,) | classes |
| whole numbers 0 and 1, (n, k) with k > 1 | sets of labels |
| floating point (n, d) | continuous |
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from infoplane.schema import ACCURACY, DETERMINATION

CLASSES, LABELS, CONTINUOUS = "classes", "labels", "continuous"
_CALLED = {CLASSES: "classes", LABELS: "sets of labels", CONTINUOUS: "continuous"}
_DISCRETE = ("binning", "kde")  # kinds of estimators that tell targets apart, and nothing between them
_SHOWN = 3  # values that a message tells
ACCEPTED = (
    "whole numbers from 0 (n,), classes; whole numbers 0 and 1 (n, k), sets of labels; floating point (n,) or (n, d), "
    "continuous"
)
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Loss:
    """A loss by name.

    Parameters
    ----------
    targets
        The kind of targets that it is for.
    long_name, units
        As axes have them.
    """

    targets: str
    long_name: str
    units: str


LOSSES: Mapping[str, Loss] = {  # the first one of each kind is the default
    "cross_entropy": Loss(CLASSES, "Cross-entropy loss", "nats"),
    "binary_cross_entropy": Loss(LABELS, "Binary cross-entropy loss, mean over labels", "nats"),
    "mean_squared_error": Loss(CONTINUOUS, "Mean squared error", "1"),
    "mean_absolute_error": Loss(CONTINUOUS, "Mean absolute error", "1"),
}


def kind(targets: Any) -> str:
    """The kind of targets, an array or a tensor of all samples (n,) or (n, …), that have been checked."""
    if targets.ndim == 1:
        return CLASSES
    return CONTINUOUS if "float" in str(targets.dtype) else LABELS


def plain(targets: Array) -> Array:
    """Checked targets as everything after has them: int64 (n,), classes, or (n, k), labels; or float32 (n, d)."""
    if targets.dtype.kind == "f":
        return np.array(targets.reshape(len(targets), -1), dtype=np.float32)
    return np.array(targets if _width(targets) > 1 else targets.reshape(-1), dtype=np.int64)


def faults(arrays: Mapping[str, Array]) -> Iterator[str]:
    """What is wrong with targets, by the names that messages call them by; how many classes there are, is not asked."""
    told = {name: f"{name} is {y.dtype} of shape {y.shape}" for name, y in arrays.items()}
    usable = {name: y.ndim in {1, 2} and y.size > 0 and y.dtype.kind in "biuf" for name, y in arrays.items()}
    if not all(usable.values()):
        yield from (f"{told[name]}; accepted: {ACCEPTED}" for name, good in usable.items() if not good)
    elif len({(y.dtype.kind == "f", _width(y)) for y in arrays.values()}) > 1:
        yield f"{' and '.join(told.values())}; accepted: all classes, all sets of as many labels, or all continuous"
    elif "f" in {y.dtype.kind for y in arrays.values()}:
        yield from list(_not_finite(arrays)) or _ambiguous(arrays)
    else:
        for name, y in arrays.items():
            if _width(y) > 1 and (y.min() < 0 or y.max() > 1):
                yield f"{told[name]} and runs from {y.min()} to {y.max()}; accepted: {ACCEPTED}"


def _not_finite(arrays: Mapping[str, Array]) -> Iterator[str]:
    for name, y in arrays.items():
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes inf, and is told as such
            finite = np.isfinite(y.astype(np.float32)).reshape(len(y), -1).all(axis=1)
        if not finite.all():
            yield (
                f"{name} has {np.count_nonzero(~finite)} targets that are not finite in float32, "
                f"the first at index {np.argmin(finite)}; remove or mend them"
            )


def _ambiguous(arrays: Mapping[str, Array]) -> Iterator[str]:
    """Tell floating point that is 0, 1, … and nothing else: classes or labels that were stored as such, most likely."""
    values = np.unique(np.concatenate([y.ravel() for y in arrays.values()]))
    most = 2 if any(_width(y) > 1 for y in arrays.values()) else len(values)
    if len(values) <= most and np.array_equal(values, np.arange(len(values))):
        shown = [f"{value:g}" for value in values[:_SHOWN]] + ["…"] * (len(values) > _SHOWN)
        yield (
            f"{' and '.join(arrays)} hold {', '.join(shown)} in floating point and nothing else, as classes or labels "
            "do; accepted: whole numbers (y.astype(int)) if they are these, and another scale (y / 2) if they are "
            "continuous"
        )


def _width(y: Array) -> int:
    """Numbers that a target has: 1 for (n,) and (n, 1)."""
    return y.shape[1] if y.ndim == 2 else 1


def loss(of: str, named: str | None) -> str:
    """Name of the loss for a kind of targets: the one that is named, or the usual one."""
    return named or next(name for name, known in LOSSES.items() if known.targets == of)


def score(of: str) -> str:
    """The variable of the data model that says how well a network does: the more the better."""
    return DETERMINATION if of == CONTINUOUS else ACCURACY


def described(of: str, named: str | None) -> dict[str, dict[str, str]]:
    """Names and units of loss and score for axes, where they are not those of classification."""
    if of == CLASSES:
        return {}
    known = LOSSES[loss(of, named)]
    found = {"loss": {"long_name": known.long_name, "units": known.units}}
    return found | ({ACCURACY: {"long_name": "Accuracy (share of labels in common)"}} if of == LABELS else {})


def settings_faults(of: str, name: str, settings: Mapping[str, Any]) -> Iterator[str]:
    """What does not go with a kind of targets, of the data set of a name: parts of an experiment's settings."""
    for estimator in settings["estimators"]:
        own = f"key 'estimators' has {estimator['name']!r}"
        if of == CONTINUOUS and estimator["kind"] in _DISCRETE:
            yield (
                f"{own} of kind {estimator['kind']!r}, which needs targets that are classes or labels, and those of "
                f"{name!r} are continuous; accepted: kind renyi, or targets in bins of your own, as whole numbers"
            )
        if of == CONTINUOUS and estimator.get("label_kernel", "indicator") != "indicator":
            yield (
                f"{own} with a label_kernel, and the targets of {name!r} are continuous; accepted: target_bandwidth, "
                "the width of their kernel"
            )
        if of != CONTINUOUS and "target_bandwidth" in estimator:
            yield (
                f"{own} with a target_bandwidth, and the targets of {name!r} are {_CALLED[of]}; accepted: "
                "label_kernel, or continuous targets, in floating point"
            )
    if of == CONTINUOUS and "kernel_matrices" in settings["measures"]:
        yield (
            f"key 'measures' has 'kernel_matrices', which are in the order of classes, and the targets of {name!r} are "
            "continuous; accepted: without it"
        )


def network_faults(of: str, name: str, network: object, title: str) -> Iterator[str]:
    """Whether a network is for other targets than those of the data set of a name: it may say so as `targets`."""
    wanted = getattr(network, "targets", of)
    if isinstance(wanted, str) and wanted in _CALLED and wanted != of:
        way_out = "`target: input` in `dataset`, or another network" if wanted == CONTINUOUS else "another network"
        yield (
            f"key 'model': {title!r} is for {_CALLED[wanted]} targets, and those of {name!r} are {_CALLED[of]}; "
            f"accepted: {way_out}"
        )


def loss_faults(of: str, name: str, named: str | None) -> Iterator[str]:
    """Whether a loss that an experiment names is for other targets than those of the data set of a name."""
    if named and LOSSES[named].targets != of:
        usual = ", ".join(loss for loss, known in LOSSES.items() if known.targets == of)
        yield f"key 'training.loss' is {named!r}, and the targets of {name!r} are {_CALLED[of]}; accepted: {usual}"
