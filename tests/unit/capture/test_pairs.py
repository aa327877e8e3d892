"""Symmetric layers on their way from a network through a capture or a recorder to what is measured of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from infoplane import analyse, models, store
from infoplane.capture import Recorder
from infoplane.errors import ConfigError

TESTS = Path(__file__).parents[2]
MODEL = {"factory": "autoencoder.py:make"}
COUNTERPARTS = {"encoder1": "decoder1", "encoder2": "decoder2"}


def counterparts(tree):
    return {name: layer.attrs["counterpart"] for name, layer in tree.children.items() if "counterpart" in layer.attrs}


@pytest.mark.parametrize(
    ("layers", "expected"),
    [([], COUNTERPARTS), (["*coder2", "encoder1", "output"], {"encoder2": "decoder2"})],
    ids=["all", "some"],
)
def test_a_capture_keeps_those_that_it_looks_at(recipe, train, capture, layers, expected):
    made = replace(recipe("mlp", epochs=(0, 1)), model={**MODEL, "layers": layers}, folder=TESTS)
    assert counterparts(capture(train(made))) == expected


def test_a_network_without_them_has_no_such_attribute(recipe, train, capture):
    assert counterparts(capture(train(recipe("mlp", epochs=(0, 1))))) == {}


def test_a_recorder_keeps_them_for_what_measures_its_store(tmp_path):
    """I(X; X′) is there, with the pairs, outermost first; without the attribute it is refused."""
    torch.manual_seed(0)
    network, inputs = models.make(MODEL, (1, 3, 3), 9, folder=TESTS), torch.rand(20, 1, 3, 3)
    for name in ("with.zarr", "without.zarr"):
        recorder = Recorder(network, store="distances")
        recorder.look(inputs, inputs.flatten(1), epoch=0)
        recorder.save(tmp_path / name)
        network.pairs = ()
    assert counterparts(store.load(tmp_path / "with.zarr", "activations")) == COUNTERPARTS
    estimators, measures = [{"name": "renyi", "joint": "tensor"}], ["information", "layer_pairs"]
    found = analyse(tmp_path / "with.zarr", estimators=estimators, measures=measures)
    pairs = found["layer_pairs"].to_dataset()
    assert pairs["pair"].values.tolist() == ["input, output", "encoder1, decoder1", "encoder2, decoder2"]
    assert pairs["first"].values.tolist() == [["input", "encoder1", "encoder2"]]
    assert pairs["second"].values.tolist() == [["output", "decoder1", "decoder2"]]
    both = found["information"].to_dataset()["mutual_information_input_layer"].sel(layer="output").item()
    assert pairs["mutual_information_pair"].sel(pair="input, output").item() == pytest.approx(both, abs=1e-9)
    assert np.isfinite(pairs["mutual_information"].sel(about="reconstruction")).all()
    with pytest.raises(ConfigError, match="'layer_pairs', and the recorded activations have no symmetric layers"):
        analyse(tmp_path / "without.zarr", estimators=estimators, measures=measures)
