"""The code of docs/own.md and README.md runs as it stands there."""

import re
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

import infoplane

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "own.md").read_text()
INPUTS = torch.rand(24, 6, generator=torch.Generator().manual_seed(0))
TARGETS = torch.arange(24) % 3


def code(name: str) -> str:
    return re.search(rf"<!-- tested: {name} -->\n```python\n(.*?)```", PAGE, flags=re.DOTALL)[1]


def train_an_epoch(model: nn.Module) -> None:
    cross_entropy(model(INPUTS), TARGETS).backward()
    torch.optim.SGD(model.parameters(), lr=0.1).step()


def test_a_loop_and_a_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = nn.Sequential(OrderedDict(linear=nn.Linear(6, 5), relu1=nn.ReLU(), fc=nn.Linear(5, 3)))
    names = {"model": model, "probe_inputs": INPUTS, "probe_targets": TARGETS, "train_an_epoch": train_an_epoch}
    exec(code("loop"), names)
    exec(code("notebook"), names)
    assert (tmp_path / "information_plane.png").read_bytes().startswith(b"\x89PNG")
    information = names["summary"]["information"].to_dataset()
    assert information["layer"].values.tolist() == ["relu1", "output"]
    assert information["epoch"].values.tolist() == [0, 1, 2, 3]
    assert code("notebook") in (ROOT / "README.md").read_text()


def test_arrays() -> None:
    names = {"infoplane": infoplane, "inputs": INPUTS, "targets": TARGETS}
    exec(code("arrays"), {**names, "hidden": torch.rand(3, 24, 5), "probabilities": torch.rand(3, 24, 3)}, names)
    assert names["summary"]["information"].to_dataset().sizes["epoch"] == 3
