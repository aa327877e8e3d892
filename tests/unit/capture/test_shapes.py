"""The sizes of a network's layers, without a run of it."""

from pathlib import Path

from infoplane.capture import shapes


def test_layers_of_a_small_lenet() -> None:
    model = {"name": "lenet", "filters": [2, 3], "hidden": [8], "kernel_size": 3, "padding": 1}
    found = shapes.of_model(model, (1, 8, 8), 10, folder=Path())
    assert {name: (each["channels"], each["dimension"]) for name, each in found.items()} == {
        "conv1": (2, 2 * 64),
        "conv2": (3, 3 * 16),
        "fc1": (1, 8),
        "output": (1, 10),
    }


def test_layers_that_are_chosen() -> None:
    model = {"name": "mlp", "hidden": [7, 5], "layers": ["fc2"]}
    assert list(shapes.of_model(model, (12,), 2, folder=Path())) == ["fc2"]
