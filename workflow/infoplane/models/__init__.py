"""Networks by name, each a page, and any `torch.nn.Module` of the user's own.

A page is imported when its network is asked for, so that this registry costs nothing to import.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infoplane import factories
from infoplane.errors import ConfigError
from infoplane.models import graph
from infoplane.names import unknown

if TYPE_CHECKING:
    from infoplane.models.layers import Network

_PAGES = {"alexnet": "AlexNet", "cnn": "CNN", "lenet": "LeNet", "mlp": "MLP", "resnet20": "ResNet20", "vgg16": "VGG16"}


def names() -> tuple[str, ...]:
    """Names of the registered networks."""
    return tuple(_PAGES)


def module(name: str) -> str:
    """Full name of the module that a registered network is in.

    Raises
    ------
    ConfigError
        If there is no such network.
    """
    if name not in _PAGES:
        raise ConfigError(unknown("model", name, _PAGES))
    return f"{__name__}.{name}"


def make(settings: Mapping[str, Any], shape: tuple[int, ...], classes: int, *, folder: Path = Path()) -> "Network":
    """Make a network as an experiment describes it.

    Parameters
    ----------
    settings
        The experiment's `model`: `name` or `factory`, and the arguments of either.
    shape
        Of one input, (channel, height, width) or (unit,).
    classes
        Number of outputs.
    folder
        Where relative paths start.

    Raises
    ------
    ConfigError
        If there is no such network, it does not take these arguments, or its layers are not described.
    """
    arguments = {key: value for key, value in settings.items() if key not in {"name", "factory", "layers"}}
    if "factory" in settings:
        title, maker = settings["factory"], factories.function(settings["factory"], folder=folder)
    else:
        title = settings["name"]
        maker = getattr(import_module(module(title)), _PAGES[title])
    factories.check_arguments(f"model {title}", maker, shape, classes, options=arguments)
    try:
        network: Network = maker(shape, classes, **arguments)
    except Exception as error:  # a user's own function may raise anything
        reason = f"{type(error).__name__}: {error}" if "factory" in settings else str(error)
        raise ConfigError(f"model {title!r} with {arguments} on inputs of shape {shape}: {reason}") from error
    layers = [layer.name for layer in getattr(network, "layers", ())]
    if not layers:
        raise ConfigError(
            f"model {title!r}: has no attribute `layers`; give it a tuple of infoplane.models.layers.Layer, "
            "first to last"
        )
    for layer in settings.get("layers", ()):
        if layer not in layers:
            raise ConfigError(unknown(f"layer of model {title!r}:", layer, layers))
    _check_paths(network, title)
    try:
        graph.predecessors(network.layers)
    except ValueError as error:
        raise ConfigError(f"layers of model {title!r}: {error}") from error
    return network


def _check_paths(network: "Network", title: str) -> None:
    """Raise unless every layer is read at modules that the network has."""
    for layer in network.layers:
        for path in (layer.activation, layer.preactivation):
            try:
                network.get_submodule(path)
            except AttributeError as error:
                raise ConfigError(f"layer {layer.name!r} of model {title!r}: {path!r} is no module of it") from error
