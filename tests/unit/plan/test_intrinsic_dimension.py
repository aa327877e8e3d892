"""How many dimensions the data have: a job of every data set, whatever networks are trained on it."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from infoplane.errors import ConfigError

from .conftest import Parameters, differing, digests, planned, study

MEASURES = ["information", "decomposition", "error_chain", "intrinsic_dimension"]
EMPTY = SimpleNamespace(experiment="mine")
CLAIM = """
from infoplane.claims import Claim, Rule


def low():
    rule = Rule("below", 3)
    return Claim("own.low", "O.1", "us", "It is low.", lambda _: None, "dimension", "1", rule, needs=("{needs}",))
"""


def test_it_leaves_all_other_jobs_alone(file: Path, quickstart: Parameters) -> None:
    found = planned(file, measures=MEASURES)
    assert found.groups == {"training", *MEASURES}
    assert differing(quickstart, digests(found)) == {"aggregate"}


def test_variants_of_a_data_set_share_its_store(file: Path) -> None:
    """Networks, and how many samples they are trained on, are nothing to it."""
    sweep = [{"dataset.name": ["digits", "mnist"], "model.activation": ["relu", "tanh"], "dataset.limit": [300, 400]}]
    found = study(file, measures=MEASURES, sweep=sweep, figures=[], animations=[], claims=[])
    own = found.planned["mine"]
    names = [own.dataset(variant) for variant in own.experiment.variants]
    assert names == [names[0]] * 4 + [names[-1]] * 4
    assert set(names) == set(found.datasets)
    assert len(found.datasets) == 2
    parts = [(path, part) for path, part in own.parts() if part["group"] == "intrinsic_dimension"]
    assert [path for path, _ in parts] == [f"results/datasets/dimension/{name}.zarr" for name in names]
    assert [part["variant"] for _, part in parts] == [variant.name for variant in own.experiment.variants]
    assert [path for path in found.stores(EMPTY) if "/dimension/" in path] == [path for path, _ in parts]


def test_alone_it_needs_no_activations(file: Path) -> None:
    found = planned(file, measures=["intrinsic_dimension"], figures=["training"], claims=[])
    assert {part["group"] for _, part in found.parts()} == {"training", "intrinsic_dimension"}


def test_alone_it_needs_no_estimators(file: Path) -> None:
    changes = {"estimators": [], "figures": ["training"], "animations": [], "claims": []}
    found = planned(file, measures=["intrinsic_dimension"], **changes)
    assert found.groups == {"training", "intrinsic_dimension"}
    message = r"key 'estimators' has none, and 'measures' has information; accepted: at least one, such as \{name"
    with pytest.raises(ConfigError, match=message):
        study(file, measures=["information", "intrinsic_dimension"], **changes)


@pytest.mark.parametrize(("needs", "there"), [("information", False), ("intrinsic_dimension", True)])
def test_a_grid_has_it_only_for_a_claim_that_needs_it(file: Path, needs: str, there: bool) -> None:
    _claim(file, needs)
    found = planned(file, measures=MEASURES, claims=["own.py:low"], sensitivity={"alpha": [1.01, 2]})
    assert any(part["group"] == "intrinsic_dimension" for _, part in found.parts_of_grid()) == there


def test_what_needs_it_says_how_to_have_it(file: Path) -> None:
    _claim(file, "intrinsic_dimension")
    message = (
        r"key 'claims' has 'own\.py:low', which needs 'intrinsic_dimension'; "
        r"accepted: with 'intrinsic_dimension' among 'measures'$"
    )
    with pytest.raises(ConfigError, match=message):
        study(file, claims=["own.py:low"])


def _claim(file: Path, needs: str) -> None:
    file.with_name("own.py").write_text(CLAIM.format(needs=needs))
