"""How much there is to do in a job, and to write: what its time and its bytes grow with.

Each is a number in a unit of its own stage, good for nothing but to be divided by that of another job of the stage.
Units are multiplications, roughly, and `_CALL` of them stand for what a call costs however small its arrays are.
"""

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infoplane.config import Settings
from infoplane.datasets import Description
from infoplane.plan import amounts

if TYPE_CHECKING:
    from infoplane.costs.network import Size

_CALL = 10_000_000  # multiplications in the time of a call of PyTorch with its overhead, of many small ones in a row
_PASSES = 3  # forward passes in the time of one forward and backward
_FILE = 4096  # bytes of a file beside its numbers


@dataclass(frozen=True)
class Facts:
    """What decides how much there is to do in the jobs of a run.

    Parameters
    ----------
    data
        Its data set.
    train, capture, measure
        Parameters of its jobs, as the plan has them and as stores keep them; None where there is no such job.
    folder
        Where relative paths of the network start.
    runs
        How many such runs there are in one job.
    trained, measured
        Epochs that are trained, and looks that are measured already, and need not be again.
    at_most
        Whether more may turn out to be.
    """

    data: Description
    train: Settings
    capture: Settings | None = None
    measure: Settings | None = None
    folder: Path = Path()
    runs: int = 1
    trained: float = 0.0
    measured: int = 0
    at_most: bool = False

    @property
    def size(self) -> "Size":
        """Size of its networks; making one loads torch."""
        from infoplane.costs import network

        model = (self.capture or self.train)["model"]
        return network.size(model, self.data.shape, self.data.classes, folder=self.folder)

    @property
    def looks(self) -> int:
        """How often a network of it is looked at, over all networks."""
        return amounts.networks(self.train) * amounts.looks(self.train, self.data.sizes["train"])


def of_job(stage: str, facts: Facts | Description | float) -> tuple[float, float]:
    """How much there is to do in a job of a stage, and to write.

    Parameters
    ----------
    stage
        Of `infoplane.schema.ARTIFACTS`.
    facts
        Of a run; of a data set, to prepare or to look at; or a plain number, such as that of the stores that a summary
        is made of.

    Raises
    ------
    ConfigError
        If the network cannot be made.
    """
    if isinstance(facts, Description):
        return to_prepare(facts), 4 * _FILE if stage == "intrinsic_dimension" else to_prepare(facts)
    if not isinstance(facts, Facts):
        return facts, facts
    to_do, to_write = {
        "train": (to_train, written_by_training),
        "capture": (to_capture, written_by_capture),
        "measure": (to_measure, written_by_measuring),
        "weights": (to_weigh, written_by_weighing),
    }[stage]
    return to_do(facts), to_write(facts)


def to_train(facts: Facts) -> float:
    """Samples that pass, forward and backward, times the operations of a pass; and calls."""
    recipe, size = facts.train, facts.data.sizes
    training, count = recipe["training"], amounts.samples(recipe, size["train"])
    per_epoch = amounts.updates(recipe, size["train"])
    to_go = max(0.0, recipe["epochs"][-1] - facts.trained)
    updates = 0 if "checkpoints_from" in training else round(to_go * per_epoch)
    checkpoints = sum(epoch > facts.trained for epoch in recipe["epochs"]) if facts.trained else len(recipe["epochs"])
    batch = min(training["batch_size"], count)
    evaluated = min(training["evaluation_size"], count) + min(training["evaluation_size"], size["test"])
    drawn = min(training["gradient_batches"], count // batch)
    passed = _PASSES * updates * batch + checkpoints * (evaluated + _PASSES * drawn * batch)
    together = amounts.networks(recipe) if training["ensemble"] else 1
    seen = 0 if recipe["moments"] is None else facts.looks / amounts.networks(recipe)
    calls = (updates + checkpoints * (2 + drawn) + seen) / together
    return float(amounts.networks(recipe) * (passed * facts.size.operations + calls * _CALL))


def to_capture(facts: Facts) -> float:
    """Samples that pass at every look, times operations and numbers that are kept; and weights that are read."""
    capture, size = _of(facts.capture), facts.size
    n, batches = _probe(capture)
    passes = _PASSES if capture["errors"] else 1
    distances = n * size.numbers if capture["store"] != "raw" else 0
    if "every" in capture["probe"]:  # was looked at already
        return facts.looks * (_kept(facts) + _CALL)
    return facts.looks * (n * batches * (passes * size.operations + size.numbers + distances) + size.parameters + _CALL)


def to_measure(facts: Facts) -> float:
    """Matrices times n³ for kernels; pairs of samples, or samples, times the layers' numbers for the others."""
    measure, size = _of(facts.measure), facts.size
    n, batches = _probe(_of(facts.capture))
    conditions = 1 + len(measure["controls"])
    looks = facts.looks - facts.measured
    return looks * batches * _to_estimate(measure["estimator"], set(measure["code"]), conditions, n, size)


def to_calibrate(settings: Settings) -> float:
    """The same of as many views as there are repetitions, with every estimator.

    Parameters
    ----------
    settings
        Parameters of the calibration.
    """
    from infoplane.costs import network

    size = network.size(settings["model"], settings["shape"], settings["classes"], folder=Path(settings["folder"]))
    views = (_to_estimate(each, {"information"}, 1, settings["size"], size) for each in settings["estimators"])
    return float(settings["repetitions"] * sum(views))


def _to_estimate(estimator: Settings, wanted: set[str], conditions: int, n: int, size: "Size") -> float:
    """Of one view of a network, a look at a probe batch."""
    n = min(n, estimator.get("probe_size", n))
    if estimator["kind"] == "renyi":
        of_kind = _by_kernels(estimator, wanted, conditions, n, size)
    else:
        of_kind = float(conditions * size.numbers * (n**2 if estimator["kind"] == "kde" else n))
    return of_kind + len(size.layers) * _CALL


def _by_kernels(estimator: Settings, wanted: set[str], conditions: int, n: int, size: "Size") -> float:
    """Of the kernel matrices of a view: n³ for the spectrum of each, and n² for each width that is tried."""
    maps = [channels if estimator["joint"] == "multivariate" else 1 for channels, _ in size.layers]
    pairs = sum(count * (count + 5) / 2 for count in maps if count > 1)  # alone, in pairs, all but one
    spectra = 2 + conditions * (
        3 * len(maps) * ("information" in wanted)
        + 2 * len(maps) * ("error_chain" in wanted)
        + (2 * len(maps) + (len(maps) + 1) // 2) * ("layer_pairs" in wanted)  # pairs of layers, and input and output
        + 2 * pairs * ("decomposition" in wanted)
    )
    widths: int = estimator["bandwidth"].get("candidates", 1)
    return float(spectra * n**3 + (widths + conditions) * sum(maps) * n**2)


def to_weigh(facts: Facts) -> float:
    """Weights that are read."""
    return facts.runs * facts.looks * (facts.size.parameters + _CALL)


def to_prepare(data: Description) -> float:
    """Numbers in the data set."""
    return float(sum(data.sizes.values()) * prod(data.shape))


def written_by_training(facts: Facts) -> float:
    """Bytes of checkpoints, and of what was seen on the way."""
    recipe = facts.train
    weights = len(recipe["epochs"]) * (4 * facts.size.parameters + _FILE)
    seen = 0.0 if recipe["moments"] is None else facts.looks / amounts.networks(recipe) * (_kept(facts) + _FILE)
    return amounts.networks(recipe) * (weights + seen)


def written_by_capture(facts: Facts) -> float:
    """Bytes of activations and errors, or of distances."""
    return facts.looks * _kept(facts)


def written_by_measuring(facts: Facts) -> float:
    """Bytes of estimates, and of stores however small they are."""
    measure = _of(facts.measure)
    conditions = 1 + len(measure["controls"])
    _, batches = _probe(_of(facts.capture))
    return float(50 * _FILE + 8 * facts.looks * batches * conditions * len(facts.size.layers))


def written_by_weighing(facts: Facts) -> float:
    """Bytes of how far every network is from where it started, and from every other."""
    return 50 * _FILE + facts.runs * facts.looks * 3 * 8


def _kept(facts: Facts) -> float:
    """Bytes that are kept of a look."""
    capture, size = facts.capture, facts.size
    if capture is None:  # a training that looks on the way
        seen = _of(facts.train["moments"])
        n, batches, kinds, store, maps = seen["size"], len(seen["splits"]), 1, "distances", seen["maps"]
    else:
        n, batches = _probe(capture)
        kinds, store, maps = 1 + capture["errors"], capture["store"], capture["maps"]
    raw = [4.0 * n * numbers for _, numbers in size.layers]
    distances = [4.0 * n * n * (channels if maps else 1) for channels, _ in size.layers]
    chosen = {"raw": raw, "distances": distances}.get(store, list(map(min, raw, distances)))
    return float(batches * kinds * sum(chosen))


def _probe(capture: Settings) -> tuple[int, int]:
    """Samples of a probe batch, and batches."""
    probe = capture["probe"]
    return probe["size"], probe["batches"] * len(probe["splits"])


def _of(settings: Any) -> Settings:
    found: Settings = settings
    return found
