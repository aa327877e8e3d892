"""How much there is to do: by what it grows."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from infoplane import datasets
from infoplane.config import merged
from infoplane.costs import amount
from infoplane.costs.amount import Facts

TRAINING = {"batch_size": 100, "evaluation_size": 500, "gradient_batches": 4, "ensemble": False}
MODEL = {"name": "mlp", "hidden": [20], "activation": "tanh"}
RENYI = {"name": "renyi", "kind": "renyi", "joint": "tensor", "bandwidth": {"rule": "silverman"}}
FACTS = Facts(
    datasets.describe({"name": "mnist"}),
    {
        "model": MODEL,
        "training": TRAINING,
        "seeds": [0, 1],
        "epochs": [0, 5, 10],
        "limit": None,
        "fraction": None,
        "moments": None,
    },
    {
        "model": MODEL,
        "probe": {"splits": ["train"], "batches": 1, "size": 400},
        "store": "raw",
        "errors": False,
        "maps": False,
    },
    {"estimator": RENYI, "controls": [], "code": {"information": "digest"}},
)
OPERATIONS, PARAMETERS = 784 * 20 + 20 * 10, 784 * 20 + 20 + 20 * 10 + 10


def changed(part: str, **changes: Any) -> Facts:
    return replace(FACTS, **{part: merged(getattr(FACTS, part), changes)})


def test_training_by_hand() -> None:
    """Two networks: 6,000 updates of 100 samples, three evaluations of 500 and 500, and of 4 gradients each."""
    samples = 3 * 6000 * 100 + 3 * (1000 + 3 * 4 * 100)
    calls = 6000 + 3 * (2 + 4)
    assert amount.to_train(FACTS) == 2 * (samples * OPERATIONS + calls * amount._CALL)


def test_networks_that_train_as_one_share_their_calls() -> None:
    less = amount.to_train(FACTS) - amount.to_train(changed("train", training={"ensemble": True}))
    assert less == (6000 + 3 * 6) * amount._CALL


def test_a_network_that_was_trained_elsewhere_is_only_looked_at() -> None:
    adopted = changed("train", training={"checkpoints_from": "x-{epoch}.pt"})
    assert amount.to_train(adopted) == 2 * (3 * (1000 + 1200) * OPERATIONS + 18 * amount._CALL)


@pytest.mark.parametrize(
    ("to_do", "part", "changes", "factor"),
    [
        (amount.to_train, "train", {"seeds": [0, 1, 2, 3]}, 2),
        (amount.to_capture, "train", {"epochs": [0, 1, 2, 3, 5, 10]}, 2),
        (amount.to_measure, "train", {"seeds": [0]}, 0.5),
        (amount.to_measure, "capture", {"probe": {"splits": ["train", "test"]}}, 2),
        (amount.to_weigh, "train", {"epochs": [0, 1, 2, 3, 5, 10]}, 2),
        (amount.written_by_training, "train", {"seeds": [0]}, 0.5),
        (amount.written_by_capture, "capture", {"errors": True}, 2),
        (amount.written_by_capture, "capture", {"probe": {"batches": 3}}, 3),
    ],
)
def test_in_proportion(to_do: Callable[[Facts], float], part: str, changes: dict[str, Any], factor: float) -> None:
    assert to_do(changed(part, **changes)) == pytest.approx(factor * to_do(FACTS), rel=1e-12)


def test_kernels_grow_with_the_cube_of_the_samples() -> None:
    """Two spectra of input and target, and three of each of the two layers; two widths' worth of n² for each layer."""
    calls = 2 * amount._CALL
    for n in (100, 200, 400):
        found = amount.to_measure(changed("capture", probe={"size": n}))
        assert found == 6 * (8 * n**3 + 4 * n**2 + calls)
    smaller = changed("measure", estimator={"probe_size": 100})
    assert amount.to_measure(smaller) == amount.to_measure(changed("capture", probe={"size": 100}))


def test_bounds_grow_with_the_square_and_bins_with_the_samples() -> None:
    for kind, power in (("kde", 2), ("binning", 1)):
        facts = replace(FACTS, measure={**FACTS.measure, "estimator": {"name": kind, "kind": kind}})
        assert amount.to_measure(facts) == 6 * (30 * 400**power + 2 * amount._CALL)


def test_pairs_of_feature_maps() -> None:
    lenet = {"name": "lenet", "filters": [2, 4], "hidden": [5], "activation": "relu"}
    multivariate = {**RENYI, "joint": "multivariate"}
    facts = replace(
        FACTS,
        capture={**FACTS.capture, "model": lenet},
        measure={"estimator": multivariate, "controls": ["shuffled_samples"], "code": {"decomposition": "digest"}},
    )
    pairs = 2 * 7 / 2 + 4 * 9 / 2  # each map, each pair, and all but each
    expected = (2 + 2 * 2 * pairs) * 400**3 + (1 + 2) * (2 + 4 + 1 + 1) * 400**2 + 4 * amount._CALL
    assert amount.to_measure(facts) == pytest.approx(6 * expected, rel=1e-12)


def test_pairs_of_layers() -> None:
    """Of four layers the spectrum of each, and of each with the output; of input and output, and of a pair."""
    hidden = changed("capture", model={"hidden": [20, 10, 20]})
    asked = replace(hidden, measure={**FACTS.measure, "code": {"layer_pairs": "digest"}})
    assert amount.to_measure(asked) == 6 * ((2 + 4 + 4 + 2) * 400**3 + 2 * 4 * 400**2 + 4 * amount._CALL)


def test_bytes_of_activations_and_of_distances() -> None:
    """Six looks: 400 samples of 30 numbers in four bytes; or the upper half of 400 × 400 in eight, for two layers."""
    assert amount.written_by_capture(FACTS) == 6 * 400 * 30 * 4
    assert amount.written_by_capture(changed("capture", store="distances")) == 6 * 2 * 400 * 400 * 4
    assert amount.written_by_capture(changed("capture", store="smaller")) == amount.written_by_capture(FACTS)


def test_bytes_of_checkpoints() -> None:
    assert amount.written_by_training(FACTS) == 6 * (4 * PARAMETERS + 4096)


def test_what_is_looked_at_while_it_trains_is_written_then() -> None:
    moments = {"every": 100, "size": 100, "splits": ["train"], "maps": False}
    looks = 61  # of each network: 0, 100, …, 6,000
    found = replace(changed("train", moments=moments), capture=None)
    expected = 2 * (3 * (4 * PARAMETERS + 4096) + looks * (2 * 100 * 100 * 4 + 4096))
    assert amount.written_by_training(found) == expected
    kept = merged(FACTS.capture, {"store": "distances", "probe": {"every": 100}})
    seen = replace(changed("train", moments=moments), capture=kept)
    assert amount.to_capture(seen) == 2 * looks * (2 * 400 * 400 * 4 + amount._CALL)


def test_other_stages() -> None:
    assert amount.of_job("prepare", FACTS.data) == (70_000 * 784, 70_000 * 784)
    assert amount.of_job("aggregate", 12.0) == (12, 12)
    assert amount.of_job("train", FACTS) == (amount.to_train(FACTS), amount.written_by_training(FACTS))
    assert amount.to_weigh(replace(FACTS, runs=3)) == 3 * amount.to_weigh(FACTS)


def test_a_calibration_by_its_repetitions_estimators_and_samples() -> None:
    one = {"kind": "renyi", "joint": "single", "bandwidth": {"rule": "silverman", "scale": 5}}
    settings: dict[str, Any] = {
        "model": {"name": "mlp", "hidden": [3]},
        "folder": "",
        "shape": [4],
        "classes": 2,
        "size": 1000,
        "repetitions": 5,
        "estimators": [one],
    }
    expected = amount.to_calibrate(settings)
    assert amount.to_calibrate({**settings, "repetitions": 10}) == 2 * expected
    assert amount.to_calibrate({**settings, "estimators": [one, one]}) == 2 * expected
    assert 6 * expected < amount.to_calibrate({**settings, "size": 2000}) < 8 * expected
