"""Each claim of Wickstrøm et al. 2023 on summaries with its effect planted, absent and reversed."""

import numpy as np
import pytest
import xarray as xr

from infoplane import claims

EPOCHS = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
LAYERS = {"conv1": ("convolutional", 16), "conv2": ("convolutional", 64), "conv3": ("convolutional", 128)}
LAYERS |= {"fc1": ("fully_connected", 1), "output": ("output", 1)}
SEEDS = 5
N, CLASSES_BITS = 100, 3.3
NOISE = xr.DataArray([-0.002, -0.001, 0.0, 0.001, 0.002], dims="seed")
SIGN = xr.DataArray([-1.0, 1, -1, 1, 1], dims="seed")  # of an effect that seeds do not share
EPOCH = xr.DataArray(EPOCHS, dims="epoch")
DEPTH = xr.DataArray(np.arange(1.0, 6.0), dims="layer")
ESTIMATORS = [
    {"name": "tensor", "kind": "renyi", "joint": "tensor", "bandwidth": {"rule": "alignment"}},
    {"name": "product", "kind": "renyi", "joint": "multivariate", "bandwidth": {"rule": "alignment"}},
    {"name": "tensor_8", "kind": "renyi", "joint": "tensor", "bandwidth": {"rule": "fixed", "width": 8}},
    {"name": "product_8", "kind": "renyi", "joint": "multivariate", "bandwidth": {"rule": "fixed", "width": 8}},
]
NAMES = xr.DataArray(range(4), dims="estimator", coords={"estimator": [each["name"] for each in ESTIMATORS]})
SPLIT = xr.DataArray([0.0, 1.0], dims="split", coords={"split": ["train", "test"]})
DEFAULTS = {
    "mutual_information_input_layer": 6 - DEPTH / 2,
    "mutual_information_layer_target": 3.0,
    "entropy_target": CLASSES_BITS,
    "entropy_layer": 6.0,
    "joint_entropy_input_layer": 6.5,
    "joint_entropy_layer_target": 6.2,
    "bandwidth": 2.0,
}


def judged(
    name,
    *,
    estimator="tensor",
    split="train",
    accuracy=None,
    activations=None,
    controls=("none",),
    settings=None,
    **planted,
):
    """The verdict on a claim with an estimator on a split; variables are broadcast to what they have."""
    tree = summary(accuracy, activations, controls, **planted)
    tree.attrs["experiment"] |= settings or {}
    found = claims.judge(tree, [claims.claim(f"wickstrom2023.{name}", folder=None)])
    return next(each for each in found if (each.estimator, each.split) == (estimator, split))


def summary(accuracy=None, activations=None, controls=("none",), **planted):
    kinds, channels = zip(*LAYERS.values(), strict=True)
    dims = {
        "variant": [f"v{index}" for index in range(len(activations or [1]))],
        "seed": range(SEEDS),
        "estimator": NAMES["estimator"].values,
        "control": list(controls),
        "split": ["train", "test"],
        "epoch": EPOCHS,
        "layer": list(LAYERS),
        "probe_batch": [0],
    }
    coords = {
        key: (("variant", "layer"), [each] * len(dims["variant"]))
        for key, each in (("kind", kinds), ("channels", channels))
    }
    coords["depth"] = (("variant", "layer"), [DEPTH.values] * len(dims["variant"]))
    coords["dominator"] = (("variant", "layer"), [["input", *list(LAYERS)[:-1]]] * len(dims["variant"]))
    coords |= {"model.activation": ("variant", activations)} if activations else {}
    zero = xr.DataArray(np.zeros([len(each) for each in dims.values()]), coords=dims, dims=list(dims))
    information = {name: (value + zero) for name, value in {**DEFAULTS, **planted}.items()}
    rising = 0.1 + 0.1 * EPOCH + 0 * NOISE if accuracy is None else accuracy + 0 * NOISE
    training = rising + 0 * zero.isel(estimator=0, control=0, layer=0, probe_batch=0, drop=True)
    groups = {
        "information": xr.Dataset(information).transpose(*dims).assign_coords(coords),
        "training": xr.Dataset(
            {"accuracy": training, "diverged_epoch": training.isel(epoch=0, split=0, drop=True) * np.nan}
        ),
    }
    tree = xr.DataTree.from_dict(groups)
    tree.attrs["experiment"] = {
        "name": "planted",
        "controls": list(controls[1:]),
        "estimators": ESTIMATORS,
        "probe": {"size": N, "splits": ["train", "test"]},
        "model": {"activation": "relu"},
    }
    return tree


def of(layer):
    """1 at a layer, 0 elsewhere."""
    return (xr.DataArray(list(LAYERS), dims="layer") == layer).astype(float)


class TestCeiling:
    @pytest.mark.parametrize(("share", "word"), [(0.995, "supported"), (0.98, "contradicted")])
    def test_every_convolution_of_many_maps_at_every_epoch(self, share, word):
        entropies = np.log2(N) * (1 - (1 - share) * of("conv3") * (EPOCH == 2) - 0.5 * of("conv1") - 0.5 * of("fc1"))
        found = judged("product_at_the_ceiling", estimator="product", entropy_layer=entropies)
        assert found.verdict == word
        assert found.effect.mean == pytest.approx(share)
        assert found.remark.endswith("0.500 with 16, 1.000 with 64, 1.000 with 128.")

    def test_the_tensor_kernel_stays_below(self):
        entropies = np.log2(N) * (0.9 + 0.08 * of("conv2") * (EPOCH == 1) + 0.1 * of("conv1"))
        found = judged("tensor_below_the_ceiling", entropy_layer=entropies)
        assert found.verdict == "supported"
        assert found.effect.mean == pytest.approx(0.98)

    @pytest.mark.parametrize(
        ("name", "estimators"),
        [
            ("product_at_the_ceiling", {"product"}),
            ("tensor_below_the_ceiling", {"tensor"}),
            ("widths_settle", {"tensor"}),
            ("same_as_the_product", {"product_8"}),
        ],
    )
    def test_each_speaks_of_one_kind_of_estimator(self, name, estimators):
        found = claims.judge(summary(), [claims.claim(f"wickstrom2023.{name}", folder=None)])
        assert {each.estimator for each in found} == estimators
        assert {each.split for each in found} == {"train", "test"}


@pytest.mark.parametrize(("apart", "word"), [(1e-12, "supported"), (1e-6, "contradicted")])
def test_one_width_makes_one_kernel(apart, word):
    entropies = 5 + 0.7 * (NAMES < 2) + apart * of("conv2") * (NAMES == 2)
    found = judged("same_as_the_product", estimator="product_8", entropy_layer=entropies)
    assert found.verdict == word
    assert found.effect.mean == pytest.approx(apart, rel=1e-3)


def test_without_the_other_estimator_there_is_nothing_to_compare():
    found = judged("same_as_the_product", estimator="product_8", settings={"estimators": ESTIMATORS[1::2]})
    assert found.verdict == "no verdict"


class TestRange:
    @pytest.mark.parametrize(
        ("planted", "outside"),
        [
            ({}, -0.3),  # of I(T; Y) from S(Y)
            ({"mutual_information_input_layer": 3 - 3.2 * of("fc1") * (EPOCH == 2)}, 0.2),
            ({"mutual_information_input_layer": 3 + 4 * of("fc1") * (EPOCH == 2)}, 7 - np.log2(N)),
            ({"mutual_information_layer_target": 3 + 0.4 * of("fc1") * (EPOCH == 2)}, 0.1),
            ({"mutual_information_layer_target": 3 - 3.5 * of("fc1") * (EPOCH == 2)}, 0.5),
        ],
    )
    def test_furthest_outside(self, planted, outside):
        found = judged("within_its_range", **planted)
        assert found.effect.mean == pytest.approx(outside)
        assert found.verdict == ("supported" if outside < 0 else "contradicted")

    def test_no_moving_average_hides_an_epoch(self):
        outside = {"mutual_information_layer_target": 3 + 0.4 * of("fc1") * (EPOCH == 2)}
        assert judged("within_its_range", settings={"moving_average": 6}, **outside).verdict == "contradicted"

    def test_the_remark_is_of_hidden_layers(self):
        known = CLASSES_BITS * (0.5 + 0.5 * (EPOCH > 0)) * (1 - of("output"))
        found = judged("within_its_range", mutual_information_layer_target=known)
        said = "In the mean of hidden layers I(T; Y) is, of S(Y), 50 % untrained and 100 % at the end."
        assert found.remark == f"{said} At α = 1 both ranges are theorems."


class TestLearning:
    @pytest.mark.parametrize(("rise", "word"), [(0.1, "supported"), (0.01, "contradicted")])
    def test_of_hidden_layers(self, rise, word):
        values = 2 + (rise * (1 - of("output")) + 5 * of("output") + NOISE) * (EPOCH == 5)
        found = judged("learns_about_the_labels", mutual_information_layer_target=values)
        assert found.verdict == word
        assert found.effect.mean == pytest.approx(rise)

    def test_what_permuted_labels_show_too_is_explained(self):
        values = 2 + (0.1 + NOISE) * (EPOCH == 5)
        controls = ["none", "permuted_labels"]
        found = judged("learns_about_the_labels", controls=controls, mutual_information_layer_target=values)
        assert found.verdict == "explained by the control"
        said = judged("within_its_range", controls=controls, mutual_information_layer_target=values).remark
        assert said.count("61 % untrained and 64 % at the end") == 2
        assert "at the end of permuted labels. " in said


class TestDataProcessing:
    @pytest.mark.parametrize(("rise", "share"), [(0.0, 1.0), (5.0, 0.75)])
    def test_of_the_mean_over_epochs(self, rise, share):
        """fc1 is above conv3 at one of six epochs, and in the mean too; of the untrained networks all pairs fall."""
        values = 6 - DEPTH / 2 + rise * of("fc1") * (EPOCH == 3)
        found = judged("data_processing", mutual_information_input_layer=values)
        assert found.effect.mean == pytest.approx(share)
        assert found.remark == "Of untrained networks the share is 1.00."
        assert found.verdict == "supported"

    def test_no_moving_average_weighs_an_epoch_more(self):
        values = 6 - DEPTH / 2 + 2.9 * of("fc1") * (EPOCH == 0)
        found = judged("data_processing", settings={"moving_average": 6}, mutual_information_input_layer=values)
        assert found.effect.mean == 1
        assert found.remark == "Of untrained networks the share is 0.75."

    def test_a_rise_at_one_epoch_may_be_made_up_for(self):
        values = 6 - DEPTH / 2 + 2.9 * of("fc1") * (EPOCH == 3)
        assert judged("data_processing", mutual_information_input_layer=values).effect.mean == 1

    def test_more_rises_than_falls(self):
        found = judged("data_processing", mutual_information_input_layer=DEPTH + NOISE)
        assert found.verdict == "contradicted"


def falling(fall):
    """I(X; T) that rises to 5 bits at epoch 3 and then falls by a share."""
    return 5 * np.minimum(EPOCH / 3, 1) * (1 - (fall + NOISE) * (EPOCH > 3))


class TestCompression:
    @pytest.mark.parametrize(
        ("fall", "word"),
        [(0.2 * of("fc1"), "supported"), (0.01 * of("fc1"), "contradicted"), (0.2 * of("output"), "contradicted")],
    )
    def test_of_the_hidden_layer_that_compresses_most(self, fall, word):
        assert judged("compression_with_relu", mutual_information_input_layer=falling(fall)).verdict == word

    def test_what_never_rose_does_not_compress_after_fitting(self):
        found = judged("compression_with_relu", mutual_information_input_layer=5 - EPOCH / 2 + NOISE)
        assert found.effect.mean == 0
        assert found.verdict == "contradicted"

    def test_of_relu_networks_alone(self):
        variant = xr.DataArray([0.0, 1.0], dims="variant")
        found = judged(
            "compression_with_relu", activations=["relu", "tanh"], mutual_information_input_layer=falling(0.3 * variant)
        )
        assert found.verdict == "contradicted"
        found = judged(
            "compression_with_relu", activations=["tanh", "relu"], mutual_information_input_layer=falling(0.3 * variant)
        )
        assert found.verdict == "supported"
        assert found.effect.mean == pytest.approx(0.3)
        assert "fc1 30 %, output 30 % of v1" in found.remark

    def test_without_a_relu_network_there_is_no_effect(self):
        found = judged("compression_with_relu", settings={"model": {"activation": "tanh"}})
        assert found.verdict == "no verdict"

    @pytest.mark.parametrize(
        ("train", "test", "word"), [(0.3, 0.1, "supported"), (0.1, 0.3, "contradicted"), (0.2, 0.2, "contradicted")]
    )
    def test_more_on_train(self, train, test, word):
        fall = train + (test - train) * SPLIT
        found = judged("compression_on_train", mutual_information_input_layer=falling(fall))
        assert found.verdict == word
        whole = claims.judge(summary(), [claims.claim("wickstrom2023.compression_on_train", folder=None)])
        assert {each.split for each in whole} == {"train"}


class TestEarlyStopping:
    BEST_AT_ZERO = 0.9 - 0.1 * EPOCH  # stops at epoch 5, after five checkpoints without a better one

    LATE = xr.DataArray([1.0, 2, 3, 4, 3, 3], dims="epoch")
    EARLY = xr.DataArray([1.0, 4, 3, 3, 3, 3], dims="epoch")

    def test_share_of_layers_that_peak_after_the_stop(self):
        """None can: the last epoch is the stop."""
        found = judged(
            "stops_before_compression", accuracy=self.BEST_AT_ZERO, mutual_information_input_layer=self.LATE + NOISE
        )
        assert found.verdict == "contradicted"
        assert found.effect.mean == 0
        assert "5 of 5 with 1, at epoch 1 in the median" in found.remark

    @pytest.mark.parametrize(("late", "share"), [(1.0, 1.0), (of("fc1"), 0.25), (of("output"), 0.0)])
    def test_layers_that_compress_later(self, late, share, monkeypatch):
        monkeypatch.setattr("infoplane.claims.wickstrom2023._PATIENCE", 1)
        values = self.EARLY * (1 - late) + self.LATE * late
        found = judged("stops_before_compression", accuracy=self.BEST_AT_ZERO, mutual_information_input_layer=values)
        assert found.effect.mean == pytest.approx(share)

    def test_a_layer_that_never_compresses_does_not_count(self, monkeypatch):
        monkeypatch.setattr("infoplane.claims.wickstrom2023._PATIENCE", 1)
        found = judged("stops_before_compression", accuracy=self.BEST_AT_ZERO, mutual_information_input_layer=1 + EPOCH)
        assert found.effect.mean == 0

    def test_networks_that_never_stop_show_nothing(self):
        found = judged("stops_before_compression", mutual_information_input_layer=self.LATE + NOISE)
        assert found.effect.mean == 0
        assert found.verdict == "contradicted"


class TestWidths:
    @pytest.mark.parametrize(
        ("late", "word"), [(0.02, "supported"), (0.2, "contradicted"), (0.05 + 0.04 * SIGN, "inconclusive")]
    )
    def test_change_in_the_second_half(self, late, word):
        found = judged(
            "widths_settle", bandwidth=2 * (1 + 3 * (EPOCH > 0) * 1.0) * (1 + late * of("fc1") * (EPOCH == 5))
        )
        assert found.verdict == word

    def test_the_output_does_not_count(self):
        assert judged("widths_settle", bandwidth=2 + of("output") * EPOCH).verdict == "supported"
