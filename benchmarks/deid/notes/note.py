"""A note and its labels: the two value types that everything here makes and the evaluation reads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LabelledSpan:
    """One identifier: ``text[start:end]`` is all of it and nothing more. Offsets count code points."""

    start: int
    end: int
    type: str


@dataclass(frozen=True, slots=True)
class Note:
    """A text, its identifiers in reading order without overlaps, and the kind of document that it is."""

    text: str
    spans: tuple[LabelledSpan, ...]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a note while it is written: an identifier if it has a type, else plain text."""

    text: str
    type: str | None = None
