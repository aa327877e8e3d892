"""Faults of estimators and measures that no schema sees: what contradicts another, the probe, or the activations."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from infoplane import pairs
from infoplane.schema import CONVOLUTIONAL, MEASURED, estimates, offered


def faults(estimators: Iterable[Mapping[str, Any]], *, size: int) -> Iterator[str]:
    """What is wrong with the estimators of an experiment; `size` is that of a probe batch."""
    settings = list(estimators)
    yield from _repeated("has", [each["name"] for each in settings], "a name of its own for each")
    for estimator in settings:
        low, high = (estimator.get("edges", {}).get(end) for end in ("low", "high"))
        if low is not None and high is not None and low >= high:
            yield f"key 'estimators' has edges from {low} to {high} in {estimator['name']!r}; accepted: low below high"
        if (used := estimator.get("probe_size", 0)) > size:
            yield (
                f"key 'estimators' has probe_size {used} in {estimator['name']!r}; "
                f"accepted: at most probe.size ({size})"
            )


def estimates_faults(estimators: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Estimates of one name that different estimators give, by the names of these."""
    names = [name for settings in estimators.values() for name in estimates(settings)]
    yield from _repeated("gives", names, "names that stay apart, with _upper and _lower")


def lacking(layers: Mapping[str, Mapping[Any, Any]], held: Collection[Collection[str]]) -> set[str]:
    """What can be measured of none of the layers of an activation store, by group of the summary.

    Parameters
    ----------
    layers
        Attributes of each, as the data model has them.
    held
        Names of the variables that there are of each.
    """
    there = {
        "error_chain": all({"error", "error_squared_distance"} & {*each} for each in held),
        "decomposition": any(each["kind"] == CONVOLUTIONAL for each in layers.values()),
        "layer_pairs": bool(pairs.of_layers(layers)),
    }
    return {"weights", "intrinsic_dimension", *(group for group, found in there.items() if not found)}


def measures_faults(
    measures: Collection[str], estimators: Iterable[Mapping[str, Any]], missing: Collection[str]
) -> Iterator[str]:
    """Whether nothing that is to be measured can be, of recorded activations that lack something (`lacking`)."""
    possible = {group for each in estimators for group in offered(each)} - {*missing}
    if "weights" in measures:
        yield "key 'measures' has 'weights', and recorded activations have no checkpoints; accepted: without it"
    elif "intrinsic_dimension" in measures:
        yield (
            "key 'measures' has 'intrinsic_dimension', and recorded activations have no data set; accepted: without it"
        )
    elif "layer_pairs" in {*measures} & {*missing}:
        yield (
            "key 'measures' has 'layer_pairs', and the recorded activations have no symmetric layers, or no output; "
            "accepted: without it, or stores recorded of a network with the attribute `pairs`"
        )
    elif not {*MEASURED} & {*measures} & possible:
        yield (
            f"key 'measures' is {list(measures)}, of which nothing can be measured: the estimators do not offer "
            f"it, or the activations have nothing for {', '.join(sorted(missing))}; accepted: 'information' too"
        )


def activations_faults(estimators: Mapping[str, Mapping[str, Any]], held: Collection[Collection[str]]) -> Iterator[str]:
    """What estimators, by name, read of recorded activations and there is not; `held` as `lacking` takes it."""
    for name, estimator in estimators.items():
        if estimator["kind"] != "renyi" and not all("activation" in each for each in held):
            yield (
                f"key 'estimators' has {name!r} of kind {estimator['kind']!r}, which needs the activations themselves, "
                "and there are distances; accepted: store='raw' when they are recorded, or estimators of kind renyi"
            )
        elif estimator.get("read") == "preactivation" and not all("preactivation" in each for each in held):
            yield (
                f"key 'estimators' has {name!r}, which reads net inputs, and of these nothing was recorded; "
                "accepted: read: activation"
            )


def _repeated(verb: str, names: list[str], way_out: str) -> Iterator[str]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"key 'estimators' {verb} {name!r} more than once; accepted: {way_out}"
