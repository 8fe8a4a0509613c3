"""One annotated text, and the pieces that it is put together from so that its offsets are exact by construction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: A stretch of text with its label, None for text that identifies nobody.
Piece = tuple[str, str | None]

ENGLISH_LABELS = frozenset({"PERSON", "LOCATION", "ORGANIZATION", "DATE_TIME", "AGE", "ID", "NRP", "TITLE"})
SPANISH_LABELS = frozenset(
    {"PERSON", "LOCATION", "ORGANIZATION", "DATE_TIME", "AGE", "ID", "SEX", "FAMILY", "PROFESSION"}
)


@dataclass(frozen=True)
class Example:
    """A text with its identifiers.

    Attributes:
        text: The text, of any length: a trainer cuts it into windows.
        spans: Start, end and label of each identifier, ordered, not overlapping.
        known: The labels that the source annotates. Outside the spans, a label that is not known is not taught as
            absent (partial-label loss).
    """

    text: str
    spans: tuple[tuple[int, int, str], ...]
    known: frozenset[str]


def joined(pieces: Iterable[Piece], known: frozenset[str]) -> Example:
    """The example that pieces make; white space at the edge of a labelled piece stays outside its span."""
    parts: list[str] = []
    spans: list[tuple[int, int, str]] = []
    position = 0
    for text, label in pieces:
        parts.append(text)
        if label is not None:
            start = position + len(text) - len(text.lstrip())
            end = position + len(text.rstrip())
            if start < end:
                spans.append((start, end, label))
        position += len(text)
    return Example("".join(parts), tuple(spans), known)


def pieces_of(text: str, spans: Iterable[tuple[int, int, str]]) -> list[Piece]:
    """A text cut at its spans, the inverse of `joined`.

    Raises:
        ValueError: Spans overlap, are out of order or leave the text.
    """
    pieces: list[Piece] = []
    position = 0
    for start, end, label in spans:
        if not position <= start < end <= len(text):
            raise ValueError("spans must be ordered, must not overlap and must lie in the text")
        if start > position:
            pieces.append((text[position:start], None))
        pieces.append((text[start:end], label))
        position = end
    if position < len(text):
        pieces.append((text[position:], None))
    return pieces


def names_nobody_of(example: Example, names: frozenset[str]) -> bool:
    """Whether no person of an example has a name of a set of case-folded tokens."""
    for start, end, label in example.spans:
        if label == "PERSON" and not names.isdisjoint(example.text[start:end].casefold().replace("-", " ").split()):
            return False
    return True
