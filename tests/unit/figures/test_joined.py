"""Several experiments in one figure."""

from typing import Any

import pandas as pd
import pytest
import xarray as xr

from infoplane import figures
from infoplane.errors import ConfigError
from infoplane.figures import joined

from .conftest import Build, panels

DATA = {"keys", "layers", "seeds", "epochs", "diverged", "lacks"}  # what numbers hang on; the rest only describes them


@pytest.fixture(scope="module")
def build(build: Build) -> Build:
    """As elsewhere, but numbers are made once for all summaries that have the same; nothing here changes them."""
    known: dict[str, xr.DataTree] = {}

    def once(*sweep: Any, **changes: Any) -> xr.DataTree:
        data = {name: value for name, value in changes.items() if name in DATA}
        key = repr((sweep, sorted(data.items())))
        if key not in known:
            known[key] = build(*sweep, **data)
        tree = known[key].copy()
        about = {name: value for name, value in changes.items() if name not in DATA}
        tree.attrs = {"experiment": {**tree.attrs["experiment"], **about}}
        return tree

    return once


@pytest.fixture
def pair(build: Build) -> dict[str, xr.DataTree]:
    """Two experiments: another sweep, another layer, other epochs, fewer seeds."""
    return {
        "wide": build(),
        "narrow": build(
            [("8", "tanh")],
            keys=("model.hidden", "model.activation"),
            layers=("conv1", "conv2", "conv3", "output"),
            epochs=(0.0, 1.0, 20.0),
            seeds=(0, 1),
            diverged=None,
        ),
    }


def join(pair: dict[str, xr.DataTree], figure: str = "information_plane") -> xr.DataTree:
    return joined.join(pair, figure=figure, needs=sorted(figures.needs(figure)))


def group(tree: xr.DataTree, name: str = "information") -> xr.Dataset:
    return tree[name].to_dataset()


def test_variants_carry_the_name_of_their_experiment_first(pair: dict[str, xr.DataTree]) -> None:
    found = group(join(pair))
    assert found["variant"].values.tolist() == [*(f"wide: v0{number}" for number in range(5)), "narrow: v00"]
    assert found["experiment"].values.tolist() == ["wide"] * 5 + ["narrow"]
    table = figures.table("information_plane", join(pair))
    assert list(table.columns)[:5] == ["variant", "experiment", "model.filters", "model.activation", "model.hidden"]
    named = table.drop_duplicates("variant").set_index("variant")
    assert named.loc["narrow: v00", ["experiment", "model.activation", "model.hidden"]].tolist() == [
        *("narrow", "tanh", "8")
    ]


def test_values_are_those_of_their_own_experiment(pair: dict[str, xr.DataTree]) -> None:
    found = group(join(pair))
    for name, tree in pair.items():
        own = group(tree).isel(variant=0, seed=[0, 1])
        same = found.sel(variant=f"{name}: v00", layer=own["layer"], epoch=own["epoch"])
        for variable in ("mutual_information_input_layer", "entropy_input"):
            xr.testing.assert_equal(
                same[variable].drop_vars(set(same[variable].coords) - set(same[variable].dims)),
                own[variable].drop_vars(set(own[variable].coords) - set(own[variable].dims)),
            )


def test_layers_and_epochs_are_those_of_all_and_seeds_those_of_each(pair: dict[str, xr.DataTree]) -> None:
    found = group(join(pair))
    assert found["layer"].values.tolist() in (
        ["conv1", "conv2", "conv3", "fc1", "fc2", "output"],
        ["conv1", "conv2", "fc1", "conv3", "fc2", "output"],
        ["conv1", "conv2", "fc1", "fc2", "conv3", "output"],
    )
    assert found["epoch"].values.tolist() == [0, 0.25, 0.5, 1, 2, 4, 7, 10, 20]
    assert found["seed"].values.tolist() == [0, 1]
    values = found["mutual_information_input_layer"]
    assert values.sel(variant="narrow: v00", layer="fc1").isnull().all()
    assert values.sel(variant="wide: v00", epoch=20).isnull().all()
    assert found["kind"].sel(variant="narrow: v00", layer="fc1").item() == ""


def test_layers_in_opposite_order_come_as_they_are(build: Build) -> None:
    two = {"a": build(layers=("x", "y")), "b": build(layers=("y", "x"))}
    assert group(join(two))["layer"].values.tolist() == ["x", "y"]


@pytest.mark.parametrize("figure", [name for name in figures.names() if name != "kernel_matrices"])
def test_every_figure_of_several_networks_can(build: Build, figure: str) -> None:
    two = {"one": build(), "other": build(epochs=(0.0, 1.0, 2.0, 10.0), lacks=None, diverged=None)}
    assert {"one", "other"} <= set(figures.table(figure, join(two, figure))["experiment"])


def test_a_panel_says_whose_variant_it_shows(build: Build) -> None:
    tree = join({name: build([("3-6", "relu")], lacks=None, diverged=None) for name in ("one", "other")})
    titles = [each.get_title(loc="left") for each in panels(figures.draw("information_plane", tree))]
    assert [title for title in titles if title] == ["one", "other"]


def test_the_foot_tells_data_sets_apart(build: Build) -> None:
    two = {"one": build(), "other": build(dataset={"name": "mnist"}, preview=True)}
    tree = join(two)
    whole = tree.attrs["experiment"]
    first = two["one"].attrs["experiment"]["dataset"]["name"]
    assert whole["dataset"] == {"name": f"{first} (one), mnist (other)"}
    assert whole["preview"] is True
    assert join({"one": build(), "other": build()}).attrs["experiment"]["dataset"] == {"name": first}


def test_an_estimator_with_other_settings_is_another(build: Build) -> None:
    renyi, binning = build().attrs["experiment"]["estimators"]
    two = {"one": build(), "other": build(estimators=[{**renyi, "alpha": 2}, binning])}
    assert group(join(two))["estimator"].values.tolist() == ["binning"]
    one, other = (build(estimators=[{**renyi, "alpha": alpha}]) for alpha in (1.01, 2))
    with pytest.raises(ConfigError, match=r"alpha of 'renyi' is 1.01 in one and 2 in other; measure all by one"):
        join({"one": one, "other": other})


@pytest.mark.parametrize(
    ("changes", "figure", "message"),
    [
        ({"probe": {"size": 50, "batches": 2}}, "information_plane", r"no estimator is the same in all: probe_size of"),
        ({"estimators": [{"name": "own", "kind": "renyi"}]}, "information_plane", r"no estimator is the same in all: "),
        ({"moving_average": 3}, "information_plane", r"the moving averages are over 1 in one and 3 in other epochs"),
        ({"seeds": (7, 8)}, "training", r"they share no seed: 0, 1, 2 in one and 7, 8 in other"),
        ({"layers": ("fc1", "output"), "lacks": None}, "degrees", r"other has not measured 'decomposition', which fig"),
        ({}, "kernel_matrices", r"figure 'kernel_matrices' is of one network; choose another"),
    ],
)
def test_what_cannot_lie_in_one_figure(build: Build, changes: dict[str, Any], figure: str, message: str) -> None:
    two = {"one": build(), "other": build(**changes)}
    with pytest.raises(ConfigError, match=rf"^one and other in one figure:\n  - {message}"):
        join(two, figure)


def test_moving_averages_need_the_same_epochs(build: Build) -> None:
    two = {"one": build(moving_average=3), "other": build(moving_average=3, epochs=(0.0, 1.0), diverged=None)}
    with pytest.raises(ConfigError, match="were not looked at in the same epochs; leave moving_average out"):
        join(two)


def test_what_has_no_epochs_is_joined_as_it_is(build: Build) -> None:
    """The dimensions of data sets, beside moving averages."""
    two = {"one": build(moving_average=3), "other": build(moving_average=3)}
    for place, tree in enumerate(two.values()):
        names = tree["information"]["variant"]
        values = xr.DataArray([[2.0 + place]] * names.size, dims=("variant", "method"), coords={"method": ["two_nn"]})
        data = xr.Dataset({"intrinsic_dimension": values}, coords={"variant": names.values})
        tree["intrinsic_dimension"] = data
    found = joined.join(two, figure="information_plane", needs=("information", "intrinsic_dimension"))
    dimension = found["intrinsic_dimension"].to_dataset()
    by_experiment = dimension["intrinsic_dimension"].sel(method="two_nn").groupby("experiment").mean()
    assert dict(zip(by_experiment["experiment"].values, by_experiment.values, strict=True)) == {"one": 2, "other": 3}


def test_probe_batches_are_as_many_of_each(build: Build) -> None:
    one = build()
    about = one.attrs["experiment"]
    fewer = build(probe={**about["probe"], "batches": 1})
    assert group(join({"one": one, "other": fewer})).sizes["probe_batch"] == 1
    assert isinstance(figures.table("information_plane", join({"one": one, "other": fewer})), pd.DataFrame)


def test_variants_have_what_their_own_experiment_says_of_model_and_data(build: Build) -> None:
    """Swept in one and fixed in the other, fixed in both, or said by one alone."""
    narrow = build(
        [("2", "relu"), ("4", "relu")],
        keys=("model.code", "model.activation"),
        model={"name": "autoencoder", "bias": True},
        dataset={"name": "manifold", "dimension": 3, "noise": 0.0},
    )
    wide = build(model={"name": "autoencoder", "code": 16}, dataset={"name": "manifold", "dimension": 5, "noise": 0.0})
    tree = join({"narrow": narrow, "wide": wide})
    found = group(tree).isel(variant=[0, 1, 2])
    assert found["model.code"].values.tolist() == ["2", "4", "16"]
    assert found["model.bias"].values.tolist() == ["on", "on", ""]
    assert found["dataset.dimension"].values.tolist() == ["3", "3", "5"]
    assert not {"model.name", "dataset.name", "dataset.noise"} & set(found.coords)
    assert tree.attrs["experiment"]["dataset"] == {"name": "manifold", "noise": 0.0}


@pytest.mark.parametrize(
    ("figure", "group", "column"),
    [
        ("turn_back", "intrinsic_dimension", "intrinsic_dimension [1]"),
        ("kernel_widths", "error_chain", "error_bandwidth [1]"),
    ],
)
def test_what_one_of_them_has_measured_beside_is_shown_of_it(
    build: Build, figure: str, group: str, column: str
) -> None:
    sweep = {"keys": ("model.code", "model.activation"), "layers": ("a", "b", "c", "output"), "diverged": None}
    two = {name: build([("2", "relu")], lacks=None, **sweep) for name in ("one", "other")}
    del two["other"][group]
    table = figures.table(figure, join(two, figure))
    own = table[table["of"] == "errors"] if "of" in table else table[table[column].notna()]
    assert set(own["experiment"]) == {"one"}


def test_recorded_experiments_are_joined_without_a_training(build: Build) -> None:
    two = {name: build().drop_nodes("training") for name in ("one", "other")}
    assert set(figures.table("information_plane", join(two))["experiment"]) == {"one", "other"}
    other = build(seeds=(7, 8), diverged=None).drop_nodes("training")
    with pytest.raises(ConfigError, match="they share no seed: 0, 1, 2 in one and 7, 8 in other"):
        join({"one": two["one"], "other": other})
    with pytest.raises(ConfigError, match="one and other has not measured 'training', which figure 'training' shows"):
        join(two, "training")


def test_a_recorded_experiment_beside_a_trained_one(build: Build) -> None:
    two = {"one": build().drop_nodes("training"), "other": build()}
    assert "training" not in join(two).children
    assert set(figures.table("information_plane", join(two))["experiment"]) == {"one", "other"}
