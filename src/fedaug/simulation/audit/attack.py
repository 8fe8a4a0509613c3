"""Which canaries are in: guessed from nothing but what left, the public plan, and the canaries themselves.

A release is a sum of what each unit adds, plus Gaussian noise. The auditor knows what each canary adds if it is in, so
of one label's canaries, each in by a fair coin b,

    y = a Σ bᵢ fᵢ + s g,    y the released block, fᵢ the shares, g standard normal,

and the best linear guess of b - 1/2 is (a/4) F (a²/4 FᵀF + s²)⁻¹ (y - a/2 Σ fᵢ), solved in the space of the canaries:
a matched filter that is whitened against the other canaries and the noise. Releases are stacked, each scaled by its
noise. The plan states a = 1 and s; the auditor does not believe it, and fits both to what left, so that a release
without clip (a is large) or without noise (s is small) is solved, not only filtered. Fitting to what left is
post-processing, and costs the audit nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

_VARIANCE: Final = 0.25  # of a fair coin
#: Widths that are tried, as shares of the planned noise: from an eighth of it louder down to the grid's rounding.
_WIDTHS: Final = tuple(2.0**power for power in range(3, -21, -1))
#: Of a release whose plan has no noise: the scale of its own contributions.
_NO_NOISE: Final = 1.0
_DEVIATIONS: Final = 5.0  # a fit that is nearer to the plan than this is the plan


@dataclass(frozen=True, repr=False)
class Block:
    """The part of a release that one label's canaries can be in.

    Attributes:
        label: The label's position.
        canaries: Which ones, int [k]; the same in every release.
        values: As they left, float64 [d].
        shares: What each canary adds if it is in, its L2 norm at most 1, float64 [k, d].
    """

    label: int
    canaries: NDArray[np.int64]
    values: Floats
    shares: Floats


@dataclass(frozen=True, repr=False)
class Leak:
    """One release as the auditor sees it.

    Attributes:
        key: Which one.
        noise_std: As planned; 0 where the noise is off.
        blocks: One a label; labels without canaries have none.
    """

    key: str
    noise_std: float
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Width:
    """How wide a release's noise is, across all that canaries can add: there is nothing but noise.

    Attributes:
        key: Which release.
        planned: Its standard deviation by the plan.
        heard: As it is found to be, over ``dimensions`` values.
    """

    key: str
    planned: float
    heard: float
    dimensions: int

    def least(self, doubt: float) -> float:
        """What it is below with a probability of ``doubt`` if the noise is as planned: a quantile of chi-square."""
        return self.planned * math.sqrt(float(stats.chi2.ppf(doubt, self.dimensions)) / self.dimensions)


@dataclass(frozen=True)
class Loudness:
    """How much each canary adds, if the plan is believed.

    Attributes:
        contributions: Estimates of what canaries add, 0 or 1 but for noise, float64 [m].
        deviations: From 1/2, in standard deviations under the plan, float64 [m].
    """

    contributions: Floats
    deviations: Floats

    def limit(self, confidence: float) -> float:
        """What no deviation exceeds with this confidence, if every canary is clipped and the noise is as planned.

        A deviation is a weighted sum of Gaussian noise and of coins less 1/2, whose variances add up to 1. Such coins
        are sub-Gaussian with their own variance (Hoeffding 1963, lemma 1), so P[deviation > t] <= exp(-t²/2), for each
        of m canaries.
        """
        return math.sqrt(2 * math.log(len(self.deviations) / (1 - confidence)))


def scores(leaks: Sequence[Leak], canaries: int) -> Floats:
    """Every canary by all releases together: about 1/2 if it seems put in, -1/2 if left out, float64 [m]."""
    return _VARIANCE * _solve(leaks, [fitted(leak) for leak in leaks], canaries).residuals


def loudness(leaks: Sequence[Leak], canaries: int) -> Loudness:
    """What every canary adds, under the plan's own clip and noise."""
    solved = _solve(leaks, [(1.0, leak.noise_std) for leak in leaks], canaries)
    information = np.maximum(solved.information, np.finfo(np.float64).tiny)
    return Loudness(0.5 + solved.residuals / information, solved.residuals / np.sqrt(information))


def widths(leaks: Sequence[Leak]) -> list[Width]:
    """The noise of each release that has any by its plan, and holds more values than canaries can explain."""
    found = []
    for leak in leaks:
        spectra = [_Spectrum.of(block, 1.0) for block in leak.blocks]
        rest = sum(spectrum.rest for spectrum in spectra)
        if rest and leak.noise_std:
            heard = math.sqrt(sum(spectrum.across for spectrum in spectra) / rest)
            found.append(Width(leak.key, leak.noise_std, heard, rest))
    return found


def fitted(leak: Leak) -> tuple[float, float]:
    """How much a canary adds, and how wide the noise is, to all appearances: amplitude and standard deviation.

    The amplitude is a least-squares fit to the mean over the coins; the width is the likeliest of a few, where coins
    are taken for Gaussian. Both stay as planned unless what left speaks clearly against it: a release of fewer values
    than canaries hardly shows its noise, and taken for exact it would drown the others.
    """
    amplitude = _amplitude(leak)
    unit = leak.noise_std or _NO_NOISE
    spectra = [_Spectrum.of(block, amplitude) for block in leak.blocks]

    def likelihood(width: float) -> float:
        return sum(spectrum.log_likelihood(amplitude, unit * width) for spectrum in spectra)

    likeliest = max(_WIDTHS, key=likelihood)
    clearly = likelihood(likeliest) - likelihood(1.0) > _DEVIATIONS**2 / 2
    return amplitude, unit * (likeliest if clearly else 1.0)


def _amplitude(leak: Leak) -> float:
    means = [block.shares.sum(axis=0) / 2 for block in leak.blocks]
    power = sum(float(mean @ mean) for mean in means)
    if not power:
        return 1.0
    match = sum(float(block.values @ mean) for block, mean in zip(leak.blocks, means, strict=True))
    coins = sum(float(((block.shares @ mean) ** 2).sum()) for block, mean in zip(leak.blocks, means, strict=True))
    found = match / power
    spread = math.sqrt(_VARIANCE * coins + leak.noise_std**2 * power) / power
    return found if abs(found - 1) > _DEVIATIONS * spread else 1.0


@dataclass(frozen=True, repr=False)
class _Spectrum:
    """A block less its mean over the coins, along the directions of its canaries and across them."""

    powers: Floats  # eigenvalues of FFᵀ above rounding
    along: Floats  # squared coordinates on those directions
    across: float  # squared length of the rest
    rest: int  # dimensions of the rest

    @classmethod
    def of(cls, block: Block, amplitude: float) -> _Spectrum:
        left = block.values - amplitude * block.shares.sum(axis=0) / 2
        powers, vectors = np.linalg.eigh(block.shares @ block.shares.T)
        kept = powers > 1e-9 * max(float(powers[-1]), 1e-300)
        along = (vectors[:, kept].T @ (block.shares @ left)) ** 2 / powers[kept]
        rest = len(left) - int(kept.sum())
        across = max(float(left @ left) - float(along.sum()), 0.0) if rest > 0 else 0.0
        return cls(powers[kept], along, across, max(rest, 0))

    def log_likelihood(self, amplitude: float, std: float) -> float:
        variances = _VARIANCE * amplitude**2 * self.powers + std**2
        along = float((np.log(variances) + self.along / variances).sum())
        return -0.5 * (along + self.rest * math.log(std**2) + self.across / std**2)


@dataclass(frozen=True, repr=False)
class _Solved:
    residuals: Floats  # fᵢᵀ C⁻¹ (y - mean), C the covariance of coins and noise
    information: Floats  # fᵢᵀ C⁻¹ fᵢ


def _solve(leaks: Sequence[Leak], scales: Sequence[tuple[float, float]], canaries: int) -> _Solved:
    """All releases together, label by label: labels share no value, so they are solved apart."""
    powers: dict[int, Floats] = {}
    matches: dict[int, Floats] = {}
    members: dict[int, NDArray[np.int64]] = {}
    for leak, (amplitude, std) in zip(leaks, scales, strict=True):
        weight = amplitude / max(std, 2.0**-20) ** 2
        for block in leak.blocks:
            members[block.label], nothing = block.canaries, np.zeros(())
            left = block.values - amplitude * block.shares.sum(axis=0) / 2
            gram = block.shares @ block.shares.T
            powers[block.label] = powers.get(block.label, nothing) + weight * amplitude * gram
            matches[block.label] = matches.get(block.label, nothing) + weight * (block.shares @ left)
    residuals, information = np.zeros(canaries), np.zeros(canaries)
    for label, power in powers.items():
        whole = _VARIANCE * power + np.eye(len(power))
        residuals[members[label]] = np.linalg.solve(whole, matches[label])
        information[members[label]] = np.diag(np.linalg.solve(whole, power))
    return _Solved(residuals, information)
