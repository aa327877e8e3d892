"""What every job does beside its work: log, fail with one message, and say what made its result."""

import errno
import logging
import platform
import re
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from infoplane import jobs
from infoplane.errors import ConfigError, StoreError


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    """Leave logging and signals as they were: the rest of the tests shares this process."""
    root, own = logging.getLogger(), logging.getLogger("infoplane")
    handlers, level, own_level, on_sigterm = root.handlers[:], root.level, own.level, signal.getsignal(signal.SIGTERM)
    root.handlers = []
    yield
    logging.captureWarnings(False)
    for handler in root.handlers:
        handler.close()
    root.handlers, root.level = handlers, level
    own.setLevel(own_level)
    signal.signal(signal.SIGTERM, on_sigterm)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "results" / "mine" / "logs" / "train" / "run.log"
    path.parent.mkdir(parents=True)
    return path


def test_messages_go_to_the_file_and_to_the_screen(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with jobs.reported(str(log)):
        logging.getLogger("infoplane.training").info("epoch %d", 3)
    said = capsys.readouterr().err
    assert said.startswith("[train/run] epoch 3\n[train/run] work: ")
    assert log.read_text() == said


def test_warnings_are_logged(log: Path) -> None:
    with warnings.catch_warnings(), jobs.reported(str(log)):
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("seed 3 diverged", stacklevel=1)
    assert "seed 3 diverged" in log.read_text()


@pytest.mark.parametrize(
    "error",
    [ConfigError("wrong"), StoreError("a/b.zarr: damaged"), OSError(errno.EACCES, "Permission denied")],
    ids=lambda error: type(error).__name__,
)
def test_what_a_user_can_mend_ends_the_job_with_one_message(
    log: Path, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    with pytest.raises(SystemExit, match=r"^1$"), jobs.reported(str(log)):
        raise error
    said = capsys.readouterr().err
    assert said == f"[train/run] {error}\n"
    assert log.read_text() == said


def test_a_scheduler_that_ends_the_job_is_obeyed(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^143$"), jobs.reported(str(log)):
        signal.raise_signal(signal.SIGTERM)
    assert capsys.readouterr().err == "[train/run] asked to end (SIGTERM); run snakemake again to go on\n"


def test_a_full_disk_is_told_with_its_place_and_the_way_out(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^1$"), jobs.reported(str(log)):
        raise OSError(errno.ENOSPC, "No space left on device")
    said = capsys.readouterr().err
    assert f"No space left on device: the disk of {log.parent} is full" in said
    assert "Make room and run again" in said


def test_a_log_that_cannot_be_written_does_not_hide_the_message(
    log: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(logging.FileHandler, "flush", full)
        with pytest.raises(SystemExit, match=r"^1$"), jobs.reported(str(log)):
            raise ConfigError("wrong")
    assert capsys.readouterr().err == "[train/run] wrong\n"


def test_an_interrupted_job_says_one_line(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^130$"), jobs.reported(str(log)):
        raise KeyboardInterrupt
    assert capsys.readouterr().err == "[train/run] interrupted; run snakemake again to go on\n"


def test_a_fault_of_the_program_keeps_its_traceback(log: Path) -> None:
    with pytest.raises(ZeroDivisionError, match="division by zero"), jobs.reported(str(log)):
        1 / 0  # noqa: B018 (its error is what is wanted)


def test_provenance_has_parameters_versions_and_what_else_is_known() -> None:
    found = jobs.provenance({"seeds": [1]}, device="cpu")
    assert found["parameters"] == {"seeds": [1]}
    assert found["device"] == "cpu"
    assert found["versions"]["python"] == platform.python_version()
    assert set(found["versions"]) == {"python", "infoplane", "numpy", "torch", "xarray", "zarr"}


def test_provenance_of_a_source_leaves_out_what_is_about_its_store_alone() -> None:
    attrs = {"checksum": "abc", "coordinates": "split", "format_version": 1}
    assert jobs.source(attrs) == {"checksum": "abc"}


OTHER = """
import sys
from pathlib import Path
from infoplane.alone import alone
with alone(Path(sys.argv[1])):
    print("begun", flush=True)
    sys.stdin.readline()
    Path(sys.argv[1]).with_suffix(".ended").touch()
"""


def test_a_job_waits_for_a_process_that_still_does_it(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", OTHER, str(log.with_suffix(".lock"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout
    assert other.stdout.readline() == "begun\n"
    ending = threading.Timer(0.5, lambda: other.communicate("\n"))
    ending.start()
    with jobs.reported(str(log)):
        log.with_suffix(".ended").unlink()
    ending.join()
    told = rf"waits for process {other.pid} on \S+, left by a workflow that was killed, to end with this same job"
    assert re.search(told, capsys.readouterr().err)
    assert [path.name for path in log.parent.iterdir()] == ["run.log"]


def test_a_process_that_was_killed_keeps_no_job_waiting(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", OTHER, str(log.with_suffix(".lock"))], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout
    other.stdout.readline()
    other.kill()
    other.communicate()
    assert log.with_suffix(".lock").exists()
    with jobs.reported(str(log)):
        pass
    assert "waits" not in capsys.readouterr().err
    assert [path.name for path in log.parent.iterdir()] == ["run.log"]
