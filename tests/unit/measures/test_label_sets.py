"""The kernel on sets of labels."""

import numpy as np
import pytest
import torch

from infoplane.measures import gram, renyi

RANDOM = torch.Generator().manual_seed(3)
SETS = (torch.rand(3, 40, 5, generator=RANDOM) < 0.4).long()


def test_it_is_the_share_of_labels_in_common() -> None:
    found = gram.label_sets(SETS)
    for batch, own in zip(SETS.tolist(), found, strict=True):
        sets = [{label for label, there in enumerate(row) if there} for row in batch]
        expected = [[len(a & b) / len(a | b) if a | b else 1.0 for b in sets] for a in sets]
        np.testing.assert_allclose(own * 40, expected, rtol=0, atol=1e-15)


def test_it_is_positive_definite_on_all_sets_of_some_labels() -> None:
    """Strictly so (Bouchard, Jousselme and Doré 2013): 2^6 sets that differ give as many eigenvalues above 0."""
    every = (torch.arange(64)[:, None] >> torch.arange(6)) & 1
    assert torch.linalg.eigvalsh(64 * gram.label_sets(every)).min() > 1e-3


def test_of_one_label_each_it_is_the_indicator() -> None:
    y = torch.randint(0, 5, (2, 40), generator=RANDOM)
    sets = torch.nn.functional.one_hot(y, 5)
    assert torch.equal(gram.label_sets(sets), gram.labels(y))
    assert torch.equal(gram.label_sets(sets.bool()), gram.labels(y))


def test_empty_sets_are_alike_and_like_no_other() -> None:
    found = gram.label_sets(torch.tensor([[0, 0], [0, 0], [1, 0], [1, 1]]))
    assert (4 * found).tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0.5], [0, 0, 0.5, 1]]


def test_a_label_that_nobody_has_and_the_order_of_labels_change_nothing() -> None:
    wider = torch.cat([SETS.flip(-1), torch.zeros(3, 40, 2, dtype=torch.int64)], -1)
    assert torch.equal(gram.label_sets(wider), gram.label_sets(SETS))


def test_it_tells_more_than_whether_sets_are_equal() -> None:
    """Sets that share labels are nearer, so that the entropy is below that of sets as classes."""
    by_set = torch.unique(SETS[0], dim=0, return_inverse=True)[1]
    graded, apart = (renyi.entropy(each).item() for each in (gram.label_sets(SETS[0]), gram.labels(by_set)))
    assert 1 < graded < apart - 0.5


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (
            torch.tensor([[0.0, 1.0]]),
            r"y must hold labels \(\*batch, n, k\) as integers, got \(1, 2\) of torch.f",
        ),
        (torch.tensor([0, 1]), r"y must hold labels .*, got \(2,\) of torch.int64"),
        (torch.tensor([[0, 1], [2, 1]]), r"y must hold 0 and 1 alone, a column for each label, got 2$"),
    ],
)
def test_what_is_no_set_of_labels_is_refused(y: torch.Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        gram.label_sets(y)
