"""The summary of an experiment: every number of every run at its place, and NaN where no run has any."""

import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from infoplane import files, labels, store
from infoplane.analysis import summary
from infoplane.analysis.summary import Part, merged, summarise
from infoplane.errors import StoreError
from infoplane.schema import ARTIFACTS, SCORES

OUTER = ("seed", "control", "split", "probe_batch", "about")
KINDS = {"conv1": "convolutional", "conv2": "convolutional", "fc1": "fully_connected", "output": "output"}
# A wide and a narrow network, one of them trained for longer, and without its second convolution.
VARIANTS = {
    "wide": {
        "labels": {"model.filters": "6-12", "training.epochs": "1"},
        "epochs": {0.0: 0, 0.5: 2, 1.0: 4},
        "layers": {"conv1": 6, "conv2": 12, "fc1": 1, "output": 1},
        "seeds": [(0, 1), (5,)],
    },
    "narrow": {
        "labels": {"model.filters": "2", "training.epochs": "2"},
        "epochs": {0.0: 0, 1.0: 8, 2.0: 16},
        "layers": {"conv1": 2, "fc1": 1, "output": 1},
        "seeds": [(0, 1)],
    },
}
GROUPS = ("training", "information", "decomposition", "error_chain")
ESTIMATORS = ("renyi", "renyi-2")


def dataset(group, variant, seeds, number, estimator):
    """A store of one run whose numbers are all different."""
    layers = {
        name: channels
        for name, channels in VARIANTS[variant]["layers"].items()
        if group != "decomposition" or channels > 1
    }
    coords = {
        "seed": list(seeds),
        "estimator": [estimator],
        "control": ["none", "shuffled_samples"],
        "split": ["train", "test"],
        "epoch": list(VARIANTS[variant]["epochs"]),
        "step": list(VARIANTS[variant]["epochs"].values()),
        "layer": list(layers),
        "depth": [list(VARIANTS[variant]["layers"]).index(name) + 1 for name in layers],
        "kind": [KINDS[name] for name in layers],
        "channels": list(layers.values()),
        "probe_batch": [0, 1],
        "about": ["input", "target"],
    }
    if group == "training":
        for name in ("estimator", "control", "probe_batch", "about", "channels"):
            del coords[name]
    if group != "decomposition":
        coords.pop("about", None)
    arrays = {}
    for place, (name, variable) in enumerate(ARTIFACTS[group].groups["/"].items()):
        if name == "train_index":
            arrays[name] = np.tile(np.arange(7), (len(seeds), 1))
            continue
        shape = [len(coords[dim]) for dim in variable.dims]
        values = 100 * number + place + np.linspace(0, 0.9, int(np.prod(shape))).reshape(shape)
        arrays[name] = values / 1e4 if name in SCORES else values
    return labels.label(group, arrays, coords)


def layer_pairs(pairs):
    """A store of what is known of pairs of layers, all different."""
    firsts, seconds = zip(*(pair.split(", ") for pair in pairs), strict=True)
    coords = {"seed": [0], "estimator": ["renyi"], "control": ["none"], "split": ["train"], "epoch": [0.0, 1.0]}
    coords |= {"step": [0, 4], "layer": ["code"], "depth": [1], "kind": ["fully_connected"], "channels": [1]}
    coords |= {"probe_batch": [0], "about": ["reconstruction"]}
    coords |= {"pair": pairs, "first": list(firsts), "second": list(seconds)}
    arrays = {}
    for place, (name, variable) in enumerate(ARTIFACTS["layer_pairs"].groups["/"].items()):
        shape = [len(coords[dim]) for dim in variable.dims]
        arrays[name] = 100 * place + np.arange(float(np.prod(shape))).reshape(shape)
    return labels.label("layer_pairs", arrays, coords)


MADE_BY = {"device": "a processor", "versions": {"numpy": "2.1"}, "dataset": {"checksum": "c0ffee"}}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The datasets of all runs with their parts: two estimators, of which one measured nothing but information."""
    folder, found = tmp_path_factory.mktemp("runs"), []
    for group in GROUPS:
        for variant, facts in VARIANTS.items():
            for seeds in facts["seeds"]:
                for estimator in [""] if group == "training" else ESTIMATORS:
                    own = dataset(group, variant, seeds, len(found), estimator)
                    if estimator == "renyi-2" and group in ("decomposition", "error_chain"):
                        own = own.isel(layer=[])
                    path = folder / f"{group}-{variant}-{seeds[0]}-{estimator}.zarr"
                    store.write(path, group, own, provenance=MADE_BY)
                    found.append((Part(group, variant, path), own))
    return found


def summarised(runs, path, variants=VARIANTS):
    """The summary of runs, opened as a user would who has nothing but xarray."""
    swept = {variant: VARIANTS[variant]["labels"] for variant in variants}
    parts = [part for part, _ in runs]
    summarise(parts, variants=swept, output=path, provenance={"experiment": {"name": "tiny"}})
    return xr.open_datatree(path, engine="zarr")


def of(runs, *groups):
    return [run for run in runs if run[0].group in groups]


@pytest.fixture(scope="module")
def whole(runs):
    folder = runs[0][0].path.parent
    return summarised(runs, folder / "summary.zarr").load()


class TestNumbers:
    def test_every_number_of_every_run_is_at_its_place_and_there_are_no_others(self, runs, whole):
        count = {group: dict.fromkeys(ARTIFACTS["summary"].groups[f"/{group}"], 0) for group in GROUPS}
        for part, own in runs:
            for name, values in own.drop_vars("train_index", errors="ignore").data_vars.items():
                found = whole[part.group][name].sel(variant=part.variant)
                found = found.sel({dim: own[dim].values for dim in values.dims})
                assert found.dims == values.dims
                np.testing.assert_array_equal(found, values, err_msg=f"{part} {name}")
                count[part.group][name] += values.size
        for group, names in count.items():
            for name, size in names.items():
                assert np.isfinite(whole[group][name].values).sum() == size, (group, name)

    @pytest.mark.parametrize(("size", "together"), [(1, 1), (4000, 2)])
    def test_blocks_of_variants_make_no_difference(self, runs, whole, tmp_path, monkeypatch, size, together):
        monkeypatch.setattr(summary, "_BLOCK_BYTES", size)
        blocks = summarised(of(runs, "training", "error_chain"), tmp_path / "blocks.zarr")
        assert blocks["training"]["loss"].encoding["chunks"][0] == together
        assert blocks["error_chain"]["mutual_information_error"].encoding["chunks"][0] == 1
        for group in blocks.children:
            xr.testing.assert_identical(blocks[group].to_dataset().load(), whole[group].to_dataset())

    def test_the_order_of_the_runs_makes_no_difference(self, runs, whole, tmp_path):
        backward = summarised(of(runs, "training", "error_chain")[::-1], tmp_path / "backward.zarr")
        for group in backward.children:
            one, other = whole[group].to_dataset(), backward[group].to_dataset()
            xr.testing.assert_equal(other.sel({dim: one[dim].values for dim in one.dims}), one)


class TestCoordinates:
    @pytest.mark.parametrize("group", GROUPS)
    def test_epochs_seeds_and_layers_are_unions(self, whole, group):
        found = whole[group]
        assert found["epoch"].values.tolist() == [0, 0.5, 1, 2]
        assert found["seed"].values.tolist() == [0, 1, 5]
        assert found["variant"].values.tolist() == ["wide", "narrow"]
        layers = ["conv1", "conv2"] if group == "decomposition" else ["conv1", "conv2", "fc1", "output"]
        assert found["layer"].values.tolist() == layers

    def test_pairs_are_in_the_order_of_the_network_that_has_them(self, tmp_path):
        """A deep network, and a shallow one without its middle pair; which layers they are depends on the variant."""
        deep = ["input, output", "encoder1, decoder1", "encoder2, decoder2", "encoder3, decoder3"]
        parts = []
        for variant, pairs in (("narrow", [deep[0], deep[1], deep[3]]), ("wide", deep)):
            own = layer_pairs(pairs)
            store.write(tmp_path / f"{variant}.zarr", "layer_pairs", own, provenance=MADE_BY)
            parts.append((Part("layer_pairs", variant, tmp_path / f"{variant}.zarr"), own))
        found = summarised(parts, tmp_path / "summary.zarr")["layer_pairs"].to_dataset()
        assert found["pair"].values.tolist() == deep
        assert found["second"].sel(variant="narrow").values.tolist() == ["output", "decoder1", "", "decoder3"]
        for part, own in parts:
            values = found["mutual_information_pair"].sel(variant=part.variant, pair=own["pair"].values)
            np.testing.assert_array_equal(values, own["mutual_information_pair"])

    def test_swept_keys_label_the_variants(self, whole):
        found = whole["information"]
        assert found["model.filters"].dims == ("variant",)
        assert found["model.filters"].values.tolist() == ["6-12", "2"]
        assert found["training.epochs"].values.tolist() == ["1", "2"]

    def test_what_depends_on_the_variant_says_so(self, whole):
        """The third layer of the wide network is the second of the narrow one; an epoch has twice the updates."""
        found = whole["information"]
        assert found["depth"].dims == found["kind"].dims == found["channels"].dims == ("variant", "layer")
        np.testing.assert_array_equal(found["depth"], [[1, 2, 3, 4], [1, np.nan, 2, 3]])
        np.testing.assert_array_equal(found["channels"], [[6, 12, 1, 1], [2, np.nan, 1, 1]])
        narrow = ["convolutional", "", "fully_connected", "output"]
        assert found["kind"].values.tolist() == [list(KINDS.values()), narrow]
        assert found["step"].dims == ("variant", "epoch")
        np.testing.assert_array_equal(found["step"], [[0, 2, 4, np.nan], [0, np.nan, 8, 16]])

    def test_estimators(self, whole):
        assert whole["information"]["estimator"].values.tolist() == ["renyi", "renyi-2"]
        assert "estimator" not in whole["training"].coords

    def test_groups_own_their_coordinates(self, whole):
        assert whole.dataset.sizes == {}
        assert not whole.dataset.coords
        assert whole.attrs["experiment"] == {"name": "tiny"}

    def test_it_says_where_it_comes_from(self, whole, runs):
        sources = whole.attrs["sources"]
        assert sources["devices"] == {group: ["a processor"] for group in GROUPS}
        assert sources["versions"] == {group: [{"numpy": "2.1"}] for group in GROUPS}
        assert sources["datasets"] == [{"checksum": "c0ffee"}]
        manifests = {part.path.name: files.sha256(part.path / "manifest.json") for part, _ in runs}
        assert sources["stores"] == manifests

    def test_dimensions_units_and_names_are_those_of_the_data_model(self, whole):
        for group in GROUPS:
            for name, variable in ARTIFACTS["summary"].groups[f"/{group}"].items():
                assert whole[group][name].dims == variable.dims
                assert whole[group][name].attrs == labels.described(variable)


class TestWeights:
    """One store of every variant, without layers."""

    @pytest.fixture(scope="class")
    @classmethod
    def both(cls, tmp_path_factory):
        """Stores of both variants with different epochs and seeds, and their summary."""
        folder, parts, own = tmp_path_factory.mktemp("weights"), [], {}
        for place, (variant, facts) in enumerate(VARIANTS.items()):
            seeds = [seed for block in facts["seeds"] for seed in block]
            epochs = list(facts["epochs"])
            coords = {"seed": seeds, "other_seed": seeds, "epoch": epochs, "other_epoch": epochs}
            arrays = {}
            for index, (name, variable) in enumerate(ARTIFACTS["weights"].groups["/"].items()):
                shape = [len(coords[dim]) for dim in variable.dims]
                arrays[name] = 10 * place + index + np.linspace(0, 0.9, int(np.prod(shape))).reshape(shape)
            own[variant] = labels.label("weights", arrays, {**coords, "step": list(facts["epochs"].values())})
            parts.append(Part("weights", variant, folder / f"{variant}.zarr"))
            store.write(parts[-1].path, "weights", own[variant], provenance=MADE_BY)
        swept = {variant: facts["labels"] for variant, facts in VARIANTS.items()}
        summarise(parts, variants=swept, output=folder / "summary.zarr", provenance={})
        return own, store.load(folder / "summary.zarr", "summary")["weights"].load()

    def test_every_number_is_at_its_place_and_there_are_no_others(self, both):
        own, found = both
        assert found["seed"].values.tolist() == found["other_seed"].values.tolist() == [0, 1, 5]
        assert found["epoch"].values.tolist() == found["other_epoch"].values.tolist() == [0, 0.5, 1, 2]
        for name in ARTIFACTS["weights"].groups["/"]:
            for variant, dataset in own.items():
                values = found[name].sel(variant=variant)
                at = {dim: dataset[dim].values for dim in dataset[name].dims}
                np.testing.assert_array_equal(values.sel(at), dataset[name])
                assert np.isfinite(values).sum() == dataset[name].size
        np.testing.assert_array_equal(found["step"], [[0, 2, 4, np.nan], [0, np.nan, 8, 16]])


class TestDataSets:
    """A store of a data set is that of every variant that has it."""

    def test_variants_of_one_data_set_share_its_numbers(self, tmp_path):
        coords = {"method": ["two_nn", "maximum_likelihood"], "repetition": [0, 1, 2]}
        values = np.array([[2.1, 1.9, np.nan], [2.2, 1.8, np.nan]])
        parts = []
        for place, variants in enumerate((("narrow", "wide"), ("noisy",))):
            own = labels.label("intrinsic_dimension", {"intrinsic_dimension": values + place}, coords)
            store.write(tmp_path / f"{place}.zarr", "intrinsic_dimension", own, provenance=MADE_BY)
            parts += [Part("intrinsic_dimension", variant, tmp_path / f"{place}.zarr") for variant in variants]
        swept = {variant: {} for variant in ("wide", "noisy", "narrow")}
        summarise(parts, variants=swept, output=tmp_path / "summary.zarr", provenance={})
        found = store.load(tmp_path / "summary.zarr", "summary")["intrinsic_dimension"].to_dataset()
        assert set(found.data_vars) == {"intrinsic_dimension"}
        assert found["intrinsic_dimension"].dims == ("variant", "method", "repetition")
        assert found["method"].values.tolist() == coords["method"]
        assert found["repetition"].values.tolist() == coords["repetition"]
        for variant, place in {"wide": 0, "noisy": 1, "narrow": 0}.items():
            np.testing.assert_array_equal(found["intrinsic_dimension"].sel(variant=variant), values + place)


class TestParts:
    def test_what_no_run_measured_is_no_group(self, runs, tmp_path):
        some = [run for run in of(runs, "training", "decomposition") if "renyi" not in run[1].get("estimator", ())]
        assert set(summarised(some, tmp_path / "some.zarr").children) == {"training"}

    def test_one_variant_alone(self, runs, tmp_path):
        """The narrow network has one convolution to decompose."""
        narrow = [run for run in of(runs, "decomposition") if run[0].variant == "narrow"]
        found = summarised(narrow, tmp_path / "narrow.zarr", ["narrow"])["decomposition"]
        assert found["layer"].values.tolist() == ["conv1"]
        assert np.isfinite(found["redundancy_synergy_tradeoff"].sel(estimator="renyi")).all()
        assert np.isnan(found["redundancy_synergy_tradeoff"].sel(estimator="renyi-2")).all()

    def test_a_damaged_store_is_named_and_no_summary_is_left(self, runs, tmp_path):
        part, own = runs[1]
        path = tmp_path / "damaged.zarr"
        shutil.copytree(part.path, path)
        (path / "loss" / "c" / "0" / "0" / "0").write_bytes(b"nothing")
        with pytest.raises(StoreError, match=rf"{re.escape(str(path))}: loss/c/0/0/0 is damaged"):
            summarised([runs[0], (replace(part, path=path), own)], tmp_path / "summary.zarr")
        assert not list(tmp_path.glob("*summary*"))

    def test_a_store_in_the_place_of_another_is_refused(self, runs, tmp_path):
        (first, own), (second, _) = runs[:2]
        copied = tmp_path / second.path.name
        shutil.copytree(first.path, copied)
        both = rf"{re.escape(str(first.path))} and {re.escape(str(copied))} both hold seed 0: one of them is not what"
        with pytest.raises(StoreError, match=both):
            summarised([(first, own), (replace(second, path=copied), own)], tmp_path / "summary.zarr")
        assert not list(tmp_path.glob("*summary*"))

    def test_it_is_whole_and_can_be_checked(self, runs, tmp_path):
        summarised(runs[:3], tmp_path / "summary.zarr")
        assert set(store.load(tmp_path / "summary.zarr", "summary").children) == {"training"}


class TestMerged:
    @pytest.mark.parametrize(
        ("orders", "expected"),
        [
            ([["a", "b"], ["a", "b"]], ["a", "b"]),
            ([["a", "c"], ["a", "b", "c"]], ["a", "b", "c"]),
            ([["fc1", "output"], ["conv2", "conv1", "fc1", "output"]], ["conv2", "conv1", "fc1", "output"]),
            ([["a", "b", "z"], ["a", "x", "z"]], None),
            ([["x", "a"], ["a", "b", "c"]], ["x", "a", "b", "c"]),
            ([[], ["b", "a"]], ["b", "a"]),
            ([], []),
        ],
    )
    def test_each_network_keeps_its_order(self, orders, expected):
        union = merged(orders)
        assert len(union) == len(set(union)) == len({name for each in orders for name in each})
        for each in orders:
            assert [name for name in union if name in each] == each
        assert expected is None or union == expected


def test_scores_are_those_that_runs_have_and_losses_are_called_what_they_are(runs, tmp_path):
    """Of runs with continuous targets there is no accuracy; where others have one, both stand there."""
    (wide, own), *_, (narrow, other) = of(runs, "training")
    squared = {"loss": {"long_name": "Mean squared error", "units": "1"}}
    coords = {name: own[name].values for name in own.coords if name != "sample"}
    arrays = {name: values.values for name, values in own.items() if name != "accuracy"}
    regression = replace(wide, path=tmp_path / "regression.zarr")
    store.write(regression.path, "training", labels.label("training", arrays, coords, said=squared), provenance={})
    classified = replace(narrow, path=tmp_path / "classified.zarr")
    store.write(classified.path, "training", other.drop_vars("determination"), provenance={})

    alone = summarised([(regression, own)], tmp_path / "alone.zarr")["training"].to_dataset()
    assert "accuracy" not in alone
    assert (alone["loss"].attrs["long_name"], alone["loss"].attrs["units"]) == ("Mean squared error", "1")
    assert np.array_equal(alone["determination"].sel(variant="wide").values, own["determination"].values)

    both = summarised([(regression, own), (classified, other)], tmp_path / "both.zarr")["training"].to_dataset()
    assert both["loss"].attrs["long_name"] == "Mean squared error or Cross-entropy loss"
    assert both["loss"].attrs["units"] == "1 or nats"
    assert both["accuracy"].sel(variant="wide").isnull().all()
    assert both["determination"].sel(variant="narrow").isnull().all()
    assert both["accuracy"].sel(variant="narrow").notnull().any()
