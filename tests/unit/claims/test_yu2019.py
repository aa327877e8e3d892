"""Each claim on summaries of autoencoders with its effect planted, absent and reversed."""

import numpy as np
import pytest
import xarray as xr

from infoplane import claims
from infoplane.claims import verdict, yu2019, yu2019_turns
from infoplane.claims.evidence import Evidence

LAYERS = ["encoder1", "encoder2", "code", "decoder2", "decoder1", "output"]
PAIRS = [("input", "output"), ("encoder1", "decoder1"), ("encoder2", "decoder2")]
WIDTHS, DIMENSIONS = (2, 4, 8, 16), (3, 6)
EPOCHS = [0.0, 0.5, 1.0, 10.0]
LAST = 10.0
S_X = 6.0
METHODS = {"two_nn": 0.8, "maximum_likelihood": 1.25}  # of the dimension; their geometric mean is 1
TURN = 0.125  # of 4 bits, as share of the peak by which codes turn back where they do: half a bit


def frame(seeds=5, widths=WIDTHS, dimensions=DIMENSIONS):
    """Every coordinate of the summary, and as numbers the width, the dimension, and the place of layers and pairs."""
    points = [(width, dimension) for dimension in dimensions for width in widths]
    firsts, seconds = zip(*PAIRS, strict=True)
    own = {"variant": [f"{width} of {dimension}" for width, dimension in points]}
    return xr.Dataset(
        coords={
            **own,
            "model.code": ("variant", [str(width) for width, _ in points]),
            "dataset.dimension": ("variant", [str(dimension) for _, dimension in points]),
            "width": ("variant", [float(width) for width, _ in points]),
            "truth": ("variant", [float(dimension) for _, dimension in points]),
            "seed": range(seeds),
            "estimator": ["silverman", "tapia_estevez"],
            "split": ["train"],
            "control": ["none", "shuffled_samples"],
            "epoch": EPOCHS,
            "layer": LAYERS,
            "place": ("layer", np.arange(1.0, len(LAYERS) + 1)),
            "probe_batch": [0, 1],
            "pair": [", ".join(pair) for pair in PAIRS],
            "inwards": ("pair", np.arange(float(len(PAIRS)))),
            "first": (("variant", "pair"), [firsts] * len(points)),
            "second": (("variant", "pair"), [seconds] * len(points)),
            "depth": (("variant", "layer"), [np.arange(1.0, len(LAYERS) + 1)] * len(points)),
            "kind": (("variant", "layer"), [["fully_connected"] * 5 + ["output"]] * len(points)),
            "dominator": (("variant", "layer"), [["input", *LAYERS[:-1]]] * len(points)),
            "method": list(METHODS),
            "bias": ("method", list(METHODS.values())),
            "repetition": range(3),
        }
    )


def curve(f, share):
    """I(X; Z) that rises from 2 to 4 bits, and falls at the end by a share of these."""
    return 4 * (1 - 0.5 * (f["epoch"] == 0) - share * (f["epoch"] == LAST))


def turning(f, share):
    """I(X; T) that falls by half a bit a layer up to the code, and is the same behind it."""
    return curve(f, share) + 0.5 * np.maximum(3 - f["place"], 0)


def wide(f):
    return f["width"] > f["truth"]


def with_one(f):
    """With one estimator, and with the samples in their places."""
    return (f["estimator"] == "silverman") * (f["control"] == "none")


DEFAULTS = {
    # wide codes turn back, with one estimator
    "mutual_information_input_layer": lambda f: turning(f, TURN * wide(f) * with_one(f)),
    "entropy_input": lambda f: S_X + 0 * f["seed"],
    "mutual_information_error": lambda f: 1 + 0.5 * f["place"],
    "error_bandwidth": lambda f: 0.1 + 0 * f["place"],
    "error_median_distance": lambda f: 0.5 + 0 * f["place"],
    # grows by half a bit a pair inwards, with the samples in their places
    "mutual_information_pair": lambda f: 1 + 0.5 * f["inwards"] * xr.where(f["control"] == "none", 1, -1),
    "entropy_layer": lambda f: 4 + 0 * f["place"],
    # what the code knows of the reconstruction: 4 bits, and nothing untrained
    "mutual_information_layer_output": lambda f: 4.0 * (f["epoch"] > 0) + 0 * f["place"],
    "intrinsic_dimension": lambda f: f["truth"] * f["bias"],
}
LAYERED = ("variant", "seed", "estimator", "control", "split", "epoch", "layer", "probe_batch")
PAIRED = tuple("pair" if dim == "layer" else dim for dim in LAYERED)
PROBED = ("variant", "seed", "estimator", "split", "epoch", "probe_batch")
KERNEL = tuple(dim for dim in LAYERED if dim != "control")
DIMS = {
    "information": {"mutual_information_input_layer": LAYERED, "entropy_input": PROBED},
    "error_chain": {
        "mutual_information_error": LAYERED,
        **dict.fromkeys(("error_bandwidth", "error_median_distance"), KERNEL),
    },
    "layer_pairs": {
        "mutual_information_pair": PAIRED,
        **dict.fromkeys(("entropy_layer", "mutual_information_layer_output"), LAYERED),
    },
    "intrinsic_dimension": {"intrinsic_dimension": ("variant", "method", "repetition")},
}
OF_LAYERS, OF_PAIRS = ("kind", "depth", "dominator"), ("first", "second")


def summary(f=None, *, experiment=None, **plants):
    """A summary with every claim's effect planted, unless a variable is replaced."""
    f = frame() if f is None else f
    tree = {}
    for group, variables in DIMS.items():
        data = xr.Dataset()
        for name, dims in variables.items():
            values = (plants.get(name) or DEFAULTS[name])(f)
            zeros = xr.DataArray(0.0, {dim: f[dim].values for dim in dims}, dims)
            data[name] = (values.drop_vars(set(values.coords) - set(dims)) + zeros).transpose(*dims)
        places = (*(OF_LAYERS if "layer" in data.dims else ()), *(OF_PAIRS if "pair" in data.dims else ()))
        own = (*(key for key in ("model.code", "dataset.dimension") if key in f.coords), *places)
        tree[group] = data.assign_coords({key: f[key].variable for key in own})
    made = xr.DataTree.from_dict(tree)
    made.attrs["experiment"] = {
        "name": "planted",
        "controls": ["shuffled_samples"],
        "estimators": [
            {"name": name, "kind": "renyi", "bandwidth": {"rule": name}} for name in ("silverman", "tapia_estevez")
        ],
        **(experiment or {}),
    }
    return made


def judged(name, tree, estimator=None):
    """By the first estimator that a claim speaks of."""
    found = {each.estimator: each for each in claims.judge(tree, [claims.claim(name, folder=None)])}
    return found[estimator or next(iter(found))]


def tilted(f, slope):
    """I(X; T) that rises or falls along the layers; the same under the control."""
    return 4 + slope * f["place"]


# What to plant for a claim: what it says, and the reverse, each with the mean effect that this makes.
CASES = {
    "yu2019.forward_chain": (
        ("mutual_information_input_layer", lambda f: tilted(f, xr.where(f["control"] == "none", -0.2, 0.2)), 1),
        ("mutual_information_input_layer", lambda f: tilted(f, 0.2), 0),
    ),
    "yu2019.error_chain": (
        ("mutual_information_error", lambda f: tilted(f, 0.2) * xr.where(f["control"] == "none", 1, -1), 1),
        ("mutual_information_error", lambda f: tilted(f, -0.2), 0),
    ),
    "yu2019.pairs_nest": (
        ("mutual_information_pair", DEFAULTS["mutual_information_pair"], 1),
        ("mutual_information_pair", lambda f: 3 - 0.1 * f["inwards"], 0),
    ),
    "yu2019.pairs_below_code": (
        ("mutual_information_pair", DEFAULTS["mutual_information_pair"], -2),
        ("mutual_information_pair", lambda f: 4.1 * ((f["inwards"] == 1) & (f["width"] == 2)) + 0 * f["seed"], 0.1),
    ),
    "yu2019.wide_codes_turn_back": (
        ("mutual_information_input_layer", DEFAULTS["mutual_information_input_layer"], 100 * TURN),
        ("mutual_information_input_layer", lambda f: turning(f, TURN * ~wide(f)), 0),
    ),
    "yu2019.narrow_codes_stay": (
        ("mutual_information_input_layer", DEFAULTS["mutual_information_input_layer"], 0),
        ("mutual_information_input_layer", lambda f: turning(f, TURN), 100 * TURN),
    ),
    "yu2019.switches_at_dimension": (
        # The first that is wider than 3 is 4, and than 6 it is 8.
        ("mutual_information_input_layer", DEFAULTS["mutual_information_input_layer"], np.log2(4 / 3)),
        # None turns back: 16 is the bound.
        ("mutual_information_input_layer", lambda f: turning(f, 0), np.log2(16 / 3)),
    ),
    "yu2019.ends_at_bisector": (
        # Wide codes end at 3.5 bits.
        ("mutual_information_layer_output", lambda f: 3.5 * 1.05 * (f["epoch"] > 0) + 0 * f["place"], 5),
        ("mutual_information_layer_output", lambda f: 3.0 + 0 * f["place"], 100 / 7),
    ),
    "tapia_estevez2020.wide_codes_do_not_compress": (
        ("mutual_information_input_layer", DEFAULTS["mutual_information_input_layer"], 0),
        ("mutual_information_input_layer", lambda f: turning(f, TURN), 100 * TURN),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_planted(name):
    (variable, plant, mean), _ = CASES[name]
    found = judged(name, summary(**{variable: plant}))
    assert found.effect.mean == pytest.approx(mean, abs=1e-9)
    assert len(found.effect.values) == 5
    assert found.verdict == verdict.SUPPORTED


@pytest.mark.parametrize("name", CASES)
def test_reversed(name):
    _, (variable, plant, mean) = CASES[name]
    found = judged(name, summary(**{variable: plant}))
    assert found.effect.mean == pytest.approx(mean, abs=1e-9)
    assert found.verdict == verdict.CONTRADICTED


def test_every_claim_is_planted():
    every = {each.name for each in (*yu2019.CLAIMS, *yu2019_turns.CLAIMS)}
    assert every == {*CASES, "yu2019.turn_back_survives"}


@pytest.mark.parametrize("name", ["forward_chain", "wide_codes_turn_back", "switches_at_dimension"])
def test_what_shuffled_samples_show_too_is_explained(name):
    tree = summary(mutual_information_input_layer=lambda f: turning(f, TURN * wide(f)))
    assert judged(f"yu2019.{name}", tree).verdict == verdict.EXPLAINED


def test_untrained_networks_at_the_bisector_explain_it():
    tree = summary(mutual_information_layer_output=DEFAULTS["mutual_information_input_layer"])
    found = judged("yu2019.ends_at_bisector", tree)
    assert (found.verdict, found.controls["untrained"].mean) == (verdict.EXPLAINED, 0)


class TestChains:
    def test_what_comes_behind_the_code_does_not_count(self):
        """It rises there by a bit a layer."""
        tree = summary(mutual_information_input_layer=lambda f: 4 + abs(f["place"] - 3))
        assert judged("yu2019.forward_chain", tree).effect.mean == 1

    def test_the_code_counts(self):
        """Of two steps the second rises."""
        tree = summary(mutual_information_input_layer=lambda f: 4 + 1.0 * (f["place"] == 3))
        assert judged("yu2019.forward_chain", tree).effect.mean == 0.5

    @pytest.mark.parametrize(("fall", "share"), [(0.04, 1), (0.06, 0.5)])
    def test_a_pair_may_know_less_by_the_tolerance(self, fall, share):
        tree = summary(mutual_information_pair=lambda f: 3 - fall * (f["inwards"] == 1))
        assert judged("yu2019.pairs_nest", tree).effect.mean == share

    def test_three_stages(self):
        """Pairs nest before the training, and not after an epoch or at the end."""
        tree = summary(mutual_information_pair=lambda f: 3 + (2 * (f["epoch"] == 0) - 1) * f["inwards"])
        found = judged("yu2019.pairs_nest", tree)
        assert found.effect.mean == pytest.approx(1 / 3)
        assert found.remark == "Of the untrained networks' steps 100 % keep it."

    def test_networks_that_were_not_looked_at_untrained_have_two_stages(self):
        """Pairs nest after an epoch and not at the end; the first epoch there is does not count as untrained."""
        tree = summary(mutual_information_pair=lambda f: 3 + (2 * (f["epoch"] == 1) - 1) * f["inwards"])
        tree["layer_pairs"] = tree["layer_pairs"].to_dataset().sel(epoch=[1.0, 10.0])
        found = judged("yu2019.pairs_nest", tree)
        assert found.effect.mean == pytest.approx(1 / 2)
        assert found.remark == "No untrained network was looked at."

    def test_the_remark_on_the_encoder(self):
        tree = summary(mutual_information_input_layer=lambda f: 4 + 1.0 * (f["epoch"] == 0) * (f["place"] == 3))
        assert judged("yu2019.forward_chain", tree).remark == "Of the untrained networks' steps 50 % keep it."


class TestTurnBack:
    def test_the_mean_over_wide_codes(self):
        """Of the 5 codes that are wider than the dimension, those of 16 fall by a quarter."""
        tree = summary(mutual_information_input_layer=lambda f: turning(f, 0.25 * (f["width"] == 16)))
        found = judged("yu2019.wide_codes_turn_back", tree)
        assert found.effect.mean == pytest.approx(25 * 2 / 5)
        assert found.remark == (
            "Mean turn-back by units of the code, % of a peak in bits: dimension 3: 2: 0 % of 4, 4: 0 % of 4, "
            "8: 0 % of 4, 16: 25 % of 4, where the dimension is 3; dimension 6: 2: 0 % of 4, 4: 0 % of 4, 8: 0 % of 4, "
            "16: 25 % of 4, where the dimension is 6."
        )

    def test_which_codes_are_wide_the_estimate_says_and_not_the_label(self):
        """Both methods find 10: of each family the code of 16 is wide, and turns back; three are narrow."""
        tree = summary(intrinsic_dimension=lambda f: 10.0 + 0 * f["truth"] + 0 * f["bias"])
        assert judged("yu2019.wide_codes_turn_back", tree).effect.mean == pytest.approx(100 * TURN)
        assert judged("yu2019.narrow_codes_stay", tree).effect.mean == pytest.approx(100 * TURN * 3 / 6)

    def test_of_data_whose_dimension_is_known_no_estimate_says_it(self):
        about = {"dataset": {"name": "manifold"}}
        tree = summary(intrinsic_dimension=lambda f: 100.0 + 0 * f["truth"] + 0 * f["bias"], experiment=about)
        assert judged("yu2019.wide_codes_turn_back", tree).effect.mean == pytest.approx(100 * TURN)

    def test_a_code_as_wide_as_the_dimension_is_neither_wide_nor_narrow(self):
        """The estimates are 4 for all, give or take: codes of 4 turn back by half, and count in nothing."""
        tree = summary(
            mutual_information_input_layer=lambda f: turning(f, 0.5 * (f["width"] == 4)),
            intrinsic_dimension=lambda f: 4.2 + 0 * f["truth"] + 0 * f["bias"],
        )
        assert judged("yu2019.wide_codes_turn_back", tree).effect.mean == pytest.approx(0)
        assert judged("yu2019.narrow_codes_stay", tree).effect.mean == pytest.approx(0)

    def test_a_code_that_falls_from_the_start_does_not_turn_back(self):
        """Nor does it stay, nor speak against compression: there is no rise from which it could fall."""
        tree = summary(mutual_information_input_layer=lambda f: 4 - 1.0 * (f["epoch"] > 0) + 0 * f["place"])
        assert judged("yu2019.wide_codes_turn_back", tree).effect.mean == 0
        for name in ("yu2019.narrow_codes_stay", "tapia_estevez2020.wide_codes_do_not_compress"):
            found = judged(name, tree)
            assert found.verdict == verdict.NONE
            assert found.remark == "In 40 of 40 networks I(X; Z) rises by no more than 5 %; they count in nothing."

    def test_a_network_that_diverged_counts_in_nothing(self):
        tree = summary()
        information = tree["information"].to_dataset()
        gone = (information["epoch"] > 1) & (information["seed"] == 2)
        tree["information"] = information.map(lambda values: values.where(~gone))
        for name in ("wide_codes_turn_back", "switches_at_dimension"):
            assert judged(f"yu2019.{name}", tree).effect.seeds == (0, 1, 3, 4)

    def test_one_width_for_all(self):
        """It is that of the experiment, and shows no switch."""
        f = frame(widths=(8,)).drop_vars("model.code")
        tree = summary(f, experiment={"model": {"name": "autoencoder", "code": 8}})
        assert judged("yu2019.wide_codes_turn_back", tree).effect.mean == pytest.approx(100 * TURN)
        found = judged("yu2019.switches_at_dimension", tree)
        assert (found.verdict, found.remark) == (verdict.NONE, "")


class TestSwitch:
    def test_a_bound_counts_where_it_decides(self):
        """Of dimension 3 all codes turn back; of 6 none in the first of five seeds, and those of 16 in the others."""

        def plant(f):
            return turning(f, TURN * ((f["truth"] == 3) | ((f["width"] == 16) & (f["seed"] > 0))))

        found = judged("yu2019.switches_at_dimension", summary(mutual_information_input_layer=plant))
        assert found.remark == (
            "Units from which on codes turn back, by seed: dimension 3: 2 or less, 2 or less, 2 or less, 2 or less, "
            "2 or less, where the dimension is 2.4 by two_nn, 3.75 by maximum_likelihood; dimension 6: more than 16, "
            "16, 16, 16, 16, where the dimension is 4.8 by two_nn, 7.5 by maximum_likelihood."
        )
        np.testing.assert_allclose(found.effect.values, [np.log2(16 / 6)] * 5)

    @pytest.mark.parametrize(("share", "dimension"), [(0, 12), (0, 100), (TURN, 3), (TURN, 0.5)])
    def test_a_bound_that_leaves_all_open_shows_nothing(self, share, dimension):
        """None turns back, and the dimension may be at the next width; or all do, and it may be at the one before."""
        tree = summary(
            mutual_information_input_layer=lambda f: turning(f, share),
            intrinsic_dimension=lambda f: dimension + 0 * f["truth"] + 0 * f["bias"],
        )
        assert judged("yu2019.switches_at_dimension", tree).verdict == verdict.NONE

    def test_too_narrow_a_switch_is_as_wrong_as_one_too_wide(self):
        """And the worse of two data sets counts."""
        tree = summary(intrinsic_dimension=lambda f: 32.0 + 0 * f["truth"] + 0 * f["bias"])
        assert judged("yu2019.switches_at_dimension", tree).effect.mean == pytest.approx(np.log2(32 / 4))


class TestOtherBandwidths:
    def test_the_turn_back_survives(self):
        tree = summary(
            mutual_information_input_layer=lambda f: turning(
                f, wide(f) * xr.where(f["estimator"] == "silverman", 0.3, 0.2) * (f["control"] == "none")
            )
        )
        (found,) = claims.judge(tree, [claims.claim("yu2019.turn_back_survives", folder=None)])
        assert (found.estimator, found.verdict) == ("tapia_estevez", verdict.SUPPORTED)
        assert found.effect.mean == pytest.approx(20)
        assert found.remark == "Alone it is 20 % with tapia_estevez, 30 % with silverman."

    def test_it_does_not(self):
        assert judged("yu2019.turn_back_survives", summary()).verdict == verdict.CONTRADICTED
        disputed = judged("tapia_estevez2020.wide_codes_do_not_compress", summary())
        assert (disputed.estimator, disputed.verdict) == ("tapia_estevez", verdict.SUPPORTED)

    def test_where_there_was_none_none_survives(self):
        tree = summary(
            mutual_information_input_layer=lambda f: turning(f, TURN * wide(f) * (f["estimator"] == "tapia_estevez"))
        )
        assert judged("yu2019.turn_back_survives", tree).effect.mean == 0

    def test_it_speaks_of_no_other_estimator(self):
        applies = claims.claim("yu2019.turn_back_survives", folder=None).applies
        assert not applies({"kind": "binning", "bins": 30}, "train")
        assert not applies({"kind": "renyi", "bandwidth": {"rule": "silverman"}}, "train")

    def test_where_there_is_no_other_estimator_there_is_no_verdict(self):
        whole = summary()
        alone = xr.DataTree.from_dict(
            {
                name: data.sel(estimator=["tapia_estevez"]) if "estimator" in data.dims else data
                for name, node in whole.items()
                for data in [node.to_dataset()]
            }
        )
        alone.attrs = whole.attrs
        assert judged("yu2019.turn_back_survives", alone).verdict == verdict.NONE


class TestBisector:
    def test_the_remark_is_in_bits(self):
        """Wide codes, 5 of 8, end half a bit from it; all begin with two bits about the input alone."""
        found = judged("yu2019.ends_at_bisector", summary())
        assert found.effect.mean == pytest.approx(100 * 0.5 / 3.5)
        assert found.remark == (
            f"In bits the distance of all codes is {0.5 * 5 / 8:.2f} in the mean, and of untrained networks 2.00."
        )
        assert found.controls["untrained"].mean == pytest.approx(100)

    def test_it_has_no_side(self):
        tree = summary(
            mutual_information_input_layer=lambda f: 4 + 0 * f["place"],
            mutual_information_layer_output=lambda f: 4 + xr.where(f["width"] == 16, -1.0, 1.0) + 0 * f["place"],
        )
        assert judged("yu2019.ends_at_bisector", tree).effect.mean == pytest.approx(25)


UNSEEN = {
    "no code": (
        ("yu2019.forward_chain", "yu2019.pairs_below_code", "yu2019.ends_at_bisector", "yu2019.wide_codes_turn_back"),
        lambda tree: _without_pairs(tree),
    ),
    "no estimate of the dimension": (
        ("yu2019.wide_codes_turn_back", "yu2019.narrow_codes_stay", "yu2019.switches_at_dimension"),
        lambda tree: _with_dimension(tree, np.nan),
    ),
    "no wide code": (
        ("yu2019.wide_codes_turn_back", "tapia_estevez2020.wide_codes_do_not_compress"),
        lambda tree: _with_dimension(tree, 100.0),
    ),
    "no narrow code": (("yu2019.narrow_codes_stay",), lambda tree: _with_dimension(tree, 1.0)),
}


def _without_pairs(tree):
    data = tree["layer_pairs"].to_dataset()
    tree["layer_pairs"] = data.isel(pair=[0])  # input and output alone
    return tree


def _with_dimension(tree, value):
    tree["intrinsic_dimension"] = tree["intrinsic_dimension"].to_dataset() * 0 + value
    return tree


@pytest.mark.parametrize(("case", "name"), [(case, name) for case, (names, _) in UNSEEN.items() for name in names])
def test_what_cannot_be_seen_has_no_verdict(case, name):
    found = judged(name, UNSEEN[case][1](summary()))
    assert found.effect.values == ()
    assert found.verdict == verdict.NONE
    assert "nan" not in found.remark


def test_a_dimension_without_an_estimate_is_told():
    found = judged("yu2019.switches_at_dimension", _with_dimension(summary(), np.nan))
    told = "6: 8, 8, 8, 8, 8, where the dimension is not known by two_nn, not known by maximum_likelihood."
    assert found.remark.endswith(told)


def test_a_width_that_is_not_known_is_neither_wide_nor_narrow():
    tree = summary(frame(widths=(8,)).drop_vars("model.code"))
    for name in ("wide_codes_turn_back", "narrow_codes_stay", "switches_at_dimension"):
        found = judged(f"yu2019.{name}", tree)
        assert (found.effect.values, found.remark) == ((), "")


def test_evidence_of_untrained_networks_has_groups_without_epochs():
    found = Evidence(summary(), "silverman", "train", untrained=True).group("intrinsic_dimension")
    assert found["intrinsic_dimension"].sizes == {"variant": 8, "method": 2, "repetition": 3}
