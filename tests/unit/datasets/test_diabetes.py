"""The data set of continuous targets that comes with scikit-learn."""

import numpy as np
import pytest

from infoplane import datasets
from infoplane.datasets import diabetes
from infoplane.errors import DataError


def test_all_patients_are_there_in_units_of_their_spread() -> None:
    data = datasets.load("diabetes")
    assert (data.description.targets, data.description.classes, data.description.shape) == ("continuous", 1, (10,))
    for name in ("inputs", "targets"):
        both = np.concatenate([getattr(split, name).numpy() for split in (data.train, data.test)])
        assert len(both) == 442
        np.testing.assert_allclose(both.mean(0, dtype=float), 0, atol=1e-6)
        np.testing.assert_allclose(both.std(0, dtype=float), 1, atol=1e-6)


def test_every_fifth_in_the_order_of_the_target_is_for_the_test() -> None:
    data = datasets.load("diabetes")
    y = np.sort(np.concatenate([data.train.targets.numpy(), data.test.targets.numpy()]).ravel())
    np.testing.assert_array_equal(np.sort(data.test.targets.numpy().ravel()), y[::5])


def test_another_scikit_learn_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diabetes, "_CHECKSUM", "other")
    with pytest.raises(DataError, match=r"diabetes: those of scikit-learn .* are not the known ones .*expected other"):
        datasets.load("diabetes")
