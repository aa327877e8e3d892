"""What the estimators of an experiment answer to variables whose information is known, at its n and its dimensions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, log2, nan, prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
import xarray as xr

from infoplane import labels
from infoplane.analysis import controls
from infoplane.analysis.information import information
from infoplane.measures import gram, known
from infoplane.schema import CALIBRATION, CONVOLUTIONAL, FULLY_CONNECTED, INPUT, estimates

Array = np.ndarray[Any, Any]
SIDES = {"input": controls.SHUFFLED, "target": controls.PERMUTED}  # what a side is held against, where the truth is 0
_ESTIMATES = {"input": "mutual_information_input_layer", "target": "mutual_information_layer_target"}
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 0.95, 0.99)  # of log2 of the number of classes, the truths about labels
_TRUTHS = 10  # about inputs, at most, beside 0
_BEYOND = 2  # bits above log2 n up to which the truths about inputs go, to see an estimator saturate
_STREAM = 31  # of random numbers, that never meets another
FEW = (1, 2)  # dimensions of variables that stand beside the layers
_SOME = 200  # samples, whose median distance is that of all of them
_WITHIN = 6.0  # standard deviations between the ends of bins, for layers whose scale nobody has measured


@dataclass(frozen=True)
class Shape:
    """A variable of the experiment, as far as an estimator sees it.

    Parameters
    ----------
    name, kind
        Of the layer, or of the input.
    channels, dimension
        Feature maps (1 for a layer that has none), and numbers per sample.
    distance
        Median distance between two samples, NaN where it is not known; of feature maps by themselves if `maps`.
    maps
        Whether it is the median over feature maps.
    """

    name: str
    kind: str
    channels: int
    dimension: int
    distance: float = nan
    maps: bool = False

    def features(self) -> tuple[int, ...]:
        """The dimensions of one sample."""
        return (self.channels, self.dimension // self.channels, 1) if self.kind == CONVOLUTIONAL else (self.dimension,)


Pair = tuple[Shape, Shape]


@dataclass(frozen=True)
class Design:
    """How much is drawn.

    Parameters
    ----------
    size
        Samples of a probe batch: those of a draw, but for an estimator that uses fewer.
    classes
        Number of labels.
    repetitions
        Draws of each truth.
    seed
        Of all draws; the same draws for every estimator of a kind.
    """

    size: int
    classes: int
    repetitions: int
    seed: int

    def truths(self, side: str) -> list[float]:
        """Bits that the drawn variables have in common: whole ones about inputs, parts of log2 of the classes."""
        if side == "input":
            most = ceil(log2(self.size)) + _BEYOND
            return [float(bits) for bits in range(0, most + 1, ceil(most / _TRUTHS))]
        return [share * log2(self.classes) for share in SHARES]

    def of(self, estimator: Mapping[str, Any]) -> "Design":
        """The same for the samples that an estimator uses."""
        return replace(self, size=int(estimator.get("probe_size", self.size)))

    def random(self, side: str, layer: int, truth: int, repetition: int) -> np.random.Generator:
        """The source of one draw."""
        return np.random.default_rng([self.seed, _STREAM, list(SIDES).index(side), layer, truth, repetition])


def calibrate(pairs: Sequence[Pair], estimators: Sequence[Mapping[str, Any]], design: Design) -> dict[str, xr.Dataset]:
    """Measure variables of known information with the code and the settings by which layers are measured.

    About inputs, I(X; T) is known by a design that the kind of the estimator has a meaning on: for ``renyi`` Gaussian
    variables with the dimensions of input and layer, at the median distances that the experiment has; for ``kde`` a
    Gaussian layer in the estimator's own noise; for ``binning`` points that are all equally likely. The last two take
    each sample as an input of its own. About targets, I(T; Y) is known for Gaussians around a centre for each label.
    Each truth is measured beside its control: shuffled samples, or permuted labels, where the truth is 0.

    Parameters
    ----------
    pairs
        An input and a layer each, as `pairs` has those of an experiment.
    estimators
        As the experiment has them.
    design
        How much is drawn.

    Returns
    -------
    dict of str to xarray.Dataset
        ``input`` and ``target``: groups of the artifact ``known``.
    """
    return {side: _side(side, pairs, estimators, design) for side in SIDES}


def shapes(inputs: Sequence[int], layers: Mapping[str, Mapping[str, Any]]) -> list[Shape]:
    """The input, of some dimensions per sample, and the layers, by their attributes in an activation store."""
    own = [Shape(name, each["kind"], each["channels"], each["dimension"]) for name, each in layers.items()]
    return [Shape(INPUT, INPUT, 1, prod(inputs)), *own]


def pairs(inputs: Shape, layers: Sequence[Shape]) -> list[Pair]:
    """The input of an experiment with each of its layers, after two variables of one and of two dimensions.

    What an estimator answers to these few dimensions shows whether it is their number that blinds it. Samples of theirs
    are as far apart as those of the input are.
    """
    few = [Shape(f"{count} dimension{'s' * (count > 1)}", FULLY_CONNECTED, 1, count, inputs.distance) for count in FEW]
    return [*((each, each) for each in few), *((inputs, layer) for layer in layers)]


def with_distances(shapes: Sequence[Shape], summary: xr.DataTree, *, variant: str) -> list[Shape]:
    """Shapes with the median distances that the first estimator which measured them found at the end of training.

    Parameters
    ----------
    shapes
        Of the input, whose name is its kind, and of layers.
    summary
        Of the experiment.
    variant
        Whose.
    """
    kernels = [each for each in summary.attrs["experiment"]["estimators"] if each["kind"] == "renyi"]
    data = summary["information"].to_dataset().sel(variant=variant)
    if not kernels:
        return list(shapes)
    own = data.sel(estimator=kernels[0]["name"]).isel(split=0)
    end = own.isel(epoch=_last(own["median_distance"]))
    maps = kernels[0]["joint"] == "multivariate"
    found = []
    for shape in shapes:
        of_input = shape.name == INPUT
        values = end["median_distance_input"] if of_input else end["median_distance"].sel(layer=shape.name)
        distance = float(values.median()) or nan
        found.append(Shape(shape.name, shape.kind, shape.channels, shape.dimension, distance, maps and not of_input))
    return found


def with_measured(answers: Mapping[str, xr.Dataset], summary: xr.DataTree, *, variant: str) -> dict[str, xr.Dataset]:
    """Answers of both sides beside what the same estimators said of the networks at the end of their training.

    Parameters
    ----------
    answers
        As `calibrate` gives them.
    summary
        Of the experiment.
    variant
        Of the networks.

    Returns
    -------
    dict of str to xarray.Dataset
        With ``measured`` (estimator, control, layer), the mean over seeds and probe batches in bits; NaN of what was
        not measured.
    """
    data = summary["information"].to_dataset().sel(variant=variant).isel(split=0)
    found = {}
    for side, each in answers.items():
        own, dims = data[_ESTIMATES[side]].reset_coords(drop=True), ("estimator", "control", "layer")
        end = own.isel(epoch=_last(own)).mean(["seed", "probe_batch"])
        values = end.reindex({dim: each[dim].values for dim in dims}).transpose(*dims).values
        found[side] = each.assign(measured=(dims, values, labels.described(CALIBRATION["measured"])))
    return found


def _last(data: xr.DataArray) -> int:
    """Where the last epoch stands of which there is any value."""
    known = data.notnull().any([dim for dim in data.dims if dim != "epoch"]).values
    return int(np.flatnonzero(known).max(initial=0))


def _side(side: str, pairs: Sequence[Pair], estimators: Sequence[Mapping[str, Any]], design: Design) -> xr.Dataset:
    truths, control = design.truths(side), SIDES[side]
    layers = [layer for _, layer in pairs]
    parts: list[Array] = []
    with TemporaryDirectory(prefix="infoplane-") as folder:
        for estimator in estimators:
            rows = [
                [
                    _answers(
                        side, _drawn(side, inputs, layer, estimator, design, (place, index)), estimator, Path(folder)
                    )
                    for index in range(len(truths))
                ]
                for place, (inputs, layer) in enumerate(pairs)
            ]
            parts.append(np.moveaxis(np.array(rows), (0, 1), (2, 3)))  # (estimates, control, layer, truth, repetition)
    coords = {
        "estimator": [name for each in estimators for name in estimates(each)],
        "control": ["none", control],
        "layer": [layer.name for layer in layers],
        "truth": truths,
        "repetition": np.arange(design.repetitions),
        "kind": ("layer", [layer.kind for layer in layers]),
        "channels": ("layer", [layer.channels for layer in layers]),
        "dimension": ("layer", [layer.dimension for layer in layers]),
    }
    arrays: dict[str, Array] = {
        "estimate": np.concatenate(parts),
        "distance": np.array([layer.distance for layer in layers]),
    }
    return labels.label("known", arrays, coords, group=f"/{side}")


def _answers(side: str, tree: xr.DataTree, estimator: Mapping[str, Any], folder: Path) -> Array:
    """Estimates of the draws and of their control, (estimates, control, repetition)."""
    found = information(tree, estimator, control=[SIDES[side]], work=folder, code="")
    values = (
        found[_ESTIMATES[side]].isel(seed=0, split=0, epoch=0, layer=0).transpose("estimator", "control", "probe_batch")
    )
    answers: Array = values.values
    return answers


def _drawn(
    side: str, inputs: Shape, layer: Shape, estimator: Mapping[str, Any], design: Design, place: tuple[int, int]
) -> xr.DataTree:
    """All repetitions of one truth, as activations of a network with this layer alone."""
    truth = design.truths(side)[place[1]]
    design = design.of(estimator)
    sources = [design.random(side, *place, repetition) for repetition in range(design.repetitions)]
    if side == "input":
        of_kind = {"renyi": _pair, "kde": _source, "binning": _points}[estimator["kind"]]
        x, t, y = zip(*(of_kind(inputs, layer, estimator, design, truth, random) for random in sources), strict=True)
    else:
        x, t, y = zip(*(_mixture(inputs, layer, design, truth, random) for random in sources), strict=True)
    own_scale = side == "input" and estimator["kind"] != "renyi"  # that of the design, which its truth hangs on
    values = np.stack(t).reshape(design.repetitions, design.size, *layer.features())
    scaled = values if own_scale else _at_scale(values, layer, estimator)
    return _tree(_at_scale(np.stack(x), inputs, estimator), scaled, np.stack(y), layer, design.classes)


def _pair(
    inputs: Shape, layer: Shape, _: Mapping[str, Any], design: Design, truth: float, random: np.random.Generator
) -> tuple[Array, Array, Array]:
    x, t = known.gaussian_pair(design.size, inputs.dimension, layer.dimension, information=truth, random=random)
    return x, t, _classes(x, design)


def _source(
    inputs: Shape, layer: Shape, estimator: Mapping[str, Any], design: Design, truth: float, random: np.random.Generator
) -> tuple[Array, Array, Array]:
    t = known.noisy_source(
        design.size, layer.dimension, information=truth, noise_variance=estimator["noise_variance"], random=random
    )
    return np.zeros((design.size, inputs.dimension)), t, _classes(t, design)


def _points(
    inputs: Shape, layer: Shape, estimator: Mapping[str, Any], design: Design, truth: float, random: np.random.Generator
) -> tuple[Array, Array, Array]:
    low, high = (estimator["edges"].get(end, default) for end, default in (("low", -1.0), ("high", 1.0)))
    t = known.scattered_points(design.size, layer.dimension, information=int(truth), low=low, high=high, random=random)
    return np.zeros((design.size, inputs.dimension)), t, _classes(t, design)


def _mixture(
    inputs: Shape, layer: Shape, design: Design, truth: float, random: np.random.Generator
) -> tuple[Array, Array, Array]:
    t, y = known.labelled_mixture(design.size, layer.dimension, design.classes, information=truth, random=random)
    return random.standard_normal((design.size, inputs.dimension)), t, y


def _classes(values: Array, design: Design) -> Array:
    """Labels that are a function of a variable, as those of a task are: equal parts of its first coordinate."""
    ranks = values[:, 0].argsort().argsort()
    found: Array = ranks * design.classes // len(values)
    return found


def _at_scale(values: Array, shape: Shape, estimator: Mapping[str, Any]) -> Array:
    """Values (P, n, …) with the median distance that the experiment has, or in a range that fits the estimator."""
    if np.isfinite(shape.distance):
        flat = values[0, :_SOME].reshape(min(values.shape[1], _SOME), shape.channels if shape.maps else 1, -1)
        distances = gram.squared_distances(torch.from_numpy(flat).double().transpose(0, 1), batch_dims=1).sqrt()
        n = distances.shape[-1]
        rows, columns = torch.triu_indices(n, n, offset=1).unbind()
        median = float(distances[:, rows, columns].median(1).values.median())
        return values * (shape.distance / median) if median else values
    edges, wide = estimator.get("edges", {}), float(values.std())
    return values * ((edges["high"] - edges["low"]) / _WITHIN / wide) if "high" in edges and wide else values


def _tree(inputs: Array, values: Array, targets: Array, layer: Shape, classes: int) -> xr.DataTree:
    """An activation store in memory, of one network at one epoch with one layer."""
    repetitions, n = targets.shape
    coords = {
        "seed": [0],
        "epoch": [0.0],
        "step": [0],
        "probe_batch": np.arange(repetitions),
        "split": ("probe_batch", ["train"] * repetitions),
        "sample": np.arange(n),
    }
    arrays: dict[str, Array] = {
        "input": inputs.astype(np.float32),
        "target": targets.astype(np.int64),
        "sample_index": np.tile(np.arange(n), (repetitions, 1)),
    }
    features = {1: ("unit",), 3: ("channel", "height", "width")}[values.ndim - 2]
    own = xr.Variable(("seed", "epoch", "probe_batch", "sample", *features), values.astype(np.float32)[None, None])
    attrs = {
        "kind": layer.kind,
        "depth": 1,
        "channels": layer.channels,
        "dimension": layer.dimension,
        "inputs": ["input"],
        "dominator": "input",
    }
    root = labels.label("activations", arrays, coords).assign_attrs(classes=classes)
    read = xr.Dataset({"activation": own, "preactivation": own}, attrs=attrs)
    return xr.DataTree.from_dict({"/": root, f"/{layer.name}": read})
