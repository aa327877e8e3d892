"""Claims of Shwartz-Ziv and Tishby 2017, "Opening the Black Box of Deep Neural Networks via Information" (1703.00810).

The sentences are ours, and so are all thresholds: the paper states none. Two of the claims are those that the controls
of Saxe et al. 2018, "On the Information Bottleneck Theory of Deep Learning", put to the test.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from infoplane.claims.claim import PERMUTED, UNTRAINED, Claim, Rule
from infoplane.derived import ends, ranks
from infoplane.schema import OUTPUT

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr

    from infoplane.claims.evidence import Evidence

SOURCE = "Shwartz-Ziv and Tishby 2017"
_SAXE = "Saxe et al. 2018"
_TESTED = f"{SOURCE}; put to the test by {_SAXE}"
_LAST = 3  # hidden layers, from the output backwards, that are to compress
FALL = 0.5  # bits of I(X; T) by which a layer is to fall
RELEVANT = 0.9  # bits of I(T; Y) that count as nearly all of 1 bit


def compression(evidence: Evidence) -> xr.DataArray:
    """The least fall of I(X; T) from its peak to the end, of the last hidden layers of tanh networks, bits."""
    found = _fall(evidence)
    return found.where(_as_in_the_paper(found)).min(["variant", "layer"])


def falls(evidence: Evidence) -> str:
    """The mean fall of each of those layers, by variant where there are several, and how many networks fall so far."""
    found = _fall(evidence)
    several = found.sizes["variant"] > 1
    said = []
    for variant in found["variant"].values:
        own = found.sel(variant=variant).dropna("layer", how="all").transpose("layer", "seed")
        layers = ", ".join(
            f"{name} {known.mean():.2g} ({100 * (known > FALL).mean():.0f} %)"
            for name, row in zip(own["layer"].values, own.values, strict=True)
            if (known := row[np.isfinite(row)]).size
        )
        said += [f"{layers} of {variant}" if several else layers] * bool(layers)
    if not said:
        return f"No layer ever has {FALL:g} bits of I(X; T) to lose."
    return f"Mean fall in bits, and of how many networks it is above {FALL:g}: {'; '.join(said)}."


def compression_with_relu(evidence: Evidence) -> xr.DataArray:
    """The same of the ReLU networks."""
    falls = _fall(evidence)
    return falls.where(_label(falls, "model.activation") == "relu").min(["variant", "layer"])


def noise_compresses(evidence: Evidence) -> xr.DataArray:
    """How much more, on average, the last hidden layers fall with mini-batches than with all data at once, bits.

    Of tanh networks that differ in the size of the batches alone; the largest is the whole.
    """
    falls = _fall(evidence).mean("layer")
    size = _label(falls, "training.batch_size").astype(float)
    tanh = falls.where(_label(falls, "model.activation") == "tanh")
    return tanh.where(size == size.min()).mean("variant") - tanh.where(size == size.max()).mean("variant")


def less_with_relu(evidence: Evidence) -> xr.DataArray:
    """How much more, on average, the last hidden layers of tanh networks fall than those of ReLU networks, bits."""
    found = _fall(evidence).mean("layer")
    activation = _label(found, "model.activation")
    return found.where(_as_in_the_paper(found)).mean("variant") - found.where(activation == "relu").mean("variant")


def less_in_net_inputs(evidence: Evidence) -> xr.DataArray:
    """How much more the last hidden layers of tanh networks fall when activations are binned than net inputs, bits."""
    others = [each["name"] for each in evidence.experiment["estimators"] if each.get("read") == "preactivation"]
    found = _fall(evidence).mean("layer")
    if not others:
        return found.isel(variant=0, drop=True) * np.nan
    other = _after_peak(_of_last(replace(evidence, estimator=others[0]))).mean("layer")
    return (found - other).where(_as_in_the_paper(found)).mean("variant")


def learns_the_label(evidence: Evidence) -> xr.DataArray:
    """I(T; Y) at the end, with the most training data, of the last hidden layer that knows least, bits."""
    values = _about_the_label(evidence)
    share = _label(values, "dataset.fraction").astype(float)
    return ends.at_the_end(values).where(share == share.max()).min(["variant", "layer"])


def forgets_the_label(evidence: Evidence) -> xr.DataArray:
    """Fall of I(T; Y) from its peak to the end with the least training data, mean over the last hidden layers, bits."""
    values = last_hidden(evidence.group("information")["mutual_information_layer_target"])
    share = _label(values, "dataset.fraction").astype(float)
    return _after_peak(values).where(share == share.min()).mean(["variant", "layer"])


def grows_with_data(evidence: Evidence) -> xr.DataArray:
    """Rank correlation of the share of patterns to train on and the final I(T; Y), mean over the last hidden layers."""
    values = last_hidden(evidence.group("information")["mutual_information_layer_target"])
    share = _label(values, "dataset.fraction").astype(float).values
    rows = ends.at_the_end(values).mean("layer").transpose("seed", "variant")
    return rows.isel(variant=0, drop=True).copy(data=[ranks.correlation(share, row) for row in rows.values])


def ends_by_data(evidence: Evidence) -> str:
    """Where the last hidden layers end, for every share of the patterns."""
    information = evidence.group("information")
    x, y = (
        ends.at_the_end(last_hidden(information[f"mutual_information_{name}"])).mean(["layer", "seed"])
        for name in ("input_layer", "layer_target")
    )
    share = _label(x, "dataset.fraction").astype(float)
    if share.isnull().all():
        return ""
    told = (f"{100 * share[place]:.0f} %: {x[place]:.2f} and {y[place]:.2f}" for place in np.argsort(share.values))
    return f"I(X; T) and I(T; Y), means of these layers at the end, in bits: {'; '.join(told)}."


def depth_helps(evidence: Evidence) -> xr.DataArray:
    """Spearman's rank correlation of the number of hidden layers and the epochs until the output's I(T; Y) is 0.9 bits.

    What is never reached counts as twice the last epoch.
    """
    depth, rows, last = _known_by(evidence)
    found = [ranks.correlation(depth, row) for row in rows.fillna(2 * last).where(rows["trained"]).values]
    return rows.isel(variant=0, drop=True).drop_vars("trained").copy(data=found)


def epochs_by_depth(evidence: Evidence) -> str:
    """The epochs for every number of hidden layers, and the correlation without the fewest."""
    depth, rows, last = _known_by(evidence)
    said = []
    for count in sorted(set(depth.tolist())):
        own = rows.values[:, depth == count].flatten()
        middle = np.median(np.where(np.isfinite(own), own, np.inf))
        when = f"{middle:.0f}" if np.isfinite(middle) else "never"
        said.append(f"{when} with {count:.0f} ({np.isfinite(own).sum()} of {own.size} networks get there)")
    deeper = depth > depth.min()
    rest = [ranks.correlation(depth[deeper], row) for row in rows.fillna(2 * last).values[:, deeper]]
    if np.isfinite(rest).any():
        said[-1] += f"; without the fewest layers the correlation is {np.nanmean(rest):.2f}"
    return f"Median epochs until then, by hidden layers: {', '.join(said)}."


def beta_falls(evidence: Evidence) -> xr.DataArray:
    """Spearman's rank correlation of the depth of a hidden layer and its β*, mean over variants."""
    data = evidence.group("bottleneck")
    values = ends.at_the_end(data["bottleneck_beta"].where(data["kind"] != OUTPUT))
    found = []
    for variant in values["variant"].values:
        rows = values.sel(variant=variant, drop=True).dropna("layer", how="all").transpose("seed", "layer")
        depth = np.arange(rows.sizes["layer"], dtype=float)
        found.append(rows.isel(layer=0, drop=True).copy(data=[ranks.correlation(depth, row) for row in rows.values]))
    return evidence.across(found).mean("sweep")


def residuals(evidence: Evidence) -> str:
    """How far the layers are from the optimal encoders that they are compared with."""
    data = evidence.group("bottleneck")
    hidden = data.where(data["kind"] != OUTPUT)
    residual, floor = (ends.at_the_end(hidden[name]) for name in ("bottleneck_residual", "bottleneck_residual_floor"))
    return (
        f"The divergence from the nearest optimal encoder is {float(residual.mean()):.2g} bits in the mean, of which "
        f"no β would spare {float(floor.mean()):.2g}."
    )


def _known_by(evidence: Evidence) -> tuple[np.ndarray, xr.DataArray, float]:
    """Hidden layers of each variant, epochs (seed, variant) until the output knows, NaN for never, and the last epoch.

    The coordinate ``trained`` says which networks trained to their end.
    """
    values = evidence.group("information")["mutual_information_layer_target"]
    trained = ends.at_the_end(values).notnull().any("layer")
    depth = (values["kind"] != "").sum("layer").values - 1
    output = values.where(values["kind"] == OUTPUT).max("layer")
    epochs = output["epoch"].where(output >= RELEVANT).min("epoch").transpose("seed", "variant")
    return depth, epochs.assign_coords(trained=trained.transpose("seed", "variant")), float(values["epoch"].max())


def _about_the_label(evidence: Evidence) -> xr.DataArray:
    """I(T; Y) of the last hidden layers; NaN throughout for an estimate that is never as large as it must be.

    Not even of the first layer, which can tell nearly every pattern from every other.
    """
    values = evidence.group("information")["mutual_information_layer_target"]
    return last_hidden(values).where(values.max() >= RELEVANT)


def _of_last(evidence: Evidence) -> xr.DataArray:
    return last_hidden(evidence.group("information")["mutual_information_input_layer"])


def _fall(evidence: Evidence) -> xr.DataArray:
    """Fall of I(X; T) of the last hidden layers; NaN throughout for an estimate that is never as large as it must fall.

    Such an estimate cannot show whether the claim holds.
    """
    values = _of_last(evidence)
    return _after_peak(values).where(values.max() > FALL)


def _as_in_the_paper(values: xr.DataArray) -> xr.DataArray:
    """Which variants have tanh units and mini-batches, as far as these are swept, (variant)."""
    activation, size = _label(values, "model.activation"), _label(values, "training.batch_size").astype(float)
    return activation.isin([None, "tanh"]) & (size.isnull() | (size == size.min()))


def _after_peak(values: xr.DataArray) -> xr.DataArray:
    """From the greatest value over epochs to the last; NaN for a network that diverged."""
    return values.max("epoch") - ends.at_the_end(values)


def last_hidden(values: xr.DataArray) -> xr.DataArray:
    """Values of the last hidden layers of each variant, NaN elsewhere."""
    hidden = ~values["kind"].isin(["", OUTPUT])
    before_output = hidden.isel(layer=slice(None, None, -1)).cumsum("layer").isel(layer=slice(None, None, -1))
    return values.where(hidden & (before_output <= _LAST))


def _label(values: xr.DataArray, key: str) -> xr.DataArray:
    """Label of each variant for a swept key, (variant); None if it was not swept."""
    return values[key] if key in values.coords else values["variant"].copy(data=[None] * values.sizes["variant"])


CLAIMS = (
    Claim(
        "szt2017.compression",
        "P3.a",
        SOURCE,
        "The hidden layers compress: I(X; T) falls from its peak while training goes on.",
        compression,
        "least fall of I(X; T) from its peak to the end among the last three hidden layers of tanh networks with "
        "mini-batches",
        "bits",
        Rule("above", FALL),
        needs=("information",),
        controls=(),
        remark=falls,
    ),
    Claim(
        "szt2017.compression_with_relu",
        "P3.a",
        _TESTED,
        "Compression belongs to deep networks in general: those of ReLU units, which do not saturate, compress too.",
        compression_with_relu,
        "least fall of I(X; T) from its peak to the end among the last three hidden layers of ReLU networks",
        "bits",
        Rule("above", FALL),
        needs=("information",),
        controls=(),
    ),
    Claim(
        "szt2017.noise_compresses",
        "P3.a",
        _TESTED,
        "Compression is the work of the noise of mini-batches: trained on all data at once, networks compress less.",
        noise_compresses,
        "fall of I(X; T) with mini-batches less that with full batches, mean over the last three hidden layers",
        "bits",
        Rule("above", 0),
        needs=("information",),
        controls=(),
    ),
    Claim(
        "szt2017.less_with_relu",
        "P3.a",
        _SAXE,
        "Compression comes of units that saturate: ReLU networks compress less than tanh networks.",
        less_with_relu,
        "fall of I(X; T) of tanh networks with mini-batches less that of ReLU networks, mean over the last three "
        "hidden layers",
        "bits",
        Rule("above", 0),
        needs=("information",),
        controls=(),
        remark=falls,
    ),
    Claim(
        "szt2017.less_in_net_inputs",
        "P3.a",
        _SAXE,
        "Compression is in the bins of saturated activations: what is binned before the nonlinearity compresses less.",
        less_in_net_inputs,
        "fall of I(X; T) by this estimator less that by bins of net inputs, mean over the last three hidden layers of "
        "tanh networks",
        "bits",
        Rule("above", 0),
        needs=("information",),
        controls=(),
        applies=lambda settings, _: settings["kind"] == "binning" and settings.get("read") != "preactivation",
    ),
    Claim(
        "szt2017.learns_the_label",
        "P3.b",
        SOURCE,
        "With most of the patterns to train on, the layers end with nearly all that can be known of the label.",
        learns_the_label,
        "I(T; Y) at the end with the most training data, least of the last three hidden layers",
        "bits",
        Rule("above", RELEVANT),
        needs=("information",),
        controls=(),
    ),
    Claim(
        "szt2017.forgets_the_label",
        "P3.b",
        SOURCE,
        "With few patterns to train on, the layers lose information about the label again.",
        forgets_the_label,
        "fall of I(T; Y) from its peak to the end with the least training data, mean over the last three hidden layers",
        "bits",
        Rule("above", 0.05),
        needs=("information",),
        controls=(),
    ),
    Claim(
        "szt2017.grows_with_data",
        "figure 7",
        SOURCE,
        "The more patterns to train on, the more the converged layers know of the label.",
        grows_with_data,
        "Spearman's rank correlation of the share of patterns and the final I(T; Y), mean over the last three hidden "
        "layers",
        "1",
        Rule("above", 0),
        needs=("information",),
        controls=(),
        remark=ends_by_data,
    ),
    Claim(
        "szt2017.depth_helps",
        "P3.d",
        SOURCE,
        "The more hidden layers, the fewer epochs until the output knows what can be known of the label.",
        depth_helps,
        "Spearman's rank correlation of the number of hidden layers and the epochs until I(T; Y) is 0.9 bits",
        "1",
        Rule("below", 0),
        needs=("information",),
        controls=(),
        remark=epochs_by_depth,
    ),
    Claim(
        "szt2017.beta_falls",
        "P3.e",
        SOURCE,
        "The deeper a layer, the smaller the β* of the optimal encoder that it is nearest to.",
        beta_falls,
        "Spearman's rank correlation of the depth of a hidden layer and β*",
        "1",
        Rule("below", 0),
        needs=("bottleneck",),
        controls=(UNTRAINED, PERMUTED),
        remark=residuals,
    ),
)
