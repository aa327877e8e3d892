"""What a job asks for grows with its attempts."""

import pytest

from infoplane import plan


@pytest.mark.parametrize(("attempt", "expected"), [(1, 4000), (2, 8000), (3, 12000)])
def test_every_attempt_gets_as_much_again(attempt: int, expected: int) -> None:
    assert plan.growing(4000)({}, attempt=attempt) == expected
