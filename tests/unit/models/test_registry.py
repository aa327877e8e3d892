"""Networks by name or from a user's file: made as described, or refused in words."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infoplane import models
from infoplane.errors import ConfigError

OWN = """
import torch
from torch import nn
from infoplane.models.layers import Layer

OUTPUT = Layer("output", "output", "1", "1")


def network(layers):
    found = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    if layers is not None:
        found.layers = layers
    return found


def make(shape, classes, *, scale=1):
    found = network((OUTPUT,))
    found.scale = scale
    return found


def nameless(shape, classes):
    return network(None)


def empty(shape, classes):
    return network(())


def narrow(shape, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(63, 10))


def elsewhere(shape, classes):
    return network((OUTPUT, Layer("fc9", "fully_connected", "7", "7")))


def looped(shape, classes):
    return network((Layer("fc1", "fully_connected", "1", "1", inputs=("output",)), OUTPUT))


def failing(shape, classes):
    return {}["weights"]


def forgetful(shape, classes):
    network(None)


def unmade(shape, classes):
    return nn.Sequential


def paired(shape, classes):
    return network(None), {}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own.py").write_text(OWN)
    return tmp_path


def test_every_registered_network_is_made_and_runs_as_its_layers_say() -> None:
    for name in models.names():
        network = models.make({"name": name}, (3, 32, 32), 3072 if name == "autoencoder" else 10)
        assert models.layers_of(network)[-1].name == "output"
        assert models.module(name) == type(network).__module__


def test_registry_loads_no_torch() -> None:
    program = "import sys; from infoplane import models; models.names(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_network_of_ones_own(folder: Path) -> None:
    network = models.make({"factory": "own.py:make", "scale": 3}, (1, 8, 8), 10, folder=folder)
    assert getattr(network, "scale", None) == 3
    assert [layer.name for layer in models.layers_of(network)] == ["output"]


@pytest.mark.parametrize("function", ["nameless", "empty"])
def test_layers_of_a_network_that_names_none_are_found(folder: Path, function: str) -> None:
    network = models.make({"factory": f"own.py:{function}"}, (1, 8, 8), 10, folder=folder)
    (output,) = models.layers_of(network)
    assert (output.name, output.activation, output.inputs) == ("output", "1", ("input",))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"name": "lennet"},
            r"^model 'lennet' is not known; did you mean 'lenet'\? "
            r"accepted: alexnet, autoencoder, cnn, lenet, mlp, resnet20, vgg16$",
        ),
        (
            {"name": "mlp", "widths": [3]},
            r"^model mlp: option 'widths' \(value \[3\]\) is not known; .*accepted: .*hidden",
        ),
        ({"name": "mlp", "shape": [3]}, r"^model mlp: option 'shape' \(value \[3\]\) is not known"),
        (
            {"name": "mlp", "hidden": [0]},
            r"^model 'mlp' with \{'hidden': \[0\]\} on inputs of shape \(1, 8, 8\): hidden",
        ),
        (
            {"name": "mlp", "layers": ["fc1", "fc3"]},
            r"^layer of model 'mlp': 'fc3' is not known; did you mean 'fc2'\? accepted: fc1, fc2, output$",
        ),
        (
            {"factory": "own.py:nameless", "layers": ["fc*"]},
            r"^layers of model 'own\.py:nameless': module 'fc\*' is not known; accepted: 0, 1$",
        ),
        (
            {"factory": "own.py:narrow"},
            r"^layers of model 'own\.py:narrow': on inputs of shape \(1, 8, 8\): RuntimeError: .*shapes cannot be",
        ),
        ({"factory": "own.py:elsewhere"}, r"^layer 'fc9' of model 'own\.py:elsewhere': '7' is no module of it$"),
        (
            {"factory": "own.py:looped"},
            r"^layers of model 'own\.py:looped': layer 'fc1' has input 'output', which is not before it; .*: input$",
        ),
        ({"factory": "own.py:failing"}, r"^model 'own\.py:failing' .*: KeyError: 'weights'$"),
        (
            {"factory": "own.py:forgetful"},
            r"^model 'own\.py:forgetful' returns None; accepted: a torch\.nn\.Module, and",
        ),
        ({"factory": "own.py:unmade"}, r"^model 'own\.py:unmade' returns the class Sequential; accepted"),
        ({"factory": "own.py:paired"}, r"^model 'own\.py:paired' returns a tuple; accepted"),
        ({"factory": "own.py:make", "scael": 2}, r"^model own\.py:make: option 'scael' .*did you mean 'scale'"),
        ({"factory": "own.py:amke"}, r"no function 'amke' there; did you mean 'make'\?"),
    ],
)
def test_what_cannot_be_made_is_refused(folder: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        models.make(settings, (1, 8, 8), 10, folder=folder)
