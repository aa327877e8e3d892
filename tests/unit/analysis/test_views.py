"""Looking at a run slab by slab: what has been measured is kept, and no slab outlives its turn."""

import logging
import tracemalloc
import weakref

import numpy as np
import pytest
import xarray as xr

from infoplane import labels, store
from infoplane.analysis import decomposition, error_chain, information, views
from infoplane.analysis.information import renyi
from infoplane.analysis.measure import measure
from infoplane.errors import StoreError
from infoplane.schema import ARTIFACTS

MEASURES = {"information": information, "decomposition": decomposition, "error_chain": error_chain}
CHUNK = "fc1/activation/c/0/0/0/0/0"


@pytest.fixture
def measured(request, tmp_path, estimator, monkeypatch):
    """A function that measures a store, and tells the seed of every network that it looked at, epoch by epoch."""
    name, looked_at = getattr(request, "param", "information"), []
    module = MEASURES[name]
    within = renyi if module is information else module
    original = within._measure

    def counted(view, *arguments):
        looked_at.append(view.seed)
        return original(view, *arguments)

    monkeypatch.setattr(within, "_measure", counted)

    def run(tree, *, control=(), code="c", **changes):
        looked_at.clear()
        found = getattr(module, name)(
            tree, estimator(**changes), control=list(control), work=tmp_path / "work", code=code
        )
        return found, list(looked_at)

    return run


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


class TestKept:
    @pytest.mark.parametrize("measured", MEASURES, indirect=True)
    def test_a_second_time_nothing_is_measured(self, activations, measured):
        tree = activations()
        first, looked_at = measured(tree)
        assert looked_at == [0, 0, 0, 4, 4, 4]
        second, looked_at = measured(tree)
        assert looked_at == []
        xr.testing.assert_identical(first, second)

    def test_of_a_longer_training_only_the_new_epochs(self, activations, measured):
        shorter, _ = measured(activations("shorter"))
        longer, looked_at = measured(activations("longer", epochs=(0.0, 0.5, 1.0, 2.0)))
        assert looked_at == [0, 4]
        for name, values in shorter.data_vars.items():
            np.testing.assert_array_equal(longer[name].sel(epoch=[0, 0.5, 1]), values)
        again, _ = measured(activations("again", epochs=(0.0, 0.5, 1.0, 2.0)), code="other")
        xr.testing.assert_identical(longer, again)

    def test_the_log_says_that_it_goes_on(self, activations, measured, caplog):
        """So that `infoplane plan` does not take the time that is left for the time that it takes."""
        caplog.set_level(logging.INFO)
        measured(activations("shorter"))
        assert "goes on from" not in caplog.text
        measured(activations("longer", epochs=(0.0, 0.5, 1.0, 2.0)))
        assert "work: goes on from 6 that are measured of 8 (seeds × epochs)" in caplog.messages

    def test_of_more_seeds_only_the_new_ones(self, activations, measured):
        measured(activations("fewer"))
        assert measured(activations("more", seeds=(0, 4, 7)))[1] == [7, 7, 7]

    @pytest.mark.parametrize(
        "changes",
        [{"alpha": 2.0}, {"probe_size": 8}, {"control": ["shuffled_samples"]}, {"code": "d"}],
        ids=str,
    )
    def test_another_estimator_other_controls_and_other_code_measure_anew(self, activations, measured, changes):
        tree = activations(epochs=(0.0, 1.0))
        measured(tree)
        assert measured(tree, **changes)[1] == [0, 0, 4, 4]

    @pytest.mark.parametrize("measured", MEASURES, indirect=True)
    def test_another_network_measures_anew(self, activations, measured):
        """One number in the last slab of one layer."""
        tree = activations().load()
        measured(tree)
        for name in ("activation", "error"):
            tree["conv1"][name].values[1, 2, 0, 0, 0, 0, 0] += 1
        assert measured(tree)[1] == [4]

    def test_what_is_not_needed_any_more_is_removed(self, activations, measured, tmp_path):
        measured(activations("longer"))
        measured(activations("shorter", epochs=(0.0, 1.0)))
        names = [path.suffix for path in (tmp_path / "work").iterdir()]
        assert sorted(names) == [".npz"] * 4 + [".sha256"] * 4

    @pytest.mark.parametrize("fault", ["damaged", "cannot be read with its checksum"])
    def test_a_damaged_file_is_named_and_measured_anew(self, activations, measured, tmp_path, caplog, fault):
        tree = activations()
        first, _ = measured(tree)
        path = sorted((tmp_path / "work").glob("*.npz"))[2]
        flip(path) if fault == "damaged" else path.with_name(f"{path.name}.sha256").unlink()
        with caplog.at_level(logging.WARNING):
            second, looked_at = measured(tree)
        assert len(looked_at) == 1
        assert len(caplog.messages) == 1
        assert caplog.messages[0].startswith(f"{path}: {fault}")
        assert caplog.messages[0].endswith("Measured anew.")
        xr.testing.assert_identical(first, second)
        assert measured(tree)[1] == []

    def test_a_job_that_was_killed_goes_on(self, activations, measured, monkeypatch):
        tree, kept = activations(), views._measured
        done = []

        def killed(path, content):
            if len(done) == 4:
                raise KeyboardInterrupt("killed")
            done.append(path)
            return kept(path, content)

        with monkeypatch.context() as patched:
            patched.setattr(views, "_measured", killed)
            with pytest.raises(KeyboardInterrupt, match="killed"):
                measured(tree)
        assert measured(tree)[1] == [4, 4]

    def test_diverged_networks_are_not_measured(self, activations, measured):
        assert measured(activations(nan={(0, 1), (0, 2)}))[1] == [0, 4, 4, 4]


class TestMemory:
    def test_no_slab_outlives_its_turn(self, activations, estimator, tmp_path, monkeypatch):
        """When one is read, those before it are gone."""
        alive, read, row = [], views._at, views._row

        def watched(*arguments, **place):
            assert all(reference() is None for reference in alive)
            return read(*arguments, **place)

        def noted(view, *arguments):
            alive.append(weakref.ref(view))
            return row(view, *arguments)

        monkeypatch.setattr(views, "_READ_BYTES", 1)
        monkeypatch.setattr(views, "_at", watched)
        monkeypatch.setattr(views, "_row", noted)
        information.information(activations(stored=True), estimator(), control=[], work=tmp_path / "work", code="c")
        assert len(alive) == 6

    def test_it_does_not_grow_with_the_run(self, tmp_path, monkeypatch):
        """Slabs of 2 MB, 2 and 12 epochs of them, of which two are read at once."""
        monkeypatch.setattr(views, "_READ_BYTES", 2**22)
        peaks = {}
        for epochs in (2, 12):
            tree = self._large(tmp_path / f"{epochs}.zarr", epochs)
            method = views.Method(
                lambda view: {"entropy_layer": view.layers[0].arrays["activation"].mean(keepdims=True)},
                variables=("activation",),
                facts=lambda _: [],
            )
            tracemalloc.start()
            views.measure_each(tree, method, layers=["fc1"], work=tmp_path / f"work-{epochs}")
            peaks[epochs] = tracemalloc.get_traced_memory()[1] / 2e6
            tracemalloc.stop()
        assert peaks[2] >= 1
        assert peaks[12] < 1.2 * peaks[2]

    @staticmethod
    def _large(path, epochs):
        random = np.random.default_rng(0)
        root = labels.label(
            "activations",
            {
                "input": np.zeros((1, 50, 2), np.float32),
                "target": np.zeros((1, 50), int),
                "sample_index": np.arange(50)[None],
            },
            {
                "seed": [0],
                "epoch": np.arange(float(epochs)),
                "step": np.arange(epochs),
                "probe_batch": [0],
                "split": ("probe_batch", ["train"]),
            },
        )
        facts = {"kind": "fully_connected", "depth": 1, "channels": 1, "dimension": 10_000}
        slabs = (
            (0, epoch, {"fc1": {"activation": random.random((1, 50, 10_000), dtype=np.float32)}})
            for epoch in range(epochs)
        )
        store.write_slabs(path, root=root, layers={"fc1": facts}, slabs=slabs, provenance={"classes": 1})
        return store.load(path, "activations")


class TestOrder:
    def test_layers_are_in_the_order_of_the_network(self, activations):
        """And never in that of the alphabet."""
        tree = activations()
        for name, depth in (("conv1", 4), ("conv2", 3), ("fc1", 2), ("output", 1)):
            tree[name].attrs["depth"] = depth
        assert views.layer_names(tree) == ["output", "fc1", "conv2", "conv1"]

    def test_splits_become_a_dimension(self, activations):
        """Probe batches follow one another in the store; nothing else moves."""
        tree = activations(splits=("test", "train"))
        values = np.arange(2 * 3 * 3 * 4 * 4).reshape(2, 3, 3, 4, 4).astype(float)
        names = ["none", "shuffled_samples", "permuted_labels"]
        coords = {"control": names, "estimator": ["renyi"]}
        found = views.labelled(
            "information", {"entropy_layer": values[:, :, None]}, tree, views.layer_names(tree), **coords
        )
        found = found["entropy_layer"].squeeze("estimator")
        for seed, epoch, control, layer, batch in np.ndindex(2, 3, 3, 4, 4):
            place = {"seed": [0, 4][seed], "epoch": [0, 0.5, 1][epoch], "control": names[control]}
            place |= {"layer": ["conv1", "conv2", "fc1", "output"][layer], "split": ["test", "train"][batch // 2]}
            assert found.sel(place).sel(probe_batch=batch % 2).item() == values[seed, epoch, control, layer, batch]


class TestDamagedStore:
    def test_a_damaged_chunk_is_named_when_it_is_opened(self, activations, tmp_path):
        activations(stored=True)
        flip(tmp_path / "activations.zarr" / CHUNK)
        with pytest.raises(StoreError, match=rf"activations.zarr: {CHUNK} is damaged"):
            store.load(tmp_path / "activations.zarr", "activations")

    def test_and_when_it_is_read(self, activations, estimator, tmp_path):
        """Damaged after it was opened: the checksum of the chunk tells, and nothing is read as numbers."""
        tree = activations(stored=True)
        flip(tmp_path / "activations.zarr" / CHUNK)
        with pytest.raises(StoreError, match=r"activations.zarr, array .*activation: .* checksum do not match"):
            information.information(tree, estimator(), control=[], work=tmp_path / "work", code="c")


class TestMeasure:
    def test_what_is_not_asked_for_has_no_layers(self, activations, estimator, tmp_path):
        tree = activations()
        control = ["shuffled_samples"]
        found = measure(tree, estimator(), control=control, work=tmp_path / "work", code={"error_chain": "c"})
        assert list(found) == [
            "information",
            "decomposition",
            "error_chain",
            "bottleneck",
            "kernel_matrices",
            "layer_pairs",
        ]
        alone = error_chain.error_chain(tree, estimator(), control=control, work=tmp_path / "other", code="c")
        xr.testing.assert_identical(found["error_chain"], alone)
        for name in sorted(set(found) - {"error_chain"}):
            store.write(tmp_path / f"{name}.zarr", name, found[name], provenance={})
            opened = store.load(tmp_path / f"{name}.zarr", name).dataset
            assert opened.sizes["layer"] == 0
            assert set(opened.data_vars) == set(ARTIFACTS[name].groups["/"])
            assert opened.sizes["estimator"] == opened.sizes.get("control", 0) == 0
            assert opened["epoch"].values.tolist() == [0, 0.5, 1]
            assert all(np.isnan(values).all() for values in opened.data_vars.values())

    def test_what_is_measured_can_be_written_and_read(self, activations, estimator, tmp_path):
        """The schema accepts it, and nothing of it is lost."""
        code = dict.fromkeys(MEASURES, "c")
        found = measure(activations(nan={(0, 2)}), estimator(), control=[], work=tmp_path / "work", code=code)
        for name, dataset in found.items():
            store.write(tmp_path / f"{name}.zarr", name, dataset, provenance={})
            opened = store.load(tmp_path / f"{name}.zarr", name).dataset.load()
            for variable in (*dataset.data_vars, *dataset.coords):
                assert opened[variable].dims == dataset[variable].dims
                np.testing.assert_array_equal(opened[variable].values, dataset[variable].values)
