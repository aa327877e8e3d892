"""The task of Shwartz-Ziv and Tishby: 12 points on a sphere, on or off, and a rule that does not see how it is turned.

Source: Shwartz-Ziv and Tishby, "Opening the black box of deep neural networks via information", arXiv:1703.00810, 2017.
The points are the vertices of an icosahedron. The order of the bits and the numbers of the rule are not in the paper:
they were found from the labels that its authors published, and give all of them.

`train` holds all 4,096 patterns, as each network draws its own `fraction` of them, and `test` holds all of them again.
So the test accuracy A is that over the whole task, and a probe of ``test`` is the same for every network, up to all
patterns. Of m patterns to train on, with accuracy a, the accuracy on the others is (4096 A − m a) / (4096 − m); this,
as A itself, wants the default `evaluation_size`, or any of at least 4,096.

``szt_soft`` has the patterns and the labels of ``szt`` to train and test on, and beside them p(y|x) of the soft rule.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from infoplane.datasets.arrays import digest
from infoplane.datasets.content import Arrays, Description, Page
from infoplane.errors import DataError

_Floats = npt.NDArray[np.float64]
_Soft = Callable[[], tuple[_Floats, _Floats]]

BITS = 12
_PHI = (1 + 5**0.5) / 2
VERTICES = (  # of the icosahedron, by bit
    (0, 1, _PHI),
    (_PHI, 0, 1),
    (1, -_PHI, 0),
    (0, -1, _PHI),
    (_PHI, 0, -1),
    (-1, _PHI, 0),
    (0, 1, -_PHI),
    (-_PHI, 0, -1),
    (-1, -_PHI, 0),
    (0, -1, -_PHI),
    (-_PHI, 0, 1),
    (1, _PHI, 0),
)
_THRESHOLD = 171.8
GAIN = 4.131  # of the soft rule: I(X;Y) = 0.99 bits
_GRID = 2.0**-40  # on which p(y|x) is compared: the last bits of an exponential differ between machines
_UNITS = 3
_SEED = 0


def patterns() -> _Floats:
    """All patterns of 12 bits in counting order, the most significant bit first: 0 and 1, (4096, 12)."""
    places = np.arange(BITS)[::-1]
    return ((np.arange(2**BITS)[:, None] >> places) & 1).astype(np.float64)


def margin(x: _Floats) -> _Floats:
    """f(x) − θ of the rule that is invariant under O(3): y is 1 where it is positive.

    With k points that are on, and among them e pairs of neighbours and c pairs of antipodes,
    f = 45.6 k − 4.4 k² + 9.6 e − 4.8 c and θ = 171.8. As two points lie at one of three angles, f is linear in the
    power spectrum p₀ … p₃ of the pattern on the sphere, which Shwartz-Ziv and Tishby 2017 build their rule from. No
    pattern is nearer to θ than 1.

    Parameters
    ----------
    x
        Patterns of 0 and 1, (n, 12), a bit for each of `VERTICES`.

    Returns
    -------
    ndarray
        (n,), float64.
    """
    points = np.array(VERTICES)
    products = points @ points.T
    on = x.sum(axis=1)
    neighbours = _pairs(x, np.isclose(products, _PHI))
    antipodes = _pairs(x, np.isclose(products, -products[0, 0]))
    energy: _Floats = 45.6 * on - 4.4 * on**2 + 9.6 * neighbours - 4.8 * antipodes
    return energy - _THRESHOLD


def soft_targets() -> _Floats:
    """p(y|x) of the soft rule, for the information-bottleneck curve, which for hard labels is but a segment.

    p(y=1|x) = 1 / (1 + exp(−g (f(x) − θ))), with f(x) − θ from `margin` and g = `GAIN`, at which I(X;Y) is 0.99 bits
    (Shwartz-Ziv and Tishby 2017; the value of g is not in the paper). All patterns are equally probable, so p(x, y) is
    this divided by 4,096.

    Returns
    -------
    ndarray
        p(y|x) for the patterns in counting order and y = 0, 1: (4096, 2), float64, each row of sum 1.
    """
    exponents = GAIN * margin(patterns())[:, None] * [1, -1]
    return np.exp(-np.logaddexp(0, exponents))


def committee_margin(x: _Floats) -> _Floats:
    """Σ_j w_j·x − θ of three linear units, a rule that is not invariant: y is 1 where it is positive.

    It stands for the committee machine of Shwartz-Ziv and Tishby 2017, Fig. 8. A second file of labels that they
    published follows such a sum, and is presumably that of the figure. Its coefficients are not used; chosen here:

    - w, (3, 12), is ``np.random.default_rng(0).random((3, 12))``. None is negative, so rectified units give the same
      labels, as they do in that file. Thresholds of the units would only add to θ.
    - θ is half the sum of all w. Of a pattern and its complement exactly one is above it, so p(y=1) = 0.5.

    A sum of linear units is linear: the rule is linearly separable, as that of the file is.

    Parameters
    ----------
    x
        Patterns of 0 and 1, (n, 12).

    Returns
    -------
    ndarray
        (n,), float64.
    """
    coefficients = np.random.default_rng(_SEED).random((_UNITS, BITS))
    threshold: float = coefficients.sum() / 2
    sums: _Floats = (x @ coefficients.T).sum(axis=1)
    return sums - threshold


def _pairs(x: _Floats, related: npt.NDArray[np.bool_]) -> _Floats:
    """How many pairs of related points are on, (n,)."""
    ordered: _Floats = (x @ related * x).sum(axis=1)
    return ordered / 2


def _page(name: str, rule: Callable[[_Floats], _Floats], *, checksum: str, soft: _Soft | None = None) -> Page:
    sizes = {"train": 2**BITS, "test": 2**BITS}
    description = Description(name, (BITS,), 2, sizes, checksum)
    return Page(description, partial(_read, description, rule, soft), soft)


def _of_both_splits() -> tuple[_Floats, _Floats]:
    return soft_targets(), soft_targets()


def _read(description: Description, rule: Callable[[_Floats], _Floats], soft: _Soft | None) -> Arrays:
    x = patterns()
    y = (rule(x) > 0).astype(np.int64)
    arrays = Arrays(x, y, x, y)
    rounded = [np.rint(p / _GRID).astype(np.int64) for p in soft()] if soft else []
    if (found := digest([*arrays, *rounded])) != description.checksum:
        raise DataError(
            f"{description.name}: what NumPy {np.__version__} makes is not the known data set (SHA-256 {found}, "
            f"expected {description.checksum}). Install NumPy as pinned in envs/constraints.txt."
        )
    return arrays


SZT = _page("szt", margin, checksum="596fd8fcf023de1934db3132eb0c374587fd56a367eaf8ae73832212ade124dd")

SZT_SOFT = _page(
    "szt_soft",
    margin,
    checksum="d2a5e0a3050bd71bbd4220906c374e13d86574130859390e883bc545d7fd2118",
    soft=_of_both_splits,
)

SZT_COMMITTEE = _page(
    "szt_committee",
    committee_margin,
    checksum="5927d31edf2987dcfea83cb20b9a32f5567349cb6bf7286dacbd7a4b88416cd1",
)
