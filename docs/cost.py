"""Write docs/cost.md: what every stage of `mnist_lenet` costs, from a run of the workflow made for the purpose.

Its table is written for `infoplane plan` too, which scales it to experiments of which nothing has run yet.

The run uses one core, so that the time of the whole can be held against the work in it. Seconds and memory are those
of Snakemake's benchmark files; the work itself is what each job's log says, without starting Python and importing.
"""

import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from infoplane.schema import ARTIFACTS

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "workflow" / "infoplane" / "costs" / "published.csv"
EXPERIMENT = "mnist_lenet"
COLUMNS = ("jobs", "seconds", "work", "memory", "bytes")
STAGES = list(dict.fromkeys(artifact.stage for artifact in ARTIFACTS.values()))


def run(folder: Path) -> float:
    """Run the experiment from nothing; the seconds it took."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    started = time.monotonic()
    subprocess.run([*command, "--cores", "1", "--config", f"experiments=[{EXPERIMENT}]"], check=True)
    return time.monotonic() - started


def jobs(folder: Path) -> pd.DataFrame:
    """A row per job: stage, seconds, the work in them, peak memory in MiB, and bytes written."""
    rows = []
    for path in sorted(folder.glob("results/**/benchmarks/**/*.tsv")):
        base, _, inside = path.as_posix().partition("/benchmarks/")
        text = Path(f"{base}/logs/{inside}").with_suffix(".log").read_text()
        measured = pd.read_csv(path, sep="\t").iloc[0]
        stage = "prepare" if Path(base).name == "datasets" else inside.partition("/")[0].removesuffix(".tsv")
        rows.append(
            {
                "stage": stage,
                "seconds": measured["s"],
                "work": float(re.findall(r"work: ([0-9.]+) s", text)[-1]),
                "memory": measured["max_rss"],
                "bytes": sum(map(int, re.findall(r"wrote .*, ([0-9]+) bytes", text))),
            }
        )
    return pd.DataFrame(rows)


def totals(found: pd.DataFrame) -> pd.DataFrame:
    """A row per stage: its jobs, and their seconds, work and bytes together; of memory the most."""
    grouped = found.groupby("stage")
    sums = grouped[["seconds", "work"]].sum().round().astype(int)
    by_stage = sums.assign(
        jobs=grouped.size(), memory=grouped["memory"].max().round().astype(int), bytes=grouped["bytes"].sum()
    )
    return by_stage.loc[[stage for stage in STAGES if stage in by_stage.index], list(COLUMNS)].reset_index()


def table(stages: pd.DataFrame) -> str:
    """The stages as a Markdown table."""
    lines = ["| stage | jobs | seconds | of these work | peak memory, MiB | written, MiB |", "|---" * 6 + "|"]
    for stage, *numbers, size in stages.itertuples(index=False):
        lines.append(f"| {stage} | {' | '.join(map(str, numbers))} | {size / 2**20:.1f} |")
    return "\n".join(lines)


def processor() -> str:
    """Name of the processor, as the system tells it."""
    info = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", info.read_text()) if info.exists() else []
    return names[0] if names else platform.processor()


def page(seconds: float, found: pd.DataFrame) -> str:
    """The whole page."""
    work = found["work"].sum()
    return f"""# What it costs

Written by `make cost`: the experiment `{EXPERIMENT}` (LeNet-5 on MNIST, 3 seeds, 10 epochs) from nothing to its
figures, on one core of {os.cpu_count()} ({processor()}).
Seconds and memory are those of Snakemake's benchmark files; work is what a job does after it has started and imported
its libraries.

{table(totals(found))}

The whole took {seconds:.0f} s, of which {work:.0f} s are work: the workflow adds {100 * (seconds - work) / work:.0f} %.
Activations are removed as soon as they are measured; checkpoints are links to those that training keeps to go on from.
"""


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        elapsed = run(Path(name))
        measured = jobs(Path(name))
        (ROOT / "docs" / "cost.md").write_text(page(elapsed, measured))
        totals(measured).to_csv(TABLE, index=False)
