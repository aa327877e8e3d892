"""Claims of Yu and Príncipe 2019, "Understanding Autoencoders with Information Theoretic Concepts" (arXiv 1804.00057).

Those on chains of layers and of symmetric pairs; `yu2019_turns` has those on codes that turn back. The sentences are
ours, and so are all thresholds; what is derived and not the paper's own says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infoplane.claims import steps, yu2021
from infoplane.claims.claim import SHUFFLED, TOLERANCE, Claim, Rule
from infoplane.derived import autoencoders, ends

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr

    from infoplane.claims.evidence import Evidence

SOURCE, DERIVED = "Yu and Príncipe 2019", "ours, after Yu and Príncipe 2019"
_I_INPUT, _I_PAIR = "mutual_information_input_layer", "mutual_information_pair"


def forward_chain(evidence: Evidence) -> xr.DataArray:
    """Share of steps from the first layer to the code, at three stages, on which I(X; T) does not rise."""
    return steps.share_of_falls(steps.stages(evidence, _encoder(evidence)), steps.forward)


def forward_chain_untrained(evidence: Evidence) -> str:
    """What the encoder does before any training."""
    return steps.untrained(_encoder(evidence), steps.forward)


def pairs_nest(evidence: Evidence) -> xr.DataArray:
    """Share of steps from one pair to the next one inwards, at three stages, on which I(T_k; T_k′) does not fall.

    Along X → T_1 → … → Z → … → T_1′ → X′ the inner of two pairs lies within the outer one, so that Shannon information
    grows inwards. This direction is derived; the one that the paper prints is uncertain.
    """
    return steps.share_of_falls(steps.stages(evidence, _outwards(evidence)), steps.in_order)


def pairs_nest_untrained(evidence: Evidence) -> str:
    """What the pairs do before any training."""
    return steps.untrained(_outwards(evidence), steps.in_order)


def pairs_below_code(evidence: Evidence) -> xr.DataArray:
    """By how much a pair knows more of one another at the end than the code can hold, S(Z), at most, bits.

    All that passes from the first to the second of a pair passes the code. The bound is derived, as its direction is.
    """
    data = evidence.group("layer_pairs")
    pairs, entropy = data[_I_PAIR], autoencoders.of_code(data["entropy_layer"], autoencoders.codes(data))
    return (ends.at_the_end(pairs) - ends.at_the_end(entropy)).max(["variant", "pair"])


def _encoder(evidence: Evidence) -> xr.DataArray:
    """I(X; T) of the layers up to the code, NaN of those behind it."""
    values, codes = evidence.group("information")[_I_INPUT], autoencoders.codes(evidence.group("layer_pairs"))
    return values.where(values["depth"] <= autoencoders.of_code(values["depth"], codes))


def _outwards(evidence: Evidence) -> xr.DataArray:
    """I(T_k; T_k′), the innermost pair first, as if pairs were layers."""
    pairs = evidence.group("layer_pairs")[_I_PAIR].reset_coords(["first", "second"], drop=True)
    return pairs.isel(pair=slice(None, None, -1)).rename(pair="layer")


CLAIMS = (
    Claim(
        "yu2019.forward_chain",
        "P4.a",
        SOURCE,
        "Along the encoder information about the input does not rise: I(X; T_1) ≥ … ≥ I(X; Z).",
        forward_chain,
        f"share of steps up to the code on which I(X; T) rises by at most {TOLERANCE:g} bits, at three stages of "
        "training",
        "1",
        Rule("above", 0.8),
        needs=("information", "layer_pairs"),
        controls=(SHUFFLED,),  # that it holds without training, too, is part of the claim
        remark=forward_chain_untrained,
        of_code=True,
    ),
    Claim(
        "yu2019.error_chain",
        "P4.a",
        SOURCE,
        "Through decoder and encoder information about the output's error does not rise on the way back: "
        "I(δ_K; δ_K−1) ≥ … ≥ I(δ_K; δ_1).",
        yu2021.error_chain,
        f"share of steps between hidden layers on which I(δ_K; δ_k) rises by at most {TOLERANCE:g} bits, untrained and "
        "after an epoch",
        "1",
        Rule("above", 0.8),
        needs=("error_chain",),
        controls=(SHUFFLED,),
        remark=yu2021.error_chain_at_the_end,
    ),
    Claim(
        "yu2019.pairs_nest",
        "P4.b",
        DERIVED,
        "Symmetric layers know the more of one another the further inside they are: I(X; X′) ≤ I(T_1; T_1′) ≤ ….",
        pairs_nest,
        f"share of steps from a pair to the next one inwards on which I(T_k; T_k′) falls by at most {TOLERANCE:g} "
        "bits, at three stages of training",
        "1",
        Rule("above", 0.8),
        needs=("layer_pairs",),
        controls=(SHUFFLED,),
        remark=pairs_nest_untrained,
    ),
    Claim(
        "yu2019.pairs_below_code",
        "P4.b",
        DERIVED,
        "No two symmetric layers, nor input and output, know more of one another than the code can hold, S(Z).",
        pairs_below_code,
        "greatest excess of I(T_k; T_k′) over S(Z) at the end",
        "bits",
        Rule("below", TOLERANCE),
        needs=("layer_pairs",),
        controls=(),  # shuffled samples know nothing of one another, and keep any bound
        of_code=True,
    ),
)
