"""Claims of Shwartz-Ziv and Tishby 2017 on the two phases of training: gradients, the bend of the path, the weights.

The sentences are ours, and so are all thresholds: the paper states none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from infoplane.claims.claim import Claim, Rule
from infoplane.claims.szt2017 import FALL, SOURCE, last_hidden
from infoplane.derived import phases, ranks

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr

    from infoplane.claims.evidence import Evidence

_RANGE = (100.0, 1500.0)  # epochs in which the transition is to lie
_FACTOR = 3.0  # by which it may differ from the bend of the path
_STARTS = (1, 3, 10)  # times the transition, from which on the weights are to diffuse
_WIENER = 0.5  # exponent of the displacement of a Wiener process in time


def transition_in_time(evidence: Evidence) -> xr.DataArray:
    """Distance of the transition from the middle of the range, as log10 of a factor, the greatest of all variants.

    Variants without a second full mini-batch have no spread of the gradient, and are left out.
    """
    return _factor(_transition(evidence) / (_RANGE[0] * _RANGE[1]) ** 0.5)


def transitions(evidence: Evidence) -> str:
    """When the networks change and their layers, how many never do, and how far the change lasts; by variant."""
    training, left_out = _spread(evidence)
    found = phases.transition(training)
    without = f" Left out for want of a second full mini-batch: {', '.join(left_out)}." if left_out else ""
    if found.isnull().all():
        return f"No network has both phases.{without}"
    several = found.sizes["variant"] > 1
    said = []
    for variant in found["variant"].values:
        of = f" of {variant}" if several else ""
        said.append(_transition_of(training.sel(variant=[variant]), found.sel(variant=variant, drop=True)) + of)
    counted = "one that lacks a phase counts as changing at the first checkpoint, or at twice the last"
    return f"{'; '.join(said)}; {counted}.{without}"


def _transition_of(training: xr.Dataset, found: xr.DataArray) -> str:
    low, middle, high = (float(found.quantile(level)) for level in (0.25, 0.5, 0.75))
    layers = [(name, phases.transition(training.sel(layer=[name])).median()) for name in training["layer"].values]
    alone = ", ".join(f"{name} {float(epoch):.0f}" for name, epoch in layers if np.isfinite(epoch)) or "none"
    ratio = phases.signal_to_noise(training).isel(variant=0, drop=True)
    after = ratio.where(ratio["epoch"] >= found)
    below = 100 * float((after < 1).sum() / after.notnull().sum())
    return (
        f"Median {middle:.0f} epochs, quartiles {low:.0f} and {high:.0f} ({int(found.notnull().sum())} of {found.size} "
        f"networks, {len(np.unique(found.dropna('seed')))} different times), of single layers {alone}, then below the "
        f"spread at {below:.0f} % of the checkpoints"
    )


def transition_at_the_bend(evidence: Evidence) -> xr.DataArray:
    """Distance of the transition from the bend of the path, as log10 of a factor, the greatest of all variants."""
    return _factor(_transition(evidence) / _bend(evidence))


def times_compared(evidence: Evidence) -> str:
    """When paths and their layers bend, how many networks have the two near, and their rank correlation; by variant."""
    changes, bends = _transition(evidence), _bend(evidence)
    if bends.isnull().all():
        return f"I(X; T) of no layer is ever above {FALL:g} bits, so that no path bends."
    layers = _bends_of_layers(evidence)
    several = changes.sizes["variant"] > 1
    said = []
    for variant in changes["variant"].values:
        times = [each.sel(variant=variant).transpose("seed").values for each in (changes, bends)]
        known = np.isfinite(times).all(0)
        if known.sum() >= phases.FEWEST:
            own = layers.sel(variant=variant).median("seed").dropna("layer")
            by_layer = ", ".join(f"{name} {float(own.sel(layer=name)):.0f}" for name in own["layer"].values)
            words = _compared(*(each[known] for each in times))
            said.append(f"{words}, and the bends of single layers are at {by_layer}" + f", of {variant}" * several)
    return f"{'; '.join(said)}." if said else ""


def _compared(transition: np.ndarray, bend: np.ndarray) -> str:
    near = 100 * (np.abs(np.log(transition / bend)) < np.log(_FACTOR)).mean()
    words = (
        f"The bend is at {np.median(bend):.0f} epochs in the median, {near:.0f} % of seeds have the two within a "
        f"factor of {_FACTOR:g}"
    )
    rho = ranks.correlation(transition, bend)
    if not np.isfinite(rho):
        return f"{words}, one of the times is the same for all seeds"
    drawn = np.random.default_rng(0).integers(len(bend), size=(999, len(bend)))
    several = np.array([ranks.correlation(transition[own], bend[own]) for own in drawn])
    low, high = np.nanquantile(several, [0.025, 0.975])
    return f"{words}, over seeds the times have a rank correlation of {rho:.2f}, 95 % interval {low:.2f} to {high:.2f}"


def diffusion(evidence: Evidence) -> xr.DataArray:
    """Distance from 1/2 of the exponent of the weights' displacement, the greatest of all starts and variants.

    A Wiener process has it whenever one begins to look: here at the transition, and at three and ten times its epoch.
    """
    displacement, changes = _diffusing(evidence)
    found = [abs(phases.exponent(displacement, since=start * changes) - _WIENER) for start in _STARTS]
    return evidence.across([each.max("variant", skipna=False) for each in found]).max("sweep")


def exponents(evidence: Evidence) -> str:
    """The exponents of both phases, and of starts after the transition."""
    displacement, changes = _diffusing(evidence)
    first = float(phases.exponent(displacement, until=changes).mean())
    later = [float(phases.exponent(displacement, since=start * changes).mean()) for start in _STARTS]
    since = (f"{each:.2f} since {start} times that epoch" for start, each in zip(_STARTS, later, strict=True))
    return f"The mean exponent is {first:.2f} from the start up to the transition, and {', '.join(since)}."


def _factor(ratio: xr.DataArray) -> xr.DataArray:
    """How far from 1 a ratio is, up or down, as log10; the greatest of all variants."""
    return abs(ratio.copy(data=np.log10(ratio.values))).max("variant", skipna=False)


def _diffusing(evidence: Evidence) -> tuple[xr.DataArray, xr.DataArray]:
    """Displacement of the weights, and the transition of each network."""
    return evidence.group("weights")["weight_displacement"], phases.transition(evidence.group("training"))


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
    """Epoch at which I(X; T), mean over the last hidden layers, is greatest; the first checkpoint at the earliest.

    NaN for an estimate that is never as large as it must fall where a layer compresses.
    """
    values = last_hidden(evidence.group("information")["mutual_information_input_layer"])
    return _peak(values.mean("layer")).where(values.max() > FALL)


def _bends_of_layers(evidence: Evidence) -> xr.DataArray:
    return _peak(evidence.group("information")["mutual_information_input_layer"])


def _peak(values: xr.DataArray) -> xr.DataArray:
    later = values.where(values["epoch"] > 0)
    return later.fillna(-np.inf).idxmax("epoch").where(later.notnull().any("epoch"))


CLAIMS = (
    Claim(
        "szt2017.transition_in_time",
        "P3.c",
        SOURCE,
        "Gradients go from drift to diffusion, their mean falling below their spread, between 100 and 1,500 epochs.",
        transition_in_time,
        "distance of the transition from 387 epochs, the middle of the range, as log10 of a factor, greatest of the "
        "variants",
        "1",
        Rule("below", float(np.log10(_RANGE[1] / _RANGE[0]) / 2)),
        needs=("training",),
        controls=(),
        remark=transitions,
    ),
    Claim(
        "szt2017.transition_at_the_bend",
        "P3.c",
        SOURCE,
        "That transition is where the path in the information plane bends from fitting to compression.",
        transition_at_the_bend,
        "distance of the transition from the peak of I(X; T), mean of the last three hidden layers, as log10 of a "
        "factor, greatest of the variants",
        "1",
        Rule("below", float(np.log10(_FACTOR))),
        needs=("training", "information"),
        controls=(),
        remark=times_compared,
    ),
    Claim(
        "szt2017.diffusion",
        "text",
        SOURCE,
        "In the second phase the weights diffuse: their displacement grows as that of a Wiener process, with √t.",
        diffusion,
        "distance from 1/2 of the exponent of the displacement, greatest of those since the transition from drift to "
        "diffusion and since three and ten times its epoch",
        "1",
        Rule("below", 0.1),
        needs=("weights", "training"),
        controls=(),
        remark=exponents,
    ),
)
