"""Is the noise what it is said to be? Each check states how often it would raise a false alarm.

The same checks run over sources with a seeded defect, and each must be caught: a test that passes those is no test.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from tests.seeded_noise import SeededNoise

from fedaug.privacy.noise import NoiseSource, SystemNoise

#: Chance that one check fails on a correct source. There are eleven below, so a run is wrongly red once in 90,000.
FALSE_ALARM = 1e-6
VALUES = 5_000
STD = 3.0

Check = Callable[[NoiseSource], bool]


def draw(source: NoiseSource, std: float = STD, count: int = VALUES) -> NDArray[np.float64]:
    return source.gaussian((count,), std)


def fits_by_kolmogorov_smirnov(source: NoiseSource) -> bool:
    return bool(stats.kstest(draw(source), stats.norm(scale=STD).cdf).pvalue > FALSE_ALARM)


def fits_by_chi_squared(source: NoiseSource) -> bool:
    """100 bins of equal probability, so that the tails weigh as much as the middle."""
    edges = stats.norm(scale=STD).ppf(np.linspace(0, 1, 101)[1:-1])
    counts = np.bincount(np.searchsorted(edges, draw(source)), minlength=100)
    return bool(stats.chisquare(counts).pvalue > FALSE_ALARM)


def tails_are_as_heavy_as_they_should(source: NoiseSource) -> bool:
    """Values beyond 3.5 σ among 200,000: binomial, about 93 expected."""
    beyond = int((np.abs(draw(source, count=200_000)) > 3.5 * STD).sum())
    return bool(stats.binomtest(beyond, 200_000, 2 * stats.norm.sf(3.5)).pvalue > FALSE_ALARM)


def variance_is_right(source: NoiseSource) -> bool:
    """Σx²/σ² is chi-squared with n degrees of freedom."""
    total = float((draw(source) ** 2).sum()) / STD**2
    return FALSE_ALARM / 2 < stats.chi2(VALUES).cdf(total) < 1 - FALSE_ALARM / 2


def mean_is_zero(source: NoiseSource) -> bool:
    score = float(draw(source).mean()) / (STD / math.sqrt(VALUES))
    return bool(2 * stats.norm.sf(abs(score)) > FALSE_ALARM)


def calls_are_independent(source: NoiseSource) -> bool:
    return uncorrelated(draw(source), draw(source))


def neighbours_are_independent(source: NoiseSource) -> bool:
    values = draw(source)
    return uncorrelated(values[1:], values[:-1]) and uncorrelated(values[1:] ** 2, values[:-1] ** 2)


def chunks_are_independent(source: NoiseSource) -> bool:
    values = draw(source, count=2**16)
    return uncorrelated(values[: 2**15], values[2**15 :])


def uncorrelated(left: NDArray[np.float64], right: NDArray[np.float64]) -> bool:
    if not (left.std() and right.std()):
        return False
    return bool(stats.pearsonr(left, right).pvalue > FALSE_ALARM / 2)


CHECKS: list[Check] = [
    fits_by_kolmogorov_smirnov,
    fits_by_chi_squared,
    tails_are_as_heavy_as_they_should,
    variance_is_right,
    mean_is_zero,
    calls_are_independent,
    neighbours_are_independent,
    chunks_are_independent,
]


class Defective(SystemNoise):
    """The real source with one thing wrong, made for a test."""

    def __init__(self, change: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> None:
        self._change = change

    def gaussian(self, shape: tuple[int, ...], std: float) -> NDArray[np.float64]:
        return self._change(super().gaussian(shape, std))


class SharedSeed(SystemNoise):
    """Starts again at the same seed with every call."""

    def gaussian(self, shape: tuple[int, ...], std: float) -> NDArray[np.float64]:
        return SeededNoise(42).gaussian(shape, std)


def truncated(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(values, -3.5 * STD, 3.5 * STD)


def repeating(values: NDArray[np.float64]) -> NDArray[np.float64]:
    half = values.size // 2
    return np.concatenate([values[:half], values[: values.size - half]])


def paired(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return (values + np.roll(values, 1)) / math.sqrt(2)


@pytest.mark.parametrize("check", CHECKS)
def test_the_noise_is_what_it_is_said_to_be(check: Check) -> None:
    assert check(SystemNoise())


@pytest.mark.parametrize(
    ("check", "defect"),
    [
        (fits_by_kolmogorov_smirnov, Defective(lambda values: values / 2)),
        (fits_by_chi_squared, Defective(lambda values: values / 2)),
        (variance_is_right, Defective(lambda values: values / 2)),
        (variance_is_right, Defective(lambda values: values * 0.9)),
        (fits_by_kolmogorov_smirnov, Defective(np.zeros_like)),
        (fits_by_chi_squared, Defective(np.zeros_like)),
        (variance_is_right, Defective(np.zeros_like)),
        (calls_are_independent, Defective(np.zeros_like)),
        (calls_are_independent, SharedSeed()),
        (mean_is_zero, Defective(lambda values: values + STD / 5)),
        (mean_is_zero, Defective(np.abs)),
        (tails_are_as_heavy_as_they_should, Defective(truncated)),
        (neighbours_are_independent, Defective(paired)),
        (chunks_are_independent, Defective(repeating)),
    ],
)
def test_a_defective_source_is_caught(check: Check, defect: NoiseSource) -> None:
    assert not check(defect)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_small_draws_have_the_right_spread_too(count: int) -> None:
    source = SystemNoise()
    values = np.concatenate([draw(source, count=count) for _ in range(VALUES // count)])
    assert stats.kstest(values, stats.norm(scale=STD).cdf).pvalue > FALSE_ALARM


def test_seeded_noise_is_distributed_as_the_real_one() -> None:
    assert all(check(SeededNoise(1)) for check in CHECKS)


def test_noise_of_two_sites_does_not_cancel() -> None:
    """Twenty releases at two sites: no two tensors are equal, and no difference of releases equals the clean one."""
    sites = (SystemNoise(), SystemNoise())
    clean = (np.arange(50.0), np.arange(50.0)[::-1])
    releases = [[value + draw(site, count=50) for site, value in zip(sites, clean, strict=True)] for _ in range(20)]
    seen = {tensor.tobytes() for pair in releases for tensor in pair}
    assert len(seen) == 40
    assert not any(np.allclose(pair[0] - pair[1], clean[0] - clean[1], atol=STD / 100) for pair in releases)
