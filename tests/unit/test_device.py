"""The device comes from the environment, and what is set with it makes torch repeat its own bits."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
import torch

from infoplane import device
from infoplane.errors import ConfigError


@pytest.fixture(autouse=True)
def _put_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave torch as it was, for the tests that come after."""
    threads, strict = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    monkeypatch.delenv(device.VARIABLE, raising=False)
    yield
    torch.set_num_threads(threads)
    torch.set_deterministic_debug_mode(strict)


def test_threads_are_those_of_the_experiment_and_algorithms_repeat() -> None:
    for threads in (2, 1):
        device.prepare(threads=threads)
        assert torch.get_num_threads() == threads


def test_threads_that_share_fewer_cores_are_told(caplog: pytest.LogCaptureFixture) -> None:
    device.prepare(threads=2, granted=2)
    assert not caplog.messages
    device.prepare(threads=2, granted=1)
    assert torch.get_num_threads() == 2
    assert caplog.messages == ["2 threads (training.threads) share 1 of the cores (--cores), which takes longer"]
    assert torch.are_deterministic_algorithms_enabled()
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setenv(device.VARIABLE, "cpu")
    assert device.prepare() == torch.device("cpu")


@pytest.mark.parametrize("value", [None, ""])
def test_without_it_the_cpu_serves_where_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    if value is not None:
        monkeypatch.setenv(device.VARIABLE, value)
    found = device.prepare()
    assert found == torch.device("cpu")
    assert device.describe(found) == "cpu"


def test_preparing_does_not_load_the_compiler() -> None:
    """Which takes longer than a small job."""
    program = "import sys; from infoplane import device; device.prepare(); sys.exit('torch._inductor' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("name", ["gpu", "cpu:x", "cuda:99"])
def test_a_device_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(device.VARIABLE, name)
    with pytest.raises(ConfigError, match=rf"^INFOPLANE_DEVICE='{name}': .* Accepted: cpu, cuda, cuda:0, …$"):
        device.prepare()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU that torch can use")
def test_a_gpu_is_found_and_named() -> None:
    found = device.prepare()
    assert found.type == "cuda"
    assert device.describe(found) == torch.cuda.get_device_name(0)
