"""`make bench`: the straightforward implementations against ours, in one process and on the same inputs.

Prints a table, and writes `benchmarks.json` and `benchmarks.png` into the folder of results. It asserts nothing but
that the numbers agree.
"""

import argparse
import json
import multiprocessing
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import curves
import torch
from items import ITEMS, VGG, Item
from torch import Tensor

ROOT = Path(__file__).parents[2]
_STATUS = Path("/proc/self/status")
_REPEATS = 3  # of ours, of which the fastest counts; the straightforward way takes long enough to be run once


@dataclass(frozen=True)
class Timed:
    """The fastest run of a function: seconds, threads, and what it returned."""

    seconds: float
    threads: int
    found: Any


def main() -> None:
    """Run the items that the command line asks for."""
    arguments = _arguments()
    device = torch.device(arguments.device)
    chosen = [
        item for item in ITEMS if not arguments.items or any(item.name.startswith(name) for name in arguments.items)
    ]
    chosen = [item for item in chosen if device.type == "cpu" or item.on_gpu]
    rate = products_per_second(device)
    print(f"{_machine(device)}: {rate / 1e9:.0f} Gflop/s in float64 matrix products", flush=True)
    rows = [_row(item, device, rate) for item in chosen]
    wrong = [row["item"] for row in rows if not row["agrees"]]
    memory = _peak_memory() if VGG in chosen and device.type == "cpu" and _STATUS.exists() else None
    arguments.output.mkdir(parents=True, exist_ok=True)
    found = {"machine": _machine(device), "torch": torch.__version__, "products_per_second": rate, "items": rows}
    (arguments.output / "benchmarks.json").write_text(json.dumps({**found, "vgg_peak_bytes": memory}, indent=1) + "\n")
    if memory:
        print(f"peak memory of a process that runs vgg: {memory / 2**30:.2f} GiB")
    if not arguments.items:
        curves.draw(curves.measure(device), arguments.output / "benchmarks.png", _machine(device))
    if wrong:
        sys.exit(f"numbers differ by more than they may: {', '.join(wrong)}")


def products_per_second(device: torch.device, n: int = 2048) -> float:
    """Floating-point operations per second of this machine's own float64 matrix product, with all threads."""
    a = torch.randn(n, n, dtype=torch.float64, device=device)
    return 2 * n**3 / min(_seconds(lambda: a @ a, device)[0] for _ in range(5))


def _row(item: Item, device: torch.device, rate: float) -> dict[str, Any]:
    inputs = item.inputs(device)
    item.ours(**inputs)  # what is compiled once, is compiled now
    ours = fastest(lambda: item.ours(**inputs), device, threads=(1, 2), repeats=_REPEATS)
    some = item.trial(inputs)
    threads = item.threads
    if len(threads) > 1:
        threads = (fastest(lambda: item.plain(**some), device, threads=threads, repeats=1).threads,)
    plain = fastest(lambda: item.plain(**inputs), device, threads=threads, repeats=1)
    difference = item.difference(ours.found.cpu(), plain.found.cpu())
    row = {
        "item": item.name,
        "work": item.work,
        "straightforward_seconds": plain.seconds,
        "straightforward_threads": plain.threads,
        "seconds": ours.seconds,
        "threads": ours.threads,
        "ratio": plain.seconds / ours.seconds,
        "goal": item.goal,
        "difference_bits": difference,
        "agrees": difference <= item.tolerance,
        "times_matrix_product": ours.seconds * rate / item.operations if item.operations else None,
    }
    print(
        f"{item.name:32} {plain.seconds:9.3f} s {ours.seconds:9.4f} s {row['ratio']:7.1f} × (goal {item.goal:g})  "
        f"{difference:.1e} bits  " + (f"{row['times_matrix_product']:.1f} × products" if item.operations else ""),
        flush=True,
    )
    return row


def fastest(work: Callable[[], Tensor], device: torch.device, *, threads: tuple[int, ...], repeats: int) -> Timed:
    """The fastest of several runs with each number of threads."""
    runs = []
    before = torch.get_num_threads()
    for count in threads:
        torch.set_num_threads(count)
        runs += [Timed(seconds, count, found) for seconds, found in (_seconds(work, device) for _ in range(repeats))]
    torch.set_num_threads(before)
    return min(runs, key=lambda run: run.seconds)


def _seconds(work: Callable[[], Tensor], device: torch.device) -> tuple[float, Tensor]:
    _finish(device)
    started = time.perf_counter()
    found = work()
    _finish(device)
    return time.perf_counter() - started, found


def _finish(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _peak_memory() -> int:
    """Peak memory in bytes of a fresh process that makes the inputs of vgg and runs our way once.

    As Linux counts it for the process alone: what `getrusage` says begins with the peak of the process that started it.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return int(pool.apply(_vgg_alone))


def _vgg_alone() -> int:
    inputs = VGG.inputs(torch.device("cpu"))
    VGG.ours(**inputs)
    peak = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) * 1024


def _machine(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    info = Path("/proc/cpuinfo")
    models = [line.partition(":")[2].strip() for line in info.read_text().splitlines()] if info.exists() else []
    names = [name for name, line in zip(models, info.read_text().splitlines(), strict=True) if "model name" in line]
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("items", nargs="*", help="first letters of the items to run; all by default")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--output", type=Path, default=ROOT / "results", help="folder for the table and the figure")
    return parser.parse_args()


if __name__ == "__main__":
    main()
