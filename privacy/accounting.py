"""Events to ε at δ, by privacy loss distributions; and the way back, from a budget to noise.

Adjacency is add-or-remove-one throughout. ε is derived here and nowhere else: no event states it, no site claims it.
Every figure is pessimistic: where the arithmetic has to round, it rounds towards a larger ε.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from dp_accounting import (  # type: ignore[import-untyped]  # ships neither stubs nor py.typed
    dp_event,
    gaussian_mechanism,
    pld,
)
from dp_accounting.privacy_accountant import (  # type: ignore[import-untyped]  # as above
    NeighboringRelation,
)

from fedaug.errors import ConfigError, InvalidBudget, ProtocolError
from fedaug.privacy.events import Event, GaussianEvent
from fedaug.privacy.units import Budget

#: Width of a privacy-loss bucket: 1e-4 puts the estimate within 1e-3 of the closed form (docs: dp-accounting, pld).
_INTERVAL: Final = 1e-4
#: Buckets per distribution at most (memory and seconds); beyond it buckets widen, which stays pessimistic.
_BUCKETS: Final = 1_000_000
#: A total μ below this is counted as this, one above _MU_CEILING as no privacy: the library overflows at either end.
_MU_FLOOR: Final = 1e-9
_MU_CEILING: Final = 1e4
#: Calibration stops when the multiplier is known to this relative width; ε follows about one to one.
_TOLERANCE: Final = 2e-4
#: Kept free of the budget, so that a multiplier survives being turned into a standard deviation and back.
_MARGIN: Final = 1e-6


def epsilon(events: Sequence[Event], delta: float) -> float:
    """What a composition of events costs, under add-or-remove-one adjacency.

    Gaussian mechanisms are first reduced to a single one, which is exact: the privacy loss of a Gaussian mechanism with
    multiplier σ is N(1/2σ², 1/σ²), a sum of independent ones is again of that form with 1/σ² = Σ 1/σᵢ² (Dong, Roth & Su
    2022, "Gaussian differential privacy", corollary 3.3), and it stays valid when later multipliers are chosen after
    earlier releases were seen, as long as the sum stays below a fixed cap (Smith & Thakurta 2022, theorem 1).

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
    if isinstance(delta, bool) or not isinstance(delta, (int, float)) or not 0 < delta < 1:
        raise InvalidBudget("δ is not between 0 and 1", "give δ far below one over the number of records, such as 1e-5")
    if any(not isinstance(event, GaussianEvent) for event in events):
        raise ProtocolError("an event's mechanism cannot be accounted for", "use mechanisms of fedaug.privacy.events")
    return _gaussian_epsilon(composed_mu(events), float(delta)) if events else 0.0


def composed_mu(events: Iterable[GaussianEvent]) -> float:
    """The μ = 1/σ of the one Gaussian mechanism that equals the composition; infinite without noise."""
    ratios = (event.sensitivity / event.noise_std if event.noise_std else math.inf for event in events)
    try:
        return math.sqrt(math.fsum(ratio * ratio for ratio in ratios))
    except OverflowError:  # the sum of finite squares is beyond a float
        return math.inf


@lru_cache(maxsize=256)  # a pure function of two numbers; every site of a simulation reserves the same plan
def _gaussian_epsilon(mu: float, delta: float) -> float:
    if not mu <= _MU_CEILING:  # NaN included
        return math.inf
    mu = max(mu, _MU_FLOOR)
    # The loss lives within about twelve standard deviations μ of ±μ²/2.
    interval = max(_INTERVAL, (mu * mu + 24 * mu) / _BUCKETS)
    accountant = pld.PLDAccountant(NeighboringRelation.ADD_OR_REMOVE_ONE, value_discretization_interval=interval)
    accountant.compose(dp_event.GaussianDpEvent(1 / mu))
    spent = float(accountant.get_epsilon(delta))
    return spent if spent >= 0 else math.inf


def calibrate(shares: Mapping[str, float], budget: Budget) -> dict[str, float]:
    """How much noise each of several Gaussian releases needs, so that together they cost the budget and no more.

    The total multiplier σ is the smallest whose pessimistic ε lies within the budget, found by bisection upwards from
    the closed form (Balle & Wang 2018, algorithm 1); 1/σ² is then split in proportion to the shares.

    Args:
        shares: Key of each release -> its share of the budget; any positive finite numbers, only their ratios count.
        budget: What all of them may cost together.

    Returns:
        Key -> noise multiplier (standard deviation of the noise per unit of sensitivity); all 0.0 if the noise is off.

    Raises:
        ConfigError: There is no share, or one of them is not a positive finite number.
        InvalidBudget: The budget is too large or its δ too small to be kept by a Gaussian mechanism here.
    """
    total = _total_of(shares)
    if budget.noise_off:
        return dict.fromkeys(shares, 0.0)
    sigma = _smallest_multiplier(budget) * (1 + _MARGIN)
    multipliers = {key: sigma * math.sqrt(total / share) for key, share in shares.items()}
    if not all(math.isfinite(multiplier) for multiplier in multipliers.values()):
        raise ConfigError("the shares of the budget are too far apart", "give each release a share that matters")
    return multipliers


def _total_of(shares: Mapping[str, float]) -> float:
    for share in shares.values():
        if isinstance(share, bool) or not isinstance(share, (int, float)) or not (math.isfinite(share) and share > 0):
            raise ConfigError("a share of the budget is not positive and finite", "give every release a share above 0")
    total = sum(map(float, shares.values()))
    if not (math.isfinite(total) and total > 0):
        raise ConfigError("the shares of the budget have no finite sum above zero", "name at least one release")
    return total


@lru_cache(maxsize=256)
def _smallest_multiplier(budget: Budget) -> float:
    refusal = InvalidBudget("the budget cannot be kept by adding noise", "give ε below 1,000 and δ above 1e-15")
    low = _closed_form_multiplier(budget)
    high = low * (1 + _TOLERANCE)
    # The pessimistic ε lies a little above the closed form, so the upper end may have to move.
    for _ in range(12):
        reached = _gaussian_epsilon(1 / high, budget.delta) if high > 0 else math.inf
        if budget.covers(reached):
            break
        if not math.isfinite(reached):  # beyond what the accountant resolves: more noise will not help
            raise refusal
        low, high = high, low + 2 * (high - low)
    else:
        raise refusal
    while high - low > _TOLERANCE * high:
        middle = (low + high) / 2
        if budget.covers(_gaussian_epsilon(1 / middle, budget.delta)):
            high = middle
        else:
            low = middle
    return high


def _closed_form_multiplier(budget: Budget) -> float:
    try:
        with np.errstate(all="ignore"):  # a budget beyond floats comes back as no number
            sigma = float(gaussian_mechanism.get_sigma_gaussian(budget.epsilon, budget.delta))
    except ValueError:
        return 0.0
    return sigma if math.isfinite(sigma) else 0.0
