"""A callback for PyTorch Lightning that looks at a network while it trains; needs the package ``lightning``."""

from collections.abc import Sequence
from math import isinf
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback
from torch import Tensor, nn

from infoplane import factories, files
from infoplane.capture.recorder import Recorder
from infoplane.errors import ConfigError
from infoplane.models.layers import Layer
from infoplane.names import unknown


class RecordActivations(Callback):  # type: ignore[misc, unused-ignore]  # of a package that need not be there
    """Looks at a module before its first epoch, after every so many and at the end, and saves what it saw.

    It is saved when the training ends, also by an exception or Ctrl-C. An epoch is a pass over the training data, so
    that the last one is a fraction where ``max_steps`` ends within a pass.

    Parameters
    ----------
    path
        Of the activation store.
    inputs, targets
        The probe, (n, …) and (n,).
    layers, **options
        As in `infoplane.capture.Recorder`.
    network
        Name of the submodule that maps inputs to logits; by default the Lightning module's own ``forward`` does.
    every
        Epochs from one look to the next.

    Raises
    ------
    ConfigError
        If an option is not what it should be; when fitting begins, if there is no such submodule or as
        `infoplane.capture.Recorder`, and if training goes on from a checkpoint and the store is there.
    StoreError
        If something else than a store is at the path.

    Examples
    --------
    >>> callback = RecordActivations("activations.zarr", inputs, targets)  # doctest: +SKIP
    >>> Trainer(max_epochs=10, callbacks=[callback]).fit(module, loader)  # doctest: +SKIP
    """

    def __init__(
        self,
        path: Path | str,
        inputs: Tensor,
        targets: Tensor,
        layers: Sequence[Layer | str] = (),
        *,
        network: str = "",
        every: int = 1,
        **options: Any,
    ) -> None:
        super().__init__()
        if not isinstance(network, str) or not isinstance(every, int) or isinstance(every, bool) or every < 1:
            raise ConfigError(
                f"RecordActivations with network={network!r} and every={every!r}; accepted: network the name of a "
                "submodule, and every a whole number of epochs ≥ 1"
            )
        factories.check_arguments("RecordActivations", Recorder, None, layers, options=options)
        Recorder(nn.Identity(), layers, **options)  # asks what can be asked before there is a network
        self._path, self._probe, self._layers, self._options = Path(path), (inputs, targets), layers, options
        files.check_place(self._path)
        self._network, self._every = network, every
        self._recorder: Recorder | None = None
        self._passes = 0.0  # over the training data

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Find the network."""
        self._recorder = None
        files.check_place(self._path)
        try:
            network = pl_module.get_submodule(self._network)
        except AttributeError as error:
            known = [name for name, _ in pl_module.named_modules() if name]
            raise ConfigError(f"RecordActivations: {unknown('network', self._network, known)}") from error
        self._recorder = Recorder(network, self._layers, **self._options)

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Look at the network as training finds it."""
        if trainer.global_step > 0 and self._path.exists():
            raise ConfigError(
                f"{self._path}: is there, and training goes on from epoch {trainer.current_epoch} and step "
                f"{trainer.global_step}, so that its looks before would be lost; accepted: another path, or move it "
                "away"
            )
        self._passes = trainer.current_epoch
        self._look(trainer)

    def on_train_batch_end(self, trainer: Any, *others: Any) -> None:
        """Count, from the index of the batch, the last that a hook is given."""
        self._passes = trainer.current_epoch + (others[-1] + 1) / trainer.num_training_batches

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Look at the network, if it is time."""
        if isinf(trainer.num_training_batches):  # how many there are shows only now
            self._passes = trainer.current_epoch + 1
        if self._passes % self._every == 0:
            self._look(trainer)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Look at the trained network, if that has not been done, and save what was seen."""
        self._look(trainer)
        self._save(trainer)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:  # noqa: ARG002
        """Save what was seen until training ended before its time."""
        self._save(trainer)

    def _look(self, trainer: Any) -> None:
        if self._recorder and round(self._passes, 6) not in self._recorder.epochs:
            self._recorder.look(*self._probe, epoch=self._passes, step=trainer.global_step)

    def _save(self, trainer: Any) -> None:
        """Save in the one process that does."""
        if self._recorder and self._recorder.epochs and trainer.is_global_zero:
            self._recorder.save(self._path)
