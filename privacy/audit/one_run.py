"""A lower bound on ε from one run with canaries put in by coin flips (Steinke, Nasr & Jagielski 2023, Theorem 5.2).

Of m canaries each is put in or left out by a fair coin of its own; an auditor who sees only what the run let out says
of r of them which it was, and is right v times. If the run is (ε, δ)-DP when one canary's unit is added or removed,

    P[right ≥ v] ≤ β + 2 m δ α,   β = P[W ≥ v],   α = max over i of P[v > W ≥ v - i] / i,

with W binomial of r trials at q = e^ε / (1 + e^ε). Every ε at which the right side is below 1 - confidence is refuted.

**What it assumes.** The coins are fair, independent, and known to nobody but the auditor. Each canary is a privacy unit
of its own. The guesses are made from what was let out, never from the coins, and how many are made is fixed before
anybody looks. A bound holds for the one run; it says nothing about records that are attacked in another way.

**What it can say.** Even if every guess is right the bound stays below :func:`ceiling`: at δ = 0 and 95 % it is 3.49
for 100 guesses, 4.89 for 400 and 5.81 for 1,000; at 99.9 % it is 2.64, 4.05 and 4.97. δ lowers it: at 1e-5 and 99.9 %
it is 2.61, 3.90 and 4.28, and more canaries lift it no further, since 2 m δ α grows with them. A bound far below the
claim is no proof that the claim holds: the attack may be weak.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from fedaug.errors import BadNumber, ConfigError
from fedaug.privacy.accounting import check_delta

#: The right side is compared at so many ε before the first at which it is not refuted is narrowed down.
_STEPS: Final = 64
_HALVINGS: Final = 30
#: Of the doubt that :func:`best_bound` may spend, what the first number of guesses gets; the others share the rest.
_FIRST: Final = 0.9


@dataclass(frozen=True)
class Guesses:
    """How an auditor's guesses turned out.

    Attributes:
        canaries: That were put in or left out by a coin, m.
        made: Of how many a guess was made, r.
        correct: How many guesses were right, v.

    Raises:
        ConfigError: Not 0 ≤ correct ≤ made ≤ canaries, or there are no canaries.
    """

    canaries: int
    made: int
    correct: int

    def __post_init__(self) -> None:
        if not 0 <= self.correct <= self.made <= self.canaries or not self.canaries:
            raise ConfigError("an audit's guesses do not add up", "give correct <= made <= canaries, and one canary")

    def lower_bound(self, delta: float, confidence: float) -> float:
        """See :func:`lower_bound`."""
        return lower_bound(self.correct, self.made, self.canaries, delta, confidence)

    def ceiling(self, delta: float, confidence: float) -> float:
        """See :func:`ceiling`."""
        return ceiling(self.made, self.canaries, delta, confidence)


@dataclass(frozen=True)
class BestBound:
    """The best of several bounds.

    Attributes:
        epsilon: The lower bound; it holds with the confidence asked for, the choice included.
        guesses: Those that gave it.
        confidence: At which that bound was taken: more than was asked for, to pay for the choice.
    """

    epsilon: float
    guesses: Guesses
    confidence: float


def guess(scores: ArrayLike, included: ArrayLike, *, made: int, positive: int | None = None) -> Guesses:
    """Guess "put in" of the highest scores and "left out" of the lowest, and count how many guesses are right.

    Equal scores at an edge are counted against the auditor, so that the order of the canaries can never help.

    Args:
        scores: [m], higher where the canary seems to have been put in; made from what was let out alone.
        included: [m], the coins.
        made: How many guesses there are, fixed before anybody looks.
        positive: How many of them say "put in". If not given it is found from the scores alone, in proportion to how
            many stand above the cut that parts them best (Otsu 1979); that is post-processing, and costs nothing. It is
            what lets all m be guessed, since nobody knows how many coins fell on "in".

    Raises:
        BadNumber: A score is NaN.
        ConfigError: The shapes differ, or there are not so many canaries.
    """
    values, coins = _checked(scores, included)
    if positive is None:
        positive = round(made * _above_cut(values) / len(values))
    if not 0 <= positive <= made <= len(values):
        raise ConfigError("more guesses were asked for than there are canaries", "ask for fewer guesses")
    right = _right(values, coins, positive) + _right(-values, ~coins, made - positive)
    return Guesses(len(values), made, right)


def lower_bound(correct: int, guesses: int, canaries: int, delta: float, confidence: float) -> float:
    """The ε below which no (ε, δ)-DP run is right so often, at this confidence (Theorem 5.2).

    Args:
        correct: Guesses that were right, v.
        guesses: Guesses made, r.
        canaries: Put in or left out by a coin, m, those without a guess included.
        delta: The claim's δ; 0 for pure DP.
        confidence: Such as 0.95. If the run is (ε, δ)-DP, the bound exceeds ε with at most 1 - confidence.

    Raises:
        ConfigError: Not 0 ≤ correct ≤ guesses ≤ canaries.
        InvalidBudget: ``delta`` is not in [0, 1).
        BadNumber: ``confidence`` is not in (1/2, 1).
    """
    Guesses(canaries, guesses, correct)
    delta = check_delta(delta) if delta else 0.0
    return _first_not_refuted(int(correct), int(guesses), int(canaries), delta, 1 - check_confidence(confidence))


def ceiling(guesses: int, canaries: int, delta: float, confidence: float) -> float:
    """The bound if every guess is right: no audit of this size can say more."""
    return lower_bound(guesses, guesses, canaries, delta, confidence)


def best_bound(
    scores: ArrayLike, included: ArrayLike, made: Sequence[int], *, delta: float, confidence: float
) -> BestBound:
    """The largest bound over several numbers of guesses, chosen after looking.

    The doubt, 1 - confidence, is split among the numbers: nine tenths to the first, the rest to the others in equal
    parts, all of it to the first if there are no others. By the union bound all the bounds hold together with
    ``confidence``, so the largest may be taken.

    Args:
        scores: As :func:`guess` takes them.
        included: As :func:`guess` takes them.
        made: Numbers of guesses, the most important one first, written down before the run; see :func:`guess_counts`.
        delta: The claim's δ.
        confidence: Of the result.

    Raises:
        ConfigError: No number is given, or one is given twice.
    """
    if not made or len(set(made)) != len(made):
        raise ConfigError("an audit's numbers of guesses are missing or repeated", "list each number once")
    bounds: list[BestBound] = []
    for count, each in zip(made, _confidences(len(made), confidence), strict=True):
        outcome = guess(scores, included, made=count)
        bounds.append(BestBound(outcome.lower_bound(delta, each), outcome, each))
    return max(bounds, key=lambda bound: bound.epsilon)


def stated_bound(guesses: Guesses, delta: float, confidence: float) -> tuple[float, float]:
    """The bound of :func:`best_bound` over :func:`guess_counts`, and its ceiling, worked out again from the guesses.

    Args:
        guesses: Those that gave the bound.
        delta: The claim's δ.
        confidence: Of the result, the choice included.

    Raises:
        ConfigError: Their number is none that is written down before a run.
    """
    counts = guess_counts(guesses.canaries)
    each = dict(zip(counts, _confidences(len(counts), confidence), strict=True))
    if guesses.made not in each:
        raise ConfigError("an audit made another number of guesses than was written down before", "audit again")
    highest = max(ceiling(count, guesses.canaries, delta, sure) for count, sure in each.items())
    return guesses.lower_bound(delta, each[guesses.made]), highest


def _confidences(counts: int, confidence: float) -> list[float]:
    """At which each of several bounds is taken, so that all of them hold together."""
    doubt, others = 1 - check_confidence(confidence), counts - 1
    shares = [_FIRST, *[(1 - _FIRST) / others] * others] if others else [1.0]
    return [1 - share * doubt for share in shares]


def guess_counts(canaries: int) -> tuple[int, ...]:
    """Numbers of guesses to write down before a run: all of them, for a run without noise, and a quarter, for one with.

    Few, since each costs confidence: of 99.9 % the first keeps 99.91 % and the second 99.99 %.
    """
    return (canaries, max(1, canaries // 4)) if canaries > 1 else (canaries,)


def p_value(correct: int, guesses: int, canaries: int, epsilon: float, delta: float) -> float:
    """The most probable that so many right guesses can be under (ε, δ)-DP: β + 2 m δ α, at most 1."""
    q = 1 / (1 + math.exp(-epsilon))
    beta = float(stats.binom.sf(correct - 1, guesses, q))
    if not delta or not correct:
        return min(1.0, beta)
    below = np.cumsum(stats.binom.pmf(np.arange(correct - 1, -1, -1), guesses, q))
    alpha = float(np.max(below / np.arange(1, correct + 1)))
    return min(1.0, beta + 2 * canaries * delta * alpha)


def check_confidence(confidence: float) -> float:
    """A confidence that an audit can be run at.

    Raises:
        BadNumber: It is not in (1/2, 1).
    """
    if not 0.5 < confidence < 1:
        raise BadNumber("an audit's confidence is not between 1/2 and 1", "give a confidence such as 0.95")
    return confidence


@lru_cache(maxsize=4096)  # a pure function of numbers; the same bound is asked for again and again
def _first_not_refuted(correct: int, guesses: int, canaries: int, delta: float, doubt: float) -> float:
    """The ε below which all are refuted; found on a grid first, lest the p-value should not rise all the way."""
    if not correct or 2 * correct <= guesses:
        return 0.0
    # At δ = 0 the answer is the Clopper-Pearson bound of q; a larger δ only lowers it.
    highest = max(0.0, _logit(float(stats.beta.ppf(doubt, correct, guesses - correct + 1))))
    if not delta:
        return highest
    grid = [float(at) for at in np.linspace(0, highest, _STEPS)]
    stands = (place for place, at in enumerate(grid) if p_value(correct, guesses, canaries, at, delta) >= doubt)
    first = next(stands, _STEPS - 1)
    if not first:
        return 0.0
    low, high = grid[first - 1], grid[first]
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if p_value(correct, guesses, canaries, middle, delta) < doubt:
            low = middle
        else:
            high = middle
    return low


def _checked(scores: ArrayLike, included: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    values, coins = np.asarray(scores, np.float64), np.asarray(included)
    if values.ndim != 1 or values.shape != coins.shape or coins.dtype != np.bool_ or not len(values):
        raise ConfigError("an audit has not one score and one coin for each canary", "give two lists of one length")
    if np.isnan(values).any():
        raise BadNumber("an audit's score is NaN", "score every canary, or give all that lack a score the same number")
    return values, coins


def _right(values: NDArray[np.float64], coins: NDArray[np.bool_], count: int) -> int:
    """Of the ``count`` highest values, how many coins are true; of those equal at the edge the false come first."""
    if not count:
        return 0
    edge = np.partition(values, len(values) - count)[len(values) - count]
    above, at_edge = values > edge, values == edge
    wrong_at_edge = int(np.sum(at_edge & ~coins))
    return int(np.sum(above & coins)) + max(0, count - int(np.sum(above)) - wrong_at_edge)


def _above_cut(values: NDArray[np.float64]) -> int:
    """How many values stand above the cut that leaves the least variance on its two sides; half if all are equal."""
    # Infinite scores are drawn in, so that sums of them exist.
    ordered = np.sort(np.clip(values, -1e100, 1e100))
    ordered = (ordered - ordered[0]) / max(float(ordered[-1] - ordered[0]), np.finfo(np.float64).tiny)
    size = len(ordered)
    if ordered[0] == ordered[-1]:
        return size // 2
    below = np.arange(1, size)
    sums = np.cumsum(ordered)[:-1]
    gap = sums / below - (float(ordered.sum()) - sums) / (size - below)
    between = np.where(ordered[1:] > ordered[:-1], below * (size - below) * gap**2, -1.0)
    return size - int(below[np.argmax(between)])


def _logit(probability: float) -> float:
    return math.log(probability) - math.log1p(-probability)
