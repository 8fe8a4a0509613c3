"""Events to ε at δ, by privacy loss distributions; and the way back, from a budget to noise.

Adjacency is add-or-remove-one throughout. ε is derived here and nowhere else: no event states it, no site claims it.
Every figure is pessimistic: where the arithmetic has to round, it rounds towards a larger ε.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from fedaug.errors import ConfigError, InvalidBudget, ProtocolError
from fedaug.privacy.accounting.composition import Composition, reduce_events
from fedaug.privacy.accounting.loss import INTERVAL, composed_epsilon
from fedaug.privacy.events import Event
from fedaug.privacy.units import Budget

#: Calibrated noise costs at least this share of the budget, or is known to _NARROW.
_FILLED: Final = 1 - 2e-4
_NARROW: Final = 1e-9
#: A budget of which noise can use less than this share is refused: it promises nothing that the noise would keep.
_USED: Final = 0.99
#: What interpolation aims at, within the window that _FILLED leaves.
_AIM: Final = 1 - 1e-4
#: Width of a bucket while calibration only has to come near.
_COARSE_INTERVAL: Final = 2e-3
#: Trials of a factor in either direction, and within the bracket that they give.
_TRIALS: Final = 60


def epsilon(events: Sequence[Event], delta: float) -> float:
    """What a composition of events costs, under add-or-remove-one adjacency.

    The events are fixed before the first of them runs; for campaigns that are chosen one after the other see
    :mod:`fedaug.privacy.accounting.filter`. Gaussian mechanisms alone have a closed form (Balle & Wang 2018, theorem
    8); any others are composed by privacy loss distributions, in both directions (Koskela, Jälkö & Honkela 2020;
    Doroshenko et al. 2022).

    Samplers that are not exact add two terms (:mod:`fedaug.privacy.discretisation`). If real and ideal outputs are
    pointwise within e^{±s/2}, and up to a tail τ, then a curve δ(ε) of the ideal becomes
    e^{s/2}·δ(ε − s) + τ·(1 + e^ε): the tail of the neighbour's output counts e^ε times.

    Args:
        events: The composition, in any order.
        delta: The δ at which ε is stated, strictly between 0 and 1. Below about 1e-15 the answer is infinite, because
            that much probability is cut off in the tails.

    Returns:
        A pessimistic ε; 0.0 for no event; infinite if any event carries no noise.

    Raises:
        InvalidBudget: δ is not strictly between 0 and 1.
        ProtocolError: An event is of a mechanism that this adjacency does not support.
    """
    checked = check_delta(delta)
    return _epsilon(reduce_events(events), checked) if events else 0.0


def check_delta(delta: float) -> float:
    """δ as a float.

    Raises:
        InvalidBudget: δ is not strictly between 0 and 1.
    """
    if isinstance(delta, bool) or not isinstance(delta, (int, float)) or not 0 < delta < 1:
        raise InvalidBudget("δ is not between 0 and 1", "give δ far below one over the number of records, such as 1e-5")
    return float(delta)


@lru_cache(maxsize=1024)  # a pure function of numbers; every site of a simulation reserves the same plan
def _epsilon(parts: Composition, delta: float, interval: float = INTERVAL) -> float:
    def ideal(at: float) -> float:
        return composed_epsilon(parts.mu, parts.runs, parts.pure, at, interval)

    usable = delta * math.exp(-parts.slack)
    if parts.tail > 0:
        # The tail's factor e^ε is bounded by the ε at half of δ, and the rest of δ must be worth at least that half.
        most = ideal(usable / 2) + parts.slack
        rest = usable - parts.tail * (1 + math.exp(most)) if most < 100 else 0.0
        usable = rest if rest >= usable / 2 else 0.0
    return ideal(usable) + parts.slack


def calibrate(events: Sequence[Event], budget: Budget) -> tuple[Event, ...]:
    """How much noise a plan needs, so that it costs the budget and no more.

    Every template's noise is multiplied by one and the same factor, the least (to a relative 2e-4 of the budget) whose
    pessimistic ε lies within the budget. So templates state how the budget is split: for Gaussian releases, in which
    1/σ² adds up, a share s of the budget is a template whose noise is sensitivity/√s.

    Args:
        events: The plan's events, with noise of any size above zero.
        budget: What all of them may cost together.

    Returns:
        The events with their noise; all of it off if the budget is infinite.

    Raises:
        ConfigError: There is no event, or one of them carries no noise.
        InvalidBudget: The budget is too large or too small to be kept by adding noise here.
        ProtocolError: An event is of a mechanism that this adjacency does not support.
    """
    if not events:
        raise ConfigError("a plan without releases cannot be calibrated", "plan at least one release")
    reduce_events(events)  # refuses what it does not know
    if budget.noise_off:
        return scaled_plan(events, 0.0)
    if any(event.noise_off for event in events):
        raise ConfigError("a release to be calibrated carries no noise", "give every release noise above zero")
    return scaled_plan(events, _least_factor(tuple(events), budget))


def scaled_plan(events: Sequence[Event], factor: float) -> tuple[Event, ...]:
    """The same events with ``factor`` times their noise."""
    return tuple(event.scaled(factor) for event in events)


@lru_cache(maxsize=256)
def _least_factor(events: tuple[Event, ...], budget: Budget) -> float:
    start = 1.0
    if reduce_events(events).runs:  # seconds a trial: come near in wide buckets first
        start = _search(_Cost(events, budget.delta, _COARSE_INTERVAL), budget, start)
    return _search(_Cost(events, budget.delta, INTERVAL), budget, start)


class _Cost:
    """ε of a plan whose noise is multiplied by a factor; worked out once for each factor."""

    def __init__(self, events: tuple[Event, ...], delta: float, interval: float) -> None:
        self._events, self._delta, self._interval = events, delta, interval
        self._known: dict[float, float] = {}

    def __call__(self, factor: float) -> float:
        if factor not in self._known:
            try:
                parts = reduce_events(scaled_plan(self._events, factor))
                self._known[factor] = _epsilon(parts, self._delta, self._interval)
            except ProtocolError:  # the noise has left the range of floats
                self._known[factor] = math.inf
        return self._known[factor]


def _search(cost: Callable[[float], float], budget: Budget, start: float) -> float:
    """The least factor whose cost the budget covers, from above."""
    low, high = _bracket(cost, budget, start)
    for turn in range(_TRIALS):
        if cost(high) >= budget.epsilon * _FILLED or high - low <= _NARROW * high:
            break
        factor = _between(low, cost(low), high, cost(high), budget.epsilon * _AIM) if turn % 3 < 2 else (low + high) / 2
        if budget.covers(cost(factor)):
            high = factor
        else:
            low = factor
    if cost(low) == math.inf and not cost(high) >= budget.epsilon * _USED:
        raise _refusal()  # less noise than this is beyond what can be accounted for
    return high


def _bracket(cost: Callable[[float], float], budget: Budget, factor: float) -> tuple[float, float]:
    """Two factors, the first of which costs more than the budget if anything does, and the second no more."""
    affordable = budget.covers(cost(factor))
    for _ in range(_TRIALS):
        # ε falls about as fast as the noise grows.
        apart = cost(factor) / budget.epsilon if cost(factor) > 0 else 0.0
        stride = min(max(1.05 * max(apart, 1 / apart), 1.05), 16.0) if 0 < apart < math.inf else 16.0
        following = factor / stride if affordable else factor * stride
        if budget.covers(cost(following)) != affordable:
            return (following, factor) if affordable else (factor, following)
        factor = following
    if not affordable:
        raise _refusal()
    return factor, factor


def _between(low: float, cost_low: float, high: float, cost_high: float, target: float) -> float:
    """Where a power law through two points meets the target; never too near an end of the bracket."""
    share = 0.5
    if 0 < cost_high < cost_low < math.inf:
        share = math.log(cost_low / target) / math.log(cost_low / cost_high)
    return float(low * (high / low) ** min(max(share, 0.01), 0.99))


def _refusal() -> InvalidBudget:
    return InvalidBudget("the budget cannot be kept by adding noise", "give ε between 0.01 and 20, and δ above 1e-15")
