"""What our measures cost against the number of samples, and against the number of feature maps."""

import time
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from items import random_grams
from matplotlib.ticker import LogFormatterSciNotation, LogLocator, NullFormatter, NullLocator

from infoplane.measures import gram, invariants, pid, renyi

_SAMPLES = (32, 64, 100, 128, 200, 256, 384, 512, 768, 1024, 2048, 4096)
_MAPS = (2, 4, 8, 16, 32, 64, 128, 256)
_PAIRS_UP_TO = 128  # maps: beyond, pairs alone take a minute
Curves = dict[str, list[tuple[int, float]]]


def measure(device: torch.device) -> tuple[Curves, Curves]:
    """Seconds per Gram matrix against n, and per set of maps (n = 100) against their number."""
    against_samples: Curves = {"entropy": [], "eigenvalues by torch": []}
    for n in _SAMPLES:
        grams = random_grams(max(1, min(64, 2**24 // n**2)), n, device)
        for name, work in (("entropy", renyi.entropy), ("eigenvalues by torch", torch.linalg.eigvalsh)):
            against_samples[name].append((n, _seconds(lambda work=work, grams=grams: work(grams), device) / len(grams)))
    against_maps: Curves = {"all pairs": [], "average degrees": []}
    target = gram.labels(torch.arange(100, device=device) % 10)
    for count in _MAPS:
        maps = random_grams(count, 100, device)
        if count <= _PAIRS_UP_TO:
            seconds = _seconds(lambda maps=maps: pid.pairwise(maps, target).multivariate_mutual_information, device)
            against_maps["all pairs"].append((count, seconds))
        seconds = _seconds(lambda maps=maps: invariants.degrees(maps, target).redundancy, device)
        against_maps["average degrees"].append((count, seconds))
    return against_samples, against_maps


def draw(curves: tuple[Curves, Curves], path: Path, machine: str) -> None:
    """Draw both as one figure."""
    figure, panels = plt.subplots(1, 2, figsize=(7.1, 3.1), layout="constrained")
    titles = ("one Gram matrix of n samples", "one set of feature maps, n = 100")
    for axes, found, title, label in zip(panels, curves, titles, ("Samples n", "Feature maps"), strict=True):
        for marker, (name, points) in zip("os", found.items(), strict=True):
            axes.loglog(*zip(*points, strict=True), marker=marker, markersize=4, linewidth=1.2, label=name)
        values = [value for value, _ in max(found.values(), key=len)]
        ticks = values[:: 1 + len(values) // 9]
        axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 3)))
        axes.yaxis.set_major_formatter(LogFormatterSciNotation(labelOnlyBase=False, minor_thresholds=(9, 9)))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_title(f"Time for {title}", fontsize=8, loc="left")
        axes.set_xlabel(label)
        axes.set_ylabel("Time [s]")
        axes.legend(frameon=False, fontsize=7, loc="upper left")
    figure.suptitle(machine, fontsize=7, color="0.35")
    figure.savefig(path, dpi=200)


def _seconds(work: Callable[[], torch.Tensor], device: torch.device) -> float:
    runs = []
    for _ in range(2):
        started = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        runs.append(time.perf_counter() - started)
    return min(runs)
