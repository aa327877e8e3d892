"""Layers of any network: its modules by name, and from one forward pass what feeds what.

Every tensor of the pass is followed through all operations, whatever code calls them, from the layers and parameters
that it was computed from to the next layer. So a layer that is reached by several ways, through branches or round a
skip connection, has all of its inputs.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import activation as activations
from torch.utils._python_dispatch import TorchDispatchMode

from infoplane.errors import ConfigError
from infoplane.models import graph
from infoplane.models.layers import Layer
from infoplane.names import unknown
from infoplane.schema import CONVOLUTIONAL, FULLY_CONNECTED, INPUT, OUTPUT

_NO_NONLINEARITY = {"MultiheadAttention", "Softmin", "Softmax", "Softmax2d", "LogSoftmax"}
NONLINEARITIES = tuple(getattr(activations, name) for name in activations.__all__ if name not in _NO_NONLINEARITY)
_NO_VALUES = {f"{kind}_like" for kind in ("empty", "full", "ones", "zeros")} | {  # take a tensor's shape and no more
    f"new_{kind}" for kind in ("empty", "full", "ones", "zeros")
}
_INPUT, _LAYER, _PARAMETER = "input", "layer", "parameter"
Origin = tuple[str, str]  # one of these, and its name


def find(network: nn.Module, inputs: Tensor, patterns: Sequence[str] = ()) -> tuple[Layer, ...]:
    """Layers of a network, in the order in which they are computed; the last is ``output``, what the network returns.

    A layer has the name of its module, and from the second call on in one forward pass ``-2``, ``-3``, … behind it. The
    activation is what the module returns; the pre-activation is what a nonlinearity is given, and of any other module
    the same. A layer is ``convolutional`` if it returns maps (n, channel, height, width), and one vector otherwise.

    Parameters
    ----------
    network
        Any module; it is run once, in evaluation mode, and left as it was.
    inputs
        At least two, (n, …), on the network's device and in its precision. What is found are the ways that these take.
    patterns
        Names of modules or layers, with ``*``, ``?`` and ``[…]`` as `fnmatch` has them. None: all nonlinearities that
        are modules of PyTorch, as a function like `torch.relu` is not.

    Raises
    ------
    ConfigError
        If a pattern matches no module, a module that is chosen does not run or returns no tensor (n, …), or the network
        no logits (n, classes).
    """
    watched = _Watched(patterns, len(inputs))
    with evaluating(network), _hooked(network, watched), torch.no_grad(), watched.origins:
        watched.origins.start({_INPUT: {INPUT: inputs}, _PARAMETER: dict(network.named_parameters())})
        logits = network(inputs)
    if not isinstance(logits, Tensor) or logits.ndim != 2 or len(logits) != len(inputs):
        raise ConfigError(f"the network returns {_shown(logits)}; accepted: logits, a tensor (n, classes)")
    layers = watched.layers(logits)
    for pattern in (each for each in patterns if not graph.chosen(layers, [each])):
        modules = [path for path, _ in network.named_modules() if path]
        if any(fnmatchcase(path, pattern) for path in modules):
            raise ConfigError(f"module {pattern!r} does not run in a forward pass; choose one that does")
        raise ConfigError(unknown("module", pattern, modules))
    return layers


def candidates(network: nn.Module, patterns: Sequence[str] = ()) -> list[str]:
    """Names of the modules that `find` takes as layers if they run, without a forward pass."""
    return [path for path, module in network.named_modules() if path and _wanted((path,), module, patterns)]


class _Origins(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """What every tensor was computed from since the last layer on each way, as far as it has a name."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._of: dict[int, frozenset[Origin]] = {}
        self._held: list[Tensor] = []  # as long as a tensor lives, no other takes its place in memory

    def start(self, named: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Name tensors that there are before the pass, by kind."""
        for kind, tensors in named.items():
            for name, tensor in tensors.items():
                self.set(tensor, self.of(tensor) | {(kind, name)})

    def of(self, *tensors: Tensor) -> frozenset[Origin]:
        """What tensors come from."""
        return frozenset().union(*(self._of.get(_place(each), frozenset()) for each in tensors))

    def set(self, tensor: Tensor, origins: frozenset[Origin]) -> None:
        """Say what a tensor comes from."""
        self._held.append(tensor)
        self._of[_place(tensor)] = origins

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        outputs = func(*args, **(kwargs or {}))
        found = frozenset() if func.overloadpacket.__name__ in _NO_VALUES else self.of(*_tensors((args, kwargs)))
        for each in _tensors(outputs):
            self.set(each, found | self.of(each))  # one that was written in place keeps what it came from
        return outputs


class _Watched:
    """What is noticed of modules while a network runs."""

    def __init__(self, patterns: Sequence[str], samples: int) -> None:
        self.origins = _Origins()
        self._calls: Counter[str] = Counter()
        self._patterns, self._samples = patterns, samples
        self._found: list[tuple[Layer, frozenset[Origin]]] = []
        self._returned: list[
            tuple[Tensor, int, str, int]
        ] = []  # with its version, and which call of which module it was

    def see(self, path: str, module: nn.Module, given: tuple[Any, ...], returned: Any) -> Tensor | None:
        """Look at what a module returns; what takes its place comes from the layer and from nothing else."""
        call = self._calls[path]
        self._calls[path] += 1
        name = path if call == 0 else f"{path}-{call + 1}"
        wanted = _wanted((name, path), module, self._patterns)
        if wanted:
            returned = self._layer(name, path, call, module, given, returned)
        if isinstance(returned, Tensor):
            self._returned.append((returned, returned._version, path, call))
        return returned if wanted else None

    def _layer(
        self, name: str, path: str, call: int, module: nn.Module, given: tuple[Any, ...], returned: Any
    ) -> Tensor:
        if not isinstance(returned, Tensor) or not 2 <= returned.ndim <= 4 or len(returned) != self._samples:
            raise ConfigError(
                f"module {path!r} returns {_shown(returned)} for {self._samples} samples; accepted as a layer: one "
                "that returns a tensor (n, …) of 2 to 4 dimensions"
            )
        nonlinear = isinstance(module, NONLINEARITIES) and bool(given) and isinstance(given[0], Tensor)
        kind = CONVOLUTIONAL if returned.ndim == 4 else FULLY_CONNECTED
        layer = Layer(name, kind, path, None if nonlinear else path, call=call)
        self._found.append((layer, self.origins.of(returned)))
        fresh = returned.clone()
        self.origins.set(fresh, frozenset({(_LAYER, name)}))
        return fresh

    def layers(self, logits: Tensor) -> tuple[Layer, ...]:
        """The layers, each with what feeds it; one that gives the logits themselves, unchanged, is the output."""
        makers = [
            (path, call)
            for tensor, version, path, call in self._returned
            if tensor is logits and version == logits._version
        ]
        path, call = makers[0] if makers else ("", None)
        same = [each for each in self._found if (each[0].activation, each[0].call) == (path, call)]
        inner = [each for each in self._found if each not in same]
        output = Layer(OUTPUT, OUTPUT, path, path, call=call), (same[0][1] if same else self.origins.of(logits))
        order = [(_INPUT, INPUT), *((_LAYER, layer.name) for layer, _ in inner)]
        return tuple(
            replace(
                layer,
                inputs=tuple(name for kind, name in order if (kind, name) in origins),
                parameters=tuple(sorted(name for kind, name in origins if kind == _PARAMETER)),
            )
            for layer, origins in (*inner, output)
        )


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Evaluation mode, and random numbers that others draw on as if nothing had been drawn."""
    modes = [(module, module.training) for module in network.modules()]
    with torch.random.fork_rng(devices=[]):
        try:
            network.eval()
            yield
        finally:
            for module, mode in modes:
                module.training = mode


@contextmanager
def _hooked(network: nn.Module, watched: _Watched) -> Iterator[None]:
    def hook(path: str) -> Any:
        return lambda module, given, returned: watched.see(path, module, given, returned)

    handles = [module.register_forward_hook(hook(path)) for path, module in network.named_modules() if path]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _wanted(names: Sequence[str], module: nn.Module, patterns: Sequence[str]) -> bool:
    if patterns:
        return any(fnmatchcase(name, each) for each in patterns for name in names)
    return isinstance(module, NONLINEARITIES)


def _place(tensor: Tensor) -> int:
    """Where the numbers of a tensor lie: the same for all views of them."""
    return tensor.untyped_storage().data_ptr()


def _tensors(value: Any) -> Iterator[Tensor]:
    match value:
        case Tensor():
            yield value
        case Mapping():
            for each in value.values():
                yield from _tensors(each)
        case list() | tuple():
            for each in value:
                yield from _tensors(each)


def _shown(value: Any) -> str:
    return f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else f"a {type(value).__name__}"
