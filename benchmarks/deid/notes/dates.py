"""Calendar dates as clinicians and clerks write them, whole and partial."""

from __future__ import annotations

import datetime
from random import Random

_ORDINALS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
# strftime, and {th} for the day with its ordinal ending.
_US_NUMERIC = ("%m/%d/%Y", "%-m/%-d/%y", "%m/%d/%y", "%-m/%-d/%Y", "%m-%d-%Y", "%m-%d-%y", "%Y-%m-%d", "%m.%d.%y")
_US_WORDED = (
    "%B %-d, %Y",
    "%b %-d, %Y",
    "%b %-d %Y",
    "%d-%b-%Y",
    "%d%b%y",
    "%B {th}, %Y",
    "%A, %B %-d, %Y",
    "%d %b %Y",
)
_UK_NUMERIC = ("%d/%m/%Y", "%-d/%-m/%y", "%d.%m.%Y", "%-d.%-m.%y", "%d-%m-%Y", "%d/%m/%y")
_UK_WORDED = ("%-d %B %Y", "{th} %B %Y", "%d %b %Y", "%-d %b %y", "%A %-d %B %Y", "%d-%b-%y", "the {th} of %B %Y")
_FORMS: dict[bool, dict[str, tuple[str, ...]]] = {
    False: {
        "num": _US_NUMERIC,
        "long": _US_WORDED,
        "md": ("%-m/%-d", "%m/%d", "%B %-d", "%b %-d", "%B {th}", "%b {th}", "%m-%d"),
        "wd": ("%a %-m/%-d", "%A, %B %-d", "%A %-m/%-d", "%a, %b %-d", "%A the {th}", "%a %b {th}"),
        "my": ("%B %Y", "%b %Y", "%m/%Y", "%b '%y", "%m/%y", "%B of %Y"),
        "iso": ("%Y-%m-%d",),
    },
    True: {
        "num": _UK_NUMERIC,
        "long": _UK_WORDED,
        "md": ("%-d/%-m", "%d/%m", "%-d %B", "{th} %B", "%-d %b", "{th} of %B"),
        "wd": ("%a %-d/%-m", "%A %-d %B", "%a {th} %b", "%A the {th}", "%A {th} %B"),
        "my": ("%B %Y", "%b %Y", "%m/%Y", "%b '%y", "%m.%y"),
        "iso": ("%Y-%m-%d",),
    },
}
_HOLIDAYS = (
    "Christmas Eve %Y",
    "Thanksgiving %Y",
    "New Year's Day %Y",
    "Easter Sunday %Y",
    "July 4th, %Y",
    "Labor Day %Y",
)
_UK_HOLIDAYS = ("Christmas Eve %Y", "Boxing Day %Y", "New Year's Day %Y", "Easter Sunday %Y", "Bonfire Night %Y")


class Calendar:
    """The day of one note, and its writer's habits."""

    def __init__(self, random: Random, uk: bool) -> None:
        self.day = datetime.date(2014, 2, 1) + datetime.timedelta(days=random.randrange(4000))
        self._random = random
        self._forms = _FORMS[uk]
        self._holidays = _UK_HOLIDAYS if uk else _HOLIDAYS
        self._habit = random.choice(self._forms["num"] * 2 + self._forms["long"])

    def write(self, offset: int, form: str) -> str:
        """The date ``offset`` days after the note's; ``form`` names a family of styles, "" is the writer's habit."""
        day = self.day + datetime.timedelta(days=offset)
        if form == "hol":
            day -= datetime.timedelta(days=365)  # a feast day that is surely past
            return day.strftime(self._random.choice(self._holidays))
        if form:
            style = self._random.choice(self._forms[form])
        else:  # people are not wholly true to their habits
            style = self._habit if self._random.random() < 0.75 else self._random.choice(self._forms["num"])
        text = day.strftime(style.replace("{th}", f"{day.day}{_ORDINALS.get(day.day, 'th')}"))
        return text.upper() if style == "%d%b%y" else text

    def birthday(self, age: int) -> str:
        """A date of birth that makes somebody ``age`` years old on the note's day."""
        days = round(age * 365.25) + self._random.randrange(5, 350)
        form = "num" if self._random.random() < 0.75 else "long"
        return self.write(-days, form)
