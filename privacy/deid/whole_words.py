"""Grows a finding to whole words: a number of which the first half is taken out identifies by the second."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from fedaug.privacy.deid.entities import entity
from fedaug.privacy.deid.spans import Span

#: Marks that join the parts of one word, by kind; nothing else is grown over a mark: "72-year-old" is not all an age.
_JOINTS: Final = {"number": "-/._:#", "contact": "-/._:@+", "date": "-/.", "name": "-'"}
_AROUND: Final = " \t\n\r.,;:!?"
_MOST: Final = 60  # characters to either side; a longer run is no identifier's


def in_whole_words(text: str, span: Span) -> Span | None:
    """A finding that begins and ends where words do, without the marks around it; None if there is no word in it.

    Args:
        text: The text in which it was found.
        span: The finding.
    """
    value = text[span.start : span.end]
    if not any(map(str.isalnum, value)):
        return None
    if span.entity_type != "TITLE":  # the dot of "Dr." belongs to it
        first, last = span.end - len(value.lstrip(_AROUND)), span.start + len(value.rstrip(_AROUND))
    else:
        first, last = span.start, span.end
    joints = _JOINTS.get(entity(span.entity_type).kind, "")
    start, end = _left(text, first, joints), _right(text, last, joints)
    return span if (start, end) == (span.start, span.end) else replace(span, start=start, end=end)


def _right(text: str, end: int, joints: str) -> int:
    stop = min(len(text), end + _MOST)
    while end < stop and text[end - 1].isalnum():
        if text[end].isalnum():
            end += 1
        elif text[end] in joints and end + 1 < len(text) and text[end + 1].isalnum():
            end += 2
        else:
            break
    return end


def _left(text: str, start: int, joints: str) -> int:
    stop = max(0, start - _MOST)
    while start > stop and text[start].isalnum():
        if text[start - 1].isalnum():
            start -= 1
        elif text[start - 1] in joints and start > 1 and text[start - 2].isalnum():
            start -= 2
        else:
            break
    return start
