"""What a masked sum costs: the event that is charged, against the laws that it stands for."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.masked_sums import BOUND, event

from fedaug.errors import ProtocolError
from fedaug.privacy.accounting import calibrate, epsilon
from fedaug.privacy.accounting.loss import gaussian_epsilon
from fedaug.privacy.discretisation import rounded_l2
from fedaug.privacy.events import DiscreteGaussianEvent, DistributedGaussianEvent, event_from_dict
from fedaug.privacy.masking.fixed_point import check_room, with_least_modulus
from fedaug.privacy.units import Budget

DELTA = 1e-5


def zcdp_epsilon(planned: DistributedGaussianEvent, delta: float) -> float:
    """ε of the sum by Kairouz, Liu & Steinke 2021 ("The distributed discrete Gaussian mechanism", theorem 1).

    With n = m - t summands of s steps, ½ε²-concentrated DP for ε² = Δ'²/(ns²) + τd/2, where
    τ = 10 Σ_k exp(-2π²s²k/(k + 1)), k = 1 .. n - 1; then ρ + 2√(ρ ln 1/δ) (Bun & Steinke 2016, proposition 1.3).
    """
    n, s = planned.honest, 2.0**planned.log2_steps
    tau = 10 * sum(math.exp(-2 * (math.pi * s) ** 2 * k / (k + 1)) for k in range(1, n))
    delta_steps = rounded_l2(planned.sensitivity, planned.grid, planned.dimensions) / planned.grid
    rho = (delta_steps**2 / (n * s**2) + tau * planned.dimensions / 2) / 2
    return rho + 2 * math.sqrt(rho * math.log(1 / delta))


@settings(max_examples=100, deadline=None)
@given(
    noise_std=st.floats(2.0**-20, 2.0**20),
    survivors=st.integers(2, 60),
    colluders=st.integers(0, 59),
)
def test_shares_carry_the_variance_over_those_that_are_counted(
    noise_std: float, survivors: int, colluders: int
) -> None:
    if colluders >= survivors:
        with pytest.raises(ProtocolError, match="fewer than its survivors"):
            event(survivors, survivors, colluders, noise_std=noise_std)
        return
    planned = event_without_room(survivors, colluders, noise_std)
    assert planned.share_std**2 == pytest.approx(noise_std**2 / (survivors - colluders), rel=1e-12)
    assert planned.noise_std >= noise_std  # never less, whatever floats round
    assert math.ldexp(planned.grid, planned.log2_steps) == planned.share_std


def event_without_room(survivors: int, colluders: int, noise_std: float) -> DistributedGaussianEvent:
    return event(survivors, survivors, colluders, noise_std=noise_std)


@pytest.mark.parametrize(("survivors", "colluders"), [(3, 0), (4, 1), (5, 1), (5, 0), (4, 0)])
@pytest.mark.parametrize("noise_std", [0.5, 1.0, 4.0])
def test_the_charge_lies_between_the_ideal_gaussian_and_the_concentrated_bound(
    survivors: int, colluders: int, noise_std: float
) -> None:
    planned = event(5, survivors, colluders, noise_std=noise_std)
    charged = epsilon([planned], DELTA)
    assert gaussian_epsilon(planned.sensitivity / planned.noise_std, DELTA) <= charged
    assert charged <= zcdp_epsilon(planned, DELTA)
    # The distribution over sites costs next to nothing: ε is that of σ, whatever m and t are.
    assert charged == pytest.approx(gaussian_epsilon(1 / noise_std, DELTA), rel=1e-4)


def test_four_shares_are_charged_as_one_discrete_gaussian_of_twice_the_width() -> None:
    """The sum of n shares of s steps is pointwise within a factor 1 ± 10^-1000 of one of √n·s (ADR 9, lemma 2)."""
    four = event(5, 4, 0)
    four = replace(four, grid=math.ldexp(four.share_std, -20), modulus=2**62)
    one = DiscreteGaussianEvent(
        "statistics", four.release, four.sensitivity, 2 * four.share_std, four.grid, four.dimensions
    )
    assert four.honest == 4
    assert epsilon([four], DELTA) == pytest.approx(epsilon([one], DELTA), rel=1e-9)
    assert epsilon([four], DELTA) >= epsilon([one], DELTA)  # four draws may each be off by what a sampler is


def test_more_colluders_cost_more_and_the_own_share_most() -> None:
    """With what a site adds fixed: the statement shows ε at t colluders, and with the own share alone."""
    planned = event(10, 7, 0)
    costs = [epsilon([replace(planned, colluders=t)], DELTA) for t in range(7)]
    assert costs == sorted(costs)
    assert len(set(costs)) == 7
    own = epsilon([planned.own_share()], DELTA)
    assert own == pytest.approx(costs[-1], rel=1e-9)  # all but one collude
    assert own == pytest.approx(gaussian_epsilon(math.sqrt(7), DELTA), rel=1e-4)


def test_more_survivors_than_the_least_never_cost_more() -> None:
    planned = event(10, 7, 2)
    assert epsilon([replace(planned, survivors=10)], DELTA) < epsilon([planned], DELTA)


def test_half_the_noise_would_cost_more() -> None:
    """A seeded defect in the plan: what a share lacks, ε shows."""
    planned = event(10, 7, 2)
    assert epsilon([planned.scaled(0.5)], DELTA) > 1.9 * epsilon([planned], DELTA)


def test_neither_the_modulus_nor_the_bound_changes_the_charge() -> None:
    planned = event()
    assert epsilon([replace(planned, modulus=2**60)], DELTA) == epsilon([planned], DELTA)
    assert epsilon([with_least_modulus(planned, 1)], DELTA) == epsilon([planned], DELTA)


def test_a_calibrated_sum_costs_its_budget_and_gets_its_modulus_after_that() -> None:
    budget = Budget(2.0, DELTA)
    (calibrated,) = calibrate([event(10, 7, 2)], budget)
    assert isinstance(calibrated, DistributedGaussianEvent)
    final = with_least_modulus(calibrated, BOUND)
    check_room(final, BOUND)
    assert 2.0 * (1 - 2e-4) <= epsilon([final], DELTA) <= 2.0
    assert event_from_dict(final.as_dict()) == final


def test_a_sum_without_noise_has_no_finite_cost() -> None:
    assert epsilon([event().scaled(0.0)], DELTA) == math.inf
