"""Random variables whose mutual information is known, to see what an estimator answers to it.

Draws are NumPy arrays (n, d), one sample a row; the truths are of the distributions, not of the draws, in bits.
"""

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_DRAWS = 5_000  # of a mixture, from which the truth about its labels is computed: ± 0.02 bits
_HALVINGS = 20  # of an interval, until the root in it is known to a millionth


def gaussian_pair(
    n: int, first: int, second: int, *, information: float, random: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draw two Gaussian variables of some dimensions with a known I(X; T).

    All coordinates have variance 1. As many as the smaller variable has are correlated one to one, with
    information = −q/2 log2(1 − ρ²) for q pairs; those of the larger one are chosen at random.

    Parameters
    ----------
    n
        Number of samples.
    first, second
        Dimensions of X and T.
    information
        Bits, at least 0.
    random
        Where the draws come from.

    Returns
    -------
    tuple of ndarray
        X (n, first) and T (n, second).
    """
    _not_negative(information)
    pairs = min(first, second)
    rho = math.sqrt(-math.expm1(-2 * math.log(2) * information / pairs))
    x, t = random.standard_normal((n, first)), random.standard_normal((n, second))
    of_x, of_t = random.permutation(first)[:pairs], random.permutation(second)[:pairs]
    t[:, of_t] = rho * x[:, of_x] + math.sqrt(1 - rho**2) * t[:, of_t]
    return x, t


def noisy_source(
    n: int, dimension: int, *, information: float, noise_variance: float, random: np.random.Generator
) -> Floats:
    """Draw a Gaussian variable that has a known information with itself plus Gaussian noise.

    information = d/2 log2(1 + v / noise_variance), with v the variance of each of its d coordinates.

    Parameters
    ----------
    n, dimension
        Of the draw.
    information
        Bits, at least 0.
    noise_variance
        Of the noise, which is not added.
    random
        Where the draws come from.
    """
    _not_negative(information)
    variance = noise_variance * math.expm1(2 * math.log(2) * information / dimension)
    return math.sqrt(variance) * random.standard_normal((n, dimension))


def scattered_points(
    n: int, dimension: int, *, information: int, low: float, high: float, random: np.random.Generator
) -> Floats:
    """Draw from 2^information points, all equally likely: a variable of so many bits.

    Parameters
    ----------
    n, dimension
        Of the draw.
    information
        Bits, a whole number.
    low, high
        Ends of every coordinate of the points, which are uniform between them.
    random
        Where the draws come from.
    """
    _not_negative(information)
    drawn, place = np.unique(random.integers(2**information, size=n), return_inverse=True)
    return random.uniform(low, high, size=(len(drawn), dimension))[place]


def labelled_mixture(
    n: int, dimension: int, classes: int, *, information: float, random: np.random.Generator
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Draw labels and, for each, from a Gaussian around a centre of its own, with a known I(T; Y).

    Labels are equally likely; centres are Gaussian around 0, with the variance at which the information is as wanted,
    to 0.02 bits; the variance around each of them is 1. The truth is H(Y) − H(Y|T), by Monte Carlo.

    Parameters
    ----------
    n, dimension
        Of the draw.
    classes
        Number of labels, at least 2.
    information
        Bits, at least 0 and below log2 of the number of labels.
    random
        Where the draws come from.

    Returns
    -------
    tuple of ndarray
        T (n, dimension) and Y (n,).
    """
    if not 0 <= information < math.log2(classes):
        raise ValueError(f"information is {information}; accepted: from 0 to below log2 of {classes} classes")
    centres = random.standard_normal((classes, dimension))
    centres *= _spread(centres, information, random)
    targets = random.integers(classes, size=n)
    return centres[targets] + random.standard_normal((n, dimension)), targets


def information_of_mixture(centres: Floats, random: np.random.Generator) -> float:
    """I(T; Y) of Gaussians of variance 1 around some centres (classes, d), with equally likely labels, bits."""
    return _information(centres @ centres.T, *_noise(centres, random), 1.0)


def _spread(centres: Floats, information: float, random: np.random.Generator) -> float:
    """The factor on centres at which a mixture has some information, by halving an interval."""
    products, labels, noise = centres @ centres.T, *_noise(centres, random)
    low, high = 0.0, 1.0
    while _information(products, labels, noise, high) < information:
        high *= 2
    for _ in range(_HALVINGS if information else 0):
        middle = (low + high) / 2
        low, high = (middle, high) if _information(products, labels, noise, middle) < information else (low, middle)
    return low


def _noise(centres: Floats, random: np.random.Generator) -> tuple[npt.NDArray[np.int64], Floats]:
    """Labels (m,), and the products of the noise with every centre (m, classes), which is all that they need.

    Every label comes as often, and every noise with both signs, so that fewer draws tell as much.
    """
    values, vectors = np.linalg.eigh(centres @ centres.T)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    half = random.standard_normal((_DRAWS // 2, len(centres))) @ root.T
    return np.tile(np.arange(_DRAWS // 2) % len(centres), 2), np.concatenate([half, -half])


def _information(products: Floats, labels: npt.NDArray[np.int64], noise: Floats, factor: float) -> float:
    """H(Y) − H(Y|T) with all centres multiplied by a factor, bits."""
    logits = factor**2 * (products[labels] - np.diag(products) / 2) + factor * noise
    logits -= logits.max(1, keepdims=True)
    own = np.take_along_axis(logits, labels[:, None], 1)[:, 0] - np.log(np.exp(logits).sum(1))
    return float(math.log2(len(products)) + own.mean() / math.log(2))


def _not_negative(information: float) -> None:
    if information < 0:
        raise ValueError(f"information is {information}; accepted: at least 0 bits")
