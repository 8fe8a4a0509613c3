"""Exact intervals, the excess over a control group, and the power that the docstrings state."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from fedaug.errors import BadNumber, ConfigError
from fedaug.privacy.audit.intervals import Rate, clopper_pearson, excess, power


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (5, 10, 0.1871, 0.8129), (1, 100, 0.0003, 0.0545)],  # tables
)
def test_the_interval_is_the_tabled_one(successes: int, trials: int, low: float, high: float) -> None:
    assert clopper_pearson(successes, trials) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.97])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.999])
def test_the_interval_covers_at_least_as_often_as_it_says(share: float, confidence: float) -> None:
    intervals = np.array([clopper_pearson(k, 80, confidence) for k in range(81)])
    covers = (intervals[:, 0] <= share) & (share <= intervals[:, 1])
    assert stats.binom.pmf(np.arange(81), 80, share)[covers].sum() >= confidence


@pytest.mark.parametrize(("attack", "control"), [(0.1, 0.1), (0.3, 0.05), (0.9, 0.5)])
def test_the_excess_covers_the_true_risk_at_least_as_often_as_it_says(attack: float, control: float) -> None:
    trials, truth = 30, (attack - control) / (1 - control)
    covered = 0.0
    for k in range(trials + 1):
        for j in range(trials + 1):
            low, high = excess(Rate(k, trials), Rate(j, trials)).interval
            chance = stats.binom.pmf(k, trials, attack) * stats.binom.pmf(j, trials, control)
            covered += chance * (low <= truth <= high)
    assert covered >= 0.95


def test_the_excess_is_of_what_chance_leaves() -> None:
    assert excess(Rate(75, 100), Rate(50, 100)).risk == pytest.approx(0.5)
    assert excess(Rate(100, 100), Rate(0, 100)).risk == 1
    assert excess(Rate(10, 10), Rate(10, 10)).risk == 0
    assert not excess(Rate(10, 10), Rate(10, 10)).detected
    assert excess(Rate(0, 10), Rate(10, 10)).risk == -1
    assert excess(Rate(100, 100), Rate(10, 100)).detected
    assert not excess(Rate(10, 100), Rate(100, 100)).detected


@pytest.mark.parametrize(
    ("attack", "control", "trials", "stated"),
    [
        (0.1, 0.05, 500, 0.40),
        (0.2, 0.1, 500, 0.89),
        (0.2, 0.1, 200, 0.31),
        (0.7, 0.5, 200, 0.80),
        (0.3, 0.2, 500, 0.66),
    ],
)
def test_the_power_is_the_one_that_the_docstrings_state(
    attack: float, control: float, trials: int, stated: float
) -> None:
    assert power(attack, control, trials) == pytest.approx(stated, abs=0.006)


def test_the_power_is_how_often_the_excess_is_detected() -> None:
    rng = np.random.default_rng(0)
    draws = rng.binomial(60, 0.5, 400), rng.binomial(60, 0.2, 400)
    detected = sum(excess(Rate(int(a), 60), Rate(int(c), 60)).detected for a, c in zip(*draws, strict=True))
    # Off by five standard deviations with a chance below 1e-6.
    assert detected / 400 == pytest.approx(power(0.5, 0.2, 60), abs=5 * 0.5 / math.sqrt(400))
    assert 0.2 < power(0.5, 0.2, 60) < 0.95


def test_without_a_difference_little_is_detected() -> None:
    assert power(0.3, 0.3, 100) < 0.05


@pytest.mark.parametrize(("successes", "trials"), [(1, 0), (0, 0), (2, 1), (-1, 5)])
def test_a_rate_that_does_not_add_up_is_refused(successes: int, trials: int) -> None:
    with pytest.raises(ConfigError, match="a rate has no trials"):
        Rate(successes, trials)


@pytest.mark.parametrize("confidence", [0.0, 1.0, math.nan])
def test_a_confidence_outside_its_range_is_refused(confidence: float) -> None:
    with pytest.raises(BadNumber, match="confidence"):
        clopper_pearson(1, 2, confidence)
