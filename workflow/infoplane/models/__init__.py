"""Networks by name, each a page, and any `torch.nn.Module` of the user's own.

A page is imported when its network is asked for, so that this registry costs nothing to import.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infoplane import factories
from infoplane.errors import ConfigError
from infoplane.models import graph
from infoplane.names import unknown

if TYPE_CHECKING:
    from infoplane.models.layers import Layer, Network

_PAGES = {
    "alexnet": "AlexNet",
    "autoencoder": "Autoencoder",
    "cnn": "CNN",
    "lenet": "LeNet",
    "mlp": "MLP",
    "resnet20": "ResNet20",
    "vgg16": "VGG16",
}

FINDING = f"{__name__}.finding"  # the module that finds the layers of networks that name none
_FOUND = "infoplane_layers"  # where a network that names none keeps those that were found


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
        The experiment's `model`: `name` or `factory`, and the arguments of either. In a network that names no layers
        its `layers` are looked for, names or patterns of modules.
    shape
        Of one input, (channel, height, width) or (unit,).
    classes
        Number of outputs.
    folder
        Where relative paths start.

    Raises
    ------
    ConfigError
        If there is no such network, it does not take these arguments, or its layers are not what they should be.
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
    _check_module(network, title)
    try:
        if not layers_of(network):
            _find_layers(network, shape, settings.get("layers", ()))
        layers = layers_of(network)
        graph.predecessors(layers)
    except (ConfigError, ValueError) as error:
        raise ConfigError(f"layers of model {title!r}: {error}") from error
    for pattern in settings.get("layers", ()):
        if not graph.chosen(layers, [pattern]):
            raise ConfigError(unknown(f"layer of model {title!r}:", pattern, [layer.name for layer in layers]))
    _check_paths(network, layers, title)
    return network


def layers_of(network: object) -> "tuple[Layer, ...]":
    """Layers that a network names in its attribute `layers`, or that `make` found in it, first to last."""
    from infoplane.models.layers import Layer  # torch is there if a network is

    for attribute in ("layers", _FOUND):
        held = getattr(network, attribute, ())
        if isinstance(held, tuple | list) and held and all(isinstance(each, Layer) for each in held):
            return tuple(held)
    return ()


def _find_layers(network: Any, shape: tuple[int, ...], patterns: Sequence[str]) -> None:
    """Find the layers of a network that names none, and keep them with it."""
    import torch

    finding: Any = import_module(FINDING)
    parameter = next((each for each in network.parameters() if each.is_floating_point()), torch.empty(0))
    try:
        inputs = torch.zeros(2, *shape, dtype=parameter.dtype, device=parameter.device)
        setattr(network, _FOUND, finding.find(network, inputs, patterns))
    except ConfigError:
        raise
    except Exception as error:  # a user's own module may raise anything
        raise ConfigError(f"on inputs of shape {shape}: {type(error).__name__}: {error}") from error


def _check_module(network: object, title: str) -> None:
    """Raise unless a function has returned a network."""
    from torch import nn  # it has made one, or it is not asked for

    if not isinstance(network, nn.Module):
        shown = f"the class {network.__name__}" if isinstance(network, type) else f"a {type(network).__name__}"
        raise ConfigError(
            f"model {title!r} returns {'None' if network is None else shown}; accepted: a torch.nn.Module, and a "
            "function that ends with `return` of it"
        )


def _check_paths(network: "Network", layers: "Sequence[Layer]", title: str) -> None:
    """Raise unless every layer is read at modules that the network has."""
    for layer in layers:
        for path in filter(None, (layer.activation, layer.preactivation)):
            try:
                network.get_submodule(path)
            except AttributeError as error:
                raise ConfigError(f"layer {layer.name!r} of model {title!r}: {path!r} is no module of it") from error
