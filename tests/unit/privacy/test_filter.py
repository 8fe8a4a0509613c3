"""The filter across campaigns: charges that cover what they stand for, and sums that hold under adaptive choice."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from tests.exact_losses import (
    discrete_gaussian,
    divergence,
    pure_divergence,
    sampled_gaussian_divergence,
)

from fedaug.errors import InvalidBudget, ProtocolError
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.accounting.filter import UNBOUNDED, Charge, covers, filter_epsilon, plan_charge
from fedaug.privacy.accounting.loss import gaussian_delta, gaussian_epsilon
from fedaug.privacy.discretisation import TAIL_MASS, grid_for
from fedaug.privacy.events import (
    AboveThresholdEvent,
    DiscreteGaussianEvent,
    DistributedGaussianEvent,
    Event,
    GaussianEvent,
    LaplaceEvent,
    RandomizedResponseEvent,
    ReleaseKind,
    SubsampledGaussianEvent,
)

DELTA = 1e-5
KIND = ReleaseKind.NOISY_VOTES


def gaussian(noise_std: float) -> GaussianEvent:
    return GaussianEvent("votes", KIND, 1.0, noise_std)


def discrete(noise_std: float, dimensions: int = 30_000, log2_steps: int = 24) -> DiscreteGaussianEvent:
    return DiscreteGaussianEvent("votes", KIND, 1.0, noise_std, grid_for(noise_std, log2_steps), dimensions)


def sampled(sigma: float, rate: float, steps: int) -> SubsampledGaussianEvent:
    return SubsampledGaussianEvent("update", KIND, 1.0, sigma, grid_for(sigma), 1_000, rate, steps)


def coins(pure_epsilon: float, answers: int = 1) -> RandomizedResponseEvent:
    return RandomizedResponseEvent("coins", KIND, 2, 1 / (1 + math.exp(-pure_epsilon)), answers)


LAPLACE = LaplaceEvent("laplace", KIND, 1.0, 5.0, grid_for(5.0), 2)
ABOVE = AboveThresholdEvent("above", KIND, 1.0, 10.0, 20.0, grid_for(10.0, 20), 2)
SUM = DistributedGaussianEvent("sum", KIND, 1.0, 2.0, grid_for(2.0), 100, 5, 4, 1, 2**40)


@pytest.mark.parametrize("noises", [(1.0,), (2.0, 3.0, 5.0), (30.0,) * 9, (0.6,)])
@pytest.mark.parametrize("kind", [gaussian, discrete])
@pytest.mark.parametrize("delta", [1e-8, 1e-5, 1e-3])
def test_one_gaussian_campaign_costs_by_the_filter_what_it_costs_alone(
    noises: Sequence[float], kind: type[Event], delta: float
) -> None:
    events = [kind(noise) for noise in noises]  # type: ignore[call-arg]  # a function that makes one
    alone = epsilon(events, delta)
    assert alone <= filter_epsilon([plan_charge(events, delta)], delta) <= alone * 1.001 + 1e-3


CAMPAIGNS: dict[str, list[list[Event]]] = {
    "Gaussian": [[gaussian(3.0)], [gaussian(4.0), gaussian(9.0)], [discrete(5.0)]],
    "pure": [[LAPLACE], [ABOVE, coins(0.3, 5)], [coins(0.2)]],
    "subsampled": [[sampled(1.0, 0.02, 100)], [sampled(0.8, 0.01, 300)]],
    "all sorts": [[discrete(4.0), LAPLACE], [sampled(1.5, 0.05, 100), ABOVE], [SUM, coins(0.5, 3)]],
}


@pytest.mark.parametrize("campaigns", CAMPAIGNS.values(), ids=CAMPAIGNS)
def test_campaigns_one_after_the_other_never_cost_less_than_one_fixed_plan(campaigns: list[list[Event]]) -> None:
    together = epsilon(list(itertools.chain(*campaigns)), DELTA)
    charges = [plan_charge(events, DELTA) for events in campaigns]
    assert together - 1e-6 <= filter_epsilon(charges, DELTA) < 3 * together


MIXED = st.one_of(
    st.floats(4, 50).map(gaussian),
    st.builds(discrete, st.floats(4, 50), st.integers(1, 10**6)),
    st.builds(coins, st.floats(0.01, 0.3), st.integers(1, 5)),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(MIXED, min_size=1, max_size=3), min_size=1, max_size=4), st.sampled_from([1e-6, 1e-5, 1e-3]))
def test_whatever_the_campaigns_the_filter_is_no_cheaper_than_a_fixed_plan(
    campaigns: list[list[Event]], delta: float
) -> None:
    charges = [plan_charge(events, delta) for events in campaigns]
    joined = filter_epsilon(charges, delta)
    assert joined >= epsilon(list(itertools.chain(*campaigns)), delta) - 1e-3
    assert joined >= filter_epsilon(charges[1:], delta)
    assert joined == pytest.approx(filter_epsilon(charges[::-1], delta), rel=1e-9)


def shortfall(charge: Charge, exact: Sequence[tuple[float, float]]) -> float:
    """By how much a charge's curve falls short of a mechanism's, of which points (ε, δ) are known."""
    return max(delta - charge.delta - (1 - charge.delta) * float(gaussian_delta(charge.mu, at)) for at, delta in exact)


STEPS = [(0.8, 0.01), (1.0, 0.3), (0.5, 0.002)]
GRID = np.linspace(0, 12, 60)


@pytest.mark.parametrize(("sigma", "rate"), STEPS)
def test_the_charge_of_a_subsampled_step_covers_it_in_both_directions(sigma: float, rate: float) -> None:
    exact = [(at, sampled_gaussian_divergence(sigma, rate, at)) for at in GRID]
    charge = plan_charge([sampled(sigma, rate, 1)], DELTA)
    assert shortfall(charge, exact) <= 1e-12
    assert shortfall(Charge(charge.mu * 0.97, charge.delta), exact) > 1e-9, "a μ fitted too low shows"


@pytest.mark.parametrize(("sigma", "rate", "steps"), [(0.8, 0.01, 1_000), (1.0, 0.3, 20), (2.0, 0.05, 300)])
def test_the_charge_of_a_subsampled_run_covers_its_loss_in_both_directions(
    sigma: float, rate: float, steps: int
) -> None:
    from dp_accounting.pld import privacy_loss_distribution  # noqa: PLC0415  # an accountant of its own

    run = privacy_loss_distribution.from_gaussian_mechanism(
        sigma,
        sampling_prob=rate,
        value_discretization_interval=1e-3,
        pessimistic_estimate=False,
        use_connect_dots=False,
    ).self_compose(steps)
    for direction in (run._pmf_remove, run._pmf_add):
        exact = [(at, float(direction.get_delta_for_epsilon(at))) for at in GRID]
        assert shortfall(plan_charge([sampled(sigma, rate, steps)], DELTA), exact) <= 1e-12
    charge = plan_charge([sampled(sigma, rate, steps)], DELTA)
    exact = [(at, float(run.get_delta_for_epsilon(at))) for at in GRID]
    assert shortfall(Charge(charge.mu * 0.9, charge.delta), exact) > 1e-10, "a μ fitted too low shows"


def test_the_fits_own_check_refuses_a_mu_below_the_least() -> None:
    charge = plan_charge([sampled(1.0, 0.3, 1)], DELTA)
    points = np.linspace(0, 12, 4_000)
    curve = np.array([sampled_gaussian_divergence(1.0, 0.3, at) for at in points[::200]])
    assert covers(charge.mu, points[::200], np.append(curve[1:], 0.0), charge.delta)
    assert not covers(charge.mu * 0.9, points[::200], curve, charge.delta)


@pytest.mark.parametrize("pure", [0.01, 0.5, 3.0, 20.0])
@pytest.mark.parametrize("answers", [1, 7])
def test_the_charge_of_pure_mechanisms_covers_the_worst_of_them(pure: float, answers: int) -> None:
    exact = [(at, pure_divergence(pure, answers, at)) for at in np.linspace(0, pure * answers, 200)]
    charge = plan_charge([coins(pure, answers)] if pure < 10 else [laplace_of(pure)] * answers, DELTA)
    assert shortfall(charge, exact) <= 1e-12
    if answers == 1 and pure < 10:
        assert shortfall(Charge(charge.mu * 0.99), exact) > 1e-9, "a μ below the corner of the curve shows"


def laplace_of(pure: float) -> LaplaceEvent:
    return LaplaceEvent("laplace", KIND, 1.0, 1 / pure, grid_for(1 / pure), 1)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 3.0])
def test_the_charge_of_a_discrete_gaussian_covers_its_probabilities(sigma: float) -> None:
    steps = 2**10
    noise, moved = discrete_gaussian(steps, math.floor(steps / sigma + 1))
    exact = [(at, divergence(noise, moved, at)) for at in GRID]
    assert shortfall(plan_charge([discrete(sigma, 1, 10)], DELTA), exact) <= 1e-12
    assert shortfall(Charge(1 / sigma), exact) > 1e-9, "a charge that forgets the rounding falls short"


@pytest.mark.parametrize("mu", [0.3, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("dimensions", [1, 10**6])
def test_what_samplers_leave_out_is_covered_at_every_epsilon(mu: float, dimensions: int) -> None:
    charge = plan_charge([discrete(1 / mu, dimensions)], DELTA)
    tail = dimensions * TAIL_MASS
    assert charge.delta > 0
    ends = np.linspace(0, 60, 4_000)
    grown = gaussian_delta(charge.mu, ends) + tail * (1 + np.exp(ends))
    # Beyond some ε that bound is useless, and the curve is no higher than it was there.
    worst = list(zip(ends, np.minimum.accumulate(grown), strict=True))
    assert shortfall(charge, worst) <= 1e-2 * charge.delta, "one per cent for the points between"
    assert shortfall(Charge(charge.mu), worst) > tail, "a charge that forgets the tail falls short"


def two_stages(mu: float, second: np.ndarray, told: np.ndarray, at: float) -> float:
    """Divergence at e^ε of N(0, 1) against N(μ, 1), then of what an adversary chose for each first outcome.

    The first outcome lies on ``OUTCOMES``; ``second`` is the μ of the next campaign there, ``told`` its δ'.
    """
    weight = norm.pdf(OUTCOMES - mu)
    weight /= weight.sum()
    lost = mu * OUTCOMES - mu * mu / 2
    after = np.where(
        second > 0, gaussian_delta(np.maximum(second, 1e-6), at - lost), np.maximum(1 - np.exp(at - lost), 0)
    )
    return float((weight * (told + (1 - told) * after)).sum())


OUTCOMES = np.linspace(-12, 16, 40_001)


def test_a_second_campaign_chosen_by_the_first_ones_outcome_stays_within_the_filter() -> None:
    first, cap = 0.6, 1.0
    room = math.sqrt(cap**2 - first**2)
    none = np.zeros_like(OUTCOMES)
    at = gaussian_epsilon(cap, DELTA)
    tried = 0
    for threshold in np.linspace(-3, 5, 17):
        for chosen in (threshold < OUTCOMES, threshold > OUTCOMES, np.abs(OUTCOMES) > abs(threshold)):
            tried += 1
            assert two_stages(first, room * chosen, none, at) <= DELTA * (1 + 1e-6)
    assert tried == 51
    assert two_stages(first, np.full_like(OUTCOMES, room), none, at) == pytest.approx(DELTA, rel=1e-3)
    greedy = np.where(OUTCOMES > 2, 1.3 * room, room)
    assert two_stages(first, greedy, none, at) > 1.01 * DELTA, "a charge beyond the cap in one branch shows"


def test_delta_is_set_aside_because_trading_it_for_noise_can_be_exploited() -> None:
    """Two ways to spend the rest, each within δ when fixed; choosing by the outcome exceeds it."""
    first = 0.6
    at = gaussian_epsilon(1.0, DELTA)
    room = np.full_like(OUTCOMES, 0.8)
    none = np.zeros_like(OUTCOMES)
    spare = DELTA - two_stages(first, none, none, at)
    by_noise, by_telling = two_stages(first, room, none, at), two_stages(first, none, none + spare, at)
    assert max(by_noise, by_telling) <= DELTA * (1 + 1e-3)
    high = OUTCOMES > 1.5
    assert two_stages(first, room * high, np.where(high, 0.0, spare), at) > 1.2 * DELTA


def test_no_campaign_costs_nothing() -> None:
    assert filter_epsilon([], DELTA) == 0.0


@pytest.mark.parametrize(
    "event", [gaussian(0.0), LAPLACE.scaled(0.0), coins(0.5).scaled(0.0), discrete(3.0).scaled(0.0)]
)
def test_a_campaign_without_noise_cannot_be_charged(event: Event) -> None:
    charge = plan_charge([gaussian(5.0), event], DELTA)
    assert charge == UNBOUNDED
    assert not charge.finite
    assert filter_epsilon([Charge(0.1), charge], DELTA) == math.inf


def test_a_run_that_no_gaussian_covers_cannot_be_charged() -> None:
    assert plan_charge([sampled(0.01, 0.5, 10)], DELTA) == UNBOUNDED
    assert plan_charge([sampled(2.0, 0.5, 10)], 1e-13) == UNBOUNDED


@pytest.mark.parametrize(
    "charge",
    [
        Charge(math.nan),
        Charge(math.inf),
        Charge(-1.0),
        Charge(0.1, math.nan),
        Charge(0.1, 1.0),
        Charge(0.1, -1e-9),
        Charge(0.1, 0.0, math.nan),
        Charge(0.1, 0.0, math.inf),
        Charge(0.1, 0.0, -1e-9),
        Charge(1e200),
    ],
)
def test_a_charge_that_is_no_number_or_too_large_costs_infinitely_much(charge: Charge) -> None:
    assert filter_epsilon([charge], DELTA) == math.inf
    assert filter_epsilon([Charge(0.1), charge], DELTA) == math.inf


@pytest.mark.parametrize("field", ["delta", "epsilon"])
def test_what_is_set_aside_is_not_exceeded_by_any_number_of_campaigns(field: str) -> None:
    aside = {"delta": DELTA / 100, "epsilon": 1e-4}[field]
    one = Charge(0.01, **{field: aside / 4})
    costs = [filter_epsilon([one] * count, DELTA) for count in range(1, 6)]
    assert all(math.isfinite(cost) for cost in costs[:4])
    assert costs[4] == math.inf


@pytest.mark.parametrize("delta", [0.0, 1.0, math.nan, True, "1e-5"])
def test_delta_outside_zero_to_one_is_refused(delta: float) -> None:
    for call in (lambda: plan_charge([gaussian(1.0)], delta), lambda: filter_epsilon([Charge(0.1)], delta)):
        with pytest.raises(InvalidBudget, match="FA102: δ is not between 0 and 1"):
            call()


def test_an_unknown_mechanism_is_refused() -> None:
    with pytest.raises(ProtocolError, match="FA401: an event's mechanism cannot be accounted for"):
        plan_charge(["gaussian"], DELTA)  # type: ignore[list-item]  # the wrong type is the point
