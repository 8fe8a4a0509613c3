"""The mechanisms as executed: from a clean value and the event that was charged for it to what may leave.

One function per class of event. Each adds exactly the noise that its event states, refuses a value that the event does
not cover, and knows nothing of records: clipping and rounding to the grid come before
(:mod:`fedaug.strategies.contributions`). Clean values on a grid are whole numbers of its steps, so neither the order of
a sum nor the size of what else is in it can round a unit's share away or up.

A refusal names a defect of the caller, never a property of the records: sizes and types are public, and no data set
reaches ``_CLEAN_CEILING``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fedaug.errors import BadNumber, ConfigError
from fedaug.privacy.events.gaussian import (
    DiscreteGaussianEvent,
    DistributedGaussianEvent,
    GaussianEvent,
    SubsampledGaussianEvent,
)
from fedaug.privacy.events.pure import AboveThresholdEvent, LaplaceEvent, RandomizedResponseEvent
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.noise import NoiseSource

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Clean values stay below this, in steps, so that noise (below 2^28 steps, Laplace's below 2^62 but for a chance of
#: exp(-2^38)) cannot overflow 64 bits.
_CLEAN_CEILING: Final = 2**62
#: Noise for so many threshold queries is drawn at once; what is left over is thrown away.
_QUERY_BLOCK: Final = 64


def grid_values(steps: Integers, grid: float) -> Floats:
    """Whole grid steps as the values that they stand for: post-processing, so rounding here costs nothing."""
    return steps * np.float64(grid)


def discrete_gaussian(clean: Integers, event: DiscreteGaussianEvent, noise: NoiseSource) -> Integers:
    """``clean`` + N_Z(0, s²), s the event's noise in steps (Canonne, Kamath & Steinke 2020).

    Args:
        clean: Int64 of any shape, in steps of the event's grid.
        event: What was charged.
        noise: Where the noise comes from.

    Returns:
        Int64 of the same shape, in steps.

    Raises:
        ConfigError: ``clean`` is not int64, or holds more values than the event's ``dimensions``.
        BadNumber: A value is so large that adding noise could overflow.
    """
    return _with_discrete_gaussian(clean, event, noise)


def subsampled_gaussian_step(clean: Integers, event: SubsampledGaussianEvent, noise: NoiseSource) -> Integers:
    """One of the event's steps: the sum over a :func:`poisson_sample`, with noise; an empty sample gets noise too.

    Args:
        clean: The sampled units' sum, int64 of any shape, in steps of the event's grid; zeros for an empty sample.
        event: What was charged; the caller runs at most ``event.steps`` of them, each with a sample of its own.
        noise: Where the noise comes from.

    Returns:
        Int64 of the same shape, in steps of the grid.

    Raises:
        ConfigError: ``clean`` is not int64, or holds more values than the event's ``dimensions``.
        BadNumber: A value is so large that adding noise could overflow.
    """
    return _with_discrete_gaussian(clean, event, noise)


def poisson_sample(units: int, event: SubsampledGaussianEvent, noise: NoiseSource) -> NDArray[np.bool_]:
    """Which units a step takes: each by a coin of its own, so that the sample's size is random and may be 0.

    The coins are secret randomness as the noise is: who knew them would see an unsampled mechanism.

    Args:
        units: How many there are.
        event: Its ``sampling_rate`` is the coins' probability.
        noise: Where the coins come from.

    Returns:
        Bool [units].

    Raises:
        ConfigError: ``units`` is no size, or above ``LIMITS.noise_values``.
    """
    return noise.bernoulli((units,), event.sampling_rate)


def distributed_share(clean: Integers, event: DistributedGaussianEvent, noise: NoiseSource) -> Integers:
    """One site's share of a secure sum, before masking: its own sum and noise, modulo the event's ``modulus``.

    Args:
        clean: The site's sum, int64 of any shape, in steps of the event's grid.
        event: What was charged.
        noise: Where the noise comes from.

    Returns:
        Int64 of the same shape, from 0 to ``modulus`` - 1. It carries one share of noise only: it must be masked.

    Raises:
        ConfigError: ``clean`` is not int64, or holds more values than the event's ``dimensions``.
        BadNumber: A value is so large that adding noise could overflow.
    """
    return np.mod(_with_discrete_gaussian(clean, event, noise), event.modulus)


def distributed_sum(shares: Iterable[Integers], event: DistributedGaussianEvent) -> Integers:
    """The sum of shares modulo ``modulus``, as the integers nearest to 0: int64, in steps of the grid."""
    total = np.zeros((), dtype=np.int64)
    for share in shares:
        total = np.mod(total + np.mod(share, event.modulus), event.modulus)  # below 2^63, since the modulus is ≤ 2^62
    return np.where(total >= (event.modulus + 1) // 2, total - event.modulus, total)


def gaussian(clean: Floats, event: GaussianEvent, noise: NoiseSource) -> Floats:
    """``clean`` + N(0, noise_std²) in floating point; what that leaves open is in :mod:`fedaug.privacy.noise`.

    Raises:
        ConfigError: ``clean`` is not float64.
        BadNumber: A value is NaN or infinite.
    """
    if not isinstance(clean, np.ndarray) or clean.dtype != np.float64:
        raise ConfigError("a clean value is not an array of float64", "convert it before noise is added")
    if not np.isfinite(clean).all():
        raise BadNumber("a clean value is NaN or infinite", "clip each unit's contribution before the sum")
    return clean + noise.gaussian(clean.shape, event.noise_std)


def laplace(clean: Integers, event: LaplaceEvent, noise: NoiseSource) -> Integers:
    """``clean`` + discrete Laplace noise of the event's scale (Ghosh, Roughgarden & Sundararajan 2012).

    Args:
        clean: Int64 of any shape, in steps of the event's grid.
        event: What was charged.
        noise: Where the noise comes from.

    Returns:
        Int64 of the same shape, in steps of the grid.

    Raises:
        ConfigError: ``clean`` is not int64, or holds more values than the event's ``dimensions``.
        BadNumber: A value is so large that adding noise could overflow.
    """
    _check_clean(clean, event.dimensions)
    return clean.copy() if event.noise_off else clean + noise.discrete_laplace(clean.shape, event.log2_steps)


def randomised_response(answers: Integers, event: RandomizedResponseEvent, noise: NoiseSource) -> Integers:
    """Each answer kept with the event's ``keep_probability``, else replaced by one of the others (Warner 1965).

    Args:
        answers: One unit's true categories, int64 of any shape, from 0 to ``categories`` - 1; a fixed public category
            for an absent unit.
        event: What was charged.
        noise: Where the coins come from.

    Returns:
        Int64 of the same shape.

    Raises:
        ConfigError: ``answers`` is not int64, holds more than the event's ``answers``, or names no category.
    """
    _check_clean(answers, event.answers)
    if answers.size and not (answers.min() >= 0 and answers.max() < event.categories):
        raise ConfigError("an answer is in none of the event's categories", "number the categories from 0")
    kept = noise.bernoulli(answers.shape, event.keep_probability)
    others = noise.integers(answers.shape, event.categories - 1)
    others += others >= answers  # skips the true category
    return np.where(kept, answers, others)


def above_threshold(
    counts: Iterable[int], threshold: float, event: AboveThresholdEvent, noise: NoiseSource
) -> Iterator[bool]:
    """Whether each count, with noise, reaches a noisy threshold; ends with the ``positives``-th that does.

    Lyu, Su & Li 2017 ("Understanding the sparse vector technique", algorithm 7 without its third part). Counts are
    taken one by one, so a later one may depend on earlier answers, and none is taken after the end. Checks are made as
    answers are taken.

    Args:
        counts: Each changes by at most the event's ``sensitivity`` with one unit, all in the same direction.
        threshold: Public, in the same units.
        event: What was charged.
        noise: Where the noise comes from.

    Yields:
        One answer a count.

    Raises:
        ConfigError: More than ``LIMITS.threshold_queries`` counts are asked.
        BadNumber: A count or the threshold is not a finite number, or too many steps of the grid.
    """
    bar = _steps(threshold, event) + int(_query_noise(event, noise, 0, 1)[0])
    positives = 0
    for asked, (count, fresh) in enumerate(zip(counts, _fresh_query_noise(event, noise), strict=False)):
        if asked == LIMITS.threshold_queries:
            raise ConfigError("a threshold was asked about too many counts", "start, and charge, another run")
        above = _steps(count, event) + fresh >= bar
        yield above
        positives += above
        if positives == event.positives:
            return


def _with_discrete_gaussian(
    clean: Integers,
    event: DiscreteGaussianEvent | DistributedGaussianEvent | SubsampledGaussianEvent,
    noise: NoiseSource,
) -> Integers:
    _check_clean(clean, event.dimensions)
    return clean.copy() if event.noise_off else clean + noise.discrete_gaussian(clean.shape, event.log2_steps)


def _check_clean(clean: Integers, values: int) -> None:
    if not isinstance(clean, np.ndarray) or clean.dtype != np.int64:
        raise ConfigError("a clean value is not an array of int64", "count in steps of the event's grid")
    if clean.size > values:
        raise ConfigError("a clean value is larger than its event states", "plan the release with its true size")
    if clean.size and not (clean.min() > -_CLEAN_CEILING and clean.max() < _CLEAN_CEILING):
        raise BadNumber("a clean value is too large for noise to be added", "clip contributions, or use a coarser grid")


def _steps(value: float, event: AboveThresholdEvent) -> int:
    """The nearest number of grid steps."""
    steps = float(value) / event.grid
    if not abs(steps) < 2.0**52:  # beyond it a float does not count single steps; NaN included
        raise BadNumber("a count or threshold is not a number of grid steps", "use a coarser grid")
    return round(steps)


def _query_noise(event: AboveThresholdEvent, noise: NoiseSource, which: int, size: int) -> Integers:
    """Noise of the threshold (``which`` is 0) or of queries (1)."""
    if event.noise_off:
        return np.zeros(size, dtype=np.int64)
    return noise.discrete_laplace((size,), event.log2_steps[which])


def _fresh_query_noise(event: AboveThresholdEvent, noise: NoiseSource) -> Iterator[int]:
    for _ in itertools.count():
        yield from _query_noise(event, noise, 1, _QUERY_BLOCK).tolist()
