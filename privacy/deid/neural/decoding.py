"""From probabilities of word pieces to spans of whole words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fedaug.privacy.deid.entities import entity
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
        types: Probability of each type, [words, labels]: the highest of the word's pieces.
        begins: Whether the word rather begins an identifier of a type than goes on with one, [words, labels].
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    found: NDArray[np.float32]
    types: NDArray[np.float32]
    begins: NDArray[np.bool_]


def words_of(pieces: Pieces, tags: NDArray[np.float32]) -> Words:
    """Gather the pieces' probabilities [pieces, tags] by word.

    Raises:
        ArithmeticError: A probability is not a number, so that nothing is known about the text.
    """
    if not np.isfinite(tags).all():
        raise ArithmeticError
    starts, ends = np.asarray(pieces.starts, np.int64), np.asarray(pieces.ends, np.int64)
    begin, inside = tags[:, 1::2], tags[:, 2::2]
    if not len(starts):
        return Words(starts, ends, np.zeros(0, np.float32), begin + inside, begin > inside)
    first = np.flatnonzero(np.diff(np.asarray(pieces.words, np.int64), prepend=-1))
    found = np.maximum.reduceat(1 - tags[:, 0], first)
    types = np.maximum.reduceat(begin + inside, first, axis=0)
    return Words(starts, ends, found, types, begin[first] > inside[first])


#: A type with this probability is taken where a trait is likelier: with the thresholds of finding, which are far lower,
#: every other title would become a name.
_RATHER: Final = 0.3


def types_of(words: Words, labels: Sequence[str]) -> NDArray[np.int64]:
    """The row of each word's type, [words]: the most probable, but no trait where another type is nearly as likely.

    Policies keep what only describes somebody (a title, a profession), so that taking a name for a trait would leave it
    in the text.
    """
    traits = np.array([entity(label).kind == "trait" for label in labels], np.bool_)
    likeliest: NDArray[np.int64] = words.types.argmax(axis=1)
    if traits.all() or not traits.any():
        return likeliest
    others = np.where(traits, np.float32(-1), words.types)
    return np.where(others.max(axis=1) >= _RATHER, others.argmax(axis=1), likeliest)


def spans_of(text: str, words: Words, labels: Sequence[str], threshold: float) -> list[Span]:
    """Spans of adjacent words that reach the threshold and are of one type.

    One mark between two of them, without any space, belongs to them: the strokes of a date, the dot of a domain. Commas
    and the like at the edge do not.
    """
    spans: list[Span] = []
    types = types_of(words, labels)
    last = -2  # the word that was found before
    for index in np.flatnonzero(words.found >= threshold).tolist():
        start, end = int(words.starts[index]), int(words.ends[index])
        label, score = labels[types[index]], float(words.found[index])
        before = spans[-1] if spans and spans[-1].entity_type == label else None
        near = index == last + 1 or (index == last + 2 and _is_mark(text[before.end : start] if before else ""))
        if before and near and not words.begins[index, types[index]]:
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
