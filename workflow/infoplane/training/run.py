"""Training a run: the networks of one variant and one block of seeds, from their first weights to the last epoch."""

import logging
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from infoplane import datasets, files, models, targets, termination
from infoplane.errors import ConfigError
from infoplane.models.layers import Layer
from infoplane.training import checkpoints, foreign, statistics
from infoplane.training.batches import Batches
from infoplane.training.initialisation import initialise
from infoplane.training.networks import Ensemble, Single, State, Trainee
from infoplane.training.objectives import Objective
from infoplane.training.recipe import BaseRecipe
from infoplane.training.witness import Witness, moments

log = logging.getLogger(__name__)
_SECONDS_BETWEEN_STATES = 60
_SECONDS_BETWEEN_MESSAGES = 10
_NOT_DIVERGED = -1
Split = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Recipe(BaseRecipe):
    """All that decides what a run's training comes to, but for the data.

    Parameters
    ----------
    model, training
        As the experiment has them.
    seeds
        Of the networks.
    epochs
        At which weights are kept, ascending from 0 to the last.
    limit, fraction
        What part of the training data each network sees, or None.
    """

    model: Mapping[str, Any]
    training: Mapping[str, Any]
    seeds: Sequence[int]
    epochs: Sequence[float]
    limit: int | None = None
    fraction: float | None = None


@dataclass(frozen=True)
class Record:
    """What is known of a run when it is trained: arrays, coordinates and labels by the names of the data model."""

    arrays: dict[str, np.ndarray]
    coords: dict[str, Any]
    said: dict[str, dict[str, str]]


def train_run(
    recipe: Recipe,
    data: Mapping[str, Split],
    classes: int,
    *,
    work: Path,
    output: Path,
    where: torch.device,
    witness: Witness | None = None,
    adopted: Sequence[Path] = (),
) -> Record:
    """Train the networks of a run, or what is missing of them, and publish their weights.

    Parameters
    ----------
    recipe
        What to train.
    data
        Inputs (n, …) and targets of the splits ``train`` and ``test``, as `infoplane.targets` has them.
    classes
        Number of outputs.
    work
        Folder that keeps checkpoints between attempts; a killed run goes on from its last one and ends with the
        same bits. It must belong to this recipe alone, but for later epochs (see `work_digest`); other folders
        beside it are removed.
    output
        Folder of the published weights: one folder per block of networks, one file per epoch.
    where
        The device.
    witness
        Looks at each network at every so many updates and at the end, but where a mini-batch has fewer samples than it
        takes; only networks that train one after another have one.
    adopted
        Weights of a single network that was trained elsewhere, a file for each epoch: they are measured and published
        as if it had been trained here. None: it is trained.

    Returns
    -------
    Record
        Loss, score and gradient statistics; NaN from the epoch on at which a network diverged.

    Raises
    ------
    ConfigError
        If epochs of adopted weights are the same update.
    StoreError
        If adopted weights cannot be read or are those of another network.
    """
    tensors = {
        split: (torch.from_numpy(inputs).to(where, _dtype(recipe)), torch.from_numpy(wanted).to(where))
        for split, (inputs, wanted) in data.items()
    }
    size, limit, fraction = len(data["train"][1]), recipe.limit, recipe.fraction
    indices = np.stack([datasets.subset(size, seed=seed, limit=limit, fraction=fraction) for seed in recipe.seeds])
    objective = Objective(targets.kind(data["train"][1]), recipe.training.get("loss"))
    blocks = list(_blocks(recipe, tensors, indices, classes, objective, work=work, where=where, witness=witness))
    for block in blocks:
        if adopted:
            block.adopt(adopted, recipe.epochs)
        else:
            block.train()
    with files.new_folder(output) as folder:
        for block in blocks:
            checkpoints.publish(block.folder, folder / block.folder.name, block.published())
    for old in set(work.parent.iterdir()) - {work}:
        shutil.rmtree(old)  # of other recipes for this run
    return _record(recipe, blocks, indices, objective)


def work_digest(recipe: Recipe, facts: Mapping[str, Any]) -> str:
    """Digest under which a run resumes: everything that decides its bits, but for how long it goes on.

    Parameters
    ----------
    recipe
        What to train.
    facts
        Further things that decide the bits: code, data, device, versions.
    """
    training = {key: value for key, value in recipe.training.items() if key not in {"epochs", "checkpoints"}}
    return files.digest([recipe.model, training, list(recipe.seeds), recipe.limit, recipe.fraction, facts])


class _Block:
    """Networks that are trained together: one, or an ensemble, of which any serves to tell the layers."""

    def __init__(
        self,
        trainee: Trainee,
        network: Any,
        batches: Batches,
        test: tuple[Tensor, Tensor],
        *,
        recipe: Recipe,
        seeds: Sequence[int],
        folder: Path,
        witness: Witness | None,
    ) -> None:
        self.layers: Sequence[Layer] = models.layers_of(network)
        self.seeds, self.folder = seeds, folder
        self._trainee, self._batches, self._test, self._settings = trainee, batches, test, recipe.training
        self._where = test[0].device
        self.schedule = steps_of(recipe.epochs, batches.per_epoch)
        self.diverged = torch.full((len(seeds),), _NOT_DIVERGED)
        self._witness, self._network = witness, network
        self._looks = set(moments(witness, batches, last=max(self.schedule.values()))) if witness else set()

    def train(self) -> None:
        """Train from the last state to the last epoch, or until every network has diverged."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for half in self.folder.glob("*.partial"):  # left by a process that was killed
            half.unlink()
        steps, start, done = list(self.schedule.values()), 0, -1
        torch.manual_seed(self.seeds[0])  # dropout must not depend on what this process did before
        if (resumed := checkpoints.latest(self.folder, scheduled=steps, looked_at=self._looks)) is not None:
            start = self._restore(*resumed)
            done = start if start in self.kept() else start - 1
        started = saved = said = time.monotonic()
        with termination.deferred() as asked_to_end:
            for step in range(start, steps[-1] + 1):
                now = time.monotonic()
                if asked_to_end():
                    self._save_state(step)
                    self._say_that_it_ends(step)
                    return
                if step in self.schedule.values() and step > done:
                    self._checkpoint(step)
                    saved = now
                elif now - saved > _SECONDS_BETWEEN_STATES:
                    self._save_state(step)
                    saved = now
                if now - said > _SECONDS_BETWEEN_MESSAGES:
                    epoch = step / self._batches.per_epoch
                    log.info("%s: epoch %.3g, %.0f s", self.folder.name, epoch, now - started)
                    said = now
                if self._witness and step in self._looks:
                    self._look(self._witness, step)
                if step == steps[-1] or bool((self.diverged != _NOT_DIVERGED).all()):
                    break
                self._notice(self._trainee.step(*self._batches.at(step)), step)
        log.info("%s: trained, %.0f s", self.folder.name, time.monotonic() - started)

    def adopt(self, paths: Sequence[Path], epochs: Sequence[float]) -> None:
        """Measure weights that were trained elsewhere, one file for each epoch, and keep them."""
        if same := sorted(set(epochs) - set(self.schedule)):
            raise ConfigError(
                f"training.checkpoints_from: epoch {same[0]:g} is the same update as one before it, with "
                f"{self._batches.per_epoch} updates in an epoch; set training.batch_size to that of the training"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        for step, path in zip(self.schedule.values(), paths, strict=True):
            self._trainee.restore(foreign.read(path, self._trainee.state()))
            self._keep_weights(step)
        log.info("%s: adopted %d checkpoints", self.folder.name, len(paths))

    def kept(self) -> list[int]:
        """Scheduled steps that were reached."""
        return [step for step in self.schedule.values() if checkpoints.weights_path(self.folder, step).exists()]

    def published(self) -> list[str]:
        """Names of the files that are the result: weights, and what was seen on the way."""
        seen = [path.name for step, path in checkpoints.moments(self.folder).items() if step in self._looks]
        return [*(checkpoints.weights_path(self.folder, step).name for step in self.kept()), *seen]

    def metrics(self) -> dict[str, np.ndarray]:
        """Statistics by name, (S, E, …), NaN where a network had diverged or the step was not reached."""
        rows = [
            checkpoints.load(checkpoints.weights_path(self.folder, step))["metrics"] if step in self.kept() else None
            for step in self.schedule.values()
        ]
        template = next(row for row in rows if row is not None)
        missing = {name: torch.full_like(value, torch.nan) for name, value in template.items()}
        stacked = {name: torch.stack([(row or missing)[name] for row in rows], dim=1) for name in template}
        after = torch.tensor(list(self.schedule.values())) >= self.diverged[:, None]
        masked = after & (self.diverged[:, None] != _NOT_DIVERGED)
        return {name: value.masked_fill(masked[..., None], torch.nan).numpy() for name, value in stacked.items()}

    def diverged_epochs(self) -> np.ndarray:
        """Epoch of the first loss that was not finite, (S,); NaN where all were."""
        epochs = np.round(self.diverged.numpy() / self._batches.per_epoch, 6)
        return np.where(self.diverged.numpy() == _NOT_DIVERGED, np.nan, epochs)

    def _checkpoint(self, step: int) -> None:
        self._save_state(step)
        try:
            self._keep_weights(step)
        except termination.Terminated:
            self._say_that_it_ends(step)
            raise
        self._save_state(step)

    def _say_that_it_ends(self, step: int) -> None:
        log.info("%s: asked to end; it can go on from step %d", self.folder.name, step)

    def _keep_weights(self, step: int) -> None:
        with termination.at_once():  # it may take longer than a scheduler waits
            metrics = self._measured(step)
        self._notice(metrics["loss"][:, 0], step)
        content = {"step": step, "seeds": list(self.seeds), "weights": _on_cpu(self._trainee.state())}
        checkpoints.save_weights(self.folder, step, {**content, "metrics": metrics})

    def _look(self, witness: Witness, step: int) -> None:
        inputs, _ = self._batches.at(step)
        indices = self._batches.indices(step)
        seen = witness.look(self._network, self.layers, step=step, inputs=inputs[0], indices=indices[0])
        epoch = round(step / self._batches.per_epoch, 6)
        checkpoints.save_moment(self.folder, step, {"step": step, "epoch": epoch, **seen})

    def _measured(self, step: int) -> State:
        seeds, size = len(self.seeds), self._settings["evaluation_size"]
        test = tuple(each[:size].expand(seeds, *each[:size].shape) for each in self._test)
        pairs = [
            statistics.loss_and_score(self._trainee, *some) for some in (self._batches.for_evaluation(size=size), test)
        ]
        batches = self._batches.for_gradients(step, count=self._settings["gradient_batches"])
        mean, spread = statistics.gradient_norms(self._trainee, batches, self.layers)
        return {
            "loss": torch.stack([loss for loss, _ in pairs], dim=1),
            self._trainee.objective.score_name: torch.stack([score for _, score in pairs], dim=1),
            "gradient_mean_norm": mean,
            "gradient_std_norm": spread,
            "weight_norm": statistics.norms(self._trainee.parameters(), self.layers),
        }

    def _notice(self, losses: Tensor, step: int) -> None:
        """Remember which networks have a loss that is not finite, and say so once."""
        new = ~torch.isfinite(losses.cpu()) & (self.diverged == _NOT_DIVERGED)
        self.diverged[new] = step
        for index in new.nonzero().flatten().tolist():
            epoch = step / self._batches.per_epoch
            log.warning("seed %d: the loss is not finite at epoch %.6g; masked from there on", self.seeds[index], epoch)

    def _save_state(self, step: int) -> None:
        state = {
            "weights": _on_cpu(self._trainee.state()),
            "optimiser": self._trainee.optimiser.state_dict(),
            "random": torch.get_rng_state(),
            "diverged": self.diverged,
        }
        if self._where.type == "cuda":  # where dropout draws from
            state["random_cuda"] = torch.cuda.get_rng_state(self._where)
        checkpoints.save_state(self.folder, step, state)

    def _restore(self, step: int, state: dict[str, Any]) -> int:
        self._trainee.restore(state["weights"])
        self._trainee.optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["random"])
        if self._where.type == "cuda":
            torch.cuda.set_rng_state(state["random_cuda"], self._where)
        self.diverged = state["diverged"]
        log.info("%s: goes on from step %d", self.folder.name, step)
        return step


def steps_of(epochs: Sequence[float], per_epoch: int) -> dict[float, int]:
    """Optimiser updates by epoch; of epochs that round to the same update the first stays."""
    by_step: dict[int, float] = {}
    for epoch in epochs:
        by_step.setdefault(round(epoch * per_epoch), epoch)
    return {epoch: step for step, epoch in by_step.items()}


def blocks_of(seeds: Sequence[int], *, ensemble: bool) -> list[tuple[int, ...]]:
    """Seeds that are trained together."""
    return [tuple(seeds)] if ensemble else [(seed,) for seed in seeds]


def _blocks(
    recipe: Recipe,
    data: Mapping[str, tuple[Tensor, Tensor]],
    indices: np.ndarray,
    classes: int,
    objective: Objective,
    *,
    work: Path,
    where: torch.device,
    witness: Witness | None,
) -> Iterator[_Block]:
    inputs, wanted = data["train"]
    if witness and recipe.training["ensemble"]:
        raise ConfigError(
            "training.ensemble: networks that are looked at while they train do so one by one; set it to false"
        )
    for seeds in blocks_of(recipe.seeds, ensemble=recipe.training["ensemble"]):
        own = indices[[recipe.seeds.index(seed) for seed in seeds]]
        networks = [_network(recipe, tuple(inputs.shape[1:]), classes, seed).to(where) for seed in seeds]
        settings = recipe.training, objective
        make = Ensemble(networks, *settings) if recipe.training["ensemble"] else Single(networks[0], *settings)
        yield _Block(
            make,
            networks[0],
            Batches(inputs, wanted, own, seeds, size=recipe.training["batch_size"]),
            data["test"],
            recipe=recipe,
            seeds=seeds,
            folder=work / checkpoints.folder_name(seeds),
            witness=witness,
        )


def _network(recipe: Recipe, shape: tuple[int, ...], classes: int, seed: int) -> Any:
    """The network of a seed before training."""
    torch.manual_seed(seed)
    network: Any = models.make(recipe.model, shape, classes, folder=recipe.folder)
    initialise(network, recipe.training["init"])
    return network.to(_dtype(recipe))


def _record(recipe: Recipe, blocks: Sequence[_Block], indices: np.ndarray, objective: Objective) -> Record:
    parts = [block.metrics() for block in blocks]
    arrays = {name: np.concatenate([part[name] for part in parts]).astype(np.float64) for name in parts[0]}
    arrays["diverged_epoch"] = np.concatenate([block.diverged_epochs() for block in blocks])
    arrays["train_index"] = indices
    first = blocks[0]
    coords = {
        "seed": list(recipe.seeds),
        "epoch": list(first.schedule),
        "step": list(first.schedule.values()),
        "split": ["train", "test"],
        "layer": [layer.name for layer in first.layers],
        "depth": list(range(1, len(first.layers) + 1)),
        "kind": [layer.kind for layer in first.layers],
    }
    return Record(arrays, coords, targets.described(objective.targets, objective.loss))


def _on_cpu(state: State) -> State:
    return {name: value.cpu() for name, value in state.items()}


def _dtype(recipe: Recipe) -> torch.dtype:
    return torch.float64 if recipe.training["dtype"] == "float64" else torch.float32
