"""Dates and ages in the styles that records use."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from tools.ner_corpus.draw import between, chance, pick
from tools.ner_corpus.listed import listed

_LISTS = listed("dates")
MONTHS = _LISTS["months"]
SHORT = _LISTS["short"]
WEEKDAYS = _LISTS["weekdays"]
HOLIDAYS = _LISTS["holidays"]


def day(rng: Random, first: int = 1985, last: int = 2026) -> date:
    """A day of these years."""
    return date(first, 1, 1) + timedelta(days=between(rng, 0, 365 * (last - first + 1) - 1))


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def numeric(rng: Random, when: date) -> str:
    """A date in figures, American, European or ISO."""
    short = SHORT[when.month - 1]
    return pick(rng, _LISTS["numeric"]).format(
        d=when.day, m=when.month, y=when.year, yy=when.year % 100, mon=short, MON=short.upper()
    )


def worded(rng: Random, when: date) -> str:
    """A date with the month's name."""
    month = MONTHS[when.month - 1] if chance(rng, 0.65) else SHORT[when.month - 1] + pick(rng, ("", ".", ""))
    return pick(rng, _LISTS["worded"]).format(
        d=when.day, y=when.year, yy=when.year % 100, nth=ordinal(when.day), month=month
    )


def partial(rng: Random, when: date) -> str:
    """A date without its year, or a year, a month, a weekday or a holiday alone."""
    long, short, week = MONTHS[when.month - 1], SHORT[when.month - 1], WEEKDAYS[when.weekday()]
    return pick(rng, _LISTS["partial"]).format(
        d=when.day,
        m=when.month,
        y=when.year,
        yy=when.year % 100,
        nth=ordinal(when.day),
        month=long if chance(rng, 0.6) else short + pick(rng, ("", ".")),
        long=long,
        mon=short,
        week=week,
        wk=week[:3],
        holiday=pick(rng, HOLIDAYS),
    )


def any_date(rng: Random, when: date) -> str:
    """A day in any style."""
    draw = rng.random()
    if draw < 0.42:
        return numeric(rng, when)
    return worded(rng, when) if draw < 0.72 else partial(rng, when)


def clock(rng: Random) -> str:
    """A time of the day; it identifies nobody without a date."""
    hour = between(rng, 0, 23)
    return pick(rng, _LISTS["clock"]).format(
        H=hour, h=hour % 12 + 1, M=between(rng, 0, 59), S=between(rng, 0, 59), half=pick(rng, _LISTS["halves"])
    )


def date_time(rng: Random, when: date) -> str:
    """A date with its time, which is one identifier."""
    return pick(rng, _LISTS["stamps"]).format(
        d=when.day,
        m=when.month,
        y=when.year,
        H=between(rng, 0, 23),
        M=between(rng, 0, 59),
        S=between(rng, 0, 59),
        numeric=numeric(rng, when),
        worded=worded(rng, when),
        clock=clock(rng),
    )


def date_range(rng: Random, when: date) -> str:
    """From one day to another."""
    end = when + timedelta(days=between(rng, 1, 40))
    return pick(rng, _LISTS["ranges"]).format(
        d=when.day,
        m=when.month,
        y=when.year,
        d2=end.day,
        m2=end.month,
        y2=end.year,
        mon=SHORT[when.month - 1],
        long=MONTHS[when.month - 1],
        long2=MONTHS[end.month - 1],
        numeric=numeric(rng, when),
        numeric2=numeric(rng, end),
        later=when.year + between(rng, 1, 15),
        next=(when.year + 1) % 100,
    )


def spoken_date(rng: Random, when: date) -> str:
    """A date as a transcript has it: "21 1 1925", "the twenty first of march nineteen eighty two"."""
    month = MONTHS[when.month - 1]
    rest = when.year % 100
    short = words(rest) if rest else "hundred"
    return pick(rng, _LISTS["spoken"]).format(
        d=when.day,
        m=when.month,
        y=when.year,
        yy=rest,
        nth=ordinal(when.day),
        mth=ordinal(when.month),
        month=month.lower() if chance(rng, 0.5) else month,
        words=words(when.day),
        mwords=words(when.month),
        year=f"{words(when.year // 100)} {'oh ' if 0 < rest < 10 else ''}{short}",
        short=short,
    )


def words(number: int) -> str:
    """A number from 0 to 99 in words."""
    if number == 0:
        return "zero"
    if number < 20:
        return _LISTS["ones"][number - 1]
    tens, ones = divmod(number, 10)
    return _LISTS["tens"][tens - 2] + (f" {_LISTS['ones'][ones - 1]}" if ones else "")


def decade(rng: Random) -> str:
    """A round age: "70s"."""
    return pick(rng, _LISTS["decades"])


def age(rng: Random) -> int:
    """Years, mostly of an adult."""
    draw = rng.random()
    return between(rng, 1, 17) if draw < 0.12 else between(rng, 18, 99) if draw < 0.97 else between(rng, 100, 107)
