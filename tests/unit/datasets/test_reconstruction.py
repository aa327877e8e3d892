"""The input as the target, of data sets of every kind."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from infoplane import datasets
from infoplane.errors import ConfigError

FUNCTION = """
import numpy as np

def load(scale=1.0):
    x = scale * np.arange(24.0).reshape(6, 2, 2)
    return x[:4], np.arange(4) % 2, x[4:], np.arange(2)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own.py").write_text(FUNCTION)
    x = np.arange(48, dtype=np.uint8).reshape(6, 2, 4)
    np.savez(tmp_path / "own.npz", x_train=x[:4], y_train=[0, 1, 0, 1], x_test=x[4:], y_test=[0, 1])
    return tmp_path


SOURCES = pytest.mark.parametrize(
    "source",
    [
        {"name": "digits"},
        {"name": "szt_soft"},
        {"file": "own.npz"},
        {"factory": "own.py:load", "scale": 0.5},
    ],
    ids=lambda source: next(iter(source.values())),
)


@SOURCES
def test_targets_are_the_inputs_as_vectors(folder: Path, source: dict[str, Any]) -> None:
    own = datasets.load(source, folder=folder)
    found = datasets.load({**source, "target": "input"}, folder=folder)
    for split in ("train", "test"):
        inputs, targets = getattr(found, split).inputs, getattr(found, split).targets
        assert torch.equal(inputs, getattr(own, split).inputs)
        assert targets.dtype == torch.float32
        assert targets.tolist() == inputs.reshape(len(inputs), -1).tolist()
        assert getattr(found, split).target_probability is None


@SOURCES
def test_its_description_is_that_of_continuous_targets_and_of_another_content(
    folder: Path, source: dict[str, Any]
) -> None:
    own = datasets.describe(source, folder=folder)
    found = datasets.describe({**source, "target": "input"}, folder=folder)
    assert found == datasets.load({**source, "target": "input"}, folder=folder).description
    assert (found.name, found.shape, found.sizes) == (own.name, own.shape, own.sizes)
    assert (found.targets, found.classes) == ("continuous", np.prod(own.shape))
    assert len(bytes.fromhex(found.checksum)) == 32
    assert found.checksum != own.checksum


@pytest.mark.parametrize("target", ["inputs", None, True])
def test_any_other_target_is_refused(target: object) -> None:
    message = rf"dataset target {target!r}: accepted: 'input', or no such key for the data's own targets"
    for called in (datasets.describe, datasets.load):
        with pytest.raises(ConfigError, match=message):
            called({"name": "digits", "target": target})
