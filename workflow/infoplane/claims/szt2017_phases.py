"""Claims of Shwartz-Ziv and Tishby 2017 on the two phases of training: the gradients, and the bend of the path.

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
        return f"No network has two phases.{without}"
    several = found.sizes["variant"] > 1
    said = []
    for variant in found["variant"].values:
        of = f" of {variant}" if several else ""
        said.append(_transition_of(training.sel(variant=[variant]), found.sel(variant=variant, drop=True)) + of)
    counted = "one without two phases counts as changing at the first checkpoint, or at twice the last"
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
    low, high = ranks.interval(transition, bend)
    return f"{words}, over seeds the times have a rank correlation of {rho:.2f}, 95 % interval {low:.2f} to {high:.2f}"


def _factor(ratio: xr.DataArray) -> xr.DataArray:
    """How far from 1 a ratio is, up or down, as log10; the greatest of all variants."""
    return abs(ratio.copy(data=np.log10(ratio.values))).max("variant", skipna=False)


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
        "Gradients go from drift to diffusion, their mean falling below their spread, after some hundred epochs (in "
        "the paper about 350).",
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
)
