"""A small synthetic summary with a planted pattern. Every number in it is made up, and only tests read it.

The pattern: the deeper a layer, the less it knows; what it knows about the input rises with training and then, for
sigmoid only, falls again; more feature maps know more and are less redundant; the error chain loses 0.5 bits a
layer, but for one planted violation. Seeds differ by a symmetric shift, so that their mean is the planted value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pytest
import xarray as xr

from infoplane.schema import ARTIFACTS

LAYERS = ("conv1", "conv2", "fc1", "fc2", "output")
EPOCHS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 7.0, 10.0)
SWEEP = (("3-6", "relu"), ("6-12", "relu"), ("12-24", "relu"), ("3-6", "sigmoid"), ("6-12", "sigmoid"))
KEYS = ("model.filters", "model.activation")
S_X, S_Y, SAMPLES = 5.8, 3.28, 100
PAIRED = 8  # samples whose kernels are kept: three of a class, then five of another
PEAK = 2.0  # epoch at which compression starts
DIVERGED = ("v02", 1, 4.0)  # variant, seed and epoch of the first loss that is not finite
VIOLATED = ("v01", "fc1")  # here the error chain at the last epoch rises on its way from fc2 to fc1
LACKS = ("v03", "fc1")  # a variant without this layer

Build = Callable[..., xr.DataTree]


@pytest.fixture(scope="session")
def build() -> Build:
    """A summary, a new one at every call; what was asked for before is copied."""
    known: dict[str, xr.DataTree] = {}

    def built(*arguments: Any, **options: Any) -> xr.DataTree:
        asked = repr((arguments, options))
        if asked not in known:
            known[asked] = synthetic(*arguments, **options)
        return known[asked].copy(deep=True)

    return built


@pytest.fixture(scope="session")
def summary() -> xr.DataTree:
    return synthetic()


def synthetic(
    sweep: Sequence[tuple[str, str]] = SWEEP,
    *,
    keys: tuple[str, str] = KEYS,
    layers: Sequence[str] = LAYERS,
    seeds: Sequence[int] = (0, 1, 2),
    epochs: Sequence[float] = EPOCHS,
    diverged: tuple[str, int, float] | None = DIVERGED,
    lacks: tuple[str, str] | None = LACKS,
    **experiment: Any,
) -> xr.DataTree:
    """Summary of a sweep over filters and activation, with any side of it changed."""
    frame = _frame(sweep, keys, layers, seeds, epochs, lacks)
    bad = np.array([(str(v), int(s)) == (diverged or ())[:2] for v in frame["variant"].values for s in seeds])
    since = xr.DataArray(
        np.where(bad, diverged[2] if diverged else 0.0, np.nan).reshape(-1, len(seeds)), dims=("variant", "seed")
    )
    aligned = frame.drop_indexes(list(frame.indexes))  # as all is, which need not be found out at every step
    values = {
        "training": {**_training(aligned), "diverged_epoch": since},
        "information": _information(aligned),
        "decomposition": _decomposition(aligned),
        "error_chain": _error_chain(aligned),
        "weights": _weights(aligned),
        "bottleneck": _bottleneck(aligned),
        "kernel_matrices": _kernel_matrices(aligned),
        "layer_pairs": _layer_pairs(aligned),
        "intrinsic_dimension": _intrinsic_dimension(aligned),
    }
    if not (frame["kind"] == "convolutional").any():
        del values["decomposition"]
    alive = ~(frame["epoch"] >= since)
    groups = {name: _group(frame, name, variables, alive) for name, variables in values.items()}
    root = xr.Dataset(attrs={"experiment": _experiment(seeds, **experiment)})
    return xr.DataTree.from_dict({"/": root, **groups})


def _frame(
    sweep: Sequence[tuple[str, str]],
    keys: tuple[str, str],
    layers: Sequence[str],
    seeds: Sequence[int],
    epochs: Sequence[float],
    lacks: tuple[str, str] | None,
) -> xr.Dataset:
    """Return all coordinates, and no variable."""
    variants = [f"v{index:02d}" for index in range(len(sweep))]
    present = np.array([[(variant, layer) != lacks for layer in layers] for variant in variants])
    kinds = np.where(present, _strings(map(_kind, layers)), "").astype(object)
    channels = np.array([[_channels(filters, layer) for layer in layers] for filters, _ in sweep])
    place = ("variant", "layer")
    pairs = _pairs(layers)
    firsts, seconds = zip(*pairs, strict=True)
    both = np.array([[lacks not in {(variant, name) for name in pair} for pair in pairs] for variant in variants])
    return xr.Dataset(
        coords={
            "variant": _strings(variants),
            **{key: ("variant", _strings(point[index] for point in sweep)) for index, key in enumerate(keys)},
            "seed": np.array(seeds),
            "estimator": _strings(["renyi", "binning"]),
            "control": _strings(["none", "shuffled_samples"]),
            "split": _strings(["train", "test"]),
            "epoch": np.array(epochs),
            "layer": _strings(layers),
            "probe_batch": np.arange(2),
            "about": _strings(["input", "target", "reconstruction"]),
            "other_seed": np.array(seeds),
            "other_epoch": np.array(epochs),
            "beta": np.geomspace(1.01, 1000, 12),
            "sample": np.arange(PAIRED),
            "other_sample": np.arange(PAIRED),
            "method": _strings(["two_nn", "maximum_likelihood"]),
            "repetition": np.arange(3),
            "pair": _strings(map(", ".join, pairs)),
            "first": (("variant", "pair"), np.where(both, firsts, "").astype(object)),
            "second": (("variant", "pair"), np.where(both, seconds, "").astype(object)),
            "kind": (place, kinds),
            "channels": (place, np.where(present, channels, np.nan)),
            "depth": (place, np.where(present, np.cumsum(present, axis=1), 0)),
            **dict.fromkeys(("inputs", "dominator"), (place, _before(layers, present))),
        }
    )


def _kernel_matrices(frame: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return kernels that are near within a class, the nearer the deeper the layer."""
    classes = (frame["sample"] >= 3).astype(float)
    other = classes.rename(sample="other_sample")
    same = frame["sample"] == frame["other_sample"]
    near = 0.1 * frame["depth"] * (classes == other)
    return {"kernel": xr.where(same, 1.0, near).where(frame["kind"] != ""), "sample_class": classes}


def _before(layers: Sequence[str], present: Any) -> Any:
    """Return the layer before each that a variant has, or the input."""
    rows = []
    for row in present:
        own = [layer for layer, there in zip(layers, row, strict=True) if there]
        before = dict(zip(own, ["input", *own], strict=False))
        rows.append([before.get(layer, "") for layer in layers])
    return np.array(rows, dtype=object)


def _group(frame: xr.Dataset, name: str, values: dict[str, xr.DataArray], alive: xr.DataArray) -> xr.Dataset:
    """Return the variables of one group over the dimensions of the data model, NaN where nothing exists."""
    there = {"layer": _bare(frame["kind"] != ""), "pair": _bare(frame["first"] != "")}
    alive = _bare(alive)
    finished = alive.isel(epoch=-1)
    there |= {"epoch": alive, "other_epoch": alive.rename(epoch="other_epoch")}
    there |= {"other_seed": finished & finished.rename(seed="other_seed")}
    found = {}
    for variable, known in ARTIFACTS["summary"].groups[f"/{name}"].items():
        if variable not in values:
            continue
        mask = xr.DataArray(True)
        for dim in sorted(set(known.dims) & set(there)):
            mask = mask & there[dim]
        full = _bare(values[variable]).where(mask)
        full = full.expand_dims({dim: frame.sizes[dim] for dim in known.dims if dim not in full.dims})
        attrs = {"units": known.units, "long_name": known.long_name}
        found[variable] = (known.dims, full.transpose(*known.dims).to_numpy().astype(float), attrs)
    dims = {dim for each, _, _ in found.values() for dim in each}
    found = xr.Dataset(found, {dim: frame[dim] for dim in dims})
    if name in {"error_chain", "layer_pairs"}:
        found = found.sel(estimator=["renyi"])
    if "about" in found.dims:
        found = found.sel(about=["reconstruction"] if name == "layer_pairs" else ["input", "target"])
    if name == "bottleneck":
        found = found.sel(estimator=["binning"]).isel(epoch=[-1])
    places = ("kind", "channels", "depth") if "layer" in found.dims else ()
    pairs = ("first", "second") if "pair" in found.dims else ()
    return found.assign_coords({key: frame[key] for key in (*_swept(frame), *places, *pairs)})


def _bare(values: xr.DataArray) -> xr.DataArray:
    """Return values without coordinates, which all are those of the frame and would be compared at every step."""
    return values.drop_vars(list(values.coords))


def _swept(frame: xr.Dataset) -> list[str]:
    return [str(key) for key in frame.coords if frame[key].dims == ("variant",) and key != "variant"]


def _shift(frame: xr.Dataset, size: float) -> xr.DataArray:
    """Return seed and probe batch as symmetric shifts."""
    return size * sum(frame[dim] - frame[dim].mean() for dim in ("seed", "probe_batch"))


def _fit(frame: xr.Dataset, speed: float) -> xr.DataArray:
    return 1 - 0.5 * np.exp(-speed * frame["epoch"])


def _level(frame: xr.Dataset) -> xr.DataArray:
    return xr.DataArray(np.linspace(0.98, 0.5, frame.sizes["layer"]), coords={"layer": frame["layer"]}, dims="layer")


def _sigmoid(frame: xr.Dataset) -> xr.DataArray:
    """Return 1 for a variant whose labels speak of sigmoid."""
    return sum(frame[key].str.contains("sigmoid").astype(float) for key in _swept(frame))


def _compressed(frame: xr.Dataset, rate: float) -> xr.DataArray:
    return 1 - rate * _sigmoid(frame) * np.log2((frame["epoch"] / PEAK).clip(min=1))


def _real(frame: xr.Dataset) -> xr.DataArray:
    """Return 1 for the measurement and 0.2 for a control."""
    return xr.where(frame["control"] == "none", 1.0, 0.2)


def _training(frame: xr.Dataset) -> dict[str, xr.DataArray]:
    seeds = 1 + 0.1 * (frame["seed"] - frame["seed"].mean())
    gap = xr.where(frame["split"] == "train", 0.02, 0.15)
    loss = (2.3 * np.exp(-frame["epoch"]) + gap) * seeds
    gradient = np.exp(-frame["epoch"] / 4) * _level(frame) * seeds
    return {
        "loss": loss,
        "accuracy": 1 - loss.clip(max=2.5) / 2.6,
        "gradient_mean_norm": gradient.where(frame["epoch"] > 0),
        "gradient_std_norm": (0.2 + 0.1 * np.log1p(frame["epoch"]) * _level(frame)) * seeds.where(frame["epoch"] > 0),
        "weight_norm": 2.0 * xr.ones_like(gradient),
    }


def _information(frame: xr.Dataset) -> dict[str, xr.DataArray]:
    level = _level(frame) * _real(frame)
    one = xr.ones_like(frame["epoch"])
    return {
        "entropy_input": S_X * one,
        "entropy_target": S_Y * one,
        "mutual_information_input_layer": S_X * level * _fit(frame, 4) * _compressed(frame, 0.12) + _shift(frame, 0.08),
        "mutual_information_layer_target": S_Y * level**0.5 * _fit(frame, 1) + _shift(frame, 0.03),
        "bandwidth": 5 * _level(frame),
        "median_distance": 10 * _level(frame) ** 2,
        "bandwidth_input": 5 * one,
        "median_distance_input": 10.5 * one,
    }


def _decomposition(frame: xr.Dataset) -> dict[str, xr.DataArray]:
    maps = frame["channels"].where((frame["kind"] == "convolutional") & (frame["channels"] > 1))
    bound = xr.where(frame["about"] == "input", S_X, S_Y)
    learnt = _fit(frame, 2) * _real(frame) * _level(frame)
    forgotten = xr.where(frame["about"] == "input", _compressed(frame, 0.2), 1.0)
    redundant = 10 + 60 / maps - 4 * np.log1p(frame["epoch"]) + 8 * _sigmoid(frame) + _shift(frame, 1.5)
    return {
        "multivariate_mutual_information": bound * (1 - np.exp(-maps / 4)) * learnt * (1 - 0.3 * _sigmoid(frame))
        + _shift(frame, 0.15),
        "redundancy_synergy_tradeoff": bound * redundant / 400,
        "weighted_nonredundant_information": bound * 0.4 * learnt * forgotten + _shift(frame, 0.02),
        "redundancy_synergy_tradeoff_percent": redundant,
        "weighted_nonredundant_information_percent": 100 - redundant,
        "pairs_excluded": xr.zeros_like(maps),
        "degree_of_redundancy": maps * (1 - np.exp(-maps / 4)) / 2 + _shift(frame, 0.1),
        "degree_of_vulnerability": np.exp(-maps / 4) + _shift(frame, 0.01),
    }


def _error_chain(frame: xr.Dataset) -> dict[str, xr.DataArray]:
    from_output = frame.sizes["layer"] - 1 - xr.DataArray(np.arange(frame.sizes["layer"]), dims="layer")
    violated = (frame["variant"] == VIOLATED[0]) & (frame["layer"] == VIOLATED[1]) & (frame["epoch"] == EPOCHS[-1])
    chain = 5.5 - 0.5 * from_output + xr.where(violated, 0.8, 0.0)
    width = xr.ones_like(frame["epoch"])
    return {
        "mutual_information_error": chain * _real(frame) + _shift(frame, 0.1),
        "error_bandwidth": 0.1 * width,
        "error_median_distance": 0.5 / (1 + frame["epoch"]),
    }


def _pairs(layers: Sequence[str]) -> list[tuple[str, str]]:
    """Return input and output, and layers as if those before the output were those of an autoencoder with its code."""
    inner = list(layers[:-1])
    own = [(inner[place], inner[-1 - place]) for place in range((len(inner) - 1) // 2)]
    return [("input", layers[-1]), *own]


def _layer_pairs(frame: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return pairs that know half a bit more from one to the next inwards, and layers that know of the output."""
    place = xr.DataArray(np.arange(frame.sizes["pair"]), coords={"pair": frame["pair"]}, dims="pair")
    learnt = _fit(frame, 1) * _real(frame)
    return {
        "mutual_information_pair": (2 + 0.5 * place) * learnt + _shift(frame, 0.1),
        "mutual_information": 0.8 * S_X * _level(frame) * learnt + _shift(frame, 0.08),
    }


def _intrinsic_dimension(frame: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return a dimension around five by the first method, and around six by the second."""
    repeated = 1 + 0.1 * (frame["repetition"] - 1)
    return {"intrinsic_dimension": xr.where(frame["method"] == "two_nn", 5.0, 6.0) * repeated}


def _weights(frame: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return a drift of slope 1 until the peak and a Wiener process from there on; seeds differ in their pace."""
    now, then = frame["epoch"], frame["other_epoch"]
    drift = 3 * abs(now.clip(max=PEAK) - then.clip(max=PEAK))
    wander = abs(now.clip(min=PEAK) - then.clip(min=PEAK))
    apart = abs(frame["seed"] - frame["other_seed"])  # as are the seeds' information planes
    units = (frame["kind"] == "convolutional").any("layer")
    return {
        "weight_displacement": np.sqrt(drift**2 + wander) * (1 + 0.1 * (frame["seed"] - frame["seed"].mean())),
        "weight_distance": xr.where(apart == 0, 0.0, 9 / (1 + apart)),
        "weight_distance_matched": xr.where(apart == 0, 0.0, 2.0 + apart).where(~units),
    }


def _bottleneck(frame: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return a curve I_Y = S_Y (1 − exp(−I_X / S_Y)), and layers a tenth below it; the first has an infinite β*."""
    information_input = S_X * _level(frame) + _shift(frame, 0.08)
    depth = xr.DataArray(np.arange(frame.sizes["layer"]), coords={"layer": frame["layer"]}, dims="layer")
    one = xr.ones_like(frame["epoch"])
    return {
        "bottleneck_information_input": information_input * one,
        "bottleneck_information_target": 0.9 * S_Y * _real(frame) * -np.expm1(-information_input / S_Y),
        "bottleneck_beta": xr.where(depth == 0, np.inf, 1 + 60 * np.exp(-depth) + _shift(frame, 0.02)),
        "bottleneck_residual": 0.8 * information_input * one,
        "bottleneck_residual_floor": 0.7 * information_input * one,
        "curve_information_input": S_Y * np.log(frame["beta"]) * one,
        "curve_information_target": S_Y * (1 - 1 / frame["beta"]) * one,
        "curve_converged": one,
        "curve_bound": S_Y * one,
    }


def _kind(layer: str) -> str:
    return {"conv": "convolutional", "outp": "output"}.get(layer[:4], "fully_connected")


def _channels(filters: str, layer: str) -> float:
    """Return the number of maps: the part of ``6-12`` that belongs to the layer, or the last one."""
    if _kind(layer) != "convolutional":
        return 1.0
    widths = filters.split("-")
    return float(widths[min(int(layer.removeprefix("conv")), len(widths)) - 1])


def _strings(values: Iterable[str]) -> np.ndarray:
    return np.array(list(values), dtype=object)


def _experiment(seeds: Sequence[int], **changed: Any) -> dict[str, Any]:
    silverman = {"rule": "silverman", "scale": 5.0}
    return {
        "name": "synthetic",
        "title": "A planted pattern",
        "preview": False,
        "dataset": {"name": "digits"},
        "model": {"name": "autoencoder", "code": 8},
        "probe": {"splits": ["train", "test"], "batches": 2, "size": SAMPLES},
        "seeds": list(seeds),
        "controls": ["shuffled_samples"],
        "estimators": [
            {
                "name": "renyi",
                "kind": "renyi",
                "alpha": 1.01,
                "joint": "multivariate",
                "bandwidth": silverman,
                "error_bandwidth": {**silverman, "scale": 0.1},
                "label_kernel": "indicator",
            },
            {"name": "binning", "kind": "binning", "bins": 30},
        ],
        **changed,
    }


def panels(figure):
    """Return the panels of a figure, in the order in which they were made."""
    return [axes for axes in figure.findobj(lambda artist: hasattr(artist, "get_xlim")) if axes.get_subplotspec()]
