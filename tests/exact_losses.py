"""What mechanisms lose by their own probabilities, worked out without the accountant."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, norm

from fedaug.privacy.events import AboveThresholdEvent

Floats = NDArray[np.float64]


def divergence(one: Floats, other: Floats, epsilon: float) -> float:
    """Hockey-stick divergence of two lists of probabilities: how much of the first exceeds e^ε times the second."""
    return float(np.maximum(one - math.exp(epsilon) * other, 0).sum())


def epsilon_where(delta_at: Callable[[float], float], delta: float) -> float:
    """The least ε from 0 up at which a falling curve is at most δ."""
    low, high = 0.0, 1.0
    if delta_at(0.0) <= delta:
        return 0.0
    while delta_at(high) > delta:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if delta_at(middle) <= delta else (middle, high)
    return high


def discrete_gaussian(steps: int, shift: int) -> tuple[Floats, Floats]:
    """Probabilities of a discrete Gaussian of so many steps, and of the same one moved, on common points."""
    points = np.arange(-20 * steps, 20 * steps + shift + 1, dtype=np.float64)
    weights = [np.exp(-((points - centre) ** 2) / (2 * steps**2)) for centre in (0, shift)]
    return weights[0] / weights[0].sum(), weights[1] / weights[1].sum()


def pure_divergence(pure_epsilon: float, times: int, epsilon: float) -> float:
    """The worst of so many (ε0, 0)-DP mechanisms: Kairouz, Oh & Viswanath 2015, theorem 3.3, by its two binomials."""
    trues = np.arange(times + 1)
    keep = 1 / (1 + math.exp(-pure_epsilon))
    one, other = binom.logpmf(trues, times, keep), binom.logpmf(trues, times, 1 - keep)
    gain = np.exp(one) - np.exp(np.minimum(epsilon + other, 700))
    return float(np.maximum(gain, 0).sum())


def sampled_gaussian_divergence(sigma: float, rate: float, epsilon: float) -> float:
    """One Poisson-subsampled step, the worse of both directions, by integration."""
    points = np.linspace(-40 * sigma, 40 * sigma + 1, 200_001)
    without = norm.pdf(points, 0, sigma)
    together = (1 - rate) * without + rate * norm.pdf(points, 1, sigma)
    width = float(points[1] - points[0])
    return width * max(divergence(together, without, epsilon), divergence(without, together, epsilon))


def threshold_answers(event: AboveThresholdEvent, counts: Floats, threshold: float, answers: str) -> float:
    """Probability that the sparse vector technique gives these answers (T or F), summed over the threshold's noise."""
    log2_threshold, log2_query = event.log2_steps
    reach = 45 * 2**log2_threshold
    drawn = np.arange(-reach, reach + 1)
    weight = np.exp(-np.abs(drawn) / 2**log2_threshold)
    weight /= weight.sum()
    ratio = math.exp(-1 / 2**log2_query)
    for count, answer in zip(counts, answers, strict=False):
        # A true answer needs query noise of at least so many steps.
        needed = drawn + round((threshold - count) / event.grid)
        tail = np.where(needed > 0, ratio ** np.maximum(needed, 0), 1 + ratio - ratio ** np.maximum(1 - needed, 0))
        above = tail / (1 + ratio)
        weight = weight * (above if answer == "T" else 1 - above)
    return float(weight.sum())
