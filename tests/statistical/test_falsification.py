"""No mechanism's ε can be refuted by running it on neighbouring data sets; with a seeded defect, each one's is.

Every audit takes the claimed ε from the accountant, for the event that is charged, and a lower bound from runs. The
data sets differ in one unit, whose raw contribution is three times what clipping leaves of it. The runs use the
operating system's randomness, so none is repeatable.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.falsification import epsilon_lower_bound, repeated
from tests.unsafe_noise import UnsafeNoise

from fedaug.privacy import mechanisms
from fedaug.privacy.accounting import epsilon
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
from fedaug.privacy.noise import NoiseSource, SystemNoise

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Chance that one audit refutes a correct mechanism. There are eight, so a run is wrongly red once in 1.2 million.
FALSE_ALARM = 1e-7
KIND = ReleaseKind.NOISY_STATISTICS
RAW = 3.0  # length of the one unit's contribution; clipping leaves 1
DIRECTION = np.full(4, 0.5)  # of that contribution; the other units' are orthogonal to it, so they do not blur a score
OTHERS = np.array([[0.5, -0.5, 0.5, -0.5], [0.5, 0.5, -0.5, -0.5], [-0.1, 0.1, 0.1, -0.1]])
STEPS = 2**20  # of the grid in one standard deviation


# defects


class FixedBatches(SystemNoise):
    """Shuffles the units once an epoch and takes them batch by batch, as a usual data loader does."""

    def __init__(self) -> None:
        self._batches: Iterator[NDArray[np.bool_]] = iter(())

    def bernoulli(self, shape: tuple[int, ...], probability: float) -> NDArray[np.bool_]:
        batch = next(self._batches, None)
        if batch is None:
            place = np.argsort(super().integers(shape, 2**63)) % round(1 / probability)
            self._batches = iter([place == i for i in range(round(1 / probability))])
            batch = next(self._batches)
        return batch


HALF = UnsafeNoise(halvings=1)
SILENT = UnsafeNoise(silent=True)


# mechanisms on data sets with and without the one unit


@dataclass(frozen=True)
class Audit:
    """A mechanism with its claim.

    Attributes:
        event: What is charged.
        delta: At which ε is claimed; large, where an event has to be frequent to be counted.
        score: One run: is the unit in the data, are contributions clipped, and where the noise comes from.
        runs: On each data set.
        power: Share of the claimed ε that is refuted at the least, so that an audit of a correct mechanism that finds
            nothing, because it looks at nothing, fails.
    """

    event: Event
    delta: float
    score: Callable[[bool, bool, NoiseSource], float]
    runs: int = 8_000
    power: float = 0.25


def contributions(there: bool, clipped: bool) -> Floats:
    """What each unit adds, float64 [units, 4]; the one unit is the last."""
    return np.vstack([OTHERS, (1.0 if clipped else RAW) * DIRECTION]) if there else OTHERS


def on_grid(parts: Floats, grid: float) -> Integers:
    return np.rint(parts / grid).astype(np.int64).sum(axis=0)


def projection(noisy: Integers, grid: float) -> float:
    return float(mechanisms.grid_values(noisy, grid) @ DIRECTION)


DISCRETE = DiscreteGaussianEvent("key", KIND, 1.0, 1.0, 1 / STEPS, 4)


def discrete(there: bool, clipped: bool, noise: NoiseSource) -> float:
    clean = on_grid(contributions(there, clipped), DISCRETE.grid)
    return projection(mechanisms.discrete_gaussian(clean, DISCRETE, noise), DISCRETE.grid)


CONTINUOUS = GaussianEvent("key", KIND, 1.0, 1.0)


def continuous(there: bool, clipped: bool, noise: NoiseSource) -> float:
    return float(mechanisms.gaussian(contributions(there, clipped).sum(axis=0), CONTINUOUS, noise) @ DIRECTION)


# Four sites of which one leaves its noise out: three shares of 1/2 make a standard deviation of 0.87.
DISTRIBUTED = DistributedGaussianEvent("key", KIND, 1.0, 0.5, 0.5 / STEPS, 4, 4, 4, 1, 2**40)


def distributed(there: bool, clipped: bool, noise: NoiseSource, silent: int = DISTRIBUTED.colluders) -> float:
    units = contributions(there, clipped)
    parts = [units[0:1], units[1:2], units[2:3], units[3:]]  # the one unit is at a site that adds its noise
    shares = [
        mechanisms.distributed_share(on_grid(part, DISTRIBUTED.grid), DISTRIBUTED, SILENT if i < silent else noise)
        for i, part in enumerate(parts)
    ]
    return projection(mechanisms.distributed_sum(shares, DISTRIBUTED), DISTRIBUTED.grid)


LAPLACE = LaplaceEvent("key", KIND, 1.0, 1.0, 1 / STEPS, 4)


def laplace(there: bool, clipped: bool, noise: NoiseSource) -> float:
    """The L1 norm of the unit's contribution is what is clipped, and it lies on the first axis."""
    unit = np.array([[1.0 if clipped else RAW, 0, 0, 0]]) * there
    return float(mechanisms.laplace(on_grid(unit, LAPLACE.grid), LAPLACE, noise)[0]) * LAPLACE.grid


SUBSAMPLED = SubsampledGaussianEvent("key", KIND, 1.0, 0.5, 0.5 / STEPS, 4, 0.25, 4)


# Noise so narrow that a step nearly tells whether the unit was in its sample, which is what wrong sampling changes.
SAMPLED = SubsampledGaussianEvent("key", KIND, 1.0, 0.25, 0.25 / STEPS, 4, 0.25, 4)


def subsampled(event: SubsampledGaussianEvent, there: bool, clipped: bool, noise: NoiseSource) -> float:
    """The log-likelihood ratio of all steps under the claimed mechanism: no score tells the data sets better apart."""
    units = contributions(there, clipped)
    score = 0.0
    for _ in range(event.steps):
        taken = mechanisms.poisson_sample(len(units), event, noise)
        clean = on_grid(units[taken], event.grid)
        seen = projection(mechanisms.subsampled_gaussian_step(clean, event, noise), event.grid)
        ratio = (2 * seen - 1) / (2 * event.noise_std**2)
        score += math.log(1 - event.sampling_rate + event.sampling_rate * math.exp(min(ratio, 700.0)))
    return score


RESPONSE = RandomizedResponseEvent("key", KIND, 4, math.exp(0.8) / (math.exp(0.8) + 3), 2)


def response(there: bool, clipped: bool, noise: NoiseSource) -> float:
    """Category 1 is the unit's, category 0 stands for an absent one; unclipped it answers three times as often."""
    answers = np.full(RESPONSE.answers, int(there))
    released = [mechanisms.randomised_response(answers, RESPONSE, noise) for _ in range(1 if clipped else round(RAW))]
    return float(sum((part == 1).sum() - (part == 0).sum() for part in released))


THRESHOLD = AboveThresholdEvent("key", KIND, 1.0, 1.0, 1.0, 1 / STEPS, 1)


def threshold(there: bool, clipped: bool, noise: NoiseSource) -> float:
    """Whether the first positive answer is the sixth: less likely if the unit is counted in the first five."""
    counts = [*[there * (1 if clipped else round(RAW))] * 5, 1]
    return float(list(mechanisms.above_threshold(counts, 0.5, THRESHOLD, noise)) == [False] * 5 + [True])


AUDITS = {
    "discrete Gaussian": Audit(DISCRETE, 0.05, discrete),
    "continuous Gaussian": Audit(CONTINUOUS, 0.05, continuous),
    "distributed Gaussian": Audit(DISTRIBUTED, 0.05, distributed, runs=4_000),
    "Laplace": Audit(LAPLACE, 1e-3, laplace),
    "subsampled Gaussian": Audit(SUBSAMPLED, 0.1, partial(subsampled, SUBSAMPLED), runs=4_000),
    "randomised response": Audit(RESPONSE, 1e-3, response),
    "above threshold": Audit(THRESHOLD, 1e-3, threshold, runs=24_000),
}
#: Wrong sampling shows at a δ at which what is right costs little.
SAMPLING_AUDIT = Audit(SAMPLED, 0.6, partial(subsampled, SAMPLED), runs=6_000)
SAMPLING: dict[str, Callable[[], NoiseSource]] = {
    "rate doubled": lambda: UnsafeNoise(coin=lambda rate: 2 * rate),
    "fixed batches": FixedBatches,
    "every unit at every step": lambda: UnsafeNoise(coin=lambda rate: 1.0),
}


def claimed(audit: Audit) -> float:
    return epsilon([audit.event], audit.delta)


def refuted(audit: Audit, noise: NoiseSource, *, clipped: bool = True) -> float:
    """The lower bound on ε."""
    whole = repeated(lambda: audit.score(True, clipped, noise), audit.runs)
    neighbour = repeated(lambda: audit.score(False, clipped, noise), audit.runs)
    return epsilon_lower_bound(whole, neighbour, audit.delta, FALSE_ALARM)


def half_of(audit: Audit) -> NoiseSource:
    """Half the noise; of a coin, half the doubt."""
    return UnsafeNoise(coin=lambda keep: (1 + keep) / 2) if audit.event is RESPONSE else HALF


def none_of(audit: Audit) -> NoiseSource:
    return UnsafeNoise(coin=lambda keep: 1.0) if audit.event is RESPONSE else SILENT


@pytest.fixture(params=AUDITS)
def audit(request: pytest.FixtureRequest) -> Audit:
    return AUDITS[request.param]


def test_the_claim_is_not_refuted_and_the_audit_has_power(audit: Audit) -> None:
    found = refuted(audit, SystemNoise())
    assert audit.power * claimed(audit) < found <= claimed(audit)


def test_half_the_noise_is_caught(audit: Audit) -> None:
    assert refuted(audit, half_of(audit)) > claimed(audit)


def test_no_noise_is_caught(audit: Audit) -> None:
    assert refuted(audit, none_of(audit)) > claimed(audit)


def test_a_contribution_that_is_not_clipped_is_caught(audit: Audit) -> None:
    assert refuted(audit, SystemNoise(), clipped=False) > claimed(audit)


def test_the_claim_on_sampling_is_not_refuted() -> None:
    assert refuted(SAMPLING_AUDIT, SystemNoise()) <= claimed(SAMPLING_AUDIT)


@pytest.mark.parametrize("defect", SAMPLING)
def test_wrong_sampling_is_caught(defect: str) -> None:
    assert refuted(SAMPLING_AUDIT, SAMPLING[defect]()) > claimed(SAMPLING_AUDIT)


def test_more_silent_sites_than_stated_are_caught() -> None:
    silent = Audit(DISTRIBUTED, 0.05, lambda there, clipped, noise: distributed(there, clipped, noise, silent=3))
    assert refuted(silent, SystemNoise()) > claimed(silent)
