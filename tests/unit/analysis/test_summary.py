"""The summary of an experiment: every number of every run at its place, and NaN where no run has any."""

import re

import numpy as np
import pytest
import xarray as xr

from infoplane import store
from infoplane.analysis import summary
from infoplane.analysis.summary import Part, merged, summarise
from infoplane.errors import StoreError
from infoplane.schema import ARTIFACTS

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


def dataset(group, variant, seeds, number):
    """A store of one run whose numbers are all different."""
    layers = {
        name: channels
        for name, channels in VARIANTS[variant]["layers"].items()
        if group != "decomposition" or channels > 1
    }
    coords = {
        "seed": list(seeds),
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
        for name in ("control", "probe_batch", "about", "channels"):
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
        arrays[name] = values / 1e4 if name == "accuracy" else values
    return store.label(group, arrays, coords)


@pytest.fixture
def runs(tmp_path):
    """The datasets of all runs with their parts: two estimators, of which one measured nothing but information."""
    found, number = [], 0
    for group in GROUPS:
        for variant, facts in VARIANTS.items():
            for seeds in facts["seeds"]:
                for estimator in [""] if group == "training" else ESTIMATORS:
                    number += 1
                    own = dataset(group, variant, seeds, number)
                    if estimator == "renyi-2" and group in ("decomposition", "error_chain"):
                        own = own.isel(layer=[])
                    path = tmp_path / f"{group}-{variant}-{seeds[0]}-{estimator}.zarr"
                    store.write(path, group, own, provenance={})
                    found.append((Part(group, variant, estimator, path), own))
    return found


@pytest.fixture
def summarised(runs, tmp_path):
    """A function that writes the summary and opens it as a user would, who has nothing but xarray."""

    def make(parts=None, name="summary", variants=VARIANTS):
        path = tmp_path / f"{name}.zarr"
        labels = {variant: VARIANTS[variant]["labels"] for variant in variants}
        chosen = [part for part, _ in runs] if parts is None else parts
        summarise(chosen, variants=labels, output=path, provenance={"experiment": {"name": "tiny"}})
        return xr.open_datatree(path, engine="zarr")

    return make


class TestNumbers:
    def test_every_number_of_every_run_is_at_its_place_and_there_are_no_others(self, runs, summarised):
        tree = summarised()
        count = {group: dict.fromkeys(ARTIFACTS["summary"].groups[f"/{group}"], 0) for group in GROUPS}
        for part, own in runs:
            for name, values in own.data_vars.items():
                if name == "train_index":
                    continue
                found = tree[part.group][name].sel(variant=part.variant)
                if part.estimator:
                    found = found.sel(estimator=part.estimator)
                found = found.sel({dim: own[dim].values for dim in values.dims})
                assert found.dims == values.dims
                np.testing.assert_array_equal(found, values, err_msg=f"{part} {name}")
                count[part.group][name] += values.size
        for group, names in count.items():
            for name, size in names.items():
                assert np.isfinite(tree[group][name].values).sum() == size, (group, name)

    @pytest.mark.parametrize("size", [1, 4000])
    def test_blocks_of_variants_make_no_difference(self, summarised, monkeypatch, size):
        whole = summarised()
        monkeypatch.setattr(summary, "_BLOCK_BYTES", size)
        blocks = summarised(name="blocks")
        for group in GROUPS:
            xr.testing.assert_identical(blocks[group].to_dataset().load(), whole[group].to_dataset().load())
        chunks = blocks["training"]["loss"].encoding["chunks"]
        assert chunks[0] == (1 if size == 1 else 2)

    def test_the_order_of_the_runs_makes_no_difference(self, runs, summarised):
        forward, backward = summarised(), summarised([part for part, _ in reversed(runs)], "backward")
        for group in GROUPS:
            one, other = (tree[group].to_dataset().load() for tree in (forward, backward))
            same = {dim: one[dim].values for dim in one.dims}
            xr.testing.assert_equal(other.sel(same), one)


class TestCoordinates:
    def test_epochs_seeds_and_layers_are_unions(self, summarised):
        for group in GROUPS:
            found = summarised(name=group)[group]
            assert found["epoch"].values.tolist() == [0, 0.5, 1, 2]
            assert found["seed"].values.tolist() == [0, 1, 5]
            assert found["variant"].values.tolist() == ["wide", "narrow"]
            layers = ["conv1", "conv2"] if group == "decomposition" else ["conv1", "conv2", "fc1", "output"]
            assert found["layer"].values.tolist() == layers

    def test_swept_keys_label_the_variants(self, summarised):
        found = summarised()["information"]
        assert found["model.filters"].dims == ("variant",)
        assert found["model.filters"].values.tolist() == ["6-12", "2"]
        assert found["training.epochs"].values.tolist() == ["1", "2"]

    def test_what_depends_on_the_variant_says_so(self, summarised):
        """The third layer of the wide network is the second of the narrow one; an epoch has twice the updates."""
        found = summarised()["information"]
        assert found["depth"].dims == found["kind"].dims == found["channels"].dims == ("variant", "layer")
        np.testing.assert_array_equal(found["depth"], [[1, 2, 3, 4], [1, np.nan, 2, 3]])
        np.testing.assert_array_equal(found["channels"], [[6, 12, 1, 1], [2, np.nan, 1, 1]])
        assert found["kind"].values.tolist() == [
            list(KINDS.values()),
            ["convolutional", "", "fully_connected", "output"],
        ]
        assert found["step"].dims == ("variant", "epoch")
        np.testing.assert_array_equal(found["step"], [[0, 2, 4, np.nan], [0, np.nan, 8, 16]])

    def test_estimators(self, summarised):
        tree = summarised()
        assert tree["information"]["estimator"].values.tolist() == ["renyi", "renyi-2"]
        assert "estimator" not in tree["training"].coords

    def test_groups_own_their_coordinates(self, summarised):
        tree = summarised()
        assert tree.dataset.sizes == {}
        assert not tree.dataset.coords
        assert tree.attrs["experiment"] == {"name": "tiny"}

    def test_dimensions_units_and_names_are_those_of_the_data_model(self, summarised):
        tree = summarised()
        for group in GROUPS:
            for name, variable in ARTIFACTS["summary"].groups[f"/{group}"].items():
                assert tree[group][name].dims == variable.dims
                assert tree[group][name].attrs == {"units": variable.units, "long_name": variable.long_name}


class TestParts:
    def test_what_no_run_measured_is_no_group(self, runs, summarised):
        parts = [part for part, _ in runs if part.group != "decomposition" or part.estimator == "renyi-2"]
        tree = summarised(parts)
        assert set(tree.children) == {"training", "information", "error_chain"}

    def test_a_variant_whose_runs_have_no_such_layer_at_all(self, runs, summarised):
        """The narrow network alone has convolutions to decompose in none but its first layer."""
        parts = [part for part, _ in runs if part.variant == "narrow"]
        found = summarised(parts, variants=["narrow"])["decomposition"]
        assert found["layer"].values.tolist() == ["conv1"]
        assert np.isfinite(found["redundancy_synergy_tradeoff"].sel(estimator="renyi")).all()
        assert np.isnan(found["redundancy_synergy_tradeoff"].sel(estimator="renyi-2")).all()

    def test_a_damaged_store_is_named_and_no_summary_is_left(self, runs, summarised, tmp_path):
        path = runs[1][0].path
        target = path / "loss" / "c" / "0" / "0" / "0"
        target.write_bytes(b"nothing")
        with pytest.raises(StoreError, match=rf"{re.escape(str(path))}: loss/c/0/0/0 is damaged"):
            summarised()
        assert not list(tmp_path.glob("*summary*"))

    def test_it_is_written_whole_and_checked_when_it_is_opened(self, summarised, tmp_path):
        summarised()
        tree = store.load(tmp_path / "summary.zarr", "summary")
        assert set(tree.children) == set(GROUPS)


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
