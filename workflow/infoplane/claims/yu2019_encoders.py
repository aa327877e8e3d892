"""Claims after Yu and Príncipe 2019 (arXiv 1804.00057) on the layers before the code, which turn back, or do not.

They lie in the same plane as that of the code, and whether the paper speaks of them too is not known: all is ours. The
claims on the code itself are in `yu2019_turns`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infoplane.claims import codes
from infoplane.claims.claim import SHUFFLED, Claim, Rule
from infoplane.claims.yu2019 import DERIVED
from infoplane.derived import autoencoders
from infoplane.derived.autoencoders import TURN

if TYPE_CHECKING:  # so that planning a workflow loads no xarray
    import xarray as xr

    from infoplane.claims.evidence import Evidence


def wide_encoders_turn_back(evidence: Evidence) -> xr.DataArray:
    """Rise and fall of I(X; T_k), the smaller of both, % of its peak, mean over the layers before wide codes."""
    return codes.wide(evidence, _turned(evidence)).mean("variant")


def narrow_encoders_turn_back(evidence: Evidence) -> xr.DataArray:
    """The same of the layers before narrow codes, as far as I(X; T_k) rose at all."""
    values = codes.before_code(evidence)
    turned = autoencoders.turn_back(values).where(autoencoders.rise(values) > TURN)
    return codes.narrow(evidence, turned.mean("layer")).mean("variant")


def encoders_switch_at_dimension(evidence: Evidence) -> xr.DataArray:
    """|log2| of the code's width from which on they turn back over the intrinsic dimension, where it is most."""
    return codes.from_dimension(evidence, _turned(evidence))


def by_width(evidence: Evidence) -> str:
    """The mean turn-back for every width of the code with its peak, beside the intrinsic dimension."""
    return codes.by_width(evidence, codes.before_code(evidence))


def switches(evidence: Evidence) -> str:
    """From which width of the code on they turn back in every seed, and all that is known of the dimension."""
    return codes.switches(evidence, _turned(evidence), "layers before it turn back")


def unrisen(evidence: Evidence) -> str:
    """How many layers before the code of all networks have no rise from which they could fall."""
    return codes.unrisen(codes.before_code(evidence), "layers before the code I(X; T_k)")


def _turned(evidence: Evidence) -> xr.DataArray:
    """How far I(X; T_k) rises and falls again, mean over the layers before the code, (variant, seed), % of its peak."""
    return autoencoders.turn_back(codes.before_code(evidence)).mean("layer")


CLAIMS = (
    Claim(
        "yu2019.wide_encoders_turn_back",
        "P4.c",
        DERIVED,
        "With codes wider than the intrinsic dimension of the data the encoder's other layers turn back too: I(X; T_k) "
        "rises and then falls.",
        wide_encoders_turn_back,
        "rise of I(X; T_k) to its peak and fall from there to the end, the smaller of both, of the peak, mean over the "
        f"layers before the code and over codes at least {codes.MARGIN:g} times as wide as the intrinsic dimension",
        "%",
        Rule("above", TURN),
        needs=codes.NEEDED,
        controls=(SHUFFLED,),  # as for codes
        remark=by_width,
        of_width=True,
    ),
    Claim(
        "yu2019.narrow_encoders_stay",
        "P4.c",
        DERIVED,
        "With codes narrower than the intrinsic dimension of the data the encoder's other layers never turn back "
        "either: I(X; T_k) rises and stays.",
        narrow_encoders_turn_back,
        "rise of I(X; T_k) to its peak and fall from there to the end, the smaller of both, of the peak, mean over the "
        "layers before the code that rose to one and over codes narrower than the intrinsic dimension by a factor of "
        f"{codes.MARGIN:g} or more",
        "%",
        Rule("below", TURN),
        needs=codes.NEEDED,
        controls=(),  # as for codes
        remark=unrisen,
        of_width=True,
    ),
    Claim(
        "yu2019.encoders_switch_at_dimension",
        "P4.c",
        DERIVED,
        "The width of the code from which on the encoder's other layers turn back tells the intrinsic dimension of the "
        "data, within a factor of two.",
        encoders_switch_at_dimension,
        "|log2| of the width of the code from which on the layers before it turn back, in their mean, by more than "
        f"{TURN:g} %, over the intrinsic dimension, of the data set where it is most",
        "1",
        Rule("below", codes.OCTAVE),
        needs=codes.NEEDED,
        controls=(SHUFFLED,),
        remark=switches,
        of_width=True,
    ),
)
