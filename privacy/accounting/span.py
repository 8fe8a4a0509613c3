"""How far a composed privacy loss reaches, told from single steps before any distribution is composed.

A stranger's plan may ask for a million steps. What composing them takes in memory and seconds follows from how wide the
loss of all of them is, and that follows from the moments of one step, which take milliseconds.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

#: No cap on ε that is offered reaches this; what certainly costs more is told as infinite without composing it.
MOST_EPSILON: Final = 1e3
#: Standard deviations beyond which a normal distribution has less than e⁻⁵⁰ left: where the library cuts a step off.
_REACH: Final = 10.0
#: ln(2/1e-15): the library keeps a self-composition up to tails of 1e-15, by Chernoff's bound.
_TAIL: Final = math.log(2e15)
#: The orders of that bound, per range of one step's loss, are 1 to 20 in either direction.
_ORDERS: Final = np.arange(1.0, 21.0)
#: Points of the integral over one step's outcome. The span is a forecast, so a few per cent more or less do no harm.
_POINTS: Final = 4_001


class SampledRun(NamedTuple):
    """A Poisson-subsampled Gaussian mechanism: standard deviation per sensitivity, sampling rate, steps."""

    multiplier: float
    rate: float
    steps: int


class PureGroup(NamedTuple):
    """So many (ε0, 0)-DP mechanisms."""

    epsilon: float
    times: int


class Reach(NamedTuple):
    """Of the loss of all steps of a run: mean and variance, and how wide it is kept when it is composed.

    Mean and variance are those of removing a unit; the width is the larger one of both directions.
    """

    mean: float
    variance: float
    width: float


@lru_cache(maxsize=1024)
def run_reach(run: SampledRun) -> Reach:
    """The reach of a subsampled run, by integration over one step's outcome."""
    shift = 1 / run.multiplier
    points = np.linspace(-_REACH, shift + _REACH, _POINTS)
    out, into = np.log1p(-run.rate), math.log(run.rate)
    loss = np.logaddexp(out, into + shift * points - shift * shift / 2)
    without = -(points**2) / 2
    without -= logsumexp(without)
    together = without + loss  # the density ratio is e^loss
    together -= logsumexp(together)
    weights = np.exp(together)
    mean = float(weights @ loss)
    variance = float(weights @ (loss - mean) ** 2)
    width = max(_kept_width(loss, together, run.steps), _kept_width(-loss, without, run.steps))
    return Reach(run.steps * mean, run.steps * variance, width)


def _kept_width(loss: NDArray[np.float64], log_weights: NDArray[np.float64], steps: int) -> float:
    """Width of so many steps' loss up to tails of 1e-15, by the Chernoff bound that the library uses."""
    low, high = float(loss.min()), float(loss.max())
    if not high > low:  # so weak a mechanism that floats tell no loss
        return 0.0
    orders = _ORDERS[:, None] / (high - low)
    above = (steps * logsumexp(log_weights + orders * (loss - low), axis=1) + _TAIL) / orders[:, 0]
    below = -(steps * logsumexp(log_weights - orders * (loss - low), axis=1) + _TAIL) / orders[:, 0]
    return float(min(above.min(), steps * (high - low)) - max(below.max(), 0.0))


def gaussian_width(mu: float) -> float:
    """How wide a Gaussian mechanism's loss is: about twelve standard deviations μ around ±μ²/2."""
    return mu * mu + 24 * mu


def pure_width(group: PureGroup) -> float:
    """How wide the loss of pure mechanisms is, without what has less than 1e-25 of probability (Hoeffding)."""
    return 2 * group.epsilon * min(group.times, 11 * math.sqrt(group.times))


def beyond_any_budget(mu: float, runs: tuple[SampledRun, ...]) -> bool:
    """Whether a Gaussian mechanism and runs certainly cost more than any budget that is offered.

    A loss is at least its mean less one standard deviation with probability one half (Cantelli), and then at least
    (1 − 1/e)/2 of δ is spent at an ε that is less by one. NaN counts as beyond.
    """
    reaches = [run_reach(run) for run in runs]
    mean = mu * mu / 2 + math.fsum(reach.mean for reach in reaches)
    variance = mu * mu + math.fsum(reach.variance for reach in reaches)
    return not mean - math.sqrt(variance) <= MOST_EPSILON + 1
