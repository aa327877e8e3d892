"""Looking at networks in somebody's own training loop, and keeping what was seen as the workflow does."""

from collections.abc import Sequence
from math import inf
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from infoplane import targets as kinds
from infoplane.capture import looking
from infoplane.capture.hooks import Hooks
from infoplane.capture.looking import Arrays, Kept
from infoplane.errors import ConfigError, raise_all
from infoplane.models import finding, graph, layers_of
from infoplane.models.layers import Layer
from infoplane.names import layer_faults
from infoplane.training.objectives import Objective

_STORES = ("raw", "distances", "smaller")
_SPLITS = ("train", "test")


class Recorder(Hooks):
    """Looks at a network on a probe whenever it is told to, and saves what it saw as an activation store.

    While the context lasts, every forward pass leaves its activations and pre-activations in the recorder too, as
    `Hooks` has them, which costs a copy of each; the output is read as that of a classifier until a look has seen other
    targets. `look` needs no context, and what is saved comes from it alone.

    Parameters
    ----------
    model
        Any module that maps inputs (n, …) to outputs (n, outputs), logits of classes or labels, or continuous; it is
        not changed.
    layers
        Where to read it: names or patterns of its layers or modules, or layers. None: the layers that the model names
        in its attribute `layers`, or every nonlinearity and the output (see `infoplane.models.finding.find`). With
        errors the output is always among them.
    seed
        Of the network, to tell it from others in what follows.
    store
        What is kept of a layer: its activations (``raw``), the squared distances between them (``distances``), or of
        the two what takes fewer bytes (``smaller``). It stays in memory until it is saved.
    errors
        Whether to keep back-propagated errors too.

    Raises
    ------
    ConfigError
        If `model` is no module, `seed` no whole number ≥ 0, `layers` no list of the above, `store` another word, or a
        layer has a name that no store can have; and at the first forward pass or look, if a layer is not to be found
        or two have one name.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2))
    >>> recorder = Recorder(model)
    >>> recorder.look(torch.eye(2), torch.tensor([0, 1]), epoch=0)
    >>> recorder.epochs
    (0.0,)
    """

    def __init__(
        self,
        model: nn.Module,
        layers: Sequence[Layer | str] = (),
        *,
        seed: int = 0,
        store: str = "raw",
        errors: bool = True,
    ) -> None:
        if not isinstance(model, nn.Module) or isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise ConfigError(
                f"Recorder with a model that is a {type(model).__name__} and seed={seed!r}; accepted: model a "
                "torch.nn.Module, and seed a whole number ≥ 0"
            )
        listed = isinstance(layers, Sequence) and not isinstance(layers, str)
        described = [each for each in layers if isinstance(each, Layer)] if listed else []
        named = listed and all(isinstance(each, str) for each in layers)
        if store not in _STORES or not (named or (listed and len(described) == len(layers))):
            raise ConfigError(
                f"Recorder with store={store!r} and layers={layers!r}; accepted: store one of {', '.join(_STORES)}, "
                "and layers a list, either all names or all infoplane.models.layers.Layer"
            )
        super().__init__(model, described)
        self._wanted = [each for each in layers if isinstance(each, str)]
        raise_all(layer_faults(self._expected(), way_out=graph.RENAMED), heading="Recorder", error=ConfigError)
        self._every = tuple(described)
        self._seed, self._kept = seed, Kept(store, errors)
        self._probe: tuple[Tensor, Tensor] | None = None
        self._attributes: dict[str, dict[str, Any]] = {}
        self._looks: dict[float, tuple[int, int, dict[str, Arrays]]] = {}  # step, classes and arrays by epoch

    @property
    def epochs(self) -> tuple[float, ...]:
        """Epochs at which the network was looked at."""
        return tuple(self._looks)

    def look(self, inputs: Any, targets: Any, *, epoch: float, step: int | None = None) -> None:
        """Look at the network as it is now, in evaluation mode; it is left as it was.

        Parameters
        ----------
        inputs, targets
            The probe: the same samples every time, tensors or what `torch.as_tensor` takes. Inputs are (n, …), those
            in floating point in the precision of the network, others as they are, and saved as float32; targets are
            classes (n,) or sets of labels (n, k), 0 and 1, as whole numbers, or continuous, (n,) or (n, d), in floating
            point. They say what the output is read as and which loss the errors are of: see
            `infoplane.training.objectives`.
        epoch
            After how many passes over the training data; 0 is the untrained network, the control of all others.
        step
            After how many updates; by default as many as there were looks before.

        Raises
        ------
        ConfigError
            If the epoch is no finite number ≥ 0 or not after the last one, the probe is another one, or has no target
            for each input or one for which the network has no output, the network does not take the inputs, or a layer
            is not to be found.
        """
        inputs, known = _plain(_tensor("inputs", inputs), _tensor("targets", targets))
        self._check(inputs, known, epoch, step)
        if torch.is_inference_mode_enabled() or any(each.is_inference() for each in self._model.parameters()):
            raise ConfigError("look: within torch.inference_mode(), where nothing is followed; accepted: outside of it")
        own, wanted = self._placed(inputs), known.to(self._device())
        self._objective = Objective(kinds.kind(known))
        self._try(own)
        with finding.evaluating(self._model):
            if not self._attributes:
                self._attributes = looking.described(self._model, self._every, self._layers, own[:1])
            with torch.no_grad():
                classes = self._model(own[:1]).shape[1]
            _check_outputs(known, classes)
            found = looking.look(self._model, self._layers, own, wanted, self._kept, objective=self._objective)
        self._probe = (inputs.detach().cpu().clone(), known)
        self._looks[round(float(epoch), 6)] = (len(self._looks) if step is None else step, classes, found)

    def save(self, path: Path | str, *, split: str = "train") -> None:
        """Write what was seen as an activation store; an earlier store in its place is replaced, and nothing else.

        Parameters
        ----------
        path
            Of the store.
        split
            ``train`` or ``test``: whether the network was trained on the probe.

        Raises
        ------
        ConfigError
            If nothing was looked at, or `split` is another word.
        StoreError
            If something else is there, as a folder with files of one's own; nothing is touched, and what was seen can
            be saved elsewhere.
        OSError
            If the disk is full or not writable; nothing is left that looks complete.
        """
        from infoplane import jobs, labels, store  # xarray and zarr, which looking does without

        if self._probe is None:
            raise ConfigError(f"{path}: nothing to save; call look(inputs, targets, epoch=…) while the network trains")
        if split not in _SPLITS:
            raise ConfigError(f"{path}: split is {split!r}; accepted: {', '.join(_SPLITS)}")
        steps = [step for step, _, _ in self._looks.values()]
        inputs, targets = (each.float().numpy() if each.is_floating_point() else each.numpy() for each in self._probe)
        store.write_slabs(
            path,
            root=labels.of_one_probe(inputs, targets, seed=self._seed, epochs=self.epochs, steps=steps, split=split),
            layers=self._attributes,
            slabs=((0, place, _one_batch(found)) for place, (_, _, found) in enumerate(self._looks.values())),
            provenance=jobs.provenance(
                {"recorder": {"layers": list(self._attributes), **vars(self._kept)}},
                recorded={"seed": self._seed, "epochs": list(self.epochs), "split": split},  # a plan opens no arrays
                classes=max(classes for _, classes, _ in self._looks.values()),
                device=self._device().type,
            ),
        )

    def _begin(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        super()._begin(module, inputs)
        if inputs and isinstance(inputs[0], Tensor):  # what is given by keyword, the first look finds layers with
            self._find(inputs[0])

    def _device(self) -> torch.device:
        return next((each.device for each in self._model.parameters()), torch.device("cpu"))

    def _placed(self, inputs: Tensor) -> Tensor:
        """Inputs as the network takes them: token ids and the like stay whole numbers."""
        precision = next((each.dtype for each in self._model.parameters() if each.is_floating_point()), inputs.dtype)
        return inputs.to(self._device(), precision if inputs.is_floating_point() else inputs.dtype)

    def _try(self, inputs: Tensor) -> None:
        """Find the layers by a forward pass, in which the network may do anything."""
        try:
            self._find(inputs)
        except ConfigError:
            raise
        except Exception as error:
            raise ConfigError(
                f"look: the network does not take inputs of shape {tuple(inputs.shape)} and type {inputs.dtype} "
                f"({type(error).__name__}: {error}); accepted: those that it is trained on"
            ) from error

    def _expected(self) -> list[str]:
        """Names of the layers, as far as they show before a forward pass."""
        if every := self._layers or graph.chosen(layers_of(self._model), self._wanted):
            return [layer.name for layer in every]
        return finding.candidates(self._model, self._wanted)

    def _find(self, inputs: Tensor) -> None:
        """Find the layers, if that has not been done."""
        if self._every:
            return
        attached = bool(self._handles)
        self._remove()  # it is a forward pass of its own
        pair = inputs[:1].detach().repeat(2, *[1] * (inputs.ndim - 1))
        every = layers_of(self._model) or finding.find(self._model, pair, self._wanted)
        try:
            graph.predecessors(every)
        except ValueError as error:
            raise ConfigError(f"layers of the model: {error}") from error
        self._every = every
        self._layers = graph.chosen(self._every, self._wanted)
        if missing := [each for each in self._wanted if not graph.chosen(self._every, [each])]:
            names = ", ".join(layer.name for layer in self._every)
            raise ConfigError(f"layers has {', '.join(missing)}, which the model does not have; accepted: {names}")
        if self._kept.errors and self._every[-1] not in self._layers:
            self._layers = [*self._layers, self._every[-1]]  # the error chain starts there
        if attached:
            self.__enter__()

    def _check(self, inputs: Tensor, targets: Tensor, epoch: float, step: int | None) -> None:
        if self._probe and not all(_same(*pair) for pair in zip(self._probe, (inputs, targets), strict=True)):
            raise ConfigError("look: the probe is another one than before; look at the same samples at every epoch")
        if isinstance(epoch, bool) or not isinstance(epoch, Real) or not 0 <= epoch < inf:
            raise ConfigError(f"look: epoch is {epoch!r}; accepted: a number ≥ 0, of passes over the training data")
        if self._looks and round(float(epoch), 6) <= self.epochs[-1]:
            raise ConfigError(f"look: epoch {epoch} does not come after the last one, {self.epochs[-1]:g}")
        if step is not None and step in [done for done, _, _ in self._looks.values()]:
            raise ConfigError(f"look: step {step} has been looked at; give the number of updates so far, or none")


def _one_batch(found: dict[str, Arrays]) -> dict[str, Arrays]:
    return {layer: {name: values[np.newaxis] for name, values in own.items()} for layer, own in found.items()}


def _tensor(name: str, values: Any) -> Tensor:
    try:
        return torch.as_tensor(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ConfigError(f"look: {name} are a {type(values).__name__} ({error}); accepted: a tensor") from error


def _check_outputs(targets: Tensor, outputs: int) -> None:
    """Raise unless the network has an output for each class."""
    if targets.ndim == 1 and not 0 <= int(targets.min()) <= int(targets.max()) < outputs:
        raise ConfigError(
            f"look: targets run from {int(targets.min())} to {int(targets.max())}, and the network has {outputs} "
            f"outputs; accepted: classes from 0 to {outputs - 1}"
        )


def _plain(inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Inputs and targets of a probe, checked, the targets as everything after has them."""
    y = targets.detach().cpu().numpy()
    faults = list(kinds.faults({"targets": y}))
    if inputs.ndim < 2 or len(inputs) < 2 or y.shape[:1] != inputs.shape[:1]:
        faults.append(
            f"inputs are {tuple(inputs.shape)} and targets {y.shape}; accepted: at least two inputs (n, …), and a "
            "target for each"
        )
    raise_all(faults, heading="look", error=ConfigError)
    return inputs, torch.from_numpy(kinds.plain(y))


def _same(before: Tensor, now: Tensor) -> bool:
    return torch.equal(before, now.detach().cpu())
