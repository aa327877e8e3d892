"""The quickstart with changes, as it is planned."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from infoplane import files, plan
from infoplane.config import merged
from infoplane.plan import parameters

ROOT = Path(__file__).parents[3]
SHIPPED = yaml.safe_load((ROOT / "workflow" / "experiments" / "quickstart.yaml").read_text())
QUICKSTART: dict[str, Any] = {key: value for key, value in SHIPPED.items() if key != "calibration"}
ESTIMATOR = QUICKSTART["estimators"][0]
BINNING = {"name": "bins", "kind": "binning", "edges": {"rule": "range", "bins": 30}}
WEIGHED = ["information", "decomposition", "error_chain", "weights"]
Parameters = dict[str, dict[str, str]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.yaml"


@pytest.fixture(scope="session")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> Parameters:
    return digests(planned(tmp_path_factory.mktemp("quickstart") / "mine.yaml"))


def study(file: Path, *, networks: bool = False, **changes: Any) -> plan.Study:
    """A study of the quickstart with changes; a mapping changes key by key."""
    file.write_text(yaml.safe_dump(merged(QUICKSTART, changes), sort_keys=False))
    return plan.study({"experiments": [str(file)]}, base=ROOT, networks=networks)


def planned(file: Path, **changes: Any) -> plan.Planned:
    return study(file, **changes).planned["mine"]


def digests(found: plan.Planned) -> Parameters:
    """A digest of the parameters of every job, by rule and by what tells its jobs apart."""
    runs = found.runs.items()
    own = {
        "train": {name: parameters.train(found, run) for name, run in runs},
        "capture": {name: parameters.capture(found, run) for name, run in runs},
        "measure": {
            f"{name} {each}": parameters.measure(found, run, each) for name, run in runs for each in found.estimators
        },
        "weights": {
            each.name: parameters.weights(found, each)
            for each in found.experiment.variants
            if "weights" in found.groups
        },
        "intrinsic_dimension": {"": parameters.intrinsic_dimension()} if "intrinsic_dimension" in found.groups else {},
        "aggregate": {"": parameters.aggregate(found)},
        "draw": {name: parameters.draw(found, name) for name in found.figures},
        "explore": {"": parameters.explore(found)},
        "animate": {name: parameters.animate(found, name) for name in found.experiment.settings["animations"]},
    }
    return {rule: {job: files.digest(each) for job, each in jobs.items()} for rule, jobs in own.items()}


def differing(before: Parameters, after: Parameters) -> set[str]:
    """Rules of which a job that was there before has other parameters now, or is gone."""
    return {rule for rule, jobs in before.items() if any(after[rule].get(job) != each for job, each in jobs.items())}
