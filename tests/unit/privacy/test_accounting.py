"""ε from events against three other ways to the same figure, and the way back from a budget to noise."""

from __future__ import annotations

import math

import pytest
from dp_accounting import dp_event, gaussian_mechanism, pld
from dp_accounting.privacy_accountant import NeighboringRelation
from hypothesis import given, settings
from hypothesis import strategies as st
from opacus.accountants import PRVAccountant

from fedaug.errors import ConfigError, InvalidBudget, ProtocolError
from fedaug.privacy.accounting import calibrate, epsilon
from fedaug.privacy.events import Event, GaussianEvent, ReleaseKind
from fedaug.privacy.units import Budget

DELTA = 1e-5
COMPOSITIONS = [(1.0,), (2.0, 3.0, 3.0, 5.0), (0.7, 4.0), (10.0,) * 12]


def gaussians(*multipliers: float, sensitivity: float = 1.0) -> list[Event]:
    return [
        GaussianEvent(f"votes/{number}", ReleaseKind.NOISY_VOTES, sensitivity, multiplier * sensitivity)
        for number, multiplier in enumerate(multipliers)
    ]


def total_multiplier(multipliers: tuple[float, ...]) -> float:
    return sum(multiplier**-2 for multiplier in multipliers) ** -0.5


@pytest.mark.parametrize("multipliers", COMPOSITIONS)
def test_reducing_gaussians_to_one_equals_composing_them_one_by_one(multipliers: tuple[float, ...]) -> None:
    accountant = pld.PLDAccountant(NeighboringRelation.ADD_OR_REMOVE_ONE)
    for multiplier in multipliers:
        accountant.compose(dp_event.GaussianDpEvent(multiplier))
    assert epsilon(gaussians(*multipliers), DELTA) == pytest.approx(accountant.get_epsilon(DELTA), rel=1e-4)


@pytest.mark.parametrize("multipliers", COMPOSITIONS)
@pytest.mark.parametrize("delta", [1e-9, 1e-5, 1e-2])
def test_epsilon_is_the_closed_form_of_balle_and_wang_and_never_below_it(
    multipliers: tuple[float, ...], delta: float
) -> None:
    exact = gaussian_mechanism.get_epsilon_gaussian(total_multiplier(multipliers), delta)
    assert exact - 1e-9 <= epsilon(gaussians(*multipliers), delta) <= exact * 1.001


@pytest.mark.filterwarnings("ignore:divide by zero encountered in log:RuntimeWarning")  # opacus, at sampling rate 1
@pytest.mark.parametrize("multipliers", COMPOSITIONS)
def test_epsilon_agrees_with_opacus_prv(multipliers: tuple[float, ...]) -> None:
    accountant = PRVAccountant()
    for multiplier in multipliers:
        accountant.step(noise_multiplier=multiplier, sample_rate=1.0)
    assert epsilon(gaussians(*multipliers), DELTA) == pytest.approx(accountant.get_epsilon(DELTA), abs=0.02)


def test_epsilon_depends_on_noise_per_sensitivity_only() -> None:
    assert epsilon(gaussians(2.0, sensitivity=7.0), DELTA) == pytest.approx(epsilon(gaussians(2.0), DELTA), rel=1e-9)


def test_nothing_costs_nothing() -> None:
    assert epsilon([], DELTA) == 0.0


def test_one_release_without_noise_costs_infinitely_much() -> None:
    assert epsilon(gaussians(5.0, 0.0, 5.0), DELTA) == math.inf


@pytest.mark.parametrize(
    ("sensitivity", "noise_std", "low", "high"),
    [
        (1e-300, 1e300, 0.0, 1e-3),  # the multiplier overflows to infinity
        (1e300, 1e-300, math.inf, math.inf),  # ... and to zero
        (1e160, 1.0, math.inf, math.inf),  # its square overflows
        (1.0, 5e-324, math.inf, math.inf),
        (1.0, 1e12, 0.0, 1e-3),
    ],
)
def test_extreme_multipliers_give_a_number_on_the_safe_side(
    sensitivity: float, noise_std: float, low: float, high: float
) -> None:
    event = GaussianEvent("votes", ReleaseKind.NOISY_VOTES, sensitivity, noise_std)
    assert low <= epsilon([event], DELTA) <= high


def test_many_squares_that_overflow_together_cost_infinitely_much() -> None:
    assert epsilon([GaussianEvent("v", ReleaseKind.NOISY_VOTES, 1.3e154, 1.0)] * 2, DELTA) == math.inf


@pytest.mark.parametrize("delta", [0.0, 1.0, -1e-5, math.nan, math.inf, True, "1e-5"])
def test_delta_outside_zero_to_one_is_refused(delta: float) -> None:
    with pytest.raises(InvalidBudget, match="FA102: δ is not between 0 and 1"):
        epsilon(gaussians(1.0), delta)


def test_a_delta_below_what_the_accountant_resolves_is_infinite_not_small() -> None:
    assert epsilon(gaussians(1.0), 1e-30) == math.inf


def test_an_unknown_mechanism_is_refused() -> None:
    with pytest.raises(ProtocolError, match="FA401: an event's mechanism cannot be accounted for"):
        epsilon(["laplace"], DELTA)  # type: ignore[list-item]  # the wrong type is the point


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(1.5, 100), min_size=1, max_size=5), st.floats(1.5, 100))
def test_one_more_release_never_costs_less(multipliers: list[float], more: float) -> None:
    assert epsilon(gaussians(*multipliers, more), DELTA) >= epsilon(gaussians(*multipliers), DELTA)


@pytest.mark.parametrize("budget", [Budget(0.5, 1e-6), Budget(1, 1e-5), Budget(4, 1e-5), Budget(8, 1e-3)])
@pytest.mark.parametrize("shares", [{"counts": 1.0}, {"counts": 0.1, "statistics": 6.0, "votes/0": 1, "votes/1": 1}])
def test_calibrated_noise_spends_the_budget_and_no_more(shares: dict[str, float], budget: Budget) -> None:
    multipliers = calibrate(shares, budget)
    # As a campaign does it: through a standard deviation at each release's own sensitivity.
    events = [GaussianEvent(key, ReleaseKind.NOISY_VOTES, 0.3, 0.3 * sigma) for key, sigma in multipliers.items()]
    spent = epsilon(events, budget.delta)
    assert budget.epsilon * 0.995 <= spent <= budget.epsilon


def test_the_budget_is_split_in_proportion_to_the_shares() -> None:
    multipliers = calibrate({"statistics": 3.0, "votes": 1.0}, Budget(4, DELTA))
    assert multipliers["votes"] ** 2 / multipliers["statistics"] ** 2 == pytest.approx(3.0)


def test_no_noise_when_the_noise_is_off() -> None:
    assert calibrate({"a": 1.0, "b": 2.0}, Budget(math.inf, DELTA)) == {"a": 0.0, "b": 0.0}


@pytest.mark.parametrize("share", [0.0, -1.0, math.nan, math.inf, True, "1", None])
@pytest.mark.parametrize("epsilon_cap", [4.0, math.inf])
def test_a_share_that_is_not_positive_and_finite_is_refused(share: float, epsilon_cap: float) -> None:
    with pytest.raises(ConfigError, match="FA101: a share of the budget is not positive and finite"):
        calibrate({"good": 1.0, "bad": share}, Budget(epsilon_cap, DELTA))


def test_a_plan_without_shares_is_refused() -> None:
    with pytest.raises(ConfigError, match="FA101: the shares of the budget have no finite sum"):
        calibrate({}, Budget(4, DELTA))


@pytest.mark.parametrize("shares", [{"a": 5e-324, "b": 1e300}, {"a": 1e308, "b": 1e308}])
def test_shares_that_leave_the_range_of_floats_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="FA101: the shares of the budget"):
        calibrate(shares, Budget(4, DELTA))


@pytest.mark.parametrize("budget", [Budget(4, 1e-18), Budget(1e9, DELTA), Budget(1e200, DELTA), Budget(1e-12, 1e-300)])
def test_a_budget_that_noise_cannot_keep_is_refused(budget: Budget) -> None:
    with pytest.raises(InvalidBudget, match="FA102: the budget cannot be kept by adding noise"):
        calibrate({"a": 1.0}, budget)
