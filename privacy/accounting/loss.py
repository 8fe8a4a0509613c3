"""How much single mechanisms lose: the Gaussian's closed form, and privacy loss distributions of the others.

Pure functions of numbers, cached, and pessimistic: where the arithmetic has to round, it rounds towards more loss.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from dp_accounting.pld import (  # type: ignore[import-untyped]  # ships neither stubs nor py.typed
    privacy_loss_distribution as pld,
)
from numpy.typing import NDArray
from scipy.special import log_ndtr
from scipy.stats import binom

from fedaug.privacy.accounting.span import (
    PureGroup,
    SampledRun,
    beyond_any_budget,
    gaussian_width,
    pure_width,
    run_reach,
)

#: Width of a privacy-loss bucket: 1e-4 puts the estimate within 1e-3 of the closed form (docs: dp-accounting, pld).
INTERVAL: Final = 1e-4
#: Buckets of all parts of a composition together (memory and seconds); beyond it they widen, which stays
#: pessimistic. It is a forecast: rounding noise in the library's buckets may make a long run half as wide again.
_BUCKETS: Final = 1_000_000
#: A μ below the floor is counted as the floor, one above the ceiling as no privacy: floats fail at either end.
MU_FLOOR: Final = 1e-9
MU_CEILING: Final = 1e4
#: A step of a subsampled run whose sensitivity is more than so many times its noise counts as no privacy: in the worst
#: case its ε is in the hundreds, and composing it takes seconds that a coordinator should not be able to cost a site.
RUN_MU_CEILING: Final = 50.0
#: Sampling rates below this are counted as this: the library's logarithms fail.
RATE_FLOOR: Final = 1e-9
#: No δ below this is resolved: samplers and tails are cut off about there.
DELTA_FLOOR: Final = 1e-15
#: What fast Fourier transforms may lose of δ: for each part that is convolved, and for each step of a run, since
#: raising a coefficient to the power n multiplies its rounding error by n. Measured against long doubles, at most
#: 8e-17 a step is lost and far less than 1e-12 a part (tests/unit/privacy/test_accounting_limits.py); 2⁻⁵¹ is 4e-16.
_ERROR_OF_A_PART: Final = 1e-12
_ERROR_OF_A_STEP: Final = 2.0**-51
#: Outcomes of a binomial below this are counted as infinite loss.
_RARE: Final = 1e-25


def gaussian_delta(mu: float | NDArray[np.float64], epsilon: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """The hockey-stick divergence of N(0, 1) and N(μ, 1) at e^ε, for any real ε, up to float rounding.

    Balle & Wang 2018, theorem 8: Φ(μ/2 − ε/μ) − e^ε Φ(−μ/2 − ε/μ).
    """
    more, less = _gaussian_terms(mu, epsilon)
    return more - less


def gaussian_delta_bounds(
    mu: float | NDArray[np.float64], epsilon: float | NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A lower and an upper bound on :func:`gaussian_delta`, which differ by what floats may have lost."""
    more, less = _gaussian_terms(mu, epsilon)
    # Each logarithm errs by a few units in the last place of the numbers that it is made of.
    error = more * 1e-15 * (8 + np.abs(epsilon) + np.abs(np.log(np.maximum(more, 1e-300))))
    return np.maximum(more - less - error, 0.0), np.minimum(more - less + error, 1.0)


def _gaussian_terms(
    mu: float | NDArray[np.float64], epsilon: float | NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    ratio = np.asarray(epsilon, dtype=np.float64) / mu
    return np.exp(log_ndtr(mu / 2 - ratio)), np.exp(epsilon + log_ndtr(-mu / 2 - ratio))


@lru_cache(maxsize=4096)
def gaussian_epsilon(mu: float, delta: float) -> float:
    """The least ε, from 0 up, at which a Gaussian mechanism of sensitivity μ and noise 1 is (ε, δ)-DP."""
    if not (mu <= MU_CEILING and delta >= DELTA_FLOOR):  # NaN included
        return math.inf
    mu = max(mu, MU_FLOOR)
    low, high = 0.0, mu * mu / 2 + 40 * mu  # Φ(−40) is no float
    if gaussian_delta_bounds(mu, 0.0)[1] <= delta:
        return 0.0
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        if gaussian_delta_bounds(mu, middle)[1] <= delta:
            high = middle
        else:
            low = middle
    return high


def transform_error(runs: Sequence[SampledRun], pure: Sequence[PureGroup] = ()) -> float:
    """How much of δ the composition of these may have lost to rounding."""
    steps = sum(run.steps for run in runs)
    return (len(runs) + len(pure)) * _ERROR_OF_A_PART + steps * _ERROR_OF_A_STEP


def bucket_width(
    mu: float, runs: tuple[SampledRun, ...], pure: tuple[PureGroup, ...], interval: float = INTERVAL
) -> float:
    """The interval at which these can be composed in a million buckets: the given one, or a power of two times it.

    A power of two, so that what is composed without the Gaussian mechanism mostly has the same interval.
    """
    span = gaussian_width(mu) + math.fsum(run_reach(run).width for run in runs) + math.fsum(map(pure_width, pure))
    if not span < math.inf:
        return math.inf
    return interval * 2.0 ** max(0, math.ceil(math.log2(max(span / _BUCKETS / interval, 1.0))))


def sampled_loss(run: SampledRun, interval: float) -> pld.PrivacyLossDistribution:
    """Loss of all steps of a run, in both directions of add-or-remove-one."""
    one = pld.from_gaussian_mechanism(run.multiplier, value_discretization_interval=interval, sampling_prob=run.rate)
    return one.self_compose(run.steps)


@lru_cache(maxsize=4)  # 16 MB each at most
def sampled_losses(runs: tuple[SampledRun, ...], interval: float) -> pld.PrivacyLossDistribution:
    """Loss of several runs together; kept, because a plan's ε and its charge both ask for it."""
    return _together([sampled_loss(run, interval) for run in runs])


def pure_loss(group: PureGroup, interval: float) -> pld.PrivacyLossDistribution:
    """Loss of the pair that dominates the composition of any n (ε0, 0)-DP mechanisms.

    Kairouz, Oh & Viswanath 2015, theorem 3.3: n binary randomised responses, whose total loss is (2i − n)·ε0 with i
    binomial. Made in one go, so that each loss is rounded up once and not n times. (dp-accounting 0.6 composes a
    repeated randomised response wrongly: its 100-fold 0.5-response costs as much as one.)
    """
    likely, reach = 1 / (1 + math.exp(-group.epsilon)), 1 + math.ceil(5.5 * math.sqrt(group.times))
    middle = round(group.times * likely)  # what is further off than this has less than _RARE (Hoeffding)
    trues = np.arange(max(middle - reach, 0), min(middle + reach, group.times) + 1)
    masses = binom.pmf(trues, group.times, likely)
    buckets = np.ceil((2 * trues - group.times) * group.epsilon / interval)
    kept = masses > _RARE
    rounded: dict[int, float] = {}
    for bucket, mass in zip(buckets[kept].astype(int).tolist(), masses[kept].tolist(), strict=True):
        rounded[bucket] = rounded.get(bucket, 0.0) + mass
    return pld.PrivacyLossDistribution.create_from_rounded_probability(rounded, _RARE * group.times, interval)


@lru_cache(maxsize=4)  # 16 MB each at most
def composed_loss(
    mu: float, runs: tuple[SampledRun, ...], pure: tuple[PureGroup, ...], interval: float = INTERVAL
) -> pld.PrivacyLossDistribution:
    """Loss of one Gaussian mechanism (none at μ = 0), sampled runs and pure mechanisms together."""
    interval = bucket_width(mu, runs, pure, interval)
    parts = [pure_loss(group, interval) for group in pure]
    if mu > 0:
        parts.append(pld.from_gaussian_mechanism(1 / max(mu, MU_FLOOR), value_discretization_interval=interval))
    if runs:
        parts.append(sampled_losses(runs, interval))
    return _together(parts)


def _together(parts: Sequence[pld.PrivacyLossDistribution]) -> pld.PrivacyLossDistribution:
    """Compose two by two, so that small distributions meet small ones and only the last steps take long."""
    while len(parts) > 1:
        pairs = [one.compose(other) for one, other in zip(parts[::2], parts[1::2], strict=False)]
        parts = pairs + ([parts[-1]] if len(parts) % 2 else [])
    return parts[0]


@lru_cache(maxsize=1024)
def composed_epsilon(
    mu: float, runs: tuple[SampledRun, ...], pure: tuple[PureGroup, ...], delta: float, interval: float = INTERVAL
) -> float:
    """The least ε, from 0 up, at which they are together (ε, δ)-DP; infinite where it cannot be told.

    Also infinite where it is certainly more than any budget that is offered.
    """
    if not runs and not pure:
        return gaussian_epsilon(mu, delta)
    simple = math.fsum(group.epsilon * group.times for group in pure)
    if not (mu <= MU_CEILING and delta >= DELTA_FLOOR and simple < math.inf):  # NaN included
        return math.inf
    # Adding up pure ε0 is valid too, and better where it is short of what the buckets resolve.
    bound = math.inf if runs else simple + (gaussian_epsilon(mu, delta) if mu > 0 else 0.0)
    error = transform_error(runs, pure)
    if delta <= 2 * error or simple > MU_CEILING or beyond_any_budget(mu, runs):
        return bound
    try:
        spent = float(composed_loss(mu, runs, pure, interval).get_epsilon_for_delta(delta - error))
    except (OverflowError, ValueError):  # the library's logarithms fail where rounding is all there is
        return bound
    return min(spent, bound) if spent >= 0 else bound
