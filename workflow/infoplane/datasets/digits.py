"""Handwritten digits, 8 × 8 grey images of ten classes: shipped inside scikit-learn, so nothing is downloaded.

Source: the test part of "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak, UCI repository, 1998).
"""

import numpy as np

from infoplane.datasets.arrays import digest
from infoplane.datasets.content import Array, Arrays, Description, Page
from infoplane.errors import DataError

_CHECKSUM = "7a8356fc6a2f188f740be46634783a8b8ef497875f865946e407a1479f26107b"
_TEST_EVERY = 5


def _read() -> Arrays:
    import sklearn  # seconds to import, and the workflow is planned without it
    from sklearn.datasets import load_digits

    digits = load_digits()
    arrays = split(digits.images.astype(np.float32) / 16, digits.target.astype(np.int64))
    if (found := digest(arrays)) != _CHECKSUM:
        raise DataError(
            f"digits: those of scikit-learn {sklearn.__version__} are not the known ones (SHA-256 {found}, "
            f"expected {_CHECKSUM}). Install scikit-learn as pinned in envs/constraints.txt."
        )
    return arrays


def split(x: Array, y: Array) -> Arrays:
    """Split samples, the same way for ever: sorted by class, every fifth is for the test.

    Each class has its fifth there, to within one sample. Both parts keep the order of the samples.
    """
    by_class = np.argsort(y, kind="stable")
    test = np.zeros(len(y), dtype=np.bool_)
    test[by_class[::_TEST_EVERY]] = True
    return Arrays(x[~test], y[~test], x[test], y[test])


DIGITS = Page(Description("digits", (1, 8, 8), 10, {"train": 1437, "test": 360}, _CHECKSUM), _read)
