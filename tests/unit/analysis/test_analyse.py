"""Activations of one's own as a summary: the numbers of the workflow, in the form that figures draw."""

import numpy as np
import pytest
import torch
import xarray as xr

import infoplane
from infoplane import figures, store
from infoplane.analysis.measure import measure
from infoplane.config import complete
from infoplane.errors import ConfigError, StoreError
from infoplane.measures import gram, renyi

RANDOM = torch.Generator().manual_seed(2)
X = torch.rand(12, 5, generator=RANDOM)
Y = torch.arange(12) % 3
LAYERS = {"conv1": torch.rand(2, 12, 3, 4, 4, generator=RANDOM), "fc1": torch.rand(2, 12, 7, generator=RANDOM)}
BINS = {"name": "bins", "kind": "binning", "edges": {"rule": "range", "bins": 30}}


@pytest.fixture
def path(recipe, train, capture, tmp_path):
    capture(train(recipe(seeds=(1,), epochs=(0, 1))), "one")
    return tmp_path / "one.zarr"


@pytest.mark.long
def test_of_a_store_it_is_what_the_workflow_measures(path, tmp_path):
    estimators = [{"name": "renyi"}, BINS, {"name": "kde", "kind": "kde"}]
    found = infoplane.analyse(path, estimators=estimators, controls=["shuffled_samples"])
    assert set(found.children) == {"information", "decomposition", "error_chain"}
    assert found["information"].to_dataset()["estimator"].values.tolist() == ["renyi", "bins", "kde_upper", "kde_lower"]
    settings = complete(
        {"title": "t", "dataset": {"name": "d"}, "model": {"name": "m"}, "training": {"epochs": 1}}
        | {"estimators": estimators[:1]},
        schema="experiment",
        origin="here",
    )["estimators"][0]
    code = dict.fromkeys(found.children, "")
    tree = store.load(path, "activations")
    for group, expected in measure(
        tree, settings, control=["shuffled_samples"], work=tmp_path / "w", code=code
    ).items():
        for name, values in expected.data_vars.items() if group in code else ():
            own = found[group].to_dataset()[name].sel(estimator=["renyi"]).isel(variant=0)
            assert np.array_equal(own.transpose(*values.dims), values, equal_nan=True)


def test_several_stores_are_seeds(recipe, train, capture, path, tmp_path):
    capture(train(recipe(seeds=(5,), epochs=(0, 1)), "other"), "two")
    found = infoplane.analyse([path, tmp_path / "two.zarr"], measures=["information"])
    assert set(found.children) == {"information"}
    assert found["information"].to_dataset()["seed"].values.tolist() == [1, 5]
    assert not found["information"].to_dataset()["mutual_information_input_layer"].isnull().any()
    with pytest.raises(ConfigError, match=r"^analyse: the stores have seeds \[1, 1\] .*; accepted: networks of dif"):
        infoplane.analyse([path, path])


def test_of_arrays_by_an_independent_computation():
    found = infoplane.analyse(LAYERS, X, Y, epochs=[0, 3])["information"].to_dataset().squeeze(drop=True)
    variables = X, LAYERS["fc1"][1]
    widths = [gram.silverman_bandwidth(12, each.shape[1], scale=5.0) for each in variables]
    x, t = (gram.gaussian(each.double(), bandwidth=width) for each, width in zip(variables, widths, strict=True))
    own, y = found.sel(layer="fc1", epoch=3), gram.labels(Y)
    expected = renyi.mutual_information(x, t).item(), renyi.mutual_information(t, y).item()
    assert own["mutual_information_input_layer"].item() == pytest.approx(expected[0], abs=1e-9)
    assert own["mutual_information_layer_target"].item() == pytest.approx(expected[1], abs=1e-9)
    assert found["kind"].values.tolist() == ["convolutional", "fully_connected"]
    assert found["dominator"].values.tolist() == ["input", "conv1"]


def test_without_epochs_and_of_numpy_arrays_it_is_the_same():
    last = {name: values[1].numpy() for name, values in LAYERS.items()}
    one = infoplane.analyse(last, X.numpy(), Y.numpy())["decomposition"].to_dataset()
    both = infoplane.analyse(LAYERS, X, Y, epochs=[0, 3])["decomposition"].to_dataset()
    name = "multivariate_mutual_information"
    assert np.array_equal(one[name].isel(epoch=0), both[name].isel(epoch=1))


def test_brain_floats_are_taken_as_float32():
    own, plain = (infoplane.analyse({"a": each}, X, Y) for each in (X.bfloat16(), X.bfloat16().float()))
    xr.testing.assert_equal(own["information"].to_dataset(), plain["information"].to_dataset())


def test_a_figure_of_no_summary_is_refused():
    with pytest.raises(
        ConfigError, match=r"^figure 'information_plane' is of a NoneType; accepted: an xarray\.DataTree"
    ):
        figures.information_plane(None)


def test_a_network_without_epochs_is_not_called_untrained():
    found = infoplane.analyse({"fc1": X.tanh()}, X, Y)
    assert found["information"].to_dataset()["epoch"].values.tolist() == [1]
    drawn = figures.snapshots(found, epochs=[0, 1])
    said = {text.get_text() for text in drawn.findobj(lambda each: hasattr(each, "get_text"))}
    assert "epoch 1" in said
    assert "untrained" not in said


def test_figures_draw_it(path):
    found = infoplane.analyse(path, controls=["shuffled_samples"], name="my data")
    for name in ("information_plane", "modified_information_plane", "data_processing", "kernel_widths"):
        drawn = figures.draw(name, found)
        assert any("my data" in text.get_text() for text in drawn.findobj(lambda each: hasattr(each, "get_text")))
    assert len(figures.information_plane.table(found)) > 0


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((LAYERS, X), {}, r"^analyse: arrays of activations need inputs \(n, …\) and targets \(n,\) beside them$"),
        ((LAYERS, X, Y), {}, r"^analyse: layer 'conv1' has shape \(2, 12, 3, 4, 4\), .*; accepted: \(12 samples, …\)"),
        ((LAYERS, X[1:], Y[1:]), {"epochs": [0, 1]}, r"accepted: \(2 epochs, 11 samples, …\) with 1 to 3 further"),
        ((LAYERS, X, Y), {"epochs": [1, 0]}, r"^analyse: .* epochs \[1\.0, 0\.0\]; accepted: .* ascending epochs$"),
        (
            (LAYERS, X, Y.double()),
            {"epochs": [0, 1]},
            r"targets hold 0, 1, 2 in floating .*; accepted: whole",
        ),
        ((LAYERS, X, Y), {"epochs": [0, 1], "controls": ["none"]}, r"^analyse:\n  - key 'controls\.0' is 'none'"),
        ((LAYERS, X, Y), {"epochs": [0, 1], "estimators": [{"kind": "kde"}]}, r"key 'estimators\.0\.name' is missing"),
        (
            ({"seed": LAYERS["fc1"]}, X, Y),
            {"epochs": [0, 1]},
            r"^analyse:\n  - layer 'seed' has a name that stores need",
        ),
        (
            ([],),
            {},
            r"^analyse: activations are \[\]; accepted: the path of a store, a list of paths, or arrays by layer$",
        ),
        ((None,), {}, r"^analyse: activations are None; accepted: the path of a store"),
        ((LAYERS, X, Y), {"epochs": [0, 1], "estimators": ["renyi"]}, r"^analyse:\n  - key 'estimators\.0' is 'renyi'"),
        ((LAYERS, X, Y), {"epochs": [0, 1], "estimators": "renyi"}, r"^analyse:\n  - key 'estimators' is 'renyi'"),
        ((LAYERS, X, Y), {"epochs": [0, 1], "estimators": {"name": "a"}}, r"^analyse:\n  - key 'estimators' is \{"),
        ((LAYERS, X, Y), {"epochs": [0, 1], "controls": "shuffled_samples"}, r"^analyse:\n  - key 'controls' is '.*$"),
        ((LAYERS, X, Y), {"epochs": "abc"}, r"^analyse: epochs are 'abc'; accepted: ascending numbers$"),
        (
            ({"a": [[1.0], [1.0, 2.0]]}, X, Y),
            {},
            r"^analyse: layer 'a': .*; accepted: an array or a tensor of numbers$",
        ),
        (
            ({"a": X.int()}, X, Y),
            {},
            r"^analyse: layer 'a' holds int32; accepted: floating point \(x\.astype\(float\)\)$",
        ),
        (("a.zarr", X, Y), {}, r"^analyse: inputs, targets and epochs go with arrays; a store has its own$"),
    ],
)
def test_what_does_not_go_together_is_refused(arguments, options, message):
    with pytest.raises(ConfigError, match=message):
        infoplane.analyse(*arguments, **options)


def test_what_the_workflow_refuses_is_refused_and_told_at_once():
    estimators = [{"name": "a"}, {"name": "a", "alpha": 2}, {"name": "b", "probe_size": 13}]
    estimators += [{**BINS, "read": "preactivation"}, {"name": "k", "kind": "kde"}, {"name": "k_upper"}]
    with pytest.raises(ConfigError) as caught:
        infoplane.analyse(LAYERS, X, Y, epochs=[0, 1], estimators=estimators, measures=["error_chain"])
    heading, *told = str(caught.value).splitlines()
    assert heading == "analyse:"
    assert [line.partition(";")[0] for line in told] == [
        "  - key 'estimators' has 'a' more than once",
        "  - key 'estimators' has probe_size 13 in 'b'",
        "  - key 'estimators' gives 'k_upper' more than once",
        "  - key 'measures' is ['error_chain'], of which nothing can be measured: the estimators do not offer it, or "
        "the activations have nothing for error_chain, intrinsic_dimension, layer_pairs, weights",
        "  - key 'estimators' has 'bins', which reads net inputs, and of these nothing was recorded",
    ]


@pytest.mark.parametrize(
    ("measure", "said"), [("weights", "recorded activations have no checkpoints"), ("bottleneck", "of which nothing")]
)
def test_what_no_estimator_can_measure_is_refused(measure, said):
    with pytest.raises(ConfigError, match=rf"^analyse:\n  - key 'measures' .*'{measure}'.*{said}"):
        infoplane.analyse(LAYERS, X, Y, epochs=[0, 1], measures=[measure])


@pytest.mark.parametrize("estimator", [{"name": "renyi"}, BINS, {"name": "kde", "kind": "kde"}])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_told_once_and_not_measured(caplog, estimator, value):
    layers = {name: values.repeat_interleave(2, 0) for name, values in LAYERS.items()}
    layers["fc1"][2, 5, 3] = layers["fc1"][3] = value
    found = infoplane.analyse(layers, X, Y, epochs=[0, 1, 2, 2.5], estimators=[estimator])["information"].to_dataset()
    assert [record.getMessage().partition(";")[0] for record in caplog.records] == [
        "values that are not finite, so that what hangs on them is not measured there: seed 0 at epochs 2, 2.5 in fc1"
    ]
    measured = found["mutual_information_layer_target"].notnull()
    assert measured.all(set(measured.dims) - {"epoch"}).values.tolist() == [True, True, False, False]
    assert not measured.sel(epoch=[2, 2.5]).any()


def test_inputs_that_are_not_finite_are_refused():
    inputs = X.clone()
    inputs[[4, 7], 1] = torch.tensor([np.nan, np.inf])
    with pytest.raises(
        ConfigError, match=r"^analyse:\n  - inputs of 2 samples are not finite, the first at index 4; rem"
    ):
        infoplane.analyse(LAYERS, inputs, Y, epochs=[0, 1])


def test_what_a_store_does_not_have_is_refused(recipe, train, capture, tmp_path):
    capture(train(recipe(seeds=(1,), epochs=(0,))), "far", store="distances", errors=False)
    assert set(infoplane.analyse(tmp_path / "far.zarr").children) == {"information", "decomposition"}
    with pytest.raises(ConfigError, match=r"^analyse:\n  - key 'estimators' has 'bins' of kind 'binning', which needs"):
        infoplane.analyse(tmp_path / "far.zarr", estimators=[BINS])
    with pytest.raises(StoreError, match=r"nothing\.zarr: no readable manifest\.json"):
        infoplane.analyse(tmp_path / "nothing.zarr")
    with pytest.raises(AttributeError, match=r"has no attribute 'analyze'$"):
        infoplane.analyze  # noqa: B018
