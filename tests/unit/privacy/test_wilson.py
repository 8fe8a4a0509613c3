"""Wilson's interval is the published one, and refuses counts that cannot be."""

from __future__ import annotations

import pytest

from fedaug.errors import ConfigError
from fedaug.privacy.wilson import wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Brown, Cai & DasGupta 2001 and Newcombe 1998, table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_the_published_one(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes / trials, trials) == pytest.approx((low, high), abs=5e-5)


def test_the_ends_are_exact() -> None:
    assert wilson(0.0, 7)[0] == 0.0
    assert wilson(1.0, 7)[1] == 1.0


@pytest.mark.parametrize(("share", "trials"), [(0.5, 0), (2.0, 1), (-0.2, 5), (float("nan"), 5)])
def test_an_interval_of_impossible_counts_is_refused(share: float, trials: int) -> None:
    with pytest.raises(ConfigError, match="an interval needs trials"):
        wilson(share, trials)
