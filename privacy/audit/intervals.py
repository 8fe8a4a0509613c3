"""Success rates of attacks with exact intervals, and by how much an attack does better than on a control group."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from fedaug.errors import BadNumber, ConfigError

Interval = tuple[float, float]


@dataclass(frozen=True)
class Rate:
    """Successes out of independent trials.

    Attributes:
        successes: How many.
        trials: Out of how many, at least one.

    Raises:
        ConfigError: Not 0 ≤ successes ≤ trials, or there is no trial.
    """

    successes: int
    trials: int

    def __post_init__(self) -> None:
        if not 0 <= self.successes <= self.trials or not self.trials:
            raise ConfigError("a rate has no trials, or more successes than trials", "try the attack at least once")

    @property
    def share(self) -> float:
        """Successes per trial."""
        return self.successes / self.trials

    def interval(self, confidence: float = 0.95) -> Interval:
        """See :func:`clopper_pearson`."""
        return clopper_pearson(self.successes, self.trials, confidence)


def clopper_pearson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """The exact two-sided interval of a share (Clopper & Pearson 1934): it covers with ``confidence`` or more.

    Args:
        successes: How many.
        trials: Out of how many independent ones, at least one.
        confidence: Such as 0.95; half of the doubt lies on either side.

    Raises:
        ConfigError: The counts do not add up.
        BadNumber: The confidence is not in (0, 1).
    """
    Rate(successes, trials)
    if not 0 < confidence < 1:
        raise BadNumber("an interval's confidence is not between 0 and 1", "give a confidence such as 0.95")
    tail = (1 - confidence) / 2
    low = float(stats.beta.ppf(tail, successes, trials - successes + 1)) if successes else 0.0
    high = float(stats.beta.isf(tail, successes + 1, trials - successes)) if successes < trials else 1.0
    return low, high


@dataclass(frozen=True)
class Excess:
    """By how much an attack does better on members than on controls (Giomi et al. 2023, section 3, equation 2).

    Attributes:
        risk: (attack - control) / (1 - control): of the trials that fail on controls, the share that the members' being
            in the data turned into successes. Below 0 if the controls fare worse.
        interval: Covers the risk with the confidence asked for or more. Each rate's exact interval is taken at half the
            doubt, and the ends are put together at their worst, which is wider than the paper's propagated errors.
    """

    risk: float
    interval: Interval

    @property
    def detected(self) -> bool:
        """Whether the attack surely does better on members."""
        return self.interval[0] > 0


def excess(attack: Rate, control: Rate, confidence: float = 0.95) -> Excess:
    """What an attack gains from its members' being in the data; see :class:`Excess`."""
    each = 1 - (1 - confidence) / 2
    (attack_low, attack_high), (control_low, control_high) = attack.interval(each), control.interval(each)
    return Excess(
        _gain(attack.share, control.share), (_gain(attack_low, control_high), _gain(attack_high, control_low))
    )


def power(attack: float, control: float, trials: int, confidence: float = 0.95) -> float:
    """The chance that an attack is detected, by :func:`excess`, if these are its true rates.

    Args:
        attack: True rate among members.
        control: True rate among controls.
        trials: In each of the two groups.
        confidence: Of the interval.
    """
    lows, highs = _all_intervals(trials, 1 - (1 - confidence) / 2)
    # How many numbers of successes among controls lie, with their upper end, below each number's lower end.
    below = np.searchsorted(highs, lows, side="left")
    counts = np.arange(trials + 1)
    at_most = np.where(below > 0, stats.binom.cdf(below - 1, trials, control), 0.0)
    return float(np.sum(stats.binom.pmf(counts, trials, attack) * at_most))


def detectable(control: float, trials: int, confidence: float = 0.95, chance: float = 0.8) -> float | None:
    """The least true rate among members that :func:`excess` would detect with this chance.

    Args:
        control: True rate among controls.
        trials: In each of the two groups.
        confidence: Of the interval.
        chance: Of its being detected.

    Returns:
        The rate, to three decimals and rounded up; None if not even a rate of 1 would be detected so surely.
    """
    return _least_rate(control, lambda rate: power(rate, control, trials, confidence), chance)


def detectable_above(rate: float, trials: int, confidence: float = 0.95, chance: float = 0.8) -> float | None:
    """The least true rate that :func:`clopper_pearson` would show to be above ``rate`` with this chance."""
    lows, _ = _all_intervals(trials, confidence)
    fewest = int(np.searchsorted(lows, rate, side="right"))
    return _least_rate(rate, lambda true: float(stats.binom.sf(fewest - 1, trials, true)), chance)


def _least_rate(above: float, chance_at: Callable[[float], float], wanted: float) -> float | None:
    """By halving, since the chance rises with the rate."""
    low, high = math.floor(1000 * above), 1000
    if not chance_at(1.0) >= wanted:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if chance_at(middle / 1000) >= wanted else (middle, high)
    return high / 1000


@lru_cache(maxsize=64)
def _all_intervals(trials: int, confidence: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The lower and upper ends for every number of successes, as :func:`clopper_pearson` gives them one by one."""
    successes, tail = np.arange(trials + 1), (1 - confidence) / 2
    lows, highs = np.zeros(trials + 1), np.ones(trials + 1)
    lows[1:] = stats.beta.ppf(tail, successes[1:], trials - successes[1:] + 1)
    highs[:-1] = stats.beta.isf(tail, successes[:-1] + 1, trials - successes[:-1])
    return lows, highs


def _gain(attack: float, control: float) -> float:
    # A control rate of 1 leaves nothing to gain.
    return (attack - control) / (1 - control) if control < 1 else min(0.0, attack - 1)
