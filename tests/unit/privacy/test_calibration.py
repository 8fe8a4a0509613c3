"""From a budget to noise: the least that keeps it, in the proportions that the templates state."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedaug.errors import ConfigError, InvalidBudget, ProtocolError
from fedaug.privacy.accounting import calibrate, epsilon, scaled_plan
from fedaug.privacy.discretisation import grid_for
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
from fedaug.privacy.units import Budget

DELTA = 1e-5
KIND = ReleaseKind.NOISY_VOTES


def gaussian(noise_std: float, sensitivity: float = 1.0) -> GaussianEvent:
    return GaussianEvent("votes", KIND, sensitivity, noise_std)


def discrete(noise_std: float, dimensions: int = 1_000, log2_steps: int = 24) -> DiscreteGaussianEvent:
    return DiscreteGaussianEvent("votes", KIND, 1.0, noise_std, grid_for(noise_std, log2_steps), dimensions)


def sampled(rate: float, steps: int) -> SubsampledGaussianEvent:
    return SubsampledGaussianEvent("update", KIND, 0.5, 0.5, grid_for(0.5), 1_000, rate, steps)


PLANS: dict[str, list[Event]] = {
    "one Gaussian": [gaussian(1.0)],
    "continuous Gaussians": [gaussian(3.0, 0.3), gaussian(1e-6), gaussian(50.0)],
    "discrete Gaussians": [discrete(3.0, 30_000), discrete(7.0), discrete(0.1)],
    "secure sum": [DistributedGaussianEvent("sum", KIND, 1.0, 1.0, grid_for(1.0), 100, 5, 4, 1, 2**40)],
    "Laplace": [LaplaceEvent("laplace", KIND, 1.0, 2.0, grid_for(2.0), 3)],
    "randomised response": [RandomizedResponseEvent("coins", KIND, 5, 0.75, 20)],
    "above threshold": [AboveThresholdEvent("above", KIND, 1.0, 4.0, 16.0, grid_for(4.0, 20), 3)],
    "pure ones": [LaplaceEvent("laplace", KIND, 1.0, 2.0, grid_for(2.0), 3)] * 3
    + [RandomizedResponseEvent("coins", KIND, 2, 0.6, 9)],
    "subsampled": [sampled(0.02, 100)],
    "all sorts": [discrete(3.0), sampled(0.05, 20), LaplaceEvent("laplace", KIND, 1.0, 9.0, grid_for(9.0), 1)],
}
BUDGETS = [Budget(0.5, 1e-6), Budget(4, 1e-5), Budget(8, 1e-3)]


@pytest.mark.parametrize("budget", BUDGETS, ids=str)
@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_calibrated_noise_spends_the_budget_and_no_more(plan: Sequence[Event], budget: Budget) -> None:
    made = calibrate(plan, budget)
    assert budget.epsilon * 0.995 <= epsilon(made, budget.delta) <= budget.epsilon
    assert [type(event) for event in made] == [type(event) for event in plan]


NOISES = st.floats(1e-3, 1e3)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(NOISES, st.integers(1, 10_000), st.booleans()), min_size=1, max_size=6),
    st.floats(0.05, 12),
    st.sampled_from([1e-9, 1e-6, 1e-5, 1e-3]),
)
def test_any_split_over_gaussian_releases_fills_the_budget(
    noises: list[tuple[float, int, bool]], cap: float, delta: float
) -> None:
    plan = [discrete(noise, size) if on_grid else gaussian(noise) for noise, size, on_grid in noises]
    assert cap * 0.995 <= epsilon(calibrate(plan, Budget(cap, delta)), delta) <= cap


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_the_least_noise_is_found_and_not_just_enough(plan: Sequence[Event]) -> None:
    made = calibrate(plan, Budget(2, DELTA))
    assert epsilon(scaled_plan(made, 0.999), DELTA) > 2


@pytest.mark.parametrize("start", [1e-12, 1e-3, 1e3, 1e12])
def test_the_size_of_the_templates_noise_does_not_matter(start: float) -> None:
    plan = [discrete(2.0), gaussian(3.0)]
    reached = calibrate(scaled_plan(plan, start), Budget(3, DELTA))
    assert reached[1].noise_std == pytest.approx(calibrate(plan, Budget(3, DELTA))[1].noise_std, rel=5e-4)


def test_the_budget_is_split_as_the_templates_state_it() -> None:
    """A share s of 1/σ² is a template whose noise is one over the root of s."""
    statistics, votes = calibrate([discrete(1 / math.sqrt(3.0)), discrete(1.0)], Budget(4, DELTA))
    assert votes.noise_std**2 / statistics.noise_std**2 == pytest.approx(3.0)


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_no_noise_when_the_noise_is_off(plan: Sequence[Event]) -> None:
    made = calibrate(plan, Budget(math.inf, DELTA))
    assert all(event.noise_off for event in made)
    assert calibrate(made, Budget(math.inf, DELTA)) == made


def test_a_template_without_noise_is_refused() -> None:
    with pytest.raises(ConfigError, match="FA101: a release to be calibrated carries no noise"):
        calibrate([gaussian(1.0), gaussian(0.0)], Budget(4, DELTA))


@pytest.mark.parametrize("cap", [4.0, math.inf])
def test_a_plan_without_releases_is_refused(cap: float) -> None:
    with pytest.raises(ConfigError, match="FA101: a plan without releases cannot be calibrated"):
        calibrate([], Budget(cap, DELTA))


@pytest.mark.parametrize("budget", [Budget(4, 1e-18), Budget(1e9, DELTA), Budget(1e200, DELTA), Budget(1e-12, 1e-300)])
@pytest.mark.parametrize("plan", [[gaussian(1.0)], [discrete(1.0)]])
def test_a_budget_that_noise_cannot_keep_is_refused(plan: Sequence[Event], budget: Budget) -> None:
    with pytest.raises(InvalidBudget, match="FA102: the budget cannot be kept by adding noise"):
        calibrate(plan, budget)


def test_a_grid_too_coarse_for_so_many_values_is_refused() -> None:
    # Rounding alone, √d steps of which 2^10 are one σ, costs more than the budget, however much noise there is.
    with pytest.raises(InvalidBudget, match="FA102: the budget cannot be kept by adding noise"):
        calibrate([discrete(1.0, dimensions=10_000_000, log2_steps=10)], Budget(0.5, DELTA))


def test_an_unknown_mechanism_is_refused() -> None:
    class Claimed:
        noise_off = False

        def scaled(self, factor: float) -> Claimed:
            return self

    with pytest.raises(ProtocolError, match="FA401: an event's mechanism cannot be accounted for"):
        calibrate([Claimed()], Budget(4, DELTA))  # type: ignore[list-item]  # the wrong type is the point
