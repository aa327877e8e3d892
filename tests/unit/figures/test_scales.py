"""Places of epochs on their scale, and of names beside their lines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infoplane import figures
from infoplane.figures.betas import BetaScale
from infoplane.figures.epochs import EpochScale
from infoplane.figures.labels import spaced
from infoplane.figures.variants import titles


def test_the_untrained_network_has_a_place_before_the_first_epoch():
    scale = EpochScale.of([0, 0.5, 1, 8])
    positions = scale.position([0, 0.5, 1, 8])
    assert (np.diff(positions) > 0).all()
    np.testing.assert_allclose(positions[1:], [0.5, 1, 8])
    np.testing.assert_allclose(scale.norm(positions)[[0, -1]], [0, 1])


def test_ticks_name_zero_the_decades_and_the_last_epoch():
    assert EpochScale.of([0, 0.1, 1, 50]).ticks(60)[1] == ["0", "0.1", "1", "10", "50"]
    assert EpochScale.of([0, 1, 9876.5]).ticks(60)[1] == ["0", "1", "10", "100", "1000", "9876"]


def test_ticks_without_room_go_but_the_ends_stay():
    assert EpochScale.of([0, 1, 10000]).ticks(14)[1] == ["0", "10", "10000"]
    assert EpochScale.of([0, 1, 10000]).ticks(9)[1] == ["0", "10000"]


def test_ticks_above_one_another_need_no_more_than_their_height():
    scale = EpochScale.of([0, 1, 10000])
    assert scale.ticks(30)[1] == ["0", "1", "10", "100", "10000"]
    assert scale.ticks(30, which="y")[1] == ["0", "1", "10", "100", "1000", "10000"]


@pytest.mark.parametrize("epochs", [[0], [3], [0, 1]])
def test_scales_of_few_epochs(epochs):
    scale = EpochScale.of(epochs)
    assert np.isfinite(scale.norm(scale.position(epochs))).all()
    assert scale.ticks(40)[1][0] == str(epochs[0])


@given(st.lists(st.floats(-0.5, 1.5), min_size=1, max_size=9).map(sorted))
def test_names_keep_their_distance_and_order_and_stay_below_the_top(wanted):
    levels = spaced(wanted, 0.1, 1.0)
    assert (np.diff(levels) >= 0.1 - 1e-9).all()
    assert levels[0] >= 0
    assert levels[-1] <= 1 + 1e-9


def test_names_with_room_do_not_move():
    assert spaced([0.1, 0.5, 0.8], 0.1, 1.0) == pytest.approx([0.1, 0.5, 0.8])


def test_two_names_at_one_place_part_evenly():
    assert spaced([0.5, 0.5], 0.1, 1.0) == pytest.approx([0.45, 0.55])


KEYS = ("model.filters", "model.activation")


def test_variants_are_named_by_what_differs(summary):
    table = figures.information_plane.table(summary)
    assert titles(table, KEYS)["v03"] == "filters 3-6, sigmoid"
    same_filters = table[table["model.filters"] == "6-12"]
    assert titles(same_filters, KEYS) == {"v01": "relu", "v04": "sigmoid"}
    assert titles(table[table["variant"] == "v00"], KEYS) == {"v00": ""}


def test_variants_that_the_keys_do_not_tell_apart_keep_their_identifier(summary):
    table = figures.information_plane.table(summary).assign(**{"model.filters": "6-12"})
    assert titles(table, KEYS)["v00"] == "v00 relu"


def test_a_key_that_a_variant_lacks_is_left_out(summary):
    table = figures.information_plane.table(summary)
    table.loc[table["variant"] == "v03", "model.filters"] = None
    assert titles(table, KEYS)["v03"] == "sigmoid"


@pytest.mark.parametrize(
    ("betas", "labels"),
    [
        ([1.0, 4.0, 250.0], ["1", "10", "100"]),
        ([0.0, 1.0, 20.0, np.inf], ["0", "1", "2", "5", "10", "20", "∞"]),
        ([1.0, 1.3], ["1", "1.1", "1.2", "1.3"]),
        ([np.inf, np.nan], ["1", "∞"]),
        ([0.0, 0.0], ["0", "1"]),
        ([7.0], ["7"]),
    ],
)
def test_zero_and_infinity_have_places_beyond_every_other_beta(betas, labels):
    scale, known = BetaScale.of(betas), np.unique([beta for beta in betas if not np.isnan(beta)])
    assert np.isfinite(scale.position(known)).all()
    assert (np.diff(scale.position(known)) > 0).all()
    ticks = scale.ticks(100)
    assert [ticks[beta] for beta in sorted(ticks)] == labels


def test_very_large_and_small_betas_are_written_by_powers_of_ten():
    assert list(BetaScale.of([1.0, 1e9]).ticks(25).values()) == ["1", "100", "10000", "10⁶", "10⁸"]
    assert list(BetaScale.of([1.9e5, 4.1e5]).ticks(100).values()) == ["2·10⁵", "3·10⁵", "4·10⁵"]
    assert next(iter(BetaScale.of([1e-6, 1e-5, 1.0]).ticks(100).values())) == "10⁻⁶"


def test_on_a_low_axis_the_ends_stay():
    assert set(BetaScale.of([0.0, 1.0, 1000.0, np.inf]).ticks(9).values()) >= {"0", "∞"}
