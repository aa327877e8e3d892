"""The package against a second implementation that is as plain as the formulas: numpy, loops, nothing shared."""

import math
from itertools import combinations

import numpy as np
import pytest
import torch

from infoplane.measures import gram, pid, renyi

ORDERS = [0.7, 1, 1.01, 2, 3.5, math.inf]


def plain_gram(samples, sigma):
    """exp(−‖x_i − x_j‖² / (2σ²)) / n."""
    n = len(samples)
    return np.array([[math.exp(-((a - b) ** 2).sum() / (2 * sigma**2)) / n for b in samples] for a in samples])


def plain_entropy(a, alpha):
    """log2 Σ λ^α / (1−α) and its limits."""
    values = np.linalg.eigvalsh(a)
    values = values[values > 0]
    if alpha == 1:
        return -(values * np.log2(values)).sum()
    if alpha == math.inf:
        return -np.log2(values.max())
    return np.log2((values**alpha).sum()) / (1 - alpha)


def plain_joint(*grams):
    """A1 ∘ … ∘ AL / tr."""
    product = np.prod(grams, axis=0)
    return product / np.trace(product)


def plain_information(target, maps, alpha):
    """S(B) + S(A1, …) − S(A1, …, B)."""
    return (
        plain_entropy(target, alpha)
        + plain_entropy(plain_joint(*maps), alpha)
        - plain_entropy(plain_joint(*maps, target), alpha)
    )


def plain_decomposition(maps, target, alpha):
    """MMI, RST, WNI, RST %, WNI %, pairs excluded, as Yu et al. 2021 define them."""
    single = [plain_information(target, [a], alpha) for a in maps]
    terms = []
    for i, j in combinations(range(len(maps)), 2):
        both = plain_information(target, [maps[i], maps[j]], alpha)
        terms.append((single[i] + single[j] - both, 2 * both - single[i] - single[j], both))
    rst, wni, both = np.array(terms).T
    counted = both > 1e-6
    return [
        plain_information(target, maps, alpha),
        rst.mean(),
        wni.mean(),
        100 * (rst[counted] / both[counted]).mean(),
        100 * (wni[counted] / both[counted]).mean(),
        (~counted).sum(),
    ]


@pytest.fixture(scope="module")
def maps():
    """Six maps of 18 samples; the last is dead."""
    values = np.random.default_rng(5).normal(size=(6, 18, 3))
    values[5] = 1.0
    return values


@pytest.fixture(scope="module")
def targets():
    """An input, and classes."""
    random = np.random.default_rng(6)
    return random.normal(size=(18, 5)), random.integers(0, 4, size=18)


def test_gram(maps):
    built = gram.gaussian(torch.from_numpy(maps), bandwidth=1.3, batch_dims=1).numpy()
    np.testing.assert_allclose(built, [plain_gram(x, 1.3) for x in maps], rtol=1e-13)


@pytest.mark.parametrize("alpha", ORDERS)
def test_entropies(maps, targets, alpha):
    """The plain form loses 144 roundings at α = 1.01, hence 1e-11."""
    grams = [plain_gram(x, 1.3) for x in maps]
    built = torch.from_numpy(np.array(grams))
    y = (targets[1][:, None] == targets[1]) / 18
    np.testing.assert_allclose(
        renyi.entropy(built, alpha=alpha).numpy(), [plain_entropy(a, alpha) for a in grams], rtol=0, atol=room(alpha)
    )
    np.testing.assert_allclose(
        renyi.joint_entropy(built, torch.from_numpy(y), alpha=alpha).numpy(),
        [plain_entropy(plain_joint(a, y), alpha) for a in grams],
        rtol=0,
        atol=room(alpha),
    )
    np.testing.assert_allclose(
        renyi.mutual_information(built, torch.from_numpy(y), alpha=alpha).numpy(),
        [plain_information(y, [a], alpha) for a in grams],
        rtol=0,
        atol=room(alpha),
    )


@pytest.mark.parametrize("alpha", ORDERS)
def test_decomposition(maps, targets, alpha):
    grams = [plain_gram(x, 2.0) for x in maps]
    x, y = plain_gram(targets[0], 2.0), (targets[1][:, None] == targets[1]) / 18
    built = pid.pairwise_many(
        torch.from_numpy(np.array(grams)), [torch.from_numpy(x), torch.from_numpy(y)], alpha=alpha
    )
    for found, target in zip(built, (x, y), strict=True):
        expected = plain_decomposition(grams, target, alpha)
        np.testing.assert_allclose([value.item() for value in found], expected, rtol=0, atol=1000 * room(alpha))


def room(alpha):
    """What rounding costs the plain form, bits: of the zero eigenvalues of the dead map below α = 1."""
    return 1e-8 if alpha < 1 else 1e-11
