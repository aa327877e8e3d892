"""Networks that learned nothing, by whichever score they have."""

import numpy as np
import pytest
import xarray as xr

from infoplane.derived import outcomes, scores

NAN = np.nan


def training(**by_seed):
    """A summary's training, of one variant, by score and seed: (seed, epoch), the same on both splits."""
    found = {}
    for name, rows in by_seed.items():
        values = np.array(rows, dtype=float)[None, ..., None].repeat(2, -1)
        found[name] = (("variant", "seed", "epoch", "split"), values)
    seeds = len(next(iter(by_seed.values())))
    coords = {"variant": ["v"], "seed": range(seeds), "epoch": [0.0, 1.0], "split": ["train", "test"]}
    return xr.Dataset({**found, "diverged_epoch": (("variant", "seed"), np.full((1, seeds), NAN))}, coords)


@pytest.mark.parametrize(
    ("name", "rows", "expected"),
    [
        ("accuracy", [[0.1, 0.14], [0.1, 0.16], [0.5, 0.5]], [True, False, True]),
        # From far below the mean up to it is no learning; a twentieth above it is.
        ("determination", [[-3.0, 0.0], [-3.0, 0.06], [0.02, 0.06]], [True, False, True]),
    ],
)
def test_what_has_not_gained_has_learned_nothing(name, rows, expected):
    assert outcomes.unlearned(training(**{name: rows})).values.tolist() == [expected]


def test_the_score_is_whichever_a_network_has():
    found = training(accuracy=[[0.1, 0.9], [NAN, NAN]], determination=[[NAN, NAN], [0.0, 0.7]])
    assert scores.names(found) == ["accuracy", "determination"]
    assert scores.score(found).sel(variant="v", split="test").values.tolist() == [[0.1, 0.9], [0.0, 0.7]]
