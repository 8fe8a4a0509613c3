"""Are the integers that are drawn what they are said to be? Each check states how often it would raise a false alarm.

At small widths they are held to the exact probabilities, at the widest to the continuous law, from which that differs
by less than 2^-24. The same checks run over sources with a seeded defect, and each must be caught.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats
from tests.seeded_noise import SeededNoise

from fedaug.privacy.events import DiscreteGaussianEvent, ReleaseKind
from fedaug.privacy.mechanisms import discrete_gaussian
from fedaug.privacy.noise import NoiseSource, SystemNoise

Integers = NDArray[np.int64]
Check = Callable[[NoiseSource], bool]

#: Chance that one check fails on a correct source. There are 22 below (and 22 over seeded noise, which do not change),
#: so a run is wrongly red once in 45,000.
FALSE_ALARM = 1e-6
VALUES = 5_000
WIDEST = 24


def fits(values: Integers, weights: Callable[[NDArray[np.float64]], NDArray[np.float64]], reach: int) -> bool:
    """Chi-squared against exact probabilities; values of which fewer than 20 are expected share a bin.

    With such bins the p-value is near enough: in 400,000 simulated samples, values below 1e-4 came 1.2 times as often
    as they should at most.
    """
    support = np.arange(-reach, reach + 1)
    probabilities = weights(support.astype(np.float64))
    probabilities /= probabilities.sum()
    common = support[probabilities * values.size >= 20]
    expected = probabilities[np.isin(support, common)] * values.size
    seen = np.array([(values == value).sum() for value in common])
    rest = values.size - expected.sum()
    if rest >= 20:
        expected, seen = np.append(expected, rest), np.append(seen, values.size - seen.sum())
    else:
        expected *= seen.sum() / expected.sum()
    return bool(seen.sum() > values.size / 2 and stats.chisquare(seen, expected).pvalue > FALSE_ALARM)


def gaussian_fits(log2_std: int) -> Check:
    def check(source: NoiseSource) -> bool:
        s = 2**log2_std
        return fits(source.discrete_gaussian((VALUES,), log2_std), lambda z: np.exp(-(z**2) / (2 * s * s)), 40 * s)

    return check


def laplace_fits(log2_scale: int) -> Check:
    def check(source: NoiseSource) -> bool:
        t = 2**log2_scale
        return fits(source.discrete_laplace((VALUES,), log2_scale), lambda z: np.exp(-np.abs(z) / t), 60 * t)

    return check


def wide_gaussian_fits(source: NoiseSource) -> bool:
    values = source.discrete_gaussian((VALUES,), WIDEST) / 2**WIDEST
    return bool(stats.kstest(values, stats.norm.cdf).pvalue > FALSE_ALARM)


def wide_laplace_fits(source: NoiseSource) -> bool:
    values = source.discrete_laplace((VALUES,), WIDEST) / 2**WIDEST
    return bool(stats.kstest(values, stats.laplace.cdf).pvalue > FALSE_ALARM)


def tail_is_as_heavy_as_it_should(source: NoiseSource) -> bool:
    """Values beyond 3.5 s among 200,000: binomial, about 93 expected; the lattice shifts that by less than 1e-5."""
    beyond = int((np.abs(source.discrete_gaussian((200_000,), WIDEST)) > 3.5 * 2**WIDEST).sum())
    return bool(stats.binomtest(beyond, 200_000, 2 * stats.norm.sf(3.5)).pvalue > FALSE_ALARM)


def variance_is_right(source: NoiseSource) -> bool:
    """Σz²/s² is chi-squared with n degrees of freedom, up to the lattice."""
    total = float((source.discrete_gaussian((VALUES,), WIDEST).astype(np.float64) ** 2).sum()) / 4.0**WIDEST
    return bool(FALSE_ALARM / 2 < stats.chi2(VALUES).cdf(total) < 1 - FALSE_ALARM / 2)


def low_bits_are_uniform(source: NoiseSource) -> bool:
    """Which of 64 residues a value falls on says nothing about it."""
    residues = np.bincount(source.discrete_gaussian((VALUES,), WIDEST) % 64, minlength=64)
    return bool(stats.chisquare(residues).pvalue > FALSE_ALARM)


def calls_are_independent(source: NoiseSource) -> bool:
    return uncorrelated(*(source.discrete_gaussian((VALUES,), WIDEST) for _ in range(2)))


def neighbours_are_independent(source: NoiseSource) -> bool:
    values = source.discrete_gaussian((VALUES,), WIDEST).astype(np.float64)
    return uncorrelated(values[1:], values[:-1]) and uncorrelated(values[1:] ** 2, values[:-1] ** 2)


def chunks_are_independent(source: NoiseSource) -> bool:
    """A chunk of 2^14 trials gives about 11,700 values."""
    values = source.discrete_gaussian((VALUES * 10,), WIDEST)
    return uncorrelated(values[11_700:], values[:-11_700]) and np.unique(values).size > 9.9 * VALUES


def uncorrelated(left: NDArray[np.generic], right: NDArray[np.generic]) -> bool:
    if not (left.std() and right.std()):  # type: ignore[attr-defined]  # numbers have one
        return False
    return bool(stats.pearsonr(left, right).pvalue > FALSE_ALARM / 2)


def coins_are_true_as_often_as_they_should(probability: float) -> Check:
    def check(source: NoiseSource) -> bool:
        coins = source.bernoulli((VALUES,), probability)
        return bool(stats.binomtest(int(coins.sum()), VALUES, probability).pvalue > FALSE_ALARM)

    return check


def coins_are_independent(source: NoiseSource) -> bool:
    coins = source.bernoulli((VALUES,), 0.3).astype(np.float64)
    return uncorrelated(coins[1:], coins[:-1])


def few_integers_are_uniform(source: NoiseSource) -> bool:
    return bool(stats.chisquare(np.bincount(source.integers((VALUES,), 7), minlength=7)).pvalue > FALSE_ALARM)


def many_integers_are_uniform(source: NoiseSource) -> bool:
    """Three quarters of 2^63: were words of a last, short cycle kept, small integers would come more often."""
    below = 3 * 2**61
    return bool(stats.kstest(source.integers((VALUES,), below) / below, stats.uniform.cdf).pvalue > FALSE_ALARM)


CHECKS: dict[str, Check] = {
    **{f"Gaussian of 2^{k}": gaussian_fits(k) for k in (0, 1, 2, 5)},
    **{f"Laplace of 2^{k}": laplace_fits(k) for k in (0, 1, 2, 5)},
    "widest Gaussian": wide_gaussian_fits,
    "widest Laplace": wide_laplace_fits,
    "tail": tail_is_as_heavy_as_it_should,
    "variance": variance_is_right,
    "low bits": low_bits_are_uniform,
    "calls": calls_are_independent,
    "neighbours": neighbours_are_independent,
    "chunks": chunks_are_independent,
    **{f"coins of {p}": coins_are_true_as_often_as_they_should(p) for p in (0.001, 0.3, 0.99)},
    "independent coins": coins_are_independent,
    "few integers": few_integers_are_uniform,
    "many integers": many_integers_are_uniform,
}


@pytest.mark.parametrize("name", CHECKS)
def test_what_is_drawn_is_what_it_is_said_to_be(name: str) -> None:
    assert CHECKS[name](SystemNoise())


@pytest.mark.parametrize("name", CHECKS)
def test_what_the_seeded_source_draws_is_too(name: str) -> None:
    assert CHECKS[name](SeededNoise(1))


class Defective(SystemNoise):
    """The real source with one thing wrong, made for a test."""

    def __init__(self, change: Callable[[Integers], Integers]) -> None:
        self._change = change

    def discrete_gaussian(self, shape: tuple[int, ...], log2_std: int) -> Integers:
        return self._change(super().discrete_gaussian(shape, log2_std))

    def discrete_laplace(self, shape: tuple[int, ...], log2_scale: int) -> Integers:
        return self._change(super().discrete_laplace(shape, log2_scale))

    def bernoulli(self, shape: tuple[int, ...], probability: float) -> NDArray[np.bool_]:
        return self._change(super().bernoulli(shape, probability).astype(np.int64)).astype(np.bool_)

    def integers(self, shape: tuple[int, ...], below: int) -> Integers:
        return self._change(super().integers(shape, below))


class SharedSeed(SystemNoise):
    """Starts again at the same seed with every call."""

    def discrete_gaussian(self, shape: tuple[int, ...], log2_std: int) -> Integers:
        return SeededNoise(42).discrete_gaussian(shape, log2_std)


class Biased(SystemNoise):
    """Takes the remainder of whatever word comes."""

    def integers(self, shape: tuple[int, ...], below: int) -> Integers:
        return np.asarray(super().integers(shape, 2**63) % below)


def narrower(values: Integers) -> Integers:
    return np.rint(values / 2).astype(np.int64)


def kept_minus_zero(values: Integers) -> Integers:
    """As many zeros again as there should be."""
    zeros = np.flatnonzero(values == 0)
    changed = values.copy()
    changed[: zeros.size] = 0
    return changed


def truncated(values: Integers) -> Integers:
    limit = round(3.5 * 2**WIDEST)
    return np.clip(values, -limit, limit)


def coarse(values: Integers) -> Integers:
    return values // 2 * 2


def paired(values: Integers) -> Integers:
    return np.asarray((values + np.roll(values, 1)) / np.sqrt(2)).astype(np.int64)


def repeating(values: Integers) -> Integers:
    return np.resize(values[:11_700], values.size)


@pytest.mark.parametrize(
    ("name", "defect"),
    [
        *[(f"{law} of 2^{k}", Defective(narrower)) for law in ("Gaussian", "Laplace") for k in (0, 1, 2, 5)],
        *[(f"{law} of 2^{k}", Defective(np.zeros_like)) for law in ("Gaussian", "Laplace") for k in (0, 1, 2, 5)],
        *[(f"{law} of 2^{k}", Defective(np.abs)) for law in ("Gaussian", "Laplace") for k in (0, 1, 2, 5)],
        *[(f"{law} of 2^{k}", Defective(kept_minus_zero)) for law in ("Gaussian", "Laplace") for k in (0, 1)],
        ("widest Gaussian", Defective(narrower)),
        ("widest Gaussian", Defective(np.zeros_like)),
        ("widest Laplace", Defective(narrower)),
        ("widest Laplace", Defective(np.abs)),
        ("tail", Defective(truncated)),
        ("variance", Defective(lambda values: values * 9 // 10)),
        ("variance", Defective(np.zeros_like)),
        ("low bits", Defective(coarse)),
        ("calls", SharedSeed()),
        ("calls", Defective(np.zeros_like)),
        ("neighbours", Defective(paired)),
        ("chunks", Defective(repeating)),
        ("coins of 0.3", Defective(lambda coins: 1 - coins)),
        ("coins of 0.99", Defective(np.zeros_like)),
        ("independent coins", Defective(lambda coins: np.repeat(coins, 2)[: coins.size])),
        ("few integers", Defective(lambda values: np.maximum(values, 1))),
        ("many integers", Biased()),
    ],
)
def test_a_defective_source_is_caught(name: str, defect: NoiseSource) -> None:
    assert not CHECKS[name](defect)


# two sites


EVENT = DiscreteGaussianEvent("key", ReleaseKind.NOISY_STATISTICS, 1.0, 1.0, 2.0**-WIDEST, 50)
CLEAN = (np.arange(50), np.arange(50)[::-1].copy())


def seed_everything() -> None:
    random.seed(42)
    np.random.seed(42)
    torch.manual_seed(42)


def releases(sites: tuple[NoiseSource, NoiseSource]) -> Iterator[tuple[Integers, Integers]]:
    """Twenty at each of two sites, every one right after everything that can be seeded was seeded alike."""
    for _ in range(20):
        pair = []
        for site, clean in zip(sites, CLEAN, strict=True):
            seed_everything()
            pair.append(discrete_gaussian(clean, EVENT, site))
        yield pair[0], pair[1]


def noise_is_shared(sites: tuple[NoiseSource, NoiseSource]) -> bool:
    """Whether two releases hold equal noise, or the noise of two sites cancels in their difference."""
    pairs = list(releases(sites))
    noise = {(one - clean).tobytes() for pair in pairs for one, clean in zip(pair, CLEAN, strict=True)}
    cancels = any(np.array_equal(one - other, CLEAN[0] - CLEAN[1]) for one, other in pairs)
    return len(noise) < 40 or cancels


def test_noise_of_two_sites_is_not_shared_whatever_is_seeded() -> None:
    """Equal by chance: not once in 10^300 runs, each tensor being 50 values of which none comes oftener than 2^-25."""
    assert not noise_is_shared((SystemNoise(), SystemNoise()))


@pytest.mark.parametrize(
    "sites", [(SharedSeed(), SharedSeed()), (SeededNoise(42), SeededNoise(42))], ids=["every call", "every site"]
)
def test_noise_from_a_seed_is_caught(sites: tuple[NoiseSource, NoiseSource]) -> None:
    assert noise_is_shared(sites)
