"""What the field concludes from an information plane, as claims that any experiment can be asked about.

Layers compress: what they know about the input falls in training. They learn: what they know about the target rises.
And data processing orders them. The sentences, the definitions and the thresholds are ours; where networks differ by
variant, an effect is the mean over variants, or the worst of them where the conclusion is about all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from infoplane.claims.claim import SHUFFLED, TOLERANCE, Claim, Rule
from infoplane.derived import chains, ends
from infoplane.schema import OUTPUT

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr

    from infoplane.claims.evidence import Evidence

SOURCE = "the field"
_I_INPUT, _I_TARGET = "mutual_information_input_layer", "mutual_information_layer_target"
_FALL = 5.0  # % of its peak by which I(X; T) is to fall where a layer compresses
_RISE = 5.0  # % of its greatest value by which I(T; Y) is to rise where a layer learns, whatever the kernel's width


def of_summary(summary: xr.DataTree) -> list[Claim]:
    """Conclusions about every layer of a summary, compression and learning, and about their order.

    Parameters
    ----------
    summary
        With the group ``/information``.
    """
    data = summary["information"].to_dataset()
    kinds = data["kind"] if "variant" in data["kind"].dims else data["kind"].expand_dims("variant")
    hidden = [str(name) for name in data["layer"].values if (kinds.sel(layer=name) != OUTPUT).any()]
    return [*map(_compression, hidden), *map(_learning, hidden), *_order()]


def fall(evidence: Evidence, layer: str) -> xr.DataArray:
    """Fall of a layer's I(X; T) from its greatest value to the last, % of the former, mean over variants."""
    values = evidence.group("information")[_I_INPUT].sel(layer=layer)
    greatest = values.max("epoch")
    return (100 * (greatest - ends.at_the_end(values)) / greatest.where(greatest > 0)).mean("variant")


def rise(evidence: Evidence, layer: str) -> xr.DataArray:
    """Rise of a layer's I(T; Y) from the first epoch to the last, % of its greatest value, mean over variants."""
    values = evidence.group("information")[_I_TARGET].sel(layer=layer)
    greatest = values.max("epoch")
    risen = ends.at_the_end(values) - values.isel(epoch=0, drop=True)
    return (100 * risen / greatest.where(greatest > 0)).mean("variant")


def greatest_rise(evidence: Evidence, quantity: str) -> xr.DataArray:
    """The greatest rise, at the end, from a layer to one that can be reached through it only, bits."""
    values = ends.at_the_end(evidence.group("information")[quantity])
    steps = [
        -chains.falls(values, variant, pairs).min("pair")
        for variant in values["variant"].values.tolist()
        if (pairs := chains.markov_pairs(values, variant))
    ]
    return evidence.across(steps).max("sweep")


def without_pairs(evidence: Evidence) -> str:
    """Why there is no greatest rise: no variant has a layer that can be reached through another one only."""
    data = evidence.group("information")
    if any(chains.markov_pairs(data, variant) for variant in data["variant"].values.tolist()):
        return ""
    return "No layer can be reached through another one only, so that there is no such step."


def _compression(layer: str) -> Claim:
    return _claim(
        f"compression.{layer}",
        "compression",
        f"{layer} compresses: what it knows about the input falls in training.",
        partial(fall, layer=layer),
        "fall of I(X; T) from its greatest value to the end",
        "%",
        Rule("above", _FALL),
    )


def _learning(layer: str) -> Claim:
    return _claim(
        f"learning.{layer}",
        "learning",
        f"{layer} learns: what it knows about the target rises in training.",
        partial(rise, layer=layer),
        "rise of I(T; Y) from the first epoch to the last, of its greatest value",
        "%",
        Rule("above", _RISE),
    )


def _order() -> list[Claim]:
    sides = (("input", "I(X; T)", _I_INPUT), ("target", "I(T; Y)", _I_TARGET))
    return [
        _claim(
            f"order.{side}",
            "order",
            f"Data processing orders the layers: none knows more about the {side} than the one it is made from.",
            partial(greatest_rise, quantity=quantity),
            f"greatest rise of {name} at the end, from a layer to one that can be reached through it only",
            "bits",
            Rule("below", TOLERANCE),
            without_pairs,
        )
        for side, name, quantity in sides
    ]


def _claim(
    name: str,
    mark: str,
    statement: str,
    effect: Callable[[Evidence], xr.DataArray],
    measured: str,
    units: str,
    rule: Rule,
    remark: Callable[[Evidence], str] | None = None,
) -> Claim:
    return Claim(
        f"field.{name}",
        mark,
        SOURCE,
        statement,
        effect,
        measured,
        units,
        rule,
        needs=("information",),
        controls=(SHUFFLED,),
        remark=remark,
    )
