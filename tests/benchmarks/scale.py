"""`make bench-scale`: what planning, a job, gathering and opening cost with the number of runs.

An experiment of as many variants as there are runs, each a block of ten seeds, is planned by `snakemake -n`. Two runs
are made for good, which tells what a job costs at least; for gathering, all runs are links to one of these, so that the
summary has as many variants as are asked for and every store is compared with its checksums and read. Every step is a
process of its own, whose processor time and peak memory the system tells.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import yaml

ROOT = Path(__file__).parents[2]
RUNS = (10, 100, 1_000, 10_000)
STEPS = {"plan": "plan: `snakemake -n`", "gather": "aggregate", "open": "open the summary, read a curve"}
_SEEDS = 10
_MADE = 2  # runs that are made for good

_GATHER = """
import json, sys
from pathlib import Path
from infoplane.analysis import summary
given = json.load(sys.stdin)
parts = [summary.Part(**{**part, "path": Path(part["path"])}) for part in given["parts"]]
output = Path(given["output"])
summary.summarise(parts, variants=given["variants"], output=output, provenance={"experiment": given["experiment"]})
"""
_OPEN = """
import json, sys, time
import xarray as xr
path = json.load(sys.stdin)["output"]
began = time.monotonic(), time.process_time()
tree = xr.open_datatree(path, engine="zarr")
tree["information"]["mutual_information_input_layer"].isel(variant=-1).mean(["seed", "probe_batch"]).values
print(time.monotonic() - began[0], time.process_time() - began[1])
"""


@dataclass(frozen=True)
class Measured:
    """A step at a number of runs: time on the clock and of the processor, and peak memory of its largest process."""

    step: str
    runs: int
    seconds: float
    processor_seconds: float
    peak_bytes: int

    def __str__(self) -> str:
        times = f"{self.seconds:.1f} s ({self.processor_seconds:.1f} s of processor)"
        return f"{times}, {self.peak_bytes / 2**20:,.0f} MiB"


def main() -> None:
    """Measure at the numbers of runs that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("runs", nargs="*", type=int, default=list(RUNS), help=f"numbers of runs; {RUNS} by default")
    parser.add_argument("--output", type=Path, default=ROOT / "results", help="folder of scale.json and scale.png")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder, found = Path(name), []
        job = cost_of_a_job(folder)
        print(f"a job: {job['seconds']:.1f} s ({job['processor_seconds']:.1f} s of processor)", flush=True)
        for runs in arguments.runs:
            for step in STEPS:
                found.append(measured(folder, runs, step))
                print(f"{runs:,} runs, {step}: {found[-1]}", flush=True)
            content = {"cores": os.cpu_count(), "load": os.getloadavg(), "job": job, "steps": list(map(asdict, found))}
            (arguments.output / "scale.json").write_text(json.dumps(content, indent=1) + "\n")
    print(table(found))
    draw(found, arguments.output / "scale.png")


def experiment(runs: int) -> dict[str, Any]:
    """An experiment of so many runs: small networks on the digits that come with scikit-learn."""
    rates = [round(0.2 - 0.001 * step, 3) for step in range(min(runs, 100))]
    sizes = [20 + step for step in range(runs // len(rates))]
    return {
        "title": f"{runs} runs",
        "dataset": {"name": "digits", "limit": 200},
        "model": {"name": "mlp", "hidden": [16, 8]},
        "training": {"epochs": 2, "block": _SEEDS, "ensemble": True, "evaluation_size": 100, "gradient_batches": 2},
        "seeds": _SEEDS,
        "sweep": [{"training.learning_rate": rates, "training.batch_size": sizes}],
        "probe": {"batches": 1, "size": 50},
        "measures": ["information"],
        "estimators": [{"name": "renyi"}],
        "figures": ["training"],
    }


def snakemake(folder: Path, runs: int, *arguments: str) -> list[str]:
    """The command line of an experiment of so many runs."""
    path = folder / f"runs-{runs}.yaml"
    path.write_text(yaml.safe_dump(experiment(runs)))
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    return [*command, "--quiet", "all", *arguments, "--config", f"experiments=[{path}]"]


def cost_of_a_job(folder: Path) -> dict[str, float]:
    """What a job takes that has next to nothing to do: mostly starting Python, importing, and Snakemake."""
    seconds, processor, _, _ = timed(snakemake(folder, _MADE, "--cores", "1"))
    jobs = len(list(folder.glob("results/**/logs/**/*.log")))
    return {"jobs": jobs, "seconds": seconds / jobs, "processor_seconds": processor / jobs}


def measured(folder: Path, runs: int, step: str) -> Measured:
    """A step at a number of runs."""
    if step == "plan":
        seconds, processor, peak, _ = timed(snakemake(folder, runs, "--dry-run"))
    else:
        program = {"gather": _GATHER, "open": _OPEN}[step]
        seconds, processor, peak, said = timed([sys.executable, "-c", program], json.dumps(gathered(folder, runs)))
        if step == "open":
            seconds, processor = map(float, said.split())
    return Measured(step, runs, seconds, processor, peak)


def gathered(folder: Path, runs: int) -> dict[str, Any]:
    """What the summary of so many runs is made of: links to the stores of one."""
    swept = experiment(runs)["sweep"][0]
    variants = {
        f"v{index:05d}": dict(zip(swept, map(str, values), strict=True))
        for index, values in enumerate(product(*swept.values()))
    }
    (source, *_) = sorted(folder.glob(f"results/runs-{_MADE}/runs/*"))
    links = folder / "links" / str(runs)
    links.mkdir(parents=True, exist_ok=True)
    parts = []
    for name in variants:
        if not (links / name).exists():
            (links / name).symlink_to(source)
        for group, path in (("training", "training.zarr"), ("information", "information/renyi.zarr")):
            parts.append({"group": group, "variant": name, "path": str(links / name / path)})
    output = str(folder / f"summary-{runs}.zarr")
    return {"parts": parts, "variants": variants, "output": output, "experiment": {"name": f"runs-{runs}"}}


def timed(command: list[str], given: str = "") -> tuple[float, float, int, str]:
    """Seconds, those of the processor, peak memory in bytes, and output of a process with all that it starts."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    process.stdin.write(given)
    process.stdin.close()
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command[:4]} failed with {process.returncode}")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, said


def table(found: list[Measured]) -> str:
    """A row per number of runs, in Markdown."""
    lines = ["| runs | " + " | ".join(STEPS.values()) + " |", "|---" * (len(STEPS) + 1) + "|"]
    rows = {each.runs: [other for other in found if other.runs == each.runs] for each in found}
    return "\n".join([*lines, *(f"| {runs:,} | {' | '.join(map(str, steps))} |" for runs, steps in rows.items())])


def draw(found: list[Measured], path: Path) -> None:
    """Draw processor time and memory against the number of runs."""
    figure, panels = plt.subplots(1, 2, figsize=(7.1, 3.1), layout="constrained")
    for (step, name), marker in zip(STEPS.items(), "osD", strict=True):
        own = [each for each in found if each.step == step]
        runs = [each.runs for each in own]
        label = name.replace("`", "")
        panels[0].loglog(runs, [each.processor_seconds for each in own], marker=marker, markersize=4, label=label)
        panels[1].loglog(runs, [each.peak_bytes / 2**20 for each in own], marker=marker, markersize=4)
    panels[0].set(xlabel="Runs", ylabel="Processor time [s]")
    panels[1].set(xlabel="Runs", ylabel="Peak memory [MiB]")
    panels[0].legend(frameon=False, fontsize=7)
    figure.savefig(path, dpi=200)


if __name__ == "__main__":
    main()
