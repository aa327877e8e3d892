"""Figures of the weights: the planted drift and Wiener process, and pairs of seeds whose distances are planted."""

import numpy as np
import pytest
from matplotlib.axes import Axes

from infoplane import figures
from infoplane.errors import ConfigError, DataError

DISTANCE, SINCE = "weight_displacement [1]", "since [epochs]"
PLANE = "information_distance [bits]"
MLP = {"sweep": [("1", "tanh"), ("1", "sigmoid")], "layers": ["h1", "h2", "output"], "lacks": None, "diverged": None}
EPOCHS = [0, 0.25, 0.5, 1, 2, 3, 6, 18, 66]  # 1, 4, 16 and 64 after the drift has ended


@pytest.fixture(scope="module")
def networks(build):
    """Fully connected networks of four seeds."""
    return build(**MLP, seeds=[0, 1, 2, 4], epochs=EPOCHS)


def _texts(figure):
    return [text.get_text() for axes in figure.findobj(Axes) for text in axes.texts]


def _headings(figure):
    return [axes.get_title(loc="left") for axes in figure.findobj(Axes)]


class TestDiffusion:
    @pytest.fixture(scope="class")
    @classmethod
    def table(cls, networks):
        return figures.diffusion.table(networks, since=2)

    def test_each_phase_has_its_slope(self, table):
        for since, slope in ((0, 1), (2, 0.5)):
            found = table[table[SINCE] == since]
            np.testing.assert_allclose(found["slope"], slope, rtol=1e-12)
            np.testing.assert_allclose(found.loc[found["seed"] == "mean", "slope_sd"], 0, atol=1e-12)

    def test_displacements_are_those_from_the_start_that_is_named(self, table):
        """Until epoch 2 three units an epoch; from there on √(epochs since), both times the pace of the seed."""
        each = table[(table["seed"] == "mean") & (table["variant"] == "v00")]
        start, later = (each[each[SINCE] == since].set_index("epoch [epochs]")[DISTANCE] for since in (0, 2))
        np.testing.assert_allclose(start.loc[[0.25, 1, 2]], [0.75, 3, 6])
        np.testing.assert_allclose(later, [1, 2, 4, 8])
        assert start.loc[66] == pytest.approx(10)

    def test_the_first_start_is_fitted_up_to_the_second(self, table):
        first = table[table[SINCE] == 0]
        np.testing.assert_array_equal(first["fitted"], first["epoch [epochs]"] <= 2)
        assert table.loc[table[SINCE] == 2, "fitted"].all()

    @pytest.mark.parametrize(("since", "start"), [(1.5, 2), (2, 2), (2.5, 3), (0, 0.25)])
    def test_the_second_start_is_the_next_checkpoint(self, networks, since, start):
        assert set(figures.diffusion.table(networks, since=since)[SINCE]) == {0, start}

    def test_an_end_before_the_second_start_leaves_the_first_alone_and_fits_it_to_all(self, networks):
        table = figures.diffusion.table(networks)
        assert set(table[SINCE]) == {0}
        assert table["fitted"].all()
        assert set(_headings(figures.diffusion(networks))) >= {"tanh\nsince the start"}

    def test_a_variant_that_ends_earlier_has_an_empty_panel(self, build):
        summary = build(**MLP, epochs=EPOCHS)
        data = summary["weights"].to_dataset()
        early = (data["variant"] == "v00") & ((data["epoch"] > 2) | (data["other_epoch"] > 2))
        summary["weights"] = data.assign(weight_displacement=data["weight_displacement"].where(~early))
        assert set(figures.diffusion.table(summary, since=3).query("variant == 'v00'")[SINCE]) == {0}
        assert _texts(figures.diffusion(summary, since=3)).count("no checkpoint") == 1

    def test_a_diverged_seed_is_fitted_while_it_lives(self, build):
        summary = build(**{**MLP, "diverged": ("v01", 1, 6)}, epochs=EPOCHS)
        table = figures.diffusion.table(summary, since=2).query("variant == 'v01'")
        assert table[table["seed"] == "1"]["epoch [epochs]"].max() == 3
        assert table[(table["seed"] == "mean") & (table["epoch [epochs]"] == 6)]["seeds"].tolist() == [2, 2]
        assert np.isnan(table[(table["seed"] == "1") & (table[SINCE] == 2)]["slope"]).all()  # one point is no line

    def test_weights_that_do_not_move_are_nothing_to_draw(self, networks):
        summary = networks.copy()
        data = summary["weights"].to_dataset()
        for value in (0.0, np.nan):
            summary["weights"] = data.assign(weight_displacement=data["weight_displacement"] * value)
            with pytest.raises(DataError, match="figure 'diffusion' has nothing to draw"):
                figures.diffusion(summary)

    def test_slopes_and_starts_are_named(self, networks):
        figure = figures.diffusion(networks, since=2, variants=["v00"])
        assert _headings(figure)[:2] == ["since the start", "since epoch 2"]
        assert _texts(figure) == ["slope 1.00 ± 0.00", "slope 0.50 ± 0.00"]

    def test_guide_lines_run_through_the_fitted_points(self, networks):
        figure = figures.diffusion(networks, since=2, variants=["v00"])
        (panel,) = (axes for axes in figure.findobj(Axes) if axes.get_title(loc="left") == "since epoch 2")
        *_, drift, wiener = (np.log(line.get_xydata()) for line in panel.lines)
        for line, slope in ((drift, 1), (wiener, 0.5)):
            assert np.ptp(line[:, 1]) / np.ptp(line[:, 0]) == pytest.approx(slope)
        np.testing.assert_allclose(np.exp(wiener), [[1, 1], [64, 8]])

    def test_it_has_no_layers(self, networks):
        with pytest.raises(ConfigError, match=r"layers 'h1' is not in the summary; choose from none"):
            figures.diffusion(networks, layers=["h1"])


class TestDiversity:
    def test_every_pair_is_a_row_with_both_distances(self, networks):
        table = figures.diversity.table(networks, variants=["v00"])
        pairs = table.set_index(["seed", "other_seed"])
        assert list(pairs.index) == [("0", "1"), ("0", "2"), ("0", "4"), ("1", "2"), ("1", "4"), ("2", "4")]
        np.testing.assert_allclose(pairs["weight_distance [1]"], 9 / (1 + np.array([1, 2, 4, 1, 3, 2])))
        np.testing.assert_allclose(pairs["weight_distance_matched [1]"], 2 + np.array([1, 2, 4, 1, 3, 2]))

    def test_the_distance_of_planes_is_over_layers_and_both_informations(self, build):
        """Seeds are 0.08 and 0.03 bits apart in every layer; one more bit in one of three layers."""
        summary = build(**MLP, seeds=[0, 1])
        summary["information"]["mutual_information_layer_target"].loc[{"layer": "h2", "seed": 1}] += 1
        (found,) = figures.diversity.table(summary, variants=["v00"])[PLANE]
        assert found == pytest.approx(np.sqrt((2 * (0.08**2 + 0.03**2) + 0.08**2 + 1.03**2) / 3))
        (found,) = figures.diversity.table(summary, variants=["v00"], layers=["h1"])[PLANE]
        assert found == pytest.approx(np.hypot(0.08, 0.03))

    def test_rank_correlations_are_those_of_the_planted_order(self, build):
        """The weights as trained go down with the distance of the planes, those of matched units up."""
        summary = build(**MLP, seeds=[0, 1, 3])  # three different distances, 1, 2 and 3
        table = figures.diversity.table(summary)
        np.testing.assert_allclose(table["rank_correlation_of_weight_distance"], -1)
        np.testing.assert_allclose(table["rank_correlation_of_weight_distance_matched"], 1)
        texts = _texts(figures.diversity(summary, variants=["v00"]))
        assert texts == ["ρ = −1.00 (−1.00 to −1.00) as trained\nρ = 1.00 (1.00 to 1.00) units matched"]
        assert set(table["rank_correlation_of_weight_distance_lower"]) == {-1.0}

    def test_convolutions_have_no_matched_distance(self, summary):
        figure = figures.diversity(summary)
        table = figures.diversity.table(summary)
        assert table["weight_distance_matched [1]"].isna().all()
        assert table["weight_distance [1]"].notna().all()
        assert not any("matched" in text for text in _texts(figure))

    def test_a_diverged_seed_has_no_pair(self, summary):
        table = figures.diversity.table(summary)
        pairs = table.groupby("variant")[["seed", "other_seed"]].agg(list).loc["v02"]
        assert pairs.tolist() == [["0"], ["2"]]
        assert table[table["variant"] == "v02"]["rank_correlation_of_weight_distance"].isna().all()

    def test_a_layer_that_a_variant_lacks_is_left_out(self, summary):
        table = figures.diversity.table(summary)
        assert table.query("variant == 'v03'")[PLANE].notna().all()

    def test_one_seed_has_no_pair_and_is_told_so(self, build):
        summary = build(**MLP, seeds=[3])
        assert figures.diversity.table(summary)[PLANE].isna().all()
        assert _texts(figures.diversity(summary)) == ["no pair of seeds"] * 2
