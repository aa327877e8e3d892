"""The generated manifold against the definition of its dimension."""

from typing import Any

import numpy as np
import pytest
import torch

from infoplane import datasets
from infoplane.datasets import manifold
from infoplane.errors import ConfigError


def source(**options: Any) -> dict[str, Any]:
    return {"name": "manifold", "samples": 200, **options}


def rows(data: datasets.Dataset, name: str) -> np.ndarray:
    return np.concatenate([getattr(split, name).double().numpy() for split in (data.train, data.test)])


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(("dimension", "ambient"), [(1, 3), (2, 5), (4, 9), (4, 100), (8, 100)])
def test_the_jacobian_has_the_rank_of_the_dimension_everywhere(dimension: int, ambient: int, seed: int) -> None:
    """Central differences at 300 points, the corners of the cube's diagonal among them."""
    points = np.random.default_rng(7).uniform(size=(300, dimension))
    points[:2] = [[0] * dimension, [1] * dimension]
    step = 1e-5
    columns = [
        manifold.embedded(points + step * along, ambient=ambient, seed=seed)
        - manifold.embedded(points - step * along, ambient=ambient, seed=seed)
        for along in np.eye(dimension)
    ]
    jacobian = np.stack(columns, axis=-1) / (2 * step)
    values = np.linalg.svd(jacobian, compute_uv=False)
    assert values.shape == (300, dimension)  # no more than this by definition; and no fewer:
    assert values.min() > 1e-3 * values.max()


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_near_a_point_samples_lie_in_a_plane_of_the_dimension(dimension: int) -> None:
    """Local principal components of the samples as they are loaded, which know of no formula."""
    data = datasets.load(source(dimension=dimension, ambient=30, samples=20_000))
    x = rows(data, "inputs")
    centre = x[np.square(rows(data, "targets") - 0.5).sum(1).argmin()]
    near = x[np.argsort(np.square(x - centre).sum(1))[:40]]
    variances = np.linalg.svd(near - near.mean(0), compute_uv=False) ** 2
    assert variances[:dimension].sum() > 0.98 * variances.sum()
    assert variances[dimension - 1] > 10 * variances[dimension]


def test_it_is_curved() -> None:
    """Of all samples many more principal components are needed than the dimension."""
    x = rows(datasets.load(source(dimension=2, samples=2000)), "inputs")
    variances = np.linalg.svd(x - x.mean(0), compute_uv=False) ** 2
    assert variances[:2].sum() < 0.8 * variances.sum()


def test_samples_are_in_the_range_of_a_sigmoid_and_targets_are_the_points_of_the_cube() -> None:
    data = datasets.load(source(dimension=3, ambient=20, seed=5))
    assert data.train.inputs.shape == (200, 20)
    assert data.test.inputs.shape == (40, 20)
    x, points = rows(data, "inputs"), rows(data, "targets")
    assert x.min() >= 0
    assert x.max() <= 1
    assert points.shape == (240, 3)
    np.testing.assert_allclose(x, manifold.embedded(points, ambient=20, seed=5), atol=1e-6)
    assert len(np.unique(points, axis=0)) == 240  # no point is in both splits
    np.testing.assert_allclose(points.mean(0), 0.5, atol=4 * 12**-0.5 * 240**-0.5)


def test_noise_has_its_standard_deviation_and_stays_in_the_range() -> None:
    plain, noisy = (datasets.load(source(ambient=50, noise=noise)) for noise in (0, 0.02))
    np.testing.assert_array_equal(rows(noisy, "targets"), rows(plain, "targets"))
    x, around = rows(noisy, "inputs"), manifold.embedded(rows(noisy, "targets"), ambient=50, seed=0)
    inside = (around > 0.1) & (around < 0.9)
    assert (x - around)[inside].std() == pytest.approx(0.02, rel=0.03)
    assert x.min() == 0
    assert x.max() == 1


def test_the_seed_draws_another_manifold_and_the_same_one_again() -> None:
    one, again, other = (datasets.load(source(seed=seed)) for seed in (1, 1, 2))
    assert torch.equal(one.train.inputs, again.train.inputs)
    assert not torch.equal(one.train.inputs, other.train.inputs)
    assert not torch.equal(one.train.targets, other.train.targets)


def test_every_option_makes_another_data_set_by_its_description() -> None:
    options: list[dict[str, Any]] = [
        {},
        {"dimension": 3},
        {"ambient": 99},
        {"samples": 205},
        {"noise": 0.1},
        {"seed": 1},
    ]
    described = [datasets.describe(source(**each)) for each in options]
    assert len({each.checksum for each in described}) == len(options)
    assert described[0] == datasets.load(source()).description
    assert described[0].sizes == {"train": 200, "test": 40}
    assert (described[0].shape, described[0].classes, described[0].targets) == ((100,), 4, "continuous")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dimension": 0}, r"dataset 'manifold' with .*: dimension is 0; accepted: a whole number ≥ 1"),
        ({"dimension": 2.0}, r"dimension is 2\.0; accepted: a whole number ≥ 1"),
        ({"dimension": 8, "ambient": 16}, r"ambient is 16; accepted: a whole number ≥ 17"),
        ({"samples": 4}, r"samples is 4; accepted: a whole number ≥ 5"),
        ({"seed": -1}, r"seed is -1; accepted: a whole number ≥ 0"),
        ({"noise": -0.1}, r"noise is -0\.1; accepted: a number ≥ 0"),
        ({"noise": float("nan")}, r"noise is nan; accepted: a number ≥ 0"),
        ({"dimensions": 3}, r"dataset manifold: option 'dimensions' .*did you mean 'dimension'\?"),
    ],
)
def test_what_cannot_be_generated_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        datasets.describe(source(**options))
