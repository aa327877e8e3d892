"""Verdicts as the explorer lists them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from infoplane.claims.verdict import Effect
from infoplane.claims.write import controls, effect


def of(claims: Mapping[str, Any] | None) -> tuple[list[dict[str, Any]], list[str]]:
    """The verdicts of a claims.json as text, and a sentence if there are none.

    Parameters
    ----------
    claims
        Its content, if the experiment makes claims.
    """
    if claims is None:
        return [], ["No verdicts: the experiment makes no claims."]
    return [_row(each) for each in claims["claims"]], []


def _row(claim: Mapping[str, Any]) -> dict[str, Any]:
    learned = claim["effect_of_those_that_learned"]
    keys = ("id", "statement", "measured", "rule", "estimator", "split", "verdict", "remark")
    return {
        **{key: claim[key] for key in keys},
        "effect": effect(_effect(claim["effect"]), learned and _effect(learned), claim["units"]),
        "controls": controls(_effects(claim["controls"]), _effects(claim["beyond"]), claim["units"]),
    }


def _effects(plain: Mapping[str, Any]) -> dict[str, Effect]:
    return {name: _effect(each) for name, each in plain.items()}


def _effect(plain: Mapping[str, Any]) -> Effect:
    """An effect as it was before it was written; JSON knows no NaN."""
    numbers = {name: math.nan if plain[name] is None else plain[name] for name in ("mean", "low", "high")}
    return Effect(tuple(plain["seeds"]), tuple(plain["values"]), **numbers)
