"""What a record's columns hold, looked for in its text: names, places, numbers, dates and ages as texts write them.

A value of a column is sure, so that more of it is looked for than of a finding: a name that is an ordinary word or has
two letters, a number of three digits, a day in any style of writing. ``word_context`` says where those count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from fedaug.privacy.deid.document import Known
from fedaug.privacy.deid.entities import entity
from fedaug.privacy.deid.propagate import MOST_WORDS, WORD, Sought, as_number
from fedaug.privacy.deid.rules.vocabulary import is_ordinary
from fedaug.privacy.deid.spans import Span
from fedaug.privacy.deid.surrogates.date_forms import Written, dates_within
from fedaug.privacy.deid.surrogates.date_reading import Day, Habits, meaning
from fedaug.privacy.deid.surrogates.date_words import MONTHS
from fedaug.privacy.deid.surrogates.names import PARTICLES
from fedaug.privacy.deid.surrogates.number_words import SPOKEN, spoken_number
from fedaug.privacy.deid.surrogates.numbers import canonical_id
from fedaug.privacy.deid.whole_words import in_whole_words
from fedaug.privacy.deid.word_context import Manner

_SCORE: Final = 1.0
_SHORT_WORD: Final = 2  # letters of a name that may be an abbreviation
_SHORT_PLACE: Final = 3
_LEAST_DIGITS: Final = 3  # fewer are everywhere
_SHORT_NUMBER: Final = 4  # letters and digits; one as short is a dose or a laboratory value as well
#: What 3/4 means where nothing says: a text may be of either habit, and the column tells which day is meant.
_HABITS: Final = tuple(Habits(dict.fromkeys("/-.", day_first)) for day_first in (False, True))
_DAY_OF_YEAR: Final = frozenset(("day-month", "month-day"))  # forms that are a date without a year as well
_AGE: Final = re.compile(r"(?<![\w.,/$€%-])\d{1,3}(?![\w/%]|[.,]\d)|(?<![\w.,/$€%-])\d{1,3}(?=(?:yo|y/o|[MF])\b)")
_AGE_BEFORE: Final = re.compile(
    r"\b(?:aged?|edad|turn(?:ed|ing|s)|cumpl(?:e|ió))(?:[ ](?:of|is|was|de|es))?[ ]?[:=]?[ ]?$|(?<=\w),[ ]$|[(]$", re.I
)
_AGE_AFTER: Final = re.compile(
    r"[ -]{0,2}(?:(?:years?|yrs?)[ -]{1,2}(?:old|of age)\b|y\.?[ ]?/?[ ]?o\b|(?:years?|yrs?)?[ -]?(?:[MF]\b|"
    r"(?:fe)?male\b|(?:wo)?man\b|boy\b|girl\b|gentleman\b|lady\b)|años\b|hombre\b|mujer\b|varón\b)",
    re.I,
)
_BRACKETED: Final = re.compile(r"[),]")


def sought_from_columns(known: Iterable[Known]) -> frozenset[Sought]:
    """The strings that values of columns give reason to look for."""
    return frozenset(sought for item in known for sought in _strings(item))


def days_and_ages(text: str, known: Iterable[Known]) -> list[Span]:
    """Where the days and ages that columns give stand in a text, in whatever style, in order.

    A day is found with its year, or as a day of a month by name; a number is an age beside a word that makes it one.
    """
    values = list(known)
    days = {day: item.entity_type for item in values if _kind(item) == "date" for day in _days(item.value)}
    ages = {
        age: item.entity_type for item in values if _kind(item) == "age" and (age := _years(item.value)) is not None
    }
    found = [*(_written_days(text, days) if days else ()), *(_written_ages(text, ages) if ages else ())]
    return sorted({tidy for span in found if (tidy := in_whole_words(text, span)) is not None})


def _kind(item: Known) -> str:
    return entity(item.entity_type).kind


def _strings(item: Known) -> Iterator[Sought]:
    kind = _kind(item)
    words = tuple(word.lower() for word in WORD.findall(item.value))
    if not 0 < len(words) <= MOST_WORDS:
        return
    if kind in ("number", "contact"):
        yield from _numbers(item, words)
    elif kind in ("name", "place", "organisation"):
        if len(words) > 1:
            manner: Manner = "capitalised" if all(map(is_ordinary, words)) else "anywhere"
            yield Sought(words, item.entity_type, _SCORE, manner)
            if kind == "name" and len(words) == 2:
                yield Sought(words[::-1], item.entity_type, _SCORE, manner, turned=True)
        elif kind != "name":
            yield from _numbers(item, words) if words[0].isdigit() else _place(item, words[0])
        if kind == "name":
            yield from (Sought((word,), item.entity_type, _SCORE, _manner(word)) for word in words if _may_name(word))


def _may_name(word: str) -> bool:
    return len(word) >= _SHORT_WORD and not any(map(str.isdigit, word))


def _manner(word: str) -> Manner:
    if word in PARTICLES or (len(word) <= _SHORT_WORD and is_ordinary(word)):
        return "behind a title"
    return "as a name" if len(word) <= _SHORT_WORD or is_ordinary(word) else "anywhere"


def _place(item: Known, word: str) -> Iterator[Sought]:
    if len(word) >= _SHORT_PLACE:
        short: Manner = "capitalised" if len(word) == _SHORT_PLACE else "anywhere"
        yield Sought((word,), item.entity_type, _SCORE, "as a name" if is_ordinary(word) else short)


def _numbers(item: Known, words: tuple[str, ...]) -> Iterator[Sought]:
    number = canonical_id(item.value)
    if sum(map(str.isdigit, number)) >= _LEAST_DIGITS or (len(number) >= _SHORT_NUMBER and re.search(r"\d", number)):
        manner: Manner = "as a number" if len(number) <= _SHORT_NUMBER else "anywhere"
        yield as_number(words, number, item.entity_type, _SCORE, manner)
    elif len(words) > 1 and _kind(item) == "contact":  # a mail or web address without any digit
        yield Sought(words, item.entity_type, _SCORE)


def _days(value: str) -> Iterator[Day]:
    """The days that a value may mean; both where the order of day and month is open."""
    for language in MONTHS:
        for written in dates_within(value, language):
            for habits in _HABITS:
                day = meaning(written, habits, language)
                if day is not None and day.year is not None and day.day is not None:
                    yield Day(day.year, day.month, day.day)


def _written_days(text: str, days: dict[Day, str]) -> Iterator[Span]:
    for language in MONTHS:
        for written in dates_within(text, language):
            readings = {meaning(written, habits, language) for habits in _HABITS}
            for day, entity_type in days.items():
                if any(reading is not None and _same_day(written, reading, day) for reading in readings):
                    yield Span(*written.match.span(), entity_type, _SCORE)
                    break


def _same_day(written: Written, reading: Day, day: Day) -> bool:
    if reading.month != day.month or day.day not in (reading.day, reading.second):
        return False
    if reading.year is None:
        return written.form in _DAY_OF_YEAR
    digits = written.part("y") or written.part("yy") or ""
    modulus = 100 if len(digits) == 2 else 10_000
    return reading.year % modulus == (day.year or 0) % modulus


def _years(value: str) -> int | None:
    """An age in years; None for one in other units."""
    match = re.fullmatch(
        r"(\d{1,3})(?:[.,]\d+)?[ -]*(?:y(?:ears?|rs?)?\.?(?:[ -]?old|/?o)?|años)?", value.strip(), re.I
    )
    return int(match[1]) if match else spoken_number(value)


def _written_ages(text: str, ages: dict[int, str]) -> Iterator[Span]:
    for match in _AGE.finditer(text):
        entity_type = ages.get(int(match[0]))
        if entity_type is not None and _is_age(text, *match.span()):
            yield Span(*match.span(), entity_type, _SCORE)
    for match in SPOKEN.finditer(text):
        entity_type = ages.get(spoken_number(match[0]) or -1)
        if entity_type is not None and _is_age(text, *match.span()):
            yield Span(*match.span(), entity_type, _SCORE)


def _is_age(text: str, start: int, end: int) -> bool:
    before = _AGE_BEFORE.search(text[max(0, start - 20) : start])
    aside = before is not None and before[0] in (", ", "(")  # "Ann Lee, 47, came", "Ann Lee (47)"
    if before and not aside:
        return True
    return bool(_AGE_AFTER.match(text, end) or (aside and _BRACKETED.match(text, end)))
