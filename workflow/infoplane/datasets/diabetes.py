"""Diabetes, ten measurements of 442 patients and how far the disease was a year later: shipped inside scikit-learn.

Source: Efron, Hastie, Johnstone and Tibshirani, "Least angle regression", Annals of Statistics 32(2), 2004. Inputs and
target are divided by their standard deviation over all patients, after their mean is taken off, so that a network can
be trained on them. The target is continuous.
"""

import numpy as np

from infoplane.datasets.arrays import digest
from infoplane.datasets.content import Array, Arrays, Description, Page
from infoplane.errors import DataError
from infoplane.targets import CONTINUOUS

_CHECKSUM = "ccc69c84f404f9f907bf9193ef242df309c086ec18f765b43c6b66d81bf517be"
_TEST_EVERY = 5


def _read() -> Arrays:
    import sklearn  # seconds to import, and the workflow is planned without it
    from sklearn.datasets import load_diabetes

    patients = load_diabetes(scaled=False)
    if (found := digest([patients.data, patients.target])) != _CHECKSUM:
        raise DataError(
            f"diabetes: those of scikit-learn {sklearn.__version__} are not the known ones (SHA-256 {found}, "
            f"expected {_CHECKSUM}). Install scikit-learn as pinned in envs/constraints.txt."
        )
    x, y = _standardised(patients.data), _standardised(patients.target)
    test = np.zeros(len(y), dtype=np.bool_)
    test[np.argsort(y, kind="stable")[::_TEST_EVERY]] = True  # every fifth in the order of the target
    return Arrays(x[~test], y[~test], x[test], y[test])


def _standardised(values: Array) -> Array:
    """Each column with mean 0 and standard deviation 1, float32."""
    scaled: Array = ((values - values.mean(0)) / values.std(0)).astype(np.float32)
    return scaled


DIABETES = Page(Description("diabetes", (10,), 1, {"train": 353, "test": 89}, _CHECKSUM, CONTINUOUS), _read)
