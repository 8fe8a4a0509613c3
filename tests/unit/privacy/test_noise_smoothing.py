"""The lemmas of docs/adr/0009 hold in numbers: what is charged as Gaussian costs no more than a Gaussian.

Widths are small here, where the lemmas' error terms are large enough to be seen; releases use 2^10 steps and more,
where they are below 1e-34.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from fedaug.privacy.discretisation import SMOOTHING_STEPS, effective_std

Floats = NDArray[np.float64]


def discrete_gaussian(std: float, reach: int) -> Floats:
    """Probabilities of -reach .. reach."""
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * std * std))
    return weights / weights.sum()


def eta(tau: float) -> float:
    return 2 * sum(math.exp(-2 * (math.pi * tau * m) ** 2) for m in range(1, 50))


def post_processed(std: float, tau: float, reach: int, clean: int = 0) -> Floats:
    """Probabilities of -reach .. reach for X ~ N(clean, std² - tau²), then a discrete Gaussian centred at X.

    The integral is a sum over a fine lattice, which for such smooth integrands is exact to double precision.
    """
    width = math.sqrt(std * std - tau * tau)
    x = np.arange(-14 * std, 14 * std, 1 / 128)
    steps = np.arange(-reach - 8, reach + 9)
    second = np.exp(-((steps[:, None] - x - clean) ** 2) / (2 * tau * tau))
    second /= np.exp(-((np.arange(-60, 61)[:, None] - (x + clean) % 1) ** 2) / (2 * tau * tau)).sum(axis=0)
    return (second @ (stats.norm.pdf(x, scale=width) / 128))[8:-8]


@pytest.mark.parametrize("tau", [0.35, 0.5, 0.75])
@pytest.mark.parametrize("std", [1.0, 1.5, 3.0])
def test_the_discrete_gaussian_is_a_post_processing_of_a_continuous_one(std: float, tau: float) -> None:
    reach = math.ceil(6 * std)
    ratio = np.log(discrete_gaussian(std, 4 * reach)[3 * reach : -3 * reach] / post_processed(std, tau, reach))
    bound = math.log((1 + eta(tau)) / (1 - eta(tau)))
    assert ratio.size == 2 * reach + 1
    assert np.abs(ratio).max() <= bound + 1e-9


def test_the_bound_of_the_lemma_is_no_wide_margin() -> None:
    """On a grid as coarse as this the factor reaches a fifth of it, so the lemma is not true of everything."""
    ratio = np.log(discrete_gaussian(0.5, 60)[56:-56] / post_processed(0.5, 0.35, 4))
    bound = math.log((1 + eta(0.35)) / (1 - eta(0.35)))
    assert ratio.size == 9
    assert bound / 5 < np.abs(ratio).max() <= bound


def test_the_lemma_fails_for_a_first_draw_that_is_too_wide() -> None:
    """The seeded defect: charging for N(x, σ²) as it is, as if the second draw cost nothing."""
    std, tau = 1.0, 0.75
    wrong = post_processed(math.hypot(std, tau), tau, 6)
    assert np.abs(np.log(discrete_gaussian(std, 24)[18:-18] / wrong)).max() > math.log((1 + eta(tau)) / (1 - eta(tau)))


def test_at_the_tau_that_is_charged_the_factor_is_below_double_precision() -> None:
    assert SMOOTHING_STEPS == 2
    assert eta(SMOOTHING_STEPS) < 1.1e-34


@pytest.mark.parametrize("sites", [2, 3, 5])
def test_a_sum_of_discrete_gaussians_is_close_to_one(sites: int) -> None:
    std, reach = 1.0, 40
    one = discrete_gaussian(std, reach)
    total = one
    for _ in range(sites - 1):
        total = np.convolve(total, one)
    whole = discrete_gaussian(std * math.sqrt(sites), sites * reach)
    middle = slice(sites * reach - 8, sites * reach + 9)
    bound = sum(
        math.log((1 + eta(tau)) / (1 - eta(tau))) for tau in (std * math.sqrt(k / (k + 1)) for k in range(1, sites))
    )
    assert 0 < np.abs(np.log(total[middle] / whole[middle])).max() <= bound


def hockey_stick(left: Floats, right: Floats, epsilon: float) -> float:
    return float(np.maximum(left - math.exp(epsilon) * right, 0).sum())


def gaussian_delta(shift: float, std: float, epsilon: float) -> float:
    """Balle & Wang 2018, theorem 8."""
    mu = shift / std
    return float(stats.norm.cdf(mu / 2 - epsilon / mu) - math.exp(epsilon) * stats.norm.cdf(-mu / 2 - epsilon / mu))


@pytest.mark.parametrize("epsilon", [0.0, 0.5, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("shift", [1, 3, 8, 20])
@pytest.mark.parametrize("std", [8, 32])
def test_what_is_charged_covers_the_exact_cost_of_the_discrete_gaussian(std: int, shift: int, epsilon: float) -> None:
    noise = discrete_gaussian(std, 16 * std)
    pad = np.zeros(shift)
    exact = hockey_stick(np.concatenate([pad, noise]), np.concatenate([noise, pad]), epsilon)
    charged = gaussian_delta(shift, effective_std(float(std), 1.0), epsilon)
    assert exact <= charged + 1e-12
    assert charged <= 3 * exact + 1e-12  # and no more than this, even on so coarse a grid


def test_a_charge_without_the_smaller_width_would_not_be_proved() -> None:
    """Why σ² - (2g)²: on a coarse grid the discrete law costs more than the Gaussian of its own width, somewhere."""
    gains = []
    for epsilon in np.linspace(0, 3, 61):
        noise = discrete_gaussian(1.0, 40)
        exact = hockey_stick(np.concatenate([[0], noise]), np.concatenate([noise, [0]]), float(epsilon))
        gains.append(exact - gaussian_delta(1, 1.0, float(epsilon)))
    assert max(gains) > 1e-3
