"""Networks that were trained elsewhere: measured and published as if they had been trained here."""

import re

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from infoplane.errors import ConfigError, StoreError
from infoplane.training import foreign

LIKE = {"fc.weight": torch.zeros(1, 2, 3), "fc.bias": torch.zeros(1, 2)}
STATE = {"fc.weight": torch.rand(2, 3), "fc.bias": torch.rand(2)}


@pytest.mark.parametrize(
    ("name", "save"),
    [
        ("a.pt", torch.save),
        ("a.ckpt", lambda state, path: torch.save({"epoch": 3, "state_dict": state}, path)),
        ("a.pth", lambda state, path: torch.save({"model_state_dict": state, "optimiser": {"lr": 0.1}}, path)),
        ("a.safetensors", save_file),
    ],
)
def test_the_forms_in_which_weights_are_kept(tmp_path, name, save):
    save(STATE, tmp_path / name)
    found = foreign.read(tmp_path / name, {key: value.double() for key, value in LIKE.items()})
    assert list(found) == list(LIKE)
    assert all(torch.equal(found[key], value[None].double()) for key, value in STATE.items())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"fc.weight": torch.zeros(2, 3)}, r"is not of this network:\n  - it lacks fc\.bias$"),
        (
            {**STATE, **{f"conv{place}": torch.zeros(1) for place in range(5)}},
            r"  - it has conv0, conv1, conv2 and 2 more, which the network has not$",
        ),
        (
            {**STATE, "fc.weight": torch.zeros(3, 2)},
            r"  - it has fc\.weight of shape \(3, 2\) in place of \(2, 3\)$",
        ),
        ([1, 2], r"holds a list that is no state dict; save model\.state_dict\(\)$"),
        (nn.Linear(3, 2), r"could run code and are not loaded \(.*\)\. Save the weights alone: torch\.save\("),
        (b"nonsense", r"is damaged, or holds Python objects"),
        (None, r"cannot be read \(.*No such file.*\)\. Name files that are there\.$"),
    ],
)
def test_what_is_of_no_use_is_refused(tmp_path, content, message):
    path = tmp_path / "epoch-1.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(StoreError, match=rf"(?s)^{re.escape(str(path))}: .*{message}"):
        foreign.read(path, LIKE)


def test_damaged_safetensors_are_refused(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"nonsense")
    with pytest.raises(StoreError, match=r"a\.safetensors: cannot be read \(.*\)\. Save it again, or leave it out\.$"):
        foreign.read(tmp_path / "a.safetensors", LIKE)


class Elsewhere:
    """Checkpoints of a run as its user would have saved them."""

    def __init__(self, trained, folder):
        self.paths = []
        for step in trained.record.coords["step"]:
            self.paths.append(folder / f"epoch-{step}.pt")
            weights = trained.weights(step, folder="seed-0")
            torch.save({name: value[0] for name, value in weights.items()}, self.paths[-1])


def test_what_is_known_of_them_is_what_training_them_here_would_tell(recipe, train, capture, tmp_path):
    made = recipe({"factory": "normalised"}, seeds=(0,))
    here = train(made, "here")
    adopted = train(made, "there", adopted=Elsewhere(here, tmp_path).paths)
    for name, values in here.record.arrays.items():
        np.testing.assert_array_equal(adopted.record.arrays[name], values)
    assert adopted.record.coords == here.record.coords
    for step in here.record.coords["step"]:
        one, other = (each.weights(step, folder="seed-0") for each in (here, adopted))
        assert all(torch.equal(one[name], other[name]) for name in one)
    assert capture(adopted, "adopted").identical(capture(here, "trained"))


def test_some_epochs_of_another_network(recipe, train, tmp_path):
    here = train(recipe(seeds=(0,), epochs=(0, 1, 3)), "here")
    paths = Elsewhere(here, tmp_path).paths[1:]
    found = train(recipe(seeds=(0,), epochs=(1, 3)), "some", adopted=paths)
    assert found.record.coords["epoch"] == [1, 3]
    np.testing.assert_array_equal(found.record.arrays["accuracy"], here.record.arrays["accuracy"][:, 1:])
    with pytest.raises(StoreError, match=r"epoch-4\.pt: is not of this network:"):
        train(recipe("mlp", seeds=(0,), epochs=(1, 3)), "other", adopted=paths)


def test_epochs_that_are_no_updates_of_their_own_are_refused(recipe, train, tmp_path):
    paths = Elsewhere(train(recipe(seeds=(0,), epochs=(0, 1)), "here"), tmp_path).paths
    with pytest.raises(ConfigError, match=r"epoch 0\.01 is the same update as one before it, with 4 updates in an ep"):
        train(recipe(seeds=(0,), epochs=(0, 0.01)), "there", adopted=paths)
