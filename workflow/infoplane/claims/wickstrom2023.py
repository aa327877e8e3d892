"""Claims of Wickstrøm et al. 2023, "Analysis of Deep CNNs Using Tensor Kernels and Matrix-Based Entropy" (1909.11396).

The sentences are ours, and so are all thresholds: the paper states none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from infoplane.claims.claim import PERMUTED, SHUFFLED, Claim, Rule
from infoplane.derived import chains, ends, stopping
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
_MOVES = 0.05  # of its peak, by which I(X; T) is to rise where a layer fits, and to fall where it compresses
_LEARNS = 0.05  # bits by which I(T; Y) is to rise
_PATIENCE = 5  # checkpoints
_SETTLED = 0.05  # relative change of a width in the second half of the training
_WINDOW = 0.1  # of all looks, over which a width is averaged
_ENTROPIES = ("entropy_layer", "joint_entropy_input_layer", "joint_entropy_layer_target")
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
    shares = ends.at_the_end(data["entropy_layer"].where(data["kind"] == CONVOLUTIONAL)) / evidence.most_bits()
    counts = sorted(
        {int(count) for count in np.unique(data["channels"].where(data["kind"] == CONVOLUTIONAL)) if count > 0}
    )
    said = (f"{float(shares.where(data['channels'] == count).mean()):.3f} with {count}" for count in counts)
    return f"S(T) / log2 n at the end, mean of convolutions by their number of maps: {', '.join(said)}."


def same_as_the_product(evidence: Evidence) -> xr.DataArray:
    """Greatest difference of an entropy by the product of kernels from that by the tensor kernel of its width, bits."""
    wanted = {**evidence.settings, "joint": "tensor"}
    others = [each["name"] for each in evidence.experiment["estimators"] if _alike(each, wanted)]
    values = evidence.group("information")[list(_ENTROPIES)]
    if not others:
        return values[_ENTROPIES[0]].isel(variant=0, layer=0, epoch=0, drop=True) * np.nan
    other = replace(evidence, estimator=others[0]).group("information")
    furthest = [abs(values[name] - other[name]).max(["variant", "layer", "epoch"]) for name in _ENTROPIES]
    return evidence.across(furthest).max("sweep")


def far_from_the_identity(evidence: Evidence) -> str:
    """How far the kernel matrices that are compared are from the identity, of which any two would be equal."""
    data = evidence.group("information")
    share = (data["entropy_layer"] / evidence.most_bits()).where(data["channels"] > 1)
    return f"Of layers with several maps S(T) / log2 n is from {float(share.min()):.2f} to {float(share.max()):.2f}."


def out_of_range(evidence: Evidence) -> xr.DataArray:
    """How far an estimate lies below 0, I(X; T) above log2 n, or I(T; Y) above S(Y), the furthest of all, bits."""
    data = evidence.alone().group("information")
    about_input, about_target = data[_I_INPUT], data[_I_TARGET]
    outside = (-about_input, about_input - evidence.most_bits(), -about_target, about_target - data["entropy_target"])
    furthest = [each.max(["variant", "layer", "epoch"]) for each in outside]
    return evidence.across(furthest).max("sweep")


def narrow_range(evidence: Evidence) -> str:
    """How much of S(Y) hidden layers have, untrained and at the end, and of labels that are permuted."""
    whole = evidence.group("information")["entropy_target"].mean()
    said = []
    for name, of_labels in (("none", ""), (PERMUTED, " of permuted labels")):
        if name == "none" or PERMUTED in evidence.experiment.get("controls", []):
            values = _hidden(evidence.under(name).group("information")[_I_TARGET])
            first, last = (100 * float(each.mean() / whole) for each in (values.sel(epoch=0), ends.at_the_end(values)))
            said.append(f"{first:.0f} % untrained and {last:.0f} % at the end{of_labels}")
    return f"In the mean of hidden layers I(T; Y) is, of S(Y), {', '.join(said)}. At α = 1 both ranges are theorems."


def learns(evidence: Evidence) -> xr.DataArray:
    """Rise of I(T; Y) from the untrained network to the end, in the mean of hidden layers, bits."""
    values = _hidden(evidence.group("information")[_I_TARGET])
    return (ends.at_the_end(values) - values.sel(epoch=0, drop=True)).mean(["variant", "layer"])


def processing(evidence: Evidence) -> xr.DataArray:
    """Share of the pairs of layers on which I(X; T) does not rise, in the mean over all epochs."""
    values = evidence.alone().group("information")[_I_INPUT]
    found = [(steps >= 0).where(steps.notnull()).mean("pair") for steps in _falls(values.mean("epoch"))]
    return evidence.across(found).mean("sweep")


def processing_untrained(evidence: Evidence) -> str:
    """The share before training, when data processing holds as well."""
    values = evidence.alone().group("information")[_I_INPUT].sel(epoch=0)
    steps = [(steps >= 0).where(steps.notnull()).mean() for steps in _falls(values)]
    return f"Of untrained networks the share is {float(np.mean(steps)):.2f}."


def compresses(evidence: Evidence) -> xr.DataArray:
    """(peak − final) / peak of I(X; T), of the hidden layer in which it is greatest, the least of all ReLU networks.

    It is 0 for a layer that has not fitted before: whose peak is no more than 5 % above its first value.
    """
    values = _hidden(evidence.group("information")[_I_INPUT])
    index = _compression(values).where(_fits(values) | values.isnull().all("epoch"), 0.0)
    return index.where(_relu(evidence, values)).max("layer").min("variant")


def compressions(evidence: Evidence) -> str:
    """The mean of that for every layer."""
    index = _compression(evidence.group("information")[_I_INPUT])
    several = index.sizes["variant"] > 1
    said = []
    for variant in index["variant"].values:
        own = index.sel(variant=variant).mean("seed").dropna("layer")
        layers = ", ".join(f"{name} {100 * float(own.sel(layer=name)):.0f} %" for name in own["layer"].values)
        said += [f"{layers} of {variant}" if several else layers] * bool(layers)
    return f"Fall of I(X; T) from its peak, mean over seeds: {'; '.join(said)}."


def more_on_train(evidence: Evidence) -> xr.DataArray:
    """Share of layers that compress more on the training split than on the test split."""
    if "test" not in evidence.experiment["probe"]["splits"]:
        return evidence.across([]).max("sweep")
    splits = [replace(evidence, split=split) for split in ("train", "test")]
    train, test = (_compression(each.group("information")[_I_INPUT]) for each in splits)
    return (train > test).where(train.notnull() & test.notnull()).mean(["variant", "layer"])


def stops_before_compression(evidence: Evidence) -> xr.DataArray:
    """Share of hidden layers that compress, and whose I(X; T) peaks after early stopping would have ended training."""
    values = _hidden(evidence.group("information")[_I_INPUT])
    peaks = values.fillna(-np.inf).idxmax("epoch")
    later = peaks > stopping.stop(evidence.accuracies(), _PATIENCE)  # never, of a network that is not stopped
    compressing = _fits(values) & (_compression(values) > _MOVES)
    return (later & compressing).where(values.notnull().any("epoch")).mean(["variant", "layer"])


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
    """Relative change of the kernel width in the second half of the training, the greatest of the hidden layers.

    From the mean over a tenth of all looks, those that follow the half of the training, to that over the last tenth.
    """
    widths = _hidden(evidence.alone().group("information")["bandwidth"])
    epochs = widths["epoch"].values
    half, looks = np.flatnonzero(epochs >= epochs.max() / 2), max(1, round(_WINDOW * len(epochs)))
    early, late = (widths.isel(epoch=some).mean("epoch") for some in (half[:looks], half[-looks:]))
    return abs(late / early - 1).max(["variant", "layer"])


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


def _compression(values: xr.DataArray) -> xr.DataArray:
    """(peak − final) / peak of each layer."""
    peak = values.max("epoch")
    return (peak - ends.at_the_end(values)) / peak.where(peak > 0)


def _fits(values: xr.DataArray) -> xr.DataArray:
    """Whether each layer rises to a peak from where it was untrained."""
    peak = values.max("epoch")
    return peak - values.sel(epoch=0, drop=True) > _MOVES * peak


def _falls(values: xr.DataArray) -> list[xr.DataArray]:
    """Fall from layer to layer, (seed, pair), for every variant."""
    variants = values["variant"].values.tolist()
    return [chains.falls(values, variant, chains.markov_pairs(values, variant)) for variant in variants]


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
        "greatest difference of S(T), S(X, T) or S(T, Y) between the two, over epochs and layers",
        "bits",
        Rule("below", _EQUAL),
        needs=("information",),
        controls=(),
        remark=far_from_the_identity,
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
        controls=(SHUFFLED,),
        remark=processing_untrained,
    ),
    Claim(
        "wickstrom2023.learns_about_the_labels",
        "text",
        _SOURCE,
        "Layers fit: while the network trains, they come to know more of the labels.",
        learns,
        "rise of I(T; Y) from the untrained network to the end, mean of the hidden layers",
        "bits",
        Rule("above", _LEARNS),
        needs=("information",),
        controls=(PERMUTED,),
    ),
    Claim(
        "wickstrom2023.compression_with_relu",
        "text",
        _SOURCE,
        "Some hidden layers compress after they have fitted, with ReLU too.",
        compresses,
        "(peak − final) / peak of I(X; T) of the hidden layer in which it is greatest, in ReLU networks; "
        f"0 of a layer that has not risen by {100 * _MOVES:.0f} % of its peak before",
        "1",
        Rule("above", _MOVES),
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
        f"share of hidden layers that compress, by more than {100 * _MOVES:.0f} % of their peak, and peak after the "
        f"stop with a patience of {_PATIENCE} checkpoints",
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
        "relative change of the kernel width from the tenth of all looks that follows the half to the last tenth, "
        "greatest of the hidden layers",
        "1",
        Rule("below", _SETTLED),
        needs=("information",),
        controls=(),
        applies=_of("tensor", "alignment"),
    ),
)
