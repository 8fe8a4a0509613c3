"""Recall, precision and F2 from counts, with 95 % Wilson intervals: pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fedaug.privacy.wilson import Interval, wilson


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
