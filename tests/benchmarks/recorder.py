"""What looking at VGG-16 while it trains costs: seconds of an update, and of one at which the network is looked at.

The loop is that of the workflow, and the experiment `wickstrom2023_vgg16`: mini-batches of 100 images of 3 × 32 × 32,
here random ones, and a look at all 16 layers on a mini-batch of either split, from which squared distances are kept.

    .venv/bin/python tests/benchmarks/recorder.py --device cuda
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from infoplane.capture import Moments
from infoplane.models.vgg16 import VGG16
from infoplane.training.networks import Single

_BATCH, _CLASSES = 100, 10
_SETTINGS = {"optimiser": "sgd", "learning_rate": 0.09, "momentum": 0.0, "weight_decay": 0.0}


def main() -> None:
    """Measure on the device that the command line names, and print a line for each number of updates between looks."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repeats", type=int, default=5, help="of each, of which the median counts")
    arguments = parser.parse_args()
    where = torch.device(arguments.device)
    torch.manual_seed(0)
    network = VGG16((3, 32, 32), _CLASSES).to(where)
    trainee = Single(network, _SETTINGS)
    inputs = torch.rand(1, _BATCH, 3, 32, 32, device=where)
    targets = torch.randint(_CLASSES, (1, _BATCH), device=where)
    test = np.random.default_rng(0).random((2 * _BATCH, 3, 32, 32), dtype=np.float32)
    moments = Moments(every=10, splits=("train", "test"), size=_BATCH, seed=0, layers=(), maps=False, test=test)

    def update() -> None:
        trainee.step(inputs, targets)

    def look() -> None:
        moments.look(network, network.layers, step=0, inputs=inputs[0], indices=np.arange(_BATCH))

    update_seconds, look_seconds = (seconds(each, where, arguments.repeats) for each in (update, look))
    name = (
        torch.cuda.get_device_name(where)
        if where.type == "cuda"
        else f"{torch.get_num_threads()} threads of a processor"
    )
    print(f"{name}: an update {1e3 * update_seconds:.1f} ms, a look {1e3 * look_seconds:.1f} ms")
    for every in (1, 2, 5, 10, 20, 50):
        print(f"a look every {every:2d} updates adds {100 * look_seconds / (every * update_seconds):5.1f} %")


def seconds(work: Callable[[], None], where: torch.device, repeats: int) -> float:
    """Median of the seconds that a function takes, after one run that does not count."""
    found = []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        work()
        if where.type == "cuda":
            torch.cuda.synchronize(where)
        found.append(time.perf_counter() - started)
    return statistics.median(found[1:])


if __name__ == "__main__":
    main()
