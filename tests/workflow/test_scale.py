"""A thousand runs are planned in bounded memory; how long it takes, `make bench-scale` measures."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from .conftest import ROOT

EXPERIMENT = {
    "title": "A thousand variants of ten seeds",
    "dataset": {"name": "digits", "limit": 200},
    "model": {"name": "mlp", "hidden": [16, 8]},
    "training": {"epochs": 2, "block": 10, "ensemble": True, "evaluation_size": 100, "gradient_batches": 2},
    "seeds": 10,
    "sweep": [
        {"training.learning_rate": [0.001 * step for step in range(1, 101)], "training.batch_size": [*range(20, 30)]}
    ],
    "probe": {"batches": 1, "size": 50},
    "measures": ["information"],
    "estimators": [{"name": "renyi"}],
    "figures": ["training"],
}


@pytest.mark.long
def test_memory_of_planning_a_thousand_runs(tmp_path: Path) -> None:
    experiment = tmp_path / "thousand.yaml"
    experiment.write_text(yaml.safe_dump(EXPERIMENT))
    command = [sys.executable, "-m", "snakemake", "-n", "--quiet", "host", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--directory", str(tmp_path), "--config", f"experiments=[{experiment}]"]
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    for rule in ("train", "capture", "measure"):
        assert re.search(rf"^{rule} +1000$", (tmp_path / "said").read_text(), flags=re.MULTILINE)
    assert usage.ru_maxrss < 2 * 2**20, "more than 2 GiB"
