"""Each claim of the text of Shwartz-Ziv and Tishby 2017 on summaries with its effect planted, absent and reversed."""

import numpy as np
import pytest
import xarray as xr

from infoplane import claims

from .planted_szt2017 import EPOCH, LAYER, NOISE, SEEDS, gradients, judged, summary


@pytest.mark.parametrize(
    ("power", "word", "mean"),
    [(0.5 + NOISE, "supported", 0.012), (0.5 + 10 * NOISE, "inconclusive", 0.12), (1.0, "contradicted", 0.5)],
)
def test_weights_diffuse(power, word, mean):
    other = EPOCH.rename(epoch="other_epoch")
    moved = abs(EPOCH - other) ** power
    changes = [1, 1, 10, 10, 1]
    found = judged("szt2017.diffusion", weights={"weight_displacement": moved}, training=gradients(changes))
    assert found.effect.mean == pytest.approx(mean)
    assert found.verdict == word
    assert "from the start up to the transition" in found.remark


def test_weights_diffuse_since_the_transition_of_each_network():
    """Before it they drift, and start anew from there; two networks never change."""
    changes = xr.DataArray([100.0, 100.0, 400.0, 2e4, 0.0], dims="seed")
    other = EPOCH.rename(epoch="other_epoch")
    since = other >= changes.where(changes > 0, 1e9)
    moved = xr.where(since, abs(EPOCH - other) ** 0.5, abs(EPOCH - other))
    training = gradients(changes.values)
    found = judged("szt2017.diffusion", weights={"weight_displacement": moved}, training=training)
    assert found.effect.seeds == (0, 1, 2)
    assert found.effect.mean == pytest.approx(0)
    assert "since 3 times that epoch" in found.remark


def test_a_drift_that_slows_down_is_no_diffusion():
    """Its exponent is the further from 1/2 the later one begins to look: from 400 epochs on it is 0.70."""
    other = EPOCH.rename(epoch="other_epoch")
    moved = abs(EPOCH**0.5 - other**0.5) + 0 * NOISE
    found = judged("szt2017.diffusion", weights={"weight_displacement": moved}, training=gradients([100] * 5))
    assert found.verdict == "contradicted"
    assert found.effect.mean == pytest.approx(0.2, abs=0.01)
    assert "0.63 since then, 0.70 since 3 times that epoch" in found.remark


class TestRelaxation:
    """Layers fc2 to output relax at 10, 100, 1,000 and 4,000 epochs, all having fallen in I(X; T) after the first."""

    def of(self, falls, known=1.0):
        relaxed = xr.DataArray([0.0, 10, 100, 1000, 4000], dims="layer")
        return judged(
            "szt2017.relaxes_sooner",
            information={
                "mutual_information_input_layer": 9 - (falls + 0 * NOISE) * (EPOCH > 1),
                "mutual_information_layer_target": known * (relaxed <= EPOCH),
            },
        )

    @pytest.mark.parametrize(
        ("falls", "word", "mean"), [([4, 3, 2, 1, 9], "supported", -1), ([1, 2, 3, 4, 0], "contradicted", 1)]
    )
    def test_is_judged_along_each_network(self, falls, word, mean):
        found = self.of(xr.DataArray(falls, dims="layer"))
        assert found.verdict == word
        assert found.effect.mean == pytest.approx(mean)
        assert found.remark.startswith("Of every layer, all seeds")

    def test_the_remark_compares_seeds(self):
        """Those of one layer that have fallen further relax later; of the others all relax at once."""
        late = xr.DataArray([1.0, 10, 100, 1000, 4000], dims="seed")
        second = xr.where(LAYER == 2, late, 1.0)
        values = {
            "mutual_information_input_layer": 9 - (1 + 10 * NOISE) * (late <= EPOCH),
            "mutual_information_layer_target": 1.0 * (second <= EPOCH),
        }
        said = judged("szt2017.relaxes_sooner", information=values).remark
        assert "is fc2 1.00 (" in said

    def test_layers_that_have_relaxed_untrained_do_not_count(self):
        relaxed = xr.DataArray([0.0, 0, 100, 1000, 4000], dims="layer")
        falls = xr.DataArray([9, 3, 2, 1, 0], dims="layer")
        values = {
            "mutual_information_input_layer": 9 - (falls + 0 * NOISE) * (EPOCH > 1),
            "mutual_information_layer_target": 1.0 * (relaxed <= EPOCH),
        }
        assert judged("szt2017.relaxes_sooner", information=values).effect.mean == pytest.approx(-1)

    def test_an_estimate_that_never_sees_the_label_gets_no_verdict(self):
        found = self.of(xr.DataArray([4, 3, 2, 1, 9], dims="layer"), known=0.5)
        assert found.verdict == "no verdict"
        assert found.remark == "I(T; Y) never is 0.9 bits, so that it is not judged."


@pytest.mark.parametrize(
    ("apart", "word", "mean"), [(4.0, "supported", 0.4), (0.5, "contradicted", 0.05), (1.0, "inconclusive", 0.1)]
)
def test_networks_end_apart(apart, word, mean):
    """Having travelled 10, and in planes that are the further apart the further their seeds."""
    seeds = xr.DataArray(np.arange(SEEDS), dims="seed")
    pairs = abs(seeds - seeds.rename(seed="other_seed")).assign_coords(other_seed=range(SEEDS))
    tree = summary(
        weights={"weight_displacement": 10.0 + 0 * NOISE},
        information={
            "mutual_information_input_layer": 1.0 * seeds,
            "mutual_information_layer_target": 0 * NOISE,
        },
    )
    distances = (apart * pairs).expand_dims(variant=["v0"])
    tree["weights"] = tree["weights"].to_dataset().assign(weight_distance=distances, weight_distance_matched=distances)
    (found,) = claims.judge(tree, [claims.claim("szt2017.ends_apart", folder=None)])
    assert found.verdict == word
    assert found.effect.mean == pytest.approx(mean)
    assert (found.estimator, found.split) == ("", "")
    assert found.remark.startswith(
        f"The nearest two are {mean:.2g} of the way apart. By binning: planes are 2 bits apart"
    )
    assert "rank correlation with the distance of weights with their units matched 1.00 (1.00 to 1.00)" in found.remark
