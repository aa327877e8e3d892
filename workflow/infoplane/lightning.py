"""A callback for PyTorch Lightning that looks at a network while it trains; needs the package ``lightning``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback
from torch import Tensor

from infoplane.capture.recorder import Recorder
from infoplane.models.layers import Layer


class RecordActivations(Callback):  # type: ignore[misc, unused-ignore]  # of a package that need not be there
    """Looks at a module before its first epoch and after every so many, and saves what it saw when the training ends.

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
        As `infoplane.capture.Recorder`, when the training begins.

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
        self._path, self._probe, self._layers, self._options = Path(path), (inputs, targets), layers, options
        self._network, self._every = network, every
        self._recorder: Recorder | None = None

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Look at the network as training finds it."""
        self._recorder = Recorder(pl_module.get_submodule(self._network), self._layers, **self._options)
        self._recorder.look(*self._probe, epoch=trainer.current_epoch, step=trainer.global_step)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Look at the network, if it is time."""
        if self._recorder and (trainer.current_epoch + 1) % self._every == 0:
            self._recorder.look(*self._probe, epoch=trainer.current_epoch + 1, step=trainer.global_step)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Save what was seen, in the one process that does."""
        if self._recorder and trainer.is_global_zero:
            self._recorder.save(self._path)
