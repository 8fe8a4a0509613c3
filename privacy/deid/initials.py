"""Initials of hospitals and firms whose full names a document holds: "SHH records" tells which hospital it is.

Initials count only as people write those of a place: in capitals, behind a preposition, in brackets behind the name, or
before a word such as "records". Abbreviations of medicine never count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from fedaug.privacy.deid.rules.vocabulary import is_ordinary
from fedaug.privacy.deid.spans import Span

_NAMED: Final = frozenset({"FACILITY", "ORGANIZATION"})
_SMALL: Final = frozenset({"of", "the", "and", "for", "at", "in", "de", "la", "del", "a"})
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’]s)?")
_LEAST, _MOST = 3, 6
_LEAST_SCORE: Final = 0.5
_NEAR: Final = 9  # characters of the longest preposition, with a blank on each side
_TOKEN: Final = re.compile(rf"(?<![\w-])[A-Z]{{{_LEAST},{_MOST}}}(?![\w-])", re.ASCII)
_BEFORE: Final = re.compile(r"(?:\b(?:at|from|to|of|in|via|the|through|by|with|near|outside)[ ]|[(\[])$", re.IGNORECASE)
_AFTER: Final = re.compile(
    r"['’]s\b|[ ](?:records?|notes?|ED|ER|ICU|staff|admissions?|clinics?|charts?|teams?|labs?"
    r"|discharges?|campus|transfers?|physicians?|doctors?|nurses?|imaging|pharmacy|policy|account|branch|office|representative)\b",
    re.IGNORECASE,
)


def initials_of(name: str) -> str | None:
    """The initials of a name of three to six words, small ones left out; None where it has fewer or more.

    Args:
        name: Of a hospital or a firm, as it is written.
    """
    words = [word for word in _WORD.findall(name) if word.lower() not in _SMALL]
    initials = "".join(word[0].upper() for word in words)
    if not _LEAST <= len(initials) <= _MOST or is_ordinary(initials):
        return None
    return initials


def initials_known(text: str, spans: Iterable[Span]) -> dict[str, Span]:
    """Initials -> the finding that they stand for, of all names of hospitals and firms among the findings in a text."""
    known: dict[str, Span] = {}
    for span in spans:
        if span.entity_type in _NAMED and span.score >= _LEAST_SCORE:
            initials = initials_of(text[span.start : span.end])
            if initials is not None and (initials not in known or known[initials].score < span.score):
                known[initials] = span
    return known


def initials_in(text: str, known: dict[str, Span]) -> list[Span]:
    """Where known initials stand as those of a place do.

    Args:
        text: Any text of the same document, or of the same subject where the unit of privacy is the subject.
        known: As ``initials_known`` gives them.
    """
    if not known:
        return []
    found = []
    for match in _TOKEN.finditer(text):
        named = known.get(match[0])
        if named is not None and (
            _BEFORE.search(text[max(0, match.start() - _NEAR) : match.start()]) or _AFTER.match(text, match.end())
        ):
            found.append(Span(match.start(), match.end(), named.entity_type, named.score))
    return found
