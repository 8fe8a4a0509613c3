"""Do above-threshold answers carry the noise that was charged, and does the run end?

The checks go through what a site does for a request, from its rows to the answers. They run over seeded defects too
(half the noise, none, a run that does not end), and each must be caught.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from tests.falsification import epsilon_lower_bound, repeated
from tests.nearness import NEAR, support_event, support_plan
from tests.unsafe_noise import UnsafeNoise

from fedaug.client import answers
from fedaug.client.answers import answer_to
from fedaug.privacy.events import AboveThresholdEvent
from fedaug.privacy.noise import NoiseSource, SystemNoise
from fedaug.strategies.contributions import Contributions
from fedaug.strategies.messages import AskSupport

Floats = NDArray[np.float64]

#: Chance that one check fails on a correct site; there are four of them.
FALSE_ALARM = 1e-6
ONE, OTHER = np.eye(8, dtype=np.float32)[:2]
REQUEST = AskSupport(campaign="autumn", key="support")


def rows(near_one: int, near_other: int) -> Contributions:
    """So many units at each of two places."""
    embeddings = np.concatenate([np.tile(ONE, (near_one, 1)), np.tile(OTHER, (near_other, 1))])
    count = near_one + near_other
    return Contributions(embeddings, np.zeros(count, np.int64), np.arange(count))


def answered(records: Contributions, each: int, event: AboveThresholdEvent, noise: NoiseSource) -> Floats:
    """What is answered of so many candidates at the one place, and then as many at the other."""
    plan = support_plan(nearness=NEAR.model_copy(update={"candidates": 2 * each}), events=(event.as_dict(),))
    vectors = np.concatenate([np.tile(ONE, (each, 1)), np.tile(OTHER, (each, 1))])
    return answer_to(REQUEST, {"candidates": vectors}, plan).run(records, event, noise)


# the noise of counts and of the threshold

RUNS, EACH = 150, 1_000
SCALE, RATIO = 2.0, 2
APART = 4  # units between the two groups
WIDE = support_event(SCALE, 2 * EACH, ratio=RATIO)  # its run never ends


def seen_noise(noise: NoiseSource) -> tuple[Floats, Floats]:
    """Of each run what two groups of counts seem to lie below the noisy threshold, in units of the counts' scale.

    The share of a group that is answered yes is the chance that Laplace noise reaches the distance; its inverse tells
    the distance. Both groups share the threshold's noise.
    """
    distances = []
    for _ in range(RUNS):
        said = answered(rows(NEAR.units, NEAR.units + APART), EACH, WIDE, noise)
        shares = [((said[half] == 1).sum() + 0.5) / (EACH + 1) for half in (slice(EACH), slice(EACH, None))]
        distances.append(stats.laplace.isf(shares))
    return np.array(distances).T


def noise_of_counts_is_right(one: Floats, other: Floats) -> bool:
    """``APART`` units lie between the groups, a known share of b_Q: a t-test on the runs' differences."""
    found = stats.ttest_1samp(one - other, APART / (RATIO * SCALE))
    return bool(found.pvalue > FALSE_ALARM)


def noise_of_thresholds_is_right(one: Floats) -> bool:
    """The first group's count is the threshold itself, so its distance is the threshold's noise, nearly.

    Σ|ρ|/b_T over the runs is a gamma variable; what is read off it carries an error below a tenth of b_T beside.
    """
    total = float(np.abs(one).sum()) * RATIO
    law = stats.gamma(RUNS)
    return bool(law.cdf(total * 1.1) > FALSE_ALARM / 2 and law.sf(total * 0.9) > FALSE_ALARM / 2)


def test_both_noises_are_as_wide_as_the_event_states() -> None:
    one, other = seen_noise(SystemNoise())
    assert noise_of_counts_is_right(one, other)
    assert noise_of_thresholds_is_right(one)


@pytest.mark.parametrize("defect", [UnsafeNoise(halvings=1), UnsafeNoise(silent=True)], ids=["half", "none"])
def test_less_noise_than_stated_is_caught(defect: NoiseSource) -> None:
    one, other = seen_noise(defect)
    assert not noise_of_counts_is_right(one, other)


class HalfOnThreshold(SystemNoise):
    """Half the noise where one value is drawn, which is the threshold's."""

    def discrete_laplace(self, shape: tuple[int, ...], log2_scale: int) -> NDArray[np.int64]:
        return super().discrete_laplace(shape, log2_scale - (shape == (1,)))


def test_half_the_noise_on_the_threshold_alone_is_caught() -> None:
    one, other = seen_noise(HalfOnThreshold())
    assert noise_of_counts_is_right(one, other)
    assert not noise_of_thresholds_is_right(one)


# the end of the run

HALTS = support_event(2.0, 1, ratio=1)  # ε 1, and a little for the grid
QUERIES, AUDIT_RUNS = 300, 2_000


def refuted(noise: NoiseSource) -> float:
    """The ε that answers refute: whether a unit is at the one place, by how the two places' answers differ."""

    def score(there: bool) -> Callable[[], float]:
        def told() -> float:
            said = answered(rows(NEAR.units - 4 + there, NEAR.units - 4), QUERIES, HALTS, noise) == 1
            return float(said[:QUERIES].sum() - said[QUERIES:].sum())

        return told

    runs = [repeated(score(there), AUDIT_RUNS) for there in (True, False)]
    return epsilon_lower_bound(runs[0], runs[1], 1e-5, FALSE_ALARM)


def test_a_run_that_ends_tells_no_more_than_was_charged() -> None:
    assert refuted(SystemNoise()) <= HALTS.pure_epsilon


def test_a_run_that_does_not_end_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(
        counts: Iterable[int], threshold: float, event: AboveThresholdEvent, noise: NoiseSource
    ) -> Iterator[bool]:
        clean = np.array(list(counts)) - threshold
        bar = noise.discrete_laplace((1,), event.log2_steps[0])
        fresh = noise.discrete_laplace(clean.shape, event.log2_steps[1])
        yield from (clean + (fresh - bar) * event.grid >= 0).tolist()

    monkeypatch.setattr(answers, "above_threshold", endless)
    assert math.isfinite(HALTS.pure_epsilon)
    assert refuted(SystemNoise()) > HALTS.pure_epsilon
