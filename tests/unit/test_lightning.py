"""The callback for PyTorch Lightning, called as a Trainer is documented to call it."""

import sys
from types import ModuleType, SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from infoplane import store
from infoplane.capture import Recorder
from infoplane.errors import ConfigError, StoreError

INPUTS = torch.rand(6, 4, generator=torch.Generator().manual_seed(1))
TARGETS = torch.tensor([0, 1, 2, 0, 1, 2])
BATCHES = 2  # in an epoch


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))


@pytest.fixture
def callback(monkeypatch):
    """The callback over a stand-in for Lightning's base class, which is all that it takes of the package."""
    package = ModuleType("lightning.pytorch")
    package.Callback = type("Callback", (), {})
    monkeypatch.setitem(sys.modules, "lightning", ModuleType("lightning"))
    monkeypatch.setitem(sys.modules, "lightning.pytorch", package)
    monkeypatch.delitem(sys.modules, "infoplane.lightning", raising=False)
    from infoplane.lightning import RecordActivations

    yield RecordActivations
    del sys.modules["infoplane.lightning"]


def fit(module, own, *, epochs, first=0, most=1000, raises=None, batches=BATCHES, is_global_zero=True):
    """The hooks of a callback in the order in which a Trainer is documented to call them.

    Training starts at the epoch `first`, ends after `most` steps, and an error comes before the last epoch.
    """
    trainer = SimpleNamespace(
        current_epoch=first, global_step=first * BATCHES, num_training_batches=batches, is_global_zero=is_global_zero
    )
    try:
        own.on_fit_start(trainer, module)
        own.on_train_start(trainer, module)
        for trainer.current_epoch in range(first, epochs):
            for batch in range(min(BATCHES, most - trainer.global_step)):
                step(module, error=raises if trainer.current_epoch == epochs - 1 else None)
                trainer.global_step += 1
                own.on_train_batch_end(trainer, module, None, None, batch)
            own.on_train_epoch_end(trainer, module)
            if trainer.global_step == most:
                break
        trainer.current_epoch += 1
        own.on_train_end(trainer, module)
    except BaseException as error:
        own.on_exception(trainer, module, error)
        raise


def step(module, *, error=None):
    """Update a network, or fail."""
    if error:
        raise error
    module.zero_grad()
    cross_entropy(module(INPUTS), TARGETS).backward()
    torch.optim.SGD(module.parameters(), lr=0.1).step()


def looks(path):
    """Epochs and steps of a store."""
    found = store.load(path, "activations").dataset
    return found["epoch"].values.tolist(), found["step"].values.tolist()


def test_the_store_is_that_of_a_loop_of_ones_own(callback, tmp_path):
    fit(network(), callback(tmp_path / "lightning.zarr", INPUTS, TARGETS, ["1"]), epochs=2)
    recorder = Recorder(model := network(), ["1"])
    for epoch in range(3):
        recorder.look(INPUTS, TARGETS, epoch=epoch, step=epoch * BATCHES)
        for _ in range(BATCHES):
            step(model)
    recorder.save(tmp_path / "own.zarr")
    found, expected = (store.load(tmp_path / f"{name}.zarr", "activations") for name in ("lightning", "own"))
    assert found.identical(expected)


@pytest.mark.parametrize(
    ("run", "epochs"),
    [
        ({"epochs": 4}, [0, 2, 4]),
        ({"epochs": 5}, [0, 2, 4, 5]),  # the trained network is always looked at
        ({"epochs": 9, "most": 5}, [0, 2, 2.5]),  # steps, of which two are a pass
        ({"epochs": 9, "most": 4}, [0, 2]),
        ({"epochs": 3, "batches": float("inf")}, [0, 2, 3]),
    ],
)
def test_a_submodule_every_other_epoch(callback, tmp_path, run, epochs):
    own = callback(tmp_path / "own.zarr", INPUTS, TARGETS, network="0", every=2, seed=4)
    fit(nn.Sequential(network()), own, **run)
    assert looks(tmp_path / "own.zarr") == (epochs, [epoch * BATCHES for epoch in epochs])
    assert store.load(tmp_path / "own.zarr", "activations").dataset["seed"].values.tolist() == [4]


def test_one_process_saves(callback, tmp_path):
    fit(network(), callback(tmp_path / "own.zarr", INPUTS, TARGETS), epochs=1, is_global_zero=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [RuntimeError("loader died"), KeyboardInterrupt("stop")])
def test_what_was_seen_before_an_error_is_saved(callback, tmp_path, error):
    with pytest.raises(type(error), match=str(error)):
        fit(network(), callback(tmp_path / "own.zarr", INPUTS, TARGETS), epochs=3, raises=error)
    assert looks(tmp_path / "own.zarr")[0] == [0, 1, 2]


def test_a_training_that_goes_on_replaces_no_store(callback, tmp_path):
    fit(network(), callback(tmp_path / "own.zarr", INPUTS, TARGETS), epochs=2)
    with pytest.raises(
        ConfigError, match=r"own\.zarr: is there, and training goes on from epoch 2 and step 4, so that"
    ):
        fit(network(), callback(tmp_path / "own.zarr", INPUTS, TARGETS), epochs=3, first=2)
    assert looks(tmp_path / "own.zarr")[0] == [0, 1, 2]
    fit(network(), callback(tmp_path / "rest.zarr", INPUTS, TARGETS), epochs=3, first=2)
    assert looks(tmp_path / "rest.zarr")[0] == [2, 3]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every": 0}, r"^RecordActivations with network='' and every=0; accepted: .* a whole number of epochs ≥ 1$"),
        ({"every": 1.5}, r"every=1\.5; accepted"),
        ({"network": None}, r"network=None and every=1; accepted: network the name of a submodule"),
        ({"storre": "raw"}, r"option 'storre' \(value 'raw'\) is not known; did you mean 'store'\?"),
        ({"store": "all"}, r"^Recorder with store='all'"),
    ],
)
def test_options_are_refused_when_it_is_made(callback, tmp_path, options, message):
    with pytest.raises(ConfigError, match=message):
        callback(tmp_path / "own.zarr", INPUTS, TARGETS, **options)


def test_a_submodule_that_is_not_there_and_a_folder_of_others(callback, tmp_path):
    with pytest.raises(ConfigError, match=r"^RecordActivations: network 'net' is not known; accepted: 0, 1, 2$"):
        fit(network(), callback(tmp_path / "own.zarr", INPUTS, TARGETS, network="net"), epochs=1)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(StoreError, match=r"is a folder with content"):
        callback(tmp_path, INPUTS, TARGETS)
