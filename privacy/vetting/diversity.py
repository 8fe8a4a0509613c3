"""How diverse a set of texts is: distinct-n, self-BLEU, the Vendi score, and coverage of a reference.

All but coverage depend on how many texts there are, so that only sets of one size may be compared.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Gram = tuple[str, ...]

_BLOCK: Final = 1_024  # rows of a table of distances that is held at a time


def distinct_n(texts: Sequence[Sequence[str]], size: int) -> float:
    """Different runs of ``size`` words as a share of all, 1 if there are none (Li et al. 2016, section 4.4)."""
    runs = [run for text in texts for run in _runs(text, size)]
    return len(set(runs)) / len(runs) if runs else 1.0


def self_bleu(texts: Sequence[Sequence[str]], longest: int = 4) -> float:
    """Mean BLEU of each text against all others, from 0 to 1; high where texts repeat each other.

    Zhu et al. 2018, "Texygen", section 3; BLEU by Papineni et al. 2002 with the closest reference length, n-grams of 1
    to ``longest`` words with equal weight, and a count of 1 added to numerator and denominator from bigrams on (Lin &
    Och 2004), as single sentences else score 0. A text without words scores 0.
    """
    counts = [[Counter(_runs(text, size)) for text in texts] for size in range(1, longest + 1)]
    most = [_two_largest(of_size) for of_size in counts]
    lengths = sorted(len(text) for text in texts)
    scores = []
    for row, text in enumerate(texts):
        if not text or len(texts) < 2:
            scores.append(0.0)
            continue
        logs = 0.0
        for size in range(longest):
            own = counts[size][row]
            clipped = sum(min(count, _most_of_others(most[size][run], count)) for run, count in own.items())
            smoothing = int(size > 0)
            logs += _log(clipped + smoothing) - _log(own.total() + smoothing)
        closest = _closest_other(lengths, len(text))
        scores.append(math.exp(logs / longest + min(0.0, 1 - closest / len(text))))
    return float(np.mean(scores)) if scores else 0.0


def vendi_score(vectors: Vectors) -> float:
    """The effective number of different texts, from 1 to their number (Friedman & Dieng 2023, definition 3.1).

    exp of the Shannon entropy of the eigenvalues of K/n, K being the cosine of each pair. Those above 0 are also the
    eigenvalues of XᵀX/n, which has as many rows as a vector has dimensions.

    Args:
        vectors: Unit rows, [texts, dimensions]; at least one.
    """
    rows = vectors.astype(np.float64)
    gram = rows.T @ rows if rows.shape[0] > rows.shape[1] else rows @ rows.T
    values = np.linalg.eigvalsh(gram / len(rows))
    values = values[values > 1e-12]
    return float(np.exp(-np.sum(values * np.log(values))))


def coverage(reference: Vectors, vectors: Vectors, neighbours: int = 5) -> float:
    """Share of the reference that has one of the vectors near it, from 0 to 1 (Naeem et al. 2020, equation 7).

    Near is within the distance to the reference's own ``neighbours``-th nearest other member.

    Args:
        reference: Unit rows, [texts, dimensions], more than ``neighbours``.
        vectors: Unit rows of the same space; as many as the reference's for the figure to be compared.
        neighbours: k of the paper.
    """
    covered = 0
    for start in range(0, len(reference), _BLOCK):
        block = reference[start : start + _BLOCK]
        own = block @ reference.T
        own[np.arange(len(block)), np.arange(start, start + len(block))] = -np.inf
        radius = -np.partition(-own, neighbours - 1, axis=1)[:, neighbours - 1]  # as a cosine: the smallest inside
        covered += int(((block @ vectors.T).max(axis=1) >= radius).sum()) if len(vectors) else 0
    return covered / len(reference)


def _runs(text: Sequence[str], size: int) -> list[Gram]:
    return [tuple(text[start : start + size]) for start in range(len(text) - size + 1)]


def _two_largest(counts: Iterable[Counter[Gram]]) -> dict[Gram, tuple[int, int]]:
    """For each run the two largest of its counts, so that what all but one text hold can be told."""
    result: dict[Gram, tuple[int, int]] = {}
    for own in counts:
        for run, count in own.items():
            first, second = result.get(run, (0, 0))
            result[run] = (count, first) if count > first else (first, max(second, count))
    return result


def _most_of_others(largest: tuple[int, int], own: int) -> int:
    first, second = largest
    return second if own == first else first


def _closest_other(ordered: Sequence[int], own: int) -> int:
    """Of the other texts' lengths the one nearest to a text's own, and of two the shorter."""
    place = int(np.searchsorted(ordered, own))
    others = [*ordered[max(0, place - 1) : place], *ordered[place + 1 : place + 2]]
    return min(others, key=lambda length: (abs(length - own), length))


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -1e9
