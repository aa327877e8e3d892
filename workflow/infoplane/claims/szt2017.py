"""Claims of Shwartz-Ziv and Tishby 2017, "Opening the Black Box of Deep Neural Networks via Information" (1703.00810).

The sentences are ours, and so are all thresholds: the paper states none. Two of the claims are those that the controls
of Saxe et al. 2018, "On the Information Bottleneck Theory of Deep Learning", put to the test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from infoplane.claims.claim import PERMUTED, UNTRAINED, Claim, Rule
from infoplane.derived import phases, ranks
from infoplane.schema import OUTPUT

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr

    from infoplane.claims.evidence import Evidence

_SOURCE = "Shwartz-Ziv and Tishby 2017"
_TESTED = f"{_SOURCE}; put to the test by Saxe et al. 2018"
_LAST = 3  # hidden layers, from the output backwards, that are to compress
_FALL = 0.5  # bits of I(X; T) by which a layer is to fall
_RELEVANT = 0.9  # bits of I(T; Y) that count as nearly all of 1 bit
_RANGE = (100.0, 1500.0)  # epochs in which the transition is to lie
_FACTOR = 3.0  # by which it may differ from the bend of the path
_STARTS = (100, 400, 1000)  # epochs from which the weights' displacement is looked at beside the transition
_WIENER = 0.5  # exponent of the displacement of a Wiener process in time


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
            f"{name} {known.mean():.2g} ({100 * (known > _FALL).mean():.0f} %)"
            for name, row in zip(own["layer"].values, own.values, strict=True)
            if (known := row[np.isfinite(row)]).size
        )
        said += [f"{layers} of {variant}" if several else layers] * bool(layers)
    if not said:
        return f"No layer ever has {_FALL:g} bits of I(X; T) to lose."
    return f"Mean fall in bits, and of how many networks it is above {_FALL:g}: {'; '.join(said)}."


def compression_with_relu(evidence: Evidence) -> xr.DataArray:
    """The same of the ReLU networks."""
    falls = _fall(evidence)
    return falls.where(_label(falls, "model.activation") == "relu").min(["variant", "layer"])


def noise_compresses(evidence: Evidence) -> xr.DataArray:
    """How much more, on average, the last hidden layers fall with mini-batches than with the whole data at once, bits.

    Of tanh networks that differ in the size of the batches alone; the largest is the whole.
    """
    falls = _fall(evidence).mean("layer")
    size = _label(falls, "training.batch_size").astype(float)
    tanh = falls.where(_label(falls, "model.activation") == "tanh")
    return tanh.where(size == size.min()).mean("variant") - tanh.where(size == size.max()).mean("variant")


def learns_the_label(evidence: Evidence) -> xr.DataArray:
    """I(T; Y) at the end, with the most training data, of the last hidden layer that knows least, bits."""
    values = _last(evidence.group("information")["mutual_information_layer_target"])
    share = _label(values, "dataset.fraction").astype(float)
    return evidence.at_the_end(values).where(share == share.max()).min(["variant", "layer"])


def forgets_the_label(evidence: Evidence) -> xr.DataArray:
    """Fall of I(T; Y) from its peak to the end with the least training data, mean over the last hidden layers, bits."""
    values = _last(evidence.group("information")["mutual_information_layer_target"])
    share = _label(values, "dataset.fraction").astype(float)
    return _after_peak(evidence, values).where(share == share.min()).mean(["variant", "layer"])


def transition_in_time(evidence: Evidence) -> xr.DataArray:
    """Distance of the transition from the middle of the range, as log10 of a factor, the greatest of all variants.

    Variants without a second full mini-batch have no spread of the gradient, and are left out.
    """
    return _factor(_transition(evidence) / (_RANGE[0] * _RANGE[1]) ** 0.5)


def transitions(evidence: Evidence) -> str:
    """When the networks change and their layers, how many never do, and how far the change lasts."""
    training, left_out = _spread(evidence)
    found = phases.transition(training)
    never = int(found.isnull().sum())
    without = f" Left out for want of a second full mini-batch: {', '.join(left_out)}." if left_out else ""
    if never == found.size:
        return f"No network has both phases.{without}"
    low, middle, high = (float(found.quantile(level)) for level in (0.25, 0.5, 0.75))
    layers = [(name, phases.transition(training.sel(layer=[name])).median()) for name in training["layer"].values]
    alone = ", ".join(f"{name} {float(epoch):.0f}" for name, epoch in layers if np.isfinite(epoch)) or "none"
    ratio = phases.signal_to_noise(training)
    after = ratio.where(ratio["epoch"] >= found)
    below = float((after < 1).sum() / after.notnull().sum())
    return (
        f"Median {middle:.0f} epochs, quartiles {low:.0f} and {high:.0f}, of single layers {alone}; {never} of "
        f"{found.size} networks lack one of the two phases, and count as changing at the first checkpoint, or at twice "
        f"the last. From the transition on the mean is below the spread at {100 * below:.0f} % of the checkpoints."
        f"{without}"
    )


def transition_at_the_bend(evidence: Evidence) -> xr.DataArray:
    """Distance of the transition from the bend of the path, as log10 of a factor, the greatest of all variants."""
    return _factor(_transition(evidence) / _bend(evidence))


def times_compared(evidence: Evidence) -> str:
    """How many networks have the two near, and their rank correlation over seeds with its interval by bootstrap."""
    changes = _transition(evidence)
    bends = _bend(evidence).sel(variant=changes["variant"])
    both = [each.mean("variant").transpose("seed").values for each in (changes, bends)]
    known = np.isfinite(both).all(0)
    transition, bend = (each[known] for each in both)
    near = 100 * (np.abs(np.log(transition / bend)) < np.log(_FACTOR)).mean() if len(bend) else np.nan
    if len(bend) < phases.FEWEST:
        return ""
    drawn = np.random.default_rng(0).integers(len(bend), size=(999, len(bend)))
    several = np.array([ranks.correlation(transition[own], bend[own]) for own in drawn])
    rho = ranks.correlation(transition, bend)
    if not np.isfinite(rho):
        return (
            f"The bend is at {np.median(bend):.0f} epochs in the median, {near:.0f} % of seeds have the two within a "
            f"factor of {_FACTOR:g}, and one of the times is the same for all seeds."
        )
    low, high = np.nanquantile(several, [0.025, 0.975])
    return (
        f"The bend is at {np.median(bend):.0f} epochs in the median, and {near:.0f} % of seeds have the two within a "
        f"factor of {_FACTOR:g}. Over seeds the times have a rank correlation of {rho:.2f}, 95 % interval {low:.2f} to "
        f"{high:.2f}."
    )


def depth_helps(evidence: Evidence) -> xr.DataArray:
    """Spearman's rank correlation of the number of hidden layers and the epochs until the output's I(T; Y) is 0.9 bits.

    What is never reached counts as twice the last epoch.
    """
    values = evidence.group("information")["mutual_information_layer_target"]
    ended = evidence.at_the_end(values).notnull().any("layer")
    depth = (values["kind"] != "").sum("layer").values
    output = values.where(values["kind"] == OUTPUT).max("layer")
    epochs = output["epoch"].where(output >= _RELEVANT).min("epoch").fillna(2 * float(values["epoch"].max()))
    rows = epochs.where(ended).transpose("seed", "variant")
    found = [ranks.correlation(depth, row) for row in rows.values]
    return rows.isel(variant=0, drop=True).copy(data=found)


def beta_falls(evidence: Evidence) -> xr.DataArray:
    """Spearman's rank correlation of the depth of a hidden layer and its β*, mean over variants."""
    data = evidence.group("bottleneck")
    values = evidence.at_the_end(data["bottleneck_beta"].where(data["kind"] != OUTPUT))
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
    residual, floor = (
        evidence.at_the_end(hidden[name]) for name in ("bottleneck_residual", "bottleneck_residual_floor")
    )
    return (
        f"The divergence from the nearest optimal encoder is {float(residual.mean()):.2g} bits in the mean, of which "
        f"no β would spare {float(floor.mean()):.2g}."
    )


def diffusion(evidence: Evidence) -> xr.DataArray:
    """Distance from 1/2 of the exponent of the weights' displacement since the transition, the greatest of variants."""
    return abs(_exponent(evidence) - _WIENER).max("variant", skipna=False)


def exponents(evidence: Evidence) -> str:
    """The exponents of both phases, and of starts after the transition."""
    displacement = evidence.group("weights")["weight_displacement"]
    first = phases.exponent(displacement, until=phases.transition(evidence.group("training")))
    later = (f"{float(phases.exponent(displacement, since=start).mean()):.2f} since epoch {start}" for start in _STARTS)
    return (
        f"The exponent is {float(_exponent(evidence).mean()):.2f}, from the start up to the transition "
        f"{float(first.mean()):.2f}; with another start of time {', '.join(later)}."
    )


def _factor(ratio: xr.DataArray) -> xr.DataArray:
    """How far from 1 a ratio is, up or down, as log10; the greatest of all variants."""
    return abs(ratio.copy(data=np.log10(ratio.values))).max("variant", skipna=False)


def _exponent(evidence: Evidence) -> xr.DataArray:
    changes = phases.transition(evidence.group("training"))
    return phases.exponent(evidence.group("weights")["weight_displacement"], since=changes)


def _fall(evidence: Evidence) -> xr.DataArray:
    """Fall of I(X; T) of the last hidden layers; NaN throughout for an estimate that is never as large as it must fall.

    Such an estimate cannot show whether the claim holds.
    """
    values = _last(evidence.group("information")["mutual_information_input_layer"])
    return _after_peak(evidence, values).where(values.max() > _FALL)


def _as_in_the_paper(values: xr.DataArray) -> xr.DataArray:
    """Which variants have tanh units and mini-batches, as far as these are swept, (variant)."""
    activation, size = _label(values, "model.activation"), _label(values, "training.batch_size").astype(float)
    return activation.isin([None, "tanh"]) & (size.isnull() | (size == size.min()))


def _after_peak(evidence: Evidence, values: xr.DataArray) -> xr.DataArray:
    """From the greatest value over epochs to the last; NaN for a network that diverged."""
    return values.max("epoch") - evidence.at_the_end(values)


def _last(values: xr.DataArray) -> xr.DataArray:
    """Values of the last hidden layers of each variant, NaN elsewhere."""
    hidden = ~values["kind"].isin(["", OUTPUT])
    before_output = hidden.isel(layer=slice(None, None, -1)).cumsum("layer").isel(layer=slice(None, None, -1))
    return values.where(hidden & (before_output <= _LAST))


def _label(values: xr.DataArray, key: str) -> xr.DataArray:
    """Label of each variant for a swept key, (variant); None if it was not swept."""
    return values[key] if key in values.coords else values["variant"].copy(data=[None] * values.sizes["variant"])


def _transition(evidence: Evidence) -> xr.DataArray:
    """Epoch of the transition, (variant, seed): the first checkpoint for never drifting, twice the last for always."""
    training, _ = _spread(evidence)
    ratio = phases.signal_to_noise(training)
    epochs = ratio["epoch"].where(ratio.notnull() & (ratio["epoch"] > 0))
    drifts = (ratio >= 1).sum("epoch") > (ratio < 1).sum("epoch")
    never = (2 * epochs.max("epoch")).where(drifts, epochs.min("epoch"))
    return phases.transition(training).fillna(never)


def _spread(evidence: Evidence) -> tuple[xr.Dataset, list[str]]:
    """Training of the variants whose gradients have a spread, and the names of the others; all if none has."""
    training = evidence.group("training")
    known = phases.signal_to_noise(training).notnull().any(["seed", "epoch"])
    if not known.any():
        return training, []
    return training.sel(variant=known), training["variant"].values[~known.values].tolist()


def _bend(evidence: Evidence) -> xr.DataArray:
    """Epoch at which I(X; T), mean over the last hidden layers, is greatest; the first checkpoint at the earliest."""
    values = _last(evidence.group("information")["mutual_information_input_layer"]).mean("layer")
    return values.where(values["epoch"] > 0).idxmax("epoch")


CLAIMS = (
    Claim(
        "szt2017.compression",
        "P3.a",
        _SOURCE,
        "After a first phase of fitting, the hidden layers compress: I(X; T) falls while training goes on.",
        compression,
        "least fall of I(X; T) from its peak to the end among the last three hidden layers of tanh networks",
        "bits",
        Rule("above", _FALL),
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
        Rule("above", _FALL),
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
        Rule("above", _FALL),
        needs=("information",),
        controls=(),
    ),
    Claim(
        "szt2017.learns_the_label",
        "P3.b",
        _SOURCE,
        "With most of the patterns to train on, the layers end with nearly all that can be known of the label.",
        learns_the_label,
        "I(T; Y) at the end with the most training data, least of the last three hidden layers",
        "bits",
        Rule("above", _RELEVANT),
        needs=("information",),
        controls=(),
    ),
    Claim(
        "szt2017.forgets_the_label",
        "P3.b",
        _SOURCE,
        "With few patterns to train on, compression takes information about the label away.",
        forgets_the_label,
        "fall of I(T; Y) from its peak to the end with the least training data, mean over the last three hidden layers",
        "bits",
        Rule("above", 0.05),
        needs=("information",),
        controls=(),
    ),
    Claim(
        "szt2017.transition_in_time",
        "P3.c",
        _SOURCE,
        "Gradients go from drift to diffusion, their mean falling below their spread, between 100 and 1,500 epochs.",
        transition_in_time,
        "distance of the transition from 387 epochs, the middle of the range, as log10 of a factor",
        "1",
        Rule("below", float(np.log10(_RANGE[1] / _RANGE[0]) / 2)),
        needs=("training",),
        controls=(),
        remark=transitions,
    ),
    Claim(
        "szt2017.transition_at_the_bend",
        "P3.c",
        _SOURCE,
        "That transition is where the path in the information plane bends from fitting to compression.",
        transition_at_the_bend,
        "distance of the transition from the peak of I(X; T), mean of the last three hidden layers, log10 of a factor",
        "1",
        Rule("below", float(np.log10(_FACTOR))),
        needs=("training", "information"),
        controls=(),
        remark=times_compared,
    ),
    Claim(
        "szt2017.depth_helps",
        "P3.d",
        _SOURCE,
        "The more hidden layers, the fewer epochs until the output knows what can be known of the label.",
        depth_helps,
        "Spearman's rank correlation of the number of hidden layers and the epochs until I(T; Y) is 0.9 bits",
        "1",
        Rule("below", 0),
        needs=("information",),
        controls=(),
    ),
    Claim(
        "szt2017.beta_falls",
        "P3.e",
        _SOURCE,
        "The deeper a layer, the smaller the β* of the optimal encoder that it is nearest to.",
        beta_falls,
        "Spearman's rank correlation of the depth of a hidden layer and β*",
        "1",
        Rule("below", 0),
        needs=("bottleneck",),
        controls=(UNTRAINED, PERMUTED),
        remark=residuals,
    ),
    Claim(
        "szt2017.diffusion",
        "text",
        _SOURCE,
        "In the second phase the weights diffuse: their displacement grows as that of a Wiener process, with √t.",
        diffusion,
        "distance from 1/2 of the exponent of the displacement since the transition from drift to diffusion",
        "1",
        Rule("below", 0.1),
        needs=("weights", "training"),
        controls=(),
        remark=exponents,
    ),
)
