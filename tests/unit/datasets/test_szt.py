"""The patterns and rules of Shwartz-Ziv and Tishby, against the published rule, the symmetries and the definitions."""

from collections.abc import Callable
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from numpy.polynomial.legendre import legval

from infoplane import datasets, models
from infoplane.capture import probe
from infoplane.datasets import szt
from infoplane.errors import DataError
from infoplane.measures import bottleneck
from infoplane.training import checkpoints, train_run

EVERY = pytest.mark.parametrize("name", ["szt", "szt_soft", "szt_committee"])
PLACES = 2 ** np.arange(12)[::-1]
# Pairs of bits in the rule that gives the labels of the authors' data file.
EDGES = (
    (0, 1), (0, 3), (0, 5), (0, 10), (0, 11), (1, 2), (1, 3), (1, 4), (1, 11), (2, 3),
    (2, 4), (2, 8), (2, 9), (3, 8), (3, 10), (4, 6), (4, 9), (4, 11), (5, 6), (5, 7),
    (5, 10), (5, 11), (6, 7), (6, 9), (6, 11), (7, 8), (7, 9), (7, 10), (8, 9), (8, 10),
)  # fmt: skip
ANTIPODES = ((0, 9), (1, 7), (2, 5), (3, 6), (4, 10), (8, 11))
LEAST = {7: 15, 6: 12, 5: 14}  # of 2 e − c, by how many bits are set


@cache
def splits(name: str) -> dict[str, datasets.Split]:
    data = datasets.load(name)
    return {"train": data.train, "test": data.test}


def labels(name: str) -> npt.NDArray[np.int64]:
    return splits(name)["train"].targets.numpy()


@cache
def symmetries() -> npt.NDArray[np.int64]:
    """Where each vertex goes under every orthogonal map that takes vertices to vertices: (maps, 12)."""
    points = np.array(szt.VERTICES)
    found = []
    for images in permutations(range(12), 3):  # three vertices that span the space decide a linear map
        turned = np.linalg.solve(points[:3], points[list(images)])
        distances = np.linalg.norm((points @ turned)[:, None] - points, axis=2)
        if np.allclose(turned @ turned.T, np.eye(3)) and np.allclose(distances.min(axis=1), 0):
            found.append(distances.argmin(axis=1))
    return np.array(found)


def changed(name: str) -> npt.NDArray[np.float64]:
    """Share of the patterns whose label each symmetry changes."""
    y = labels(name)
    return np.array([(y[(szt.patterns()[:, moved] @ PLACES).astype(int)] != y).mean() for moved in symmetries()])


def entropy(p: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Bits."""
    return -np.sum(p * np.log2(p, where=p > 0, out=np.zeros_like(p)), axis=-1)


class TestPatterns:
    @EVERY
    @pytest.mark.parametrize("split", ["train", "test"])
    def test_both_splits_count_from_0_to_4095(self, name: str, split: str) -> None:
        found = splits(name)[split]
        assert (found.inputs.dtype, found.targets.dtype) == (torch.float32, torch.int64)
        assert set(found.inputs.unique().tolist()) == {0, 1}
        np.testing.assert_array_equal(found.inputs.numpy() @ PLACES, np.arange(4096))
        np.testing.assert_array_equal(found.targets.numpy(), labels(name))

    @EVERY
    def test_other_labels_are_refused_with_both_checksums(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        expected = datasets.describe({"name": name}).checksum
        monkeypatch.setattr(szt, "VERTICES", szt.VERTICES[::-1])
        monkeypatch.setattr(szt, "_SEED", 1)
        with pytest.raises(DataError, match=rf"^{name}: .*SHA-256 [0-9a-f]{{64}}, expected {expected}\).*constraints"):
            datasets.load(name)


class TestRule:
    def test_2118_patterns_are_ones(self) -> None:
        assert labels("szt").sum() == 2118

    def test_it_is_the_rule_in_whole_numbers(self) -> None:
        bits = szt.patterns().astype(int)
        k = bits.sum(axis=1)
        e, c = (sum(bits[:, i] * bits[:, j] for i, j in pairs) for pairs in (EDGES, ANTIPODES))
        expected = [k[i] >= 8 or 2 * e[i] - c[i] >= LEAST.get(k[i], np.inf) for i in range(4096)]
        np.testing.assert_array_equal(labels("szt"), expected)

    def test_it_is_linear_in_the_power_spectrum(self) -> None:
        """p_l = (2 l + 1) / 4π Σ_ij x_i x_j P_l(cos of the angle), l = 0 … 3."""
        points, x = np.array(szt.VERTICES), szt.patterns()
        cosines = points @ points.T / (points[0] @ points[0])
        kernels = [(2 * degree + 1) / (4 * np.pi) * legval(cosines, np.eye(4)[degree]) for degree in range(4)]
        spectrum = [(x @ kernel * x).sum(axis=1) for kernel in kernels]
        columns = np.stack([*spectrum, np.ones(4096)], axis=1)
        fitted = columns @ np.linalg.lstsq(columns, szt.margin(x))[0]
        np.testing.assert_allclose(fitted, szt.margin(x), atol=1e-9)
        assert np.abs(szt.margin(x)).min() == pytest.approx(1)

    def test_all_120_symmetries_of_the_icosahedron_leave_every_label(self) -> None:
        assert len(np.unique(symmetries(), axis=0)) == len(symmetries()) == 120
        assert changed("szt").max() == 0


class TestSoftTargets:
    def test_the_information_is_99_hundredths_of_a_bit(self) -> None:
        p = szt.soft_targets()
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-15)
        assert entropy(p.mean(axis=0)) - entropy(p).mean() == pytest.approx(0.99, abs=1e-4)

    def test_the_likelier_label_is_that_of_the_hard_rule(self) -> None:
        np.testing.assert_array_equal(szt.soft_targets().argmax(axis=1), labels("szt"))

    def test_it_is_the_logistic_function_of_the_margin(self) -> None:
        p = 1 / (1 + np.exp(-4.131 * szt.margin(szt.patterns())))
        np.testing.assert_allclose(szt.soft_targets(), np.stack([1 - p, p], axis=1), rtol=0, atol=1e-15)

    def test_they_stand_beside_the_patterns_and_labels_of_the_hard_rule(self) -> None:
        for split, found in splits("szt_soft").items():
            assert found.target_probability is not None
            np.testing.assert_array_equal(found.target_probability.numpy(), szt.soft_targets())
            np.testing.assert_array_equal(found.targets.numpy(), labels("szt"))
            assert splits("szt")[split].target_probability is None

    def test_others_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(szt, "GAIN", 4.1)
        datasets.load("szt")
        with pytest.raises(DataError, match=r"^szt_soft: .* is not the known data set"):
            datasets.load("szt_soft")

    def test_the_bottleneck_takes_them(self) -> None:
        """For a large β nearly all of I(X;Y) is kept."""
        joint = torch.from_numpy(szt.soft_targets()) / 4096
        found = bottleneck.curve(joint, betas=[100.0])
        assert found.information_target.item() == pytest.approx(0.99, abs=1e-3)


class TestCommittee:
    def test_half_of_the_patterns_are_ones_one_of_each_complementary_pair(self) -> None:
        y = labels("szt_committee")
        assert y.sum() == 2048
        np.testing.assert_array_equal(y[::-1], 1 - y)

    def test_it_is_the_sum_of_three_units_drawn_from_the_stated_seed(self) -> None:
        w = np.random.default_rng(0).random((3, 12))
        units = [np.where(szt.patterns() == 1, each, 0).sum(axis=1) for each in w]
        np.testing.assert_array_equal(sum(units) > w.sum() / 2, labels("szt_committee"))

    def test_no_symmetry_but_the_identity_leaves_every_label(self) -> None:
        assert sorted(changed("szt_committee") > 0.01) == [False] + [True] * 119


class TestUse:
    """What an experiment does with a part of the patterns."""

    def test_a_network_learns_the_rule_from_half_of_the_patterns(
        self, recipe: Callable[..., Any], tmp_path: Path
    ) -> None:
        """And its accuracies give that on the other half."""
        settings = {"optimiser": "adam", "learning_rate": 0.01, "batch_size": 512, "evaluation_size": 4096}
        own = recipe("mlp", seeds=(0,), epochs=(0, 20), fraction=0.5, **settings)
        arrays = {name: (split.inputs.numpy(), split.targets.numpy()) for name, split in splits("szt").items()}
        where = {"work": tmp_path / "work" / "own", "output": tmp_path / "checkpoints"}
        record = train_run(own, arrays, 2, **where, where=torch.device("cpu"))
        train, test = record.arrays["accuracy"][0, -1]
        assert record.arrays["accuracy"][0, 0].max() < 0.7
        assert min(train, test) > 0.8
        network = models.make(own.model, (12,), 2)
        kept = checkpoints.load(checkpoints.weights_path(where["output"] / "seed-0", 80))["weights"]
        network.load_state_dict({name: weight[0] for name, weight in kept.items()})
        others = np.setdiff1d(np.arange(4096), record.arrays["train_index"][0])
        inputs, targets = (each[others] for each in arrays["test"])
        with torch.no_grad():
            hits = network(torch.from_numpy(inputs)).argmax(dim=1).numpy() == targets
        assert hits.mean() == pytest.approx((4096 * test - 2048 * train) / 2048, abs=1e-6)

    def test_a_probe_of_the_test_split_is_every_pattern_whatever_was_trained_on(self) -> None:
        seen = np.stack([datasets.subset(4096, seed=seed, fraction=0.05) for seed in (0, 1)])
        settings = {"splits": ["test"], "batches": 1, "size": 4096, "seed": 0}
        found = probe.draw(settings, datasets.describe({"name": "szt"}).sizes, seen).sample_index
        np.testing.assert_array_equal(np.sort(found, axis=2), np.tile(np.arange(4096), (2, 1, 1)))
