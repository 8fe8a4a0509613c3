"""Can a mechanism's ε be refuted? A lower bound on ε from runs on two neighbouring data sets.

(ε, δ)-DP says P(A) ≤ e^ε Q(A) + δ for every event A and either order of two neighbouring data sets. So any event gives
a lower bound on ε from two estimated probabilities (Ding et al. 2018, "Detecting violations of differential privacy";
Nasr et al. 2021, "Adversary instantiation", section 4). The event is a threshold on a score, chosen on a quarter of the
runs; the bound is computed on the rest, so choosing cannot inflate it. With probability ``false_alarm`` at most, the
bound lies above the true ε.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


def epsilon_lower_bound(whole: Floats, neighbour: Floats, delta: float, false_alarm: float) -> float:
    """The largest ε at δ that the scores refute, or 0.

    Args:
        whole: Scores of independent runs on one data set, [n].
        neighbour: Scores of as many runs on its neighbour, [n].
        delta: The δ of the claim.
        false_alarm: How often the bound may exceed the true ε.
    """
    quarter = len(whole) // 4
    chosen = [scores[:quarter] for scores in (whole, neighbour)]
    kept = [scores[quarter:] for scores in (whole, neighbour)]
    event = _best_event(chosen[0], chosen[1], delta, false_alarm)
    (bound,) = _bound(*event(kept[0], kept[1]), len(kept[0]), delta, false_alarm)
    return max(0.0, float(bound))


def repeated(release: Callable[[], float], runs: int) -> Floats:
    """Scores of so many runs."""
    return np.array([release() for _ in range(runs)], dtype=np.float64)


Event = Callable[[Floats, Floats], tuple[NDArray[np.int64], NDArray[np.int64]]]


def _best_event(whole: Floats, neighbour: Floats, delta: float, false_alarm: float) -> Event:
    """The event for which the bound is highest: above or below a threshold, and either data set first."""
    thresholds = np.unique(np.quantile(np.concatenate([whole, neighbour]), np.linspace(0, 1, 201)))
    events = [_event(thresholds, above, swapped) for above in (True, False) for swapped in (True, False)]
    bounds = [_bound(*event(whole, neighbour), len(whole), delta, false_alarm) for event in events]
    best, at = np.unravel_index(np.argmax(bounds), (len(events), thresholds.size))
    above, swapped = divmod(int(best), 2)
    return _event(thresholds[at : at + 1], above == 0, swapped == 0)


def _event(thresholds: Floats, above: bool, swapped: bool) -> Event:
    def count(scores: Floats) -> NDArray[np.int64]:
        """How many scores are at or above each threshold, or below it."""
        at_least = len(scores) - np.searchsorted(np.sort(scores), thresholds, side="left")
        return at_least if above else len(scores) - at_least

    def counts(whole: Floats, neighbour: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return (count(neighbour), count(whole)) if swapped else (count(whole), count(neighbour))

    return counts


def _bound(often: NDArray[np.int64], seldom: NDArray[np.int64], runs: int, delta: float, false_alarm: float) -> Floats:
    """log((p - δ)/q) with p as low and q as high as Clopper & Pearson 1934 allow, half the false alarms each."""
    low = np.where(often > 0, stats.beta.ppf(false_alarm / 2, np.maximum(often, 1), runs - often + 1), 0.0)
    high = np.where(seldom < runs, stats.beta.isf(false_alarm / 2, seldom + 1, np.maximum(runs - seldom, 1)), 1.0)
    return np.log(np.maximum(low - delta, 1e-300) / high)
