"""Drops what the neural recogniser takes for a name and is likelier a word of medicine, or of the language.

A Foley is a catheter and Parkinson a disease; a patient may be called so too. What decides is how sure the recogniser
is and, since rules and other findings are not touched here, whether a title, a label or the whole name stands elsewhere
in the document: then the name is found by a rule, or looked for everywhere. A title or the label of a field alone
("la Dra.", "Cita:") is nobody, however sure the recogniser is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Final

from fedaug.privacy.deid import rules
from fedaug.privacy.deid.rules.vocabulary import is_ordinary, listed
from fedaug.privacy.deid.spans import Span

#: As sure as the recogniser is of a name that stands as names do.
_SURE: Final = 0.99
#: What a word of the language takes to count as a name: that it is likelier one than not.
_LIKELIER: Final = 0.5
_MEDICAL: Final = frozenset({"PERSON", "LOCATION", "ORGANIZATION", "FAMILY"})
#: Letters of "de", "la", "con".
_PARTICLE: Final = 3
_OF_NAMES: Final = frozenset({"de", "la", "le", "von", "van", "der", "and"})
#: A title is one in English; everywhere else a title by itself is nothing that identifies.
_TITLE: Final = "TITLE"
_ORDINARY: Final = frozenset({"PERSON", "LOCATION"})
_DATE: Final = "DATE_TIME"
_WHOLE_DATE: Final = re.compile(r"(?P<a>\d{1,2})(?P<s>[/.-])(?P<b>\d{1,2})(?P=s)(?:19|20)\d\d", re.ASCII)
#: "D.O.B.", whose letters are no initials.
_ABBREVIATED: Final = re.compile(r"(?:[A-Za-z]\.){2,4}[A-Za-z]?")
#: Kinds of places and of firms by themselves ("Device Clinic") are none.
_PLACED: Final = frozenset({"LOCATION", "ORGANIZATION", "FACILITY"})
_WORD: Final = re.compile(r"[^\W\d_]+")


@cache
def medical_names(language: str = "en") -> frozenset[str]:
    """Proper names of medicine, in lower case: eponyms of diseases, signs, tests and instruments, brands of drugs.

    They are the same in every language; a list of a language's own adds what they are said of there ("sonda Foley").

    Args:
        language: A two-letter code.
    """
    words = files(rules) / "words"
    paths = (words / f"{name}_medical_names.txt" for name in dict.fromkeys(("en", language)))
    return frozenset(word for path in paths if path.is_file() for word in _WORD.findall(path.read_text("utf-8")))


@cache
def common_surnames() -> frozenset[str]:
    """The thousand commonest surnames of the United States, as Faker lists them, in lower case."""
    from faker.providers.person.en_US import Provider  # noqa: PLC0415 - slow to load, and seldom asked

    return frozenset(name.lower() for name in Provider.last_names)


def beyond_doubt(text: str, spans: Iterable[Span], language: str = "en") -> list[Span]:
    """The neural recogniser's spans without those that are likelier no identifier; dates taken for numbers are dates.

    Args:
        text: The text.
        spans: What the neural recogniser found in it.
        language: A two-letter code.
    """
    labels = listed(f"{language}_labels")
    roles = listed(f"{language}_roles")
    named = (_without_roles(text, span, roles) for span in spans)
    kept = (span for span in named if not _is_label(text, span, labels | roles) and not _doubtful(text, span, language))
    return [replace(span, entity_type=_DATE) if _is_date(text, span) else span for span in kept]


def _is_date(text: str, span: Span) -> bool:
    """Whether what was taken for a number is a day of the calendar with all four figures of its year."""
    match = _WHOLE_DATE.fullmatch(text[span.start : span.end]) if span.entity_type == "ID" else None
    if match is None:
        return False
    first, second = int(match["a"]), int(match["b"])
    return 1 <= min(first, second) <= 12 and max(first, second) <= 31


def _without_roles(text: str, span: Span, roles: frozenset[str]) -> Span:
    """A name without the callings at its ends, which are nobody: "tech Doreen", "Cheung RPh"; itself if all are."""
    if span.entity_type != "PERSON":  # the "Rd" of a street is no dietitian
        return span
    words = list(_WORD.finditer(text, span.start, span.end))
    own = [word for word in words if word[0].lower() not in roles]
    if not own or len(own) == len(words):
        return span
    start = own[0].start() if words[0] is not own[0] else span.start
    end = own[-1].end() if words[-1] is not own[-1] else span.end
    return replace(span, start=start, end=end)


def _is_label(text: str, span: Span, labels: frozenset[str]) -> bool:
    """Whether a finding is nothing but titles and labels of fields; a digit in it might be what the label is of."""
    value = text[span.start : span.end]
    words = _WORD.findall(value.replace(".", "")) if _ABBREVIATED.fullmatch(value) else _WORD.findall(value)
    if span.entity_type == _TITLE or not words or any(map(str.isdigit, value)):
        return False
    return all(word.lower() in labels for word in words) or (
        span.entity_type in _PLACED and all(word.lower() in labels | listed("en_facility_kinds") for word in words)
    )


def _doubtful(text: str, span: Span, language: str) -> bool:
    if span.entity_type not in _MEDICAL or span.score >= _SURE:
        return False
    found = [word.lower() for word in _WORD.findall(text, span.start, span.end)]
    words = [word for word in found if word not in _OF_NAMES] or found
    if not words:
        return False
    medical = medical_names(language)
    if all(word.removesuffix("s") in medical or word in medical for word in words):
        # Murphy and Wilson are signs and diseases, and more often people; beside "sonda" or "signo" they are none.
        names = medical_names()
        if any(len(word) > _PARTICLE and not {word, word.removesuffix("s")} & names for word in words):
            return True
        return span.score < _LIKELIER or not any(word in common_surnames() for word in words)
    return span.score < _LIKELIER and span.entity_type in _ORDINARY and all(is_ordinary(word) for word in words)
