import numpy as np
import pytest
import sklearn.datasets
from sklearn.utils import Bunch

from infoplane import datasets
from infoplane.datasets.digits import split
from infoplane.errors import DataError


def test_every_digit_of_scikit_learn_is_there_once_and_scaled() -> None:
    data, source = datasets.load("digits"), sklearn.datasets.load_digits()
    inputs = np.concatenate([data.train.inputs, data.test.inputs])
    assert inputs.shape == (1797, 1, 8, 8)
    loaded, expected = inputs.reshape(1797, 64), source.data / 16
    np.testing.assert_array_equal(np.unique(loaded, axis=0), np.unique(expected, axis=0).astype(np.float32))
    assert data.description == datasets.describe({"name": "digits"})
    assert (len(data.train.inputs), len(data.test.inputs)) == (1437, 360)


def test_targets_stay_with_their_images() -> None:
    data, source = datasets.load("digits"), sklearn.datasets.load_digits()
    known = {image.tobytes(): label for image, label in zip(source.data, source.target, strict=True)}
    images = (data.test.inputs.numpy().reshape(360, 64).astype(np.float64) * 16).tolist()
    assert [known[np.array(image).tobytes()] for image in images] == data.test.targets.tolist()


def test_split_takes_a_fifth_of_each_class_and_keeps_the_order() -> None:
    y = np.random.default_rng(0).integers(0, 4, 1000)
    arrays = split(np.arange(1000)[:, None], y)
    for label in range(4):
        assert abs((arrays.y_test == label).sum() - (y == label).sum() / 5) < 1
    assert (np.diff(arrays.x_train[:, 0]) > 0).all()
    assert set(arrays.x_train[:, 0]) | set(arrays.x_test[:, 0]) == set(range(1000))
    np.testing.assert_array_equal(y[arrays.x_test[:, 0]], arrays.y_test)


def test_other_digits_are_refused_with_both_checksums(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sklearn.datasets, "load_digits", lambda: Bunch(images=np.zeros((20, 8, 8)), target=np.arange(20) % 10)
    )
    expected = datasets.describe({"name": "digits"}).checksum
    with pytest.raises(DataError, match=rf"digits: .*SHA-256 [0-9a-f]{{64}}, expected {expected}\).*constraints\.txt"):
        datasets.load("digits")
