"""How good a student is on labelled data that it has not seen: accuracy with its interval, macro-F1, and per label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fedaug.errors import EmptySource, MalformedSource, UnknownLabel
from fedaug.privacy.wilson import wilson


@dataclass(frozen=True)
class LabelScore:
    """One label: the share of its samples that was recognised, of how many; None where there was none."""

    label: str
    accuracy: float | None
    support: int


@dataclass(frozen=True)
class Evaluation:
    """A student measured.

    Attributes:
        accuracy: Share of samples given their own label.
        interval: 95 % Wilson interval of the accuracy.
        macro_f1: Unweighted mean of F1 over the labels that were given or predicted at least once.
        per_label: One score per label of the label set, in its order.
        samples: Number of samples.
    """

    accuracy: float
    interval: tuple[float, float]
    macro_f1: float
    per_label: tuple[LabelScore, ...]
    samples: int


def evaluate(predicted: ArrayLike, actual: ArrayLike, labels: Sequence[str]) -> Evaluation:
    """Compare predictions, int [n], with the truth, int [n]; both are positions in ``labels``.

    Raises:
        EmptySource: There is nothing to compare.
        MalformedSource: The two differ in length.
        UnknownLabel: A position lies outside ``labels``.
    """
    guesses, truths = np.asarray(predicted), np.asarray(actual)
    if guesses.shape != truths.shape or truths.ndim != 1:
        raise MalformedSource("predictions and truth differ in shape", "give one prediction a sample")
    if not len(truths):
        raise EmptySource("there is nothing to evaluate on", "give a labelled file that was held out")
    for values in (guesses, truths):
        if values.dtype.kind not in "iu" or values.min() < 0 or values.max() >= len(labels):
            raise UnknownLabel(f"a label lies outside the {len(labels)} labels", "use the campaign's own label set")
    hits = np.bincount(truths[guesses == truths], minlength=len(labels))
    support = np.bincount(truths, minlength=len(labels))
    given = support + np.bincount(guesses, minlength=len(labels))  # F1 = 2 TP / (2 TP + FP + FN)
    seen = given > 0
    right, count = int(hits.sum()), len(truths)
    return Evaluation(
        accuracy=right / count,
        interval=wilson(right / count, count),
        macro_f1=float((2 * hits[seen] / given[seen]).mean()),
        per_label=tuple(
            LabelScore(label, int(hit) / int(total) if total else None, int(total))
            for label, hit, total in zip(labels, hits, support, strict=True)
        ),
        samples=count,
    )
