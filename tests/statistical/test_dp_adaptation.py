"""Does an adaptation execute what its event states: Poisson samples, the whole noise, one clip a unit?

Each check runs over seeded defects too, every one of which must be caught, and a correct trainer must pass all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats
from tests.adapting import Attached, plan, rows
from tests.unsafe_noise import UnsafeNoise
from torch import Tensor

from fedaug.client.training import adapt as adapting
from fedaug.client.training.adapt import StepGradients
from fedaug.client.training.clipped_sum import ClippedSum
from fedaug.client.training.passages import EncodedUnit
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.events import SubsampledGaussianEvent
from fedaug.privacy.noise import NoiseSource, SystemNoise

#: Chance that one check fails on a correct trainer. Four run on it, so a run is wrongly red once in 250,000.
FALSE_ALARM = 1e-6
UNITS, RATE, STEPS = 60, 0.3, 300


# Sampling


def taken_units(monkeypatch: pytest.MonkeyPatch) -> NDArray[np.bool_]:
    """Which units each step took, bool [steps, units]; their gradients are left out."""
    attached = Attached(chosen=plan(sampling_rate=RATE, steps=STEPS))
    units: list[EncodedUnit] = [(row,) for row in rows(UNITS)]
    places = {id(unit): place for place, unit in enumerate(units)}
    found = np.zeros((STEPS, UNITS), np.bool_)

    def noting(self: StepGradients, sampled: Sequence[EncodedUnit], step: int) -> Tensor:
        found[step, [places[id(unit)] for unit in sampled]] = True
        return torch.zeros(attached.event.dimensions, dtype=torch.int64)

    monkeypatch.setattr(StepGradients, "total", noting)
    steps = attached.steps()
    for step in range(STEPS):
        steps.take(units, step, SystemNoise())
    return found


def is_poisson(found: NDArray[np.bool_]) -> bool:
    """Sizes vary as a binomial's do, every unit comes as often as stated, and neighbours in time are independent."""
    alarm = FALSE_ALARM / 4
    variance = UNITS * RATE * (1 - RATE)
    spread = float(((found.sum(axis=1) - UNITS * RATE) ** 2).sum()) / variance
    law = stats.chi2(STEPS)  # sizes are all but normal at 60 units; their kurtosis differs by 1/variance, below 8 %
    sizes = law.cdf(spread / 1.1) > alarm and law.sf(spread * 1.1) > alarm
    often = float(((found.sum(axis=0) - STEPS * RATE) ** 2).sum()) / (STEPS * RATE * (1 - RATE))
    shares = stats.chi2(UNITS).sf(often) > alarm
    both = int((found[1:] & found[:-1]).sum())
    pairs = (STEPS - 1) * UNITS
    # Pairs of steps overlap in one step, which widens the count: its variance is at most (1 + 2q) times a binomial's.
    deviation = math.sqrt(pairs * RATE**2 * (1 - RATE**2) * (1 + 2 * RATE))
    return bool(sizes and shares and abs(both - pairs * RATE**2) < deviation * stats.norm.isf(alarm / 2))


def shuffled(units: int, event: SubsampledGaussianEvent, noise: NoiseSource) -> NDArray[np.bool_]:
    """The defect: batches of one size, cut from a shuffled list, which Poisson accounting does not cover."""
    chosen = np.zeros(units, np.bool_)
    chosen[np.random.default_rng(noise.token(8)[0]).permutation(units)[: round(units * event.sampling_rate)]] = True
    return chosen


class Epochs:
    """The defect: the list is walked through, a batch a step."""

    def __init__(self) -> None:
        self.at = 0

    def __call__(self, units: int, event: SubsampledGaussianEvent, noise: NoiseSource) -> NDArray[np.bool_]:
        size = round(units * event.sampling_rate)
        chosen = np.zeros(units, np.bool_)
        chosen[(self.at + np.arange(size)) % units] = True
        self.at += size
        return chosen


def half_as_often(units: int, event: SubsampledGaussianEvent, noise: NoiseSource) -> NDArray[np.bool_]:
    """The defect: half of the units are never taken, the others twice as often."""
    chosen = noise.bernoulli((units,), min(1.0, 2 * event.sampling_rate))
    chosen[units // 2 :] = False
    return chosen


def test_every_step_takes_a_poisson_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_poisson(taken_units(monkeypatch))


@pytest.mark.parametrize("defect", [shuffled, Epochs(), half_as_often], ids=["shuffled", "epochs", "half"])
def test_other_samples_are_caught(monkeypatch: pytest.MonkeyPatch, defect: Callable[..., NDArray[np.bool_]]) -> None:
    monkeypatch.setattr(adapting, "poisson_sample", defect)
    assert not is_poisson(taken_units(monkeypatch))


# Noise


class Repeating(SystemNoise):
    """A noise source with a defect: every step gets the first one's noise."""

    def __init__(self) -> None:
        self._first: NDArray[np.int64] | None = None

    def discrete_gaussian(self, shape: tuple[int, ...], log2_std: int) -> NDArray[np.int64]:
        if self._first is None:
            self._first = super().discrete_gaussian(shape, log2_std)
        return self._first


def noise_is_right(source: NoiseSource, expected_batch: float = 8.0) -> bool:
    """What the optimiser gets on empty batches: Σx²/variance is chi-squared, of single steps and of their mean."""
    attached = Attached(chosen=plan(noise_multiplier=2.0, clip=0.5, steps=8, expected_batch=expected_batch))
    steps = attached.steps()
    got = []
    for step in range(8):
        steps.take([], step, source)
        assert steps._flat.grad is not None
        got.append(steps._flat.grad.double().numpy())
    values = np.stack(got) * 8.0  # the plan's normaliser
    variance = (2.0 * 0.5) ** 2
    for squares, count in (
        (float((values**2).sum()) / variance, values.size),
        (float((values.mean(axis=0) ** 2).sum()) / variance * 8, values.shape[1]),
    ):
        law = stats.chi2(count)
        if not (law.cdf(squares) > FALSE_ALARM / 4 and law.sf(squares) > FALSE_ALARM / 4):
            return False
    return True


def test_every_weight_gets_the_whole_noise_at_every_step_also_of_an_empty_batch() -> None:
    assert noise_is_right(SystemNoise())


@pytest.mark.parametrize(
    "source",
    [UnsafeNoise(halvings=1), UnsafeNoise(silent=True), Repeating()],
    ids=["half", "none", "the same"],
)
def test_less_noise_is_caught(source: NoiseSource) -> None:
    assert not noise_is_right(source)


def test_a_normaliser_that_is_not_the_plans_is_caught() -> None:
    assert not noise_is_right(SystemNoise(), expected_batch=16.0)


# Claim

CLIP, MULTIPLIER, DELTA, RUNS = 0.001, 0.7, 0.15, 2_000


def keeps_its_claim(source: NoiseSource) -> bool:
    """P[S | the unit] ≤ e^ε P[S | nobody] + δ, with (ε, δ) as charged and Clopper-Pearson bounds of both.

    S: a step's noised sum lies towards the unit's own gradient by more than half the clip, which tells best of units
    that are clipped, or by more than three times the clip, which tells of others.
    """
    attached = Attached(chosen=plan(sampling_rate=0.5, noise_multiplier=MULTIPLIER, clip=CLIP, steps=1))
    gradients, event = attached.gradients(), attached.event
    # Weights do not move between runs, so each of the two possible sums is worked out once.
    sums = {taken: gradients.total([(rows(1, seed=7)[0],)] * taken, 0).numpy() for taken in (0, 1)}
    direction = sums[1] / np.linalg.norm(sums[1])

    def towards(units: int) -> NDArray[np.float64]:
        """How far each run's sum lies towards the unit, in clips."""
        taken = [int(adapting.poisson_sample(units, event, source).sum()) for _ in range(RUNS)]
        noised = (adapting.subsampled_gaussian_step(sums[each], event, source) for each in taken)
        return np.array([float(direction @ each) for each in noised]) * event.grid / CLIP

    whole, neighbour = towards(1), towards(0)
    alarm, claimed = FALSE_ALARM / 4, math.exp(epsilon((event,), DELTA))
    for bound in (0.5, 3.0):
        likely, rare = int((whole > bound).sum()), int((neighbour > bound).sum())
        at_least = stats.beta(likely, RUNS - likely + 1).ppf(alarm) if likely else 0.0
        at_most = stats.beta(rare + 1, RUNS - rare).isf(alarm) if rare < RUNS else 1.0
        if not at_least <= claimed * at_most + DELTA:
            return False
    return True


def not_clipped(self: ClippedSum, units: Sequence[Tensor]) -> None:
    for unit, total in zip(units, self._sums, strict=True):
        total.add_((unit / self._grid).round().sum(0, dtype=torch.float64).to(torch.int64))


def test_a_step_keeps_the_claim_of_its_event() -> None:
    assert keeps_its_claim(SystemNoise())


def test_a_unit_that_is_not_clipped_breaks_the_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ClippedSum, "_add_clipped", not_clipped)
    assert not keeps_its_claim(SystemNoise())


def test_less_noise_breaks_the_claim() -> None:
    assert not keeps_its_claim(UnsafeNoise(halvings=1))
