"""Recall, precision and F2 from counts, with 95 % Wilson intervals: pure arithmetic."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

_Z_95: Final = 1.959963984540054  # two-sided

Interval = tuple[float, float]


def wilson(share: float, trials: int) -> Interval:
    """The 95 % score interval of a share out of independent trials (Wilson 1927).

    It holds its level near 0 and 1, where recall lies: 50 of 50 gives 0.93 to 1, and not 1 to 1.

    Args:
        share: 0 to 1.
        trials: At least one.
    """
    centre = (share + _Z_95**2 / (2 * trials)) / (1 + _Z_95**2 / trials)
    spread = math.sqrt(share * (1 - share) / trials + _Z_95**2 / (4 * trials**2))
    half = _Z_95 / (1 + _Z_95**2 / trials) * spread
    # At the ends the bound is the share itself; in floating point it would miss it by a hair.
    return max(0.0, centre - half) if share > 0 else 0.0, min(1.0, centre + half) if share < 1 else 1.0


@dataclass
class Counts:
    """What was counted for one type at one level: spans, or characters.

    Attributes:
        labelled: Of what a person marked.
        hit: Those of them that were found.
        found: Of what the de-identifier found.
        right: Those of them that a person had marked.
    """

    labelled: int = 0
    hit: int = 0
    found: int = 0
    right: int = 0


@dataclass(frozen=True)
class Rates:
    """Recall, precision and F2; None where nothing was labelled, or nothing found.

    Attributes:
        recall: Share of what was labelled that was found.
        precision: Share of what was found that was labelled.
        f2: ``5 P R / (4 P + R)``, which weighs recall twice (van Rijsbergen 1979, β = 2).
        recall_interval: 95 %, over the labelled spans.
        precision_interval: 95 %, over the found spans.
        counts: What they were computed from.
    """

    recall: float | None
    precision: float | None
    f2: float | None
    recall_interval: Interval | None
    precision_interval: Interval | None
    counts: Counts

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "recall": self.recall,
            "recall_interval": self.recall_interval,
            "precision": self.precision,
            "precision_interval": self.precision_interval,
            "f2": self.f2,
            "labelled": self.counts.labelled,
            "found": self.counts.found,
        }


def rates(counts: Counts, spans: Counts | None = None) -> Rates:
    """Rates from counts.

    Args:
        counts: Of spans, or of characters.
        spans: If ``counts`` are of characters: those of spans. An interval then counts spans as its trials, since the
            characters of one span are found or missed together.
    """
    trials = spans or counts
    recall = _share(counts.hit, counts.labelled)
    precision = _share(counts.right, counts.found)
    return Rates(
        recall,
        precision,
        f_beta(precision, recall),
        None if recall is None else wilson(recall, trials.labelled),
        None if precision is None else wilson(precision, trials.found),
        counts,
    )


def f_beta(precision: float | None, recall: float | None, beta: float = 2.0) -> float | None:
    """The weighted harmonic mean of precision and recall; None if one of them is undefined."""
    if precision is None or recall is None:
        return None
    if not precision + recall:
        return 0.0
    return (1 + beta**2) * precision * recall / (beta**2 * precision + recall)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
