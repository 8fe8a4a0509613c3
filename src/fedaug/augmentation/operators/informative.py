"""Which texts to label first, when only some can be."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fedaug.augmentation.operators.teacher import Floats

_DISCOUNT: Final = 10.0
_NEIGHBOURS: Final = 10
_ROWS_AT_ONCE: Final = 1_000  # bounds the memory that cosines take


def vote_k(vectors: NDArray[np.float32], count: int, *, neighbours: int = _NEIGHBOURS) -> list[int]:
    """Texts that stand for many others, and not for those that a chosen one stands for already.

    Su et al. 2023, "Selective Annotation Makes Language Models Better Few-Shot Learners", section 2.1: each text votes
    for its k nearest ones, its vote divided by 10 for each of them that was chosen before; the text with most votes is
    chosen next.

    Args:
        vectors: Unit rows, float32 [n, d].
        count: How many to choose.
        neighbours: The k of the paper, which has 150 for some thousand texts.

    Returns:
        Positions, the first to be labelled first.
    """
    size = len(vectors)
    k = min(neighbours, size - 1)
    if k < 1:
        return list(range(min(count, size)))
    nearest = np.concatenate([_nearest(vectors, start, k) for start in range(0, size, _ROWS_AT_ONCE)])
    weight = np.ones(size)
    open_ = np.ones(size, bool)
    chosen: list[int] = []
    while len(chosen) < min(count, size):
        votes = np.zeros(size)
        np.add.at(votes, nearest[open_], weight[open_, None])
        votes[~open_] = -1
        best = int(votes.argmax())
        chosen.append(best)
        open_[best] = False
        weight[(nearest == best).any(axis=1)] /= _DISCOUNT
    return chosen


def _nearest(vectors: NDArray[np.float32], start: int, k: int) -> NDArray[np.int64]:
    """The k nearest others of some rows; equally near ones go by position."""
    rows = np.arange(start, min(start + _ROWS_AT_ONCE, len(vectors)))
    cosines = vectors[rows] @ vectors.T
    cosines[rows - start, rows] = -np.inf
    return np.argsort(-cosines, axis=1, kind="stable")[:, :k]


def most_uncertain(probabilities: Floats, count: int) -> list[int]:
    """Texts of which a teacher knows least: the highest entropy first.

    Lewis & Gale 1994, "A Sequential Algorithm for Training Text Classifiers" (uncertainty sampling), by entropy as in
    Settles 2009, "Active Learning Literature Survey", section 3.1.

    Args:
        probabilities: Of each label for each text, float64 [n, labels].
        count: How many to choose.

    Returns:
        Positions, the least certain first; equal ones in their order.
    """
    safe = np.maximum(probabilities, np.finfo(np.float64).tiny)
    entropy = -(safe * np.log(safe)).sum(axis=1)
    order: list[int] = np.argsort(-entropy, kind="stable")[:count].tolist()
    return order
