"""Claims of Wickstrøm et al. 2023, "Analysis of Deep CNNs Using Tensor Kernels and Matrix-Based Entropy" (1909.11396).

The sentences are ours, and so are all thresholds: the paper states none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from infoplane.claims.claim import SHUFFLED, UNTRAINED, Claim, Rule
from infoplane.derived import chains, stopping
from infoplane.schema import CONVOLUTIONAL, OUTPUT

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    from collections.abc import Callable

    import xarray as xr

    from infoplane.claims.evidence import Evidence

_SOURCE = "Wickstrøm et al. 2023"
_MANY = 64  # feature maps of a convolution whose product of kernels is to be at its ceiling
_CEILING = 0.99  # of log2 n
_EQUAL = 1e-10  # bits by which two ways to one number may differ
_ROUNDING = 1e-9  # bits by which an estimate may leave its range
_FALLS = 0.05  # of its peak, by which I(X; T) is to fall where a layer compresses
_PATIENCE = 5  # checkpoints
_SETTLED = 0.05  # relative change of a width in the second half of the training
_I_INPUT, _I_TARGET = "mutual_information_input_layer", "mutual_information_layer_target"


def ceiling(evidence: Evidence) -> xr.DataArray:
    """S(T) / log2 n of the convolutions with 64 maps or more, the least of all epochs, layers and variants."""
    return _shares(evidence).min(["variant", "layer", "epoch"])


def below_the_ceiling(evidence: Evidence) -> xr.DataArray:
    """S(T) / log2 n of the convolutions with 64 maps or more, the greatest of all epochs, layers and variants."""
    return _shares(evidence).max(["variant", "layer", "epoch"])


def by_number_of_maps(evidence: Evidence) -> str:
    """S(T) / log2 n at the end for every number of maps that a convolution has."""
    data = evidence.group("information")
    shares = evidence.at_the_end(data["entropy_layer"].where(data["kind"] == CONVOLUTIONAL)) / evidence.most_bits()
    counts = sorted(
        {int(count) for count in np.unique(data["channels"].where(data["kind"] == CONVOLUTIONAL)) if count > 0}
    )
    said = (f"{float(shares.where(data['channels'] == count).mean()):.3f} with {count}" for count in counts)
    return f"S(T) / log2 n at the end, mean of convolutions by their number of maps: {', '.join(said)}."


def same_as_the_product(evidence: Evidence) -> xr.DataArray:
    """Greatest difference of S(T) of the product of kernels from that of the tensor kernel of the same width, bits."""
    wanted = {**evidence.settings, "joint": "tensor"}
    others = [each["name"] for each in evidence.experiment["estimators"] if _alike(each, wanted)]
    values = evidence.group("information")["entropy_layer"]
    if not others:
        return values.isel(variant=0, layer=0, epoch=0, drop=True) * np.nan
    other = replace(evidence, estimator=others[0]).group("information")["entropy_layer"]
    return abs(values - other).max(["variant", "layer", "epoch"])


def out_of_range(evidence: Evidence) -> xr.DataArray:
    """How far an estimate lies below 0, I(X; T) above log2 n, or I(T; Y) above S(Y), the furthest of all, bits."""
    data = evidence.alone().group("information")
    about_input, about_target = data[_I_INPUT], data[_I_TARGET]
    outside = (-about_input, about_input - evidence.most_bits(), -about_target, about_target - data["entropy_target"])
    furthest = [each.max(["variant", "layer", "epoch"]) for each in outside]
    return evidence.across(furthest).max("sweep")


def narrow_range(evidence: Evidence) -> str:
    """How much of S(Y) the untrained networks have already."""
    data = evidence.group("information")
    share = (data[_I_TARGET] / data["entropy_target"]).where(data["kind"] != OUTPUT).sel(epoch=0)
    return f"In hidden layers of untrained networks I(T; Y) is {100 * float(share.mean()):.0f} % of S(Y) in the mean."


def processing(evidence: Evidence) -> xr.DataArray:
    """Share of the pairs of layers on which I(X; T) does not rise, in the mean over all epochs."""
    values = evidence.group("information")[_I_INPUT]
    found = [(steps >= 0).where(steps.notnull()).mean("pair") for steps in _falls(values)]
    return evidence.across(found).mean("sweep")


def compresses(evidence: Evidence) -> xr.DataArray:
    """(peak − final) / peak of I(X; T), of the hidden layer in which it is greatest, the least of all ReLU networks."""
    values = _hidden(evidence.group("information")[_I_INPUT])
    return _compression(evidence, values.where(_relu(evidence, values))).max("layer").min("variant")


def compressions(evidence: Evidence) -> str:
    """The mean of that for every layer."""
    index = _compression(evidence, evidence.group("information")[_I_INPUT])
    several = index.sizes["variant"] > 1
    said = []
    for variant in index["variant"].values:
        own = index.sel(variant=variant).mean("seed").dropna("layer")
        layers = ", ".join(f"{name} {100 * float(own.sel(layer=name)):.0f} %" for name in own["layer"].values)
        said += [f"{layers} of {variant}" if several else layers] * bool(layers)
    return f"Fall of I(X; T) from its peak, mean over seeds: {'; '.join(said)}."


def more_on_train(evidence: Evidence) -> xr.DataArray:
    """Share of layers that compress more on the training split than on the test split."""
    splits = [replace(evidence, split=split) for split in ("train", "test")]
    train, test = (_compression(each, each.group("information")[_I_INPUT]) for each in splits)
    return (train > test).where(train.notnull() & test.notnull()).mean(["variant", "layer"])


def stops_before_compression(evidence: Evidence) -> xr.DataArray:
    """Share of hidden layers whose I(X; T) peaks after early stopping would have ended the training.

    Of networks that it ends: there is no effect of the others.
    """
    peaks = _hidden(evidence.group("information")[_I_INPUT]).fillna(-np.inf).idxmax("epoch")
    there = _hidden(evidence.group("information")[_I_INPUT]).notnull().any("epoch")
    stops = stopping.stop(evidence.accuracies(), _PATIENCE)
    return (peaks > stops).where(there & stops.notnull()).mean(["variant", "layer"])


def stops(evidence: Evidence) -> str:
    """How many networks are stopped, and when, for several numbers of checkpoints to wait."""
    accuracy, said = evidence.accuracies(), []
    for patience in (1, 2, 3, _PATIENCE):
        found = stopping.stop(accuracy, patience)
        ended = int(found.notnull().sum())
        when = f", at epoch {float(found.median()):.3g} in the median" if ended else ""
        said.append(f"{ended} of {found.size} with {patience}{when}")
    return f"Networks that early stopping ends, by its patience in checkpoints: {'; '.join(said)}."


def settles(evidence: Evidence) -> xr.DataArray:
    """Relative change of the kernel width from half of the training to its end, the greatest of the hidden layers."""
    widths = _hidden(evidence.group("information")["bandwidth"])
    half = evidence.at_epoch(widths, float(widths["epoch"].max()) / 2)
    return abs(evidence.at_the_end(widths) / half - 1).max(["variant", "layer"])


def _shares(evidence: Evidence) -> xr.DataArray:
    """S(T) / log2 n of the convolutions with many maps, NaN elsewhere."""
    data = evidence.group("information")
    many = (data["kind"] == CONVOLUTIONAL) & (data["channels"] >= _MANY)
    return data["entropy_layer"].where(many) / evidence.most_bits()


def _hidden(values: xr.DataArray) -> xr.DataArray:
    return values.where(~values["kind"].isin(["", OUTPUT]))


def _relu(evidence: Evidence, values: xr.DataArray) -> xr.DataArray:
    """Which variants have ReLU units, (variant), by the sweep or for all of them."""
    key = "model.activation"
    if key in values.coords:
        return values[key] == "relu"
    whole = evidence.experiment["model"].get("activation", "relu") == "relu"
    return values["variant"].copy(data=[whole] * values.sizes["variant"])


def _compression(evidence: Evidence, values: xr.DataArray) -> xr.DataArray:
    """(peak − final) / peak of each layer."""
    peak = values.max("epoch")
    return (peak - evidence.at_the_end(values)) / peak.where(peak > 0)


def _falls(values: xr.DataArray) -> list[xr.DataArray]:
    """Fall of the mean over epochs from layer to layer, (seed, pair), for every variant."""
    mean = values.mean("epoch")
    variants = values["variant"].values.tolist()
    return [chains.falls(mean, variant, chains.markov_pairs(values, variant)) for variant in variants]


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return {**one, "name": ""} == {**other, "name": ""}


def _of(joint: str, rule: str = "") -> Callable[[Mapping[str, Any], str], bool]:
    """Whether an estimator makes one variable of feature maps in this way, its widths by this rule or by any."""

    def applies(settings: Mapping[str, Any], _: str) -> bool:
        return settings.get("joint") == joint and rule in {"", settings["bandwidth"]["rule"]}

    return applies


CLAIMS = (
    Claim(
        "wickstrom2023.product_at_the_ceiling",
        "P2.a",
        _SOURCE,
        "With many feature maps the product of a kernel for each is nearly the identity: S(T) is log2 n throughout.",
        ceiling,
        f"least S(T) / log2 n over epochs and convolutions with {_MANY} maps or more",
        "1",
        Rule("above", _CEILING),
        needs=("information",),
        controls=(),  # it speaks of the estimate, whatever the network has learned
        remark=by_number_of_maps,
        applies=_of("multivariate", "alignment"),
    ),
    Claim(
        "wickstrom2023.tensor_below_the_ceiling",
        "P2.a",
        _SOURCE,
        "The entropy of one kernel on the whole tensor stays below that ceiling, however many maps there are.",
        below_the_ceiling,
        f"greatest S(T) / log2 n over epochs and convolutions with {_MANY} maps or more",
        "1",
        Rule("below", _CEILING),
        needs=("information",),
        controls=(),
        remark=by_number_of_maps,
        applies=_of("tensor", "alignment"),
    ),
    Claim(
        "wickstrom2023.same_as_the_product",
        "P2.b",
        _SOURCE,
        "If all maps have kernels of one width, their product is the tensor kernel of that width.",
        same_as_the_product,
        "greatest difference of S(T) between the two, over epochs and layers",
        "bits",
        Rule("below", _EQUAL),
        needs=("information",),
        controls=(),
        applies=_of("multivariate", "fixed"),
    ),
    Claim(
        "wickstrom2023.within_its_range",
        "P2.c",
        _SOURCE,
        "I(X; T) lies between 0 and log2 n, and I(T; Y) between 0 and S(Y).",
        out_of_range,
        "furthest that an estimate lies outside, over epochs and layers",
        "bits",
        Rule("below", _ROUNDING),
        needs=("information",),
        controls=(),
        remark=narrow_range,
    ),
    Claim(
        "wickstrom2023.data_processing",
        "P2.d",
        _SOURCE,
        "I(X; T) mostly falls from layer to layer, as data processing asks of it.",
        processing,
        "share of pairs of layers on which its mean over epochs does not rise",
        "1",
        Rule("above", 0.5),
        needs=("information",),
        controls=(UNTRAINED, SHUFFLED),
    ),
    Claim(
        "wickstrom2023.compression_with_relu",
        "text",
        _SOURCE,
        "Some hidden layers compress after they have fitted, with ReLU too.",
        compresses,
        "(peak − final) / peak of I(X; T) of the hidden layer in which it is greatest, in ReLU networks",
        "1",
        Rule("above", _FALLS),
        needs=("information",),
        controls=(SHUFFLED,),
        remark=compressions,
    ),
    Claim(
        "wickstrom2023.compression_on_train",
        "P2.e",
        _SOURCE,
        "Layers compress more on training samples than on test samples.",
        more_on_train,
        "share of layers whose (peak − final) / peak of I(X; T) is larger on the training split",
        "1",
        Rule("above", 0.5),
        needs=("information",),
        controls=(SHUFFLED,),
        applies=lambda settings, split: _of("tensor")(settings, split) and split == "train",
    ),
    Claim(
        "wickstrom2023.stops_before_compression",
        "P2.f",
        _SOURCE,
        "Early stopping ends the training before several layers compress.",
        stops_before_compression,
        f"share of hidden layers whose I(X; T) peaks after the stop, with a patience of {_PATIENCE} checkpoints",
        "1",
        Rule("above", 0.25),
        needs=("information", "training"),
        controls=(),
        remark=stops,
    ),
    Claim(
        "wickstrom2023.widths_settle",
        "P2.g",
        _SOURCE,
        "The widths of the kernels settle: in the second half of the training they hardly change.",
        settles,
        "relative change of the kernel width, greatest of the hidden layers",
        "1",
        Rule("below", _SETTLED),
        needs=("information",),
        controls=(),
        applies=_of("tensor", "alignment"),
    ),
)
