"""From probabilities of word pieces to spans of whole words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fedaug.privacy.deid.neural.pieces import Pieces
from fedaug.privacy.deid.spans import Span

_LOOSE: Final = frozenset(",;: \t\n")


@dataclass(frozen=True, repr=False)
class Words:
    """What the network says of every word of a text.

    Attributes:
        starts: First character, [words].
        ends: One past the last character, [words].
        found: Probability of being part of an identifier, [words]: the highest of the word's pieces.
        label: Row of the most probable type, [words].
        begins: Whether the word rather begins an identifier than goes on with one, [words].
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    found: NDArray[np.float32]
    label: NDArray[np.int64]
    begins: NDArray[np.bool_]


def words_of(pieces: Pieces, tags: NDArray[np.float32]) -> Words:
    """Gather the pieces' probabilities [pieces, tags] by word.

    Raises:
        ArithmeticError: A probability is not a number, so that nothing is known about the text.
    """
    if not np.isfinite(tags).all():
        raise ArithmeticError
    starts, ends = np.asarray(pieces.starts, np.int64), np.asarray(pieces.ends, np.int64)
    if not len(starts):
        nothing = np.zeros(0, np.int64)
        return Words(starts, ends, np.zeros(0, np.float32), nothing, nothing.astype(np.bool_))
    begin, inside = tags[:, 1::2], tags[:, 2::2]
    first = np.flatnonzero(np.diff(np.asarray(pieces.words, np.int64), prepend=-1))
    found = np.maximum.reduceat(1 - tags[:, 0], first)
    label = np.maximum.reduceat(begin + inside, first, axis=0).argmax(axis=1)
    rows = np.arange(len(label))
    return Words(starts, ends, found, label, begin[first][rows, label] > inside[first][rows, label])


def spans_of(text: str, words: Words, labels: Sequence[str], threshold: float) -> list[Span]:
    """Spans of adjacent words that reach the threshold and are of one type.

    One mark between two of them, without any space, belongs to them: the strokes of a date, the dot of a domain. Commas
    and the like at the edge do not.
    """
    spans: list[Span] = []
    last = -2  # the word that was found before
    for index in np.flatnonzero(words.found >= threshold).tolist():
        start, end = int(words.starts[index]), int(words.ends[index])
        label, score = labels[words.label[index]], float(words.found[index])
        before = spans[-1] if spans and spans[-1].entity_type == label else None
        near = index == last + 1 or (index == last + 2 and _is_mark(text[before.end : start] if before else ""))
        if before and near and not words.begins[index]:
            spans[-1] = Span(before.start, end, label, max(before.score, score))
        else:
            spans.append(Span(start, end, label, score))
        last = index
    return [trimmed for span in spans if (trimmed := _trimmed(text, span)).length]


def _trimmed(text: str, span: Span) -> Span:
    """Without marks at the edges that never belong to an identifier."""
    start, end = span.start, span.end
    while start < end and text[end - 1] in _LOOSE:
        end -= 1
    while start < end and text[start] in _LOOSE:
        start += 1
    return replace(span, start=start, end=end)


def _is_mark(between: str) -> bool:
    return len(between) == 1 and not between.isspace() and not between.isalnum()
