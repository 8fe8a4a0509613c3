"""Events taken apart into what composes exactly: one Gaussian mechanism, sampled runs, pure mechanisms, and slack."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fedaug.errors import ProtocolError
from fedaug.privacy.accounting.loss import MU_FLOOR, RATE_FLOOR, RUN_MU_CEILING
from fedaug.privacy.accounting.span import PureGroup, SampledRun
from fedaug.privacy.discretisation import PURE_SLACK, TAIL_MASS, effective_std, rounded_l2
from fedaug.privacy.events import (
    AboveThresholdEvent,
    DiscreteGaussianEvent,
    DistributedGaussianEvent,
    Event,
    GaussianEvent,
    LaplaceEvent,
    RandomizedResponseEvent,
    SubsampledGaussianEvent,
)
from fedaug.privacy.limits import LIMITS


@dataclass(frozen=True)
class Composition:
    """Events taken apart into what composes exactly.

    Attributes:
        mu: Of the Gaussian mechanism (sensitivity μ, noise 1) that equals all Gaussian ones; infinite without noise.
        runs: The Poisson-subsampled ones, equal ones joined.
        pure: The (ε0, 0)-DP ones, equal ones joined.
        slack: By how much ε may exceed the ideal mechanisms', for samplers that are not exact.
        tail: Probability of all the values that samplers leave out.
    """

    mu: float
    runs: tuple[SampledRun, ...]
    pure: tuple[PureGroup, ...]
    slack: float
    tail: float


def reduce_events(events: Sequence[Event]) -> Composition:
    """Take events apart.

    Gaussian mechanisms reduce to a single one, which is exact: the privacy loss of multiplier σ is N(1/2σ², 1/σ²), and
    a sum of independent ones is again of that form with 1/σ² = Σ 1/σᵢ² (Dong, Roth & Su 2022, corollary 3.3).

    Raises:
        ProtocolError: An event is of a mechanism that this adjacency does not support, or too many sampled runs differ.
    """
    squares: list[float] = []
    runs: Counter[tuple[float, float]] = Counter()
    pure: Counter[float] = Counter()
    slack = tail = 0.0
    for event in events:
        if not isinstance(event, Event):
            raise ProtocolError(
                "an event's mechanism cannot be accounted for", "use mechanisms of fedaug.privacy.events"
            )
        drawn = _values_drawn(event)
        slack += drawn * PURE_SLACK
        if isinstance(event, LaplaceEvent | RandomizedResponseEvent | AboveThresholdEvent):
            pure[event.pure_epsilon] += event.answers if isinstance(event, RandomizedResponseEvent) else 1
            continue
        tail += drawn * TAIL_MASS
        ratio = _sensitivity_per_noise(event)
        if not isinstance(event, SubsampledGaussianEvent):
            squares.append(ratio)
        elif event.sampling_rate == 1:
            squares.append(ratio * math.sqrt(event.steps))
        elif not ratio <= RUN_MU_CEILING:
            squares.append(math.inf)
        else:
            runs[max(ratio, MU_FLOOR), max(event.sampling_rate, RATE_FLOOR)] += event.steps
    if len(runs) > LIMITS.plan_sampled_runs:
        raise ProtocolError(
            "a plan holds too many different sampled runs", "give runs the same noise and rate, or plan fewer of them"
        )
    return Composition(
        mu=_root_of_squares(squares),
        runs=tuple(SampledRun(1 / ratio, rate, steps) for (ratio, rate), steps in sorted(runs.items())),
        pure=tuple(PureGroup(each, count) for each, count in sorted(pure.items())),
        slack=slack,
        tail=tail,
    )


def _sensitivity_per_noise(
    event: GaussianEvent | DiscreteGaussianEvent | DistributedGaussianEvent | SubsampledGaussianEvent,
) -> float:
    """The μ of one Gaussian mechanism; infinite without noise."""
    if event.noise_off:
        return math.inf
    if isinstance(event, GaussianEvent):
        return event.sensitivity / event.noise_std
    return rounded_l2(event.sensitivity, event.grid, event.dimensions) / effective_std(event.noise_std, event.grid)


def _values_drawn(event: Event) -> int:
    """How many values a mechanism draws from a sampler whose error is charged."""
    match event:
        case GaussianEvent():
            return 0  # charged as the ideal mechanism: its class says so
        case SubsampledGaussianEvent():
            return event.dimensions * event.steps
        case DistributedGaussianEvent():
            return event.dimensions * event.honest
        case RandomizedResponseEvent():
            return event.answers
        case AboveThresholdEvent():
            return 1 + LIMITS.threshold_queries
        case _:
            return event.dimensions


def _root_of_squares(ratios: Sequence[float]) -> float:
    try:
        return math.sqrt(math.fsum(ratio * ratio for ratio in ratios))
    except OverflowError:  # the sum of finite squares is beyond a float
        return math.inf
