from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infoplane import datasets
from infoplane.errors import ConfigError, DataError

SOURCE = """
import numpy as np
import torch
from infoplane.datasets import Dataset, Description, Split

def arrays(n=4, scale=1.0):
    x = np.arange(2 * n, dtype=np.float32).reshape(n, 2) * scale
    return x, np.arange(n) % 2, x[:2], np.array([0, 1])

def tensors(n=4):
    x_train, y_train, x_test, y_test = map(torch.as_tensor, arrays(n))
    x_train.requires_grad_()
    return {"y_test": y_test, "x_test": x_test, "y_train": y_train, "x_train": x_train}

def dataset(n=4):
    x_train, y_train, x_test, y_test = map(torch.as_tensor, arrays(n))
    description = Description("wrong", (7,), 7, {}, "wrong")
    return Dataset(Split(x_train, y_train), Split(x_test, y_test), description)

def needs(n):
    return arrays(n)

def fails():
    raise RuntimeError("no such thing")

def three():
    return arrays()[:3]

def misnamed():
    return {"x": 1, "y": 2}

def ragged():
    return [[1.0], [2.0, 3.0]], [0, 1], [[1.0]], [0]

def words():
    return [["a", "b"]], [0], [["a", "b"]], [0]

constant = 3
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(SOURCE)
    return tmp_path


def _load(folder: Path, function: str, **options: Any) -> datasets.Dataset:
    return datasets.load({"factory": f"mine.py:{function}", **options}, folder=folder)


@pytest.mark.parametrize("function", ["arrays", "tensors", "dataset"])
def test_arrays_tensors_and_data_sets_are_all_accepted(folder: Path, function: str) -> None:
    data = _load(folder, function, n=6)
    assert data.train.inputs.tolist() == [[2 * i, 2 * i + 1] for i in range(6)]
    assert data.train.targets.tolist() == [0, 1, 0, 1, 0, 1]
    assert not data.train.inputs.requires_grad
    assert data.description == datasets.Description(
        function, (2,), 2, {"train": 6, "test": 2}, _load(folder, "arrays", n=6).description.checksum
    )


def test_description_is_that_of_what_is_loaded(folder: Path) -> None:
    source = {"factory": "mine.py:arrays", "scale": 0.5}
    assert datasets.describe(source, folder=folder) == datasets.load(source, folder=folder).description


def test_checksum_follows_the_content(folder: Path) -> None:
    checksums = {_load(folder, "arrays", scale=scale).description.checksum for scale in (1.0, 1.0, 2.0)}
    assert len(checksums) == 2


def test_a_function_of_an_installed_module_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(folder)
    assert datasets.describe({"factory": "mine:arrays", "n": 8}).sizes == {"train": 8, "test": 2}


def test_an_edited_file_is_read_anew(folder: Path) -> None:
    before = _load(folder, "arrays").description.checksum
    (folder / "mine.py").write_text(SOURCE.replace("scale=1.0", "scale=30.0"))
    assert _load(folder, "arrays").description.checksum != before


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            {"factory": "mine.py"},
            r"factory 'mine\.py': accepted: path/to/file\.py:function or package\.module:function",
        ),
        ({"factory": "mine.py:"}, r"accepted: path/to/file\.py:function"),
        ({"factory": "none.py:make"}, r"factory file .*none\.py is missing"),
        ({"factory": "mine.py:array"}, r"no function 'array' there; did you mean 'arrays'"),
        ({"factory": "mine.py:constant"}, r"no function 'constant' there; .*accepted: .*arrays, tensors"),
        ({"factory": "no_such_module:make"}, r"no_such_module cannot be imported: ModuleNotFoundError"),
        (
            {"factory": "mine.py:needs"},
            r"mine\.py:needs\(n\) does not take the options \{\}: missing a required argument",
        ),
        (
            {"factory": "mine.py:arrays", "m": 3},
            r"mine\.py:arrays: option 'm' \(value 3\) is not known; accepted: n, scale$",
        ),
    ],
)
def test_a_wrong_request_is_refused_with_what_would_be_accepted(
    folder: Path, source: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        datasets.describe(source, folder=folder)


def test_a_file_that_does_not_run_is_told(folder: Path) -> None:
    (folder / "mine.py").write_text("import no_such_module")
    with pytest.raises(ConfigError, match=r"mine\.py cannot be run: ModuleNotFoundError.*no_such_module"):
        _load(folder, "arrays")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("fails", r"factory mine\.py:fails failed: RuntimeError: no such thing"),
        ("three", r"returned a tuple; accepted: a Dataset, a tuple \(x_train, y_train, x_test, y_test\)"),
        ("misnamed", r"returned a dict with the keys x, y; accepted"),
        ("ragged", r"array of type list cannot be read: .*inhomogeneous"),
        ("words", r"what factory mine\.py:words returned is no usable data set:\n  - x_train is <U1"),
    ],
)
def test_a_wrong_result_is_refused(folder: Path, function: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _load(folder, function)


def test_a_function_without_a_signature_tells_by_failing() -> None:
    with pytest.raises(DataError, match=r"factory builtins:max failed: TypeError"):
        datasets.load({"factory": "builtins:max"})


def test_loaded_tensors_share_no_memory_with_what_the_function_returned(folder: Path) -> None:
    (folder / "mine.py").write_text(SOURCE + "kept = arrays()\ndef shared(): return kept\n")
    data = _load(folder, "shared")
    data.train.inputs.zero_()
    assert np.count_nonzero(_load(folder, "shared").train.inputs) > 0
