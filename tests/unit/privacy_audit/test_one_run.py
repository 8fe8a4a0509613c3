"""The one-run audit: figures that are known, claims that hold and are not refuted, and claims that do not hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from fedaug.errors import BadNumber, ConfigError, InvalidBudget
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.audit.one_run import (
    Guesses,
    best_bound,
    ceiling,
    guess,
    guess_counts,
    lower_bound,
    p_value,
)
from fedaug.privacy.events import GaussianEvent, ReleaseKind

#: Chance that a check below which draws random runs fails although the audit is right.
FALSE_ALARM = 1e-6
RUNS = 1_000
CONFIDENCE = 0.95


def most_failures(doubt: float = 1 - CONFIDENCE) -> int:
    """More runs than these exceed the truth with a chance of FALSE_ALARM only, if each does with ``doubt`` at most."""
    return int(stats.binom.ppf(1 - FALSE_ALARM, RUNS, doubt))


def randomised_response(rng: np.random.Generator, canaries: int, epsilon: float) -> tuple[NDArray[np.float64], ...]:
    coins = rng.random(canaries) < 0.5
    kept = rng.random(canaries) < 1 / (1 + math.exp(-epsilon))
    return np.where(kept, coins, ~coins).astype(np.float64), coins


@pytest.mark.parametrize(
    ("canaries", "confidence", "delta", "expected"),
    [
        (100, 0.95, 0.0, 3.493),  # the issue: about 3.5
        (1_000, 0.95, 0.0, 5.809),  # the issue: about 5.8
        (400, 0.999, 0.0, 4.050),
        (100, 0.95, 1e-9, 3.493),
        (400, 0.999, 1e-5, 3.903),
        (1_000, 0.999, 1e-5, 4.275),
    ],
)
def test_the_ceiling_is_the_published_one(canaries: int, confidence: float, delta: float, expected: float) -> None:
    assert ceiling(canaries, canaries, delta, confidence) == pytest.approx(expected, abs=5e-4)


def slow_p_value(correct: int, guesses: int, canaries: int, at: float, delta: float) -> float:
    """Theorem 5.2 written out term by term, from its text."""
    q = math.exp(at) / (1 + math.exp(at))
    mass = [math.comb(guesses, k) * q**k * (1 - q) ** (guesses - k) for k in range(guesses + 1)]
    beta = sum(mass[correct:])
    alphas = [sum(mass[max(0, correct - i) : correct]) / i for i in range(1, canaries + 1)]
    return min(1.0, beta + 2 * canaries * delta * max(alphas))


@pytest.mark.parametrize(("correct", "guesses", "canaries"), [(40, 50, 60), (50, 50, 50), (31, 60, 200), (1, 1, 1)])
@pytest.mark.parametrize("at", [0.0, 0.7, 3.0])
@pytest.mark.parametrize("delta", [0.0, 1e-5, 1e-2])
def test_the_p_value_is_the_theorem_s(correct: int, guesses: int, canaries: int, at: float, delta: float) -> None:
    expected = slow_p_value(correct, guesses, canaries, at, delta)
    assert p_value(correct, guesses, canaries, at, delta) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("delta", [0.0, 1e-6, 1e-3])
def test_every_epsilon_below_the_bound_is_refuted_and_the_next_is_not(delta: float) -> None:
    bound = lower_bound(180, 200, 250, delta, 0.95)
    assert bound > 0.5
    assert all(p_value(180, 200, 250, at, delta) <= 0.05 + 1e-9 for at in np.linspace(0, bound, 500))
    assert p_value(180, 200, 250, bound + 1e-4, delta) > 0.05


@pytest.mark.parametrize("truth", [0.5, 1.0, 2.0, 4.0])
def test_the_bound_seldom_exceeds_the_truth_of_randomised_response(truth: float) -> None:
    rng = np.random.default_rng(int(10 * truth))
    outcomes = [guess(*randomised_response(rng, 200, truth), made=200) for _ in range(RUNS)]
    bounds = [outcome.lower_bound(0.0, CONFIDENCE) for outcome in outcomes]
    assert sum(bound > truth for bound in bounds) <= most_failures()
    # It has power too: half of the runs bound ε by most of what 200 canaries can show.
    assert float(np.median(bounds)) > 0.35 * min(truth, ceiling(200, 200, 0, CONFIDENCE))


@pytest.mark.parametrize("truth", [0.5, 1.0, 2.0, 4.0])
def test_the_best_of_several_bounds_seldom_exceeds_the_truth_either(truth: float) -> None:
    rng = np.random.default_rng(100 + int(10 * truth))
    failures = 0
    for _ in range(RUNS):
        answers, coins = randomised_response(rng, 250, truth)
        # Noise that parts equal answers makes the choices as different as they can be.
        scores = answers + rng.normal(0, 1e-3, 250)
        failures += best_bound(scores, coins, (250, 120, 60, 30), delta=0, confidence=CONFIDENCE).epsilon > truth
    assert 0 < failures <= most_failures()


def reveals_all(rng: np.random.Generator, delta: float) -> Guesses:
    """(1, δ)-DP, and as bad as that can be: with probability δ the run shows every coin."""
    answers, coins = randomised_response(rng, 100, 1.0)
    return guess(coins if rng.random() < delta else answers, coins, made=100)


def test_a_run_that_shows_everything_with_probability_delta_is_not_refuted_unless_delta_is_left_out() -> None:
    rng = np.random.default_rng(5)
    outcomes = [reveals_all(rng, 0.15) for _ in range(RUNS)]
    assert sum(outcome.lower_bound(0.15, CONFIDENCE) > 1 for outcome in outcomes) <= most_failures()
    assert sum(outcome.lower_bound(0, CONFIDENCE) > 1 for outcome in outcomes) > most_failures()  # the seeded defect


def gaussian_runs(rng: np.random.Generator, std: float) -> list[float]:
    bounds = []
    for _ in range(RUNS):
        coins = rng.random(400) < 0.5
        scores = coins + rng.normal(0, std, 400)
        bounds.append(best_bound(scores, coins, guess_counts(400), delta=1e-5, confidence=CONFIDENCE).epsilon)
    return bounds


def test_the_claim_of_gaussian_noise_stands_and_a_claim_of_four_times_the_noise_is_refuted() -> None:
    rng = np.random.default_rng(6)
    claim = epsilon([GaussianEvent("canaries", ReleaseKind.NOISY_COUNTS, 1.0, 1.0)], 1e-5)
    assert sum(bound > claim for bound in gaussian_runs(rng, 1.0)) <= most_failures()
    claim = epsilon([GaussianEvent("canaries", ReleaseKind.NOISY_COUNTS, 1.0, 4.0)], 1e-5)
    assert sum(bound > claim for bound in gaussian_runs(rng, 1.0)) > 0.5 * RUNS


@pytest.mark.parametrize("canaries", [100, 400, 1_000])
def test_without_noise_the_bound_is_the_ceiling(canaries: int) -> None:
    rng = np.random.default_rng(canaries)
    coins = rng.random(canaries) < 0.5
    best = best_bound(coins + rng.normal(0, 0.1, canaries), coins, guess_counts(canaries), delta=0, confidence=0.999)
    assert best.guesses == Guesses(canaries, canaries, canaries)
    assert (
        best.epsilon == ceiling(canaries, canaries, 0, best.confidence) > ceiling(canaries, canaries, 0, 0.999) - 0.02
    )


def test_without_noise_four_hundred_canaries_refute_four_at_99_9_percent_and_a_thousand_at_delta_1e_5() -> None:
    coins = np.random.default_rng(7).random(400) < 0.5
    assert best_bound(coins, coins, (400,), delta=0, confidence=0.999).epsilon > 4
    coins = np.random.default_rng(7).random(1_000) < 0.5
    assert best_bound(coins, coins, guess_counts(1_000), delta=1e-5, confidence=0.999).epsilon > 4


def test_scores_that_know_nothing_give_no_bound() -> None:
    rng = np.random.default_rng(8)
    coins = rng.random(1_000) < 0.5
    assert best_bound(rng.normal(size=1_000), coins, guess_counts(1_000), delta=0, confidence=0.999).epsilon < 0.5
    assert guess(np.zeros(1_000), coins, made=1_000).lower_bound(0, 0.95) == 0


def test_the_order_of_canaries_with_equal_scores_does_not_help() -> None:
    coins = np.arange(100) < 50
    assert guess(np.zeros(100), coins, made=100).correct == 0
    assert guess(np.zeros(100), coins[::-1], made=100).correct == 0
    assert guess(np.zeros(100), coins, made=40, positive=40).correct == 0
    assert guess(np.zeros(100), coins, made=60, positive=60).correct == 10  # 50 of them cannot be wrong alone


def test_guesses_are_of_the_highest_and_the_lowest_scores() -> None:
    scores = [5.0, 4.0, 3.0, 2.0, 1.0, 0.0]
    coins = [True, False, True, False, True, False]
    assert guess(scores, coins, made=2, positive=1) == Guesses(6, 2, 2)
    assert guess(scores, coins, made=4, positive=2) == Guesses(6, 4, 2)
    assert guess(scores, coins, made=6, positive=3) == Guesses(6, 6, 4)
    assert guess([math.inf, 1, 1, -math.inf], [True, True, False, False], made=2, positive=1).correct == 2


def test_the_split_is_found_from_the_scores_alone() -> None:
    coins = np.arange(100) < 30  # far from half
    scores = np.where(coins, 10.0, 0.0) + np.linspace(0, 1, 100)
    assert guess(scores, coins, made=100).correct == 100
    assert guess(scores, coins, made=50).correct == 50
    assert guess(np.where(coins, math.inf, 0.0), coins, made=100).correct == 100


@pytest.mark.parametrize(("correct", "made", "canaries"), [(2, 1, 5), (-1, 1, 5), (1, 6, 5), (0, 0, 0)])
def test_guesses_that_do_not_add_up_are_refused(correct: int, made: int, canaries: int) -> None:
    with pytest.raises(ConfigError, match="do not add up"):
        lower_bound(correct, made, canaries, 0, 0.95)


@pytest.mark.parametrize("confidence", [0.5, 1.0, 1.5, math.nan, -1.0])
def test_a_confidence_outside_its_range_is_refused(confidence: float) -> None:
    with pytest.raises(BadNumber, match="confidence"):
        lower_bound(5, 5, 5, 0, confidence)


@pytest.mark.parametrize("delta", [-1e-5, 1.0, math.nan, math.inf])
def test_a_delta_outside_its_range_is_refused(delta: float) -> None:
    with pytest.raises(InvalidBudget):
        lower_bound(0, 5, 5, delta, 0.95)


def test_scores_that_are_no_numbers_or_not_one_a_canary_are_refused() -> None:
    with pytest.raises(BadNumber, match="NaN"):
        guess([1.0, math.nan], [True, False], made=1)
    with pytest.raises(ConfigError, match="one score and one coin"):
        guess([1.0, 2.0], [True], made=1)
    with pytest.raises(ConfigError, match="one score and one coin"):
        guess([1.0, 2.0], [1, 0], made=1)
    with pytest.raises(ConfigError, match="more guesses"):
        guess([1.0, 2.0], [True, False], made=3)
    with pytest.raises(ConfigError, match="numbers of guesses"):
        best_bound([1.0, 2.0], [True, False], (1, 1), delta=0, confidence=0.95)
