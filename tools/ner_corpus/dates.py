"""Dates and ages in the styles that records use."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from tools.ner_corpus.draw import between, chance, pick

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
SHORT = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOLIDAYS = (
    "Christmas", "Christmas Day", "Christmas Eve", "Thanksgiving", "Easter", "Easter Sunday", "New Year's Day",
    "New Year's Eve", "Labor Day", "Memorial Day", "Independence Day", "Halloween", "Valentine's Day", "Ramadan",
    "Diwali", "Good Friday", "Boxing Day", "Mother's Day", "Father's Day", "Hanukkah", "Veterans Day", "Passover",
    "the Fourth of July", "Bank Holiday Monday", "St. Patrick's Day",
)  # fmt: skip
_ONES = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def day(rng: Random, first: int = 1985, last: int = 2026) -> date:
    """A day of these years."""
    return date(first, 1, 1) + timedelta(days=between(rng, 0, 365 * (last - first + 1) - 1))


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def numeric(rng: Random, when: date) -> str:
    """A date in figures, American, European or ISO."""
    d, m, y, short = when.day, when.month, when.year, when.year % 100
    return pick(
        rng,
        (
            f"{m}/{d}/{y}", f"{m:02}/{d:02}/{y}", f"{m}/{d}/{short:02}", f"{m:02}/{d:02}/{short:02}", f"{d}/{m}/{y}",
            f"{d:02}/{m:02}/{y}", f"{y}-{m:02}-{d:02}", f"{y}-{m:02}-{d:02}", f"{d:02}.{m:02}.{y}", f"{d}.{m}.{short:02}",
            f"{m:02}-{d:02}-{y}", f"{m}-{d}-{short:02}", f"{d:02}-{m:02}-{y}", f"{y}/{m:02}/{d:02}", f"{m}/{d}/{y}",
            f"{y}{m:02}{d:02}", f"{d:02}-{SHORT[m - 1]}-{y}", f"{d:02}{SHORT[m - 1].upper()}{y}", f"{m}.{d}.{short:02}",
            f"{d:02}-{SHORT[m - 1].upper()}-{short:02}", f"{m:02}{d:02}{short:02}",
        ),
    )  # fmt: skip


def worded(rng: Random, when: date) -> str:
    """A date with the month's name."""
    d, y = when.day, when.year
    month = MONTHS[when.month - 1] if chance(rng, 0.65) else SHORT[when.month - 1] + pick(rng, ("", ".", ""))
    return pick(
        rng,
        (
            f"{month} {d}, {y}", f"{month} {d}, {y}", f"{d} {month} {y}", f"{month} {ordinal(d)}, {y}", f"{month} {d} {y}",
            f"{ordinal(d)} {month} {y}", f"{ordinal(d)} of {month} {y}", f"{ordinal(d)} of {month}, {y}",
            f"the {ordinal(d)} of {month} {y}", f"{month} {y}", f"{month}, {y}", f"{d}-{month}-{y}", f"{d} {month}, {y}",
            f"{month} '{y % 100:02}", f"{month} the {ordinal(d)}, {y}", f"{month} of {y}",
        ),
    )  # fmt: skip


def partial(rng: Random, when: date) -> str:
    """A date without its year, or a year, a month or a weekday alone."""
    d, m = when.day, when.month
    month = MONTHS[m - 1] if chance(rng, 0.6) else SHORT[m - 1] + pick(rng, ("", "."))
    week = WEEKDAYS[when.weekday()]
    return pick(
        rng,
        (
            f"{m}/{d}", f"{m}/{d}", f"{m:02}/{d:02}", f"{month} {d}", f"{month} {ordinal(d)}", f"{d} {month}",
            f"the {ordinal(d)} of {month}", f"{ordinal(d)} {month}", week, week, week[:3], f"{week}, {month} {d}",
            f"{week} {m}/{d}", MONTHS[m - 1], f"{when.year}", f"{when.year}", f"{m}/{when.year}", f"{m:02}/{when.year}",
            f"{m}/{when.year % 100:02}", f"{month} '{when.year % 100:02}", f"{week} the {ordinal(d)}", f"the {ordinal(d)}",
            f"{d}.{m}.", f"{week[:3]} {d} {SHORT[m - 1]}", f"mid-{MONTHS[m - 1]}", f"early {MONTHS[m - 1]}",
            f"late {when.year}", f"summer {when.year}", f"spring of {when.year}", f"{m:02}-{d:02}", pick(rng, HOLIDAYS),
        ),
    )  # fmt: skip


def clock(rng: Random) -> str:
    """A time of the day; it identifies nobody without a date."""
    hour, minute = between(rng, 0, 23), between(rng, 0, 59)
    return pick(
        rng,
        (
            f"{hour:02}:{minute:02}", f"{hour:02}{minute:02}", f"{hour % 12 + 1}:{minute:02} {pick(rng, ('AM', 'PM', 'a.m.', 'p.m.', 'am', 'pm'))}",
            f"{hour % 12 + 1}{pick(rng, ('am', 'pm', ' PM', ' AM'))}", f"{hour:02}:{minute:02}:{between(rng, 0, 59):02}",
            f"{hour:02}{minute:02} hrs", f"{hour:02}:{minute:02}h",
        ),
    )  # fmt: skip


def any_date(rng: Random, when: date) -> str:
    """A day in any style."""
    draw = rng.random()
    if draw < 0.42:
        return numeric(rng, when)
    return worded(rng, when) if draw < 0.72 else partial(rng, when)


def date_time(rng: Random, when: date) -> str:
    """A date with its time, which is one identifier."""
    hour, minute, second = between(rng, 0, 23), between(rng, 0, 59), between(rng, 0, 59)
    iso = f"{when.isoformat()}"
    return pick(
        rng,
        (
            f"{iso}T{hour:02}:{minute:02}", f"{iso}T{hour:02}:{minute:02}:{second:02}Z", f"{iso} {hour:02}:{minute:02}:{second:02}",
            f"{iso} {hour:02}:{minute:02}", f"{numeric(rng, when)} {clock(rng)}", f"{numeric(rng, when)} at {clock(rng)}",
            f"{worded(rng, when)} at {clock(rng)}", f"{worded(rng, when)}, {clock(rng)}", f"{numeric(rng, when)} @ {clock(rng)}",
        ),
    )  # fmt: skip


def date_range(rng: Random, when: date) -> str:
    """From one day to another."""
    other = when + timedelta(days=between(rng, 1, 40))
    return pick(
        rng,
        (
            f"{when.month}/{when.day}-{other.month}/{other.day}", f"{when.month}/{when.day} - {other.month}/{other.day}/{other.year}",
            f"{numeric(rng, when)} - {numeric(rng, other)}", f"{SHORT[when.month - 1]} {when.day}-{other.day}",
            f"{when.year}-{when.year + between(rng, 1, 15)}", f"{when.year}–{when.year + between(rng, 1, 9)}",
            f"{MONTHS[when.month - 1]} to {MONTHS[other.month - 1]} {other.year}", f"{when.year}/{(when.year + 1) % 100:02}",
        ),
    )  # fmt: skip


def spoken_date(rng: Random, when: date) -> str:
    """A date as a transcript has it: "21 1 1925", "the twenty first of march nineteen eighty two"."""
    d, m, y = when.day, when.month, when.year
    month = MONTHS[m - 1].lower() if chance(rng, 0.5) else MONTHS[m - 1]
    year = f"{words(y // 100)} {words(y % 100) if y % 100 > 9 else 'oh ' + words(y % 100) if y % 100 else 'hundred'}"
    return pick(
        rng,
        (
            f"{d} {m} {y}", f"{d} {m} {y % 100:02}", f"{m} {d} {y}", f"{d:02} {m:02} {y}", f"the {ordinal(d)} of {month} {y}",
            f"{ordinal(d)} {month} {y}", f"the {ordinal(d)} of {month} {year}", f"{month} {ordinal(d)} {year}",
            f"{words(d)} {words(m)} {year}", f"{month} {words(d)} {year}", f"{d} {month} {y}", f"{d:02}{m:02}{y}",
            f"{ordinal(d)} of the {ordinal(m)} {y}", f"{words(d)} {month} {words(y % 100) if y % 100 else 'hundred'}",
        ),
    )  # fmt: skip


def words(number: int) -> str:
    """A number from 0 to 99 in words."""
    if number == 0:
        return "zero"
    if number < 20:
        return _ONES[number - 1]
    tens, ones = divmod(number, 10)
    return _TENS[tens - 2] + (f" {_ONES[ones - 1]}" if ones else "")


def decade(rng: Random) -> str:
    """A round age: "70s"."""
    return pick(
        rng, ("20s", "30s", "40s", "50s", "60s", "70s", "80s", "90s", "seventies", "fifties", "thirties", "80's")
    )


def age(rng: Random) -> int:
    """Years, mostly of an adult."""
    return (
        between(rng, 1, 17)
        if chance(rng, 0.12)
        else between(rng, 18, 99)
        if chance(rng, 0.97)
        else between(rng, 100, 107)
    )
