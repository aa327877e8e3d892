"""The transition from drift to diffusion, as figures mark it: its median and quartiles over seeds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from infoplane.derived import phases
from infoplane.figures.choices import Options
from infoplane.figures.notes import Notes

NAME = "drift → diffusion"
MEDIAN, *QUARTILES = MARKS = ("transition [epochs]", "transition_lower [epochs]", "transition_upper [epochs]")
_HAVE, _OF = "seeds_with_transition", "networks"
_LEVELS = (0.5, 0.25, 0.75)


def of_variants(summary: xr.DataTree, options: Options) -> pd.DataFrame:
    """Median and quartiles over seeds of every variant's transition, and how many of those with a spread have one.

    A seed that stays in one phase counts as later than all others, so that a median or a quartile may be NaN. The
    gradient is that of the whole network, whatever layers are drawn.
    """
    training = summary["training"].to_dataset().sel(variant=list(options.variants or ()))
    by_seed = phases.transition(training).transpose("variant", "seed")
    spread = phases.signal_to_noise(training).count("epoch") > 0  # none without a second full mini-batch
    # One of the seeds' own epochs, not halfway between two: between an epoch and never there is no middle.
    levels = np.quantile(by_seed.fillna(np.inf), _LEVELS, axis=1, method="inverted_cdf")
    found = pd.DataFrame(levels.T, index=pd.Index(by_seed["variant"].to_numpy(), name="variant"), columns=list(MARKS))
    found = found.replace(np.inf, np.nan)
    found[_HAVE], found[_OF] = by_seed.count("seed").to_numpy(), spread.sum("seed").to_numpy()
    return found


def noted(notes: Notes, table: pd.DataFrame) -> Notes:
    """Say at the foot what the transition is and how many networks have one, if the table has one to mark."""
    if MEDIAN not in table or table[MEDIAN].isna().all():
        return notes
    have, networks = table.drop_duplicates("variant")[[_HAVE, _OF]].sum().astype(int)
    which = f"{have} of {networks} networks" if have < networks else "all networks"
    phrase = (
        f"{NAME}: epoch that best parts gradients with a mean above their s.d. over mini-batches from those below; "
        f"median over seeds, in {which}"
    )
    return replace(notes, foot=(*notes.foot, phrase))
