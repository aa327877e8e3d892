"""Losses and scores of targets that are sets of labels or continuous, against plain reimplementations."""

import numpy as np
import pytest
import torch
from sklearn.metrics import jaccard_score, log_loss, r2_score
from torch import nn

from infoplane.errors import ConfigError
from infoplane.models.mlp import MLP
from infoplane.training import statistics
from infoplane.training.networks import Ensemble, Single
from infoplane.training.objectives import Objective

SETTINGS = {"optimiser": "sgd", "learning_rate": 0.1, "momentum": 0.0, "weight_decay": 0.0}
RANDOM = np.random.default_rng(5)
X = torch.from_numpy(RANDOM.random((2, 30, 7)))
Y = torch.from_numpy(RANDOM.normal(size=(2, 30, 3))).float()
SETS = (Y > 0.3).long()


def networks():
    torch.manual_seed(1)
    return [MLP((7,), 3, hidden=(4,), activation="tanh").double() for _ in range(2)]


def measured(objective, targets, *, ensemble=True):
    made = networks()
    trainee = Ensemble(made, SETTINGS, objective) if ensemble else Single(made[0], SETTINGS, objective)
    count = 2 if ensemble else 1
    loss, score = statistics.loss_and_score(trainee, X[:count], targets[:count])
    outputs = [network(x).detach().numpy() for network, x in zip(made, X, strict=True)][:count]
    return loss, score, outputs


@pytest.mark.parametrize("at_once", [1000, 7])
@pytest.mark.parametrize("ensemble", [False, True])
@pytest.mark.parametrize("loss", [None, "mean_absolute_error"])
def test_continuous(monkeypatch, at_once, ensemble, loss):
    monkeypatch.setattr(statistics, "_SAMPLES_AT_ONCE", at_once)
    losses, scores, outputs = measured(Objective("continuous", loss), Y, ensemble=ensemble)
    for found, score, output, wanted in zip(losses, scores, outputs, Y.numpy(), strict=False):
        apart = output - wanted
        expected = np.abs(apart).mean() if loss else (apart**2).mean()
        assert found.item() == pytest.approx(expected, abs=1e-12)
        # Each dimension by its variance: 1 − Σ‖y − f‖² / Σ‖y − ȳ‖².
        expected = r2_score(wanted, output, multioutput="variance_weighted")
        assert score.item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("at_once", [1000, 7])
def test_sets_of_labels(monkeypatch, at_once):
    monkeypatch.setattr(statistics, "_SAMPLES_AT_ONCE", at_once)
    losses, scores, outputs = measured(Objective("labels"), SETS)
    for found, score, output, wanted in zip(losses, scores, outputs, SETS.numpy(), strict=True):
        probabilities = 1 / (1 + np.exp(-output))
        expected = np.mean([log_loss(wanted[:, label], probabilities[:, label]) for label in range(3)])
        assert found.item() == pytest.approx(expected, abs=1e-9)
        expected = jaccard_score(wanted, output > 0, average="samples", zero_division=1.0)
        assert score.item() == pytest.approx(expected, abs=1e-6)


def test_a_step_follows_the_gradient_of_the_mean_loss():
    for objective, targets, plain in (
        (Objective("continuous"), Y.double(), nn.MSELoss()),
        (Objective("labels"), SETS.double(), nn.BCEWithLogitsLoss()),
    ):
        alone, together = Single(networks()[0], SETTINGS, objective), Ensemble(networks(), SETTINGS, objective)
        expected = networks()[0]
        plain(expected(X[0]), targets[0]).backward()
        losses = [trainee.step(X[:count], targets[:count]) for trainee, count in ((alone, 1), (together, 2))]
        assert losses[0][0].item() == pytest.approx(losses[1][0].item(), abs=1e-12)
        for name, value in expected.named_parameters():
            after = (value - 0.1 * value.grad).detach()
            for trainee in (alone, together):
                torch.testing.assert_close(trainee.parameters()[name][0], after, rtol=0, atol=1e-12)


def test_what_the_mean_tells_has_no_score_and_the_truth_has_all_of_it():
    objective = Objective("continuous")
    flat = Y.mean(1, keepdim=True).expand_as(Y)
    for outputs, expected in ((flat, 0.0), (Y, 1.0)):
        points = objective.points(outputs.double(), Y).sum(1)
        torch.testing.assert_close(objective.score(points, Y), torch.full((2,), expected).double(), atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", ["labels", "continuous"])
def test_another_number_of_outputs_is_refused_and_not_broadcast(kind):
    message = r"^the network gives 3 outputs and the targets have 1 numbers .*; accepted: an output for each$"
    with pytest.raises(ConfigError, match=message):
        Objective(kind).losses(torch.zeros(5, 3), torch.zeros(5, 1))


def test_outputs_are_read_by_the_kind_of_targets():
    outputs = torch.tensor([[0.0, 2.0]])
    assert Objective("continuous").read(outputs) is outputs
    torch.testing.assert_close(Objective("labels").read(outputs), 1 / (1 + torch.exp(-outputs)))
    torch.testing.assert_close(Objective().read(outputs).sum(1), torch.ones(1))


def test_a_linear_relation_is_learned(recipe, tmp_path):
    """y = x·w + b without noise: the network becomes w and b, and R² is 1."""
    from infoplane.training import train_run
    from infoplane.training.checkpoints import load, weights_path

    x = RANDOM.normal(size=(90, 1, 6, 6)).astype(np.float32)
    w = RANDOM.normal(size=(36, 2)).astype(np.float32)
    y = x.reshape(90, 36) @ w + np.float32([1, -2])
    data = {"train": (x[:60], y[:60]), "test": (x[60:], y[60:])}
    (tmp_path / "linear.py").write_text(
        "from torch import nn\n"
        "def make(shape, outputs):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(36, outputs))\n"
    )
    own = {"factory": "linear.py:make", "layers": ["output"]}
    made = recipe(seeds=(0,), epochs=(0, 300), learning_rate=0.05, batch_size=60, gradient_batches=1)
    made = type(made)(**{**vars(made), "model": own, "folder": tmp_path})
    found = train_run(made, data, 2, work=tmp_path / "w" / "d", output=tmp_path / "o", where=torch.device("cpu"))
    assert "accuracy" not in found.arrays
    assert found.arrays["determination"][0, 0].max() < 0.5
    np.testing.assert_allclose(found.arrays["determination"][0, -1], 1, atol=1e-6)
    np.testing.assert_allclose(found.arrays["loss"][0, -1], 0, atol=1e-5)
    (folder,) = (path for path in (tmp_path / "o").iterdir() if path.is_dir())
    weights = load(weights_path(folder, 300))["weights"]
    np.testing.assert_allclose(weights["1.weight"][0].T, w, atol=1e-2)
    np.testing.assert_allclose(weights["1.bias"][0], [1, -2], atol=1e-2)
    assert found.said == {"loss": {"long_name": "Mean squared error", "units": "1"}}

    torch.save(
        {"1.weight": torch.from_numpy(w.T.copy()), "1.bias": torch.tensor([1.0, -2.0])}, tmp_path / "elsewhere.pt"
    )
    made = type(made)(**{**vars(made), "epochs": (7,)})
    there = {"work": tmp_path / "a" / "d", "output": tmp_path / "p", "where": torch.device("cpu")}
    adopted = train_run(made, data, 2, adopted=[tmp_path / "elsewhere.pt"], **there)
    np.testing.assert_allclose(adopted.arrays["determination"], 1, atol=1e-6)
