"""Information between layers is measured where it is asked for, of networks that have symmetric ones."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from infoplane import plan
from infoplane.errors import ConfigError
from infoplane.plan import parameters

from .conftest import BINNING, ESTIMATOR, QUICKSTART, ROOT, differing, digests

MEASURES = ["information", "layer_pairs"]


@pytest.fixture
def study(file: Path) -> Any:
    """A function that plans the quickstart with a network of its own and changes."""
    shutil.copy(ROOT / "tests" / "autoencoder.py", file.parent / "own.py")

    def found(function: str = "make", layers: list[str] | None = None, **changes: Any) -> plan.Study:
        model = {"factory": f"own.py:{function}", **({"layers": layers} if layers else {})}
        settings = {**QUICKSTART, "sweep": [], "model": model, "figures": [], "animations": [], "claims": []}
        file.write_text(yaml.safe_dump({**settings, "measures": MEASURES, **changes}))
        return plan.study({"experiments": [str(file)]}, base=ROOT)

    return found


def test_it_is_measured_with_kernels_alone_and_only_where_it_is_asked_for(study: Any) -> None:
    found = study(estimators=[ESTIMATOR, BINNING])
    planned = found.planned["mine"]
    assert planned.measures(ESTIMATOR["name"]) == MEASURES
    assert planned.measures("bins") == ["information"]
    assert planned.groups == {"training", *MEASURES}
    assert found.asking("layer_pairs") == "mine"
    without = study(estimators=[ESTIMATOR, BINNING], measures=["information"])
    assert without.asking("layer_pairs") == "(?!)"
    other = without.planned["mine"]
    assert not any("layer_pairs" in path for path, _ in other.parts())
    assert differing(digests(other), digests(planned)) == {"measure", "aggregate"}
    run = next(iter(other.runs.values()))
    assert parameters.measure(other, run, "bins") == parameters.measure(planned, run, "bins")


def test_some_layers_are_enough(study: Any) -> None:
    assert study(layers=["*coder2", "output"]).planned["mine"].groups == {"training", *MEASURES}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"model": {"name": "mlp"}},
            r"'measures' has 'layer_pairs', and model 'mlp' has no attribute `pairs`; accepted: without it, or a",
        ),
        ({"function": "unrelated"}, r"and model 'own\.py:unrelated' has no attribute `pairs`"),
        (
            {"function": "mistaken"},
            r"key 'model': 'own\.py:mistaken': `pairs` has 'decodr2', which is no layer; accept",
        ),
        (
            {"layers": ["encoder*", "output"]},
            r"'model\.layers' leaves encoder1, encoder2, output; accepted: with 'output', and with both layers of a "
            "pair such as encoder1 and decoder1",
        ),
        (
            {"figures": ["turn_back"], "measures": [*MEASURES, "intrinsic_dimension"]},
            r"'turn_back', which needs to know how wide the code is; accepted: with 'code', a number, in 'model' or",
        ),
        (
            {"claims": ["yu2019.wide_codes_turn_back"], "measures": [*MEASURES, "intrinsic_dimension"]},
            r"key 'claims' has 'yu2019\.wide_codes_turn_back', which needs to know how wide the code is; accepted",
        ),
        (
            {
                "sweep": [{"model.code": [3, [3]]}],
                "claims": ["yu2019.narrow_encoders_stay"],
                "measures": [*MEASURES, "intrinsic_dimension"],
            },
            r"'yu2019\.narrow_encoders_stay', which needs to know how wide the code is",
        ),
        (
            {"layers": ["encoder*", "code", "decoder1", "output"]},
            r"'layer_pairs', and key 'model\.layers' leaves 'encoder2' without 'decoder2', which is symmetric to it; "
            "accepted: with both, or without both",
        ),
        (
            {"layers": ["*coder*", "output"], "claims": ["yu2019.forward_chain"]},
            r"key 'claims' has 'yu2019\.forward_chain', which needs a layer between symmetric ones; accepted: with "
            r"'code' among 'model\.layers', or without it$",
        ),
        ({"layers": ["*coder1"]}, r"'model\.layers' leaves encoder1, decoder1; accepted: with 'output'"),
    ],
    ids=str,
)
def test_a_network_that_has_none_is_told_before_anything_runs(study: Any, changes: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as raised:
        study(**changes)
    assert str(raised.value).count("layer_pairs") <= 1


@pytest.mark.parametrize("function", ["mistaken", "unrelated"])
def test_a_network_of_which_it_is_not_asked_may_call_anything_so(study: Any, function: str) -> None:
    assert study(function, measures=["information"])


def test_the_rule_of_the_others_stays_theirs(study: Any) -> None:
    """In a study of two experiments, only the one that asks is among those of the rule with a store more."""
    found = study()
    plain = SimpleNamespace(experiment=SimpleNamespace(settings={"measures": ["information"]}))
    both = plan.Study({**found.planned, "other": plain}, [])
    assert both.asking("layer_pairs") == "mine"
