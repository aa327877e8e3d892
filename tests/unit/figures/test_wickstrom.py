"""The planted pattern in the figures after Wickstrøm et al. 2023."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from infoplane import figures
from infoplane.errors import ConfigError, DataError

from .conftest import panels

I_X = "mutual_information_input_layer [bits]"
FALL = "mutual_information_input_layer_fall [bits]"


@pytest.fixture
def one(build):
    """A variant alone, without a network that diverged."""
    return build([("3-6", "relu")], diverged=None, lacks=None)


def accuracies(summary, *rows):
    """Set the accuracy of every seed, at the first epochs; it rises for ever afterwards."""
    data = summary["training"].to_dataset()
    later = 1 + np.arange(data.sizes["epoch"] - len(rows[0]))
    values = xr_like(data["accuracy"], [[*row, *later] for row in rows])
    summary["training"] = data.assign(accuracy=values)
    return summary


def xr_like(values, rows):
    planted = values.isel(split=0, variant=0).transpose("seed", "epoch").copy(data=np.array(rows, dtype=float))
    return (0 * values + planted.reset_coords(drop=True)).transpose(*values.dims)


class TestBandwidths:
    def test_widths_are_those_of_the_summary(self, one):
        table = figures.bandwidths.table(one)
        data = one["information"].to_dataset().sel(estimator="renyi", split="train").mean("probe_batch")
        rows = table[table["seed"] == "mean"].set_index(["layer", "epoch [epochs]"])["bandwidth [1]"]
        for layer in ("conv1", "output"):
            for epoch in (0.0, 10.0):
                expected = data["bandwidth"].sel(layer=layer, epoch=epoch, variant="v00").mean()
                assert rows.loc[layer, epoch] == pytest.approx(float(expected))
        np.testing.assert_allclose(table["bandwidth_input [1]"], data["bandwidth_input"].mean())

    def test_in_the_paper_s_convention_they_are_wider_by_the_root_of_two(self, one):
        ours, paper_s = (figures.bandwidths.table(one, convention=name) for name in ("2σ²", "σ²"))
        for column in ("bandwidth", "bandwidth_input"):
            other = column.replace("bandwidth", "bandwidth_times_sqrt2")
            np.testing.assert_allclose(paper_s[f"{other} [1]"], np.sqrt(2) * ours[f"{column} [1]"])

    def test_another_convention_is_refused(self, one):
        with pytest.raises(ConfigError, match=r"'convention' is 'σ'; it accepts one of '2σ²', 'σ²'"):
            figures.bandwidths.table(one, convention="σ")


@pytest.fixture
def matrices(one):
    """With kernels of 20 samples of two classes, near for those of a class and 0 for others, at both ends."""
    classes = np.repeat([3.0, 7.0], [8, 12])
    same = np.equal.outer(classes, classes)
    dims = ("variant", "seed", "estimator", "split", "epoch", "layer", "probe_batch", "sample", "other_sample")
    data = one["information"].to_dataset()
    coords = {name: data[name] for name in dims[:-2] if name != "epoch"} | {"epoch": [0.0, 10.0]}
    coords |= {
        "sample": range(20),
        "other_sample": range(20),
        **{k: data[k] for k in data.coords if k.startswith("model")},
    }
    shape = [len(coords[name]) for name in dims[:-2]]
    near = np.zeros([*shape, 1, 1])
    near[:, :, 0, :, 0], near[:, :, 0, :, 1] = 0.1, 0.5  # of the other estimator nothing is near
    values = np.where(np.eye(20, dtype=bool), 1.0, near * same)
    values[0, 0] = np.nan  # the first seed diverged
    kernel = xr.DataArray(values, dims=dims)
    one["kernel_matrices"] = xr.Dataset({"kernel": kernel, "sample_class": ("sample", classes)}, coords).assign(
        sample_class=lambda found: (
            found["sample_class"] + 0 * found["kernel"].isel(other_sample=0, estimator=0, layer=0, drop=True)
        )
    )
    return one


class TestKernelMatrices:
    def test_upper_triangles_of_the_first_network_that_has_them(self, matrices):
        table = figures.kernel_matrices.table(matrices, layers=["conv1", "fc1"])
        assert set(table["seed"]) == {1}
        assert set(table["epoch [epochs]"]) == {10.0}
        assert len(table) == 2 * 2 * (20 * 21 / 2)
        own = table[(table["estimator"] == "renyi") & (table["layer"] == "fc1")]
        assert set(own.loc[own["class"] == own["other_class"], "kernel [1]"]) == {1.0, 0.5}
        assert set(own.loc[own["class"] != own["other_class"], "kernel [1]"]) == {0.0}
        np.testing.assert_allclose(own["kernel_mean_within_classes [1]"], 0.5)
        np.testing.assert_allclose(own["kernel_mean_between_classes [1]"], 0)

    def test_untrained_and_thinned_out(self, matrices):
        table = figures.kernel_matrices.table(matrices, stage="untrained", samples=5, layers=["fc1"])
        assert set(table["epoch [epochs]"]) == {0.0}
        assert sorted(set(table["sample"])) == [0, 5, 10, 14, 19]
        assert table.loc[table["estimator"] == "renyi", "kernel [1]"].max() == 1
        assert 0.1 in set(table["kernel [1]"])

    def test_a_row_per_estimator_and_a_tick_between_classes(self, matrices):
        figure = figures.kernel_matrices(matrices, layers=["conv1", "conv2", "fc1"])
        grid = panels(figure)
        assert len(grid) == 6
        image = grid[2].images[0].get_array()
        np.testing.assert_allclose(image, image.T)
        assert image[0, 1] == 0.5
        assert list(grid[2].get_xticks()) == [7.5]
        assert [axes.get_title(loc="left") for axes in grid] == [
            "conv1\n0.5 | 0",
            "conv2\n0.5 | 0",
            "fc1\n0.5 | 0",
            *["0 | 0"] * 3,
        ]
        foot = "".join(text.get_text() for part in figure.subfigs for text in part.texts).replace("\n", " ")
        assert "drawn: seed 1 at epoch 10, 20 of 20 samples of the train probe" in foot

    def test_without_a_network_it_says_so(self, matrices):
        data = matrices["kernel_matrices"].to_dataset()
        matrices["kernel_matrices"] = data.assign(kernel=data["kernel"] * np.nan)
        with pytest.raises(DataError, match="no network of this variant has kernel matrices"):
            figures.kernel_matrices.table(matrices)


class TestByLayer:
    def test_every_layer_has_a_panel_with_ranges_of_its_own(self, one):
        figure = figures.information_plane_by_layer(one, layers=["conv1", "fc1"])
        first, second = panels(figure)[:2]
        assert [axes.get_title(loc="left") for axes in (first, second)] == ["conv1", "fc1"]
        assert first.get_xlim() != second.get_xlim()

    def test_a_path_is_solid_up_to_its_peak_and_dotted_after_it(self, one):
        information = one["information"].to_dataset()
        name = "mutual_information_input_layer"
        peaked = information[name].where(information["layer"] != "fc1", 3 - abs(information["epoch"] - 0.5))
        one["information"] = information.assign({name: peaked})
        table = figures.information_plane_by_layer.table(one, layers=["fc1"])
        assert table["peak_of_input_layer [epochs]"].unique().tolist() == [0.5]
        (panel,) = panels(figures.information_plane_by_layer(one, layers=["fc1"]))[:1]
        line, dots = panel.collections
        assert [segment[:, 0].tolist() for segment in line.get_segments()] == [[2.5, 2.75], [2.75, 3.0]]
        places = dots.get_offsets()[:, 0]
        assert len(places) > 5
        assert (np.diff(places) < 0).all()
        assert places[0] < 3


class TestEarlyStopping:
    def test_the_median_stop_of_every_patience(self, one):
        """Epochs 0, 0.25, 0.5, 1, 2: one seed waits from 0.25 on, another from 0.5 on, the third never."""
        rows = [0.1, 0.5, 0.4, 0.3, 0.2], [0.1, 0.2, 0.5, 0.4, 0.3], [0.1, 0.2, 0.3, 0.4, 0.5]
        table = figures.early_stopping.table(accuracies(one, *rows), patience=[1, 2, 3])
        found = {column: table[column].unique().tolist() for column in table if "patience" in column}
        assert found.pop("stop_patience_1 [epochs]") == [1]
        assert found.pop("stop_patience_2 [epochs]") == [2]
        (never,) = found.pop("stop_patience_3 [epochs]")
        assert np.isnan(never)
        assert not found

    def test_marks_lie_on_the_mean_path(self, one):
        rows = [[0.1, 0.5, 0.4, 0.3, 0.2]] * 3
        table = figures.early_stopping.table(accuracies(one, *rows), patience=[1, 2], layers=["fc1"])
        figure = figures.early_stopping(one, patience=[1, 2], layers=["fc1"])
        (panel,) = panels(figure)[:1]
        marked = {line.get_marker(): line.get_xdata()[0] for line in panel.lines if line.get_marker() in {"x", "+"}}
        mean = table[table["seed"] == "mean"].set_index("epoch [epochs]")[I_X]
        assert marked == {"x": pytest.approx(mean.loc[0.5]), "+": pytest.approx(mean.loc[1.0])}
        key = [text.get_text() for part in figure.subfigs for legend in part.legends for text in legend.texts]
        assert {"stop, patience 1", "stop, patience 2"} <= set(key)

    @pytest.mark.parametrize("patience", [[0], [1.5], [True], []])
    def test_a_patience_is_a_number_of_checkpoints(self, one, patience):
        with pytest.raises(ConfigError, match=r"'patience' is .*; it accepts a list of whole numbers ≥ 1"):
            figures.early_stopping.table(one, patience=patience)


class TestProcessingSteps:
    def test_falls_are_differences_of_neighbours(self, one):
        table = figures.processing_steps.table(one)
        data = one["information"].to_dataset().sel(estimator="renyi", split="train", control="none", variant="v00")
        values = data["mutual_information_input_layer"].mean("probe_batch")
        assert list(dict.fromkeys(table["pair"])) == ["conv1 → conv2", "conv2 → fc1", "fc1 → fc2", "fc2 → output"]
        falls = values.sel(layer="conv2") - values.sel(layer="fc1")
        rows = table[table["pair"] == "conv2 → fc1"].set_index(["stage", "seed"])[FALL]
        for seed in range(3):
            own = falls.sel(seed=seed)
            assert rows.loc["mean over epochs", str(seed)] == pytest.approx(float(own.mean()))
            assert rows.loc["untrained", str(seed)] == pytest.approx(float(own.sel(epoch=0)))
        assert rows.loc["mean over epochs", "mean"] == pytest.approx(float(falls.mean()))

    def test_a_layer_that_a_variant_lacks_is_passed_over(self, summary):
        table = figures.processing_steps.table(summary)
        pairs = table[table["variant"] == "v03"]["pair"].unique().tolist()
        assert pairs == ["conv1 → conv2", "conv2 → fc2", "fc2 → output"]

    def test_a_network_that_diverged_counts_while_it_lasts(self, summary):
        table = figures.processing_steps.table(summary)
        assert (table[table["variant"] == "v02"].groupby(["pair", "stage"])["seed"].nunique() == 4).all()


@pytest.fixture
def skipping(one):
    """The same network with a skip connection that goes round conv2 and fc1."""
    for name in ("information", "error_chain"):
        data = one[name].to_dataset()
        graph = {
            "inputs": ["input", "conv1", "conv2", "conv1, fc1", "fc2"],
            "dominator": ["input", "conv1", "conv2", "conv1", "fc2"],
        }
        one[name] = data.assign_coords({key: (("variant", "layer"), [each]) for key, each in graph.items()})
    return one


class TestSkipConnection:
    def test_pairs_without_a_theorem_come_last_and_say_so(self, skipping):
        table = figures.processing_steps.table(skipping)
        kinds = table.drop_duplicates("pair").set_index("pair")["pairs"].to_dict()
        assert kinds == {
            "conv1 → conv2": "theorem",
            "conv2 → fc1": "theorem",
            "conv1 → fc2": "theorem",
            "fc2 → output": "theorem",
            "fc1 → fc2": "bypassed",
        }
        figure = figures.processing_steps(skipping)
        (panel,) = panels(figure)
        assert [label.get_text() for label in panel.get_xticklabels()][-1] == "fc1 → fc2"
        key = [text.get_text() for part in figure.subfigs for legend in part.legends for text in legend.texts]
        assert "right of it: no theorem, a skip goes round" in key

    def test_a_step_of_the_forward_chain_is_from_where_no_skip_goes_round(self, skipping):
        table = figures.data_processing.table(skipping)
        mean = table[(table["seed"] == "mean") & (table["chain"] == "forward") & (table["control"] == "none")]
        end = mean[mean["stage"] == "at the end"].set_index("layer")
        assert end["before"].to_dict() == {
            "conv1": "",
            "conv2": "conv1",
            "fc1": "conv2",
            "fc2": "conv1",
            "output": "fc2",
        }
        expected = end.loc["fc2", I_X] - end.loc["conv1", I_X]
        assert end.loc["fc2", "rise [bits]"] == pytest.approx(expected)
        back = table[(table["seed"] == "mean") & (table["chain"] == "error") & (table["control"] == "none")]
        before = back[back["stage"] == "at the end"].set_index("layer")["before"].to_dict()
        assert before == {"fc2": "", "fc1": "fc2", "conv2": "fc1", "conv1": "conv2"}


def test_the_transition_may_be_left_out(one):
    with_it, without = (figures.information_plane.table(one, transition=wanted) for wanted in (True, False))
    assert "transition [epochs]" in with_it
    pd.testing.assert_frame_equal(with_it[list(without)], without)
    assert not [column for column in without if "transition" in column]


def test_figures_average_over_the_epochs_that_the_experiment_says(build):
    plain, averaged = (build([("3-6", "relu")], diverged=None, moving_average=length) for length in (1, 3))
    before, after = (figures.information_plane.table(each, layers=["fc1"]) for each in (plain, averaged))
    rows = [each[each["seed"] == "0"].set_index("epoch [epochs]")[I_X] for each in (before, after)]
    assert rows[1].loc[1.0] == pytest.approx(rows[0].loc[[0.25, 0.5, 1.0]].mean())
    assert rows[1].loc[0.0] == pytest.approx(rows[0].loc[0.0])
    foot = figures.information_plane(averaged).findobj(lambda artist: hasattr(artist, "get_text"))
    assert any("moving average over 3 epochs" in text.get_text().replace("\n", " ") for text in foot)


def test_names_of_pairs_stand_under_the_last_row_alone(build):
    """A last row that is short leaves no name, and so no gap, between the rows."""
    figure = figures.processing_steps(build(diverged=None, lacks=None))
    named = [
        any(label.get_visible() and label.get_text() for label in each.get_xticklabels()) for each in panels(figure)
    ]
    assert named == [False, False, False, True, True]
