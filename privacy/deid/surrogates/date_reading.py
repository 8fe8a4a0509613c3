"""What written dates mean: order of day and month, centuries, and the years of dates without one."""

from __future__ import annotations

import bisect
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from fedaug.privacy.deid.surrogates.date_forms import Written
from fedaug.privacy.deid.surrogates.date_words import ROMAN, month_number

#: Two digits up to this one are a year of the 2000s: records are not dated in the future, and people of 99 were born
#: before. Raised each year: too low, a recent date reads as an old one; too high, a year shows an age over 89.
LAST_SHORT_YEAR: Final = 26
#: For dates without a year in a text without any: a year of 365 days, and one of 366.
_PLAIN_YEAR: Final = 2023
_LEAP_YEAR: Final = 2024


@dataclass(frozen=True)
class Day:
    """What a written date means. Without a day it means the month, without a month the year.

    Attributes:
        year: Four digits; None if none was written.
        month: 1 to 12.
        day: 1 to 31.
        second: The last day of a range such as "3-5 March".
    """

    year: int | None
    month: int | None = None
    day: int | None = None
    second: int | None = None


@dataclass(frozen=True)
class Habits:
    """How dates are written in one text.

    Attributes:
        day_first: Whether 3/4 is the third of April, by the sign between the numbers.
        anchors: Places and days of the dates with a year, in order.
        leap: Whether the 29th of February occurs without a year.
    """

    day_first: Mapping[str, bool]
    anchors: tuple[tuple[int, date], ...] = ()
    leap: bool = False

    def year_of(self, place: int, month: int, day: int) -> int | None:
        """The year of a date without one: that in which it lies closest to the date with a year that stands before it
        (else to the first one behind it); None where the text has no year at all.
        """
        if not self.anchors:
            return None
        behind = bisect.bisect_right(self.anchors, place, key=operator.itemgetter(0))
        anchor = self.anchors[max(behind - 1, 0)][1]
        span = range(
            anchor.year - (8 if (month, day) == (2, 29) else 1), anchor.year + (9 if (month, day) == (2, 29) else 2)
        )
        days = [valid for year in span if (valid := made(year, month, day)) is not None]
        return min(days, key=lambda one: (abs((one - anchor).days), one)).year if days else None


def habits_of(found: Sequence[tuple[int, Written]], language: str) -> Habits:
    """The habits of a text, from its dates and their places.

    The order of day and month is that of the dates that allow one order only and have the same sign between the numbers
    (else a slash or a hyphen). Where there are none, or of both kinds, the day goes first; in English only where stops
    stand between them.
    """
    numeric = [written for _, written in found if written.form == "numeric"]
    votes = {
        sign: {order for written in numeric if written.part("s") == sign and (order := _order(written))}
        for sign in "/-."
    }
    day_first = {
        sign: _first(
            votes[sign], votes["/"] | votes["-"] if sign != "." else set(), otherwise=language != "en" or sign == "."
        )
        for sign in "/-."
    }
    habits = Habits(day_first)
    days = [(place, written, meaning(written, habits, language)) for place, written in found]
    anchors = [
        (place, anchor)
        for place, _, day in days
        if day and day.year and day.month and day.day and (anchor := made(day.year, day.month, day.day))
    ]
    leap = any(day and day.year is None and (day.month, day.day) == (2, 29) for _, _, day in days)
    return Habits(day_first, tuple(anchors), leap)


def meaning(written: Written, habits: Habits, language: str) -> Day | None:
    """What a written date means; None if there is no such day."""
    year = _year(written)
    if written.form == "year":
        return Day(year)
    if written.form == "numeric":
        return _numeric(written, year, habits)
    month = _month(written, language)
    if month is None or not 1 <= month <= 12:
        return None
    if written.form in ("month", "month-year"):
        return Day(year, month)
    day, second = int(written.part("d") or 0), written.part("d2")
    last = int(second) if second else None
    if last is not None and last <= day:
        return None
    return Day(year, month, day, last) if _exists(year, month, last or day) and day else None


def calendar_year(day: Day, place: int, habits: Habits) -> tuple[int, bool]:
    """The year to count in, and whether it stands for every year, so that the end of December is followed by its own
    January.
    """
    if day.year is not None:
        return day.year, False
    assert day.month is not None
    year = habits.year_of(place, day.month, day.day or 1)
    return (year, False) if year is not None else (_LEAP_YEAR if habits.leap else _PLAIN_YEAR, True)


def made(year: int, month: int, day: int) -> date | None:
    """A day of the calendar, or None if it has no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def years_of(found: Iterable[Written]) -> list[int]:
    """The years that are written, in order."""
    years = [_year(written) for written in found]
    return [year for year in years if year is not None]


def _year(written: Written) -> int | None:
    digits = written.part("y") or written.part("yy")
    if digits is None:
        return None
    if len(digits) == 4:
        return int(digits)
    return int(digits) + (2000 if int(digits) <= LAST_SHORT_YEAR else 1900)


def _month(written: Written, language: str) -> int | None:
    word, roman, digits = written.part("mon"), written.part("roman"), written.part("m")
    if word:
        return month_number(word, language)
    if roman:
        return ROMAN.index(roman.upper()) + 1
    return int(digits) if digits else None


def _numeric(written: Written, year: int | None, habits: Habits) -> Day | None:
    day, month = (int(written.part(name) or 0) for name in (("a", "b") if day_first(written, habits) else ("b", "a")))
    if _exists(year, month, day) and day:
        return Day(year, month, day)
    if year is None and 1 <= int(written.part("a") or 0) <= 12 and written.part("s") != ".":
        short = int(written.part("b") or 0)  # 03/45 can only be a month and a year
        return (
            Day(short + (2000 if short <= LAST_SHORT_YEAR else 1900), int(written.part("a") or 0))
            if short > 31
            else None
        )
    return None


def day_first(written: Written, habits: Habits) -> bool:
    """Whether a numeric date begins with the day."""
    order = _order(written)
    return order == "day" if order is not None else habits.day_first[written.part("s") or "/"]


def _first(*votes: set[str], otherwise: bool) -> bool:
    """Whether the day goes first by the first set of votes that are agreed."""
    return next((found == {"day"} for found in votes if len(found) == 1), otherwise)


def _order(written: Written) -> str | None:
    """What a numeric date must begin with; None if it may be either."""
    first, second = int(written.part("a") or 0), int(written.part("b") or 0)
    if first > 12 >= second:
        return "day"
    return "month" if second > 12 >= first else None


def _exists(year: int | None, month: int, day: int) -> bool:
    return made(year if year is not None else _LEAP_YEAR, month, day or 1) is not None
