"""What campaigns cost together that are chosen one after the other: a Gaussian-DP privacy filter.

A campaign's events are fixed in its plan, so :func:`fedaug.privacy.accounting.epsilon` states what it costs alone. The
next campaign is planned by people who have seen what came out of the last, so its noise may depend on that, and a
composition theorem for fixed mechanisms does not cover it. A filter does: it holds however the plans are chosen, as
long as their charges stay within a cap that was fixed before (Rogers et al. 2016).

**What a charge says.** A plan with charge (μ, δ', ε') has outputs on neighbouring data sets that are pointwise within
e^{±ε'/2} of a pair (P, Q), whose hockey-stick divergences, in both directions and at every real ε, are at most
δ' + (1 − δ')·δ_μ(ε), δ_μ being those of N(0, 1) and N(μ, 1). By Blackwell's theorem (P, Q) is then a post-processing of
"with probability δ' tell which data set it is, else show a value of N(0, 1) or N(μ, 1)".

**Why charges add up.** Replace every campaign by what it is a post-processing of. Telling happens with probability
Σδ' at most. What is left are Gaussian mechanisms chosen adaptively, which together are no worse than a single one of
μ² = Σμᵢ² as long as that sum stays within a bound fixed before (Smith & Thakurta 2022; Koskela, Tobaben & Honkela
2022). Being pointwise near multiplies along the whole way, so it costs Σε'. Each of the three sums is bounded *on its
own*: what the second and third may use, a share of δ and of ε, is set aside once and for all. With a trade-off between
them, an adversary could look at what came out and then spend whichever hurts more.

**How a plan gets its charge.**

- Gaussian events: exactly, δ' = 0 (Dong, Roth & Su 2022, corollary 3.3).
- An (ε0, 0)-DP event: μ = 2Φ⁻¹(e^{ε0}/(1 + e^{ε0})). The trade-off curve of the worst such mechanism has one corner,
  on the diagonal; that of N(0, 1) against N(μ, 1) passes through it and, being convex, lies below on both sides.
- Subsampled Gaussian events: the least μ at which the curve lies above the privacy loss distribution's, up to δ'.
- A tail τ that samplers leave out: the curve grows by τ(1 + e^ε) up to any E, and no longer falls short beyond it, so
  δ' = (δ_μ(E) + τ(1 + e^E))/(1 − δ_μ(0)) covers it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri_exp

from fedaug.privacy.accounting import check_delta, epsilon
from fedaug.privacy.accounting.composition import Composition, reduce_events
from fedaug.privacy.accounting.loss import (
    MU_CEILING,
    composed_loss,
    gaussian_delta_bounds,
    gaussian_epsilon,
    transform_error,
)
from fedaug.privacy.accounting.span import PureGroup, SampledRun, beyond_any_budget
from fedaug.privacy.events import Event

#: Share of δ that is set aside for all campaigns' δ' together, and how much ε for their ε'.
_DELTA_ASIDE: Final = 1e-2
_EPSILON_ASIDE: Final = 1e-4
#: Share of δ that one plan's subsampled events may use as δ': room for fifty such plans, and a tight fit.
_DELTA_OF_A_FIT: Final = _DELTA_ASIDE / 50
#: Relative width to which a fitted μ is known, and how much larger any μ is made against float rounding.
_FIT_WIDTH: Final = 1e-4
_ROUNDING: Final = 1e-12
#: Beyond this ε, e^ε is no float; a plan whose curve reaches so far is covered by no μ of use.
_LARGEST_EXPONENT: Final = 700.0
#: Points at which a fitted curve is compared; between two of them it is compared pessimistically.
_POINTS: Final = 20_000


@dataclass(frozen=True)
class Charge:
    """What one campaign's plan counts against the filter.

    Attributes:
        mu: μ of the Gaussian mechanism that covers it; infinite where none does.
        delta: δ', the probability with which it may tell everything; between 0 and 1.
        epsilon: ε', the pointwise slack.
    """

    mu: float
    delta: float = 0.0
    epsilon: float = 0.0

    @property
    def finite(self) -> bool:
        """Whether the plan can be charged at all; NaN cannot."""
        return 0 <= self.mu < math.inf and 0 <= self.delta < 1 and 0 <= self.epsilon < math.inf


UNBOUNDED: Final = Charge(math.inf, 0.0, 0.0)


def plan_charge(events: Sequence[Event], delta: float) -> Charge:
    """What a campaign's plan counts, whatever was released before it and will be after it.

    Args:
        events: The plan's events, fixed before the first of them runs.
        delta: The δ of the cap against which charges are compared; a fit uses a small share of it.

    Returns:
        Its charge; μ is infinite if an event carries no noise or the events cannot be covered.

    Raises:
        InvalidBudget: δ is not strictly between 0 and 1.
        ProtocolError: An event is of a mechanism that add-or-remove-one does not support.
    """
    return _charge(reduce_events(events), check_delta(delta))


def filter_epsilon(charges: Sequence[Charge], delta: float) -> float:
    """What campaigns cost together at δ, however each was chosen in view of the ones before.

    Args:
        charges: One for each campaign that counts, in any order.
        delta: The same δ that the charges were made for.

    Returns:
        A pessimistic ε; 0.0 for no charge; infinite if any is, or if what is set aside for δ' and ε' does not suffice.

    Raises:
        InvalidBudget: δ is not strictly between 0 and 1.
    """
    checked = check_delta(delta)
    if not charges:
        return 0.0
    if not all(charge.finite for charge in charges):
        return math.inf
    within = (
        math.fsum(charge.delta for charge in charges) <= checked * _DELTA_ASIDE
        and math.fsum(charge.epsilon for charge in charges) <= _EPSILON_ASIDE
    )
    mu = _joined(charge.mu for charge in charges)
    if not (within and mu <= MU_CEILING):
        return math.inf
    return gaussian_epsilon(mu, checked * (1 - _DELTA_ASIDE) * math.exp(-_EPSILON_ASIDE)) + _EPSILON_ASIDE


def campaigns_epsilon(plans: Sequence[Sequence[Event]], delta: float) -> float:
    """What whole campaigns cost together: one by its events, several, chosen one after the other, by the filter.

    The first campaign may cost what its events do although the filter would count it higher: another one is admitted
    only when the filter covers both, and if none ever is, the first was all there is.

    Args:
        plans: The events of each campaign that are charged.
        delta: The δ at which ε is stated.

    Raises:
        InvalidBudget, ProtocolError: As for :func:`fedaug.privacy.accounting.epsilon`.
    """
    if len(plans) <= 1:
        return epsilon([event for events in plans for event in events], delta)
    return filter_epsilon([plan_charge(events, delta) for events in plans], delta)


@lru_cache(maxsize=1024)
def _charge(parts: Composition, delta: float) -> Charge:
    mus = [parts.mu, *(pure_mu(group) for group in parts.pure)]
    aside = 0.0
    if parts.runs:
        aside = delta * _DELTA_OF_A_FIT
        mus.append(fitted_mu(parts.runs, aside))
    mu = _joined(mus) * (1 + _ROUNDING)
    if not mu <= MU_CEILING:  # NaN included
        return UNBOUNDED
    return Charge(mu, aside + _tail_delta(mu, parts.tail), parts.slack)


def _joined(mus: Iterable[float]) -> float:
    try:
        return math.sqrt(math.fsum(mu * mu for mu in mus))
    except OverflowError:
        return math.inf


def pure_mu(group: PureGroup) -> float:
    """μ of the Gaussian mechanism that covers so many (ε0, 0)-DP ones: √n·2Φ⁻¹(e^{ε0}/(1 + e^{ε0}))."""
    if not group.epsilon < math.inf:
        return math.inf
    # 1/(1 + e^ε0) keeps its digits where the complement has none left.
    return math.sqrt(group.times) * -2 * float(ndtri_exp(-np.logaddexp(0.0, group.epsilon)))


def _tail_delta(mu: float, tail: float) -> float:
    """δ' that covers a tail: the best of many E (see the module)."""
    if not tail > 0:
        return 0.0
    ends = np.linspace(0.0, mu * mu / 2 + 12 * mu, 400)
    upper = gaussian_delta_bounds(mu, ends)[1]
    with np.errstate(over="ignore"):
        cost = upper + tail * (1 + np.exp(ends))
    spare = 1 - float(gaussian_delta_bounds(mu, 0.0)[1])
    return min(float(cost.min()) / spare, 1.0) if spare > 0 else 1.0


@lru_cache(maxsize=64)
def fitted_mu(runs: tuple[SampledRun, ...], aside: float) -> float:
    """The least μ whose curve covers subsampled Gaussian mechanisms up to ``aside``; infinite if none does.

    Both directions of add-or-remove-one are compared at ε from 0 up, which is as good as comparing one of them at
    every real ε. Between two points the mechanism's curve is taken at the left and the Gaussian's at the right.
    """
    points, curve = _curve(runs, aside)
    if not np.isfinite(curve).all() or curve[-1] > aside:
        return math.inf
    low, high = 0.0, MU_CEILING
    if not covers(high, points, curve, aside):
        return math.inf
    while high - low > _FIT_WIDTH * high:
        middle = (low + high) / 2 if low > 0 else high / 16
        if covers(middle, points, curve, aside):
            high = middle
        elif middle < 1e-9:
            break
        else:
            low = middle
    return high


def covers(mu: float, points: NDArray[np.float64], curve: NDArray[np.float64], aside: float) -> bool:
    """Whether ``aside`` + (1 − ``aside``)·δ_μ lies above a falling curve that is known at rising points.

    Args:
        mu: Of the Gaussian mechanism.
        points: (n,) values of ε; the first is 0, and at the last the curve is below ``aside``.
        curve: (n,) pessimistic δ of the mechanism at the points.
        aside: δ'.
    """
    lower = gaussian_delta_bounds(mu, points[1:])[0]
    return bool((curve[:-1] <= aside + (1 - aside) * lower).all())


def _curve(runs: tuple[SampledRun, ...], aside: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    error, none = transform_error(runs), (np.zeros(1), np.full(1, np.inf))
    if aside <= 2 * error or beyond_any_budget(0.0, runs):
        return none
    loss = composed_loss(0.0, runs, ())
    try:
        end = float(loss.get_epsilon_for_delta(aside / 2))
    except (OverflowError, ValueError):  # as in composed_epsilon
        return none
    if not end <= _LARGEST_EXPONENT:
        return none
    points = np.linspace(0.0, end, _POINTS)
    return points, np.asarray(loss.get_delta_for_epsilon(points), dtype=np.float64) + error
