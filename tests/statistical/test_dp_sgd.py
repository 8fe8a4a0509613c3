"""Does a head trained by DP-SGD keep the ε that its event is charged for? Each check runs over seeded defects too.

Only what leaves is read: the trained head. Each defect must be caught by at least one check, and a correct trainer by
none.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from fedaug.client.training import linear
from fedaug.client.training.linear import UnitGradients, train_linear
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.events import ReleaseKind, SubsampledGaussianEvent
from fedaug.privacy.noise import NoiseSource, SystemNoise
from fedaug.strategies.contributions import Contributions

Floats = NDArray[np.float64]

#: Chance that one check fails on a correct trainer. Two run on it, so a run is wrongly red once in 500,000.
FALSE_ALARM = 1e-6
LABELS, WIDTH = 4, 3
CLIP, STD, RATE, STEP_SIZE = 0.5, 0.5, 0.5, 2.0
RUNS = 3_000  # of each neighbour: a defect below is missed with a chance under 1e-4
#: Where the privacy curve is compared. At so large a δ every run tells, not only the rare ones in the tail.
DELTA = 0.15
MANY = 60  # records of the one unit that the neighbour lacks

#: Others lie along the axes 1 and 2, the one unit along axis 0: what it adds there is no other's.
OTHERS = Contributions(
    np.eye(WIDTH, dtype=np.float32)[[1, 2, 1, 2, 1]], np.array([0, 1, 2, 3, 1], np.int64), np.array([0, 1, 2, 3, 3])
)
WHOLE = Contributions(
    np.vstack([OTHERS.embeddings, np.tile(np.array([10, 0, 0], np.float32), (MANY, 1))]),
    np.append(OTHERS.labels, np.full(MANY, 2)),
    np.append(OTHERS.units, np.full(MANY, 9)),
)
NOBODY = Contributions(np.zeros((0, WIDTH), np.float32), np.zeros(0, np.int64), np.zeros(0, np.int64))


class Narrow(SystemNoise):
    """A noise source with a defect: its standard deviation is half of what it is asked for."""

    def discrete_gaussian(self, shape: tuple[int, ...], log2_std: int) -> NDArray[np.int64]:
        return super().discrete_gaussian(shape, log2_std - 1)


class Silent(SystemNoise):
    """A noise source with a defect: it gives zeros."""

    def discrete_gaussian(self, shape: tuple[int, ...], log2_std: int) -> NDArray[np.int64]:
        return np.zeros(shape, np.int64)


class Repeating(SystemNoise):
    """A noise source with a defect: every step gets the first one's noise."""

    def __init__(self) -> None:
        self._first: NDArray[np.int64] | None = None

    def discrete_gaussian(self, shape: tuple[int, ...], log2_std: int) -> NDArray[np.int64]:
        if self._first is None:
            self._first = super().discrete_gaussian(shape, log2_std)
        return self._first


def planned(steps: int) -> SubsampledGaussianEvent:
    return SubsampledGaussianEvent(
        key="update",
        release=ReleaseKind.NOISY_UPDATE,
        sensitivity=CLIP,
        noise_std=STD,
        grid=math.ldexp(STD, -24),
        dimensions=LABELS * (WIDTH + 1),
        sampling_rate=RATE,
        steps=steps,
    )


def released(rows: Contributions, steps: int, source: Callable[[], NoiseSource]) -> Floats:
    """How far training moved a head from its start, in sums of clipped gradients: float64 [labels, d + 1]."""
    weight, bias = np.full((LABELS, WIDTH), 0.25, np.float32), np.full(LABELS, 0.5, np.float32)
    trained = train_linear(rows, weight, bias, planned(steps), STEP_SIZE, source())
    return (np.column_stack([weight, bias]) - trained) / STEP_SIZE


def hits(rows: Contributions, source: Callable[[], NoiseSource]) -> int:
    """In how many of ``RUNS`` one-step trainings the head moved towards the one unit by more than half the clip.

    That event tells the neighbours apart best: with the unit in the sample the step's sum moves by the clip along the
    axis, else it is noise around zero.
    """
    residual = np.full(LABELS, 1 / LABELS) - np.eye(LABELS)[2]
    direction = residual / np.linalg.norm(residual)
    return sum(float(direction @ released(rows, 1, source)[:, 0]) > CLIP / 2 for _ in range(RUNS))


def keeps_its_claim(source: Callable[[], NoiseSource]) -> bool:
    """P[S | whole] ≤ e^ε P[S | neighbour] + δ, with (ε, δ) as charged, and Clopper-Pearson bounds of both."""
    likely, rare = hits(WHOLE, source), hits(OTHERS, source)
    at_least = stats.beta(likely, RUNS - likely + 1).ppf(FALSE_ALARM / 2) if likely else 0.0
    at_most = stats.beta(rare + 1, RUNS - rare).isf(FALSE_ALARM / 2) if rare < RUNS else 1.0
    return bool(at_least <= math.exp(epsilon((planned(1),), DELTA)) * at_most + DELTA)


def spread_is_right(source: Callable[[], NoiseSource]) -> bool:
    """The noise of all four steps is in the head: Σx²/variance is chi-squared, one degree of freedom a value.

    The mean of heads 3 and 4 holds the noise of steps 1 to 3 whole and half of step 4's. On this grid a discrete
    Gaussian differs from a continuous one by far less than the check can see.
    """
    values = np.stack([released(NOBODY, 4, source) for _ in range(60)])
    squares = float((values**2).sum()) / (STD**2 * (3 + 0.25))
    law = stats.chi2(values.size)
    return bool(law.cdf(squares) > FALSE_ALARM / 2 and law.sf(squares) > FALSE_ALARM / 2)


def unclipped(self: UnitGradients, head: Floats, records: NDArray[np.int64]) -> NDArray[np.int64]:
    gradient = np.zeros(head.shape)
    for record in records:
        self._record_gradient(head, int(record), self._summand)
        gradient += self._summand
    return np.rint(gradient / self._grid).astype(np.int64)


def test_a_trained_head_keeps_the_claim_of_its_event() -> None:
    assert keeps_its_claim(SystemNoise)


def test_every_steps_noise_is_in_the_trained_head() -> None:
    assert spread_is_right(SystemNoise)


@pytest.mark.parametrize("source", [Narrow, Silent])
def test_less_noise_than_stated_breaks_the_claim(source: Callable[[], NoiseSource]) -> None:
    assert not keeps_its_claim(source)


@pytest.mark.parametrize("source", [Narrow, Silent, Repeating])
def test_less_noise_than_stated_shows_in_the_spread(source: Callable[[], NoiseSource]) -> None:
    assert not spread_is_right(source)


def test_a_unit_that_is_not_clipped_breaks_the_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UnitGradients, "_clipped", unclipped)
    assert not keeps_its_claim(SystemNoise)


def test_every_unit_in_every_step_instead_of_a_sample_breaks_the_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "poisson_sample", lambda units, event, noise: np.ones(units, np.bool_))
    assert not keeps_its_claim(SystemNoise)
