"""The synthetic summary of the figures, with its planted pattern, and a verdict."""

import numpy as np
import pytest

from infoplane.claims.claim import Claim, Rule
from infoplane.claims.verdict import Effect, Verdict
from infoplane.claims.write import data

from ..figures.conftest import build, summary

__all__ = ["HOSTILE", "build", "claims", "summary"]

HOSTILE = "</script><script>alert(1)</script>"


@pytest.fixture(scope="session")
def claims():
    """What a claims.json holds: a claim judged with one estimator, and a control that shows nothing."""
    rule, needs = Rule("above", 0.5), ("information",)
    claim = Claim("made", "M.1", "us", f"It holds. {HOSTILE}", None, "a fall", "bits", rule, needs=needs)
    effect = Effect((0, 1, 2), (0.6, 0.7, 0.8), 0.7, 0.6, 0.8)
    unseen = {"shuffled_samples": Effect((), (), np.nan, np.nan, np.nan)}
    verdict = Verdict(claim, "renyi", "train", effect, None, unseen, unseen, "supported", "")
    return {"claims": [data(verdict)]}
