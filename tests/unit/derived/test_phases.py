"""Transition, compression and relaxation, against curves on which they are known."""

import numpy as np
import pytest
import xarray as xr

from infoplane.derived import phases

EPOCHS = (0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
NAN = np.nan


def _training(ratios):
    """Return two layers whose pooled m / s is as given, (seed, epoch), though that of neither layer is."""
    ratio = np.atleast_2d(ratios)
    mean = np.stack([0.6 * ratio, 0.8 * ratio], axis=-1)
    spread = np.broadcast_to([0.8, 0.6], mean.shape)
    dims = ("seed", "epoch", "layer")
    return xr.Dataset(
        {"gradient_mean_norm": (dims, mean), "gradient_std_norm": (dims, np.where(np.isnan(mean), NAN, spread))},
        {"epoch": list(EPOCHS), "layer": ["fc1", "output"]},
    )


def test_layers_are_pooled_as_parts_of_one_vector():
    gradients = np.random.default_rng(0).standard_normal((5, 7))  # mini-batches, parameters of two layers
    norms = {
        "gradient_mean_norm": [np.linalg.norm(part.mean(0)) for part in (gradients[:, :3], gradients[:, 3:])],
        "gradient_std_norm": [np.linalg.norm(part.std(0)) for part in (gradients[:, :3], gradients[:, 3:])],
    }
    training = xr.Dataset({name: (("epoch", "layer"), [values]) for name, values in norms.items()})
    whole = np.linalg.norm(gradients.mean(0)) / np.linalg.norm(gradients.std(0))
    assert phases.signal_to_noise(training).item() == pytest.approx(whole)


@pytest.mark.parametrize(
    ("ratios", "epoch"),
    [
        ([9, 7, 5, 2, 0.9, 0.5, 0.3, 0.2], 30),
        ([9, 7, 5, 2, 1.0, 0.5, 0.3, 0.2], 100),
        ([9, 7, 5, 2, 0.9, 0.5, 1.1, 0.2], 30),
        ([9, 0.9, 5, 2, 1.5, 0.5, 0.3, 0.2], 100),
        ([9, 7, 5, np.inf, 2, 2, 2, 0.2], 1000),
        ([9, 7, 5, 2, 0.9, 0.5, NAN, NAN], 30),
    ],
    ids=["one crossing", "1 is drift", "late outlier", "early outlier", "last epoch", "diverged"],
)
def test_the_transition_parts_the_phases_best(ratios, epoch):
    assert phases.transition(_training(ratios)).item() == epoch


@pytest.mark.parametrize(
    "ratios",
    [
        [9, 7, 5, 4, 3, 2, 2, 1],
        [0.9, 0.7, 0.5, 0.4, 0.3, 0.3, 0.3, 0.3],
        [9, 0.5, 0.5, 5, 0.5, 5, 0.5, 0.5],
        [9, 7, 5, 5, 0.5, 5, 5, 0.5],
        [0.5, 0.5, 0.5, 0.5, 9, 9, 9, 9],
        [NAN] * 8,
    ],
    ids=["drift alone", "diffusion alone", "drift comes back", "diffusion comes early", "reverse", "nothing recorded"],
)
def test_a_network_without_two_phases_has_no_transition(ratios):
    assert np.isnan(phases.transition(_training(ratios)).item())


def test_every_network_has_its_own_transition():
    early, late, never = [9, 7, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5], [9, 7, 5, 5, 5, 5, 0.5, 0.5], [9.0] * 8
    np.testing.assert_array_equal(phases.transition(_training([early, late, never])), [3, 300, NAN])


def _information(input_layer, layer_target):
    """Return one layer of two variants, (variant, epoch); NaN beyond the last epoch of a variant."""
    dims = ("variant", "seed", "epoch", "layer")
    values = {"mutual_information_input_layer": input_layer, "mutual_information_layer_target": layer_target}
    return xr.Dataset(
        {name: (dims, np.array(value, dtype=float)[:, None, :, None]) for name, value in values.items()},
        {"epoch": [0.0, 1.0, 10.0, 100.0], "variant": ["long", "short"], "layer": ["fc1"], "seed": [0]},
    )


def test_relaxation_is_the_first_epoch_with_a_share_of_the_final_value():
    information = _information([[1, 1, 1, 1]] * 2, [[0.1, 0.5, 0.9, 1.0], [0.0, 0.9, 0.8, NAN]])
    for share, epochs in ((0.5, [1, 1]), (0.9, [10, 1]), (0.95, [100, 1])):
        np.testing.assert_array_equal(phases.relaxation(information, share=share).squeeze(), epochs)


def test_what_knows_nothing_at_the_end_or_was_never_measured_has_no_relaxation():
    information = _information([[1, 1, 1, 1], [1, 1, 1, NAN]], [[0.5, 0.2, 0.1, 0.0], [NAN] * 4])
    assert phases.relaxation(information, share=0.95).isnull().all()


def _paths(**layers):
    """Return I(X; T) of one variant's layers at epochs 0, 1, 10 and 100; None for a layer that it lacks."""
    values = np.array([[NAN] * 4 if path is None else path for path in layers.values()], dtype=float)
    dims = ("variant", "seed", "epoch", "layer")
    return xr.Dataset(
        {"mutual_information_input_layer": (dims, values.T[None, None])},
        {"variant": ["v"], "seed": [0], "epoch": [0.0, 1.0, 10.0, 100.0], "layer": list(layers)},
    )


def _until(information, **epochs):
    own = information["mutual_information_input_layer"].isel(epoch=0, drop=True)
    return own.copy(data=np.reshape([epochs.get(name, NAN) for name in own["layer"].values], own.shape))


@pytest.mark.parametrize(("until", "fall"), [(0, 0), (1, 0), (10, 2), (100, 3.5)])
def test_compression_before_a_layer_is_the_fall_of_the_one_before_until_then(until, fall):
    information = _paths(fc1=[1, 5, 3, 1.5], output=[9, 8, 7, 6])
    found = phases.compression_before(information, _until(information, fc1=100.0, output=until))
    assert found.sel(layer="output").item() == fall
    assert np.isnan(found.sel(layer="fc1").item()), "none is before it"


def test_compression_before_a_layer_passes_over_those_that_the_variant_lacks():
    first = _paths(fc1=[1, 5, 3, 1.5], fc2=None, output=[9, 8, 7, 6])
    second = _paths(fc1=[1, 5, 3, 1.5], fc2=[4, 4, 4, 3], output=[9, 8, 7, 6]).assign_coords(variant=["w"])
    information = xr.concat([first, second], dim="variant")
    until = _until(information.isel(variant=[0]), fc2=100.0, output=100.0)
    until = xr.concat([until, until.assign_coords(variant=["w"])], dim="variant")
    found = phases.compression_before(information, until).transpose("variant", "layer", "seed").squeeze()
    np.testing.assert_array_equal(found, [[NAN, NAN, 3.5], [NAN, 3.5, 1]])


def test_without_an_epoch_or_a_value_there_is_no_compression_before():
    information = _paths(fc1=[1, 5, NAN, NAN], output=[1, 1, NAN, NAN])
    for until in (NAN, 10.0):
        assert phases.compression_before(information, _until(information, output=until)).isnull().all()
