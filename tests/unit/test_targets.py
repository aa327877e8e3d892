"""What type and shape of targets say, and what an experiment may then ask for."""

import numpy as np
import pytest
import torch

from infoplane import targets


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0, 1, 2], "classes"),
        ([[0], [1], [2]], "classes"),
        ([True, False], "classes"),
        ([[0, 1], [1, 1]], "labels"),
        ([[True, False]], "labels"),
        ([0.5, 2.0], "continuous"),
        ([[0.5, 2.0]], "continuous"),
    ],
)
def test_type_and_shape_say_the_kind(values, kind):
    plain = targets.plain(np.array(values))
    assert targets.kind(plain) == targets.kind(torch.from_numpy(plain)) == kind
    assert not list(targets.faults({"y": np.array(values)}))


def test_the_usual_loss_and_the_score_of_each_kind():
    usual = {kind: targets.loss(kind, None) for kind in ("classes", "labels", "continuous")}
    assert list(usual.values()) == ["cross_entropy", "binary_cross_entropy", "mean_squared_error"]
    assert targets.loss("continuous", "mean_absolute_error") == "mean_absolute_error"
    assert [targets.score(kind) for kind in usual] == ["accuracy", "accuracy", "determination"]


def test_axes_say_what_is_drawn_and_those_of_classification_nothing_new():
    assert targets.described("classes", None) == {}
    assert targets.described("continuous", "mean_absolute_error")["loss"]["long_name"] == "Mean absolute error"
    assert targets.described("labels", None)["accuracy"]["long_name"] == "Accuracy (share of labels in common)"
