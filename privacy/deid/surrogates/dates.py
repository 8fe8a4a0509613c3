"""Moves dates by one subject's own number of days, so that the intervals between them stay as they are.

**Exact.** The interval in days between dates with day and month (with or without a year, see below), in months between
dates of a month, in years between bare years, of weekdays modulo seven. Not between dates of different grain: "March
2019" moves by whole months.

**A date without a year** is counted in the year that brings it closest to the date with a year before it in the text. A
text without any year is counted in a year of 365 days that follows itself (of 366, if 29 February occurs in it).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from fedaug.privacy.deid.surrogates.date_forms import Written, holds_time_of_day, read_dates
from fedaug.privacy.deid.surrogates.date_reading import (
    Day,
    Habits,
    calendar_year,
    habits_of,
    made,
    meaning,
    years_of,
)
from fedaug.privacy.deid.surrogates.date_words import other_weekday
from fedaug.privacy.deid.surrogates.date_writing import written_like
from fedaug.privacy.deid.surrogates.draw import Draw

_MOST_CHARACTERS: Final = 500  # no date is longer; a finding that runs on over a page is not read
_MONTH_DAYS: Final = 30.436875  # of the Gregorian calendar
_YEAR_DAYS: Final = 365.2425
_YEAR: Final = re.compile(r"(?<![\w./-])(?:19|20)\d{2}(?![\w/-])")
_DECADE: Final = re.compile(r"\d0['’]?s\b")


def shift_of(draw: Draw, max_days: int, *, whole_weeks: bool = False) -> int:
    """The subject's number of days: uniform over -max_days to max_days without 0, or over whole weeks within them."""
    step = 7 if whole_weeks else 1
    most = max_days // step
    index = draw.number("date shift", "weeks" if whole_weeks else "days") % (2 * most)
    return step * (index - most if index < most else index - most + 1)


class Dates:
    """The dates of one text, which explain each other.

    Args:
        findings: Place and text of each finding of a date.
        language: The text's.
    """

    def __init__(self, findings: Sequence[tuple[int, str]], language: str) -> None:
        self._language = language
        self._read = {
            place: read_dates(value, language) if len(value) <= _MOST_CHARACTERS else None for place, value in findings
        }
        written = [
            (place + one.match.start(), one) for place, dates in sorted(self._read.items()) for one in dates or ()
        ]
        self._habits: Habits = habits_of(written, language)

    def are_all_of(self, place: int) -> bool:
        """Whether the finding at a place is dates with a month in words and nothing else: June is nobody in them."""
        dates = self._read.get(place)
        return bool(dates) and all(one.part("mon") is not None for one in dates or ())

    def shifted(self, place: int, value: str, days: int) -> str | None:
        """The finding at a place, moved; None if it cannot be read as dates."""
        dates = self._read[place]
        if dates is None:
            return None
        pieces, position = [], 0
        for written in dates:
            moved = self._moved(written, place, days)
            if moved is None:
                return None
            pieces += [value[position : written.match.start()], moved]
            position = written.match.end()
        return "".join([*pieces, value[position:]])

    def years(self, place: int, value: str, oldest: int | None) -> str | None:
        """The years alone that a finding holds; itself if it is only such as "two weeks ago"; else None."""
        dates = self._read[place]
        if dates is None:
            years = [int(year) for year in _YEAR.findall(value)]
        elif dates:
            years = list(dict.fromkeys(years_of(dates)))
        else:
            return None if holds_time_of_day(value) or _DECADE.search(value) else value
        if not years or (oldest is not None and min(years) < oldest):
            return None
        return "-".join(str(year) for year in years)

    def _moved(self, written: Written, place: int, days: int) -> str | None:
        if written.form == "weekday":
            return other_weekday(written.match[0], self._language, days)
        day = meaning(written, self._habits, self._language)
        if day is None:
            return None
        try:
            first, last = self._days(day, place + written.match.start(), days)
        except (OverflowError, ValueError):  # beyond the calendar's ends
            return None
        return written_like(written, first, self._habits, self._language, last=last)

    def _days(self, day: Day, place: int, days: int) -> tuple[date, date | None]:
        if day.month is None:
            return date((day.year or 0) + round(days / _YEAR_DAYS), 1, 1), None
        if day.day is None:
            months = (day.year or 2023) * 12 + day.month - 1 + round(days / _MONTH_DAYS)
            return date(months // 12, months % 12 + 1, 1), None
        year, cyclic = calendar_year(day, place, self._habits)
        first = _moved_day(year, day.month, day.day, days, cyclic)
        second = day.second and _moved_day(year, day.month, day.second, days, cyclic)
        return first, second or None


def _moved_day(year: int, month: int, day: int, days: int, cyclic: bool) -> date:
    start = made(year, month, day)
    if start is None:
        raise ValueError
    if not cyclic:
        return start + timedelta(days)
    new_year = date(year, 1, 1)
    length = (date(year + 1, 1, 1) - new_year).days
    return new_year + timedelta(((start - new_year).days + days) % length)
