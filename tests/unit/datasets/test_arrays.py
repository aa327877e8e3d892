import numpy as np
import numpy.typing as npt
import pytest

from infoplane.datasets.arrays import describe, digest, prepared, sample_shape
from infoplane.datasets.content import Arrays
from infoplane.errors import DataError


def _arrays(x: npt.ArrayLike, y: npt.ArrayLike = (0, 1)) -> Arrays:
    """The same few samples to train and to test on."""
    return Arrays(np.asarray(x), np.asarray(y), np.asarray(x), np.asarray(y))


@pytest.mark.parametrize(
    ("shape", "sample"),
    [
        ((9, 12), (12,)),
        ((9, 28, 28), (1, 28, 28)),
        ((9, 3, 3), (1, 3, 3)),
        ((9, 32, 32, 3), (3, 32, 32)),
        ((9, 5, 6, 1), (1, 5, 6)),
        ((9, 3, 32, 32), (3, 32, 32)),
        ((9, 1, 4, 4), (1, 4, 4)),
        ((9, 16, 2, 2), (16, 2, 2)),
        ((9, 32, 32, 4), (32, 32, 4)),
    ],
)
def test_sample_shape_follows_the_rule(shape: tuple[int, ...], sample: tuple[int, ...]) -> None:
    assert sample_shape(shape) == sample


@pytest.mark.parametrize("shape", [(9, 3, 3, 3), (9, 1, 28, 1), (9, 4, 8, 3)])
def test_a_shape_with_two_readings_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match=rf"shape \({', '.join(map(str, shape))}\) is ambiguous: .*sides of at least 5"):
        sample_shape(shape)


@pytest.mark.parametrize("shape", [(), (9,), (9, 1, 2, 3, 4)])
def test_a_shape_of_no_kind_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match=r"is none of \(n, d\), \(n, height, width\)"):
        sample_shape(shape)


def test_channels_last_are_moved_and_not_reshaped() -> None:
    x = np.random.default_rng(0).integers(0, 256, (2, 5, 6, 3), dtype=np.uint8)
    moved = prepared(_arrays(x), origin="test").x_train
    assert moved.shape == (2, 3, 5, 6)
    assert moved[1, 2, 4, 5] == np.float32(x[1, 4, 5, 2]) / np.float32(255)
    assert moved.flags["C_CONTIGUOUS"]


def test_bytes_are_scaled_to_the_unit_interval() -> None:
    x = prepared(_arrays(np.array([[0, 51], [255, 128]], np.uint8)), origin="test").x_test
    assert x.dtype == np.float32
    np.testing.assert_array_equal(x, np.array([[0, 0.2], [1, 128 / 255]], np.float32))


@pytest.mark.parametrize("dtype", ["float16", "float32", ">f8"])
def test_floats_are_taken_as_they_are(dtype: str) -> None:
    x = prepared(_arrays(np.array([[-2.5, 300], [0.25, 7]], dtype)), origin="test").x_train
    assert x.dtype == np.dtype("=f4")
    np.testing.assert_array_equal(x, [[-2.5, 300], [0.25, 7]])


def test_prepared_arrays_are_new() -> None:
    arrays = _arrays(np.ones((2, 3), np.float32), np.array([0, 1]))
    prepared(arrays, origin="test").x_train[:] = 5
    assert (arrays.x_train == 1).all()


@pytest.mark.parametrize("y", [[[0], [1]], np.array([0, 1], ">u2"), [False, True]])
def test_targets_of_any_integer_type_become_a_vector(y: npt.ArrayLike) -> None:
    targets = prepared(_arrays(np.ones((2, 3)), y), origin="test").y_train
    assert targets.dtype == np.int64
    assert targets.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.ones((2, 3), np.int64), [0, 1], r"x_train is int64; accepted: uint8 \(0 to 255.*or floating point"),
        (np.ones((2, 3), np.complex64), [0, 1], r"x_train is complex64"),
        (np.ones((0, 3)), [0, 1], r"x_train has shape \(0, 3\): it is empty"),
        (np.ones((2, 3)), [0, 1, 1], r"x_train has 2 samples, y_train 3"),
        (
            np.ones((2, 3)),
            [[0, 2], [1, 0]],
            r"y_train is int64 of shape \(2, 2\) and runs from 0 to 2; .*sets of",
        ),
        (np.ones((2, 3)), [[0, -1], [1, 0]], r"y_train .* runs from -1 to 1; .*sets of labels"),
        (np.ones((2, 3)), 0, r"y_train is int64 of shape \(\); accepted: whole numbers from 0 \(n,\), classes"),
        (np.ones((2, 3)), [["a"], ["b"]], r"y_train is <U1 of shape \(2, 1\); accepted: whole numbers"),
        (np.ones((2, 3)), np.zeros((2, 2, 2)), r"y_train is float64 of shape \(2, 2, 2\); .*floating point \(n,\) or"),
        (np.ones((2, 3)), [0.0, 1.0], r"y_train and y_test hold 0, 1 in floating point .*y\.astype\(int\).*y / 2"),
        (np.ones((2, 3)), [[0.0, 1.0], [1.0, 1.0]], r"y_train and y_test hold 0, 1 in floating point and nothing else"),
        (np.ones((5, 3)), [0.0, 1.0, 2.0, 3.0, 4.0], r"hold 0, 1, 2, … in floating point"),
        (np.ones((2, 3)), [0.5, np.nan], r"y_train has 1 targets that are not finite in float32, the first at index 1"),
        (np.ones((2, 3)), [[0.5, 1e300]] * 2, r"y_test has 2 targets that are not finite .*index 0; remove or mend"),
        (np.ones((2, 3)), [-1, 1], r"y_train runs from -1 to 1; accepted: integers from 0"),
        (np.ones((2, 3)), [0, 1999], r"y_train runs from 0 to 1999; .*no more classes than the 4 samples"),
        (np.array([[0, 1], [np.nan, 2]]), [0, 1], r"x_train has 1 samples .*not finite.*first at index 1"),
        (np.array([[0, 1e300], [0, 2]]), [0, 1], r"x_train has 1 samples .*not finite.*first at index 0"),
    ],
)
def test_a_fault_is_told_with_its_value(x: npt.ArrayLike, y: npt.ArrayLike, message: str) -> None:
    with pytest.raises(DataError, match=message):
        prepared(_arrays(x, y), origin="test")


def test_all_faults_are_told_at_once_with_their_origin() -> None:
    arrays = Arrays(np.ones((2, 3), int), np.array([0.5, 1]), np.ones((1, 4)), np.array([0, 1]))  # of two kinds
    with pytest.raises(DataError, match="no usable data set") as caught:
        prepared(arrays, origin="my.npz")
    message = str(caught.value)
    assert message.startswith("my.npz")
    assert message.count("\n  - ") == 4
    assert "samples of x_train (2, 3) and of x_test (1, 4) differ in shape" in message


@pytest.mark.parametrize(
    ("train", "test"),
    [([0.5, 1.5], [0, 1]), ([[0, 1], [1, 1]], [[0, 1, 0], [1, 1, 1]]), ([[0.5, 0.5]] * 2, [0.5, 0.7])],
    ids=["numbers and classes", "other labels", "other dimensions"],
)
def test_targets_of_two_kinds_are_told_once(train: npt.ArrayLike, test: npt.ArrayLike) -> None:
    x = np.ones((2, 3))
    with pytest.raises(DataError, match=r"y_train is .* and y_test is .*; accepted: all classes") as told:
        prepared(Arrays(x, np.asarray(train), x, np.asarray(test)), origin="test")
    assert str(told.value).count("\n  - ") == 1


@pytest.mark.parametrize("y", [[0.5, 2.0], [[0.5], [2.0]], np.array([0.5, 2.0], ">f8")])
def test_floating_point_is_continuous(y: npt.ArrayLike) -> None:
    arrays = prepared(_arrays(np.ones((2, 3)), y), origin="test")
    assert (arrays.y_train.dtype, arrays.y_train.tolist()) == (np.float32, [[0.5], [2.0]])
    found = describe("mine", arrays, checksum="c")
    assert (found.targets, found.classes) == ("continuous", 1)
    assert describe("mine", _arrays(np.ones((2, 3)), y), checksum="c") == found


def test_whole_numbers_in_floating_point_are_continuous_where_classes_would_be_others() -> None:
    y = prepared(_arrays(np.ones((3, 2)), [25.0, 346.0, 141.0]), origin="test").y_test
    assert y.ravel().tolist() == [25, 346, 141]
    wide = prepared(_arrays(np.ones((3, 2)), [[0.0, 1.0, 2.0]] * 3), origin="test")
    assert describe("mine", wide, checksum="c").classes == 3


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int64])
def test_columns_of_0_and_1_are_sets_of_labels(dtype: type[np.generic]) -> None:
    y = np.array([[0, 1, 1], [0, 0, 0]], dtype)
    arrays = prepared(_arrays(np.ones((2, 3)), y), origin="test")
    assert (arrays.y_test.dtype, arrays.y_test.tolist()) == (np.int64, y.astype(int).tolist())
    found = describe("mine", arrays, checksum="c")
    assert (found.targets, found.classes) == ("labels", 3)


def test_description_counts_the_classes_of_both_splits() -> None:
    arrays = Arrays(np.ones((4, 3)), np.array([0, 1, 0, 1]), np.ones((2, 3)), np.array([2, 0]))
    description = describe("mine", arrays, checksum="c")
    assert (description.shape, description.classes, description.sizes) == ((3,), 3, {"train": 4, "test": 2})


def test_digest_depends_on_values_types_and_shapes_but_not_on_byte_order_or_strides() -> None:
    base = _arrays(np.arange(6, dtype="<f4").reshape(2, 3))
    same = _arrays(np.asfortranarray(base.x_train.astype(">f4")))
    assert digest(same) == digest(base)
    others = [base.x_train + 1, base.x_train.astype("<f8"), base.x_train.reshape(3, 2)]
    assert digest(base) not in {digest(_arrays(x)) for x in others}
