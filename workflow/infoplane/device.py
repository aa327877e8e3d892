"""Where the work is done: device, threads, and what makes torch repeat its own bits."""

import logging
import os

import torch

from infoplane.errors import ConfigError

VARIABLE = "INFOPLANE_DEVICE"
log = logging.getLogger(__name__)


def prepare(*, threads: int = 1, granted: int | None = None) -> torch.device:
    """Fix the number of threads, ask for repeatable algorithms, and choose the device.

    The thread count changes the last bits of a result, so it comes from the experiment and never from the
    cores that a scheduler happens to grant.

    Parameters
    ----------
    threads
        Threads inside one operation.
    granted
        Cores that the job has; a warning says if they are fewer.

    Returns
    -------
    torch.device
        The one named by the environment variable INFOPLANE_DEVICE, else a GPU if there is one, else the CPU.

    Raises
    ------
    ConfigError
        If the variable names a device that torch does not know or that is not there.
    """
    if granted is not None and granted < threads:
        log.warning(
            "%d threads (training.threads) share %d of the cores (--cores), which takes longer", threads, granted
        )
    torch.set_num_threads(threads)
    # The same as torch.use_deterministic_algorithms(True), which loads the compiler and takes a second or two.
    torch.set_deterministic_debug_mode("error")
    # cuBLAS repeats its results only with a fixed workspace, which it reads when it starts.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    name = os.environ.get(VARIABLE) or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"{VARIABLE}={name!r}: {reason} Accepted: cpu, cuda, cuda:0, …") from error
    return device


def describe(device: torch.device) -> str:
    """Name of the device, for the provenance of a store."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
