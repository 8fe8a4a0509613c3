"""Writes another day in the style of a date that stood there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from fedaug.privacy.deid.surrogates.date_forms import Written
from fedaug.privacy.deid.surrogates.date_reading import Habits, day_first
from fedaug.privacy.deid.surrogates.date_words import ROMAN, other_month

_JOINED_MAY: Final = re.compile(r"[\d-]may|may[\d.-]|may.*['’]", re.IGNORECASE)


def written_like(written: Written, day: date, habits: Habits, language: str, *, last: date | None = None) -> str:
    """The text of a date with its parts exchanged.

    Args:
        written: What stood there.
        day: What is to stand there; of a month or a year, any day in it.
        habits: Those of the text.
        language: The text's.
        last: The last day of a range.
    """
    parts = _numbers(written, day, habits)
    word = written.part("mon")
    if word is not None:
        word = _unambiguous(written, word)
        parts["mon"] = other_month(word, language, (last or day).month if written.form == "day-month" else day.month)
    roman = written.part("roman")
    if roman is not None:
        parts["roman"] = ROMAN[day.month - 1] if roman.isupper() else ROMAN[day.month - 1].lower()
    if written.part("ord") is not None:
        parts["ord"] = _ordinal(day.day, written.part("ord") or "")
    if last is not None:
        _add_range(parts, written, day, last, language)
    return _exchanged(written.match, parts)


def _unambiguous(written: Written, word: str) -> str:
    """ "May" is a full name or an abbreviation: the latter where it is joined to digits or an apostrophe follows."""
    if word.lower() != "may" or not _JOINED_MAY.search(written.match[0]):
        return word
    return "JUN" if word.isupper() else "jun" if word.islower() else "Jun"


def _numbers(written: Written, day: date, habits: Habits) -> dict[str, str]:
    padded = _is_padded(written)
    parts: dict[str, str] = {}
    for name in ("y", "yy"):
        digits = written.part(name)
        if digits is not None:
            parts[name] = f"{day.year:04d}" if len(digits) == 4 else f"{day.year % 100:02d}"
    if written.part("a") is not None:
        short_year = written.form == "numeric" and written.part("y") is None and int(written.part("b") or 0) > 31
        first, second = (day.day, day.month) if day_first(written, habits) else (day.month, day.day)
        if short_year:
            return {"a": _number(day.month, padded), "b": f"{day.year % 100:02d}"}
        parts |= {"a": _number(first, padded), "b": _number(second, padded)}
    for name, number in (("d", day.day), ("m", day.month)):
        if written.part(name) is not None:
            parts[name] = _number(number, padded)
    return parts


def _is_padded(written: Written) -> bool:
    """Whether numbers below ten get a zero: where one had it, or where two of a kind had two digits each."""
    numbers = [part for name in ("a", "b", "d", "m") if (part := written.part(name)) is not None]
    if any(number.startswith("0") for number in numbers):
        return True
    return written.part("mon") is None and len(numbers) > 1 and all(len(number) == 2 for number in numbers)


def _number(number: int, padded: bool) -> str:
    return f"{number:02d}" if padded else str(number)


def _ordinal(day: int, original: str) -> str:
    ending = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return ending.upper() if original.isupper() else ending


def _add_range(parts: dict[str, str], written: Written, day: date, last: date, language: str) -> None:
    """The second day of a range; where it has come to lie in another month, each day gets its own."""
    word = written.part("mon") or ""
    parts["d2"] = str(last.day)
    if written.part("ord2") is not None:
        parts["ord2"] = _ordinal(last.day, written.part("ord2") or "")
    if day.month == last.month:
        return
    if written.form == "day-month":
        link = " de " if language == "es" else " "
        ordinal = parts.pop("ord", "")
        if ordinal:
            parts["ord"] = f"{ordinal}{link}{other_month(word, language, day.month)}"
        else:
            parts["d"] += link + other_month(word, language, day.month)
    else:
        parts["d2"] = f"{other_month(word, language, last.month)} {parts['d2']}"
    for name in ("y", "yy"):
        if name in parts:
            parts[name] = parts[name][-2:] if name == "yy" else _number_like(parts[name], last.year)


def _number_like(digits: str, year: int) -> str:
    return f"{year:04d}" if len(digits) == 4 else f"{year % 100:02d}"


def _exchanged(match: re.Match[str], parts: Mapping[str, str]) -> str:
    pieces, position = [], match.start()
    for start, end, text in sorted((*match.span(name), text) for name, text in parts.items()):
        if start >= 0:
            pieces += [match.string[position:start], text]
            position = end
    return "".join([*pieces, match.string[position : match.end()]])
