"""A site that lies about its size: noised counts that its class sums or its votes contradict.

Counts, sums and votes of one site are three views of the same units, each clipped per unit, so that one bounds the
other whatever the records are. Nothing is assumed of the records, and nothing of the other sites.

With one label a unit (unit = record) a unit of label l adds 1 to the count of l, at most 1 to the length of its sum,
and a vote of L2 norm 1 spread over at most k candidates, which adds up to between 1 and √k. A subject's counts over
several labels have L2 norm 1 and add up to between 1 and √min(L, m), m its most records; its votes to between 1 and
√min(n, m·k).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from fedaug.server.anomalies.flag import Check, Flag, Noised
from fedaug.strategies.noised_lengths import longest

#: For sums of whole steps, which are exact, once they are floats; far below any noise.
_HAIR: Final = 1e-9


@dataclass(frozen=True)
class Shape:
    """What of a plan bounds one unit's part in counts and votes.

    Attributes:
        records: Most records of a unit that count; 1 where the unit is the record.
        votes: Most candidates that one record votes for.
    """

    records: int
    votes: int


def sums_against_counts(
    site: str, release: str, counts: Noised, sums: Noised, shape: Shape, rounding: float, chance: float
) -> Flag | None:
    """Whether class sums are longer than so many units can make them.

    Args:
        site: Whose.
        release: The sums' key.
        counts: Per label [labels].
        sums: Per label [labels, d].
        shape: Of the plan.
        rounding: By how much a unit's part may be longer than 1, for its rounding to the grid.
        chance: Of flagging an honest site.
    """
    found = []
    for group, share in _groups(len(counts.values), shape, chance):
        most = float(counts.values[group].sum()) + _quantile(share / 2) * counts.noise_std * math.sqrt(len(group))
        threshold = longest(max(most, 0.0) * (1 + rounding), sums.noise_std, sums.values[group].size, share / 2)
        found.append((float(np.linalg.norm(sums.values[group])), threshold * (1 + _HAIR) + _HAIR))
    return _worst(Check.SUMS_AGAINST_COUNTS, site, release, found, chance)


def votes_against_counts(
    site: str,
    release: str,
    counts: Noised,
    votes: Noised,
    labels: NDArray[np.integer] | None,
    shape: Shape,
    chance: float,
) -> Flag | None:
    """Whether a site's votes are too few, or too many, for the number of units that its counts claim.

    Args:
        site: Whose.
        release: The votes' key.
        counts: Per label [labels].
        votes: Per candidate [n].
        labels: The label that each candidate stands for; None where a record may vote for any.
        shape: Of the plan.
        chance: Of flagging an honest site.
    """
    found = []
    for group, share in _groups(len(counts.values), shape, chance):
        if labels is None and len(group) < len(counts.values):
            continue
        cast, heard = _cast(labels, group, len(votes.values))
        if not len(cast):
            continue
        fewest = 1 / math.sqrt(min(len(counts.values), shape.records))
        most = math.sqrt(min(len(cast), shape.records * shape.votes))
        total = float(votes.values[cast].sum())
        for factor, counted, sign in ((fewest, heard, -1), (most, group, 1)):
            claimed = factor * float(counts.values[counted].sum())
            spread = math.hypot(
                votes.noise_std * math.sqrt(len(cast)), factor * counts.noise_std * math.sqrt(len(counted))
            )
            edge = _quantile(share / 2) * spread + _HAIR * max(1.0, abs(claimed)) + _HAIR * len(cast)
            found.append((sign * (total - claimed), edge))
    return _worst(Check.VOTES_AGAINST_COUNTS, site, release, found, chance)


def _groups(labels: int, shape: Shape, chance: float) -> Iterator[tuple[NDArray[np.int64], float]]:
    """All labels together, and where a unit has one label each by itself: positions and a share of the chance."""
    each = shape.records == 1
    yield np.arange(labels), chance / (2 if each else 1)
    if each:
        for label in range(labels):
            yield np.array([label]), chance / (2 * labels)


def _cast(
    labels: NDArray[np.integer] | None, group: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The candidates that records of a group of labels may vote for, and the labels that have any."""
    if labels is None:
        return np.arange(count), group
    if len(group) == 1:
        return np.flatnonzero(labels == group[0]), group
    return np.flatnonzero(np.isin(labels, group)), np.intersect1d(group, labels)


def _worst(check: Check, site: str, release: str, found: list[tuple[float, float]], chance: float) -> Flag | None:
    """The figure that is furthest beyond its threshold, if any is."""
    beyond = [(figure / threshold, figure, threshold) for figure, threshold in found if figure > threshold]
    if not beyond:
        return None
    _, figure, threshold = max(beyond)
    return Flag(site, check, release, figure, threshold, chance)


def _quantile(chance: float) -> float:
    return -float(ndtri(chance))
