"""The planted pattern in the figure of codes that turn back: those wider than the dimension, and with one estimator."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_hex

from infoplane import figures
from infoplane.errors import ConfigError
from infoplane.figures import joined, style

from .conftest import EPOCHS, PEAK, panels, synthetic
from .test_layout import _assert_readable

LAYERS = ("encoder1", "encoder2", "code", "decoder2", "decoder1", "output")
WIDTHS, DIMENSIONS = (2, 4, 8, 16), (3, 6)
TURN, R2 = "turn_back_percent", "determination"
TURNED = {"silverman": 15.0, "tapia_estevez": 0.5}  # % of the peak, of wide codes
ESTIMATORS = [
    {"name": name, "kind": "renyi", "alpha": 1.01, "bandwidth": {"rule": name, "scale": scale}}
    for name, scale in (("silverman", 6.0), ("tapia_estevez", 2.0))
]


@pytest.fixture(scope="module")
def summary():
    return planted()


@pytest.fixture(scope="module")
def figure(summary):
    return figures.turn_back(summary)


def planted(widths=WIDTHS, dimensions=DIMENSIONS, **more):
    """Autoencoders whose wide codes fall at the end, and whose R² grows with the width up to the dimension."""
    sweep = [(str(width), str(dimension)) for dimension in dimensions for width in widths]
    made = synthetic(
        sweep,
        keys=("model.code", "dataset.dimension"),
        layers=LAYERS,
        lacks=None,
        diverged=None,
        **{"dataset": {"name": "manifold"}, "estimators": ESTIMATORS, **more},
    )
    for name in ("information", "layer_pairs"):
        data = made[name].to_dataset().isel(estimator=[0])
        both = xr.concat([data.assign_coords(estimator=[name]) for name in TURNED], dim="estimator")
        made[name] = _turning(both) if name == "information" else both
    width, dimension = (made["training"].to_dataset()[key].astype(float) for key in ("model.code", "dataset.dimension"))
    training = made["training"].to_dataset()
    score = (width / dimension).clip(max=1) * (1 - np.exp(-training["epoch"])) + 0.01 * training["seed"]
    made["training"] = training.drop_vars("accuracy").assign(
        determination=(0.9 * score + 0 * training["loss"]).transpose(*training["loss"].dims).drop_attrs()
    )
    bias = xr.DataArray([0.9, 1.2], dims="method", coords={"method": ["two_nn", "maximum_likelihood"]})
    factor = xr.DataArray([0.9, 1.0, 1 / 0.9], dims="repetition", coords={"repetition": range(3)})
    estimates = made["intrinsic_dimension"].to_dataset()
    estimates["intrinsic_dimension"] = (dimension * bias * factor).transpose("variant", "method", "repetition")
    made["intrinsic_dimension"] = estimates
    return made


def alone(width, dimension):
    """An experiment without a sweep, whose settings say what is known of its network and data."""
    settings = {"model": {"code": width}, "dataset": {"name": "manifold", "dimension": dimension}}
    made = planted((width,), (dimension,), **settings)
    for name, node in list(made.children.items()):
        made[name] = node.to_dataset().drop_vars(["model.code", "dataset.dimension"])
    return made


def _turning(data):
    """Return I(X; Z) that rises to 4 bits, and from the peak on falls for wide codes; seeds differ in how far."""
    wide = data["model.code"].astype(float) > data["dataset.dimension"].astype(float)
    most = xr.DataArray(list(TURNED.values()), dims="estimator", coords={"estimator": list(TURNED)})
    fallen = (
        4 / 100 * wide * most * (data["epoch"] == EPOCHS[-1]) * (data["control"] == "none") * (0.5 + 0.5 * data["seed"])
    )
    values = 4 * (data["epoch"] / PEAK).clip(max=1) - fallen
    known = data["mutual_information_input_layer"]
    of_code = xr.where(data["layer"] == "code", values, known).transpose(*known.dims)
    return data.assign(mutual_information_input_layer=of_code)


def means(table, **chosen):
    own = table[table["seed"] == "mean"]
    for column, value in chosen.items():
        own = own[own[column] == value]
    return own.sort_values("code_width")


class TestTable:
    def test_the_turn_of_every_estimator_by_width(self, summary):
        table = figures.turn_back.table(summary)
        for estimator, most in TURNED.items():
            for dimension in DIMENSIONS:
                own = means(table, estimator=estimator, control="none", family=f"dimension {dimension}")
                assert own["code_width"].tolist() == list(WIDTHS)
                expected = [most if width > dimension else 0 for width in WIDTHS]
                np.testing.assert_allclose(own[TURN], expected, atol=1e-12)
                np.testing.assert_allclose(own[f"{TURN}_sd"], np.array(expected) / 2, atol=1e-12)
                assert set(own["epoch [epochs]"]) == {EPOCHS[-1]}

    def test_experiments_that_are_compared_have_codes_and_dimensions_of_their_own(self):
        two = {"narrow": alone(2, 4), "wide": alone(16, 6)}
        tree = joined.join(two, figure="turn_back", needs=sorted(figures.needs("turn_back")))
        named = figures.turn_back.table(tree).drop_duplicates("experiment").set_index("experiment")
        assert named["code_width"].to_dict() == {"narrow": 2, "wide": 16}
        assert named["known_dimension"].to_dict() == {"narrow": 4, "wide": 6}

    def test_shuffled_samples(self, summary):
        own = means(figures.turn_back.table(summary), control="shuffled_samples")
        assert len(own) == 2 * 2 * len(WIDTHS)
        np.testing.assert_allclose(own[TURN], 0, atol=1e-12)

    def test_how_well_codes_reconstruct(self, summary):
        table = figures.turn_back.table(summary)
        own = means(table[table[f"{R2} [1]"].notna()], family="dimension 6")
        planted = 0.9 * (np.minimum(np.array(WIDTHS) / 6, 1) * (1 - np.exp(-10)) + 0.01)
        np.testing.assert_allclose(own[f"{R2} [1]"], planted)
        assert set(own["split"]) == {"test"}

    def test_estimates_of_the_dimension(self, summary):
        table = figures.turn_back.table(summary)
        own = table[(table["variant"] == "v00") & table["method"].notna()]
        by_method = own.groupby("method")["intrinsic_dimension [1]"].apply(list)
        np.testing.assert_allclose(by_method["two_nn"], 2.7 * np.array([0.9, 1, 1 / 0.9]))
        mean = own.groupby("method")["intrinsic_dimension_mean [1]"].first()
        assert mean.to_dict() == pytest.approx({"two_nn": 2.7, "maximum_likelihood": 3.6})
        assert table.groupby("family")["known_dimension"].unique().map(list).to_dict() == {
            "dimension 3": [3.0],
            "dimension 6": [6.0],
        }

    def test_layers_that_are_not_asked_for_do_not_take_the_code_away(self, summary):
        table = figures.turn_back.table(summary, layers=["encoder1"], variants=["v00"])
        assert set(table["code_width"]) == {2.0}

    def test_a_network_that_diverged_has_no_turn(self, summary):
        tree = summary.copy()
        information = tree["information"].to_dataset()
        gone = (information["epoch"] > 4) & (information["seed"] == 1)
        tree["information"] = information.map(lambda values: values.where(~gone))
        table = figures.turn_back.table(tree)
        assert set(table.loc[table[TURN].notna(), "seed"]) == {"0", "2", "mean"}
        assert set(means(table, control="none")["seeds"]) == {2}

    @pytest.mark.parametrize("change", ["pairs", "width"])
    def test_without_a_code_it_says_what_it_needs(self, summary, change):
        tree = summary.copy()
        pairs = tree["layer_pairs"].to_dataset()
        tree["layer_pairs"] = pairs.isel(pair=[0]) if change == "pairs" else pairs.drop_vars("model.code")
        tree.attrs = {"experiment": {**summary.attrs["experiment"], "model": {"name": "autoencoder"}}}
        with pytest.raises(ConfigError, match=r"'turn_back' needs a layer between symmetric ones whose width is known"):
            figures.turn_back.table(tree)


class TestDrawing:
    def test_a_panel_for_each_dimension_above_its_reconstruction(self, figure):
        assert [axes.get_title(loc="left") for axes in panels(figure)] == ["dimension 3", "dimension 6", "", ""]
        assert [axes.get_xscale() for axes in panels(figure)] == ["log"] * 4
        assert panels(figure)[0].get_xticks().tolist() == list(WIDTHS)

    def test_the_known_dimension_and_its_estimates_are_upright_lines(self, figure):
        for axes, dimension in zip(panels(figure), [*DIMENSIONS, *DIMENSIONS], strict=True):
            upright = {
                to_hex(line.get_color()): line.get_xdata()[0]
                for line in axes.lines
                if len(line.get_xdata()) == 2 and line.get_xdata()[0] == line.get_xdata()[1]
            }
            expected = {style.INK: dimension, style.ORANGE: 0.9 * dimension, style.GREEN: 1.2 * dimension}
            assert upright == pytest.approx({to_hex(colour): place for colour, place in expected.items()})
            assert len(axes.patches) == 2

    def test_the_tolerance_is_a_level_line(self, figure):
        upper = panels(figure)[:2]
        level = [line for axes in upper for line in axes.lines if set(line.get_ydata()) == {5.0}]
        assert len(level) == 2

    def test_the_key_names_all(self, figure):
        said = [text.get_text() for part in figure.subfigs for legend in part.legends for text in legend.texts]
        assert set(said) == {
            "silverman",
            "tapia_estevez",
            "shuffled samples",
            "5 %, more of which is a turn",
            "dimension by TwoNN",
            "dimension by maximum likelihood",
            "known dimension",
        }

    def test_the_foot_has_every_estimator(self, figure):
        foot = _foot(figure)
        assert "silverman (renyi) α = 1.01, σ: silverman × 6 · tapia_estevez (renyi) α = 1.01" in foot
        assert foot.count("n = 100") == 1
        assert "median distance / σ of tapia_estevez: 2.1 (X)" in foot
        assert "not estimated" not in foot

    def test_without_an_estimate_of_the_dimension_the_foot_says_so(self):
        tree = planted(dataset={"name": "mnist"})
        del tree["intrinsic_dimension"]
        figure = figures.turn_back(tree)
        assert "the intrinsic dimension of the data was not estimated" in _foot(figure)
        assert not any(axes.patches for axes in panels(figure))

    @pytest.mark.parametrize(
        ("widths", "dimensions"),
        [((2, 3, 4, 6, 8, 12, 16, 24, 36, 60), (2,)), ((2, 8), (2, 4, 6, 8, 12)), ((8,), (4,))],
    )
    def test_nothing_is_cut_or_hidden(self, widths, dimensions, monkeypatch):
        _assert_readable(figures.turn_back(planted(widths, dimensions)), monkeypatch)


def _foot(figure):
    texts = [text.get_text() for part in figure.subfigs for text in part.texts]
    return texts[-1].replace("\n", " ").replace("\N{NO-BREAK SPACE}", " ")
