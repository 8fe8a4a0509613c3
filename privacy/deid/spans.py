"""Spans of personal data in one text, and the text without them: values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

from fedaug.privacy.deid.entities import entity

#: Types that say little, and the kinds whose types say more.
_LESS_GENERAL: Final = {
    "ID": frozenset({"number", "contact"}),
    "LOCATION": frozenset({"place"}),
    "ORGANIZATION": frozenset({"organisation"}),
}
_ADDRESSES: Final = frozenset({"EMAIL_ADDRESS", "URL", "IP_ADDRESS"})
_TELLING_SCORE: Final = 0.3


@dataclass(frozen=True, order=True)
class Span:
    """Where personal data was found. Holds positions and a type, never the text itself.

    Attributes:
        start: First character.
        end: One past the last character.
        entity_type: What was found, such as ``DATE_TIME``.
        score: The recogniser's confidence, 0 to 1, after context words were counted.
        own: Whether a list or a pattern of the site's own found it, which knows best what it is.
    """

    start: int
    end: int
    entity_type: str
    score: float
    own: bool = field(default=False, repr=False)

    @property
    def length(self) -> int:
        """Characters covered."""
        return self.end - self.start


#: As spans compare with each other, at a fifth of the time.
ORDER = attrgetter("start", "end", "entity_type", "score", "own")


def resolve(spans: Iterable[Span]) -> list[Span]:
    """Merge spans that overlap, in order of position.

    A merged span covers all that any of its parts covers, so that no part of a weaker finding stays behind in clear.
    Its type is that of the part with the highest score, then of the longest, of the first, of the first by name. Where
    that type says no more than "some number", "some place" or "some organisation", a part that says which gives the
    type: a record number is treated as one however sure another recogniser is that it is a number. What a site's own
    list or pattern found gives the type of what it covers half of or more, whatever else was found there.
    """
    return [_merged(group) for group in _overlapping(sorted(spans, key=ORDER))]


def redact(text: str, spans: Iterable[Span]) -> str:
    """The text with each span replaced by its type in brackets, such as ``[DATE_TIME]``."""
    parts, position = [], 0
    for span in resolve(spans):
        parts += [text[position : span.start], f"[{span.entity_type}]"]
        position = span.end
    return "".join([*parts, text[position:]])


def _overlapping(ordered: list[Span]) -> Iterator[list[Span]]:
    group: list[Span] = []
    end = 0
    for span in ordered:
        if group and span.start >= end:
            yield group
            group = []
        group.append(span)
        end = max(end, span.end)
    if group:
        yield group


def _merged(group: list[Span]) -> Span:
    if len(group) == 1:  # most are, and nothing is to be weighed
        return group[0]
    best = min(group, key=lambda span: (-span.score, -span.length, span.start, span.entity_type))
    start, end = min(span.start for span in group), max(span.end for span in group)
    said = _said_by(group, best)
    return Span(start, end, said.entity_type, best.score, said.own)


def _said_by(group: list[Span], best: Span) -> Span:
    start, end = min(span.start for span in group), max(span.end for span in group)
    own = [span for span in group if span.own and 2 * span.length >= end - start]
    if own:
        return min(own, key=lambda span: (-span.length, -span.score, span.start, span.entity_type))
    addresses = [span for span in group if span.entity_type in _ADDRESSES and (span.start, span.end) == (start, end)]
    if addresses:  # a name inside a mail address is not what the whole is
        return max(addresses, key=lambda span: (span.score, span.entity_type))
    kinds = _LESS_GENERAL.get(best.entity_type, frozenset())
    telling = [
        span
        for span in group
        if span.entity_type not in _LESS_GENERAL
        and entity(span.entity_type).kind in kinds
        and span.score >= _TELLING_SCORE
    ]
    return min(telling, key=lambda span: (-span.length, -span.score, span.start, span.entity_type), default=best)
